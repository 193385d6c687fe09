"""The deck: `/vote` gives a person, in private, one open vote after another that they have not answered.

One message is edited from vote to vote. Its buttons say all that is needed, so it goes on after a restart.
"""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.deck_cards import also_skipped, answers_card, packed, unpacked, vote_card
from cogs.ui.double_taps import ask_to_press_again, is_unread
from cogs.ui.layout import all_chosen
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import command_text
from cogs.voting import cast_as_filled_in, cast_or_ask, hand_back, reason_button, recorded
from models import ballot_paper
from models.deck import Dealer, Deck
from models.errors import ConsultationError
from models.records import CastBallot, Poll

Ways = Sequence[discord.ui.Button[Any]]


class VotingDeck(commands.Cog):
    """Leads a person through the open votes, and back to what they answered."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self.dealer = Dealer(bot.store)

    @app_commands.command(name=command_text("command.vote.name"), description=command_text("command.vote.description"))
    @app_commands.guild_only()
    async def vote(self, interaction: discord.Interaction[Any]) -> None:
        await self._begin(interaction)

    @component("open_polls")
    async def open_polls(self, interaction: discord.Interaction[Any]) -> None:
        """Begin from the start card."""
        await self._begin(interaction)

    @component("deck_go_on")
    async def go_on(self, interaction: discord.Interaction[Any], skips: str) -> None:
        """Go from one's answers to the next vote."""
        await self._show_next(interaction, skips)

    @component("deck_skip")
    async def skip(self, interaction: discord.Interaction[Any], poll_id: int, skips: str) -> None:
        """Put a vote behind the others; once all that are left were skipped, show where one stands."""
        if await self._asked_again(interaction):
            return
        skipped = also_skipped(skips, poll_id)
        dealt = await self._deal(interaction, packed(skipped))
        if skipped.issuperset(poll.id for poll in dealt.left):
            await self._show(interaction, answers_card(self.bot.catalogue, dealt, 0, "", self.bot.speech(interaction)))
        else:
            await self._show(interaction, self._next(interaction, dealt, packed(skipped)))

    @component("deck_vote")
    async def vote_pressed(self, interaction: discord.Interaction[Any], answer: str, poll_id: int, skips: str) -> None:
        """Cast the ballot and go on, but for the second half of a double tap on the vote before."""
        if not await self._asked_again(interaction):
            await self.cast(interaction, answer, poll_id, skips)

    @component("deck_cast")
    async def cast(self, interaction: discord.Interaction[Any], answer: str, poll_id: int, skips: str) -> None:
        """Cast the ballot and go on, or first ask what is missing."""
        try:
            cast = await cast_or_ask(self.bot, interaction, answer, poll_id, "deck_ballot", answer, poll_id, skips)
        except ConsultationError as error:
            await self._leave_ended(interaction, skips, error)
            raise
        if cast is not None:
            await self._confirm(interaction, skips, *cast)

    @component("deck_choose")
    async def options_chosen(self, interaction: discord.Interaction[Any], poll_id: int, skips: str) -> None:
        """Cast what was chosen in the menu, and go on."""
        poll = self.bot.store.memory.polls.get(poll_id)
        answer = ballot_paper.answer(poll.paper, all_chosen(interaction)) if poll else ""
        await self.cast(interaction, answer, poll_id, skips)

    @component("deck_ranked")
    async def option_ranked(self, interaction: discord.Interaction[Any], poll_id: int, ranked: str, skips: str) -> None:
        """Take one more priority, or with none chosen, begin anew."""
        dealt = await self._deal(interaction, skips)
        poll = dealt.find(poll_id)
        if poll is None:
            await self._show(interaction, self._next(interaction, dealt, skips))
            raise ConsultationError("vote.poll_ended")
        grown = ranked + "".join(all_chosen(interaction))
        ballot_paper.require_ranking(poll.paper, grown)
        say = self.bot.speech(interaction)
        await self._show(interaction, vote_card(self.bot.catalogue, poll, dealt, skips, say, ranked=grown))

    @component("deck_ballot")
    async def ballot_submitted(
        self, interaction: discord.Interaction[Any], answer: str, poll_id: int, skips: str, _opened_by: int
    ) -> None:
        """Take what the form asked for, cast the ballot that was pressed, and go on."""
        try:
            cast = await cast_as_filled_in(self.bot, interaction, answer, poll_id)
        except ConsultationError as error:
            await self._leave_ended(interaction, skips, error)
            raise
        await self._confirm(interaction, skips, *cast)

    @component("deck_answers")
    async def answers(self, interaction: discord.Interaction[Any], page: int, skips: str) -> None:
        """Show what the person answered."""
        dealt = await self._deal(interaction, skips)
        await self._show(
            interaction, answers_card(self.bot.catalogue, dealt, page, skips, self.bot.speech(interaction))
        )

    @component("deck_change")
    async def change(self, interaction: discord.Interaction[Any], poll_id: int, skips: str) -> None:
        """Show a vote that was answered, to answer it otherwise."""
        dealt = await self._deal(interaction, skips)
        poll = dealt.find(poll_id)
        if poll is None:
            await self._show(
                interaction, answers_card(self.bot.catalogue, dealt, 0, skips, self.bot.speech(interaction))
            )
            raise ConsultationError("vote.poll_ended")
        say = self.bot.speech(interaction)
        await self._show(interaction, vote_card(self.bot.catalogue, poll, dealt, skips, say))

    async def _begin(self, interaction: discord.Interaction[Any]) -> None:
        dealt = await self._deal(interaction, "")
        if not dealt.left and not dealt.answered:
            raise ConsultationError("vote.none_open")
        await reply(interaction, view=self._next(interaction, dealt, ""))

    async def _asked_again(self, interaction: discord.Interaction[Any]) -> bool:
        """Ask for one more press where this one can hardly be meant for what is shown; say whether that was so."""
        if not is_unread(interaction):
            return False
        await ask_to_press_again(interaction, self.bot.speech(interaction)("deck.press_again"))
        return True

    async def _confirm(self, interaction: discord.Interaction[Any], skips: str, poll: Poll, stored: CastBallot) -> None:
        """Say that the ballot is stored, and go on; whatever keeps us from going on, that it is stored is said."""
        say = self.bot.speech(interaction)
        note = recorded(self.bot, poll, stored, say)
        try:
            await self._show_next(interaction, skips, f"✅ {note}", ways=reason_button(poll, stored, say))
        except Exception:
            await reply(interaction, note)
            raise
        finally:
            await hand_back(interaction, stored.reason_before, say)

    async def _leave_ended(self, interaction: discord.Interaction[Any], skips: str, error: ConsultationError) -> None:
        """Go on from a vote that has ended; the person is told apart from the deck, with what they had typed."""
        if error.phrase == "vote.poll_ended":
            await self._show_next(interaction, skips)

    async def _deal(self, interaction: discord.Interaction[Any], skips: str) -> Deck:
        consultation = self.bot.consultation_in(interaction.guild_id)
        return await self.dealer.deal(consultation.id, interaction.user.id, unpacked(skips))

    async def _show_next(self, interaction: discord.Interaction[Any], skips: str, *notes: str, ways: Ways = ()) -> None:
        dealt = await self._deal(interaction, skips)
        await self._show(interaction, self._next(interaction, dealt, skips, *notes, ways=ways))

    def _next(
        self, interaction: discord.Interaction[Any], dealt: Deck, skips: str, *notes: str, ways: Ways = ()
    ) -> discord.ui.LayoutView:
        """Draw the vote that comes first, or what the person answered where none is left; `ways` are more buttons."""
        say = self.bot.speech(interaction)
        if not dealt.left:
            return answers_card(self.bot.catalogue, dealt, 0, skips, say, notes, ways)
        return vote_card(self.bot.catalogue, dealt.left[0], dealt, skips, say, notes, ways=ways)

    async def _show(self, interaction: discord.Interaction[Any], view: discord.ui.LayoutView) -> None:
        """Put a card in place of the one whose button was pressed."""
        await interaction.response.edit_message(view=view)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(VotingDeck(bot))

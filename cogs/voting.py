"""Voting: people see the open polls and cast their ballots."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.polls import running_polls
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece, card, chosen, menus, sent_once, text
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from models.errors import ConsultationError
from models.records import Ballot, CastBallot, Consultation, Poll, Position, Quotation

REASON = "reason"
REASON_LENGTH = 1_000


class Voting(commands.Cog):
    """Offers the open polls and takes ballots."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(name=command_text("command.vote.name"), description=command_text("command.vote.description"))
    @app_commands.guild_only()
    async def vote(self, interaction: discord.Interaction[Any]) -> None:
        await self._offer_open_polls(interaction)

    @component("open_polls")
    async def open_polls(self, interaction: discord.Interaction[Any]) -> None:
        """Offer the open polls from the start card."""
        await self._offer_open_polls(interaction)

    @component("pick_poll")
    async def pick_poll(self, interaction: discord.Interaction[Any], _menu: str) -> None:
        """Show the chosen poll's card to the person alone, with its ballot."""
        await self._show_card(interaction, chosen(interaction))

    @component("card_here")
    async def card_here(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        """Show a recommendation's card to the person alone, in their language."""
        await self._show_card(interaction, recommendation)

    @component("vote")
    async def vote_pressed(self, interaction: discord.Interaction[Any], position: str, poll_id: str) -> None:
        """Cast the ballot at once, or first ask what is missing: for whom the person speaks, or why they object."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        poll = self._open_poll(consultation, int(poll_id))
        participant = self.bot.store.participant(consultation, interaction.user.id)
        if participant is not None and position != Position.OBJECT:
            ballot = Ballot(poll.id, interaction.user.id, participant.segment, Position(position))
            await self._cast(interaction, poll, ballot)
            return
        say = self.bot.speech(interaction)
        fields: list[Piece] = []
        if participant is None:
            fields += membership_fields(self.bot.catalogue, say, None, groups=[poll.group])
        if position == Position.OBJECT:
            fields += [
                written(REASON, say("vote.reason"), say("vote.reason_hint"), length=REASON_LENGTH),
                quotation_field(say),
            ]
        title = say("vote.form_title", position=say(f"position.{position}"))
        await interaction.response.send_modal(form(title, interaction, "ballot", position, poll_id, fields=fields))

    @component("ballot")
    async def ballot_submitted(
        self,
        interaction: discord.Interaction[Any],
        position: str,
        poll_id: str,
        _opened_by: str,
    ) -> None:
        """Take what the form asked for, and go on with the vote that was pressed."""
        answers = filled_in(interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        poll = self._open_poll(consultation, int(poll_id))
        reason = (answers.get(REASON) or "").strip() or None
        if position == Position.OBJECT and reason is None:
            raise ConsultationError("vote.reason_missing")
        participant = self.bot.store.participant(consultation, interaction.user.id)
        if (membership := declared(self.bot.catalogue, answers)) is not None:
            participant = await keep_membership(self.bot, interaction, consultation, membership)
        if participant is None:
            raise ConsultationError("join.no_segment")
        await self._cast(
            interaction,
            poll,
            Ballot(
                poll.id,
                interaction.user.id,
                participant.segment,
                Position(position),
                reason,
                quotation_in(answers) if reason else Quotation.NOT,
            ),
        )

    async def _cast(self, interaction: discord.Interaction[Any], poll: Poll, ballot: Ballot) -> None:
        stored = await self.bot.ballot_box.cast(ballot)
        say = self.bot.speech(interaction)
        await reply(interaction, _confirmation(poll, stored, say))
        self.bot.cards.refresh(self.bot.consultation_in(interaction.guild_id), poll.recommendation)

    def _open_poll(self, consultation: Consultation, poll_id: int) -> Poll:
        poll = self.bot.store.memory.polls.get(poll_id)
        if poll is None or poll.consultation_id != consultation.id or not poll.is_open_at(self.bot.store.now()):
            raise ConsultationError("vote.poll_ended")
        return poll

    async def _offer_open_polls(self, interaction: discord.Interaction[Any]) -> None:
        say = self.bot.speech(interaction)
        running = running_polls(self.bot, self.bot.consultation_in(interaction.guild_id), say)
        if not running:
            raise ConsultationError("vote.none_open")
        options = [(poll.recommendation, title) for poll, title in running]
        pieces = [text(say("vote.choose_poll", count=len(running))), *menus(say("vote.choose"), "pick_poll", options)]
        await reply(interaction, view=sent_once(card(*pieces)))

    async def _show_card(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        consultation = self.bot.consultation_in(interaction.guild_id)
        if recommendation not in self.bot.catalogue.recommendations:
            raise ConsultationError("recommendation.unknown")
        speeches = [self.bot.speech(interaction)]
        view, files = await self.bot.cards.draw_recommendation(consultation, recommendation, speeches)
        await reply(interaction, view=view, files=files)


def _confirmation(poll: Poll, stored: CastBallot, say: Speech) -> str:
    key = "vote.changed" if stored.changed else "vote.recorded"
    until = discord.utils.format_dt(poll.closes_at, "f") if poll.closes_at else None
    sentence = say(key, position=say(f"position.{stored.position}"), title=poll.wording[say.language].title)
    return f"{sentence} {say('vote.change_until', closes=until) if until else say('vote.change')}"


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Voting(bot))

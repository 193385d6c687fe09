"""Voting: people cast their ballots on the cards, and see a card in their own language."""

from datetime import datetime
from typing import Any

import discord
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.ballots import ranking
from cogs.ui.forms import FilledIn, filled_in, form, written
from cogs.ui.layout import Piece, all_chosen, button, card, harmless, rows, sent_once, text
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.permissions import require_unblocked
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import reply, with_what_was_typed
from cogs.ui.router import component
from cogs.ui.standing import counted_for, note_roles, segment_now
from cogs.ui.texts import Speech, captions
from models import ballot_paper
from models.ballot_box import refusal
from models.errors import ConsultationError
from models.records import Ballot, CastBallot, PlaceKind, Poll, Position, Quotation, ReasonPolicy
from models.texts import clean

REASON = "reason"
REASON_LENGTH = 1_000


class Voting(commands.Cog):
    """Takes the ballots that are cast on cards."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @component("card_here")
    async def card_here(self, interaction: discord.Interaction[Any], subject: str) -> None:
        """Show a card to the person alone, in their language."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        if self.bot.store.memory.place(consultation.id, PlaceKind.CARD, subject) is None:
            raise ConsultationError("recommendation.unknown")
        speeches = [self.bot.speech(interaction)]
        view, files = await self.bot.cards.draw_subject(consultation, subject, speeches)
        await reply(interaction, view=view, files=files)

    @component("vote")
    async def vote_pressed(self, interaction: discord.Interaction[Any], answer: str, poll_id: int) -> None:
        """Cast the ballot, or first ask what is missing."""
        cast = await cast_or_ask(self.bot, interaction, answer, poll_id, "ballot", answer, poll_id)
        if cast is not None:
            await self._confirm(interaction, *cast)

    @component("choose")
    async def options_chosen(self, interaction: discord.Interaction[Any], poll_id: int) -> None:
        """Cast what was chosen in the menu."""
        poll = open_poll(self.bot, interaction, poll_id)
        await self.vote_pressed(interaction, ballot_paper.answer(poll.paper, all_chosen(interaction)), poll_id)

    @component("rank")
    async def rank_pressed(self, interaction: discord.Interaction[Any], poll_id: int) -> None:
        """Let the person rank options, in private: each choice leads to the next."""
        poll = open_poll(self.bot, interaction, poll_id)
        await reply(interaction, view=self._ranking(interaction, poll, ""))

    @component("ranked")
    async def option_ranked(self, interaction: discord.Interaction[Any], poll_id: int, ranked: str) -> None:
        """Take one more priority, or with none chosen, begin anew."""
        poll = open_poll(self.bot, interaction, poll_id)
        grown = ranked + "".join(all_chosen(interaction))
        ballot_paper.require_ranking(poll.paper, grown)
        await interaction.response.edit_message(view=self._ranking(interaction, poll, grown))

    def _ranking(self, interaction: discord.Interaction[Any], poll: Poll, ranked: str) -> discord.ui.LayoutView:
        say = self.bot.speech(interaction)
        title = text(f"### {harmless(poll.wording[say.language].title)}")
        return sent_once(card(title, *ranking(poll, ranked, say, ("ranked", "vote"), ())))

    @component("ballot")
    async def ballot_submitted(
        self, interaction: discord.Interaction[Any], answer: str, poll_id: int, _opened_by: int
    ) -> None:
        """Take what the form asked for, and go on with the vote that was pressed."""
        await self._confirm(interaction, *await cast_as_filled_in(self.bot, interaction, answer, poll_id))

    @component("give_reason")
    async def reason_pressed(self, interaction: discord.Interaction[Any], answer: str, poll_id: int) -> None:
        """Ask for the reason of a ballot that is stored without one."""
        poll = open_poll(self.bot, interaction, poll_id)
        ballot_paper.require_answer(poll.paper, answer)
        say = self.bot.speech(interaction)
        title = say("vote.form_title", answer=captions(self.bot.catalogue, say.language).answer(poll, answer))
        fields = reason_fields(say, answer)
        await interaction.response.send_modal(form(title, interaction, "reason_given", answer, poll_id, fields=fields))

    @component("reason_given")
    async def reason_submitted(
        self, interaction: discord.Interaction[Any], answer: str, poll_id: int, _opened_by: int
    ) -> None:
        """Store the reason with the ballot, where that says still what it was asked for."""
        answers = filled_in(interaction)
        poll = open_poll(self.bot, interaction, poll_id)
        ballot_paper.require_answer(poll.paper, answer)
        reason = _reason_in(self.bot, answers)
        if reason is None:
            raise ConsultationError("vote.reason_blank")
        before = await self.bot.ballot_box.give_reason(
            poll.id, interaction.user.id, answer, reason, quotation_in(answers)
        )
        say = self.bot.speech(interaction)
        await reply(interaction, say("vote.reason_recorded", title=harmless(poll.wording[say.language].title)))
        await hand_back(interaction, before, say)

    async def _confirm(self, interaction: discord.Interaction[Any], poll: Poll, stored: CastBallot) -> None:
        say = self.bot.speech(interaction)
        until = discord.utils.format_dt(poll.closes_at, "f") if poll.closes_at else None
        change = say("vote.change_until", closes=until) if until else say("vote.change")
        told = f"{recorded(self.bot, poll, stored, say)} {change}"
        if asked := reason_button(poll, stored, say):
            await reply(interaction, view=sent_once(text(told), *rows(asked)))
        else:
            await reply(interaction, told)
        await hand_back(interaction, stored.reason_before, say)


async def cast_or_ask(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    answer: str,
    poll_id: int,
    name: str,
    *arguments: object,
) -> tuple[Poll, CastBallot] | None:
    """Cast the ballot that was pressed and return what was stored, or first ask for what is missing.

    Missing may be for whom the person speaks, and a reason that the poll requires; the form with it leads to the
    handler `name` with these arguments, and None is returned. Raises ConsultationError where the poll is not open, has
    no such answer, or the person is blocked.
    """
    consultation = bot.consultation_in(interaction.guild_id)
    poll = open_poll(bot, interaction, poll_id)
    ballot_paper.require_answer(poll.paper, answer)
    participant = bot.store.participant(consultation, interaction.user.id)
    needs_reason = ballot_paper.reason_policy(poll.paper, answer) is ReasonPolicy.REQUIRED
    segment = segment_now(bot, interaction, consultation, poll.segment_source)
    if participant is not None and segment is not None and not needs_reason:
        note_roles(bot, interaction, consultation, participant)
        return await _cast(bot, poll, Ballot(poll.id, interaction.user.id, segment, answer))
    say = bot.speech(interaction)
    fields: list[Piece] = []
    if participant is None or segment is None:
        fields += membership_fields(bot.catalogue, say, participant, [poll.group], poll.segment_source)
    if needs_reason:
        fields += reason_fields(say, answer)
    title = say("vote.form_title", answer=captions(bot.catalogue, say.language).answer(poll, answer))
    await interaction.response.send_modal(form(title, interaction, name, *arguments, fields=fields))
    return None


async def cast_as_filled_in(
    bot: ConsultationBot, interaction: discord.Interaction[Any], answer: str, poll_id: int
) -> tuple[Poll, CastBallot]:
    """Cast the ballot whose form was submitted, and return what was stored.

    Raises ConsultationError where the poll is not open any more, or the form leaves out what it asked for.
    """
    with bot.ballot_box.arriving() as arrived_at:
        answers = filled_in(interaction)
        consultation = bot.consultation_in(interaction.guild_id)
        poll = open_poll(bot, interaction, poll_id)
        ballot_paper.require_answer(poll.paper, answer)
        reason = _reason_in(bot, answers)
        if reason is None and ballot_paper.reason_policy(poll.paper, answer) is ReasonPolicy.REQUIRED:
            raise ConsultationError("vote.reason_missing")
        participant = bot.store.participant(consultation, interaction.user.id)
        if (membership := declared(bot.catalogue, answers)) is not None:
            participant = await keep_membership(bot, interaction, consultation, membership)
        segment = segment_now(bot, interaction, consultation, poll.segment_source)
        if participant is None or segment is None:
            raise ConsultationError("join.no_segment")
        quotation = quotation_in(answers) if reason else Quotation.NOT
        ballot = Ballot(poll.id, interaction.user.id, segment, answer, reason, quotation)
        return await _cast(bot, poll, ballot, arrived_at)


def recorded(bot: ConsultationBot, poll: Poll, stored: CastBallot, say: Speech) -> str:
    """Return the sentences that a ballot is stored, is another one now or is still the same, and for whom it counts."""
    is_same = stored.before == stored.answer
    key = "vote.same" if is_same else "vote.changed" if stored.changed else "vote.recorded"
    answer = harmless(captions(bot.catalogue, say.language).answer(poll, stored.answer))
    told = say(key, answer=answer, title=harmless(poll.wording[say.language].title))
    kept = say("vote.with_reason") if is_same and stored.has_reason else ""
    return " ".join(filter(None, [told, kept, counted_for(bot, poll, stored, say)]))


def reason_button(poll: Poll, stored: CastBallot, say: Speech) -> list[discord.ui.Button[Any]]:
    """Return the button to give a reason afterwards, or another one; none where the poll lets nobody choose."""
    if ballot_paper.reason_policy(poll.paper, stored.answer) is not ReasonPolicy.OPTIONAL:
        return []
    label = "vote.give_another_reason" if stored.has_reason else "vote.give_reason"
    return [button(say(label), "give_reason", stored.answer, poll.id)]


def reason_fields(say: Speech, answer: str) -> list[Piece]:
    """Return the fields for the reason of a ballot and for how it may be quoted."""
    asked, hint = ("vote.reason", "vote.reason_hint") if answer == Position.OBJECT else ("vote.why", "vote.why_hint")
    return [written(REASON, say(asked), say(hint), length=REASON_LENGTH), quotation_field(say)]


async def hand_back(interaction: discord.Interaction[Any], reason: str | None, say: Speech) -> None:
    """Give somebody the words back that do not count any more, so that nothing they typed is lost."""
    if reason is not None:
        words, files = with_what_was_typed(say("vote.reason_replaced"), [reason], say("error.your_text"))
        await reply(interaction, words, files=files)


def _reason_in(bot: ConsultationBot, answers: FilledIn) -> str | None:
    """Return the reason in a form, None for none. Raises ConsultationError for one that is not allowed here."""
    reason = clean(answers.get(REASON))
    bot.policy.require_allowed(reason or "")
    return reason


async def _cast(
    bot: ConsultationBot, poll: Poll, ballot: Ballot, arrived_at: datetime | None = None
) -> tuple[Poll, CastBallot]:
    stored = await bot.ballot_box.cast(ballot, arrived_at)
    bot.cards.refresh(bot.consultation_of(poll), poll.subject)
    return poll, stored


def open_poll(bot: ConsultationBot, interaction: discord.Interaction[Any], poll_id: int) -> Poll:
    """Return the poll that a button or a menu carries.

    Raises ConsultationError where it takes no ballots here, or none of this person, because they are blocked.
    """
    consultation = bot.consultation_in(interaction.guild_id)
    require_unblocked(bot, consultation, interaction.user.id)
    poll = bot.store.memory.polls.get(poll_id)
    if poll is None or poll.consultation_id != consultation.id:
        raise ConsultationError("vote.poll_ended")
    if (refused := refusal(poll, bot.store.now())) is not None:
        raise refused
    return poll


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Voting(bot))

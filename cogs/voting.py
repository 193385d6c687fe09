"""Voting: people cast their ballots on the cards, and see a card in their own language."""

from typing import Any

import discord
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.standing import counted_for, note_roles, segment_now
from cogs.ui.texts import Speech
from models.ballot_box import refusal
from models.errors import ConsultationError
from models.records import Ballot, CastBallot, Consultation, Poll, Position, Quotation

REASON = "reason"
REASON_LENGTH = 1_000


class Voting(commands.Cog):
    """Takes the ballots that are cast on cards."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @component("card_here")
    async def card_here(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        """Show a recommendation's card to the person alone, in their language."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        if recommendation not in self.bot.catalogue.recommendations:
            raise ConsultationError("recommendation.unknown")
        speeches = [self.bot.speech(interaction)]
        view, files = await self.bot.cards.draw_recommendation(consultation, recommendation, speeches)
        await reply(interaction, view=view, files=files)

    @component("vote")
    async def vote_pressed(self, interaction: discord.Interaction[Any], position: str, poll_id: str) -> None:
        """Cast the ballot, or first ask what is missing."""
        cast = await cast_or_ask(self.bot, interaction, position, poll_id, "ballot", position, poll_id)
        if cast is not None:
            await self._confirm(interaction, *cast)

    @component("ballot")
    async def ballot_submitted(
        self, interaction: discord.Interaction[Any], position: str, poll_id: str, _opened_by: str
    ) -> None:
        """Take what the form asked for, and go on with the vote that was pressed."""
        await self._confirm(interaction, *await cast_as_filled_in(self.bot, interaction, position, poll_id))

    async def _confirm(self, interaction: discord.Interaction[Any], poll: Poll, stored: CastBallot) -> None:
        say = self.bot.speech(interaction)
        until = discord.utils.format_dt(poll.closes_at, "f") if poll.closes_at else None
        change = say("vote.change_until", closes=until) if until else say("vote.change")
        await reply(interaction, f"{recorded(self.bot, poll, stored, say)} {change}")


async def cast_or_ask(
    bot: ConsultationBot, interaction: discord.Interaction[Any], position: str, poll_id: str, *asked_by: str
) -> tuple[Poll, CastBallot] | None:
    """Cast the ballot that was pressed and return what was stored, or first ask for what is missing.

    Missing may be for whom the person speaks, and why they object; the form with it leads to the handler and with the
    arguments in `asked_by`, and None is returned. Raises ConsultationError where the poll is not open.
    """
    consultation = bot.consultation_in(interaction.guild_id)
    poll = _open_poll(bot, consultation, int(poll_id))
    participant = bot.store.participant(consultation, interaction.user.id)
    segment = segment_now(bot, interaction, consultation, poll.segment_source)
    if participant is not None and segment is not None and position != Position.OBJECT:
        note_roles(bot, interaction, consultation, participant)
        return await _cast(bot, poll, Ballot(poll.id, interaction.user.id, segment, Position(position)))
    say = bot.speech(interaction)
    fields: list[Piece] = []
    if participant is None or segment is None:
        fields += membership_fields(bot.catalogue, say, participant, [poll.group], poll.segment_source)
    if position == Position.OBJECT:
        fields += [
            written(REASON, say("vote.reason"), say("vote.reason_hint"), length=REASON_LENGTH),
            quotation_field(say),
        ]
    title = say("vote.form_title", position=say(f"position.{position}"))
    await interaction.response.send_modal(form(title, interaction, *asked_by, fields=fields))
    return None


async def cast_as_filled_in(
    bot: ConsultationBot, interaction: discord.Interaction[Any], position: str, poll_id: str
) -> tuple[Poll, CastBallot]:
    """Cast the ballot whose form was submitted, and return what was stored.

    Raises ConsultationError where the poll is not open any more, or the form leaves out what it asked for.
    """
    answers = filled_in(interaction)
    consultation = bot.consultation_in(interaction.guild_id)
    poll = _open_poll(bot, consultation, int(poll_id))
    reason = (answers.get(REASON) or "").strip() or None
    if position == Position.OBJECT and reason is None:
        raise ConsultationError("vote.reason_missing")
    participant = bot.store.participant(consultation, interaction.user.id)
    if (membership := declared(bot.catalogue, answers)) is not None:
        participant = await keep_membership(bot, interaction, consultation, membership)
    segment = segment_now(bot, interaction, consultation, poll.segment_source)
    if participant is None or segment is None:
        raise ConsultationError("join.no_segment")
    quotation = quotation_in(answers) if reason else Quotation.NOT
    ballot = Ballot(poll.id, interaction.user.id, segment, Position(position), reason, quotation)
    return await _cast(bot, poll, ballot)


def recorded(bot: ConsultationBot, poll: Poll, stored: CastBallot, say: Speech) -> str:
    """Return the sentences that a ballot is stored, or is another one now, and for whom it counts."""
    key = "vote.changed" if stored.changed else "vote.recorded"
    told = say(key, position=say(f"position.{stored.position}"), title=poll.wording[say.language].title)
    return " ".join(filter(None, [told, counted_for(bot, poll, stored, say)]))


async def _cast(bot: ConsultationBot, poll: Poll, ballot: Ballot) -> tuple[Poll, CastBallot]:
    stored = await bot.ballot_box.cast(ballot)
    bot.cards.refresh(bot.consultation_of(poll), poll.recommendation)
    return poll, stored


def _open_poll(bot: ConsultationBot, consultation: Consultation, poll_id: int) -> Poll:
    poll = bot.store.memory.polls.get(poll_id)
    if poll is None or poll.consultation_id != consultation.id:
        raise ConsultationError("vote.poll_ended")
    if (refused := refusal(poll, bot.store.now())) is not None:
        raise refused
    return poll


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Voting(bot))

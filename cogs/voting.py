"""Voting: polls on recommendations are opened and ended by moderators or their deadline, and people cast ballots."""

import asyncio
import logging
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices, find_recommendation, recommendation_choices
from cogs.ui.cards import result_card
from cogs.ui.deadlines import parse_deadline
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece, card, chosen, menus, sent_once, text
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from content.catalogue import LANGUAGES, Recommendation
from models import polls
from models.errors import ConsultationError
from models.records import Ballot, CastBallot, Consultation, PlaceKind, Poll, Position, Quotation, Wording

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3_600.0
RETRY_SECONDS = 60.0
REASON = "reason"
REASON_LENGTH = 1_000
END_REASON_LENGTH = 300
DATE_LENGTH = 60


class Voting(commands.Cog):
    """Opens and ends polls, takes ballots, and posts results."""

    poll = moderators(command_text("command.poll.name"), command_text("command.poll.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._deadlines: dict[int, asyncio.Task[None]] = {}
        self._posting = asyncio.Lock()

    async def cog_unload(self) -> None:
        for task in self._deadlines.values():
            task.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Take up what was left: post results that nobody saw, keep the deadlines, show what the cards did not yet."""
        for poll in list(self.bot.store.memory.polls.values()):
            self._keep_deadline(poll)
            self.bot.cards.refresh(self._consultation_of(poll), poll.recommendation)
        await self.post_results()

    @poll.command(
        name=command_text("command.poll_open.name"), description=command_text("command.poll_open.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"), closes=command_text("option.closes.name")
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        closes=command_text("option.closes.description"),
    )
    async def open_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: app_commands.Range[str, 1, DATE_LENGTH] | None = None,
    ) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say)
        closes_at = self._deadline(closes, say) if closes else None
        async with self.bot.store.write() as session:
            poll = await polls.open_poll(session, consultation, found.key, found.group, _wording(found), closes_at)
        self._keep_deadline(poll)
        self.bot.cards.refresh(consultation, found.key, at_once=True)
        until = (
            say("poll.opened_until", closes=discord.utils.format_dt(closes_at, "f"))
            if closes_at
            else say("poll.opened_without_end")
        )
        await reply(interaction, say("poll.opened", title=found.title.in_language(say.language), until=until))

    @poll.command(
        name=command_text("command.poll_close.name"), description=command_text("command.poll_close.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"), reason=command_text("option.reason.name")
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        reason=command_text("option.reason.description"),
    )
    async def close_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        reason: app_commands.Range[str, 1, END_REASON_LENGTH],
    ) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        found = find_recommendation(self.bot, recommendation, say)
        poll = self.bot.store.memory.open_poll_on(consultation.id, found.key)
        if poll is None:
            raise ConsultationError("poll.none_open")
        await interaction.response.defer(ephemeral=True)
        await self._end_poll(poll, why)
        await reply(interaction, say("poll.closed", title=found.title.in_language(say.language)))

    @open_poll.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @close_poll.autocomplete("recommendation")
    async def open_poll_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id not in self.bot.store.memory.consultations:
            return []
        running = self._open_polls(interaction, self.bot.speech(interaction))
        return choices({poll.recommendation: title for poll, title in running}, typed)

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

    async def _end_poll(self, poll: Poll, reason: str | None) -> None:
        """End a poll for a reason, or at its deadline, and post its result.

        Raises ConsultationError where it has ended already.
        """
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            await polls.end(session, poll.id, reason)
        await self.post_results()

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

    def _open_polls(self, interaction: discord.Interaction[Any], say: Speech) -> list[tuple[Poll, str]]:
        """Return the server's open polls with their titles as put to the vote, those that end first on top."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        now = self.bot.store.now()
        running = [
            (poll, poll.wording[say.language].title)
            for poll in self.bot.store.memory.polls.values()
            if poll.consultation_id == consultation.id and poll.is_open_at(now)
        ]
        return sorted(running, key=lambda found: (found[0].closes_at is None, found[0].closes_at, found[0].id))

    async def _offer_open_polls(self, interaction: discord.Interaction[Any]) -> None:
        say = self.bot.speech(interaction)
        running = self._open_polls(interaction, say)
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

    def _deadline(self, typed: str, say: Speech) -> datetime:
        return parse_deadline(typed, say.language, self.bot.catalogue.timezone, self.bot.store.now())

    def _keep_deadline(self, poll: Poll) -> None:
        if poll.closes_at is not None and poll.id not in self._deadlines:
            self._deadlines[poll.id] = asyncio.create_task(self._end_at_deadline(poll, poll.closes_at))

    async def _end_at_deadline(self, poll: Poll, closes_at: datetime) -> None:
        while True:
            left = (closes_at - self.bot.store.now()).total_seconds()
            if left > 0:
                # In steps, because a machine that sleeps or sets its clock would wake too late.
                await asyncio.sleep(min(left, LONGEST_SLEEP))
                continue
            try:
                await self._end_poll(poll, None)
            except ConsultationError:
                log.info("poll %s had ended before its deadline", poll.id)
            except Exception:
                log.exception("poll %s could not be ended; trying again", poll.id)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._deadlines.pop(poll.id, None)
            return

    async def post_results(self) -> None:
        """Show every result that is not in Discord yet on its card and in its thread.

        One that cannot be posted is tried again when the next poll ends, and at the next start.
        """
        async with self._posting:
            async with self.bot.store.read() as session:
                waiting = await polls.results_to_post(session)
            for poll in waiting:
                self.bot.cards.refresh(self._consultation_of(poll), poll.recommendation, at_once=True)
                try:
                    await self._post_result(poll)
                except discord.HTTPException as error:
                    log.warning("the result of poll %s could not be posted (Discord's code %s)", poll.id, error.code)

    async def _post_result(self, poll: Poll) -> None:
        consultation = self._consultation_of(poll)
        thread_id = self.bot.store.memory.place(consultation.id, PlaceKind.THREAD, poll.recommendation)
        if thread_id is not None:
            async with self.bot.store.read() as session:
                result = await polls.result(session, poll)
            speeches = self.bot.public_speeches(consultation)
            chart, described = await self.bot.cards.chart(poll, result, speeches[0])
            drawn = result_card(self.bot.catalogue, poll, result, speeches, described)
            thread = self.bot.get_partial_messageable(thread_id, guild_id=consultation.guild_id)
            await thread.send(view=sent_once(*drawn), file=chart)
        async with self.bot.store.write() as session:
            await polls.mark_posted(session, poll.id)

    def _consultation_of(self, poll: Poll) -> Consultation:
        return next(one for one in self.bot.store.memory.consultations.values() if one.id == poll.consultation_id)


def end_reason(typed: str) -> str:
    """Return why a vote is ended early. Raises ConsultationError where nothing was said: the card shows it to all."""
    if not typed.strip():
        raise ConsultationError("poll.reason_missing")
    return typed.strip()


def _wording(recommendation: Recommendation) -> dict[str, Wording]:
    """Return the wording in every language the content has it in, the others falling back as cards do."""
    return {
        language: Wording(recommendation.title.in_language(language), recommendation.text.in_language(language))
        for language in LANGUAGES
    }


def _confirmation(poll: Poll, stored: CastBallot, say: Speech) -> str:
    key = "vote.changed" if stored.changed else "vote.recorded"
    until = discord.utils.format_dt(poll.closes_at, "f") if poll.closes_at else None
    sentence = say(key, position=say(f"position.{stored.position}"), title=poll.wording[say.language].title)
    return f"{sentence} {say('vote.change_until', closes=until) if until else say('vote.change')}"


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Voting(bot))

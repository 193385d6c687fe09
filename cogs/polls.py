"""Polls: moderators put recommendations and their own questions to the vote, and change, end or cancel polls."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.poll_drafts import ask, far_end, show_draft, until
from cogs.source import choices, find_group, find_recommendation, group_choices, recommendation_choices
from cogs.ui.deadlines import parse_beginning, parse_deadline
from cogs.ui.layout import harmless
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.poll_lists import find_poll, running_choices, unended_choices, unended_poll
from cogs.ui.replies import reply, tell_progress
from cogs.ui.texts import Speech, command_text, one_of, options
from content.catalogue import LANGUAGES, Recommendation
from models import drafts, polls, statement_review, trace
from models.ballot_paper import MOST_OPTIONS, MOST_PRIORITIES
from models.errors import ConsultationError
from models.records import (
    NO_QUORUM,
    BallotPaper,
    Consultation,
    ConsultationState,
    Moderator,
    PollDraft,
    PollKind,
    Quorum,
    ReasonPolicy,
    Visibility,
    Wording,
)
from models.texts import clean

END_REASON_LENGTH = 300
DATE_LENGTH = 60
MOST_HEADS = 100_000
USUAL_PRIORITIES = 3
# Between two polls of a group: Discord takes about five edits in five seconds in one channel.
BETWEEN_OPENINGS = 1.5

When = app_commands.Range[str, 1, DATE_LENGTH]
Heads = app_commands.Range[int, 1, MOST_HEADS]
Share = app_commands.Range[int, 1, 100]
Most = app_commands.Range[int, 1, MOST_OPTIONS]
EndReason = app_commands.Range[str, 1, END_REASON_LENGTH]

KINDS = one_of("poll_kind", PollKind)
REASONS = one_of("reason_policy", ReasonPolicy)
VISIBILITIES = one_of("visibility", Visibility)


class Polls(commands.Cog):
    """Puts questions to the vote, and changes, ends, cancels and publishes polls."""

    poll = moderators(command_text("command.poll.name"), command_text("command.poll.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._opening_all = asyncio.Lock()

    @poll.command(
        name=command_text("command.poll_open.name"), description=command_text("command.poll_open.description")
    )
    @options("recommendation", "closes", "starts", "quorum", "share", "reasons", "results")
    @app_commands.choices(reasons=REASONS, results=VISIBILITIES)
    async def open_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
        reasons: str = ReasonPolicy.OFF,
        results: str = Visibility.ENDED,
    ) -> None:
        """Show the moderator alone what would be opened."""
        require_moderator(self.bot, interaction)
        consultation = self._open_consultation(interaction)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say)
        self._require_free(consultation, found)
        opens_at = self._beginning(starts, say)
        draft = PollDraft(
            found.key,
            found.group,
            _wording(found),
            opens_at,
            self._deadline(closes, say, opens_at),
            _quorum(consultation, quorum or 0, share or 0),
            BallotPaper(reasons=ReasonPolicy(reasons)),
            Visibility(results),
        )
        async with self.bot.store.write() as session:
            number = await drafts.keep(session, consultation.id, draft)
        await show_draft(self.bot, interaction, consultation, number, draft)

    @poll.command(name=command_text("command.poll_ask.name"), description=command_text("command.poll_ask.description"))
    @options(
        "closes",
        "starts",
        "quorum",
        "share",
        "reasons",
        "results",
        "most",
        kind="poll_kind",
        group="ask_group",
        recommendation="ask_recommendation",
    )
    @app_commands.choices(kind=KINDS, reasons=REASONS, results=VISIBILITIES)
    async def ask(
        self,
        interaction: discord.Interaction[Any],
        kind: str,
        group: str | None = None,
        recommendation: str | None = None,
        most: Most | None = None,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
        reasons: str = ReasonPolicy.OFF,
        results: str = Visibility.ENDED,
    ) -> None:
        """Ask for the words of a question of the moderators' own, or for the options on a recommendation."""
        require_moderator(self.bot, interaction)
        consultation = self._open_consultation(interaction)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say) if recommendation else None
        if found is not None:
            self._require_free(consultation, found)
            if kind == PollKind.POSITION:
                raise ConsultationError("poll.positions_by_open")
        elif group is None:
            raise ConsultationError("poll.group_missing")
        opens_at = self._beginning(starts, say)
        draft = PollDraft(
            found.key if found else None,
            found.group if found else find_group(self.bot, group or "", say).key,
            _wording(found) if found else {},
            opens_at,
            self._deadline(closes, say, opens_at),
            _quorum(consultation, quorum or 0, share or 0),
            BallotPaper(PollKind(kind), (), _most_choices(PollKind(kind), most), ReasonPolicy(reasons)),
            Visibility(results),
        )
        async with self.bot.store.write() as session:
            number = await drafts.keep(session, consultation.id, draft)
        await ask(self.bot, interaction, consultation, number, draft)

    @poll.command(
        name=command_text("command.poll_open_all.name"), description=command_text("command.poll_open_all.description")
    )
    @options("closes", group="poll_group")
    async def open_all(self, interaction: discord.Interaction[Any], group: str, closes: When | None = None) -> None:
        """Open the polls of a group one after another; given again, the command goes on where it stopped."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_group(self.bot, group, say)
        closes_at = self._deadline(closes, say)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self._opening_all:
            waiting = [
                one
                for one in self.bot.catalogue.recommendations.values()
                if one.group == found.key and self.bot.store.memory.open_poll_on(consultation.id, one.key) is None
            ]
            for number, one in enumerate(waiting, start=1):
                if number > 1:
                    await asyncio.sleep(BETWEEN_OPENINGS)
                with _unless_open_already():
                    await self._open(moderator, consultation, one, closes_at)
                await tell_progress(interaction, say("poll.opening_all", done=number, all=len(waiting)))
        title = found.title.in_language(say.language)
        opened = say("poll.opened_all", count=len(waiting), group=title)
        await tell_progress(interaction, "\n".join([opened, *far_end(self.bot, closes_at, say)]))

    @poll.command(
        name=command_text("command.poll_edit.name"), description=command_text("command.poll_edit.description")
    )
    @options("closes", "starts", "quorum", "share", "results", poll="poll")
    @app_commands.choices(results=VISIBILITIES)
    async def edit_poll(
        self,
        interaction: discord.Interaction[Any],
        poll: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
        results: str | None = None,
    ) -> None:
        """Change a vote before the first ballot; afterwards put off its end or show its result later at the most."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found, title = unended_poll(self.bot, consultation, poll, say)
        opens_at = self._beginning(starts, say)
        ahead = found.opened_at if found.opened_at > self.bot.store.now() else None
        closes_at = self._deadline(closes, say, opens_at or ahead)
        wanted = None
        if quorum or share:
            wanted = _quorum(consultation, quorum or found.quorum.heads, share or found.quorum.share)
        visibility = Visibility(results) if results else None
        if not (opens_at or closes_at or wanted or visibility):
            raise ConsultationError("poll.nothing_to_change")
        await interaction.response.defer(ephemeral=True)
        # A ballot that was handed in before counts as given.
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            edited = await polls.edit(
                session, found.id, opens_at=opens_at, closes_at=closes_at, quorum=wanted, visibility=visibility
            )
            await trace.record(session, consultation.id, moderator, "poll_edit", found.subject)
        self.bot.poll_clock.keep(edited)
        self.bot.cards.refresh(consultation, edited.subject, at_once=True)
        told = say("poll.edited", title=title, until=until(edited, say))
        await reply(interaction, "\n".join([told, *far_end(self.bot, closes_at, say)]))

    @poll.command(
        name=command_text("command.poll_close.name"), description=command_text("command.poll_close.description")
    )
    @options("reason", poll="poll")
    async def close_poll(self, interaction: discord.Interaction[Any], poll: str, reason: EndReason) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        found, title = unended_poll(self.bot, consultation, poll, say)
        if found.opened_at > self.bot.store.now():
            raise ConsultationError("poll.not_begun")
        await interaction.response.defer(ephemeral=True)
        await self.bot.poll_clock.end(found, why, moderator)
        waits = found.visibility is Visibility.PUBLISHED
        await reply(interaction, say("poll.closed_unpublished" if waits else "poll.closed", title=title))

    @poll.command(
        name=command_text("command.poll_cancel.name"), description=command_text("command.poll_cancel.description")
    )
    @options("reason", poll="poll")
    async def cancel_poll(self, interaction: discord.Interaction[Any], poll: str, reason: EndReason) -> None:
        """Take a vote back: its ballots are kept, and no result is shown to anybody."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        found, title = unended_poll(self.bot, consultation, poll, say)
        await interaction.response.defer(ephemeral=True)
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            cancelled = await polls.cancel(session, found.id, why)
            await statement_review.tell_cancelled(session, cancelled)
            await trace.record(session, consultation.id, moderator, "poll_cancel", found.subject, why)
        self.bot.dispatch("notices_added")
        await self.bot.results.post()
        await reply(interaction, say("poll.cancelled", title=title))

    @poll.command(
        name=command_text("command.poll_publish.name"), description=command_text("command.poll_publish.description")
    )
    @options(poll="poll")
    async def publish(self, interaction: discord.Interaction[Any], poll: str) -> None:
        """Show everybody the result of a vote that has ended."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        await interaction.response.defer(ephemeral=True)
        async with self.bot.store.write() as session:
            ended = await polls.ended_polls(session, consultation.id)
            found = find_poll([one for one in ended if not one.is_published], poll, say)
            if found is None:
                raise ConsultationError("poll.none_to_publish")
            await polls.publish(session, found.id)
            await trace.record(session, consultation.id, moderator, "poll_publish", found.subject)
        await self.bot.results.post()
        await reply(interaction, say("poll.published", title=harmless(found.wording[say.language].title)))

    @open_poll.autocomplete("recommendation")
    @ask.autocomplete("recommendation")
    async def recommendation_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @open_all.autocomplete("group")
    @ask.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return group_choices(self.bot, self.bot.speech(interaction), typed)

    @close_poll.autocomplete("poll")
    async def open_poll_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return running_choices(self.bot, interaction, typed)

    @edit_poll.autocomplete("poll")
    @cancel_poll.autocomplete("poll")
    async def unended_poll_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer also the polls that begin later."""
        return unended_choices(self.bot, interaction, typed)

    @publish.autocomplete("poll")
    async def unpublished_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None:
            return []
        language = self.bot.speech(interaction).language
        async with self.bot.store.read() as session:
            ended = await polls.ended_polls(session, consultation.id)
        return choices({one.subject: one.wording[language].title for one in ended if not one.is_published}, typed)

    async def _open(
        self, moderator: Moderator, consultation: Consultation, found: Recommendation, closes_at: datetime | None
    ) -> None:
        """Open a poll, keep its times and show it on its card. Raises ConsultationError where it may not be opened."""
        async with self.bot.store.write() as session:
            poll = await polls.open_poll(session, consultation, found.key, found.group, _wording(found), closes_at)
            await trace.record(session, consultation.id, moderator, "poll_open_all", poll.subject)
        self.bot.poll_clock.keep(poll)
        self.bot.cards.refresh(consultation, poll.subject, at_once=True)

    def _open_consultation(self, interaction: discord.Interaction[Any]) -> Consultation:
        consultation = self.bot.consultation_in(interaction.guild_id)
        if consultation.state is not ConsultationState.OPEN:
            raise ConsultationError("consultation.not_open")
        return consultation

    def _require_free(self, consultation: Consultation, found: Recommendation) -> None:
        if self.bot.store.memory.open_poll_on(consultation.id, found.key) is not None:
            raise ConsultationError("poll.already_open")

    def _deadline(self, typed: str | None, say: Speech, begins_at: datetime | None = None) -> datetime | None:
        timezone, now = self.bot.catalogue.timezone, self.bot.store.now()
        return parse_deadline(typed, say.language, timezone, now, begins_at) if typed else None

    def _beginning(self, typed: str | None, say: Speech) -> datetime | None:
        timezone, now = self.bot.catalogue.timezone, self.bot.store.now()
        return parse_beginning(typed, say.language, timezone, now) if typed else None


def end_reason(typed: str) -> str:
    """Return why a vote is ended early. Raises ConsultationError where nothing was said: the card shows it to all."""
    if (reason := clean(typed)) is None:
        raise ConsultationError("poll.reason_missing")
    return reason.strip()


@contextmanager
def _unless_open_already() -> Iterator[None]:
    """Pass over a poll that somebody opened meanwhile."""
    try:
        yield
    except ConsultationError as refusal:
        if refusal.phrase != "poll.already_open":
            raise


def _quorum(consultation: Consultation, heads: int, share: int) -> Quorum:
    """Return a quorum over the heads expected now. Raises ConsultationError for a share where none are expected."""
    if not (heads or share):
        return NO_QUORUM
    if not share:
        return Quorum(heads)
    if not consultation.expected_heads:
        raise ConsultationError("poll.no_heads_expected")
    return Quorum(heads, share, dict(consultation.expected_heads))


def _most_choices(kind: PollKind, most: int | None) -> int:
    """Return how many options may be chosen. Raises ConsultationError for more priorities than people can rank."""
    if kind is PollKind.SEVERAL:
        return most or MOST_OPTIONS
    if kind is not PollKind.PRIORITIES:
        return 1
    if most is not None and most > MOST_PRIORITIES:
        raise ConsultationError("poll.too_many_priorities", most=MOST_PRIORITIES)
    return most or USUAL_PRIORITIES


def _wording(recommendation: Recommendation) -> dict[str, Wording]:
    """Return the wording in every language the content has it in, the others falling back as cards do."""
    return {
        language: Wording(recommendation.title.in_language(language), recommendation.text.in_language(language))
        for language in LANGUAGES
    }


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Polls(bot))

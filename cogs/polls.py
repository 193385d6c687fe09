"""Polls: moderators put recommendations and their own questions to the vote, and change, end or cancel polls."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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
    Poll,
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
Heads = app_commands.Range[int, 0, MOST_HEADS]
Share = app_commands.Range[int, 0, 100]
Most = app_commands.Range[int, 1, MOST_OPTIONS]
EndReason = app_commands.Range[str, 1, END_REASON_LENGTH]

KINDS = one_of("poll_kind", PollKind)
REASONS = one_of("reason_policy", ReasonPolicy)
VISIBILITIES = one_of("visibility", Visibility)
# A live result gives the last few ballots away: a moderator sees that said of each vote before it opens.
UNSEEN_VISIBILITIES = one_of("visibility", [Visibility.ENDED, Visibility.PUBLISHED])


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
        blank = self._blank(consultation, say, closes, starts, quorum, share, reasons, results)
        draft = _on(found, blank)
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
        paper = BallotPaper(PollKind(kind), (), _most_choices(PollKind(kind), most), ReasonPolicy(reasons))
        blank = replace(self._blank(consultation, say, closes, starts, quorum, share, reasons, results), paper=paper)
        draft = _on(found, blank) if found else replace(blank, group=find_group(self.bot, group or "", say).key)
        async with self.bot.store.write() as session:
            number = await drafts.keep(session, consultation.id, draft)
        await ask(self.bot, interaction, consultation, number, draft)

    @poll.command(
        name=command_text("command.poll_open_all.name"), description=command_text("command.poll_open_all.description")
    )
    @options("closes", "starts", "quorum", "share", "reasons", "results", group="poll_group")
    @app_commands.choices(reasons=REASONS, results=UNSEEN_VISIBILITIES)
    async def open_all(
        self,
        interaction: discord.Interaction[Any],
        group: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
        reasons: str = ReasonPolicy.OFF,
        results: str = Visibility.ENDED,
    ) -> None:
        """Open the polls of a group one after another; given again, the command goes on where it stopped."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self._open_consultation(interaction)
        say = self.bot.speech(interaction)
        found = find_group(self.bot, group, say)
        blank = self._blank(consultation, say, closes, starts, quorum, share, reasons, results)
        await interaction.response.defer(ephemeral=True, thinking=True)
        opened = 0
        async with self._opening_all:
            waiting, left = await self._without_vote(consultation, found.key)
            for number, one in enumerate(waiting, start=1):
                if number > 1:
                    await asyncio.sleep(BETWEEN_OPENINGS)
                with _unless_open_already():
                    await self._open(moderator, consultation, _on(one, blank))
                    opened += 1
                await tell_progress(interaction, say("poll.opening_all", done=number, all=len(waiting)))
        told = [say("poll.opened_all", count=opened, group=found.title.in_language(say.language))]
        told += [say(phrase, count=count) for phrase, count in left.items()]
        await tell_progress(interaction, "\n".join([*told, *far_end(self.bot, blank.closes_at, say)]))

    @poll.command(
        name=command_text("command.poll_edit.name"), description=command_text("command.poll_edit.description")
    )
    @options("closes", "starts", "quorum", "share", "results", "most", "reasons", "words", poll="poll")
    @app_commands.choices(results=VISIBILITIES, reasons=REASONS)
    async def edit_poll(
        self,
        interaction: discord.Interaction[Any],
        poll: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
        results: str | None = None,
        most: Most | None = None,
        reasons: str | None = None,
        words: bool = False,
    ) -> None:
        """Change a vote before the first ballot; afterwards put off its end or show its result later at the most."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found, title = unended_poll(self.bot, consultation, poll, say)
        opens_at = self._beginning(starts, say)
        ahead = found.opened_at if found.opened_at > self.bot.store.now() else None
        closes_at = self._deadline(closes, say, opens_at or ahead)
        wanted = _changed_quorum(consultation, found.quorum, quorum, share)
        paper = _changed_paper(found.paper, most, reasons)
        visibility = Visibility(results) if results else None
        if words:
            draft = PollDraft(
                found.recommendation,
                found.group,
                found.wording,
                opens_at or ahead,
                closes_at or found.closes_at,
                wanted or found.quorum,
                paper or found.paper,
                visibility or found.visibility,
                found.id,
            )
            await self._ask_anew(interaction, consultation, found, draft)
            return
        if not (opens_at or closes_at or wanted or visibility or paper):
            raise ConsultationError("poll.nothing_to_change")
        await interaction.response.defer(ephemeral=True)
        # A ballot that was handed in before counts as given.
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            edited = await polls.edit(
                session,
                found.id,
                opens_at=opens_at,
                closes_at=closes_at,
                quorum=wanted,
                visibility=visibility,
                paper=paper,
            )
            await trace.record(session, consultation.id, moderator, "poll_edit", found.subject)
        self.bot.poll_clock.keep(edited)
        self.bot.cards.refresh(consultation, edited.subject, at_once=True)
        told = say("poll.edited", title=title, until=until(edited, say))
        await reply(interaction, "\n".join([told, *far_end(self.bot, closes_at, say)]))

    async def _ask_anew(
        self, interaction: discord.Interaction[Any], consultation: Consultation, poll: Poll, draft: PollDraft
    ) -> None:
        """Ask for the words of a poll again. Raises ConsultationError where moderators typed none, or too late."""
        if poll.proposal is not None or (poll.recommendation is not None and not poll.paper.options):
            raise ConsultationError("poll.words_elsewhere")
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            await polls.require_unvoted(session, poll.id)
            number = await drafts.keep(session, consultation.id, draft)
        await ask(self.bot, interaction, consultation, number, draft)

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
        self.bot.cards.refresh(consultation, found.subject, at_once=True)
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
        self.bot.cards.refresh(consultation, found.subject, at_once=True)
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

    async def _without_vote(self, consultation: Consultation, group: str) -> tuple[list[Recommendation], Counter[str]]:
        """Return a group's recommendations that have no vote, and how many others are left out, by the phrase for why.

        One whose vote was cancelled has none; one whose vote has ended is put to another by its moderators alone.
        """
        async with self.bot.store.read() as session:
            latest = await polls.latest_polls(session, consultation.id)
        waiting, left = [], Counter[str]()
        for one in self.bot.catalogue.recommendations.values():
            if one.group != group:
                continue
            poll = latest.get(one.key)
            if poll is None or poll.cancelled:
                waiting.append(one)
            else:
                left["poll.left_ended" if poll.ended_at else "poll.left_running"] += 1
        return waiting, left

    async def _open(self, moderator: Moderator, consultation: Consultation, draft: PollDraft) -> None:
        """Open a poll, keep its times and show it on its card. Raises ConsultationError where it may not be opened."""
        async with self.bot.store.write() as session:
            poll = await drafts.open_unkept(session, consultation, draft)
            await trace.record(session, consultation.id, moderator, "poll_open_all", poll.subject)
        self.bot.poll_clock.keep(poll)
        self.bot.cards.refresh(consultation, poll.subject, at_once=True)

    def _blank(
        self,
        consultation: Consultation,
        say: Speech,
        closes: str | None,
        starts: str | None,
        quorum: int | None,
        share: int | None,
        reasons: str,
        results: str,
    ) -> PollDraft:
        """Return the draft of a poll that asks nothing yet, on the terms that a command gives.

        Raises ConsultationError where they cannot be understood or met.
        """
        opens_at = self._beginning(starts, say)
        return PollDraft(
            None,
            "",
            {},
            opens_at,
            self._deadline(closes, say, opens_at),
            _quorum(consultation, quorum or 0, share or 0),
            BallotPaper(reasons=ReasonPolicy(reasons)),
            Visibility(results),
        )

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


def _changed_quorum(consultation: Consultation, before: Quorum, heads: int | None, share: int | None) -> Quorum | None:
    """Return the quorum with what was given in place of what was there, None where nothing was given."""
    if heads is None and share is None:
        return None
    return _quorum(consultation, before.heads if heads is None else heads, before.share if share is None else share)


def _changed_paper(before: BallotPaper, most: int | None, reasons: str | None) -> BallotPaper | None:
    """Return the ballot paper with what was given in place of what was there, None where nothing was given."""
    if most is None and reasons is None:
        return None
    return replace(
        before,
        most_choices=before.most_choices if most is None else _most_choices(before.kind, most),
        reasons=ReasonPolicy(reasons) if reasons else before.reasons,
    )


def _most_choices(kind: PollKind, most: int | None) -> int:
    """Return how many options may be chosen. Raises ConsultationError for more priorities than people can rank."""
    if kind is PollKind.SEVERAL:
        return most or MOST_OPTIONS
    if kind is not PollKind.PRIORITIES:
        return 1
    if most is not None and most > MOST_PRIORITIES:
        raise ConsultationError("poll.too_many_priorities", most=MOST_PRIORITIES)
    return most or USUAL_PRIORITIES


def _on(recommendation: Recommendation, blank: PollDraft) -> PollDraft:
    """Return a draft that puts a recommendation to the vote, in every language."""
    return replace(
        blank, recommendation=recommendation.key, group=recommendation.group, wording=_wording(recommendation)
    )


def _wording(recommendation: Recommendation) -> dict[str, Wording]:
    """Return the wording in every language the content has it in, the others falling back as cards do."""
    return {
        language: Wording(recommendation.title.in_language(language), recommendation.text.in_language(language))
        for language in LANGUAGES
    }


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Polls(bot))

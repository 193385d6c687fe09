"""Polls: moderators put recommendations to the vote, and change, end or cancel what they opened."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices, find_group, find_recommendation, group_choices, recommendation_choices
from cogs.ui.cards import CardState, poll_preview
from cogs.ui.deadlines import parse_beginning, parse_deadline
from cogs.ui.layout import card, custom_id, sent_once, text
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.replies import reply, tell_progress
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from content.catalogue import LANGUAGES, Recommendation
from models import polls
from models.errors import ConsultationError
from models.records import NO_QUORUM, Consultation, ConsultationState, Poll, Quorum, Wording

END_REASON_LENGTH = 300
DATE_LENGTH = 60
# A vote that lasts longer is rather a date in the wrong year.
FAR = timedelta(days=180)
MOST_HEADS = 100_000
# Between two polls of a group: Discord takes about five edits in five seconds in one channel.
BETWEEN_OPENINGS = 1.5

When = app_commands.Range[str, 1, DATE_LENGTH]
Heads = app_commands.Range[int, 1, MOST_HEADS]
Share = app_commands.Range[int, 1, 100]


class Polls(commands.Cog):
    """Puts recommendations to the vote, and changes, ends and cancels polls."""

    poll = moderators(command_text("command.poll.name"), command_text("command.poll.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._opening_all = asyncio.Lock()

    @poll.command(
        name=command_text("command.poll_open.name"), description=command_text("command.poll_open.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"),
        closes=command_text("option.closes.name"),
        starts=command_text("option.starts.name"),
        quorum=command_text("option.quorum.name"),
        share=command_text("option.share.name"),
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        closes=command_text("option.closes.description"),
        starts=command_text("option.starts.description"),
        quorum=command_text("option.quorum.description"),
        share=command_text("option.share.description"),
    )
    async def open_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
    ) -> None:
        """Show the moderator alone what would be opened; nothing is stored yet."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say)
        opens_at = self._beginning(starts, say)
        planned = Poll(
            id=0,
            consultation_id=consultation.id,
            recommendation=found.key,
            group=found.group,
            wording=_wording(found),
            opened_at=opens_at or self.bot.store.now(),
            closes_at=self._deadline(closes, say, opens_at),
            ended_at=None,
            end_reason=None,
            quorum=_quorum(consultation, quorum or 0, share or 0),
        )
        if consultation.state is not ConsultationState.OPEN:
            raise ConsultationError("consultation.not_open")
        if self.bot.store.memory.open_poll_on(consultation.id, found.key) is not None:
            raise ConsultationError("poll.already_open")
        state = CardState(consultation.state, self.bot.reads_messages, planned, has_begun=opens_at is None)
        confirmation = custom_id(
            "open_vote", found.key, _epoch(planned.closes_at), _epoch(opens_at), quorum or 0, share or 0
        )
        speeches = self.bot.public_speeches(consultation)
        warnings = self._warnings(planned.closes_at, say)
        drawn = poll_preview(self.bot.catalogue, found, speeches, state, say, confirmation, warnings)
        await reply(interaction, view=sent_once(*drawn))

    @component("open_vote")
    async def open_pressed(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: str,
        starts: str,
        heads: str,
        share: str,
    ) -> None:
        """Open the vote that was shown, in place of what showed it."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say)
        quorum = _quorum(consultation, int(heads), int(share))
        poll = await self._open(consultation, found, _moment(closes), quorum, _moment(starts))
        title = found.title.in_language(say.language)
        opened = say(
            "poll.planned" if poll.opened_at > self.bot.store.now() else "poll.opened",
            title=title,
            opens=discord.utils.format_dt(poll.opened_at, "f"),
            until=_until(poll, say),
        )
        await interaction.response.edit_message(view=sent_once(card(text(opened))))

    @component("leave_vote")
    async def leave_pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Take away what was shown; no vote is opened."""
        say = self.bot.speech(interaction)
        await interaction.response.edit_message(view=sent_once(card(text(say("poll.not_opened")))))

    @poll.command(
        name=command_text("command.poll_open_all.name"), description=command_text("command.poll_open_all.description")
    )
    @app_commands.rename(group=command_text("option.group.name"), closes=command_text("option.closes.name"))
    @app_commands.describe(
        group=command_text("option.poll_group.description"), closes=command_text("option.closes.description")
    )
    async def open_all(
        self,
        interaction: discord.Interaction[Any],
        group: str,
        closes: When | None = None,
    ) -> None:
        """Open the polls of a group one after another; given again, the command goes on where it stopped."""
        require_moderator(self.bot, interaction)
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
                    await self._open(consultation, one, closes_at)
                await tell_progress(interaction, say("poll.opening_all", done=number, all=len(waiting)))
        title = found.title.in_language(say.language)
        opened = say("poll.opened_all", count=len(waiting), group=title)
        await tell_progress(interaction, "\n".join([opened, *self._warnings(closes_at, say)]))

    @poll.command(
        name=command_text("command.poll_edit.name"), description=command_text("command.poll_edit.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"),
        closes=command_text("option.closes.name"),
        starts=command_text("option.starts.name"),
        quorum=command_text("option.quorum.name"),
        share=command_text("option.share.name"),
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        closes=command_text("option.closes.description"),
        starts=command_text("option.starts.description"),
        quorum=command_text("option.quorum.description"),
        share=command_text("option.share.description"),
    )
    async def edit_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: When | None = None,
        starts: When | None = None,
        quorum: Heads | None = None,
        share: Share | None = None,
    ) -> None:
        """Change a vote before the first ballot; afterwards put off its end at the most."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        poll, title = unended_poll(self.bot, consultation, recommendation, say)
        opens_at = self._beginning(starts, say)
        ahead = poll.opened_at if poll.opened_at > self.bot.store.now() else None
        closes_at = self._deadline(closes, say, opens_at or ahead)
        wanted = None
        if quorum or share:
            wanted = _quorum(consultation, quorum or poll.quorum.heads, share or poll.quorum.share)
        if not (opens_at or closes_at or wanted):
            raise ConsultationError("poll.nothing_to_change")
        await interaction.response.defer(ephemeral=True)
        # A ballot that was handed in before counts as given.
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            poll = await polls.edit(session, poll.id, opens_at=opens_at, closes_at=closes_at, quorum=wanted)
        self.bot.poll_clock.keep(poll)
        self.bot.cards.refresh(consultation, poll.recommendation, at_once=True)
        edited = say("poll.edited", title=title, until=_until(poll, say))
        await reply(interaction, "\n".join([edited, *self._warnings(closes_at, say)]))

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
        poll, title = unended_poll(self.bot, consultation, recommendation, say)
        if poll.opened_at > self.bot.store.now():
            raise ConsultationError("poll.not_begun")
        await interaction.response.defer(ephemeral=True)
        await self.bot.poll_clock.end(poll, why)
        await reply(interaction, say("poll.closed", title=title))

    @poll.command(
        name=command_text("command.poll_cancel.name"), description=command_text("command.poll_cancel.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"), reason=command_text("option.reason.name")
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        reason=command_text("option.reason.description"),
    )
    async def cancel_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        reason: app_commands.Range[str, 1, END_REASON_LENGTH],
    ) -> None:
        """Take a vote back: its ballots are kept, and no result is shown to anybody."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        poll, title = unended_poll(self.bot, consultation, recommendation, say)
        await interaction.response.defer(ephemeral=True)
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            await polls.cancel(session, poll.id, why)
        await self.bot.results.post()
        await reply(interaction, say("poll.cancelled", title=title))

    @open_poll.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @open_all.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return group_choices(self.bot, self.bot.speech(interaction), typed)

    @close_poll.autocomplete("recommendation")
    async def open_poll_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return running_choices(self.bot, interaction, typed)

    @edit_poll.autocomplete("recommendation")
    @cancel_poll.autocomplete("recommendation")
    async def unended_poll_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        """Offer also the polls that begin later."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        language = self.bot.speech(interaction).language
        titles = {
            poll.recommendation: poll.wording[language].title
            for poll in self.bot.store.memory.polls.values()
            if consultation and poll.consultation_id == consultation.id
        }
        return choices(titles, typed)

    async def _open(
        self,
        consultation: Consultation,
        recommendation: Recommendation,
        closes_at: datetime | None,
        quorum: Quorum = NO_QUORUM,
        opens_at: datetime | None = None,
    ) -> Poll:
        """Open a poll, keep its times and show it on its card. Raises ConsultationError where it may not be opened."""
        async with self.bot.store.write() as session:
            poll = await polls.open_poll(
                session,
                consultation,
                recommendation.key,
                recommendation.group,
                _wording(recommendation),
                closes_at,
                quorum,
                opens_at,
            )
        self.bot.poll_clock.keep(poll)
        self.bot.cards.refresh(consultation, poll.recommendation, at_once=True)
        return poll

    def _deadline(self, typed: str | None, say: Speech, begins_at: datetime | None = None) -> datetime | None:
        timezone, now = self.bot.catalogue.timezone, self.bot.store.now()
        return parse_deadline(typed, say.language, timezone, now, begins_at) if typed else None

    def _beginning(self, typed: str | None, say: Speech) -> datetime | None:
        timezone, now = self.bot.catalogue.timezone, self.bot.store.now()
        return parse_beginning(typed, say.language, timezone, now) if typed else None

    def _warnings(self, closes_at: datetime | None, say: Speech) -> list[str]:
        """Return what a moderator should look at who set this end: a date without a year may be next year's."""
        if closes_at is None or closes_at - self.bot.store.now() <= FAR:
            return []
        year = closes_at.astimezone(self.bot.catalogue.timezone).year
        closes, left = (discord.utils.format_dt(closes_at, style) for style in ("D", "R"))
        return [say("poll.far_end", year=year, closes=closes, left=left)]


def running_polls(bot: ConsultationBot, consultation: Consultation, say: Speech) -> list[tuple[Poll, str]]:
    """Return a consultation's open polls with their titles as put to the vote, those that end first on top."""
    now = bot.store.now()
    running = [
        (poll, poll.wording[say.language].title)
        for poll in bot.store.memory.polls.values()
        if poll.consultation_id == consultation.id and poll.is_open_at(now)
    ]
    return sorted(running, key=lambda found: (found[0].closes_at is None, found[0].closes_at, found[0].id))


def running_choices(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    typed: str,
) -> list[app_commands.Choice[str]]:
    """Return the open polls whose title holds what was typed, for an autocomplete."""
    consultation = bot.store.memory.consultations.get(interaction.guild_id or 0)
    running = running_polls(bot, consultation, bot.speech(interaction)) if consultation else []
    return choices({poll.recommendation: title for poll, title in running}, typed)


def unended_poll(bot: ConsultationBot, consultation: Consultation, named: str, say: Speech) -> tuple[Poll, str]:
    """Return the poll on a recommendation that has not ended, and its title as put to the vote.

    It is found by what was voted on, because the content may have lost the recommendation since. Raises
    ConsultationError where there is none.
    """
    for poll in bot.store.memory.polls.values():
        title = poll.wording[say.language].title
        known = {poll.recommendation, title.casefold()}
        if poll.consultation_id == consultation.id and named.strip().casefold() in known:
            return poll, title
    find_recommendation(bot, named, say)
    raise ConsultationError("poll.none_open")


def end_reason(typed: str) -> str:
    """Return why a vote is ended early. Raises ConsultationError where nothing was said: the card shows it to all."""
    if not typed.strip():
        raise ConsultationError("poll.reason_missing")
    return typed.strip()


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
    if not share:
        return Quorum(heads)
    if not consultation.expected_heads:
        raise ConsultationError("poll.no_heads_expected")
    return Quorum(heads, share, dict(consultation.expected_heads))


def _until(poll: Poll, say: Speech) -> str:
    if poll.closes_at is None:
        return say("poll.opened_without_end")
    return say("poll.opened_until", closes=discord.utils.format_dt(poll.closes_at, "f"))


def _epoch(moment: datetime | None) -> int:
    """Return a moment in whole seconds, as custom ids carry it; 0 for none."""
    return int(moment.timestamp()) if moment else 0


def _moment(epoch: str) -> datetime | None:
    return datetime.fromtimestamp(int(epoch), UTC) if int(epoch) else None


def _wording(recommendation: Recommendation) -> dict[str, Wording]:
    """Return the wording in every language the content has it in, the others falling back as cards do."""
    return {
        language: Wording(recommendation.title.in_language(language), recommendation.text.in_language(language))
        for language in LANGUAGES
    }


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Polls(bot))

"""Running the consultation: moderators set it up, open it, close it and see where it stands."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.participation import LANGUAGE_CHOICES
from cogs.polls import END_REASON_LENGTH, MOST_HEADS, end_reason
from cogs.room_builder import RoomBuilder, missing_permissions
from cogs.segments import find_segment, segment_lines, segment_titles
from cogs.source import choices
from cogs.ui.layout import card, harmless, pages, sent_once, text
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.poll_lists import running_choices, unended_poll
from cogs.ui.replies import reply, tell_progress
from cogs.ui.texts import Speech, captions, command_text
from models import consultations, polls, reminders, status, trace
from models.errors import ConsultationError
from models.records import Consultation, Moderator, PlaceKind, Poll, SegmentSource
from models.reminders import Missing
from models.tally import OTHER

log = logging.getLogger(__name__)

STEPS_BETWEEN_PROGRESS = 5


class Setup(commands.Cog):
    """The moderators' commands on the consultation as a whole."""

    consultation = moderators(
        command_text("command.consultation.name"), command_text("command.consultation.description")
    )

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._building = asyncio.Lock()

    @consultation.command(
        name=command_text("command.setup.name"), description=command_text("command.setup.description")
    )
    @app_commands.rename(
        language=command_text("option.public_language.name"), second=command_text("option.second_language.name")
    )
    @app_commands.describe(
        language=command_text("option.public_language.description"),
        second=command_text("option.second_language.description"),
    )
    @app_commands.choices(language=LANGUAGE_CHOICES, second=LANGUAGE_CHOICES)
    async def set_up(
        self,
        interaction: discord.Interaction[Any],
        language: str | None = None,
        second: str | None = None,
    ) -> None:
        moderator = require_moderator(self.bot, interaction)
        guild, say = _guild(interaction), self.bot.speech(interaction)
        if lacking := missing_permissions(guild):
            raise ConsultationError("setup.permissions", permissions=", ".join(lacking))
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self._building:
            consultation = await self._prepare(moderator, guild.id, language, second)
            made = await self._build(interaction, RoomBuilder(self.bot, guild, consultation), say)
        start = self.bot.store.memory.place(consultation.id, PlaceKind.START)
        await tell_progress(interaction, say("setup.done", count=made, start=f"<#{start}>"))

    async def _prepare(
        self, moderator: Moderator, guild_id: int, language: str | None, second: str | None
    ) -> Consultation:
        known = self.bot.store.memory.consultations.get(guild_id)
        usual = known.public_languages if known else self.bot.catalogue.public_languages
        languages = tuple(dict.fromkeys(one for one in (language, second) if one)) or usual
        async with self.bot.store.write() as session:
            consultation = await consultations.prepare(session, guild_id, self.bot.catalogue.key, languages)
            await trace.record(session, consultation.id, moderator, "setup", ", ".join(languages))
        return consultation

    async def _build(self, interaction: discord.Interaction[Any], builder: RoomBuilder, say: Speech) -> int:
        """Build the rooms, showing how far it is; return how many things were made."""
        done, made = 0, 0
        async for step in builder.build():
            done, made = done + 1, made + step.made
            if done % STEPS_BETWEEN_PROGRESS == 1:
                await tell_progress(interaction, say("setup.progress", count=done, name=step.name))
        return made

    @consultation.command(name=command_text("command.open.name"), description=command_text("command.open.description"))
    async def open(self, interaction: discord.Interaction[Any]) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        if self.bot.store.memory.place(consultation.id, PlaceKind.START_CARD) is None:
            raise ConsultationError("setup.missing")
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.store.write() as session:
            consultation = await consultations.open_consultation(session, consultation.id)
            await trace.record(session, consultation.id, moderator, "open")
        refused = await self._show_state(_guild(interaction), consultation)
        await reply(interaction, "\n".join([say("consultation.opened"), *_refused(refused, say)]))

    @consultation.command(
        name=command_text("command.close.name"), description=command_text("command.close.description")
    )
    @app_commands.rename(reason=command_text("option.reason.name"))
    @app_commands.describe(reason=command_text("option.reason.description"))
    async def close(
        self,
        interaction: discord.Interaction[Any],
        reason: app_commands.Range[str, 1, END_REASON_LENGTH],
    ) -> None:
        """Close the consultation; polls that are open are ended for the reason given."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        await interaction.response.defer(ephemeral=True, thinking=True)
        consultation = await self._end(moderator, consultation, why)
        await self.bot.results.post()
        refused = await self._show_state(_guild(interaction), consultation)
        self.bot.dispatch("consultation_closed", consultation)
        told = [say("consultation.closed"), *_retention(consultation, say), *_refused(refused, say)]
        await reply(interaction, "\n".join(told))

    async def _end(self, moderator: Moderator, consultation: Consultation, reason: str) -> Consultation:
        """End the consultation and its open polls together, so that none stays open in a closed consultation."""
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            kept_for = timedelta(days=self.bot.catalogue.retention_days)
            closed = await consultations.close_consultation(session, consultation.id, kept_for)
            for poll in list(self.bot.store.memory.polls.values()):
                if poll.consultation_id == consultation.id:
                    with suppress(ConsultationError):  # it ended just before
                        await polls.end(session, poll.id, reason)
            await trace.record(session, consultation.id, moderator, "close", reason=reason)
        return closed

    async def _show_state(self, guild: discord.Guild, consultation: Consultation) -> list[str]:
        """Bring the rooms and the cards up to date; return the channels, as mentions, where Discord refused that."""
        refused = await RoomBuilder(self.bot, guild, consultation).show_state()
        for place in self.bot.store.memory.places(consultation.id, PlaceKind.CARD):
            self.bot.cards.refresh(consultation, place.key, at_once=True)
        return refused

    @consultation.command(
        name=command_text("command.status.name"), description=command_text("command.status.description")
    )
    async def status(self, interaction: discord.Interaction[Any]) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            seen = await status.status(session, consultation.id)
        lines = [
            say(f"status.{consultation.state}"),
            *_retention(consultation, say),
            say("status.participants", count=seen.participants),
            *segment_lines(self.bot, _guild(interaction), consultation, say),
            say("status.feedback", count=seen.feedback),
            *([say("status.proposals", count=seen.proposals)] if seen.proposals else []),
            say("status.ended_polls", count=seen.ended_polls),
            *([say("status.unpublished", count=seen.unpublished)] if seen.unpublished else []),
        ]
        planned = [one.poll for one in seen.open_polls if one.poll.opened_at > self.bot.store.now()]
        lines.append(say("status.open_polls", count=len(seen.open_polls) - len(planned)))
        for one in seen.open_polls:
            title = harmless(one.poll.wording[say.language].title)
            if one.poll in planned:
                opens = discord.utils.format_dt(one.poll.opened_at, "R")
                lines.append("- " + say("status.planned_poll", title=title, opens=opens))
                continue
            ends = discord.utils.format_dt(one.poll.closes_at, "R") if one.poll.closes_at else say("status.no_end")
            lines.append("- " + say("status.poll", title=title, count=one.turnout, ends=ends))
        if not self.bot.reads_messages:
            lines.append(say("status.no_message_content"))
        if lacking := missing_permissions(_guild(interaction)):
            lines.append(say("setup.permissions", permissions=", ".join(lacking)))
        for page in pages([text(f"## {say('status.title')}", *lines)]):
            await reply(interaction, view=page)

    @consultation.command(
        name=command_text("command.missing.name"), description=command_text("command.missing.description")
    )
    @app_commands.rename(recommendation=command_text("option.recommendation.name"))
    @app_commands.describe(recommendation=command_text("option.recommendation.description"))
    async def missing(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        """Say how many of a working group have not voted on one of its recommendations yet."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        poll, title = unended_poll(self.bot, consultation, recommendation, say)
        async with self.bot.store.read() as session:
            counted = await reminders.missing_by_segment(session, poll)
        lines = [f"## {say('missing.title', title=harmless(title))}", *self._missing_lines(poll, counted, say)]
        await reply(interaction, view=sent_once(card(text(*lines))))

    @missing.autocomplete("recommendation")
    async def open_poll_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return running_choices(self.bot, interaction, typed)

    def _missing_lines(self, poll: Poll, counted: Missing, say: Speech) -> Iterator[str]:
        names = captions(self.bot.catalogue, say.language)
        yield say("missing.total", count=counted.missing, participants=counted.participants)
        for segment, number in counted.segments:
            yield "- " + say("missing.segment", segment=names.segment(segment), number=number)
        if counted.segments:
            yield f"-# {names.segment_source(poll.segment_source)}"
            if poll.segment_source is SegmentSource.ROLES:
                yield f"-# {say('missing.roles_seen')}"
            yield f"-# {say('missing.merged', other=names.segment(OTHER))}"
        else:
            yield f"-# {say('missing.no_segments')}"

    @consultation.command(
        name=command_text("command.expect.name"), description=command_text("command.expect.description")
    )
    @app_commands.rename(segment=command_text("option.segment.name"), heads=command_text("option.heads.name"))
    @app_commands.describe(
        segment=command_text("option.segment.description"), heads=command_text("option.heads.description")
    )
    async def expect(
        self,
        interaction: discord.Interaction[Any],
        segment: str,
        heads: app_commands.Range[int, 0, MOST_HEADS],
    ) -> None:
        """Keep how many are expected to vote for a segment; polls that are open keep the quorum they have."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        titles = segment_titles(self.bot, say)
        found = find_segment(self.bot, segment, say)
        async with self.bot.store.write() as session:
            consultation = await consultations.expect_heads(session, consultation.id, found, heads)
            await trace.record(session, consultation.id, moderator, "expect", f"{found}: {heads}")
        expected = [
            f"- {say('report.pair', label=titles.get(key, key), value=number)}"
            for key, number in consultation.expected_heads.items()
        ]
        heading = say("expect.kept") if expected else say("expect.nobody")
        await reply(interaction, "\n".join([heading, *sorted(expected)]))

    @expect.autocomplete("segment")
    async def offered_segments(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return choices(segment_titles(self.bot, self.bot.speech(interaction)), typed)


def _guild(interaction: discord.Interaction[Any]) -> discord.Guild:
    if interaction.guild is None:
        raise ConsultationError("setup.missing")
    return interaction.guild


def _retention(consultation: Consultation, say: Speech) -> Iterator[str]:
    """Say until when a closed consultation knows its people, or since when it does not."""
    if consultation.forgotten_at is not None:
        yield say("retention.forgotten", when=discord.utils.format_dt(consultation.forgotten_at, "D"))
    elif consultation.forget_at is not None:
        yield say("retention.period", when=discord.utils.format_dt(consultation.forget_at, "D"))


def _refused(channels: Sequence[str], say: Speech) -> list[str]:
    return [say("consultation.channels_left", channels=", ".join(channels))] if channels else []


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Setup(bot))

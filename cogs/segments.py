"""Segments: moderators say by what they count, which roles stand for them, and confirm them for people."""

from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from cogs.client import ConsultationBot
from cogs.source import choices
from cogs.ui.permissions import require_moderator
from cogs.ui.replies import reply
from cogs.ui.texts import Speech, captions, command_text, one_of
from models import consultations, segments, trace
from models.errors import ConsultationError
from models.records import Consultation, PlaceKind, SegmentSource

SOURCES = one_of("segment_source", SegmentSource)
SEGMENT_LENGTH = 100


class SegmentCommands(app_commands.Group):
    """The commands under `/consultation segment`."""

    def __init__(self, bot: ConsultationBot) -> None:
        super().__init__(
            name=command_text("command.segment.name"), description=command_text("command.segment.description")
        )
        self.bot = bot

    @app_commands.command(
        name=command_text("command.segment_source.name"), description=command_text("command.segment_source.description")
    )
    @app_commands.rename(source=command_text("option.source.name"))
    @app_commands.describe(source=command_text("option.source.description"))
    @app_commands.choices(source=SOURCES)
    async def choose_source(self, interaction: discord.Interaction[Any], source: str) -> None:
        """Say by what segments count in the votes opened from now on; those that are open keep theirs."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.write() as session:
            consultation = await consultations.choose_segment_source(session, consultation.id, SegmentSource(source))
            await trace.record(session, consultation.id, moderator, "segment_source", source)
        say = self.bot.speech(interaction)
        lines = [*segment_lines(self.bot, _guild(interaction), consultation, say), say("segments.source_kept")]
        await reply(interaction, "\n".join(lines))

    @app_commands.command(
        name=command_text("command.segment_role.name"), description=command_text("command.segment_role.description")
    )
    @app_commands.rename(role=command_text("option.role.name"), segment=command_text("option.segment.name"))
    @app_commands.describe(
        role=command_text("option.role.description"), segment=command_text("option.role_segment.description")
    )
    async def map_role(
        self,
        interaction: discord.Interaction[Any],
        role: discord.Role,
        segment: app_commands.Range[str, 1, SEGMENT_LENGTH] | None = None,
    ) -> None:
        """Let a role stand for a segment, or for none."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        guild, say = _guild(interaction), self.bot.speech(interaction)
        found = find_segment(self.bot, segment, say) if segment else None
        if found is not None:
            self._require_telling(role)
        existing = {one.id for one in guild.roles}
        async with self.bot.store.write() as session:
            consultation = await consultations.map_segment_role(session, consultation.id, role.id, found, existing)
            await trace.record(session, consultation.id, moderator, "segment_role", f"{role.id}: {found or '-'}")
        lines = [*role_lines(self.bot, guild, consultation, say), say("segments.roles_kept")]
        if consultation.segment_source is not SegmentSource.ROLES:
            lines.append(say("segments.not_counting", source=say(f"segments.{consultation.segment_source}")))
        await reply(interaction, "\n".join(lines))

    def _require_telling(self, role: discord.Role) -> None:
        """Raise ConsultationError for a role that tells nothing: everybody has it, or takes it with /join."""
        if role.is_default():
            raise ConsultationError("segments.role_of_everyone")
        place = self.bot.store.memory.place_at(role.id)
        if place is not None and place.kind is PlaceKind.GROUP_ROLE:
            raise ConsultationError("segments.role_of_group")

    @app_commands.command(
        name=command_text("command.segment_confirm.name"),
        description=command_text("command.segment_confirm.description"),
    )
    @app_commands.rename(person=command_text("option.person.name"), segment=command_text("option.segment.name"))
    @app_commands.describe(
        person=command_text("option.person.description"), segment=command_text("option.confirmed_segment.description")
    )
    async def confirm(
        self,
        interaction: discord.Interaction[Any],
        person: discord.Member | discord.User,
        segment: app_commands.Range[str, 1, SEGMENT_LENGTH] | None = None,
    ) -> None:
        """Confirm for which segment somebody speaks, or take that back; what they declared is not told."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_segment(self.bot, segment, say) if segment else None
        async with self.bot.store.write() as session:
            named = await segments.confirm(session, consultation.id, person.id, found)
            await trace.record(session, consultation.id, moderator, "segment_confirm", f"{named}: {found or '-'}")
        title = captions(self.bot.catalogue, say.language).segment(found) if found else ""
        key = "segments.confirmed_for" if found else "segments.confirmation_taken_back"
        lines = [say(key, person=person.mention, segment=title)]
        if consultation.segment_source is not SegmentSource.CONFIRMED:
            lines.append(say("segments.not_counting", source=say(f"segments.{consultation.segment_source}")))
        await reply(interaction, "\n".join(lines))

    @map_role.autocomplete("segment")
    @confirm.autocomplete("segment")
    async def offered_segments(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return choices(segment_titles(self.bot, self.bot.speech(interaction)), typed)


def segment_titles(bot: ConsultationBot, say: Speech) -> dict[str, str]:
    """Return the segments' titles by key."""
    return {key: one.title.in_language(say.language) for key, one in bot.catalogue.segments.items()}


def find_segment(bot: ConsultationBot, typed: str, say: Speech) -> str:
    """Return the key of the segment that was named by key or title. Raises ConsultationError where there is none."""
    wanted = typed.strip().casefold()
    titles = segment_titles(bot, say)
    found = next((key for key, title in titles.items() if wanted in {key, title.casefold()}), None)
    if found is None:
        raise ConsultationError("segment.unknown")
    return found


def segment_lines(bot: ConsultationBot, guild: discord.Guild, consultation: Consultation, say: Speech) -> Iterator[str]:
    """Say by what segments count now, and where roles do, which."""
    names = captions(bot.catalogue, say.language)
    yield names.segment_source(consultation.segment_source)
    if consultation.segment_source is SegmentSource.ROLES:
        yield from role_lines(bot, guild, consultation, say)


def role_lines(bot: ConsultationBot, guild: discord.Guild, consultation: Consultation, say: Speech) -> Iterator[str]:
    """Say which roles stand for which segments, the one that wins first, and which segments lost a role."""
    names = captions(bot.catalogue, say.language)
    for number, (role, segment) in enumerate(consultation.segment_roles.items(), start=1):
        if guild.get_role(role) is None:
            yield f"{number}. {say('segments.role_gone', segment=names.segment(segment))}"
        else:
            yield f"{number}. <@&{role}>: {names.segment(segment)}"
    yield say("segments.first_role_wins") if consultation.segment_roles else say("segments.no_roles")


def _guild(interaction: discord.Interaction[Any]) -> discord.Guild:
    if interaction.guild is None:
        raise ConsultationError("setup.missing")
    return interaction.guild


async def setup(bot: ConsultationBot) -> None:
    consultation = bot.tree.get_command("consultation")
    assert isinstance(consultation, app_commands.Group)  # noqa: S101 - cogs.setup made it just before
    consultation.add_command(SegmentCommands(bot))

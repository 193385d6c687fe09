"""Moderation: what moderators did, for them to read, and people whom they keep from writing and voting."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices
from cogs.ui.layout import Piece, button, card, fitting, harmless, rows, sent_once, shortened, text
from cogs.ui.permissions import moderates, moderator_role, require_moderator
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import PHRASES, Speech, command_text, spoken_commands
from models import blocks, polls, trace
from models.errors import ConsultationError
from models.records import Poll, TraceEntry
from models.texts import clean

PAGE = 10
SUBJECT_LENGTH = 100
REASON_LENGTH = 300
FILTER_LENGTH = 40
ROLE_MAPPED = "segment_role"
ACTION = "action."  # phrases that name what is done by a button, not by a command

Person = discord.Member | discord.User
Reason = app_commands.Range[str, 1, REASON_LENGTH]
Filter = app_commands.Range[str, 1, FILTER_LENGTH]


class Moderation(commands.Cog):
    """Shows the trace, blocks people and lets them take part again."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Add this cog's commands to those on the consultation, which another cog holds."""
        group = self.bot.tree.get_command("consultation")
        assert isinstance(group, app_commands.Group)  # noqa: S101 - `client.EXTENSIONS` loads it before
        for phrase, callback in (("log", self.log), ("block", self.block), ("unblock", self.unblock)):
            command: app_commands.Command[Any, ..., None] = app_commands.Command(
                name=command_text(f"command.{phrase}.name"),
                description=command_text(f"command.{phrase}.description"),
                callback=callback,
            )
            group.add_command(command)
            if phrase == "log":
                command.autocomplete("action")(self.actions_done)
                command.autocomplete("moderator")(self.moderators_known)

    @app_commands.rename(action=command_text("option.action.name"), moderator=command_text("option.moderator.name"))
    @app_commands.describe(
        action=command_text("option.action.description"), moderator=command_text("option.moderator.description")
    )
    async def log(
        self, interaction: discord.Interaction[Any], action: Filter | None = None, moderator: Filter | None = None
    ) -> None:
        """Show what moderators did, newest first, to the moderator alone."""
        require_moderator(self.bot, interaction)
        say = self.bot.speech(interaction)
        typed = (action or "").strip()
        named = {name.casefold(): key for key, name in self._names(say).items()}
        view = await self._page(interaction, 0, named.get(typed.casefold(), typed), (moderator or "").strip().upper())
        await reply(interaction, view=view)

    @component("log")
    async def log_turned(self, interaction: discord.Interaction[Any], before: int, action: str, moderator: str) -> None:
        """Show the entries before one of them, or the newest (0)."""
        require_moderator(self.bot, interaction)
        await interaction.response.edit_message(view=await self._page(interaction, before, action, moderator))

    async def _page(
        self, interaction: discord.Interaction[Any], before: int, action: str, moderator: str
    ) -> discord.ui.LayoutView:
        """Draw as many entries as fit. Raises ConsultationError where none are as asked for."""
        consultation, say = self.bot.consultation_in(interaction.guild_id), self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            entries = await trace.newest(
                session,
                consultation.id,
                PAGE + 1,
                before=before or None,
                action=action or None,
                moderator=moderator or None,
            )
            unknown = {one.subject for one in entries} - set(self.bot.catalogue.recommendations)
            asked = {one: await polls.latest_poll_on(session, consultation.id, one) for one in sorted(unknown)}
        if not entries:
            raise ConsultationError("log.nothing")
        names = self._names(say)

        def draw(shown: int) -> list[Piece]:
            ways = []
            if before:
                ways.append(button(say("log.newest"), "log", 0, action, moderator))
            if shown < len(entries):
                ways.append(button(say("log.older"), "log", entries[max(shown, 1) - 1].id, action, moderator))
            lines = (line for entry in entries[:shown] for line in self._lines(entry, names, asked, say))
            return [text(f"## {say('log.title')}", *lines), *rows(ways)]

        return sent_once(card(*fitting(draw, min(PAGE, len(entries)))))

    def _lines(
        self, entry: TraceEntry, names: Mapping[str, str], asked: Mapping[str, Poll | None], say: Speech
    ) -> Sequence[str]:
        done = say(
            "log.entry",
            when=discord.utils.format_dt(entry.done_at, "f"),
            role=say(f"role.{entry.role}"),
            moderator=entry.pseudonym,
            action=names.get(entry.action, entry.action),
            subject=self._subject(entry, asked.get(entry.subject), say),
        )
        return [done.rstrip(), *([say("log.reason", reason=harmless(entry.reason))] if entry.reason else [])]

    def _subject(self, entry: TraceEntry, poll: Poll | None, say: Speech) -> str:
        """Return what something was done to by its name: a recommendation or question, or one of Discord's roles."""
        role, colon, segment = entry.subject.partition(": ")
        if entry.action == ROLE_MAPPED and role.isdigit():
            mapped = self.bot.catalogue.segments.get(segment)
            return f"<@&{role}>{colon}{harmless(mapped.title.in_language(say.language) if mapped else segment)}"
        known = self.bot.catalogue.recommendations.get(entry.subject)
        title = known.title.in_language(say.language) if known else poll and poll.wording[say.language].title
        return harmless(shortened(title or entry.subject, SUBJECT_LENGTH))

    def _names(self, say: Speech) -> dict[str, str]:
        """Return how moderators call what they do, by its name in the trace: a command, or what a button did."""
        pressed = {key.removeprefix(ACTION): say(key) for key in PHRASES.keys("en") if key.startswith(ACTION)}
        return pressed | spoken_commands(self.bot.tree.walk_commands(), say)

    async def actions_done(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer what there are entries of."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None or moderator_role(self.bot, interaction) is None:
            return []
        async with self.bot.store.read() as session:
            done = await trace.actions(session, consultation.id)
        names = self._names(self.bot.speech(interaction))
        return choices({action: names.get(action, action) for action in done}, typed)

    async def moderators_known(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the pseudonyms of those who did something."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None or moderator_role(self.bot, interaction) is None:
            return []
        async with self.bot.store.read() as session:
            known = await trace.moderators(session, consultation.id)
        return choices({pseudonym: pseudonym for pseudonym in known}, typed)

    @app_commands.rename(person=command_text("option.person.name"), reason=command_text("option.reason.name"))
    @app_commands.describe(
        person=command_text("option.person.description"), reason=command_text("option.trace_reason.description")
    )
    async def block(self, interaction: discord.Interaction[Any], person: Person, reason: Reason) -> None:
        """Keep somebody from writing and voting. Nobody else is told, and they themselves when they next try."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        if person.bot or (isinstance(person, discord.Member) and moderates(self.bot, person)):
            raise ConsultationError("block.moderator")
        why = _reason(reason)
        async with self.bot.store.write() as session:
            pseudonym = await blocks.block(session, consultation.id, person.id)
            await trace.record(session, consultation.id, moderator, "block", pseudonym, why)
        say = self.bot.speech(interaction)
        await reply(interaction, say("block.done", person=person.mention, pseudonym=pseudonym))

    @app_commands.rename(person=command_text("option.person.name"), reason=command_text("option.reason.name"))
    @app_commands.describe(
        person=command_text("option.person.description"), reason=command_text("option.trace_reason.description")
    )
    async def unblock(self, interaction: discord.Interaction[Any], person: Person, reason: Reason) -> None:
        """Let somebody write and vote again."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        why = _reason(reason)
        async with self.bot.store.write() as session:
            pseudonym = await blocks.unblock(session, consultation.id, person.id)
            await trace.record(session, consultation.id, moderator, "unblock", pseudonym, why)
        say = self.bot.speech(interaction)
        await reply(interaction, say("block.lifted", person=person.mention, pseudonym=pseudonym))


def _reason(typed: str) -> str:
    if (reason := clean(typed)) is None:
        raise ConsultationError("block.reason_missing")
    return reason.strip()


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Moderation(bot))

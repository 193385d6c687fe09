"""Taking out: moderators get what may be published, or the record of ended polls, as files, privately."""

import asyncio
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import find_group, group_choices
from cogs.ui.past_days import parse_since
from cogs.ui.permissions import SHOWN_TO, require_moderator
from cogs.ui.replies import reply, told_meanwhile
from cogs.ui.texts import Speech, command_text, export_library, one_of, options
from models import trace
from models.errors import ConsultationError
from models.exports import Selection, Tier
from reports.exports import WHAT, FileFormat, Order, not_applied, require_possible, write_files
from reports.progress import Progress
from reports.tables import EVERYTHING

MOST_FILES = 10  # a message, as Discord takes them
MOST_MESSAGES = 20
MEGABYTE = 1024 * 1024

Files: TypeAlias = list[Path]

SUBJECTS = one_of("export.what", WHAT)
TIERS = one_of("export.tier", Tier)
FORMATS = one_of("export.format", FileFormat)


class Export(commands.Cog):
    """Hands out what a consultation gave."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(
        name=command_text("command.export.name"), description=command_text("command.export.description")
    )
    @options("what", "tier", "since", group="export_group", file_format="format")
    @app_commands.choices(what=SUBJECTS, tier=TIERS, file_format=FORMATS)
    @app_commands.guild_only()
    @app_commands.default_permissions(SHOWN_TO)
    async def export(
        self,
        interaction: discord.Interaction[Any],
        what: str = EVERYTHING,
        tier: str = Tier.PUBLISHED,
        file_format: str = FileFormat.CSV,
        group: str | None = None,
        since: str | None = None,
    ) -> None:
        """Note in the trace what is taken, write the files off the event loop and hand them out."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        selection = Selection(
            consultation.id,
            Tier(tier),
            find_group(self.bot, group, say).key if group else None,
            self._midnight(since, say) if since else None,
        )
        order = Order(selection, what, FileFormat(file_format))
        require_possible(order)
        await interaction.response.defer(ephemeral=True, thinking=True)
        # Noted before it is handed over, and so part of what is handed over.
        async with self.bot.store.write() as session:
            await trace.record(session, consultation.id, moderator, "export", str(order))
        with TemporaryDirectory() as folder:
            messages = await self._written(interaction, order, Path(folder), say)
            whole = [say(phrase, tables=", ".join(names)) for phrase, names in not_applied(order).items()]
            await _hand_out(interaction, messages, "\n".join([say(f"export.done_{tier}"), *whole]), say)

    @export.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return group_choices(self.bot, self.bot.speech(interaction), typed)

    def _midnight(self, since: str, say: Speech) -> datetime:
        """Return the beginning of a day in the consultation's time zone, so that the trace names that day."""
        timezone = self.bot.catalogue.timezone
        return parse_since(since, say.language, timezone, self.bot.store.now()).astimezone(timezone)

    async def _written(
        self, interaction: discord.Interaction[Any], order: Order, folder: Path, say: Speech
    ) -> list[Files]:
        """Write the files, tell every two seconds how far that is, and return them by message."""
        progress = Progress()
        content = export_library(self.bot.catalogue, say.language)
        limit = interaction.filesize_limit

        async def write() -> list[Files]:
            files = await asyncio.to_thread(write_files, self.bot.store, order, content, folder, limit, progress)
            return _messages(files, limit)

        return await told_meanwhile(interaction, write(), lambda _seconds: how_far(progress, say))


def how_far(progress: Progress, say: Speech) -> str:
    """Return the sentence on how far the writing of files is."""
    return say("export.progress" if progress.attempt == 1 else "export.progress_again", rows=progress.rows)


async def _hand_out(interaction: discord.Interaction[Any], messages: list[Files], summary: str, say: Speech) -> None:
    """Send the files in place of what was told meanwhile.

    Where Discord takes no more in one message, the first says so and those with the files follow.
    """
    if len(messages) == 1:
        [files] = messages
        await interaction.edit_original_response(content=summary, attachments=[discord.File(file) for file in files])
        return
    size = sum(file.stat().st_size for files in messages for file in files)
    parts = say("export.parts", count=len(messages), megabytes=-(-size // MEGABYTE))
    await interaction.edit_original_response(content=f"{summary}\n{parts}")
    for number, files in enumerate(messages, start=1):
        text = say("export.part", number=number, parts=len(messages))
        await reply(interaction, text, files=[discord.File(file) for file in files])


def _messages(files: Files, limit: int) -> list[Files]:
    """Divide files into messages of `limit` bytes at most. Raises ConsultationError where they would be too many."""
    messages: list[Files] = [[]]
    room = limit
    for file in files:
        size = file.stat().st_size
        if messages[-1] and (size > room or len(messages[-1]) == MOST_FILES):
            messages.append([])
            room = limit
        messages[-1].append(file)
        room -= size
    if len(messages) > MOST_MESSAGES:
        raise ConsultationError("export.too_large")
    return messages


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Export(bot))

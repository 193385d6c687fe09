"""Taking out: moderators get feedback and the ballots of ended polls as files, privately."""

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.attachments import attached
from cogs.ui.permissions import SHOWN_TO, require_moderator
from cogs.ui.replies import reply
from cogs.ui.texts import captions, command_text
from models import trace
from reports.csv_files import FILES, export_files
from reports.record import gather


class Export(commands.Cog):
    """Hands out the consultation's record."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(
        name=command_text("command.export.name"), description=command_text("command.export.description")
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(SHOWN_TO)
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        # Noted before it is handed over, and so part of what is handed over.
        async with self.bot.store.write() as session:
            await trace.record(session, consultation.id, moderator, "export", ", ".join(FILES))
        async with self.bot.store.read() as session:
            record = await gather(session, consultation.id)
        made = await asyncio.to_thread(export_files, record, captions(self.bot.catalogue, say.language))
        files = await asyncio.to_thread(attached, made, interaction.filesize_limit, "export.zip")
        summary = say("export.done", polls=len(record.polls), feedback=len(record.feedback))
        await reply(interaction, summary, files=files)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Export(bot))

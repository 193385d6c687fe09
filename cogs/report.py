"""Reporting: moderators get an overview in pictures, the whole consultation as one page, and the draft of the plan.

All of them hold only what may be published, and are drawn in a process of their own, while people vote.
"""

import io
from collections.abc import Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.cards import gallery
from cogs.ui.layout import card, sent_once, text
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.replies import told_meanwhile
from cogs.ui.texts import Speech, captions, command_text, one_of, options
from content.catalogue import LANGUAGES
from models import results, trace
from models.errors import ConsultationError
from models.status import status
from reports.drawing import shortened
from reports.overview import Overview, read_overview, read_whole
from reports.overview_charts import draw_overview
from reports.page import draw_page
from reports.plan import draw_plan
from reports.plan_data import plan_content, read_plan

T = TypeVar("T")


class Report(commands.Cog):
    """Hands moderators what may be published, as pictures and as a page."""

    report = moderators(command_text("command.report.name"), command_text("command.report.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @report.command(
        name=command_text("command.report_overview.name"),
        description=command_text("command.report_overview.description"),
    )
    async def overview(self, interaction: discord.Interaction[Any]) -> None:
        """Show all votes on a map, turnout by segment and themes of feedback."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.store.read() as session:
            found = await read_overview(session, consultation.id)
            now = await status(session, consultation.id)
            ended = await results.ended(session, consultation.id, unpublished=True)
        content, names = plan_content(self.bot.catalogue, say.language), captions(self.bot.catalogue, say.language)
        drawing = self.bot.workshop(draw_overview, found, content, names)
        drawn = [(name, picture, shortened(told)) for name, picture, told in await _told(interaction, drawing, say)]
        async with self.bot.store.write() as session:
            await trace.record(session, consultation.id, moderator, "report_overview")
        title = say("report.title", title=self.bot.catalogue.title.in_language(say.language))
        lines = [f"## {title}", *_standing(found, len(ended), len(now.open_polls), say)]
        # Each picture by itself: side by side they would be too small to read.
        shown = [gallery(name, alternative) for name, _picture, alternative in drawn]
        how = text(f"-# {say('results.how')}", f"-# {say('turnout.how')}")
        files = [discord.File(io.BytesIO(picture), name, description=told) for name, picture, told in drawn]
        # In place of what was told meanwhile, as everywhere below.
        await interaction.edit_original_response(
            content=None, view=sent_once(card(text(*lines), *shown, how)), attachments=files
        )

    @report.command(
        name=command_text("command.report_page.name"), description=command_text("command.report_page.description")
    )
    @options(language="report_language")
    @app_commands.choices(language=one_of("language", LANGUAGES))
    async def page(self, interaction: discord.Interaction[Any], language: str | None = None) -> None:
        """Hand over the whole consultation as one HTML file."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        written_in = language or say.language
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.store.read() as session:
            found, plan = await read_whole(session, consultation.id)
        content, names = plan_content(self.bot.catalogue, written_in), captions(self.bot.catalogue, written_in)
        made = (await _told(interaction, self.bot.workshop(draw_page, found, plan, content, names), say)).encode()
        if len(made) > interaction.filesize_limit:
            raise ConsultationError("report.too_large", megabytes=len(made) // 2**20)
        async with self.bot.store.write() as session:
            await trace.record(session, consultation.id, moderator, "report_page", written_in)
        file = discord.File(io.BytesIO(made), f"{self.bot.catalogue.key}-{written_in}.html")
        await interaction.edit_original_response(content=say("report.page_done"), attachments=[file])

    @report.command(
        name=command_text("command.report_plan.name"), description=command_text("command.report_plan.description")
    )
    @options(language="report_language")
    @app_commands.choices(language=one_of("language", LANGUAGES))
    async def plan(self, interaction: discord.Interaction[Any], language: str | None = None) -> None:
        """Hand over the draft of the strategic plan."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        written_in = language or say.language
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.store.read() as session:
            found = await read_plan(session, consultation.id)
        content, names = plan_content(self.bot.catalogue, written_in), captions(self.bot.catalogue, written_in)
        made = await _told(interaction, self.bot.workshop(draw_plan, found, content, names), say)
        if len(made) > interaction.filesize_limit:
            raise ConsultationError("report.plan_too_large", megabytes=len(made) // 2**20)
        async with self.bot.store.write() as session:
            await trace.record(session, consultation.id, moderator, "report_plan", written_in)
        file = discord.File(io.BytesIO(made), f"{self.bot.catalogue.key}-plan-{written_in}.docx")
        await interaction.edit_original_response(content=say("report.plan_done"), attachments=[file])


async def _told(interaction: discord.Interaction[Any], drawing: Coroutine[Any, Any, T], say: Speech) -> T:
    """Return what is drawn in the workshop; whoever asked is told how long it takes."""
    return await told_meanwhile(interaction, drawing, lambda seconds: say("report.progress", seconds=seconds))


def _standing(found: Overview, ended: int, running: int, say: Speech) -> list[str]:
    """Say how many votes are in the report, and how many are not and why."""
    lines = [say("report.votes", count=len(found.polls))]
    if waiting := ended - len(found.polls):
        lines.append(say("report.unpublished", count=waiting))
    if running:
        lines.append(say("report.open", count=running))
    return lines


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Report(bot))

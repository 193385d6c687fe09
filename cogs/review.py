"""Reviewing: the commands by which moderators go through what people gave them to decide."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.permissions import moderators
from cogs.ui.proposal_review import proposal_choices, review_proposals
from cogs.ui.texts import command_text, options


class Review(commands.Cog):
    """Leads moderators through their queues."""

    review = moderators(command_text("command.review.name"), command_text("command.review.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @review.command(
        name=command_text("command.review_proposals.name"),
        description=command_text("command.review_proposals.description"),
    )
    @options(proposal="review_proposal")
    async def proposals(self, interaction: discord.Interaction[Any], proposal: str | None = None) -> None:
        await review_proposals(self.bot, interaction, proposal)

    @proposals.autocomplete("proposal")
    async def proposal_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await proposal_choices(self.bot, interaction, typed)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Review(bot))

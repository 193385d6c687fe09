"""Who may run the moderators' commands. Discord hides them from others by permission; this checks each time."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from models.errors import ConsultationError
from models.records import PlaceKind

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

# What the moderator role holds, so that Discord shows its members the commands: a bot cannot grant a command to a role.
SHOWN_TO = discord.Permissions(manage_threads=True)


def moderators(name: app_commands.locale_str, description: app_commands.locale_str) -> app_commands.Group:
    """Return a group of commands for moderators, in servers only."""
    return app_commands.Group(name=name, description=description, guild_only=True, default_permissions=SHOWN_TO)


def require_moderator(bot: "ConsultationBot", interaction: discord.Interaction[Any]) -> None:
    """Raise ConsultationError unless the person has Manage Server or the role that setup made for moderators."""
    if not is_moderator(bot, interaction):
        raise ConsultationError("moderator.only")


def is_moderator(bot: "ConsultationBot", interaction: discord.Interaction[Any]) -> bool:
    """Say whether the person has Manage Server or the role that setup made for moderators."""
    if not isinstance(interaction.user, discord.Member):
        return False
    if interaction.permissions.manage_guild:
        return True
    consultation = bot.store.memory.consultations.get(interaction.guild_id or 0)
    role = bot.store.memory.place(consultation.id, PlaceKind.MODERATOR_ROLE) if consultation else None
    return role is not None and interaction.user.get_role(role) is not None

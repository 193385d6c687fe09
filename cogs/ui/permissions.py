"""Who may run the moderators' commands. Discord hides them from others by permission; this checks each time."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from models.errors import ConsultationError
from models.records import Consultation, Moderator, ModeratorRole, PlaceKind

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

# What the moderator role holds, so that Discord shows its members the commands: a bot cannot grant a command to a role.
SHOWN_TO = discord.Permissions(manage_threads=True)


def moderators(name: app_commands.locale_str, description: app_commands.locale_str) -> app_commands.Group:
    """Return a group of commands for moderators, in servers only."""
    return app_commands.Group(name=name, description=description, guild_only=True, default_permissions=SHOWN_TO)


def require_moderator(bot: "ConsultationBot", interaction: discord.Interaction[Any]) -> Moderator:
    """Return who moderates, as the trace keeps it. Raises ConsultationError for anybody else."""
    if (role := moderator_role(bot, interaction)) is None:
        raise ConsultationError("moderator.only")
    return Moderator(interaction.user.id, role)


def moderator_role(bot: "ConsultationBot", interaction: discord.Interaction[Any]) -> ModeratorRole | None:
    """Say by what the person may moderate: Manage Server, the role that setup made for it, or None for neither."""
    if not isinstance(interaction.user, discord.Member):
        return None
    if interaction.permissions.manage_guild:
        return ModeratorRole.ADMINISTRATOR
    return ModeratorRole.MODERATOR if _has_moderator_role(bot, interaction.user) else None


def moderates(bot: "ConsultationBot", member: discord.Member) -> bool:
    """Say whether somebody else may moderate the consultation of their server."""
    return member.guild_permissions.manage_guild or _has_moderator_role(bot, member)


def require_unblocked(bot: "ConsultationBot", consultation: Consultation, user_id: int) -> None:
    """Raise ConsultationError, which names whom to turn to, for somebody whom moderators keep from taking part."""
    if bot.store.is_blocked(consultation, user_id):
        role = bot.store.memory.place(consultation.id, PlaceKind.MODERATOR_ROLE)
        raise ConsultationError("block.refused", moderators=f"<@&{role}>")


def _has_moderator_role(bot: "ConsultationBot", member: discord.Member) -> bool:
    consultation = bot.store.memory.consultations.get(member.guild.id)
    role = bot.store.memory.place(consultation.id, PlaceKind.MODERATOR_ROLE) if consultation else None
    return role is not None and member.get_role(role) is not None

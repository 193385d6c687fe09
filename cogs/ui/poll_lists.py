"""Polls as moderators name them: those that run, those that have ended, by what was voted on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from cogs.source import choices, find_recommendation
from cogs.ui.layout import harmless
from cogs.ui.texts import Speech
from models.errors import ConsultationError
from models.records import Consultation, Poll

if TYPE_CHECKING:
    from cogs.client import ConsultationBot


def running_polls(bot: "ConsultationBot", consultation: Consultation, say: Speech) -> list[tuple[Poll, str]]:
    """Return a consultation's open polls with their titles as put to the vote, those that end first on top."""
    now = bot.store.now()
    running = [
        (poll, poll.wording[say.language].title) for poll in unended_polls(bot, consultation) if poll.is_open_at(now)
    ]
    return sorted(running, key=lambda found: (found[0].closes_at is None, found[0].closes_at, found[0].id))


def unended_polls(bot: "ConsultationBot", consultation: Consultation) -> list[Poll]:
    """Return a consultation's polls that have not ended, also those that begin later."""
    return [poll for poll in bot.store.memory.polls.values() if poll.consultation_id == consultation.id]


def running_choices(
    bot: "ConsultationBot", interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Return the open polls whose title holds what was typed, for an autocomplete."""
    consultation = bot.store.memory.consultations.get(interaction.guild_id or 0)
    running = running_polls(bot, consultation, bot.speech(interaction)) if consultation else []
    return choices({poll.subject: title for poll, title in running}, typed)


def unended_choices(
    bot: "ConsultationBot", interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Return the polls that have not ended whose title holds what was typed, for an autocomplete."""
    consultation = bot.store.memory.consultations.get(interaction.guild_id or 0)
    language = bot.speech(interaction).language
    unended = unended_polls(bot, consultation) if consultation else []
    return choices({poll.subject: poll.wording[language].title for poll in unended}, typed)


def unended_poll(bot: "ConsultationBot", consultation: Consultation, named: str, say: Speech) -> tuple[Poll, str]:
    """Return the poll that has not ended and is named so, and its title as put to the vote, harmless.

    It is found by what was voted on, because the content may have lost the recommendation since. Raises
    ConsultationError where there is none.
    """
    if (poll := find_poll(unended_polls(bot, consultation), named, say)) is not None:
        return poll, harmless(poll.wording[say.language].title)
    find_recommendation(bot, named, say)
    raise ConsultationError("poll.none_open")


def find_poll(among: Iterable[Poll], named: str, say: Speech) -> Poll | None:
    """Return the newest of these polls with this subject or, as somebody types it, this title."""
    wanted = named.strip().casefold()
    found = [poll for poll in among if wanted in {poll.subject, poll.wording[say.language].title.casefold()}]
    return max(found, key=lambda poll: poll.id, default=None)

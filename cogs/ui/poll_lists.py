"""Polls as moderators name them: those that run, those that have ended, by what was voted on."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from cogs.source import choices, find_recommendation
from cogs.ui.layout import harmless
from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES
from models import polls
from models.errors import ConsultationError
from models.records import Consultation, Poll
from models.store import UnitOfWork

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


async def subject_titles(
    session: UnitOfWork, bot: "ConsultationBot", consultation: Consultation
) -> dict[str, Mapping[str, str]]:
    """Return what can be decided on, by subject: the recommendations and what else was voted on, titled by language."""
    titles: dict[str, Mapping[str, str]] = {
        key: {language: one.title.in_language(language) for language in LANGUAGES}
        for key, one in bot.catalogue.recommendations.items()
    }
    for poll in await polls.ended_polls(session, consultation.id):
        titles.setdefault(poll.subject, {language: asked.title for language, asked in poll.wording.items()})
    return titles


def find_subject(titles: Mapping[str, Mapping[str, str]], named: str, say: Speech) -> str:
    """Return the subject with this key or, as somebody types it, this title. Raises ConsultationError."""
    wanted = named.strip().casefold()
    for subject, title in titles.items():
        if wanted in {subject, title[say.language].casefold()}:
            return subject
    raise ConsultationError("recommendation.unknown")

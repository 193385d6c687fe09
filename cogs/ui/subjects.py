"""What can be decided on, as moderators name it: the recommendations and what else was voted on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES
from models import polls
from models.errors import ConsultationError
from models.records import Consultation
from models.store import UnitOfWork

if TYPE_CHECKING:
    from cogs.client import ConsultationBot


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

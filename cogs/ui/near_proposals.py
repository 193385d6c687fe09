"""What is there already and says nearly what somebody proposes: recommendations and other statements.

The comparison runs off the event loop.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cogs.ui.layout import harmless, shortened
from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES, Recommendation
from models.records import Consultation, PlaceKind, Statement

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

SHOWN = 110  # characters of each
RECOMMENDATION, STATEMENT = "recommendation ", "statement "


async def nearest(
    bot: "ConsultationBot", statement: Statement, others: Sequence[Statement]
) -> list[Recommendation | Statement]:
    """Return up to three recommendations and statements that say nearly the same, the nearest first.

    The recommendation that a statement amends is no news to its author.
    """
    recommendations = {
        RECOMMENDATION + key: one
        for key, one in bot.catalogue.recommendations.items()
        if key != statement.recommendation
    }
    statements = {f"{STATEMENT}{one.id}": one for one in others if one.id != statement.id}
    wordings = {key: _wordings(one) for key, one in recommendations.items()}
    wordings |= {key: list(one.texts.values()) for key, one in statements.items()}
    found = await asyncio.to_thread(bot.near_texts.nearest, statement.text, wordings)
    return [recommendations[key] if key in recommendations else statements[key] for key in found]


async def by_nearness(bot: "ConsultationBot", statement: Statement, others: Sequence[Statement]) -> list[Statement]:
    """Return all the other statements, those first that come nearest."""
    statements = {str(one.id): one for one in others if one.id != statement.id}
    wordings = {key: list(one.texts.values()) for key, one in statements.items()}
    return [statements[key] for key in await asyncio.to_thread(bot.near_texts.ranked, statement.text, wordings)]


def near_line(bot: "ConsultationBot", consultation: Consultation, one: Recommendation | Statement, say: Speech) -> str:
    """Say what is there already, with the address of its card where it has one."""
    if isinstance(one, Recommendation):
        told, subject = one.title.in_language(say.language), one.key
        kind = say("propose.near_recommendation")
    else:
        told, subject = one.texts.get(say.language, one.text), one.subject or ""
        kind = say("propose.near_statement", reference=one.reference)
    channel = bot.store.memory.place(consultation.id, PlaceKind.GROUP, one.group)
    message = bot.store.memory.place(consultation.id, PlaceKind.CARD, subject)
    shown = shortened(harmless(" ".join(told.split())), SHOWN)
    if channel and message and subject:
        shown = f"[{shown}](https://discord.com/channels/{consultation.guild_id}/{channel}/{message})"
    return f"- {shown} ({kind})"


def _wordings(recommendation: Recommendation) -> list[str]:
    texts = (text.in_language(one) for text in (recommendation.title, recommendation.text) for one in LANGUAGES)
    return list(dict.fromkeys(texts))

"""Outcomes as they are drawn: in the thread, on the card, in private lists. From plain values, without any I/O."""

from collections.abc import Mapping, Sequence

import discord

from cogs.ui.layout import Piece, card, harmless, text
from cogs.ui.texts import Speech
from models.records import Outcome


def outcome_card(outcome: Outcome, titles: Mapping[str, str], speeches: Sequence[Speech]) -> list[Piece]:
    """Draw an outcome as it is posted in the thread, in each of the card's languages."""
    return [
        card(
            *(
                text(f"### {say('outcome.title', title=harmless(titles[say.language]))}", *decision_lines(outcome, say))
                for say in speeches
            )
        )
    ]


def decision_lines(outcome: Outcome, say: Speech) -> list[str]:
    """Say what was decided and when, why, in which new words, and when it is looked at again."""
    decided = discord.utils.format_dt(outcome.decided_at, "D")
    lines = [say("outcome.decided", decision=say(f"decision.{outcome.decision}"), decided=decided)]
    lines.append(say("outcome.because", reason=harmless(outcome.reason)))
    if outcome.wording:
        new = outcome.wording.get(say.language) or next(iter(outcome.wording.values()))
        lines.append(say("outcome.new_wording", wording=harmless(new)))
    if outcome.deferred_until is not None:
        lines.append(say("outcome.deferred_until", until=discord.utils.format_dt(outcome.deferred_until, "D")))
    if outcome.review_at is not None:
        lines.append(say("outcome.review_on", review=discord.utils.format_dt(outcome.review_at, "D")))
    return lines

"""The deck's two cards: a vote to be answered, and what somebody answered. Drawn from plain values, without any I/O.

Nothing about a deck is kept between clicks: its buttons carry which votes were skipped.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any

import discord
from discord import ui

from cogs.ui.ballots import menu, position_buttons, ranking
from cogs.ui.cards import terms, wording
from cogs.ui.layout import Piece, button, card, harmless, rows, sent_once, text
from cogs.ui.texts import Speech, captions
from content.catalogue import Catalogue
from models.deck import Answered, Deck
from models.errors import ConsultationError
from models.records import Poll, PollKind, Position

# A section takes three of a card's forty components.
PAGE = 10
# How far two votes' ids may lie apart to be carried as skipped in one custom id.
SKIPS_SPAN = 64
_PACKED = re.compile("[0-9a-f]{1,16}-[0-9a-f]{1,32}")


def packed(skipped: Collection[int]) -> str:
    """Return ids that lie within `SKIPS_SPAN` of one as a custom id carries them: the lowest, and a bit for each."""
    if not skipped:
        return ""
    lowest = min(skipped)
    return f"{lowest:x}-{sum(1 << (one - lowest) for one in skipped):x}"


def unpacked(carried: str) -> frozenset[int]:
    """Return the ids that `packed` made this of. Raises ConsultationError for what it did not make."""
    if not carried:
        return frozenset()
    if not _PACKED.fullmatch(carried):
        raise ConsultationError("error.leads_nowhere")
    lowest, bits = (int(part, 16) for part in carried.split("-"))
    return frozenset(lowest + place for place in range(bits.bit_length()) if bits >> place & 1)


def also_skipped(carried: str, poll_id: int) -> frozenset[int]:
    """Return what is skipped once `poll_id` is too; what lies too far from it to be carried along is forgotten."""
    return frozenset(one for one in {*unpacked(carried), poll_id} if abs(one - poll_id) < SKIPS_SPAN)


def vote_card(
    catalogue: Catalogue,
    poll: Poll,
    deck: Deck,
    skips: str,
    say: Speech,
    notes: Iterable[str] = (),
    ranked: str = "",
    ways: Iterable[ui.Button[Any]] = (),
) -> ui.LayoutView:
    """Draw one vote with its ballot, under what is said on the answer before; `skips` is what the buttons carry.

    `ranked` are the priorities chosen so far, `ways` more buttons than the deck's own.
    """
    answer = deck.answer_to(poll.id)
    state = (
        say("deck.left", count=len(deck.left))
        if answer is None
        else say("deck.current", answer=captions(catalogue, say.language).answer(poll, answer))
    )
    ways = list(ways)
    if answer is None:
        ways.append(button(say("deck.skip"), "deck_skip", poll.id, skips))
    if deck.answered:
        ways.append(button(say("deck.answers"), "deck_answers", 0, skips))
    return sent_once(
        card(
            text(*notes, state),
            ui.Separator(),
            *wording(catalogue.recommendations.get(poll.subject), poll, say, options=True),
            text(_until(poll, say), *terms(poll, say)),
            *_ballot(poll, skips, ranked, say),
            *rows(ways),
        )
    )


def _ballot(poll: Poll, skips: str, ranked: str, say: Speech) -> list[Piece]:
    match poll.paper.kind:
        case PollKind.POSITION:
            labels = {position: say(f"position.{position}") for position in Position}
            return list(rows(position_buttons(poll, labels, "deck_vote", skips)))
        case PollKind.PRIORITIES:
            return ranking(poll, ranked, say, ("deck_ranked", "deck_cast"), (skips,))
        case _:
            return [menu(poll, [say], "deck_choose", skips)]


def answers_card(
    catalogue: Catalogue,
    deck: Deck,
    page: int,
    skips: str,
    say: Speech,
    notes: Iterable[str] = (),
    ways: Iterable[ui.Button[Any]] = (),
) -> ui.LayoutView:
    """Draw what somebody answered, `PAGE` votes at a time from page 0, each with a button to change it.

    `ways` are more buttons than the deck's own.
    """
    if not deck.left and not deck.answered:
        return sent_once(card(text(*notes, say("vote.none_open"))))
    # A page that there was may be gone, because votes on it have ended.
    last = max(len(deck.answered) - 1, 0) // PAGE
    page = min(page, last)
    answered = say("deck.answered", count=len(deck.answered)) if deck.answered else say("deck.none_answered")
    left = say("deck.left", count=len(deck.left)) if deck.left else say("deck.done")
    ways = list(ways)
    if deck.left:
        ways.append(button(say("deck.go_on"), "deck_go_on", skips, style=discord.ButtonStyle.primary))
    if page > 0:
        ways.append(button(say("deck.previous"), "deck_answers", page - 1, skips))
    if page < last:
        ways.append(button(say("deck.next"), "deck_answers", page + 1, skips))
    return sent_once(
        card(
            text(*notes, left, answered),
            ui.Separator(),
            *(_answer(catalogue, one, skips, say) for one in deck.answered[page * PAGE : (page + 1) * PAGE]),
            *rows(ways),
        )
    )


def _until(poll: Poll, say: Speech) -> str:
    if poll.closes_at is None:
        return say("card.poll_open_without_end")
    closes, left = (discord.utils.format_dt(poll.closes_at, style) for style in ("f", "R"))
    return say("card.poll_open", closes=closes, left=left)


def _answer(catalogue: Catalogue, answered: Answered, skips: str, say: Speech) -> Piece:
    title = harmless(answered.poll.wording[say.language].title)
    answer = captions(catalogue, say.language).answer(answered.poll, answered.answer)
    line = text(f"{title}\n**{harmless(answer)}**")
    return ui.Section(line, accessory=button(say("deck.change"), "deck_change", answered.poll.id, skips))

"""The list of results, as pages in one private message. Drawn from plain values."""

from collections.abc import Sequence

from discord import ui

from cogs.ui.cards import gallery
from cogs.ui.layout import Piece, button, card, harmless, menus, rows, sent_once, text
from cogs.ui.texts import Speech, captions
from content.catalogue import Catalogue
from models.results import EndedPoll, Order
from models.tally import ChoiceResult
from reports.captions import Captions

PAGE = 8
MAP = "map.png"
PERCENT = 100


def results_page(
    catalogue: Catalogue, every: Sequence[EndedPoll], order: Order, page: int, say: Speech, map_text: str | None
) -> ui.LayoutView:
    """Draw one page of the results in this order, from page 0; one past the last shows the last.

    `map_text` is the text alternative of the picture that goes along, None where none does.
    """
    last = max(len(every) - 1, 0) // PAGE
    page = min(page, last)
    names = captions(catalogue, say.language)
    shown = list(enumerate(every, start=1))[page * PAGE : (page + 1) * PAGE]
    lines = [_entry(rank, one, names, say) for rank, one in shown]
    choices = [(str(one.poll.id), f"{rank}. {names.recommendation(one.poll)}") for rank, one in shown]
    ways = []
    if page > 0:
        ways.append(button(say("deck.previous"), "results_page", order, page - 1))
    if page < last:
        ways.append(button(say("deck.next"), "results_page", order, page + 1))
    picture: list[Piece] = [gallery(MAP, map_text)] if map_text else []
    return sent_once(
        card(
            text(f"## {say('results.title')}", f"-# {say(f'order.{order}')}"),
            text("\n".join(lines)),
            *picture,
            text(f"-# {say('results.how')}"),
            *menus(say("results.choose"), "results_open", choices),
            *rows(ways),
        )
    )


def _entry(rank: int, one: EndedPoll, names: Captions, say: Speech) -> str:
    title = names.recommendation(one.poll)
    mark = "" if one.poll.is_published else "🔒 "
    return f"{rank}. {mark}**{harmless(title)}**\n-# {_measures(one, names, say)}"


def _measures(one: EndedPoll, names: Captions, say: Speech) -> str:
    ballots = names.ballots(one.ballots)
    if isinstance(one.result, ChoiceResult):
        if not one.ballots:
            return ballots
        return say(
            "results.options", ballots=ballots, option=harmless(names.option(one.poll, one.result.total.ranking[0]))
        )
    measures = {order: one.measure(order) for order in Order}
    if measures[Order.CONSENSUS] is None:
        return ballots
    return say(
        "results.measures",
        ballots=ballots,
        consensus=names.decimal(measures[Order.CONSENSUS] or 0),
        division=names.decimal(measures[Order.DIVISION] or 0),
        objections=round((measures[Order.OBJECTIONS] or 0) * PERCENT),
    )

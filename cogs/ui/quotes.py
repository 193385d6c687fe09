"""Reasons in their authors' own words, as far as they may be quoted: some on a result's card, all of them in pages."""

from collections.abc import Sequence

from discord import ui

from cogs.ui.layout import LAYOUT_LENGTH, Piece, button, card, harmless, rows, sent_once, text, text_length
from cogs.ui.texts import Speech, captions
from content.catalogue import Catalogue
from models.records import Poll, Quote
from models.results import Quotes

PAGE_LENGTH = 3_400  # leaves room for the heading of a page
QUOTED_LENGTH = 1_500  # of several reasons on a card, so that it can still be taken in


def with_quotes(
    drawn: list[Piece], catalogue: Catalogue, poll: Poll, quotes: Quotes, speeches: Sequence[Speech]
) -> list[Piece]:
    """Add to what was `drawn` as many reasons as fit, and the way to all of them where some do not."""
    if not quotes.number:
        return drawn
    blocks = [_block(catalogue, poll, quote, speeches) for quote in quotes.first]
    for shown in range(len(blocks), 0, -1):
        left = quotes.number - shown
        heading = f"**{_joined('quotes.title', speeches)}**"
        more = [_joined("quotes.more", speeches, count=left)] if left else []
        quoted = "\n\n".join(blocks[:shown])
        added = [*drawn, text(heading, quoted, *more)]
        if text_length(added) <= LAYOUT_LENGTH and (shown == 1 or len(quoted) <= QUOTED_LENGTH):
            return [*added, *(_way_to_all(poll, speeches) if left else [])]
    return [*drawn, *_way_to_all(poll, speeches)]


def quotes_pages(catalogue: Catalogue, poll: Poll, quotes: Sequence[Quote], say: Speech) -> list[str]:
    """Lay the reasons of a poll out in as many texts as they need. Of thousands it takes its time."""
    pages: list[str] = []
    page: list[str] = []
    length = 0
    for quote in quotes:
        block = _block(catalogue, poll, quote, [say])
        if page and length + len(block) > PAGE_LENGTH:
            pages.append("\n\n".join(page))
            page, length = [], 0
        page.append(block)
        length += len(block) + len("\n\n")
    return [*pages, *(["\n\n".join(page)] if page else [])]


def quotes_page(poll: Poll, pages: Sequence[str], page: int, say: Speech) -> ui.LayoutView:
    """Draw one of the pages of a poll's reasons, from page 0; one past the last shows the last."""
    if not pages:
        return sent_once(card(text(say("quotes.none"))))
    page = min(page, len(pages) - 1)
    title = harmless(poll.wording[say.language].title)
    heading = say("quotes.page", title=title, page=page + 1, pages=len(pages))
    ways = []
    if page > 0:
        ways.append(button(say("deck.previous"), "reasons_page", poll.id, page - 1))
    if page < len(pages) - 1:
        ways.append(button(say("deck.next"), "reasons_page", poll.id, page + 1))
    return sent_once(card(text(f"### {heading}"), text(pages[page]), *rows(ways)))


def _block(catalogue: Catalogue, poll: Poll, quote: Quote, speeches: Sequence[Speech]) -> str:
    """Return a reason as a quotation, and under it what it answered and for whom, in each language."""
    lines = [f"> {harmless(line)}" for line in quote.text.splitlines() if line.strip()]
    by = dict.fromkeys(captions(catalogue, say.language).attribution(poll, quote) for say in speeches)
    told = " / ".join(harmless(one) for one in by if one)
    return "\n".join([*lines, *([f"-# {told}"] if told else [])])


def _way_to_all(poll: Poll, speeches: Sequence[Speech]) -> list[Piece]:
    return list(rows([button(_joined("quotes.read", speeches), "reasons", poll.id, emoji="📖")]))


def _joined(phrase: str, speeches: Sequence[Speech], **values: int) -> str:
    return " / ".join(dict.fromkeys(say(phrase, **values) for say in speeches))

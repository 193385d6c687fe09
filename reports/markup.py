"""Small pieces of HTML. Every text is escaped here, once; what is already HTML is of the type `Html`."""

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """A string that may stand on a page as it is."""

    __slots__ = ()


def element(name: str, *content: str | Html, **attributes: str) -> Html:
    """Return an element; text in it and its attributes are escaped, `class_` is written `class`."""
    inner = "".join(map(_html, content))
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{inner}</{name}>")


def joined(pieces: Iterable[str | Html]) -> Html:
    """Return pieces one after another, a line each."""
    return Html("\n".join(map(_html, pieces)))


def paragraph(text: str, **attributes: str) -> Html:
    return element("p", text, **attributes)


def listed(items: Iterable[str | Html], kind: str = "ul") -> Html:
    return element(kind, joined(element("li", item) for item in items))


def described(entries: Iterable[tuple[str, Html]]) -> Html:
    """Return terms, each with what is said of it."""
    return element("dl", joined(joined([element("dt", term), element("dd", told)]) for term, told in entries))


def link(target: str, label: str, **attributes: str) -> Html:
    """Return a link to the place on this page with the id `target`."""
    return element("a", label, href=f"#{target}", **attributes)


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | Html]], *, first_strong: bool = False
) -> Html:
    """Return a table with its caption, a header over each column and, first, over each row; the rest are numbers.

    With `first_strong` the first row stands out. On a narrow screen it scrolls by itself, also by keyboard.
    """
    head = element("tr", *(_header(column, number) for number, column in enumerate(columns)))
    body = []
    for number, (header, *cells) in enumerate(rows):
        look = {"class_": "everyone"} if first_strong and number == 0 else {}
        row_header = element("th", header, scope="row")
        body.append(element("tr", row_header, *(element("td", cell, class_="number") for cell in cells), **look))
    drawn = element("table", element("caption", caption), element("thead", head), element("tbody", joined(body)))
    return element("div", drawn, class_="wide", tabindex="0", role="region", aria_label=caption)


def _header(column: str, number: int) -> Html:
    return element("th", column, scope="col", **({"class_": "number"} if number else {}))


def _html(piece: str | Html) -> str:
    return piece if isinstance(piece, Html) else escape(piece)

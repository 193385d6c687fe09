"""Small pieces of Discord's layouts: what is drawn everywhere alike, within Discord's limits."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import discord
from discord import ui

from cogs.ui.texts import Speech
from content.catalogue import Citation
from models.texts import visible

MESSAGE_LENGTH = 2_000
LAYOUT_LENGTH = 4_000
LAYOUT_COMPONENTS = 40
SELECT_OPTIONS = 25
OPTION_LENGTH = 100
BUTTON_LENGTH = 80
ROW_BUTTONS = 5
CUSTOM_ID_LENGTH = 100
HEADING_LENGTH = 100
SEPARATOR = ":"
ACCENT = discord.Colour(0x2F6DB5)

# What Discord's markdown makes something of: marks, brackets, the colon and the slashes of addresses and invites, and
# what begins an item of a list. After a backslash Discord shows any mark as it is.
_MARK = re.compile(r"[\\*_~`|\[\]<>#/]|:(?=\S)")
_LIST_MARK = re.compile(r"^([^\S\n]*(?:\d+(?=[.)]))?)(?=[-+.)])", re.MULTILINE)

Piece = ui.Item[Any]

_LINE_START = r"(?:^|(?<=[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]))"
# What Discord takes for formatting or makes a link of, anywhere or where a line begins.
_MARKUP = re.compile(r"[\\`*_~|<>\[\]]|:(?=//)")
_BLOCK = re.compile(rf"({_LINE_START}\s*(?:\d+(?=\.))?)([-+#.])")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def custom_id(name: str, *arguments: object) -> str:
    """Return the id that leads to the handler `name` with these arguments. Raises ValueError past Discord's limit."""
    made = SEPARATOR.join((name, *map(str, arguments)))
    if len(made) > CUSTOM_ID_LENGTH:
        raise ValueError(f"a custom id takes {CUSTOM_ID_LENGTH} characters: {made}")
    return made


def sent_once(*pieces: Piece) -> ui.LayoutView:
    """Return a layout that discord.py does not keep after sending it; the router serves its components."""
    view = ui.LayoutView(timeout=None)
    for piece in pieces:
        view.add_item(piece)
    view.stop()
    return view


def card(*pieces: Piece) -> ui.Container[Any]:
    """Return the frame that everything the consultation says stands in."""
    return ui.Container(*pieces, accent_colour=ACCENT)


def spaced(pieces: Iterable[Piece]) -> list[Piece]:
    """Set pieces apart that would read as one."""
    apart: list[Piece] = []
    for piece in pieces:
        apart += [ui.Separator(visible=False), piece] if apart else [piece]
    return apart


def fitting(draw: Callable[[int], list[Piece]], most: int) -> list[Piece]:
    """Return what `draw` makes of the largest number, from `most` down to 0, whose texts fit one card."""
    drawings = map(draw, range(most, 0, -1))
    return next((drawn for drawn in drawings if text_length(drawn) <= LAYOUT_LENGTH), None) or draw(0)


def pages(pieces: Iterable[Piece]) -> list[ui.LayoutView]:
    """Lay pieces out in as many cards as Discord's limits on text and components make necessary."""
    cards: list[list[Piece]] = [[]]
    for piece in (part for whole in pieces for part in _parts(whole)):
        grown = [*cards[-1], piece]
        if cards[-1] and (text_length(grown) > LAYOUT_LENGTH or _components(grown) >= LAYOUT_COMPONENTS):
            cards.append([piece])
        else:
            cards[-1] = grown
    return [sent_once(card(*one)) for one in cards]


def _parts(piece: Piece) -> list[Piece]:
    """Cut a text that fills more than a card at the ends of its lines."""
    if not isinstance(piece, ui.TextDisplay) or len(piece.content) <= LAYOUT_LENGTH:
        return [piece]
    parts = [""]
    for line in piece.content.splitlines():
        if len(parts[-1]) + len(line) + 1 > LAYOUT_LENGTH:
            parts.append("")
        parts[-1] += shortened(line, LAYOUT_LENGTH - 1) + "\n"
    return [text(part.rstrip("\n")) for part in parts if part.strip()]


def text_length(pieces: Iterable[Piece]) -> int:
    """Return how many characters of text these pieces hold, those in frames too."""
    return sum(
        len(piece.content)
        if isinstance(piece, ui.TextDisplay)
        else text_length(piece.children)
        if isinstance(piece, ui.Container)
        else 0
        for piece in pieces
    )


def _components(pieces: Iterable[Piece]) -> int:
    return sum(1 + (len(piece.children) if isinstance(piece, ui.ActionRow) else 0) for piece in pieces)


def text(*lines: str) -> ui.TextDisplay[Any]:
    return ui.TextDisplay("\n".join(lines))


def button(
    label: str,
    name: str,
    *arguments: object,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    emoji: str | None = None,
) -> ui.Button[Any]:
    """Return a button that runs the handler `name` with these arguments."""
    return ui.Button(
        label=shortened(label, BUTTON_LENGTH), custom_id=custom_id(name, *arguments), style=style, emoji=emoji
    )


def link(label: str, url: str) -> ui.Button[Any]:
    return ui.Button(label=shortened(label, BUTTON_LENGTH), url=url)


def rows(buttons: Iterable[ui.Button[Any]]) -> list[ui.ActionRow[Any]]:
    """Lay buttons out in as few rows as they need."""
    every = list(buttons)
    return [ui.ActionRow(*every[start : start + ROW_BUTTONS]) for start in range(0, len(every), ROW_BUTTONS)]


def menus(
    placeholder: str,
    name: str,
    options: Sequence[tuple[str, str]],
    *arguments: object,
) -> list[ui.ActionRow[Any]]:
    """Return select menus over `(value, label)` options, as many as Discord's 25 options a menu make necessary.

    The handler `name` gets the menu's number and then the arguments; what was chosen is `chosen(interaction)`.
    """
    made = []
    for number, start in enumerate(range(0, len(options), SELECT_OPTIONS)):
        menu: ui.Select[Any] = ui.Select(
            placeholder=shortened(placeholder, OPTION_LENGTH),
            custom_id=custom_id(name, number, *arguments),
        )
        for value, label in options[start : start + SELECT_OPTIONS]:
            menu.add_option(label=shortened(label, OPTION_LENGTH), value=value)
        made.append(ui.ActionRow(menu))
    return made


def chosen(interaction: discord.Interaction[Any]) -> str:
    """Return the one value chosen in the menu this interaction comes from."""
    return all_chosen(interaction)[0]


def all_chosen(interaction: discord.Interaction[Any]) -> list[str]:
    """Return the values chosen in the menu this interaction comes from, none where it comes from a button."""
    data: dict[str, Any] = dict(interaction.data or {})
    return [str(value) for value in data.get("values", [])]


def shortened(label: str, length: int) -> str:
    """Return `label`, cut with an ellipsis where it is longer than `length` characters."""
    return label if len(label) <= length else label[: length - 1].rstrip() + "…"


def harmless(written: str) -> str:
    """Return a text somebody wrote as it may stand on a card: no formatting, mention, link or invite is made of it.

    It reads as it was written, without what is not seen in it, and has at most twice as many characters.
    """
    escaped = _LIST_MARK.sub(r"\1\\", _MARK.sub(r"\\\g<0>", visible(written)))
    # Discord looks for mentions before it looks for backslashes.
    return escaped.replace("@", "@\N{ZERO WIDTH SPACE}")


def source(citation: Citation, say: Speech) -> str:
    """Return the line that says where in the article something stands."""
    heading = shortened(citation.heading, HEADING_LENGTH)
    return "-# " + say("source.passage", heading=heading, paragraph=citation.paragraph)

"""One measured figure: what was wanted, what was seen, and the table of all of them."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

HEADINGS = ("what", "bot", "floor", "wanted", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table. `floor` is what the same run measured of the least that could be done."""

    what: str
    bot: str
    floor: str
    wanted: str
    met: bool


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned columns."""
    cells = [HEADINGS, *((*astuple(figure)[:-1], "yes" if figure.met else "NO") for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)

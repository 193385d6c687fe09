"""What all pictures share: a card, its colours and fonts, texts in lines; as PNG for Discord and paper, SVG for pages.

Draws on a `Figure` of its own (never pyplot), so that it may run in any thread; the same picture is the same bytes.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from io import BytesIO, StringIO

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox

# Lengths are in the 400 pixels that Discord shows a picture wide; it is drawn with two dots to each.
WIDTH = 400
DOTS_PER_PIXEL = 2
PIXELS_PER_INCH = 100
POINTS_PER_PIXEL = 72 / PIXELS_PER_INCH
MARGIN = 14
INNER_WIDTH = WIDTH - 2 * MARGIN
LINE = 18
GAP = 13
BASELINE = 13.5  # under the top of a line

# A dark card of its own reads the same in Discord's dark and light modes. What is drawn on it in colour is of Okabe and
# Ito's, told apart by people with any colour vision; each contrasts 3:1 with the card and 4.5:1 with the number on it.
CARD = "#1e1f22"
TRACK = "#3f4147"
TEXT = "#f2f3f5"
QUIET = "#b5bac1"
GRID = "#565a62"
BLUE, SKY, GREY, VERMILION = "#0072b2", "#56b4e9", "#a7a7a7", "#d55e00"
LIGHT_INK, DARK_INK = "#ffffff", "#000000"

# On a page the card follows the page: light, dark or on paper. A rim keeps light colours apart from a light card.
PAGE_COLOURS = {
    f"fill: {CARD}": "fill: var(--chart-card)",
    f"stroke: {CARD}": "stroke: var(--chart-rim)",
    TRACK: "var(--chart-track)",
    TEXT: "var(--chart-text)",
    QUIET: "var(--chart-quiet)",
    GRID: "var(--chart-grid)",
}

# The same on white paper, which has no theme to follow.
PAPER_COLOURS = {CARD: "#ffffff", TRACK: "#e6e6e6", TEXT: "#000000", QUIET: "#333333", GRID: "#bbbbbb"}
PAPER_RIM = "#000000"

ALTERNATIVE_LENGTH = 1_024  # Discord's limit for an attachment's description

_PREAMBLE = re.compile(
    r"\A.*?(?=<svg)|<metadata>.*?</metadata>\s*|<defs>\s*<style.*?</style>\s*</defs>\s*|<!--.*?-->", re.DOTALL
)
_ID = re.compile(r'\bid="([^"]*)"')
_REFERENCE = re.compile(r'(href="#|url\(#)([^")]*)')
_SVG_TAG = re.compile(r"<svg\b[^>]*>")


def font(pixels: float, weight: str = "normal") -> FontProperties:
    """Return the font of all pictures in this size; it is matplotlib's own, so it is there on every machine."""
    return FontProperties(family="DejaVu Sans", size=pixels * POINTS_PER_PIXEL, weight=weight)


TITLE_FONT = font(14, "bold")
STRONG_FONT = font(12.5, "bold")
LABEL_FONT = font(12.5)
SMALL_FONT = font(11)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, the finding that stands over it, and what it shows in words for those who do not see it.

    `title_lines` is how many lines the finding takes; they are the first that were written on it.
    """

    finding: str
    alternative: str
    figure: Figure
    title_lines: int

    def png(self) -> bytes:
        """Return it for Discord, 800 dots wide."""
        picture = BytesIO()
        self.figure.savefig(picture, format="png", dpi="figure", metadata={"Software": None})
        return picture.getvalue()

    def printed(self) -> bytes:
        """Return it as a PNG for white paper, 800 dots wide, without the finding; the chart is used up by it."""
        axes = self.figure.axes[0]
        # Not by findobj, which would have ticks made to find them.
        for artist in (self.figure.patch, *axes.patches, *axes.lines, *axes.texts):
            _put_on_paper(artist)
        for line in axes.texts[: self.title_lines]:
            line.set_visible(False)
        width, height = self.figure.get_size_inches()
        shown = Bbox.from_bounds(0, 0, width, height - LINE * self.title_lines / PIXELS_PER_INCH)
        picture = BytesIO()
        quickly = {"compress_level": 1}  # a plan has many pictures; more would make them a tenth smaller
        self.figure.savefig(
            picture, format="png", dpi="figure", bbox_inches=shown, metadata={"Software": None}, pil_kwargs=quickly
        )
        return picture.getvalue()

    def svg(self, name: str) -> str:
        """Return it for a page, without the finding, its letters drawn, its colours the page's.

        `name` is unique on the page: every id begins with it.
        """
        picture = StringIO()
        title = self.figure.axes[0].texts[: self.title_lines]
        for line in title:
            line.set_visible(False)
        self.figure.savefig(picture, format="svg", metadata={"Date": None})
        for line in title:
            line.set_visible(True)
        drawn = _PREAMBLE.sub("", picture.getvalue())
        numbers = {found: f"{name}-{number}" for number, found in enumerate(dict.fromkeys(_ID.findall(drawn)))}
        drawn = _ID.sub(lambda match: f'id="{numbers[match[1]]}"', drawn)
        drawn = _REFERENCE.sub(lambda match: match[1] + numbers.get(match[2], match[2]), drawn)
        for colour, of_page in PAGE_COLOURS.items():
            drawn = drawn.replace(colour, of_page)
        width, height = (inches * PIXELS_PER_INCH for inches in self.figure.get_size_inches())
        title_height = LINE * self.title_lines
        height -= title_height
        view = " ".join(f"{pixels * POINTS_PER_PIXEL:g}" for pixels in (0, title_height, width, height))
        opening = (
            f'<svg class="chart" role="img" aria-label="{escape(self.alternative)}" viewBox="{view}" '
            f'width="{width:g}" height="{height:g}">'
        )
        return _SVG_TAG.sub(opening, drawn, count=1).strip()


def _put_on_paper(artist: Artist) -> None:
    """Give an artist the colours that stand out on paper in place of the card's."""
    if isinstance(artist, Patch):
        artist.set_facecolor(PAPER_COLOURS.get(to_hex(artist.get_facecolor()), artist.get_facecolor()))
        edge = to_hex(artist.get_edgecolor())
        if edge == CARD and artist.get_linewidth():
            artist.set_edgecolor(PAPER_RIM)
        else:
            artist.set_edgecolor(PAPER_COLOURS.get(edge, artist.get_edgecolor()))
    elif isinstance(artist, Text | Line2D):
        artist.set_color(PAPER_COLOURS.get(to_hex(artist.get_color()), artist.get_color()))


def card(height: float) -> tuple[Figure, Axes]:
    """Return a card `height` pixels high, and axes on it that count in pixels from the top left."""
    figure = Figure(
        figsize=(WIDTH / PIXELS_PER_INCH, height / PIXELS_PER_INCH),
        dpi=PIXELS_PER_INCH * DOTS_PER_PIXEL,
        facecolor=CARD,
    )
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def box(axes: Axes, left: float, top: float, width: float, height: float, colour: str, *, rim: bool = False) -> None:
    """Draw a bar; with a `rim` it stands apart from the bar next to it."""
    edge = CARD if rim else "none"
    # Not by add_patch, which would make the axes fit it.
    axes.add_artist(Rectangle((left, top), width, height, facecolor=colour, edgecolor=edge, linewidth=int(rim)))


def write(
    axes: Axes, x: float, top: float, text: str, face: FontProperties, *, colour: str = TEXT, align: str = "left"
) -> None:
    """Write a line of text whose line begins at `top`."""
    # A title may hold dollar signs: they are money, not mathematics.
    axes.text(x, top + BASELINE, text, fontproperties=face, color=colour, ha=align, va="baseline", parse_math=False)


def write_lines(axes: Axes, top: float, lines: Sequence[str], face: FontProperties, *, colour: str = TEXT) -> float:
    """Write lines at the left margin, and return where the next one begins."""
    for line in lines:
        write(axes, MARGIN, top, line, face, colour=colour)
        top += LINE
    return top


def wrapped(text: str, face: FontProperties, width: float) -> tuple[str, ...]:
    """Break a text into lines that fit `width` pixels, within a word where it must be."""
    for length in range(len(text), 0, -1):
        lines = textwrap.wrap(text, length)
        if all(width_of(line, face) <= width for line in lines):
            return tuple(lines)
    return (text,)


@lru_cache(maxsize=4_096)
def width_of(text: str, face: FontProperties) -> float:
    """Return how wide a text is in pixels."""
    points, _height, _descent = text_to_path.get_text_width_height_descent(text, face, ismath=False)
    return float(points) / POINTS_PER_PIXEL


def shortened(text: str) -> str:
    """Cut a text alternative to what Discord takes, behind a sentence where one ends; pages and documents take all."""
    if len(text) <= ALTERNATIVE_LENGTH:
        return text
    whole, _end, _rest = text[: ALTERNATIVE_LENGTH - 1].rpartition(". ")
    return f"{whole}. …" if whole else text[: ALTERNATIVE_LENGTH - 1] + "…"

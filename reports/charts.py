"""The result of one poll as a picture for Discord, and in words for those who do not see it.

From a counted result to PNG bytes, the same bytes for the same result; draws on a `Figure` of its own (never pyplot),
so that it may run in any thread. It never counts and never merges: it shows the rows that `models.tally` publishes.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from models.records import Poll, PollKind, Position
from models.tally import AnyResult, ChoiceCounts, ChoiceResult, PositionCounts
from reports.captions import Captions

# Lengths are in the 400 pixels that Discord shows a picture wide; it is drawn with two dots to each.
WIDTH = 400
DOTS_PER_PIXEL = 2
PIXELS_PER_INCH = 100
POINTS_PER_PIXEL = 72 / PIXELS_PER_INCH
MARGIN = 14
INNER_WIDTH = WIDTH - 2 * MARGIN
LINE = 18
BAR = 24
GAP = 13
BASELINE = 13.5  # under the top of a line
SWATCH = 11
SWATCH_GAP = 5
SLICE_PADDING = 3
EDGE = 1

# A dark card of its own reads the same in Discord's dark and light modes. The bars are Okabe and Ito's colours, told
# apart by people with any colour vision; each contrasts 3:1 with the card and 4.5:1 with the number on it.
CARD = "#1e1f22"
TRACK = "#3f4147"
TEXT = "#f2f3f5"
BARS = {
    Position.SUPPORT: ("#0072b2", "#ffffff"),
    Position.ACCEPT: ("#56b4e9", "#000000"),
    Position.PASS: ("#a7a7a7", "#000000"),
    Position.OBJECT: ("#d55e00", "#000000"),
}

OPTION_BAR = 10
OPTION_FILL = BARS[Position.ACCEPT][0]

ALTERNATIVE_LENGTH = 1_024  # Discord's limit for an attachment's description


def _font(pixels: float, weight: str = "normal") -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=pixels * POINTS_PER_PIXEL, weight=weight)


TITLE_FONT = _font(14, "bold")
STRONG_FONT = _font(12.5, "bold")
LABEL_FONT = _font(12.5)


@dataclass(frozen=True, slots=True)
class _Row:
    """One bar: the label over it, in lines, its number of ballots in words, and the positions it shows."""

    label: tuple[str, ...]
    ballots: str
    counts: PositionCounts
    font: FontProperties


def draw_result(poll: Poll, result: AnyResult, captions: Captions) -> bytes:
    """Return a PNG, 800 dots wide: a bar for everyone and each published segment, or one for each option.

    A bar of positions shows shares and has the same length whatever it stands for; the numbers on it are ballots. A
    slice is never narrower than its number, so that one objection among thousands is still seen.
    """
    if isinstance(result, ChoiceResult):
        return _draw_options(poll, result.total, captions)
    title = _wrapped(captions.recommendation(poll), TITLE_FONT, INNER_WIDTH)
    legend = _legend({position: captions.position(position) for position in BARS})
    rows = [_row(captions.everyone(), result.total, STRONG_FONT, captions)]
    rows += [_row(captions.segment(row.segment), row.counts, LABEL_FONT, captions) for row in result.segments]
    lines = len(title) + len(legend) + sum(len(row.label) for row in rows)
    height = 2 * MARGIN + LINE * lines + BAR * len(rows) + GAP * (1 + len(rows))

    figure, axes = _card(height)
    top = _draw_lines(axes, MARGIN, title, TITLE_FONT) + GAP / 2
    top = _draw_legend(axes, top, legend) + GAP / 2
    for row in rows:
        top = _draw_row(axes, top + GAP, row, captions)
    return _png(figure)


def _draw_options(poll: Poll, counts: ChoiceCounts, captions: Captions) -> bytes:
    """Draw a bar an option, the first on top; a full bar is an option that every ballot put first."""
    title = _wrapped(captions.recommendation(poll), TITLE_FONT, INNER_WIDTH)
    most = counts.ballots * (poll.paper.most_choices if poll.paper.kind is PollKind.PRIORITIES else 1)
    rows = []
    for key in counts.ranking:
        number = captions.option_count(poll, counts, key)
        label = _wrapped(captions.option(poll, key), LABEL_FONT, INNER_WIDTH - _width(number, LABEL_FONT) - GAP)
        rows.append((label, number, counts.points[key] / max(most, 1)))
    lines = len(title) + 1 + sum(len(label) for label, _number, _share in rows)
    figure, axes = _card(2 * MARGIN + LINE * lines + OPTION_BAR * len(rows) + GAP * (1 + len(rows)))
    top = _draw_lines(axes, MARGIN, [*title, captions.ballots(counts.ballots)], TITLE_FONT) + GAP / 2
    for label, number, share in rows:
        _write(axes, WIDTH - MARGIN, top + GAP, number, LABEL_FONT, align="right")
        top = _draw_lines(axes, top + GAP, label, LABEL_FONT)
        axes.add_patch(Rectangle((MARGIN, top), INNER_WIDTH, OPTION_BAR, facecolor=TRACK))
        axes.add_patch(Rectangle((MARGIN, top), share * INNER_WIDTH, OPTION_BAR, facecolor=OPTION_FILL))
        top += OPTION_BAR
    return _png(figure)


def _png(figure: Figure) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi="figure", metadata={"Software": None})
    return picture.getvalue()


def text_alternative(poll: Poll, result: AnyResult, captions: Captions) -> str:
    """Return what the picture shows in at most 1,024 characters: everyone first, then as many segments as fit."""
    text = captions.phrases.text("chart.alternative", captions.language, title=captions.recommendation(poll))
    text = f"{text} {captions.segment_source(poll.segment_source)}."
    if isinstance(result, ChoiceResult):
        counts = result.total
        options = [
            f"{captions.option(poll, key)}: {captions.option_count(poll, counts, key)}" for key in counts.ranking
        ]
        return shortened(f"{text} {captions.ballots(counts.ballots)}. {'. '.join(options)}.")
    rows = [(captions.everyone(), result.total), *((captions.segment(r.segment), r.counts) for r in result.segments)]
    for title, row in rows:
        positions = ", ".join(f"{captions.position(p)} {captions.number(row.of(p))}" for p in BARS)
        longer = f"{text} {title} ({captions.ballots(row.ballots)}): {positions}."
        if len(longer) > ALTERNATIVE_LENGTH:
            break
        text = longer
    return text


def shortened(text: str) -> str:
    """Cut a text alternative to what Discord takes."""
    return text if len(text) <= ALTERNATIVE_LENGTH else text[: ALTERNATIVE_LENGTH - 1] + "…"


def slice_widths(counts: Sequence[int], least: Sequence[float]) -> list[float]:
    """Return the share of a bar's length that each count takes, none for a count of 0.

    In proportion, but a count takes its part of `least` at the least, at the expense of those with room to spare.
    `least` must add up to less than 1. Without ballots all are 0.
    """
    narrow: set[int] = set()
    while True:
        room = 1 - sum(least[i] for i in narrow)
        rest = sum(count for i, count in enumerate(counts) if i not in narrow)
        shares = [least[i] if i in narrow else count / max(rest, 1) * room for i, count in enumerate(counts)]
        too_narrow = {i for i, count in enumerate(counts) if count and shares[i] < least[i]}
        if not too_narrow:
            return shares
        narrow |= too_narrow


def _card(height: float) -> tuple[Figure, Axes]:
    figure = Figure(
        figsize=(WIDTH / PIXELS_PER_INCH, height / PIXELS_PER_INCH),
        dpi=PIXELS_PER_INCH * DOTS_PER_PIXEL,
        facecolor=CARD,
    )
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def _row(title: str, counts: PositionCounts, font: FontProperties, captions: Captions) -> _Row:
    ballots = captions.ballots(counts.ballots)
    label = _wrapped(title, font, INNER_WIDTH - _width(ballots, LABEL_FONT) - GAP)
    return _Row(label, ballots, counts, font)


def _draw_row(axes: Axes, top: float, row: _Row, captions: Captions) -> float:
    _write(axes, WIDTH - MARGIN, top, row.ballots, LABEL_FONT, align="right")
    top = _draw_lines(axes, top, row.label, row.font)
    axes.add_patch(Rectangle((MARGIN, top), INNER_WIDTH, BAR, facecolor=TRACK))
    numbers = [captions.number(row.counts.of(position)) for position in BARS]
    least = [(_width(number, STRONG_FONT) + 2 * SLICE_PADDING) / INNER_WIDTH for number in numbers]
    shares = slice_widths([row.counts.of(position) for position in BARS], least)
    left: float = MARGIN
    for (fill, ink), number, share in zip(BARS.values(), numbers, shares, strict=True):
        if share:
            width = share * INNER_WIDTH
            axes.add_patch(Rectangle((left, top), width, BAR, facecolor=fill, edgecolor=CARD, linewidth=EDGE))
            _write(axes, left + width / 2, top + (BAR - LINE) / 2, number, STRONG_FONT, colour=ink, align="center")
            left += width
    return top + BAR


def _legend(captions: Mapping[Position, str]) -> list[list[tuple[Position, str]]]:
    """Return the positions with their names, in as many lines as they need."""
    lines: list[list[tuple[Position, str]]] = []
    left: float = INNER_WIDTH
    for position, name in captions.items():
        width = _entry_width(name)
        if left + width - GAP > INNER_WIDTH:
            lines.append([])
            left = 0
        lines[-1].append((position, name))
        left += width
    return lines


def _draw_legend(axes: Axes, top: float, lines: Sequence[Sequence[tuple[Position, str]]]) -> float:
    for line in lines:
        left: float = MARGIN
        for position, name in line:
            fill, _ink = BARS[position]
            axes.add_patch(Rectangle((left, top + (LINE - SWATCH) / 2), SWATCH, SWATCH, facecolor=fill))
            _write(axes, left + SWATCH + SWATCH_GAP, top, name, LABEL_FONT)
            left += _entry_width(name)
        top += LINE
    return top


def _entry_width(name: str) -> float:
    return SWATCH + SWATCH_GAP + _width(name, LABEL_FONT) + GAP


def _draw_lines(axes: Axes, top: float, lines: Sequence[str], font: FontProperties) -> float:
    for line in lines:
        _write(axes, MARGIN, top, line, font)
        top += LINE
    return top


def _write(
    axes: Axes, x: float, top: float, text: str, font: FontProperties, *, colour: str = TEXT, align: str = "left"
) -> None:
    # A title may hold dollar signs: they are money, not mathematics.
    axes.text(x, top + BASELINE, text, fontproperties=font, color=colour, ha=align, va="baseline", parse_math=False)


def _wrapped(text: str, font: FontProperties, width: float) -> tuple[str, ...]:
    """Break a text into lines that fit `width` pixels, within a word where it must be."""
    for length in range(len(text), 0, -1):
        lines = textwrap.wrap(text, length)
        if all(_width(line, font) <= width for line in lines):
            return tuple(lines)
    return (text,)


def _width(text: str, font: FontProperties) -> float:
    points, _height, _descent = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(points) / POINTS_PER_PIXEL

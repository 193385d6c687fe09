"""The result of one poll as a picture, and in words for those who do not see it.

It never counts and never merges: it shows the rows that `models.tally` publishes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties

from models.records import Poll, PollKind, Position
from models.tally import AnyResult, ChoiceCounts, ChoiceResult, PositionCounts, Result
from reports.captions import Captions
from reports.drawing import (
    BLUE,
    DARK_INK,
    GAP,
    GREY,
    INNER_WIDTH,
    LABEL_FONT,
    LIGHT_INK,
    LINE,
    MARGIN,
    QUIET,
    SKY,
    STRONG_FONT,
    TITLE_FONT,
    TRACK,
    VERMILION,
    WIDTH,
    Chart,
    box,
    card,
    width_of,
    wrapped,
    write,
    write_lines,
)
from reports.findings import result_finding

BAR = 24
OPTION_BAR = 10
SWATCH = 11
SWATCH_GAP = 5
SLICE_PADDING = 3
APART = 12  # between what people answered and those who passed

BARS = {
    Position.OBJECT: (VERMILION, DARK_INK),
    Position.ACCEPT: (SKY, DARK_INK),
    Position.SUPPORT: (BLUE, LIGHT_INK),
    Position.PASS: (GREY, DARK_INK),
}
"""The positions as they stand from left to right: what is drawn, and what is written on it."""

OPTION_FILL = SKY


@dataclass(frozen=True, slots=True)
class _Row:
    """A bar: the label over it, in lines, its number of ballots in words, the positions and how wide each is."""

    label: tuple[str, ...]
    ballots: str
    counts: PositionCounts
    font: FontProperties


def result_chart(poll: Poll, result: AnyResult, captions: Captions) -> Chart:
    """Draw a result: diverging bars for everyone and each published segment, or a bar for each option.

    On one axis for all bars, objections go to the left, those who support it or can live with it to the right, and
    those who passed stand apart. The length of a bar shows shares, whatever it stands for; the numbers on it are
    ballots. A slice is never narrower than its number, so that one objection among thousands is still seen.
    """
    finding = result_finding(poll, result, captions)
    alternative = text_alternative(poll, result, captions)
    if isinstance(result, ChoiceResult):
        return _options_chart(poll, result.total, captions, finding, alternative)
    return _positions_chart(poll, result, captions, finding, alternative)


def draw_result(poll: Poll, result: AnyResult, captions: Captions) -> bytes:
    """Return the result's picture as a PNG, 800 dots wide."""
    return result_chart(poll, result, captions).png()


def _positions_chart(poll: Poll, result: Result, captions: Captions, finding: str, alternative: str) -> Chart:
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(captions.recommendation(poll), LABEL_FONT, INNER_WIDTH)
    legend = _legend({position: captions.position(position) for position in BARS})
    rows = [_row(captions.everyone(), result.total, STRONG_FONT, captions)]
    rows += [_row(captions.segment(row.segment), row.counts, LABEL_FONT, captions) for row in result.segments]
    lines = len(title) + len(subject) + len(legend) + sum(len(row.label) for row in rows)
    figure, axes = card(2 * MARGIN + LINE * lines + BAR * len(rows) + GAP * (1 + len(rows)))

    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, subject, LABEL_FONT, colour=QUIET) + GAP / 2
    top = _draw_legend(axes, top, legend) + GAP / 2
    widths = diverging_widths([_counts(row) for row in rows], [_least(row, captions) for row in rows], INNER_WIDTH)
    middle = MARGIN + max(one[0] for one in widths)
    apart = WIDTH - MARGIN - max(one[3] for one in widths)
    for row, slices in zip(rows, widths, strict=True):
        write(axes, WIDTH - MARGIN, top + GAP, row.ballots, LABEL_FONT, align="right")
        top = write_lines(axes, top + GAP, row.label, row.font)
        _draw_bar(axes, top, row, slices, middle, apart, captions)
        top += BAR
    return Chart(finding, alternative, figure, len(title))


def _options_chart(poll: Poll, counts: ChoiceCounts, captions: Captions, finding: str, alternative: str) -> Chart:
    """Draw a bar an option, the first on top; a full bar is an option that every ballot put first."""
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(captions.recommendation(poll), LABEL_FONT, INNER_WIDTH)
    most = counts.ballots * (poll.paper.most_choices if poll.paper.kind is PollKind.PRIORITIES else 1)
    rows = []
    for key in counts.ranking:
        number = captions.option_count(poll, counts, key)
        label = wrapped(captions.option(poll, key), LABEL_FONT, INNER_WIDTH - width_of(number, LABEL_FONT) - GAP)
        rows.append((label, number, counts.points[key] / max(most, 1)))
    lines = len(title) + len(subject) + 1 + sum(len(label) for label, _number, _share in rows)
    figure, axes = card(2 * MARGIN + LINE * lines + OPTION_BAR * len(rows) + GAP * (1 + len(rows)))
    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, [*subject, captions.ballots(counts.ballots)], LABEL_FONT, colour=QUIET) + GAP / 2
    for label, number, share in rows:
        write(axes, WIDTH - MARGIN, top + GAP, number, LABEL_FONT, align="right")
        top = write_lines(axes, top + GAP, label, LABEL_FONT)
        box(axes, MARGIN, top, INNER_WIDTH, OPTION_BAR, TRACK)
        box(axes, MARGIN, top, share * INNER_WIDTH, OPTION_BAR, OPTION_FILL)
        top += OPTION_BAR
    return Chart(finding, alternative, figure, len(title))


def text_alternative(poll: Poll, result: AnyResult, captions: Captions) -> str:
    """Return what the picture shows in words, everyone first."""
    text = captions.phrases.text("chart.alternative", captions.language, title=captions.recommendation(poll))
    text = f"{text} {captions.segment_source(poll.segment_source)}."
    if isinstance(result, ChoiceResult):
        counts = result.total
        options = [
            captions.pair(captions.option(poll, key), captions.option_count(poll, counts, key))
            for key in counts.ranking
        ]
        return f"{text} {captions.ballots(counts.ballots)}. {'. '.join(options)}."
    rows = [(captions.everyone(), result.total), *((captions.segment(r.segment), r.counts) for r in result.segments)]
    for title, row in rows:
        positions = ", ".join(f"{captions.position(p)} {captions.number(row.of(p))}" for p in Position)
        text = f"{text} {captions.pair(f'{title} ({captions.ballots(row.ballots)})', positions)}."
    return text


def diverging_widths(
    counts: Sequence[Sequence[int]], least: Sequence[Sequence[float]], room: float
) -> list[tuple[float, ...]]:
    """Return how wide each count of each bar is, in pixels; a bar's counts are `BARS`' positions.

    The bars share a middle, with objections to its left, and a column for those who passed at the right; together they
    take no more than `room`. `least` is how wide a count must be, in pixels.
    """
    full = room
    while True:
        widths = [
            tuple(share * full for share in slice_widths(row, [one / full for one in narrowest]))
            for row, narrowest in zip(counts, least, strict=True)
        ]
        left, right, passed = (
            max(sum(row[part]) for row in widths) for part in (slice(0, 1), slice(1, 3), slice(3, 4))
        )
        too_wide = left + right + passed + (APART if passed else 0) - room
        if too_wide <= 0:
            return widths
        # Each of the three parts gets narrower by no more than that, so the widest that fits is not passed by.
        full -= max(1.0, too_wide / 3)


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


def _row(title: str, counts: PositionCounts, font: FontProperties, captions: Captions) -> _Row:
    ballots = captions.ballots(counts.ballots)
    label = wrapped(title, font, INNER_WIDTH - width_of(ballots, LABEL_FONT) - GAP)
    return _Row(label, ballots, counts, font)


def _counts(row: _Row) -> list[int]:
    return [row.counts.of(position) for position in BARS]


def _least(row: _Row, captions: Captions) -> list[float]:
    return [width_of(captions.number(number), STRONG_FONT) + 2 * SLICE_PADDING for number in _counts(row)]


def _draw_bar(
    axes: Axes, top: float, row: _Row, slices: Sequence[float], middle: float, apart: float, captions: Captions
) -> None:
    """Draw one bar around the `middle`, and those who passed from `apart` on."""
    end = apart - APART if apart < WIDTH - MARGIN else apart
    box(axes, MARGIN, top, end - MARGIN, BAR, TRACK)
    starts = (middle - slices[0], middle, middle + slices[1], apart)
    for (fill, ink), number, start, width in zip(BARS.values(), _counts(row), starts, slices, strict=True):
        if number:
            box(axes, start, top, width, BAR, fill, rim=True)
            label = captions.number(number)
            write(axes, start + width / 2, top + (BAR - LINE) / 2, label, STRONG_FONT, colour=ink, align="center")
    if row.counts.ballots and middle > MARGIN:
        box(axes, middle - 1, top - 3, 2, BAR + 6, QUIET)


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
            box(axes, left, top + (LINE - SWATCH) / 2, SWATCH, SWATCH, fill)
            write(axes, left + SWATCH + SWATCH_GAP, top, name, LABEL_FONT)
            left += _entry_width(name)
        top += LINE
    return top


def _entry_width(name: str) -> float:
    return SWATCH + SWATCH_GAP + width_of(name, LABEL_FONT) + GAP

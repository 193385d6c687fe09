"""The whole consultation in pictures: all polls by consensus and division, turnout by segment, themes of feedback.

From published values to charts, nothing else.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import cos, hypot, pi, sin
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon

from models.results import EndedPoll, Order
from models.turnout import Turnout
from reports.captions import Captions
from reports.drawing import (
    CARD,
    GAP,
    GRID,
    INNER_WIDTH,
    LABEL_FONT,
    LINE,
    MARGIN,
    QUIET,
    SKY,
    SMALL_FONT,
    TEXT,
    TITLE_FONT,
    TRACK,
    WIDTH,
    Chart,
    box,
    card,
    font,
    shortened,
    width_of,
    wrapped,
    write,
    write_lines,
)
from reports.findings import map_finding, themes_finding, turnout_finding

PLOT = 260  # the map's height
AXIS = 30  # left of the map, for the axis's name
DISC = 10
DISC_FONT = font(10.5, "bold")
DISC_INK = "#000000"
TICKS = (0, 0.25, 0.5, 0.75, 1)
MOST_ON_MAP = 30
CURVE = 30
THEME_BAR = 10
MOST_THEMES = 12

Point = tuple[float, float]


def map_chart(polls: Sequence[EndedPoll], captions: Captions) -> Chart:
    """Draw the polls on positions, numbered as they come, by consensus (to the right) and division (up)."""
    placed = [one for one in polls if one.measure(Order.CONSENSUS) is not None]
    finding, shown = map_finding(placed, captions), placed[:MOST_ON_MAP]
    if not placed:
        return _empty(finding, "map.subject", captions)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(_say(captions, "map.subject"), LABEL_FONT, INNER_WIDTH)
    names = [
        wrapped(f"{number}. {captions.recommendation(one.poll)}", LABEL_FONT, INNER_WIDTH)
        for number, one in enumerate(shown, start=1)
    ]
    if len(placed) > len(shown):
        names.append((_say(captions, "map.more", count=len(placed) - len(shown)),))
    lines = len(title) + len(subject) + 3 + sum(map(len, names))
    height = 2 * MARGIN + LINE * lines + PLOT + 2 * GAP
    figure, axes = card(height)
    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, subject, LABEL_FONT, colour=QUIET) + GAP
    write(axes, MARGIN, top - GAP / 2, f"↑ {_say(captions, 'map.division')}", SMALL_FONT)
    top += LINE - GAP / 2
    _draw_plot(axes, top, captions)
    spots = [_spot(one, top) for one in shown]
    for number, (spot, disc) in enumerate(zip(spots, apart(spots, _frame(top)), strict=True), start=1):
        _draw_disc(axes, spot, disc, captions.number(number))
    top += PLOT + 2 * LINE + GAP
    for name in names:
        top = write_lines(axes, top, name, LABEL_FONT)
    return Chart(finding, _map_alternative(finding, placed, captions), figure, len(title))


def turnout_chart(turnout: Turnout | None, captions: Captions) -> Chart:
    """Draw a curve a published segment: its ballots over all polls, added up day by day."""
    finding = turnout_finding(turnout, captions)
    if turnout is None:
        return _empty(finding, "turnout.subject", captions)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(_say(captions, "turnout.subject"), LABEL_FONT, INNER_WIDTH)
    rows = []
    for row in turnout.rows:
        number = captions.number(turnout.total(row))
        label = wrapped(captions.turnout_row(row), LABEL_FONT, INNER_WIDTH - width_of(number, LABEL_FONT) - GAP)
        rows.append((row, label, number))
    lines = len(title) + len(subject) + sum(len(label) for _row, label, _number in rows) + 1
    figure, axes = card(2 * MARGIN + LINE * lines + (CURVE + GAP) * len(rows) + GAP / 2)
    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, subject, LABEL_FONT, colour=QUIET)
    most = max(map(turnout.total, turnout.rows))
    for row, label, number in rows:
        write(axes, WIDTH - MARGIN, top + GAP, number, LABEL_FONT, align="right")
        top = write_lines(axes, top + GAP, label, LABEL_FONT)
        _draw_curve(axes, top, turnout, row, most)
        top += CURVE
    _write_days(axes, top + GAP / 2, turnout, captions)
    return Chart(finding, _turnout_alternative(finding, turnout, captions), figure, len(title))


def themes_chart(themes: Sequence[tuple[str, int]], captions: Captions) -> Chart:
    """Draw a bar a theme, the one with the most contributions on top; `themes` are labels and their numbers."""
    finding = themes_finding(themes, captions)
    ranked = ranked_themes(themes, captions)
    if not ranked:
        return _empty(finding, "themes.subject", captions)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(_say(captions, "themes.subject"), LABEL_FONT, INNER_WIDTH)
    most = max(number for _label, number in ranked)
    rows = []
    for theme, number in ranked:
        told = captions.number(number)
        rows.append((wrapped(theme, LABEL_FONT, INNER_WIDTH - width_of(told, LABEL_FONT) - GAP), told, number / most))
    lines = len(title) + len(subject) + sum(len(label) for label, _told, _share in rows)
    figure, axes = card(2 * MARGIN + LINE * lines + (THEME_BAR + GAP) * len(rows))
    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, subject, LABEL_FONT, colour=QUIET)
    for name, told, share in rows:
        write(axes, WIDTH - MARGIN, top + GAP, told, LABEL_FONT, align="right")
        top = write_lines(axes, top + GAP, name, LABEL_FONT)
        box(axes, MARGIN, top, INNER_WIDTH, THEME_BAR, TRACK)
        box(axes, MARGIN, top, share * INNER_WIDTH, THEME_BAR, SKY)
        top += THEME_BAR
    told_in_words = "; ".join(f"{label}: {captions.number(number)}" for label, number in ranked)
    return Chart(finding, shortened(f"{finding}. {told_in_words}".strip()), figure, len(title))


def _empty(finding: str, subject: str, captions: Captions) -> Chart:
    lines = wrapped(_say(captions, subject), LABEL_FONT, INNER_WIDTH)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    figure, axes = card(2 * MARGIN + LINE * (len(title) + len(lines)))
    write_lines(axes, write_lines(axes, MARGIN, title, TITLE_FONT), lines, LABEL_FONT, colour=QUIET)
    return Chart(finding, finding, figure, len(title))


def ranked_themes(themes: Sequence[tuple[str, int]], captions: Captions) -> list[tuple[str, int]]:
    """Return the themes with contributions, most first, those past the twelfth as one."""
    ranked = sorted((one for one in themes if one[1]), key=lambda theme: (-theme[1], theme[0]))
    kept, rest = ranked[:MOST_THEMES], ranked[MOST_THEMES:]
    if rest:
        kept.append((_say(captions, "themes.others", count=len(rest)), sum(number for _label, number in rest)))
    return kept


def apart(spots: Sequence[Point], frame: tuple[float, float, float, float]) -> list[Point]:
    """Return where each spot's disc stands: on it, or as near as leaves every disc readable within the frame.

    `frame` is left, top, right and bottom. Where there is no room left, discs cover each other.
    """
    discs: list[Point] = []
    for spot in spots:
        free = (place for place in _around(spot) if _inside(place, frame) and all(_clear(place, one) for one in discs))
        discs.append(next(free, spot))
    return discs


def _around(spot: Point) -> list[Point]:
    """Return places around a spot, the nearest first."""
    x, y = spot
    rings = [
        (x + radius * cos(turn * pi / 8), y + radius * sin(turn * pi / 8))
        for radius in range(DISC, 30 * DISC, DISC // 2)
        for turn in range(16)
    ]
    return [spot, *rings]


def _inside(place: Point, frame: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = frame
    x, y = place
    return left + DISC <= x <= right - DISC and top + DISC <= y <= bottom - DISC


def _clear(one: Point, other: Point) -> bool:
    return hypot(one[0] - other[0], one[1] - other[1]) >= 2 * DISC + 2


def _frame(top: float) -> tuple[float, float, float, float]:
    return MARGIN + AXIS, top, WIDTH - MARGIN, top + PLOT


def _spot(one: EndedPoll, top: float) -> Point:
    left, top, right, bottom = _frame(top)
    consensus, division = one.measure(Order.CONSENSUS) or 0, one.measure(Order.DIVISION) or 0
    # Discs on the rim stand within the plot.
    width, height = right - left - 2 * DISC, bottom - top - 2 * DISC
    return left + DISC + consensus * width, bottom - DISC - division * height


def _draw_plot(axes: Axes, top: float, captions: Captions) -> None:
    left, top, right, bottom = _frame(top)
    box(axes, left, top, right - left, bottom - top, TRACK)
    for tick in TICKS:
        x = left + DISC + tick * (right - left - 2 * DISC)
        y = bottom - DISC - tick * (bottom - top - 2 * DISC)
        axes.plot([x, x], [top, bottom], color=GRID, linewidth=0.7, zorder=1.5)
        axes.plot([left, right], [y, y], color=GRID, linewidth=0.7, zorder=1.5)
        if tick in {0, 0.5, 1}:
            label = captions.decimal(tick) if tick == TICKS[2] else captions.number(int(tick))
            write(axes, x, bottom, label, SMALL_FONT, colour=QUIET, align="center")
            write(axes, left - 4, y - LINE / 2, label, SMALL_FONT, colour=QUIET, align="right")
    # What the corners mean stands under them: within the plot a disc could hide it.
    below = bottom + LINE
    write(axes, left, below, f"↙ {_say(captions, 'map.objected')}", SMALL_FONT, colour=QUIET)
    write(axes, (left + right) / 2, below, f"{_say(captions, 'map.consensus')} →", SMALL_FONT, align="center")
    write(axes, right, below, f"{_say(captions, 'map.agreed')} ↘", SMALL_FONT, colour=QUIET, align="right")


def _draw_disc(axes: Axes, spot: Point, disc: Point, number: str) -> None:
    """Draw a numbered disc; one that had to move aside is tied to its spot."""
    if spot != disc:
        axes.plot([spot[0], disc[0]], [spot[1], disc[1]], color=TEXT, linewidth=0.8, zorder=2)
        axes.add_patch(Circle(spot, 2, facecolor=TEXT, edgecolor="none", zorder=2))
    axes.add_patch(Circle(disc, DISC, facecolor=SKY, edgecolor=CARD, linewidth=1, zorder=3))
    axes.text(
        *disc,
        number,
        fontproperties=DISC_FONT,
        color=DISC_INK,
        ha="center",
        va="center_baseline",
        parse_math=False,
        zorder=4,
    )


def _map_alternative(finding: str, polls: Sequence[EndedPoll], captions: Captions) -> str:
    entries = [
        f"{number}. "
        + _say(
            captions,
            "map.entry",
            title=captions.recommendation(one.poll),
            consensus=captions.decimal(one.measure(Order.CONSENSUS) or 0),
            division=captions.decimal(one.measure(Order.DIVISION) or 0),
        )
        for number, one in enumerate(polls, start=1)
    ]
    return shortened(" ".join([finding, *(f"{entry}." for entry in entries)]))


def _draw_curve(axes: Axes, top: float, turnout: Turnout, row: str | None, most: int) -> None:
    """Draw the steps by which a row's ballots add up, on a scale that all rows share."""
    days = max((turnout.last - turnout.first).days, 1)
    box(axes, MARGIN, top, INNER_WIDTH, CURVE, TRACK)
    bottom = top + CURVE
    outline = [(float(MARGIN), bottom)]
    reached = 0
    for day, number in sorted(turnout.by_row[row].items()):
        # A step shown at the end of a vote that ends last is drawn a little before the edge, to be seen.
        x = MARGIN + min((day - turnout.first).days / days, 1) * (INNER_WIDTH - 8)
        outline.append((x, bottom - reached / most * CURVE))
        reached += number
        outline.append((x, bottom - reached / most * CURVE))
    outline += [(WIDTH - MARGIN, bottom - reached / most * CURVE), (WIDTH - MARGIN, bottom)]
    axes.add_patch(Polygon(outline, closed=True, facecolor=SKY, edgecolor="none"))


def _write_days(axes: Axes, top: float, turnout: Turnout, captions: Captions) -> None:
    first, last = (captions.day(day) for day in (turnout.first, turnout.last))
    write(axes, MARGIN, top, first, SMALL_FONT, colour=QUIET)
    write(axes, WIDTH - MARGIN, top, last, SMALL_FONT, colour=QUIET, align="right")


def _turnout_alternative(finding: str, turnout: Turnout, captions: Captions) -> str:
    rows = []
    for row in turnout.rows:
        steps = sorted(turnout.by_row[row].items())
        reached = accumulate(number for _day, number in steps)
        told = [f"{captions.day(day)} {captions.number(sum_)}" for (day, _), sum_ in zip(steps, reached, strict=True)]
        rows.append(f"{captions.turnout_row(row)}: {', '.join(told)}")
    return shortened(f"{finding}. {'; '.join(rows)}.")


def _say(captions: Captions, phrase: str, **values: Any) -> str:
    return captions.phrases.text(phrase, captions.language, **values)

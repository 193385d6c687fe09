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
    width_of,
    wrapped,
    write,
    write_lines,
)
from reports.findings import FEW, map_finding, themes_finding, turnout_finding
from reports.overview import Overview, named_subjects
from reports.plan_data import PlanContent

PLOT = 260  # the map's height
AXIS = 30  # left of the map, for the axis's name
DISC = 10
DISC_FONT = font(10.5, "bold")
THREE_DIGITS = 3
DISC_INK = "#000000"
TICKS = (0, 0.25, 0.5, 0.75, 1)
DOT = 3.5
FINE_FONT = font(8.5, "bold")  # for numbers of three digits
MOST_NUMBERED = 30
"""Up to so many polls each have their number on the map; of more, only the extremes do, the others are dots."""
EXTREMES = 5
CURVE = 30
THEME_BAR = 10
MOST_THEMES = 12

Point = tuple[float, float]
Picture = tuple[str, bytes, str]
Labelled = Sequence[tuple[str, int]]


def draw_overview(overview: Overview, content: PlanContent, captions: Captions) -> list[Picture]:
    """Return the map, turnout and themes, each as its file's name, a PNG and its text alternative."""
    subjects = named_subjects(overview.contributions, content, captions)
    charts = {
        "map.png": map_chart(overview.polls, captions),
        "turnout.png": turnout_chart(overview.turnout, captions),
        "themes.png": themes_chart(subjects, list(overview.themes.items()), captions),
    }
    return [(name, chart.png(), chart.alternative) for name, chart in charts.items()]


def map_chart(polls: Sequence[EndedPoll], captions: Captions) -> Chart:
    """Draw the polls on positions, numbered as they come, by consensus (to the right) and division (up)."""
    placed = [one for one in polls if one.measure(Order.CONSENSUS) is not None]
    finding = map_finding(placed, captions)
    if not placed:
        return _empty(finding, "map.subject", captions)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    subject = wrapped(_say(captions, "map.subject"), LABEL_FONT, INNER_WIDTH)
    shown = numbered(placed)
    names = [
        wrapped(f"{place + 1}. {captions.recommendation(placed[place].poll)}", LABEL_FONT, INNER_WIDTH)
        for place in shown
    ]
    if len(placed) > len(shown):
        names.append(wrapped(_say(captions, "map.dots", count=len(placed) - len(shown)), LABEL_FONT, INNER_WIDTH))
    lines = len(title) + len(subject) + 3 + sum(map(len, names))
    height = 2 * MARGIN + LINE * lines + PLOT + 2 * GAP
    figure, axes = card(height)
    top = write_lines(axes, MARGIN, title, TITLE_FONT)
    top = write_lines(axes, top, subject, LABEL_FONT, colour=QUIET) + GAP
    write(axes, MARGIN, top - GAP / 2, f"↑ {_say(captions, 'map.division')}", SMALL_FONT)
    top += LINE - GAP / 2
    _draw_plot(axes, top, captions)
    _draw_spots(axes, [_spot(one, top) for one in placed], shown, top, captions)
    top += PLOT + 2 * LINE + GAP
    for name in names:
        top = write_lines(axes, top, name, LABEL_FONT)
    return Chart(finding, _map_alternative(finding, placed, shown, captions), figure, len(title))


def numbered(placed: Sequence[EndedPoll]) -> list[int]:
    """Return which polls bear their number on the map: all where they are few, else those that stand out.

    Those are the most and the least agreed on and the most divided. Where ten people voted on any, they are taken
    from these polls, as the finding is, so that it names none without a number.
    """
    every = range(len(placed))
    if len(placed) <= MOST_NUMBERED:
        return list(every)
    telling = [place for place in every if placed[place].ballots >= FEW] or list(every)
    agreed, divided = (
        sorted(telling, key=lambda place: -(placed[place].measure(order) or 0))
        for order in (Order.CONSENSUS, Order.DIVISION)
    )
    return sorted({*agreed[:EXTREMES], *agreed[-EXTREMES:], *divided[:EXTREMES]})


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


def themes_chart(subjects: Labelled, themes: Labelled, captions: Captions) -> Chart:
    """Draw a bar a subject that people wrote on, and under these one a theme that moderators gave; most first."""
    finding = themes_finding(subjects, captions)
    parts = [
        (phrase, ranked)
        for phrase, some in (("themes.subject", subjects), ("themes.given", themes))
        if (ranked := ranked_themes(some, captions))
    ]
    if not parts:
        return _empty(finding, "themes.subject", captions)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    # A contribution may have several themes, so each part has a scale of its own.
    drawn = [
        (wrapped(_say(captions, phrase), LABEL_FONT, INNER_WIDTH), _bars(some, captions)) for phrase, some in parts
    ]
    lines = len(title) + sum(len(heading) + sum(len(name) for name, *_bar in bars) for heading, bars in drawn)
    gaps = sum(len(bars) for _heading, bars in drawn) * (THEME_BAR + GAP) + GAP * (len(drawn) - 1)
    figure, axes = card(2 * MARGIN + LINE * lines + gaps)
    top = write_lines(axes, MARGIN, title, TITLE_FONT) - GAP
    for heading, bars in drawn:
        top = write_lines(axes, top + GAP, heading, LABEL_FONT, colour=QUIET)
        for name, told, share in bars:
            write(axes, WIDTH - MARGIN, top + GAP, told, LABEL_FONT, align="right")
            top = write_lines(axes, top + GAP, name, LABEL_FONT)
            box(axes, MARGIN, top, INNER_WIDTH, THEME_BAR, TRACK)
            box(axes, MARGIN, top, share * INNER_WIDTH, THEME_BAR, SKY)
            top += THEME_BAR
    told_in_words = [
        captions.pair(
            _say(captions, phrase),
            captions.series(captions.pair(name, captions.number(number)) for name, number in some),
        )
        for phrase, some in parts
    ]
    return Chart(finding, f"{'. '.join([finding, *told_in_words])}.", figure, len(title))


def _bars(ranked: Labelled, captions: Captions) -> list[tuple[tuple[str, ...], str, float]]:
    """Return a label in lines, its number, and its part of the greatest, for each bar."""
    most = max(number for _label, number in ranked)
    bars = []
    for label, number in ranked:
        told = captions.number(number)
        bars.append((wrapped(label, LABEL_FONT, INNER_WIDTH - width_of(told, LABEL_FONT) - GAP), told, number / most))
    return bars


def _empty(finding: str, subject: str, captions: Captions) -> Chart:
    lines = wrapped(_say(captions, subject), LABEL_FONT, INNER_WIDTH)
    title = wrapped(finding, TITLE_FONT, INNER_WIDTH)
    figure, axes = card(2 * MARGIN + LINE * (len(title) + len(lines)))
    write_lines(axes, write_lines(axes, MARGIN, title, TITLE_FONT), lines, LABEL_FONT, colour=QUIET)
    return Chart(finding, finding, figure, len(title))


def ranked_themes(themes: Labelled, captions: Captions) -> list[tuple[str, int]]:
    """Return the themes with contributions, most first, those past the twelfth as one."""
    ranked = by_number(themes)
    kept, rest = ranked[:MOST_THEMES], ranked[MOST_THEMES:]
    if rest:
        kept.append((_say(captions, "themes.others", count=len(rest)), sum(number for _label, number in rest)))
    return kept


def by_number(themes: Labelled) -> list[tuple[str, int]]:
    """Return the themes with contributions, most first."""
    return sorted((one for one in themes if one[1]), key=lambda theme: (-theme[1], theme[0]))


def apart(spots: Sequence[Point], frame: tuple[float, float, float, float], dots: Sequence[Point] = ()) -> list[Point]:
    """Return where each spot's disc stands: on it, or as near as leaves every disc readable within the frame.

    `frame` is left, top, right and bottom. Discs leave dots uncovered where there is room for that. Where there is no
    room left for discs, they cover each other.
    """
    discs: list[Point] = []
    for spot in spots:
        free = [place for place in _around(spot) if _inside(place, frame) and all(_clear(place, one) for one in discs)]
        beside = (place for place in free if all(hypot(place[0] - x, place[1] - y) > DISC + DOT for x, y in dots))
        discs.append(next(beside, free[0] if free else spot))
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


def _draw_spots(axes: Axes, spots: Sequence[Point], shown: Sequence[int], top: float, captions: Captions) -> None:
    """Draw every poll: those in `shown` as a numbered disc, the others as a dot."""
    dots = [spot for place, spot in enumerate(spots) if place not in set(shown)]
    for dot in dots:
        axes.add_patch(Circle(dot, DOT, facecolor=SKY, edgecolor=CARD, linewidth=0.7, zorder=2.5))
    kept = [spots[place] for place in shown]
    for place, spot, disc in zip(shown, kept, apart(kept, _frame(top), dots), strict=True):
        _draw_disc(axes, spot, disc, captions.number(place + 1))


def _draw_disc(axes: Axes, spot: Point, disc: Point, number: str) -> None:
    """Draw a numbered disc; one that had to move aside is tied to its spot."""
    if spot != disc:
        axes.plot([spot[0], disc[0]], [spot[1], disc[1]], color=TEXT, linewidth=0.8, zorder=2)
        axes.add_patch(Circle(spot, 2, facecolor=TEXT, edgecolor="none", zorder=2))
    axes.add_patch(Circle(disc, DISC, facecolor=SKY, edgecolor=CARD, linewidth=1, zorder=3))
    axes.text(
        *disc,
        number,
        fontproperties=DISC_FONT if len(number) < THREE_DIGITS else FINE_FONT,
        color=DISC_INK,
        ha="center",
        va="center_baseline",
        parse_math=False,
        zorder=4,
    )


def _map_alternative(finding: str, polls: Sequence[EndedPoll], shown: Sequence[int], captions: Captions) -> str:
    """Say where each poll stands, those with a number first: where the text has to be cut, they are told."""
    others = [place for place in range(len(polls)) if place not in set(shown)]
    entries = [
        f"{place + 1}. "
        + _say(
            captions,
            "map.entry",
            title=captions.recommendation(polls[place].poll),
            consensus=captions.decimal(polls[place].measure(Order.CONSENSUS) or 0),
            division=captions.decimal(polls[place].measure(Order.DIVISION) or 0),
        )
        for place in (*shown, *others)
    ]
    return " ".join([finding, *(f"{entry}." for entry in entries)])


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
        rows.append(captions.pair(captions.turnout_row(row), ", ".join(told)))
    return f"{finding}. {captions.series(rows)}."


def _say(captions: Captions, phrase: str, **values: Any) -> str:
    return captions.phrases.text(phrase, captions.language, **values)

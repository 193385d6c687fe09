"""The whole consultation in pictures: every one the same bytes for the same data, with its words."""

import random
import re
from datetime import date
from itertools import combinations
from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Circle

from models.records import Position
from models.results import EndedPoll, Order, ordered
from models.tally import tally
from models.turnout import Turnout
from reports.drawing import ALTERNATIVE_LENGTH, shortened
from reports.overview_charts import (
    DISC,
    DOT,
    EXTREMES,
    MOST_THEMES,
    apart,
    map_chart,
    numbered,
    ranked_themes,
    themes_chart,
    turnout_chart,
)

FRAME = (0.0, 0.0, 360.0, 260.0)
inside = st.tuples(st.floats(10, 350), st.floats(10, 250))


@pytest.fixture
def ended(poll_titled):
    def many(number):
        return [
            EndedPoll(
                poll_titled(f"Question {one} " + "of many words " * 4), tally([("bakers", Position.SUPPORT, 10 + one)])
            )
            for one in range(number)
        ]

    return many


@pytest.fixture
def scattered(poll_titled):
    """Make many polls that lie all over the map, the highest consensus first."""

    def many(number):
        dice = random.Random(7)  # noqa: S311 - nothing is kept secret by it
        made = [
            EndedPoll(
                poll_titled(f"Question {one}"),
                tally(
                    [
                        (one, Position(answer), dice.randrange(30))
                        for one in ("bakers", "millers")
                        for answer in Position
                    ]
                ),
            )
            for one in range(number)
        ]
        return ordered(made, Order.CONSENSUS)

    return many


@settings(max_examples=50, deadline=None)
@given(st.lists(inside, max_size=30))
def test_every_number_on_the_map_is_readable_and_in_the_frame(spots):
    discs = apart(spots, FRAME)
    assert len(discs) == len(spots)
    assert all(DISC <= x <= 360 - DISC and DISC <= y <= 260 - DISC for x, y in discs)
    assert all(hypot(a[0] - b[0], a[1] - b[1]) >= 2 * DISC for a, b in combinations(discs, 2))


def test_a_spot_with_room_around_it_stays_where_it_is():
    assert apart([(50, 50), (200, 200)], FRAME) == [(50, 50), (200, 200)]


@pytest.mark.parametrize("number", [0, 1, 15, 45, 200])
def test_the_map_of_any_number_of_polls_is_drawn_with_its_words(ended, captions, number):
    chart = map_chart(ended(number), captions)
    assert chart.png() == map_chart(ended(number), captions).png()
    assert chart.alternative.startswith(chart.finding)
    for one in range(number):
        assert f"Question {one} " in chart.alternative
    if number == 1:
        assert chart.alternative.endswith("consensus 0.92, division 0.00.")


@pytest.mark.parametrize("number", [45, 200])
def test_a_map_of_many_polls_shows_every_one_and_numbers_those_that_stand_out(scattered, captions, number):
    polls = scattered(number)
    chart = map_chart(polls, captions)

    shown = numbered(polls)
    (axes,) = chart.figure.axes
    spots = [one for one in axes.patches if isinstance(one, Circle) and one.radius == DOT]
    discs = [one for one in axes.patches if isinstance(one, Circle) and one.radius == DISC]
    assert len(discs) == len(shown) <= 3 * EXTREMES
    assert len(spots) + len(discs) == number
    written = [one.get_text() for one in axes.texts]
    for place in shown:
        assert str(place + 1) in written
    assert f"{number - len(shown)} more votes are dots without a number" in written

    agreed, divided = re.findall("“(Question .*?)”", chart.finding)
    titles = [captions.recommendation(polls[place].poll) for place in shown]
    assert agreed in titles
    assert divided in titles
    assert all(places in shown for places in (0, number - 1))


def test_discs_leave_dots_uncovered_where_there_is_room():
    dots = [(float(x), 130.0) for x in range(20, 340, 10)]
    discs = apart([(180.0, 130.0)], FRAME, dots)
    assert all(hypot(discs[0][0] - x, discs[0][1] - y) > DISC + DOT for x, y in dots)


def test_discord_gets_those_first_that_stand_out(scattered, captions):
    chart = map_chart(scattered(200), captions)
    told = shortened(chart.alternative)
    assert len(told) <= ALTERNATIVE_LENGTH
    assert told.endswith(". …")
    assert "200. Question" in told


def test_in_french_a_space_stands_before_colons_and_semicolons(captions_in):
    told = themes_chart([("Gand", 4), ("Liège", 3)], [], captions_in("fr")).alternative
    assert "Gand\u00a0: 4\u00a0; Liège\u00a0: 3." in told


def test_turnout_adds_up_day_by_day(captions):
    turnout = Turnout(
        date(2030, 3, 1),
        date(2030, 3, 8),
        {"bakers": {date(2030, 3, 2): 5, date(2030, 3, 8): 7}, None: {date(2030, 3, 8): 3}},
    )
    chart = turnout_chart(turnout, captions)
    assert "Bakers of bread: 2 Mar 2030 5, 8 Mar 2030 12" in chart.alternative
    assert "Votes that show no segments: 8 Mar 2030 3" in chart.alternative
    assert chart.png().startswith(b"\x89PNG")


def test_turnout_of_nobody_is_a_sentence(captions):
    assert turnout_chart(None, captions).alternative == "Nobody voted"


def test_themes_past_the_twelfth_are_one(captions):
    themes = [(f"Theme {number:02}", 30 - number) for number in range(20)]
    ranked = ranked_themes([*themes, ("Nothing", 0)], captions)
    assert len(ranked) == MOST_THEMES + 1
    assert ranked[-1] == ("8 other subjects", sum(30 - number for number in range(12, 20)))
    assert sum(number for _label, number in ranked) == sum(number for _label, number in themes)
    chart = themes_chart(themes, [("Dust", 3)], captions)
    assert "Theme 00: 30" in chart.alternative
    assert "Written contributions by the moderators' themes: Dust: 3." in chart.alternative
    assert chart.png().startswith(b"\x89PNG")


def test_without_feedback_there_is_a_sentence(captions):
    assert themes_chart([], [], captions).alternative == "No feedback yet"

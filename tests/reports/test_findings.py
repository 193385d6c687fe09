"""The sentence over a picture: what it says follows from the published numbers alone."""

from dataclasses import replace
from datetime import date

import pytest

from models.records import BallotPaper, Option, PollKind, Position
from models.results import EndedPoll
from models.tally import tally
from models.turnout import Turnout
from reports.findings import map_finding, result_finding, themes_finding, turnout_finding
from tests.counting import tallied

YES, FINE, NO, PASS = Position


@pytest.mark.parametrize(
    ("counts", "finding"),
    [
        ([], "Nobody voted"),
        ([("bakers", YES, 9)], "Only 9 ballots: too few to tell much"),
        ([("bakers", YES, 6), ("millers", FINE, 6)], "In every segment shown, most support it or can live with it"),
        ([("bakers", NO, 6), ("millers", NO, 6)], "In every segment shown, most object"),
        (
            [("bakers", YES, 6), ("millers", NO, 6)],
            "Segments differ: most for it in “Bakers of bread”, most against it in “Millers”",
        ),
        ([("bakers", YES, 6), ("millers", PASS, 6)], "50% support it or can live with it, 0% object"),
        ([("bakers", YES, 6), ("millers", NO, 4)], "60% support it or can live with it, 40% object"),
    ],
)
def test_a_result_is_summed_up_as_it_is(poll, captions, counts, finding):
    assert result_finding(poll, tally(counts), captions) == finding


def test_half_is_not_most(poll, captions):
    even = [("bakers", YES, 5), ("bakers", NO, 5), ("millers", YES, 5), ("millers", NO, 5)]
    assert result_finding(poll, tally(even), captions) == "50% support it or can live with it, 50% object"


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ({"a": 9}, "Only 9 ballots: too few to tell much"),
        ({"a": 9, "b": 1}, "First place: Rye"),
        ({"a": 5, "b": 5}, "2 options share the first place"),
    ],
)
def test_of_options_the_first_is_named_and_a_tie_is_a_tie(poll, captions, answers, finding):
    paper = BallotPaper(PollKind.SINGLE, (Option("a", {"en": "Rye"}), Option("b", {"en": "Oats"})))
    result = tallied([("bakers", answer, number) for answer, number in answers.items()], paper)
    assert result_finding(replace(poll, paper=paper), result, captions) == finding


def test_the_map_names_what_is_agreed_on_and_what_divides(poll_titled, captions):
    def ended(title, *counts):
        return EndedPoll(poll_titled(title), tally(counts))

    agreed, split = ended("Rye", ("bakers", YES, 20)), ended("Oats", ("bakers", YES, 10), ("bakers", NO, 10))
    few = ended("Wheat", ("bakers", YES, 9))
    assert map_finding([], captions) == "No vote on positions has a result yet"
    assert map_finding([few], captions) == "No vote has 10 ballots yet: too few to compare"
    assert map_finding([agreed], captions) == "Only one vote on positions so far: “Rye”"
    assert map_finding([few, split, agreed], captions) == "Most agreed on: “Rye”. Most divided over: “Oats”."


def test_turnout_names_nobody_where_it_cannot_know(captions):
    day, end = date(2030, 3, 1), date(2030, 3, 8)

    def finding(**rows):
        return turnout_finding(
            Turnout(day, end, {None if row == "none" else row: by for row, by in rows.items()}), captions
        )

    assert turnout_finding(None, captions) == "Nobody voted"
    assert finding(bakers={end: 6}) == "6 ballots counted; too few a day to show when they were cast"
    assert finding(bakers={day: 6}) == "6 ballots counted"
    assert finding(bakers={day: 6}, other={day: 9}) == "15 ballots counted"
    assert finding(bakers={day: 6}, millers={day: 6}) == "12 ballots counted"
    assert (
        finding(bakers={day: 6}, millers={day: 7}, none={end: 30})
        == "43 ballots counted; of the segments shown, “Millers” cast the most"
    )


@pytest.mark.parametrize(
    ("themes", "finding"),
    [
        ([], "No feedback yet"),
        ([("Rye", 1)], "Only 1 contribution so far"),
        ([("Rye", 10)], "10 contributions"),
        ([("Rye", 10), ("Oats", 10)], "20 contributions"),
        ([("Rye", 10), ("Oats", 2)], "Most feedback was given on “Rye”: 10 of 12 contributions"),
    ],
)
def test_the_theme_with_most_feedback_is_named_where_there_is_one(captions, themes, finding):
    assert themes_finding(themes, captions) == finding

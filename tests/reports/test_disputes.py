"""What is said of disputes follows from the published numbers alone."""

from dataclasses import replace

import pytest

from cogs.ui.texts import captions as captions_of
from content.catalogue import Catalogue
from models.records import BallotPaper, Option, PollKind, Position
from models.tally import tally
from reports.captions import Captions
from reports.disputes import disputes
from tests.cogs.test_voting import phrase
from tests.counting import tallied

YES, FINE, NO, PASS = Position
OPTIONS = (Option("a", {"en": "Rye"}), Option("b", {"en": "Oats"}), Option("c", {"en": "Spelt"}))


@pytest.fixture
def captions(catalogue: Catalogue) -> Captions:
    return replace(captions_of(catalogue, "en"), segments={"bakers": "Bakers", "millers": "Millers"})


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([], [phrase("plan.dispute_unknown", count=0)]),
        ([("bakers", NO, 9)], [phrase("plan.dispute_unknown", count=9)]),
        ([("bakers", YES, 6), ("millers", PASS, 6)], [phrase("plan.not_disputed")]),
        (
            [("bakers", YES, 6), ("millers", NO, 6)],
            [
                phrase("plan.disputed_between", agree="Bakers", object="Millers"),
                phrase("plan.disputed_by", count=6, number="6", all="12"),
                "Objections by segment: Millers 6 of 6.",
            ],
        ),
        (
            [("bakers", YES, 10), ("bakers", NO, 1), ("millers", FINE, 5), ("millers", NO, 1)],
            ["2 of 17 ballots object.", "Objections by segment: Millers 1 of 6; Bakers 1 of 11."],
        ),
        # Where no segments are published, none is named.
        ([("bakers", YES, 10), ("millers", NO, 4)], ["4 of 14 ballots object."]),
    ],
)
def test_of_positions_it_is_said_who_objects_as_far_as_it_may_be(poll, captions, counts, told):
    assert disputes(poll, tally(counts), captions) == told


def test_half_of_a_segment_is_not_more_than_half(poll, captions):
    even = [("bakers", YES, 5), ("bakers", NO, 5), ("millers", YES, 6)]
    assert not any("disputed" in line for line in disputes(poll, tally(even), captions))


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([("bakers", "a", 9)], [phrase("plan.dispute_unknown", count=9)]),
        (
            [("bakers", "a", 6), ("millers", "b", 6)],
            [
                phrase("plan.first_differs", segments="Bakers: Rye; Millers: Oats"),
                phrase("plan.no_majority", option="Rye, Oats", number="6", all="12"),
            ],
        ),
        (
            [("bakers", "a", 6), ("millers", "a", 6)],
            [phrase("plan.first_same", option="Rye"), phrase("plan.majority", option="Rye", number="12", all="12")],
        ),
        (
            [("bakers", "a", 6), ("bakers", "b", 6)],
            [phrase("plan.no_majority", option="Rye, Oats", number="6", all="12")],
        ),
    ],
)
def test_of_options_it_is_said_whether_segments_put_the_same_first(poll, captions, counts, told):
    paper = BallotPaper(PollKind.SINGLE, OPTIONS)
    assert disputes(replace(poll, paper=paper), tallied(counts, paper), captions) == told


def test_priorities_know_no_majority(poll, captions):
    paper = BallotPaper(PollKind.PRIORITIES, OPTIONS, 2)
    asked = replace(poll, paper=paper)
    assert disputes(asked, tallied([("bakers", "ab", 12)], paper), captions) == [phrase("plan.points_alone")]
    both = tallied([("bakers", "ab", 12), ("millers", "ac", 5)], paper)
    assert disputes(asked, both, captions) == [phrase("plan.first_same", option="Rye")]

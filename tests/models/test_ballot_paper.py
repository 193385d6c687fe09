"""What a ballot may say, and how options are counted: examples by hand, and what holds for every count."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ballot_paper
from models.errors import ConsultationError
from models.records import POSITIONS, BallotPaper, PollKind, Position, ReasonPolicy
from models.tally import OTHER
from tests.counting import count, tallied

TITLES = ["Trains", "Trams", "Buses", "Bicycles", "Ferries"]
OPTIONS = ballot_paper.options([{"en": title} for title in TITLES])
SINGLE = BallotPaper(PollKind.SINGLE, OPTIONS)
SEVERAL = BallotPaper(PollKind.SEVERAL, OPTIONS, most_choices=2)
PRIORITIES = BallotPaper(PollKind.PRIORITIES, OPTIONS, most_choices=3)

segments = st.sampled_from(["academia", "hospitals", "industry", "regulators"])
answers = st.lists(st.sampled_from("abcde"), min_size=1, max_size=3, unique=True).map("".join)
cast = st.lists(st.tuples(segments, answers), max_size=60)


def counted(ballots):
    return [(segment, answer, number) for (segment, answer), number in Counter(ballots).items()]


def refusal(paper, chosen):
    with pytest.raises(ConsultationError) as error:
        ballot_paper.answer(paper, chosen)
    return error.value.phrase


def test_a_position_is_its_own_answer():
    assert ballot_paper.answer(POSITIONS, ["accept"]) == "accept"
    assert ballot_paper.chosen(POSITIONS, "accept") == ("accept",)


def test_several_choices_are_one_answer_whatever_their_order():
    assert ballot_paper.answer(SEVERAL, ["c", "a"]) == ballot_paper.answer(SEVERAL, ["a", "c"]) == "ac"


def test_priorities_keep_their_order():
    assert ballot_paper.answer(PRIORITIES, ["c", "a", "e"]) == "cae"
    assert ballot_paper.chosen(PRIORITIES, "cae") == ("c", "a", "e")


@pytest.mark.parametrize("paper", [POSITIONS, SINGLE, SEVERAL, PRIORITIES], ids=lambda paper: paper.kind)
def test_what_is_not_on_the_ballot_paper_is_no_answer(paper):
    assert refusal(paper, []) == "vote.nothing_chosen"
    assert refusal(paper, ["z"]) == "error.leads_nowhere"
    first = paper.keys[0]
    assert refusal(paper, [first, first]) == "vote.chosen_twice"
    assert refusal(paper, paper.keys) == "vote.too_many"


@pytest.mark.parametrize("number", [0, 1, 26])
def test_a_ballot_paper_needs_two_to_twenty_five_options(number):
    with pytest.raises(ConsultationError, match="options_number"):
        ballot_paper.require_valid(
            BallotPaper(PollKind.SINGLE, ballot_paper.options([{"en": str(one)} for one in range(number)]))
        )


def test_two_options_may_not_read_the_same_in_any_language():
    alike = ballot_paper.options([{"en": "Yes", "fr": "Oui"}, {"en": "No", "fr": " oui"}])
    with pytest.raises(ConsultationError, match="options_alike"):
        ballot_paper.require_valid(BallotPaper(PollKind.SINGLE, alike))


def test_twenty_five_options_have_a_letter_each():
    keys = [option.key for option in ballot_paper.options([{"en": str(one)} for one in range(25)])]
    assert len(set(keys)) == 25
    assert all(len(key) == 1 for key in keys)


def test_an_objection_needs_its_reason_where_no_other_answer_does():
    assert ballot_paper.reason_policy(POSITIONS, Position.OBJECT) is ReasonPolicy.REQUIRED
    assert ballot_paper.reason_policy(POSITIONS, Position.SUPPORT) is ReasonPolicy.OFF
    assert ballot_paper.reason_policy(BallotPaper(reasons=ReasonPolicy.OPTIONAL), "pass") is ReasonPolicy.OPTIONAL


def test_priorities_are_counted_by_borda():
    counts = count({"abc": 2, "ba": 1, "e": 1}, PRIORITIES)

    assert counts.points == {"a": 2 * 3 + 2, "b": 2 * 2 + 3, "c": 2 * 1, "d": 0, "e": 3}
    assert counts.chosen == {"a": 3, "b": 3, "c": 2, "d": 0, "e": 1}
    assert counts.ranking == ("a", "b", "e", "c", "d")
    assert counts.ballots == 4


def test_of_several_choices_each_counts_once():
    counts = count({"ab": 2, "b": 3}, SEVERAL)

    assert counts.chosen == counts.points == {"a": 2, "b": 5, "c": 0, "d": 0, "e": 0}
    assert counts.ballots == 5


def test_small_segments_are_merged_as_for_positions():
    result = tallied([("industry", "a", 6), ("academia", "b", 3), ("hospitals", "a", 2)], SINGLE)

    assert [(row.segment, row.counts.ballots) for row in result.segments] == [("industry", 6), (OTHER, 5)]
    assert result.labels == {"industry": "industry", "academia": OTHER, "hospitals": OTHER}


def test_where_the_rest_is_under_five_no_segment_is_shown():
    assert tallied([("industry", "a", 6), ("academia", "b", 4)], SINGLE).segments == ()


@given(cast, st.randoms())
def test_the_count_does_not_depend_on_the_order_of_the_ballots(ballots, chance):
    shuffled = list(ballots)
    chance.shuffle(shuffled)

    assert tallied(counted(ballots), PRIORITIES) == tallied(counted(shuffled), PRIORITIES)


@given(cast, answers)
def test_one_ballot_more_adds_to_what_it_names_and_to_nothing_else(ballots, answer):
    before = tallied(counted(ballots), PRIORITIES).total
    after = tallied(counted([*ballots, ("industry", answer)]), PRIORITIES).total

    assert after.ballots == before.ballots + 1
    for key in PRIORITIES.keys:
        assert after.chosen[key] - before.chosen[key] == (key in answer)
        assert after.points[key] - before.points[key] == (3 - answer.index(key) if key in answer else 0)


@given(cast)
def test_no_published_row_is_smaller_than_five_and_the_rows_add_up(ballots):
    result = tallied(counted(ballots), PRIORITIES)

    assert all(row.counts.ballots >= 5 for row in result.segments)
    if result.segments:
        for key in PRIORITIES.keys:
            assert sum(row.counts.chosen[key] for row in result.segments) == result.total.chosen[key]

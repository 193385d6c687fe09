"""Counting, merging and consensus: examples by hand, and what holds for every count."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import Position, Quorum
from models.tally import (
    OTHER,
    SMALLEST_SEGMENT,
    PositionCounts,
    Result,
    SegmentQuorum,
    SegmentRow,
    consensus,
    heads_needed,
    quorum_outcome,
    tally,
    told_parts,
)

Triple = tuple[str, Position, int]

positions = st.sampled_from(Position)
segments = st.sampled_from(["academia", "federations", "hospitals", "industry", "regulators", OTHER])
cast = st.lists(st.tuples(segments, positions), max_size=60)


def counted(ballots: list[tuple[str, Position]]) -> list[Triple]:
    return [(segment, position, number) for (segment, position), number in Counter(ballots).items()]


def test_ballots_are_counted_by_segment_and_position():
    result = tally(
        [
            ("industry", Position.SUPPORT, 4),
            ("industry", Position.OBJECT, 2),
            ("academia", Position.ACCEPT, 5),
            ("academia", Position.PASS, 1),
        ]
    )

    assert result.total == PositionCounts(support=4, accept=5, object=2, pass_=1)
    assert result.segments == (
        SegmentRow("academia", PositionCounts(accept=5, pass_=1)),
        SegmentRow("industry", PositionCounts(support=4, object=2)),
    )
    assert result.consensus == pytest.approx((5 + 1) / (6 + 2) * (4 + 1) / (6 + 2))


def test_those_who_can_live_with_it_agree_and_those_who_pass_do_not():
    counts = PositionCounts(support=1, accept=2, object=4, pass_=8)

    assert counts.agreeing == 3
    assert counts.ballots == 15
    assert [counts.of(position) for position in Position] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([PositionCounts(support=8)], 9 / 10),
        ([PositionCounts(object=8)], 1 / 10),
        ([PositionCounts(support=3, accept=3), PositionCounts(object=6)], 7 / 8 * 1 / 8),
        ([PositionCounts(pass_=6)], 1 / 8),
        ([PositionCounts()], 1 / 2),
    ],
    ids=["all agree", "all object", "one segment agrees and one objects", "all pass", "nobody"],
)
def test_consensus_is_the_product_of_smoothed_agreement(groups, expected):
    assert consensus(groups) == pytest.approx(expected)


def test_small_segments_are_merged_into_other_which_stands_last():
    result = tally(
        [
            ("zoology", Position.SUPPORT, 5),
            ("academia", Position.SUPPORT, 4),
            ("industry", Position.OBJECT, 1),
        ]
    )

    assert [(row.segment, row.counts.ballots) for row in result.segments] == [("zoology", 5), (OTHER, 5)]
    assert result.labels == {"zoology": "zoology", "academia": OTHER, "industry": OTHER}


def test_no_table_is_published_where_its_one_row_would_be_everybody():
    result = tally([("academia", Position.SUPPORT, 4), ("industry", Position.OBJECT, 3)])

    assert result.segments == ()
    assert set(result.labels.values()) == {None}


def test_no_segment_is_published_where_the_merged_ones_stay_under_five():
    result = tally([("academia", Position.SUPPORT, 9), ("industry", Position.OBJECT, 4)])

    assert result.segments == ()
    assert set(result.labels.values()) == {None}
    assert result.total.ballots == 13
    assert result.consensus == pytest.approx((9 + 1) / (13 + 2))


def test_a_poll_without_ballots_has_no_consensus():
    assert tally([]) == Result(PositionCounts(), (), None, {})


@given(cast, st.randoms(use_true_random=False))
def test_the_order_of_the_counts_changes_nothing(ballots, random):
    triples = counted(ballots)
    shuffled = random.sample(triples, len(triples))

    assert tally(shuffled) == tally(triples)


@given(cast)
def test_counts_may_come_in_pieces(ballots):
    assert tally((segment, position, 1) for segment, position in ballots) == tally(counted(ballots))


@given(cast, segments, positions)
def test_one_ballot_more_is_one_ballot_more_in_the_total(ballots, segment, position):
    before = tally(counted(ballots)).total
    after = tally(counted([*ballots, (segment, position)])).total

    assert after.of(position) == before.of(position) + 1
    assert after.ballots == before.ballots + 1 == len(ballots) + 1


@given(cast)
def test_no_published_segment_has_fewer_than_five_ballots(ballots):
    assert all(row.counts.ballots >= SMALLEST_SEGMENT for row in tally(counted(ballots)).segments)


@given(cast)
def test_subtracting_what_is_published_from_the_total_leaves_nothing(ballots):
    result = tally(counted(ballots))

    if result.segments:
        assert sum((row.counts for row in result.segments), PositionCounts()) == result.total


@given(cast)
def test_every_segment_that_voted_has_one_published_row_or_none_has(ballots):
    result = tally(counted(ballots))
    rows = {row.segment for row in result.segments}

    assert set(result.labels) == {segment for segment, _ in ballots}
    assert set(result.labels.values()) in ([rows, set()] if rows or not ballots else [{None}])


@given(cast)
def test_consensus_is_taken_over_what_is_published_and_lies_between_0_and_1(ballots):
    result = tally(counted(ballots))

    if result.consensus is None:
        assert not ballots
    else:
        published = [row.counts for row in result.segments] or [result.total]
        assert result.consensus == pytest.approx(consensus(published))
        assert 0 < result.consensus < 1


@given(cast, segments)
def test_agreeing_instead_of_objecting_never_lowers_consensus(ballots, segment):
    objecting = tally(counted([*ballots, (segment, Position.OBJECT)])).consensus
    agreeing = tally(counted([*ballots, (segment, Position.ACCEPT)])).consensus

    assert objecting is not None
    assert agreeing is not None
    assert agreeing > objecting


@given(cast)
def test_the_rows_are_in_alphabetical_order_with_other_at_the_end(ballots):
    names = [row.segment for row in tally(counted(ballots)).segments]

    assert OTHER not in names[:-1]
    assert all(one < another for one, another in pairwise(name for name in names if name != OTHER))


# Quorum


quorums = st.builds(
    Quorum,
    heads=st.integers(0, 80),
    share=st.integers(0, 100),
    expected=st.dictionaries(segments, st.integers(0, 60)),
)


@pytest.mark.parametrize(
    ("expected", "share", "needed"), [(10, 50, 5), (11, 50, 6), (1, 1, 1), (3, 100, 3), (100, 29, 29), (0, 50, 0)]
)
def test_a_share_of_heads_is_rounded_up(expected, share, needed):
    assert heads_needed(expected, share) == needed


@given(st.integers(0, 10**6), st.integers(0, 100))
def test_the_heads_needed_are_the_fewest_that_make_the_share(expected, share):
    needed = heads_needed(expected, share)

    assert needed * 100 >= expected * share
    assert needed == 0 or (needed - 1) * 100 < expected * share


def test_a_quorum_is_told_over_all_and_by_published_segment():
    result = tally([("academia", Position.PASS, 6), ("industry", Position.OBJECT, 6)])

    outcome = quorum_outcome(result, Quorum(12, 60, {"academia": 10, "hospitals": 4, "industry": 11}))

    assert (outcome.needed, outcome.reached) == (12, True)
    assert outcome.segments == (
        SegmentQuorum("academia", 6, reached=True),
        SegmentQuorum("hospitals", 3, reached=None),
        SegmentQuorum("industry", 7, reached=False),
    )


def test_a_share_counts_over_all_too_rounded_up_unless_a_number_is_asked_for():
    expected = {"academia": 10, "hospitals": 5, "industry": 3}
    ten, eleven = (tally([("academia", Position.SUPPORT, number)]) for number in (10, 11))

    assert quorum_outcome(ten, Quorum(0, 60, expected)).reached is False
    assert quorum_outcome(eleven, Quorum(0, 60, expected)).reached is True
    assert quorum_outcome(ten, Quorum(0, 60, expected)).needed == 11
    assert quorum_outcome(ten, Quorum(2, 60, expected)).needed == 2


@given(cast, quorums)
def test_no_number_over_all_and_no_share_ask_for_nothing(ballots, quorum):
    result = tally(counted(ballots))

    assert quorum_outcome(result, Quorum()).reached is None
    assert quorum_outcome(result, Quorum(quorum.heads, 0, quorum.expected)).segments == ()


@given(cast, quorums)
def test_a_segment_s_quorum_is_told_just_where_the_segment_is_published(ballots, quorum):
    result = tally(counted(ballots))
    shown = {row.segment: row.counts.ballots for row in result.segments if row.segment != OTHER}

    for one in quorum_outcome(result, quorum).segments:
        assert (one.reached is not None) == (one.segment in shown)
        if one.reached is not None:
            assert one.reached == (shown[one.segment] >= one.needed)
            assert shown[one.segment] >= SMALLEST_SEGMENT


@given(cast, quorums, st.randoms(use_true_random=False))
def test_quorums_tell_nothing_that_the_published_result_does_not(ballots, quorum, random):
    """Whatever segments those who are merged or withheld speak for, the outcome is the same."""
    result = tally(counted(ballots))
    shown = {row.segment for row in result.segments if row.segment != OTHER}
    hidden = [segment for segment, _ in ballots if segment not in shown]
    random.shuffle(hidden)
    others = iter(hidden)
    shuffled = tally(
        counted([(segment if segment in shown else next(others), position) for segment, position in ballots])
    )

    if (shuffled.total, shuffled.segments) == (result.total, result.segments):
        assert quorum_outcome(shuffled, quorum) == quorum_outcome(result, quorum)


@given(cast, quorums, segments, positions)
def test_one_ballot_more_never_loses_the_quorum_over_all(ballots, quorum, segment, position):
    before = quorum_outcome(tally(counted(ballots)), quorum)
    after = quorum_outcome(tally(counted([*ballots, (segment, position)])), quorum)

    assert not before.reached or after.reached


@given(st.dictionaries(st.integers(min_value=0, max_value=30), st.integers(min_value=1, max_value=12), max_size=12))
def test_the_parts_of_a_row_that_are_told_leave_nobody_alone_without_one(ballots):
    told = told_parts(ballots)

    assert all(ballots[part] >= SMALLEST_SEGMENT for part in told)
    untold = sum(number for part, number in ballots.items() if part not in told)
    assert untold == 0 or untold >= SMALLEST_SEGMENT or not told


def test_the_hour_of_the_smallest_crowd_hides_who_voted_alone():
    assert told_parts({9: 5, 10: 8, 15: 1}) == {10}
    assert told_parts({9: 5, 10: 8}) == {9, 10}
    assert told_parts({9: 5, 15: 1}) == set()

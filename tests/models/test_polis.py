"""Whoever has every file of the record tries to find how a small segment voted."""

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import polis, polls
from models.polis import groups_of, voter_ids
from models.records import Ballot, Position
from models.tally import OTHER, SMALLEST_SEGMENT, tally

SEGMENTS = ("academia", "care", "industry", "investors")
PERSON = 812_345_678_901_234_567

# For each poll, by person, the segment they declared then and their position; not everybody votes in every poll.
BALLOTS = st.lists(
    st.dictionaries(
        st.integers(0, 30), st.tuples(st.sampled_from(SEGMENTS), st.sampled_from(list(Position))), max_size=31
    ),
    min_size=2,
    max_size=5,
)


def counted(ballots):
    return tally((segment, position, 1) for segment, position in ballots.values())


def seal(person):
    return person.to_bytes(24, "big")


def linked_as_we_do(ballots, results):
    """Return (id, row, poll, position) of every vote, as the files of the record tell it."""
    for number, (cast, result) in enumerate(zip(ballots, results, strict=True)):
        rows = [row.segment for row in result.segments]
        for person, (segment, position) in cast.items():
            label = result.labels[segment]
            (name,) = voter_ids([seal(person)], label, rows, "declared").tolist()
            yield name, label, number, position


def linked_by_one_id(ballots, results):
    """Return the same as a set would that followed everybody through every poll."""
    for number, (cast, result) in enumerate(zip(ballots, results, strict=True)):
        for person, (segment, position) in cast.items():
            yield person, result.labels[segment], number, position


def small_segments_found(votes, results):
    """Attack: name every id that some file puts into a segment's row, then count those ids in every other poll.

    What stands in no row, or in the merged one, is learnt in two ways: the id is told with another row elsewhere, or
    all votes that took its position in some poll stand in one row. Returns the (poll, segment) pairs of which fewer
    than five ballots were found that the poll itself does not publish.
    """
    votes = list(votes)
    segments = defaultdict(set)
    by_position = defaultdict(set)
    for name, row, poll, position in votes:
        by_position[poll, position].add(row)
        if row not in {None, OTHER}:
            segments[name].add(row)
    for name, _, poll, position in votes:
        rows = by_position[poll, position]
        if len(rows) == 1 and not rows & {None, OTHER}:
            segments[name] |= rows
    found: Counter[tuple[int, str]] = Counter()
    for name, _, poll, _ in votes:
        for segment in segments[name]:
            found[poll, segment] += 1
    published = {(poll, row.segment) for poll, result in enumerate(results) for row in result.segments}
    return {pair for pair, number in found.items() if number < SMALLEST_SEGMENT or pair not in published}


def followed():
    """Two polls: the first publishes the investors, the second merges them with care."""
    first = dict.fromkeys(range(5), ("investors", Position.OBJECT))
    first |= dict.fromkeys(range(5, 12), ("industry", Position.SUPPORT))
    second = dict.fromkeys(range(3), ("investors", Position.SUPPORT))
    second |= dict.fromkeys(range(5, 12), ("industry", Position.SUPPORT))
    second |= dict.fromkeys(range(20, 24), ("care", Position.PASS))
    return [first, second]


def test_the_attack_finds_a_small_segment_where_one_id_is_followed_through_all_polls():
    ballots = followed()
    results = [counted(one) for one in ballots]
    assert small_segments_found(linked_by_one_id(ballots, results), results) == {(1, "investors")}
    assert small_segments_found(linked_as_we_do(ballots, results), results) == set()


@given(BALLOTS)
def test_the_attack_finds_nothing_in_the_files(ballots):
    results = [counted(one) for one in ballots]
    assert small_segments_found(linked_as_we_do(ballots, results), results) == set()


@given(BALLOTS)
def test_by_row_the_votes_are_those_that_each_poll_publishes(ballots):
    results = [counted(one) for one in ballots]
    votes = Counter((poll, row) for _, row, poll, _ in linked_as_we_do(ballots, results) if row is not None)
    assert votes == {
        (n, row.segment): row.counts.ballots for n, result in enumerate(results) for row in result.segments
    }


@given(BALLOTS, st.data())
def test_a_smaller_export_has_the_same_ids(ballots, data):
    results = [counted(one) for one in ballots]
    chosen = data.draw(st.sets(st.sampled_from(range(len(ballots)))))
    every = {vote for vote in linked_as_we_do(ballots, results) if vote[2] in chosen}
    fewer = [
        (name, row, sorted(chosen)[number], position)
        for name, row, number, position in linked_as_we_do(
            [ballots[number] for number in sorted(chosen)], [results[number] for number in sorted(chosen)]
        )
    ]
    assert set(fewer) == every


def test_an_id_is_a_number_that_every_program_reads_exactly():
    ids = voter_ids([seal(person) for person in range(1_000)], "industry", ["industry"], "declared")
    assert len(set(ids.tolist())) == 1_000
    assert max(ids) < 2**53


async def cast_all(box, poll, ballots):
    await asyncio.gather(*(box.cast(Ballot(poll.id, PERSON + person, *ballot)) for person, ballot in ballots.items()))


@pytest.fixture
async def held(store, box, consultation, wording):
    """Two polls of the same rows and one of others, ended; the third person declares another segment in between."""
    ended = []
    first = dict.fromkeys(range(6), ("industry", Position.SUPPORT))
    first |= dict.fromkeys(range(6, 12), ("academia", Position.OBJECT))
    second = first | {2: ("academia", Position.PASS)}
    for number, ballots in enumerate((first, second, followed()[1])):
        async with store.write() as session:
            poll = await polls.open_poll(session, consultation, f"subject-{number}", "research", wording, None)
        await cast_all(box, poll, ballots)
        async with store.write() as session:
            ended.append(await polls.end(session, poll.id, "Settled elsewhere."))
    return ended


async def voters_of(store, ended):
    async with store.read() as session:
        comments = await polis.comments_of(session, ended)
        return comments, list(await polis.voters(session, comments)), polis.people(comments)


async def test_voters_are_followed_over_polls_of_the_same_rows_alone(store, held):
    comments, voters, people = await voters_of(store, held)

    assert people == 14, "the largest number of ballots in one poll"
    assert groups_of(comments) == ["academia", "industry", OTHER]
    polls_of_a_voter = Counter(tuple(sorted(voter.votes)) for voter in voters)
    one, two, three = (poll.id for poll in held)
    # Who declared another segment is two voters of one vote each.
    assert polls_of_a_voter == {(one, two): 11, (one,): 1, (two,): 1, (three,): 14}
    assert [voter.id for voter in voters] == sorted(voter.id for voter in voters)


async def test_the_votes_of_voters_add_up_to_what_is_published(store, held):
    comments, voters, _ = await voters_of(store, held)
    for comment in comments:
        its = [voter for voter in voters if comment.poll.id in voter.votes]
        cast = Counter(voter.votes[comment.poll.id] for voter in its)
        total = comment.result.total
        assert (cast[1], cast[0], cast[-1]) == (total.agreeing, total.pass_, total.object)
        assert Counter(voter.group for voter in its) == {
            row.segment: row.counts.ballots for row in comment.result.segments
        }


async def test_nobody_is_a_voter_where_nobody_voted(store):
    assert await voters_of(store, []) == ([], [], 0)


def test_a_vote_has_the_number_that_polis_gives_it():
    assert {position: polis.VOTES[position] for position in Position} == {
        Position.SUPPORT: 1,
        Position.ACCEPT: 1,
        Position.PASS: 0,
        Position.OBJECT: -1,
    }

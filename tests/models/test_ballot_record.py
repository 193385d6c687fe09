"""Ballots one by one: what of them the record tells, and in which order."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ballot_record, polls
from models.ballot_record import pseudonym_salt, recorded_ballots
from models.records import Ballot, BallotPaper, Option, PollKind, Position
from models.sealing import Purpose, pseudonym, pseudonym_numbers, pseudonyms

PERSON = 812_345_678_901_234_567
OPTIONS = BallotPaper(PollKind.PRIORITIES, tuple(Option(key, {"en": f"Option {key}"}) for key in "abc"), most_choices=3)


async def cast_all(box, poll, ballots):
    """Cast `(segment, answer)` ballots of as many people."""
    await asyncio.gather(
        *(box.cast(Ballot(poll.id, PERSON + number, *ballot)) for number, ballot in enumerate(ballots))
    )


async def record_of(store, poll):
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Settled elsewhere.")
    async with store.read() as session:
        return [ballot for block in await recorded_ballots(session, ended) for ballot in block]


def hour_of(clock):
    return f"{clock():%Y-%m-%dT%H}:00:00Z"


async def test_small_segments_are_merged_and_times_told_to_the_hour(store, box, poll, clock):
    await cast_all(
        box,
        poll,
        [("industry", Position.SUPPORT)] * 5 + [("academia", Position.OBJECT)] * 3 + [("care", Position.PASS)] * 2,
    )
    record = await record_of(store, poll)

    assert Counter(segment for _, _, _, segment, _, _ in record) == {"industry": 5, "other": 5}
    assert {hour for *_, hour in record} == {hour_of(clock)}
    assert {ballot[:2] for ballot in record} == {(poll.id, "shared-data")}
    assert len({name for _, _, name, *_ in record}) == 10


async def test_no_hour_is_told_that_too_few_ballots_of_a_segment_share(store, box, poll, clock):
    first_hour = hour_of(clock)
    await cast_all(box, poll, [("industry", Position.SUPPORT)] * 5 + [("academia", Position.OBJECT)] * 4)
    clock.advance(hours=1)
    await box.cast(Ballot(poll.id, 500, "academia", Position.PASS))

    record = await record_of(store, poll)

    assert Counter((segment, hour) for _, _, _, segment, _, hour in record) == {
        ("industry", first_hour): 5,
        ("academia", None): 5,
    }


async def test_no_segment_is_named_where_the_poll_publishes_none(store, box, poll):
    await cast_all(box, poll, [("industry", Position.SUPPORT)] * 7 + [("care", Position.OBJECT)])
    assert {segment for _, _, _, segment, _, _ in await record_of(store, poll)} == {None}


async def test_priorities_keep_their_order(store, box, consultation, wording):
    async with store.write() as session:
        poll = await polls.open_poll(session, consultation, None, "research", wording, None, paper=OPTIONS)
    await cast_all(box, poll, [("industry", "ba"), ("industry", "abc")])
    assert sorted(answer for _, _, _, _, answer, _ in await record_of(store, poll)) == ["a b c", "b a"]


@pytest.mark.parametrize("worth", [ballot_record.WORTH_A_SCAN, 0])
@pytest.mark.parametrize("size", [2, 10_000])
async def test_the_order_is_that_of_the_pseudonyms_whatever_is_read_at_a_time(
    store, box, poll, monkeypatch, worth, size
):
    monkeypatch.setattr(ballot_record, "BLOCK", size)
    monkeypatch.setattr(ballot_record, "WORTH_A_SCAN", worth)
    await cast_all(box, poll, [("industry", position) for position in (*Position, *Position)])

    record = await record_of(store, poll)

    names = [name for _, _, name, *_ in record]
    seals = [store.sealer.seal(Purpose.BALLOT, PERSON + number, poll.consultation_id) for number in range(8)]
    async with store.read() as session:
        scope = f"poll {poll.id} {await pseudonym_salt(session, poll.consultation_id)}"
    digests = {pseudonym(seal, scope): pseudonym_numbers([seal], scope)[0] for seal in seals}
    assert set(names) == set(digests)
    assert names == sorted(names, key=digests.__getitem__)
    assert Counter(answer for _, _, _, _, answer, _ in record) == dict.fromkeys(Position, 2)


@given(st.lists(st.binary(min_size=24, max_size=24), min_size=1, max_size=50), st.text(max_size=20))
def test_many_pseudonyms_are_those_of_each_seal(seals, scope):
    assert pseudonyms(pseudonym_numbers(seals, scope)) == [pseudonym(seal, scope) for seal in seals]

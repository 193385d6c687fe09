"""The one writer of ballots: what counts, what is refused, and what many at once or a failing store do to it."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

import models.store
from models import ballot_box, consultations, group_commit, polls
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.records import Ballot, CastBallot, Position, Quotation
from models.tables import BallotChange, BallotRow

PERSON = 812_345_678_901_234_567


def ballot(poll, person=PERSON, position=Position.SUPPORT, segment="industry", **changes):
    return Ballot(poll.id, person, segment, position, **changes)


@pytest.fixture
def stored(store):
    """Return `(segment, position, reason, quotation, cast_at)` of what counts in a poll."""

    async def rows(poll):
        async with store.read() as session:
            columns = (BallotRow.segment, BallotRow.answer, BallotRow.reason, BallotRow.quotation, BallotRow.cast_at)
            found = await session.execute(select(*columns).where(BallotRow.poll_id == poll.id).order_by(BallotRow.id))
            return [tuple(row) for row in found]

    return rows


@pytest.fixture
def changes(store):
    """Return the positions of every ballot as it was cast."""

    async def rows(poll):
        async with store.read() as session:
            found = await session.scalars(
                select(BallotChange.answer).where(BallotChange.poll_id == poll.id).order_by(BallotChange.id)
            )
            return list(found)

    return rows


async def hand_in(box, ballots):
    """Hand ballots in and return before any is stored."""
    tasks = [asyncio.create_task(box.cast(one)) for one in ballots]
    await asyncio.sleep(0)
    return tasks


async def test_a_ballot_is_stored_as_it_was_cast_before_its_voter_is_answered(box, poll, stored, changes, clock):
    answer = await box.cast(
        ballot(poll, position=Position.OBJECT, reason="Too slow.", quotation=Quotation.WITH_SEGMENT)
    )

    assert answer == CastBallot(Position.OBJECT, "industry", has_reason=True)
    assert await stored(poll) == [("industry", "object", "Too slow.", "with_segment", clock())]
    assert await changes(poll) == ["object"]


async def test_the_newest_ballot_of_a_person_counts_and_the_earlier_ones_are_kept(box, poll, stored, changes, clock):
    await box.cast(ballot(poll, position=Position.OBJECT, reason="Too slow.", quotation=Quotation.WITH_SEGMENT))
    clock.advance(minutes=1)

    answer = await box.cast(ballot(poll, position=Position.ACCEPT, segment="academia"))

    assert answer == CastBallot(Position.ACCEPT, "academia", before=Position.OBJECT, reason_before="Too slow.")
    assert await stored(poll) == [("academia", "accept", None, "not", clock())]
    assert await changes(poll) == ["object", "accept"]


async def test_the_same_ballot_again_counts_once(box, poll, stored):
    await box.cast(ballot(poll))

    assert (await box.cast(ballot(poll))).changed
    assert len(await stored(poll)) == 1


async def test_the_same_answer_again_keeps_its_reason_and_how_it_may_be_quoted(box, poll, stored, clock):
    await box.cast(ballot(poll, position=Position.OBJECT, reason="Too slow.", quotation=Quotation.WITH_SEGMENT))
    clock.advance(minutes=1)

    answer = await box.cast(ballot(poll, position=Position.OBJECT))

    assert answer == CastBallot(Position.OBJECT, "industry", has_reason=True, before=Position.OBJECT)
    assert await stored(poll) == [("industry", "object", "Too slow.", "with_segment", clock())]


async def test_the_same_answer_with_another_reason_gives_the_first_one_back(box, poll, stored):
    await box.cast(ballot(poll, position=Position.OBJECT, reason="Too slow.", quotation=Quotation.WITH_SEGMENT))

    answer = await box.cast(ballot(poll, position=Position.OBJECT, reason="Too dear."))

    assert (answer.has_reason, answer.reason_before) == (True, "Too slow.")
    assert [row[1:4] for row in await stored(poll)] == [("object", "Too dear.", "not")]


async def test_of_one_person_s_ballots_at_once_each_meets_the_one_before_it(box, poll, stored):
    answers = await asyncio.gather(
        box.cast(ballot(poll, position=Position.OBJECT, reason="Too slow.")),
        box.cast(ballot(poll, position=Position.OBJECT)),
        box.cast(ballot(poll, position=Position.PASS)),
        box.cast(ballot(poll, position=Position.OBJECT)),
    )

    assert [answer.before for answer in answers] == [None, "object", "object", "pass"]
    assert [answer.reason_before for answer in answers] == [None, None, "Too slow.", None]
    assert [row[1:3] for row in await stored(poll)] == [("object", None)]


async def test_a_reason_is_kept_with_the_ballot_that_stands_and_changes_nothing_else(box, poll, stored, changes, clock):
    await box.cast(ballot(poll))
    cast_at = clock()
    clock.advance(minutes=1)

    assert await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.WITH_SEGMENT) is None
    assert await stored(poll) == [("industry", "support", "At last.", "with_segment", cast_at)]
    assert await changes(poll) == ["support"]
    assert await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.NOT) is None
    assert await box.give_reason(poll.id, PERSON, "support", "Good.", Quotation.NOT) == "At last."


@pytest.mark.parametrize("position", [None, Position.PASS])
async def test_a_reason_for_another_answer_than_the_one_that_stands_is_refused(box, poll, stored, position):
    if position:
        await box.cast(ballot(poll, position=position))
    before = await stored(poll)

    with pytest.raises(ConsultationError, match="answer_changed"):
        await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.NOT)

    assert await stored(poll) == before


async def test_no_reason_is_kept_after_the_end(store, box, poll, stored, clock):
    await box.cast(ballot(poll))
    clock.moment = poll.closes_at

    with pytest.raises(ConsultationError, match="poll_ended"):
        await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.NOT)
    async with store.write() as session:
        await polls.end(session, poll.id)
    with pytest.raises(ConsultationError, match="poll_ended"):
        await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.NOT)

    assert [row[2] for row in await stored(poll)] == [None]


async def test_a_reason_is_refused_while_its_author_s_ballots_are_erased(box, poll, consultation):
    await box.cast(ballot(poll))

    async with box.shut_to(PERSON, consultation.id):
        with pytest.raises(ConsultationError, match="being_erased"):
            await box.give_reason(poll.id, PERSON, "support", "At last.", Quotation.NOT)


async def test_draining_waits_for_a_ballot_that_came_in_and_is_not_handed_in_yet(box, poll, stored, clock):
    clock.moment = poll.closes_at - timedelta(seconds=1)
    with box.arriving() as arrived_at:
        clock.moment = poll.closes_at
        draining = asyncio.create_task(box.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        await box.cast(ballot(poll), arrived_at)

    await draining
    assert [row[-1] for row in await stored(poll)] == [poll.closes_at - timedelta(seconds=1)]


async def test_a_ballot_changed_after_a_restart_is_still_of_the_same_person(start, box, poll):
    await box.cast(ballot(poll))
    restarted = BallotBox(await start())

    assert (await restarted.cast(ballot(poll, position=Position.PASS))).changed


async def test_people_vote_in_every_poll_for_themselves(store, box, consultation, poll, wording, stored):
    async with store.write() as session:
        other = await polls.open_poll(session, consultation, "training", "talent", wording, None)

    answers = await asyncio.gather(box.cast(ballot(poll)), box.cast(ballot(other)), box.cast(ballot(other, PERSON + 1)))

    assert [answer.changed for answer in answers] == [False] * 3
    assert (len(await stored(poll)), len(await stored(other))) == (1, 2)


async def test_of_two_ballots_of_one_person_at_once_the_later_counts(box, poll, stored, changes):
    answers = await asyncio.gather(
        box.cast(ballot(poll, position=Position.SUPPORT)),
        box.cast(ballot(poll, PERSON + 1)),
        box.cast(ballot(poll, position=Position.OBJECT)),
    )

    assert [answer.changed for answer in answers] == [False, False, True]
    assert sorted(position for _, position, *_ in await stored(poll)) == ["object", "support"]
    assert await changes(poll) == ["support", "support", "object"]


@pytest.mark.parametrize(
    ("before_the_deadline", "counts"),
    [(timedelta(microseconds=1), True), (timedelta(0), False), (-timedelta(microseconds=1), False)],
    ids=["just before", "exactly at it", "just after"],
)
async def test_a_ballot_counts_until_the_deadline_and_not_at_it(box, poll, stored, clock, before_the_deadline, counts):
    clock.moment = poll.closes_at - before_the_deadline

    answers = await asyncio.gather(box.cast(ballot(poll)), return_exceptions=True)

    assert isinstance(answers[0], CastBallot) is counts
    assert len(await stored(poll)) == counts


async def test_a_ballot_that_arrived_before_the_deadline_counts_though_it_is_stored_after_it(box, poll, stored, clock):
    clock.moment = poll.closes_at - timedelta(seconds=1)
    (waiting,) = await hand_in(box, [ballot(poll)])
    clock.moment = poll.closes_at + timedelta(seconds=1)

    assert not (await waiting).changed
    assert [row[-1] for row in await stored(poll)] == [poll.closes_at - timedelta(seconds=1)]


async def test_an_ended_poll_refuses_ballots(store, box, poll, stored):
    async with store.write() as session:
        await polls.end(session, poll.id, "Settled elsewhere.")

    with pytest.raises(ConsultationError) as refusal:
        await box.cast(ballot(poll))

    assert refusal.value.phrase == "vote.poll_ended"
    assert await stored(poll) == []


async def test_a_poll_that_ends_before_a_waiting_ballot_is_stored_refuses_it(store, box, poll, stored, changes):
    async with store.write() as session:
        (waiting,) = await hand_in(box, [ballot(poll)])
        await polls.end(session, poll.id, "Settled elsewhere.")

    with pytest.raises(ConsultationError) as refusal:
        await waiting

    assert refusal.value.phrase == "vote.poll_ended"
    assert await stored(poll) == await changes(poll) == []


async def test_a_ballot_that_is_refused_takes_no_other_with_it(store, box, consultation, poll, wording, stored):
    async with store.write() as session:
        other = await polls.open_poll(session, consultation, "training", "talent", wording, None)
    async with store.write() as session:
        await session.connection()  # it holds the lock before the ballots come
        refused, taken = await hand_in(box, [ballot(poll), ballot(other)])
        await polls.end(session, poll.id, "Settled elsewhere.")

    assert (await taken).answer == Position.SUPPORT
    with pytest.raises(ConsultationError):
        await refused
    assert len(await stored(other)) == 1


async def test_a_town_hall_that_votes_at_once_is_stored_in_few_transactions(box, poll, stored, commits):
    voters = 1_500

    with commits() as counted:
        answers = await asyncio.gather(*(box.cast(ballot(poll, PERSON + number)) for number in range(voters)))

    assert len(counted) <= 3
    assert not any(answer.changed for answer in answers)
    assert len(await stored(poll)) == voters


async def test_more_ballots_than_fit_one_batch_are_all_stored(box, poll, stored, commits, monkeypatch):
    monkeypatch.setattr(group_commit, "LARGEST_BATCH", 3)

    with commits() as counted:
        await asyncio.gather(*(box.cast(ballot(poll, PERSON + number)) for number in range(10)))

    assert len(counted) == 4
    assert len(await stored(poll)) == 10


async def test_ballots_that_arrive_while_others_are_stored_go_with_the_next_batch(box, poll, stored, commits):
    with commits() as counted:
        first = await hand_in(box, [ballot(poll)])
        await asyncio.sleep(0)
        second = await hand_in(box, [ballot(poll, PERSON + number) for number in range(1, 6)])
        await asyncio.gather(*first, *second)

    assert len(counted) == 2
    assert len(await stored(poll)) == 6


async def test_a_store_that_fails_answers_everyone_and_takes_the_next_ballots(start, store_file, poll, monkeypatch):
    monkeypatch.setattr(models.store, "BUSY_TIMEOUT_MS", 20)
    store = await start()
    box = BallotBox(store)
    with closing(sqlite3.connect(store_file, isolation_level=None)) as other_process:
        other_process.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(
            *(box.cast(ballot(poll, PERSON + number)) for number in range(4)), return_exceptions=True
        )
        other_process.execute("ROLLBACK")

    assert [type(answer) for answer in answers] == [OperationalError] * 4
    assert not (await box.cast(ballot(poll))).changed
    async with store.read() as session:
        assert await polls.turnout(session, poll.id) == 1


async def test_a_batch_that_fails_half_way_leaves_nothing(box, poll, stored, changes, monkeypatch):
    def fail(*_arguments, **_options):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ballot_box, "upsert", fail)
        with pytest.raises(RuntimeError, match="disk is full"):
            await box.cast(ballot(poll))

    assert await stored(poll) == await changes(poll) == []


async def test_a_voter_who_does_not_wait_for_the_answer_has_voted(box, poll, stored):
    gone, waiting = await hand_in(box, [ballot(poll), ballot(poll, PERSON + 1)])
    gone.cancel()

    assert not (await waiting).changed
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert len(await stored(poll)) == 2


async def test_a_failure_for_a_voter_who_does_not_wait_is_nobodys(box, poll, monkeypatch):
    def fail(*_arguments, **_options):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(ballot_box, "upsert", fail)
    gone, waiting = await hand_in(box, [ballot(poll), ballot(poll, PERSON + 1)])
    gone.cancel()

    with pytest.raises(RuntimeError):
        await waiting


async def test_draining_waits_until_everything_handed_in_is_stored(box, poll, stored):
    tasks = await hand_in(box, [ballot(poll, PERSON + number) for number in range(20)])

    await box.drain()

    assert len(await stored(poll)) == 20
    await asyncio.gather(*tasks)


async def test_draining_an_unused_box_returns_at_once(box):
    await box.drain()


async def test_giving_up_on_draining_loses_no_ballot(box, poll, stored):
    tasks = await hand_in(box, [ballot(poll, PERSON + number) for number in range(20)])
    draining = asyncio.create_task(box.drain())
    await asyncio.sleep(0)
    draining.cancel()

    await asyncio.gather(*tasks)

    assert draining.cancelled()
    assert len(await stored(poll)) == 20


async def test_an_unknown_poll_refuses_ballots(store, box, poll):
    with pytest.raises(ConsultationError):
        await box.cast(Ballot(poll.id + 1, PERSON, "industry", Position.SUPPORT))

    async with store.read() as session:
        assert await session.scalar(select(func.count()).select_from(BallotRow)) == 0


async def test_one_person_has_unlike_seals_in_two_consultations(store, box, poll, wording):
    async with store.write() as session:
        prepared = await consultations.prepare(session, 700_000_000_000_000_002, "sample", ("en",))
        elsewhere = await consultations.open_consultation(session, prepared.id)
        other = await polls.open_poll(session, elsewhere, "shared-data", "research", wording, None)

    await box.cast(ballot(poll))
    await box.cast(ballot(other))

    async with store.read() as session:
        assert len(set(await session.scalars(select(BallotRow.seal)))) == 2

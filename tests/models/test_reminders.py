"""When a poll is to be reminded of, whom that concerns, and how many are missing. Every person is invented."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models import notices, participants, polls, reminders
from models.ballot_box import BallotBox
from models.records import Ballot, Consultation, Poll, Position, Wording
from models.reminders import Missing, Recipient, remind_at
from models.store import Store
from models.tables import NoticeRow
from models.tally import OTHER, SMALLEST_SEGMENT
from tests.models.conftest import MovableClock

GROUP = "research"
OPENED = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)


async def join(
    store: Store, consultation: Consultation, user: int, segment: str = "academia", group: str = GROUP, **wish: bool
) -> None:
    async with store.write() as session:
        await participants.join(session, consultation.id, user, segment, [group], **wish)


async def due(store: Store) -> list[int]:
    async with store.write() as session:
        return [poll.id for poll in await reminders.take_due(session)]


async def let_wait(store: Store, *due: Poll) -> None:
    async with store.write() as session:
        await reminders.let_wait(session, due)


async def taken(store: Store) -> list[Recipient]:
    """Take every message that waits, one after another; return those that are to be sent, by their people."""
    every: list[Recipient] = []
    while True:
        async with store.write() as session:
            if (one := await reminders.take_next(session)) is None:
                return sorted((one for one in every if one.polls), key=lambda one: one.user_id)
            every.append(one)


async def found(store: Store, *due: Poll) -> list[Recipient]:
    await let_wait(store, *due)
    return await taken(store)


async def missing(store: Store, poll: Poll) -> Missing:
    async with store.read() as session:
        return await reminders.missing_by_segment(session, poll)


@pytest.fixture
def opened(store: Store, consultation: Consultation, wording: dict[str, Wording]) -> Callable[..., Awaitable[Poll]]:
    """Open a poll on any recommendation: `await opened("shared-data", timedelta(days=3))`."""

    async def open_one(recommendation: str, length: timedelta | None, group: str = GROUP) -> Poll:
        async with store.write() as session:
            closes_at = session.now() + length if length else None
            return await polls.open_poll(session, consultation, recommendation, group, wording, closes_at)

    return open_one


@given(minutes=st.integers(1, 60 * 24 * 60))
def test_a_reminder_lies_a_day_before_the_end_or_halfway_where_the_poll_is_short(minutes: int) -> None:
    length = timedelta(minutes=minutes)
    poll = Poll(1, 1, "r", GROUP, {}, OPENED, OPENED + length, None, None)
    moment = remind_at(poll)
    assert moment is not None
    assert OPENED < moment < OPENED + length
    if length >= timedelta(days=2):
        assert OPENED + length - moment == timedelta(hours=24)
    else:
        assert moment - OPENED == length / 2
    assert remind_at(replace(poll, closes_at=None)) is None


def test_the_day_before_the_end_is_24_hours_also_over_a_change_to_summer_time() -> None:
    closes_at = datetime.fromisoformat("2030-03-31T12:00:00+02:00")
    poll = Poll(1, 1, "r", GROUP, {}, OPENED, closes_at, None, None)
    assert remind_at(poll) == datetime.fromisoformat("2030-03-30T11:00:00+01:00")


async def test_a_poll_is_due_at_the_moment_and_only_once(store: Store, poll: Poll, clock: MovableClock) -> None:
    clock.advance(days=6, microseconds=-1)
    assert await due(store) == []
    clock.advance(microseconds=1)
    assert await due(store) == [poll.id]
    assert await due(store) == []


async def test_what_was_taken_stays_taken_over_a_restart(
    start: Callable[[], Awaitable[Store]], store: Store, poll: Poll, clock: MovableClock
) -> None:
    clock.advance(days=6)
    assert await due(store) == [poll.id]
    assert await due(await start()) == []


async def test_what_fell_due_while_the_bot_was_down_is_due_until_the_end(
    store: Store, poll: Poll, clock: MovableClock, opened: Callable[..., Awaitable[Poll]]
) -> None:
    short = await opened("open-code", timedelta(hours=2))
    clock.advance(hours=2)
    assert short.id not in await due(store)
    clock.advance(days=6)
    assert await due(store) == [poll.id]


async def test_a_transaction_that_fails_leaves_the_poll_due(store: Store, poll: Poll, clock: MovableClock) -> None:
    clock.advance(days=6)
    with suppress(RuntimeError):
        async with store.write() as session:
            await reminders.take_due(session)
            raise RuntimeError
    assert await due(store) == [poll.id]


async def test_polls_without_an_end_and_those_that_ended_are_never_due(
    store: Store, poll: Poll, clock: MovableClock, opened: Callable[..., Awaitable[Poll]]
) -> None:
    await opened("open-code", None)
    async with store.write() as session:
        await polls.end(session, poll.id, "Postponed.")
    clock.advance(days=6, hours=1)
    assert await due(store) == []


async def test_short_polls_opened_one_after_another_to_end_together_are_due_together(
    store: Store, consultation: Consultation, wording: dict[str, Wording], clock: MovableClock
) -> None:
    closes_at = clock() + timedelta(hours=4)
    ids = []
    for number in range(5):
        async with store.write() as session:
            opened = await polls.open_poll(session, consultation, f"r-{number}", GROUP, wording, closes_at)
        ids.append(opened.id)
        clock.advance(seconds=2)
    clock.moment = closes_at - timedelta(hours=2)
    assert await due(store) == ids


async def test_a_poll_that_ends_elsewhere_waits_for_its_own_time(
    store: Store, poll: Poll, clock: MovableClock, opened: Callable[..., Awaitable[Poll]]
) -> None:
    other = await opened("open-code", timedelta(days=7, seconds=30))
    clock.advance(days=6)
    assert await due(store) == [poll.id]
    clock.advance(seconds=30)
    assert await due(store) == [other.id]


async def test_a_cancelled_poll_is_not_due(store: Store, poll: Poll, clock: MovableClock) -> None:
    async with store.write() as session:
        await polls.cancel(session, poll.id, "The wording was wrong.")
    clock.advance(days=6)
    assert await due(store) == []


async def test_only_those_of_the_group_who_asked_and_did_not_vote_are_found(
    store: Store, consultation: Consultation, poll: Poll, box: BallotBox
) -> None:
    await join(store, consultation, 11, wants_messages=True)
    await join(store, consultation, 12, wants_messages=True)
    await join(store, consultation, 13)
    await join(store, consultation, 14, wants_messages=False)
    await join(store, consultation, 15, group="training", wants_messages=True)
    await box.cast(Ballot(poll.id, 12, "academia", Position.PASS))
    assert await found(store, poll) == [Recipient(consultation.id, 11, (poll,))]


async def test_somebody_is_found_once_for_all_they_miss(
    store: Store, consultation: Consultation, poll: Poll, box: BallotBox, opened: Callable[..., Awaitable[Poll]]
) -> None:
    second, third = [await opened(key, timedelta(days=7)) for key in ("open-code", "open-data")]
    await join(store, consultation, 11, wants_messages=True)
    await box.cast(Ballot(second.id, 11, "academia", Position.SUPPORT))
    assert await found(store, poll, second, third) == [Recipient(consultation.id, 11, (poll, third))]


async def test_a_wish_is_no_by_default_and_can_be_changed(store: Store, consultation: Consultation, poll: Poll) -> None:
    await join(store, consultation, 11)
    assert await found(store, poll) == []
    await join(store, consultation, 11, wants_messages=True)
    await join(store, consultation, 11, segment="industry")
    assert [one.user_id for one in await found(store, poll)] == [11]
    await join(store, consultation, 11, wants_messages=False)
    assert await found(store, poll) == []


async def test_who_voted_left_or_changed_their_mind_meanwhile_is_not_written_to(
    store: Store, consultation: Consultation, poll: Poll, box: BallotBox, opened: Callable[..., Awaitable[Poll]]
) -> None:
    second = await opened("open-code", timedelta(days=7))
    for user in (11, 12, 13):
        await join(store, consultation, user, wants_messages=True)
    await let_wait(store, poll, second)
    await box.cast(Ballot(poll.id, 11, "academia", Position.SUPPORT))
    await join(store, consultation, 12, wants_messages=False)
    await join(store, consultation, 13, group="training")

    assert await taken(store) == [Recipient(consultation.id, 11, (second,))]


async def test_a_poll_that_ended_meanwhile_is_not_written_about(
    store: Store, consultation: Consultation, poll: Poll
) -> None:
    await join(store, consultation, 11, wants_messages=True)
    await let_wait(store, poll)
    async with store.write() as session:
        await polls.end(session, poll.id, "Postponed.")
    assert await taken(store) == []


async def test_what_waits_outlives_a_restart_and_is_taken_once(
    store: Store, consultation: Consultation, poll: Poll, start: Callable[[], Awaitable[Store]]
) -> None:
    await join(store, consultation, 11, wants_messages=True)
    await let_wait(store, poll)

    store = await start()

    assert [one.user_id for one in await taken(store)] == [11]
    assert await taken(store) == []


async def test_what_waits_tells_nobody_who_has_voted(
    store: Store, consultation: Consultation, poll: Poll, box: BallotBox
) -> None:
    for user in (11, 12):
        await join(store, consultation, user, wants_messages=True)
    await box.cast(Ballot(poll.id, 11, "academia", Position.SUPPORT))

    await let_wait(store, poll)

    async with store.read() as session:
        rows = list(await session.scalars(select(NoticeRow)))
    assert len(rows) == 2
    assert len({str((row.phrase, row.values, row.way, row.message_tried, row.made_at)) for row in rows}) == 1


async def test_what_waits_is_no_notice_and_an_erasure_takes_it_away(
    store: Store, consultation: Consultation, poll: Poll, start: Callable[[], Awaitable[Store]]
) -> None:
    await join(store, consultation, 11, wants_messages=True)
    await let_wait(store, poll)
    store = await start()
    assert not store.has_notices(consultation, 11)
    async with store.write() as session:
        assert await notices.to_write_to(session) == []
        assert await notices.take(session, consultation.id, 11) == []
        await notices.forget(session, consultation.id, 11)

    assert await taken(store) == []


async def test_the_missing_are_counted_by_segment_in_the_group_alone(
    store: Store, consultation: Consultation, poll: Poll, box: BallotBox
) -> None:
    for user in range(20, 26):
        await join(store, consultation, user, "academia")
    for user in range(30, 35):
        await join(store, consultation, user, "industry")
    await join(store, consultation, 50, "academia", group="training")
    for user in (20, 21, 50):
        await box.cast(Ballot(poll.id, user, "academia", Position.SUPPORT))
    assert await missing(store, poll) == Missing(11, 9, (("academia", 4), ("industry", 5)))


@pytest.mark.parametrize(
    ("heads", "rows"),
    [
        ({"academia": 6, "patients": 4}, ()),
        ({"academia": 6, "patients": 4, "industry": 1}, (("academia", 6), (OTHER, 5))),
        ({"patients": 4, "industry": 4}, ()),
        ({"academia": 4}, ()),
        ({}, ()),
    ],
)
async def test_small_segments_are_merged_or_no_segment_is_shown(
    store: Store, consultation: Consultation, poll: Poll, heads: dict[str, int], rows: tuple[tuple[str, int], ...]
) -> None:
    user = 100
    for segment, number in heads.items():
        for _ in range(number):
            user += 1
            await join(store, consultation, user, segment)
    counted = await missing(store, poll)
    assert counted.segments == rows
    assert counted.missing == counted.participants == sum(heads.values())


@given(heads=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9)))
def test_every_row_stands_for_five_participants_at_least_and_rows_hide_none(heads: dict[str, int]) -> None:
    rows = reminders.published_rows(Counter(heads))
    stands_for = Counter[str]()
    for segment, number in heads.items():
        if rows[segment] is not None:
            stands_for[str(rows[segment])] += number
    assert all(number >= SMALLEST_SEGMENT for number in stands_for.values())
    assert not stands_for or stands_for.total() == sum(heads.values())


@pytest.mark.parametrize(
    ("hours", "again"),
    [([1], False), ([23], False), ([24], True), ([72], True), ([12, 12], True), ([12, 11], False)],
)
async def test_a_poll_is_reminded_of_anew_where_its_end_is_put_off_by_a_reminder_s_length_at_least(
    store: Store, poll: Poll, clock: MovableClock, hours: list[int], again: bool
) -> None:
    clock.advance(days=6)
    assert await due(store) == [poll.id]
    assert poll.closes_at is not None
    for number in range(len(hours)):
        async with store.write() as session:
            closes_at = poll.closes_at + timedelta(hours=sum(hours[: number + 1]))
            await polls.edit(session, poll.id, closes_at=closes_at)
        assert await due(store) == []
    clock.advance(hours=sum(hours), microseconds=-1)
    assert await due(store) == []
    clock.advance(microseconds=1)
    assert await due(store) == ([poll.id] if again else [])
    assert await due(store) == []

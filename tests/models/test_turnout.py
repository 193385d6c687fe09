"""Turnout by day: what adds up, and what nobody can tell from it."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models import polls, results
from models.records import Ballot, Position
from models.tally import SMALLEST_SEGMENT
from models.turnout import told_days, turnout

FIRST = date(2030, 3, 1)
END = FIRST + timedelta(days=8)
days = st.dictionaries(st.integers(0, 8).map(lambda number: FIRST + timedelta(days=number)), st.integers(1, 12))


@given(days)
def test_every_ballot_is_told_once_and_none_before_its_day(by_day):
    told = told_days(by_day, END)
    assert sum(told.values()) == sum(by_day.values())
    for day in by_day:
        before = sum(number for one, number in told.items() if one <= day)
        assert before <= sum(number for one, number in by_day.items() if one <= day) or day == END


@given(days)
def test_no_day_before_the_end_is_told_with_fewer_than_five(by_day):
    assert all(number >= SMALLEST_SEGMENT for day, number in told_days(by_day, END).items() if day != END)


@given(days, st.randoms(use_true_random=False))
def test_on_which_day_a_few_voted_cannot_be_told(by_day, random):
    """Whoever moves from one day with fewer than five to another is not seen."""
    few = [day for day, number in by_day.items() if number < SMALLEST_SEGMENT]
    shuffled = Counter({day: number for day, number in by_day.items() if day not in few})
    spread = [FIRST + timedelta(days=number) for number in range(9) if FIRST + timedelta(days=number) not in shuffled]
    for _ in range(sum(by_day[day] for day in few)):
        free = [day for day in spread if shuffled[day] < SMALLEST_SEGMENT - 1]
        if not free:
            return
        shuffled[random.choice(free)] += 1
    assert told_days({day: number for day, number in shuffled.items() if number}, END) == told_days(by_day, END)


async def test_ballots_are_counted_by_day_and_published_row(store, box, consultation, poll, clock):
    async def cast(segment, number, *, first):
        for user_id in range(first, first + number):
            await box.cast(Ballot(poll.id, user_id, segment, Position.SUPPORT))

    await cast("industry", 5, first=1)
    await cast("academia", 4, first=20)
    clock.advance(days=2)
    await cast("industry", 1, first=10)
    await cast("academia", 3, first=30)
    await cast("industry", 1, first=1)  # changes a ballot: it counts on the day of the new one
    clock.advance(days=3)
    async with store.write() as session:
        await polls.end(session, poll.id, "Time is up.")
    async with store.read() as session:
        found = await turnout(session, await results.ended(session, consultation.id))

    end = FIRST + timedelta(days=5)
    assert found is not None
    assert (found.first, found.last) == (FIRST, end)
    assert found.by_row == {"industry": {end: 6}, "academia": {end: 7}}
    assert not found.is_told
    assert found.rows == ("academia", "industry")


async def test_without_ballots_there_is_no_turnout(store, consultation, poll):
    async with store.write() as session:
        await polls.end(session, poll.id, "Time is up.")
    async with store.read() as session:
        assert await turnout(session, await results.ended(session, consultation.id)) is None

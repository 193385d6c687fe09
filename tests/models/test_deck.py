"""The deck: which open polls somebody is given, in which order, and what they answered."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from models import consultations, polls
from models.ballot_box import BallotBox
from models.deck import TURNOUT_AGE, Dealer, Deck
from models.records import Ballot, Consultation, Poll, Position, Wording
from models.store import Store
from tests.models.conftest import GUILD, MovableClock

ADA, BEN, CLEO = 101, 102, 103
Opening = Callable[..., Awaitable[Poll]]


@pytest.fixture
def opened(store: Store, consultation: Consultation, wording: dict[str, Wording], clock: MovableClock) -> Opening:
    """Open a poll on a recommendation, which ends in so many days if a number is given."""

    async def open_one(key: str, days: float | None = None, of: Consultation = consultation) -> Poll:
        closes_at = None if days is None else clock() + timedelta(days=days)
        async with store.write() as session:
            return await polls.open_poll(session, of, key, "research", wording, closes_at)

    return open_one


@pytest.fixture
def cast(box: BallotBox) -> Callable[..., Awaitable[Any]]:
    async def cast_one(poll: Poll, user_id: int, position: Position = Position.SUPPORT) -> None:
        await box.cast(Ballot(poll.id, user_id, "industry", position))

    return cast_one


@pytest.fixture
def dealt(store: Store, consultation: Consultation) -> Callable[..., Awaitable[Deck]]:
    async def deal_to(user_id: int, *skipped: Poll) -> Deck:
        return await Dealer(store).deal(consultation.id, user_id, {poll.id for poll in skipped})

    return deal_to


async def test_what_nobody_answered_comes_before_what_many_did(opened: Opening, cast: Any, dealt: Any) -> None:
    busy, quiet, silent = await opened("a"), await opened("b"), await opened("c")
    for poll, user_id in ((busy, BEN), (busy, CLEO), (quiet, BEN)):
        await cast(poll, user_id)

    assert (await dealt(ADA)).left == (silent, quiet, busy)


async def test_a_change_of_mind_is_not_one_more_answer(opened: Opening, cast: Any, dealt: Any) -> None:
    changed, twice = await opened("a"), await opened("b")
    for _ in range(3):
        await cast(changed, BEN)
    await cast(twice, BEN)
    await cast(twice, CLEO)

    assert (await dealt(ADA)).left == (changed, twice)


async def test_among_equals_what_ends_first_comes_first(opened: Opening, dealt: Any) -> None:
    endless, late, soon = await opened("a"), await opened("b", 9), await opened("c", 2)

    assert (await dealt(ADA)).left == (soon, late, endless)


async def test_skipped_ones_come_last_in_the_same_order(opened: Opening, cast: Any, dealt: Any) -> None:
    first, second, third = await opened("a"), await opened("b"), await opened("c")
    await cast(third, BEN)

    assert (await dealt(ADA, first)).left == (second, third, first)
    assert (await dealt(ADA, first, second)).left == (third, first, second)
    assert (await dealt(ADA, first, second, third)).left == (first, second, third)


async def test_what_one_answered_is_no_longer_left_and_shows_one_s_newest_position(
    opened: Opening, cast: Any, dealt: Any
) -> None:
    first, second = await opened("a"), await opened("b")
    await cast(second, ADA, Position.SUPPORT)
    await cast(second, ADA, Position.PASS)
    await cast(first, BEN, Position.OBJECT)

    deck = await dealt(ADA)

    assert deck.left == (first,)
    assert [(one.poll, one.answer) for one in deck.answered] == [(second, Position.PASS)]
    assert (deck.answer_to(first.id), deck.answer_to(second.id)) == (None, Position.PASS)
    assert (deck.find(first.id), deck.find(second.id), deck.find(99)) == (first, second, None)


async def test_what_has_ended_is_not_dealt(
    store: Store, opened: Opening, cast: Any, dealt: Any, clock: MovableClock
) -> None:
    closed_early, over = await opened("a"), await opened("b", 1)
    await cast(over, ADA)
    async with store.write() as session:
        await polls.end(session, closed_early.id, "Enough.")
    clock.advance(days=1)

    assert await dealt(ADA) == Deck(left=(), answered=())


async def test_what_has_not_begun_is_not_dealt(opened: Opening, dealt: Any, clock: MovableClock) -> None:
    clock.advance(hours=1)
    later = await opened("a")
    clock.advance(seconds=-1)
    assert (await dealt(ADA)).left == ()

    clock.advance(seconds=1)
    assert (await dealt(ADA)).left == (later,)


async def test_another_consultation_s_polls_are_not_dealt(store: Store, opened: Opening, dealt: Any) -> None:
    async with store.write() as session:
        other = await consultations.prepare(session, GUILD + 1, "sample", ("en",))
    async with store.write() as session:
        other = await consultations.open_consultation(session, other.id)
    await opened("a", of=other)

    assert await dealt(ADA) == Deck(left=(), answered=())


async def test_the_deck_costs_two_queries_however_many_polls_there_are(
    store: Store, opened: Opening, cast: Any, dealt: Any
) -> None:
    for number in range(25):
        await cast(await opened(f"number-{number}"), BEN if number % 2 else ADA)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(store._engine.sync_engine, "before_cursor_execute", note)
    deck = await dealt(ADA)
    event.remove(store._engine.sync_engine, "before_cursor_execute", note)

    assert (len(deck.left), len(deck.answered)) == (12, 13)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2


async def test_a_crowd_has_the_turnout_counted_once_for_all(
    store: Store, consultation: Consultation, opened: Opening, cast: Any, clock: MovableClock
) -> None:
    first, second = await opened("a"), await opened("b")
    dealer = Dealer(store)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(store._engine.sync_engine, "before_cursor_execute", note)
    await asyncio.gather(*(dealer.deal(consultation.id, user_id) for user_id in range(1, 21)))
    event.remove(store._engine.sync_engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if "count(" in statement.lower()]) == 1

    await cast(first, BEN)
    clock.advance(seconds=TURNOUT_AGE.total_seconds() - 1)
    assert (await dealer.deal(consultation.id, ADA)).left == (first, second)
    clock.advance(seconds=1)
    assert (await dealer.deal(consultation.id, ADA)).left == (second, first)


async def test_one_s_own_answers_are_never_old(
    store: Store, consultation: Consultation, opened: Opening, cast: Any
) -> None:
    first, second = await opened("a"), await opened("b")
    dealer = Dealer(store)
    assert (await dealer.deal(consultation.id, ADA)).left == (first, second)
    await cast(first, ADA)

    assert (await dealer.deal(consultation.id, ADA)).left == (second,)


async def test_the_deck_is_the_same_after_a_restart(
    opened: Opening, cast: Any, dealt: Any, start: Callable[[], Awaitable[Store]], consultation: Consultation
) -> None:
    first, second = await opened("a"), await opened("b")
    await cast(first, ADA)
    before = await dealt(ADA)

    assert await Dealer(await start()).deal(consultation.id, ADA) == before
    assert before.left == (second,)

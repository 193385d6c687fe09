"""What waits to be told is told once, to its person alone, and leads nobody else to them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import notices, participants
from models.group_commit import GroupCommit
from models.notices import Addressee
from models.records import Consultation, Notice
from models.sealing import Purpose
from models.store import Store
from models.tables import NoticeRow
from tests.models.conftest import MovableClock

ANN, BOB = 812_345_678_901_234_567, 99_000_000_000_000_011


async def add(
    store: Store, consultation: Consultation, user_id: int, phrase: str = "some.phrase", about: str = "data"
) -> None:
    async with store.write() as session:
        await notices.add(
            session, consultation.id, user_id, about, phrase, title={"en": "Data", "fr": "Données"}, count=3
        )


async def take(store: Store, consultation: Consultation, user_id: int) -> list[Notice]:
    async with store.write() as session:
        return await notices.take(session, consultation.id, user_id)


async def test_a_notice_is_told_once_to_its_person_with_its_values(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    async with store.write() as session:
        await notices.add(session, consultation.id, ANN, "data", "first", way=("label", "answer:7"), reason="Because.")
    clock.advance(seconds=1)
    await add(store, consultation, ANN, "second")

    assert await take(store, consultation, BOB) == []
    first, second = await take(store, consultation, ANN)
    assert (first.phrase, first.values, first.way) == ("first", {"reason": "Because."}, ("label", "answer:7"))
    assert (second.phrase, second.values["title"]) == ("second", {"en": "Data", "fr": "Données"})
    assert await take(store, consultation, ANN) == []


async def test_that_something_waits_is_known_in_memory_also_after_a_restart(
    store: Store, consultation: Consultation, start: Callable[[], Awaitable[Store]]
) -> None:
    assert not store.has_notices(consultation, ANN)
    await add(store, consultation, ANN)
    assert store.has_notices(consultation, ANN)
    assert not store.has_notices(consultation, BOB)

    again = await start()
    assert again.has_notices(consultation, ANN)
    await take(again, consultation, ANN)
    assert not again.has_notices(consultation, ANN)


async def test_what_was_not_stored_waits_for_nobody(store: Store, consultation: Consultation) -> None:
    with suppress(ZeroDivisionError):
        async with store.write() as session:
            await notices.add(session, consultation.id, ANN, "data", "some.phrase")
            1 / 0  # noqa: B018
    assert not store.has_notices(consultation, ANN)


async def test_of_two_who_take_at_once_one_gets_it(store: Store, consultation: Consultation) -> None:
    await add(store, consultation, ANN)
    takings: GroupCommit[Addressee, list[Notice]] = GroupCommit(store, notices.take_all)

    taken = await asyncio.gather(*(takings.submit(Addressee(consultation.id, ANN)) for _ in range(5)))

    assert sorted(map(len, taken)) == [0, 0, 0, 0, 1]


async def test_only_those_who_asked_for_messages_are_written_to_and_once(
    store: Store, consultation: Consultation
) -> None:
    async with store.write() as session:
        for person, wants in ((ANN, True), (BOB, False)):
            await participants.join(session, consultation.id, person, "industry", [], wants_messages=wants)
    for person in (ANN, BOB, ANN, 77):
        await add(store, consultation, person)

    async with store.read() as session:
        assert await notices.to_write_to(session) == [Addressee(consultation.id, ANN)]

    refused = await take(store, consultation, ANN)
    async with store.write() as session:
        await notices.put_back(session, Addressee(consultation.id, ANN), refused)
    async with store.read() as session:
        assert await notices.to_write_to(session) == []
    assert await take(store, consultation, ANN) == refused


async def test_notices_about_two_things_are_not_known_for_one_persons(store: Store, consultation: Consultation) -> None:
    for about in ("data", "data", "training"):
        await add(store, consultation, ANN, about=about)
    async with store.read() as session:
        rows = list(await session.scalars(select(NoticeRow).order_by(NoticeRow.about)))
    others = {store.sealer.seal(purpose, ANN, consultation.id) for purpose in Purpose}
    assert [row.about for row in rows] == ["data", "data", "training"]
    assert len({row.seal for row in rows}) == 2
    assert others.isdisjoint(row.seal for row in rows)
    assert len(await take(store, consultation, ANN)) == 3
    assert store.memory.notices == {}


async def test_what_is_put_back_twice_waits_once(store: Store, consultation: Consultation) -> None:
    await add(store, consultation, ANN)
    taken = await take(store, consultation, ANN)
    for _ in range(2):
        async with store.write() as session:
            await notices.put_back(session, Addressee(consultation.id, ANN), taken)
    assert await take(store, consultation, ANN) == taken


@given(written=st.text(max_size=4_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
async def test_what_people_wrote_comes_back_exactly(store: Store, consultation: Consultation, written: str) -> None:
    async with store.write() as session:
        await notices.add(session, consultation.id, ANN, "data", "some.phrase", reason=written)
    [notice] = await take(store, consultation, ANN)
    assert notice.values["reason"] == written

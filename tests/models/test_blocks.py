"""Who is blocked is known at once and after a restart, and leads to nobody without the key."""

import pytest

from models import blocks, participants, reminders
from models.errors import ConsultationError
from models.reminders import Recipient
from models.sealing import Purpose, pseudonym

PERSON = 812_345_678_901_234_567
OTHER = 812_345_678_901_234_568


async def block(store, consultation, person):
    async with store.write() as session:
        return await blocks.block(session, consultation.id, person)


async def unblock(store, consultation, person):
    async with store.write() as session:
        return await blocks.unblock(session, consultation.id, person)


async def test_somebody_is_blocked_until_they_are_unblocked_also_after_a_restart(start, consultation, store):
    assert not store.is_blocked(consultation, PERSON)
    name = await block(store, consultation, PERSON)
    assert store.is_blocked(consultation, PERSON)
    assert not store.is_blocked(consultation, OTHER)

    store = await start()
    assert store.is_blocked(consultation, PERSON)
    assert await unblock(store, consultation, PERSON) == name
    assert not store.is_blocked(consultation, PERSON)
    store = await start()
    assert not store.is_blocked(consultation, PERSON)


async def test_from_when_to_when_somebody_was_blocked_is_known_after_a_restart(start, consultation, store, clock):
    times = [clock()]
    for _ in range(2):
        await block(store, consultation, PERSON)
        clock.advance(hours=1)
        await unblock(store, consultation, PERSON)
        times.append(clock())
        clock.advance(hours=1)
        times.append(clock())
    blocked = [True, False, True, False, False]
    for known in (store, await start()):
        assert [known.was_blocked(consultation, PERSON, moment) for moment in times] == blocked
        assert not any(known.was_blocked(consultation, OTHER, moment) for moment in times)


async def test_nobody_is_blocked_or_unblocked_twice(store, consultation):
    with pytest.raises(ConsultationError, match=r"block\.not_blocked"):
        await unblock(store, consultation, PERSON)
    await block(store, consultation, PERSON)
    with pytest.raises(ConsultationError, match=r"block\.already"):
        await block(store, consultation, PERSON)


async def test_the_pseudonym_of_a_block_is_none_that_the_person_bears_elsewhere(store, consultation):
    name = await block(store, consultation, PERSON)
    seals = {one: store.sealer.seal(one, PERSON, consultation.id) for one in Purpose}
    assert [one for one, seal in seals.items() if pseudonym(seal) == name] == [Purpose.BLOCK]


async def test_a_block_that_was_rolled_back_is_not_in_memory(store, consultation):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is the end of the block that fails
        async with store.write() as session:
            await blocks.block(session, consultation.id, PERSON)
            _ = 1 / 0
    assert not store.is_blocked(consultation, PERSON)


async def test_nobody_is_reminded_of_a_vote_that_they_may_not_cast(store, consultation, poll):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", [poll.group], wants_messages=True)
    async with store.write() as session:
        for _ in range(2):
            await reminders.let_wait(session, [poll])
        assert await reminders.take_next(session) == Recipient(consultation.id, PERSON, (poll,))
    await block(store, consultation, PERSON)
    async with store.write() as session:
        assert await reminders.take_next(session) == Recipient(consultation.id, PERSON, ())

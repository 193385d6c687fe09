"""What moderators did is kept, and leads to nobody without the key."""

import pytest

from models import trace
from models.records import Moderator, ModeratorRole

MODERATOR = Moderator(812_345_678_901_234_567, ModeratorRole.MODERATOR)
ADMINISTRATOR = Moderator(812_345_678_901_234_568, ModeratorRole.ADMINISTRATOR)


async def test_what_moderators_did_is_told_in_its_order(store, clock, consultation):
    async with store.write() as session:
        await trace.record(session, consultation.id, MODERATOR, "poll_open", "funding")
    clock.advance(minutes=5)
    async with store.write() as session:
        await trace.record(session, consultation.id, ADMINISTRATOR, "poll_close", "funding", "Two days suffice.")
    async with store.read() as session:
        opened, closed = await trace.entries(session, consultation.id)
    assert (opened.role, opened.action, opened.subject, opened.reason) == ("moderator", "poll_open", "funding", None)
    assert (closed.role, closed.action, closed.reason) == ("administrator", "poll_close", "Two days suffice.")
    assert closed.done_at == clock()


async def test_a_moderator_bears_the_same_pseudonym_in_every_entry(store, consultation):
    async with store.write() as session:
        for moderator in (MODERATOR, ADMINISTRATOR, MODERATOR):
            await trace.record(session, consultation.id, moderator, "poll_open")
    async with store.read() as session:
        first, second, third = await trace.entries(session, consultation.id)
    assert first.pseudonym == third.pseudonym != second.pseudonym


async def test_what_is_rolled_back_leaves_no_trace(store, consultation):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is the end of the block that fails
        async with store.write() as session:
            await trace.record(session, consultation.id, MODERATOR, "poll_open")
            _ = 1 / 0
    async with store.read() as session:
        assert await trace.entries(session, consultation.id) == []

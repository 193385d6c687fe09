"""What moderators did is kept, and leads to nobody without the key."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

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


@pytest.mark.parametrize("change", ["UPDATE trace SET reason = 'Another.'", "DELETE FROM trace"])
async def test_the_database_itself_refuses_to_change_or_delete_an_entry(store, consultation, change):
    async with store.write() as session:
        await trace.record(session, consultation.id, MODERATOR, "poll_close", "funding", "Two days suffice.")

    with pytest.raises(IntegrityError, match="only ever added"):
        async with store.write() as session:
            await session.execute(text(change))

    async with store.read() as session:
        (kept,) = await trace.entries(session, consultation.id)
    assert kept.reason == "Two days suffice."


async def test_entries_are_read_newest_first_in_parts(store, consultation):
    async with store.write() as session:
        for number in range(5):
            await trace.record(session, consultation.id, MODERATOR, "expect", f"industry: {number}")

    async with store.read() as session:
        first = await trace.newest(session, consultation.id, 3)
        rest = await trace.newest(session, consultation.id, 3, before=first[-1].id)

    assert [entry.subject[-1] for entry in first] == ["4", "3", "2"]
    assert [entry.subject[-1] for entry in rest] == ["1", "0"]


async def test_entries_are_found_by_action_and_by_moderator(store, consultation):
    async with store.write() as session:
        for moderator, action in ((MODERATOR, "open"), (ADMINISTRATOR, "open"), (ADMINISTRATOR, "export")):
            await trace.record(session, consultation.id, moderator, action)

    async with store.read() as session:
        one, other = await trace.moderators(session, consultation.id)
        opened = await trace.newest(session, consultation.id, 9, action="open")
        counts = {name: len(await trace.newest(session, consultation.id, 9, moderator=name)) for name in (one, other)}
        both = await trace.newest(session, consultation.id, 9, action="export", moderator=one)
        other_export = await trace.newest(session, consultation.id, 9, action="export", moderator=other)
        nobody = await trace.newest(session, consultation.id, 9, moderator="P-NOBODY")
        assert await trace.actions(session, consultation.id) == ["export", "open"]

    assert len(opened) == 2
    assert sorted(counts.values()) == [1, 2]
    assert len(both) + len(other_export) == 1
    assert nobody == []

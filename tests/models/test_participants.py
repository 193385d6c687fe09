"""For whom people speak, where they take part and in which language."""

import asyncio

from sqlalchemy import select

from models import consultations, participants
from models.tables import ParticipantRow

PERSON = 812_345_678_901_234_567


async def test_nobody_takes_part_before_joining(store, consultation):
    assert store.participant(consultation, PERSON) is None
    assert store.language_of(PERSON) is None


async def test_somebody_who_joined_is_known_at_once_and_after_a_restart(start, store, consultation):
    async with store.write() as session:
        joined = await participants.join(session, consultation.id, PERSON, "industry", ["research", "data"])

    assert joined.segment == "industry"
    assert joined.groups == {"data", "research"}
    assert store.participant(consultation, PERSON) == joined
    assert (await start()).participant(consultation, PERSON) == joined


async def test_joining_again_changes_segment_and_groups_of_the_same_participant(store, consultation):
    async with store.write() as session:
        first = await participants.join(session, consultation.id, PERSON, "industry", ["research"])
    async with store.write() as session:
        second = await participants.join(session, consultation.id, PERSON, "academia", ["care"])

    assert second.id == first.id
    assert (second.segment, second.groups) == ("academia", frozenset({"care"}))
    assert store.participant(consultation, PERSON) == second


async def test_joining_twice_in_one_transaction_gives_what_was_said_last(store, consultation):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ["research"])
        held = await session.scalar(select(ParticipantRow))
        last = await participants.join(session, consultation.id, PERSON, "academia", [])

    assert held is not None
    assert (last.segment, last.groups) == ("academia", frozenset())


async def test_people_join_each_consultation_for_themselves(store, consultation):
    async with store.write() as session:
        other = await consultations.prepare(session, consultation.guild_id + 1, "sample", ("en",))
        await participants.join(session, consultation.id, PERSON, "industry", ())

    assert store.participant(other, PERSON) is None
    assert store.participant(consultation, PERSON + 1) is None


async def test_a_language_is_kept_for_every_server_until_another_is_chosen(start, store):
    for language in ("fr", "nl"):
        async with store.write() as session:
            await participants.choose_language(session, PERSON, language)
        assert store.language_of(PERSON) == language

    assert (await start()).language_of(PERSON) == "nl"


async def test_memory_and_store_agree_when_one_person_changes_their_mind_many_times_at_once(start, store, consultation):
    async def join(number: int) -> None:
        async with store.write() as session:
            await participants.join(session, consultation.id, PERSON, f"segment-{number}", ())

    await asyncio.gather(*(join(number) for number in range(40)))

    in_memory = store.participant(consultation, PERSON)
    assert (await start()).participant(consultation, PERSON) == in_memory

"""Many people who join at once: a first vote makes each of its voters join."""

import asyncio

from sqlalchemy import select

from models.participants import Joining, Register
from models.tables import ParticipantRow

PERSON = 812_345_678_901_234_567


async def test_a_crowd_that_joins_at_once_is_stored_and_known(store, consultation):
    register = Register(store)

    joined = await asyncio.gather(
        *(register.join(Joining(consultation.id, PERSON + number, "academia", ("research",))) for number in range(300)),
    )

    assert len({participant.id for participant in joined}) == 300
    assert all(store.participant(consultation, PERSON + number) == joined[number] for number in range(300))


async def test_of_what_one_person_declares_at_once_the_last_counts(store, consultation):
    register = Register(store)

    first, last = await asyncio.gather(
        register.join(Joining(consultation.id, PERSON, "academia", ())),
        register.join(Joining(consultation.id, PERSON, "industry", ())),
    )

    assert first == last == store.participant(consultation, PERSON)
    assert last.segment == "industry"


async def test_wanting_messages_stays_as_it_was_where_it_is_not_asked(store, consultation):
    register = Register(store)
    await register.join(Joining(consultation.id, PERSON, "academia", (), wants_messages=True))

    assert (await register.join(Joining(consultation.id, PERSON, "industry", ()))).wants_messages
    assert not (
        await register.join(Joining(consultation.id, PERSON, "industry", (), wants_messages=False))
    ).wants_messages


async def test_people_are_not_numbered_in_the_order_in_which_they_joined(store, consultation):
    register = Register(store)
    for number in range(20):
        await register.join(Joining(consultation.id, PERSON + number, "academia", ()))

    async with store.read() as session:
        in_table = list(await session.scalars(select(ParticipantRow.seal).order_by(ParticipantRow.id)))
    joined = [seal for _, seal in store.memory.participants]
    assert sorted(in_table) == sorted(joined)
    assert in_table != joined

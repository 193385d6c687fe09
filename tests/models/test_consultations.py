"""The beginning and end of a consultation, and what the bot made in Discord for it."""

import pytest

from models import consultations
from models.errors import ConsultationError
from models.records import ConsultationState, Place, PlaceKind

GUILD = 700_000_000_000_000_001


async def test_a_server_gets_one_consultation_however_often_it_is_prepared(store, prepared):
    async with store.write() as session:
        again = await consultations.prepare(session, prepared.guild_id, "sample", ("en", "fr"))

    assert again == prepared
    assert prepared.state is ConsultationState.PREPARED
    assert store.memory.consultations == {prepared.guild_id: prepared}


async def test_preparing_again_changes_the_public_languages_and_not_the_state(store, consultation):
    async with store.write() as session:
        again = await consultations.prepare(session, consultation.guild_id, "sample", ("nl",))

    assert again.public_languages == ("nl",)
    assert again.state is ConsultationState.OPEN
    assert store.memory.consultations[consultation.guild_id] == again


async def test_two_servers_have_two_consultations(store, prepared):
    async with store.write() as session:
        other = await consultations.prepare(session, GUILD + 1, "other", ("de",))

    assert other.id != prepared.id
    assert store.memory.consultations == {GUILD: prepared, GUILD + 1: other}


async def test_a_server_does_not_change_to_other_content(store, prepared):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await consultations.prepare(session, prepared.guild_id, "other", ("de",))

    assert refusal.value.phrase == "setup.other_content"
    assert refusal.value.values == {"key": "sample"}
    assert store.memory.consultations[prepared.guild_id] == prepared


async def test_a_consultation_opens_closes_and_opens_again(store, prepared):
    states = []
    for step in (
        consultations.open_consultation,
        consultations.close_consultation,
        consultations.open_consultation,
    ):
        async with store.write() as session:
            states.append((await step(session, prepared.id)).state)
        assert store.memory.consultations[prepared.guild_id].state is states[-1]

    assert states == [ConsultationState.OPEN, ConsultationState.CLOSED, ConsultationState.OPEN]


async def test_an_open_consultation_is_not_opened_again(store, consultation):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await consultations.open_consultation(session, consultation.id)

    assert refusal.value.phrase == "consultation.already_open"


async def test_a_consultation_that_is_not_open_is_not_closed(store, prepared):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await consultations.close_consultation(session, prepared.id)

    assert refusal.value.phrase == "consultation.not_open"


async def test_an_unknown_consultation_is_not_open(store, prepared):
    with pytest.raises(ConsultationError):
        async with store.read() as session:
            await consultations.require_open(session, prepared.id + 1)


async def test_everything_may_happen_in_one_transaction(store):
    async with store.write() as session:
        made = await consultations.prepare(session, GUILD, "sample", ("en",))
        opened = await consultations.open_consultation(session, made.id)
        await consultations.require_open(session, made.id)
        closed = await consultations.close_consultation(session, made.id)

    assert (made.state, opened.state, closed.state) == ("prepared", "open", "closed")
    assert store.memory.consultations[GUILD] == closed


async def test_a_place_is_found_by_what_it_is_and_by_its_id(store, prepared):
    place = Place(prepared.id, PlaceKind.GROUP, "research", 11)
    async with store.write() as session:
        await consultations.remember_place(session, place)

    assert store.memory.place(prepared.id, PlaceKind.GROUP, "research") == 11
    assert store.memory.place_at(11) == place
    assert store.memory.place(prepared.id, PlaceKind.GROUP, "care") is None
    assert store.memory.place(prepared.id + 1, PlaceKind.GROUP, "research") is None
    assert store.memory.place_at(12) is None


async def test_a_place_made_anew_takes_the_place_of_the_earlier_one(start, store, prepared):
    for discord_id in (11, 12):
        async with store.write() as session:
            await consultations.remember_place(session, Place(prepared.id, PlaceKind.GROUP, "research", discord_id))

    for memory in (store.memory, (await start()).memory):
        assert memory.place(prepared.id, PlaceKind.GROUP, "research") == 12
        assert memory.place_at(11) is None
        assert [place.discord_id for place in memory.places(prepared.id, PlaceKind.GROUP)] == [12]


async def test_a_place_that_is_gone_is_forgotten(start, store, prepared):
    async with store.write() as session:
        await consultations.remember_place(session, Place(prepared.id, PlaceKind.GROUP, "research", 11))
    async with store.write() as session:
        await consultations.forget_place(session, prepared.id, PlaceKind.GROUP, "research")
        await consultations.forget_place(session, prepared.id, PlaceKind.GROUP, "never-made")

    for memory in (store.memory, (await start()).memory):
        assert memory.place(prepared.id, PlaceKind.GROUP, "research") is None
        assert memory.place_at(11) is None


@pytest.mark.parametrize("kinds", [(PlaceKind.CARD, PlaceKind.THREAD), (PlaceKind.THREAD, PlaceKind.CARD)])
async def test_a_thread_and_the_card_it_grew_from_share_an_id_and_the_thread_is_found(store, prepared, kinds):
    async with store.write() as session:
        for kind in kinds:
            await consultations.remember_place(session, Place(prepared.id, kind, "shared-data", 11))

    assert store.memory.place_at(11) == Place(prepared.id, PlaceKind.THREAD, "shared-data", 11)

    async with store.write() as session:
        await consultations.forget_place(session, prepared.id, PlaceKind.CARD, "shared-data")

    assert store.memory.place_at(11) == Place(prepared.id, PlaceKind.THREAD, "shared-data", 11)


async def test_the_places_of_a_kind_are_listed_for_one_consultation(store, prepared):
    async with store.write() as session:
        other = await consultations.prepare(session, GUILD + 1, "sample", ("en",))
        for place in (
            Place(prepared.id, PlaceKind.GROUP, "research", 1),
            Place(prepared.id, PlaceKind.GROUP, "care", 2),
            Place(prepared.id, PlaceKind.CATEGORY, "", 3),
            Place(other.id, PlaceKind.GROUP, "research", 4),
        ):
            await consultations.remember_place(session, place)

    assert {place.discord_id for place in store.memory.places(prepared.id, PlaceKind.GROUP)} == {1, 2}

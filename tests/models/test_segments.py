"""For which segment somebody's ballot counts: by declaration, by role, or as confirmed. Every person is invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models import consultations, feedback, participants, polls, reminders, segments
from models.records import (
    NO_ROLE,
    NOT_CONFIRMED,
    NOT_DECLARED,
    Ballot,
    Consultation,
    ConsultationState,
    Position,
    Quotation,
    SegmentSource,
)
from models.sealing import Purpose, Sealer
from models.tables import BallotRow, ConfirmationRow, ParticipantRow
from models.tally import OTHER, tally

PERSON = 812_345_678_901_234_567
BAKERS, MILLERS = 31, 32  # roles


async def choose(store, consultation, source):
    async with store.write() as session:
        return await consultations.choose_segment_source(session, consultation.id, source)


async def map_role(store, consultation, role, segment, existing=(BAKERS, MILLERS)):
    async with store.write() as session:
        return await consultations.map_segment_role(session, consultation.id, role, segment, existing)


async def confirm(store, consultation, person, segment):
    async with store.write() as session:
        return await segments.confirm(session, consultation.id, person, segment)


def speaks_for(store, consultation, source, roles=None):
    return segments.segment_of(store.memory, store.sealer, consultation, source, PERSON, roles)


async def open_poll(store, consultation, wording, recommendation="shared-data"):
    async with store.write() as session:
        return await polls.open_poll(session, consultation, recommendation, "research", wording, None)


async def test_segments_are_self_declared_until_moderators_choose_otherwise(store, consultation, start):
    assert consultation.segment_source is SegmentSource.DECLARED

    await choose(store, consultation, SegmentSource.CONFIRMED)

    assert store.memory.consultations[consultation.guild_id].segment_source is SegmentSource.CONFIRMED
    again = await start()
    assert again.memory.consultations[consultation.guild_id].segment_source is SegmentSource.CONFIRMED


async def test_a_poll_keeps_the_source_it_was_opened_with(store, consultation, wording, start):
    first = await open_poll(store, consultation, wording)
    await choose(store, consultation, SegmentSource.ROLES)
    second = await open_poll(store, consultation, wording, "open-code")
    async with store.write() as session:
        edited = await polls.edit(session, first.id, closes_at=None)

    assert (first.segment_source, edited.segment_source) == (SegmentSource.DECLARED, SegmentSource.DECLARED)
    assert second.segment_source is SegmentSource.ROLES
    again = await start()
    assert {one.id: one.segment_source for one in again.memory.polls.values()} == {
        first.id: SegmentSource.DECLARED,
        second.id: SegmentSource.ROLES,
    }


async def test_what_somebody_declared_counts_where_that_is_what_counts(store, consultation):
    assert speaks_for(store, consultation, SegmentSource.DECLARED) is None
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", [])
    assert speaks_for(store, consultation, SegmentSource.DECLARED, [BAKERS]) == "industry"


async def test_of_several_roles_the_one_that_was_mapped_first_counts(store, consultation):
    await map_role(store, consultation, MILLERS, "millers")
    mapped = await map_role(store, consultation, BAKERS, "bakers")

    assert speaks_for(store, mapped, SegmentSource.ROLES, [BAKERS, MILLERS]) == "millers"
    assert speaks_for(store, mapped, SegmentSource.ROLES, [BAKERS]) == "bakers"
    assert speaks_for(store, mapped, SegmentSource.ROLES, []) == NO_ROLE
    assert speaks_for(store, mapped, SegmentSource.ROLES, None) is None


ROLE_IDS = st.integers(1, 2**63)
MAPPING = st.dictionaries(ROLE_IDS, st.sampled_from(["bakers", "millers", "farmers"]), max_size=6)


@given(mapped=MAPPING, held=st.sets(ROLE_IDS))
def test_the_order_in_which_somebody_s_roles_are_told_changes_nothing(mapped, held):
    def of(roles):
        one = Consultation(1, 2, "c", ConsultationState.OPEN, ("en",), None, {}, SegmentSource.ROLES, mapped)
        return segments.segment_of(None, None, one, SegmentSource.ROLES, PERSON, roles)  # type: ignore[arg-type]

    held |= set(list(mapped)[1:])
    assert of(held) == of(sorted(held)) == of(sorted(held, reverse=True))
    assert of(held) == next((segment for role, segment in mapped.items() if role in held), NO_ROLE)


async def test_a_mapping_outlives_a_restart_in_its_order(store, consultation, start):
    for role, segment in ((MILLERS, "millers"), (BAKERS, "bakers"), (MILLERS, "farmers")):
        await map_role(store, consultation, role, segment)

    again = await start()
    kept = again.memory.consultations[consultation.guild_id].segment_roles
    assert list(kept.items()) == [(MILLERS, "farmers"), (BAKERS, "bakers")]


async def test_a_role_can_stand_for_nothing_again_and_deleted_roles_are_forgotten(store, consultation):
    await map_role(store, consultation, MILLERS, "millers")
    await map_role(store, consultation, BAKERS, "bakers")

    assert (await map_role(store, consultation, MILLERS, None)).segment_roles == {BAKERS: "bakers"}
    gone = await map_role(store, consultation, MILLERS, "millers", existing=(MILLERS,))
    assert gone.segment_roles == {MILLERS: "millers"}
    assert (await map_role(store, consultation, BAKERS, None)).segment_roles == {MILLERS: "millers"}


async def test_what_a_moderator_confirmed_counts_and_not_what_was_declared(store, consultation, start):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", [])
    assert speaks_for(store, consultation, SegmentSource.CONFIRMED) == NOT_CONFIRMED
    await confirm(store, consultation, PERSON, "academia")
    await confirm(store, consultation, PERSON, "patients")
    assert speaks_for(store, consultation, SegmentSource.CONFIRMED) == "patients"

    again = await start()
    assert speaks_for(again, consultation, SegmentSource.CONFIRMED) == "patients"
    assert speaks_for(again, consultation, SegmentSource.DECLARED) == "industry"
    await confirm(again, consultation, PERSON, None)
    assert speaks_for(again, consultation, SegmentSource.CONFIRMED) == NOT_CONFIRMED
    assert speaks_for(await start(), consultation, SegmentSource.CONFIRMED) == NOT_CONFIRMED


async def test_what_is_rolled_back_confirms_nobody(store, consultation):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is the end of the block that fails
        async with store.write() as session:
            await segments.confirm(session, consultation.id, PERSON, "academia")
            _ = 1 / 0
    assert speaks_for(store, consultation, SegmentSource.CONFIRMED) == NOT_CONFIRMED


async def test_a_confirmation_cannot_be_matched_with_a_membership_and_its_trace_with_nothing(store, consultation):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", [])
        named = await segments.confirm(session, consultation.id, PERSON, "industry")
        (confirmed,) = await session.scalars(select(ConfirmationRow.seal))
        (membership,) = await session.scalars(select(ParticipantRow.seal))
    assert confirmed != membership
    assert named.startswith("P-")
    assert str(PERSON) not in named


async def test_those_without_a_segment_have_a_row_of_their_own_that_is_merged_like_any_other(
    store, consultation, wording, box
):
    await choose(store, consultation, SegmentSource.CONFIRMED)
    poll = await open_poll(store, consultation, wording)
    for number in range(12):
        segment = NOT_CONFIRMED if number < 6 else "industry"
        await box.cast(Ballot(poll.id, number, segment, Position.SUPPORT))
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Enough.")
    async with store.read() as session:
        result = await polls.result(session, ended)

    assert ended.segment_source is SegmentSource.CONFIRMED
    assert [(row.segment, row.counts.ballots) for row in result.segments] == [("industry", 6), (NOT_CONFIRMED, 6)]
    merged = tally([("industry", Position.PASS, 5), ("zoo", Position.PASS, 3), (NO_ROLE, Position.PASS, 2)])
    assert [(row.segment, row.counts.ballots) for row in merged.segments] == [("industry", 5), (OTHER, 5)]


async def test_rows_without_a_segment_stand_last_before_those_merged():
    keys = ["zoo", "academia", NOT_CONFIRMED, OTHER]
    rows = tally((key, Position.PASS, 5) for key in keys).segments
    assert [row.segment for row in rows] == ["academia", "zoo", NOT_CONFIRMED, OTHER]


async def test_a_mapping_or_a_confirmation_changes_no_ballot_that_was_cast(store, consultation, wording, box):
    mapped = await map_role(store, consultation, BAKERS, "bakers")
    await choose(store, consultation, SegmentSource.ROLES)
    poll = await open_poll(store, consultation, wording)
    segment = segments.segment_of(store.memory, store.sealer, mapped, poll.segment_source, PERSON, [BAKERS])
    await box.cast(Ballot(poll.id, PERSON, str(segment), Position.SUPPORT))

    await map_role(store, consultation, BAKERS, "millers")
    await confirm(store, consultation, PERSON, "academia")
    await choose(store, consultation, SegmentSource.CONFIRMED)

    async with store.read() as session:
        assert list(await session.scalars(select(BallotRow.segment))) == ["bakers"]


async def test_who_joins_without_being_asked_keeps_what_they_declared_before(store, consultation):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ["research"], wants_messages=True)
    async with store.write() as session:
        [again] = await participants.join_all(
            session, [participants.Joining(consultation.id, PERSON, None, (), None, "bakers")]
        )
    assert (again.segment, again.groups, again.wants_messages) == ("industry", frozenset(), True)
    assert again.role_segment == "bakers"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (SegmentSource.DECLARED, {"industry": 6, NOT_DECLARED: 5}),
        (SegmentSource.ROLES, {"bakers": 5, NO_ROLE: 6}),
        (SegmentSource.CONFIRMED, {"academia": 5, NOT_CONFIRMED: 6}),
    ],
)
async def test_the_missing_are_counted_by_what_counts_in_the_poll(store, consultation, wording, source, expected):
    await choose(store, consultation, source)
    poll = await open_poll(store, consultation, wording)
    async with store.write() as session:
        for person in range(100, 111):
            some = person < 105
            joining = participants.Joining(
                consultation.id,
                person,
                None if some else "industry",
                ("research",),
                role_segment="bakers" if some else NO_ROLE,
            )
            await participants.join_all(session, [joining])
            if some:
                await segments.confirm(session, consultation.id, person, "academia")
    async with store.read() as session:
        counted = await reminders.missing_by_segment(session, poll)
    assert dict(counted.segments) == expected


async def test_private_words_bear_the_segment_that_counts_and_only_a_large_one(store, consultation, clock):
    setting = await choose(store, consultation, SegmentSource.CONFIRMED)
    async with store.write() as session:
        for person in range(100, 106):
            await participants.join(session, consultation.id, person, "industry", [])
            await segments.confirm(session, consultation.id, person, "academia" if person < 105 else "patients")
    async with store.write() as session:
        for person in (100, 105):
            await feedback.give_private(
                session,
                setting,
                submission=person,
                user_id=person,
                text=f"Words of {person}.",
                quotation=Quotation.NOT,
                group=None,
                recommendation=None,
            )
    clock.advance(hours=1)
    async with store.read() as session:
        stored = await feedback.all_feedback(session, consultation.id)
        recorded = await feedback.recorded_feedback(session, consultation.id)

    assert [one.segment for one in stored] == ["academia", "patients"]
    assert [one.segment for one in recorded] == ["academia", None]
    assert {one.segment_source for one in recorded} == {SegmentSource.CONFIRMED}


def test_a_confirmation_s_seal_is_no_other_s(sealer: Sealer):
    seals = {sealer.seal(purpose, PERSON) for purpose in Purpose}
    assert len(seals) == len(Purpose)

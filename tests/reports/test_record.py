from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models import consultations, feedback, participants, polls
from models.ballot_box import BallotBox
from models.records import Ballot, Consultation, Poll, Position, Quotation, Wording
from models.sealing import Sealer
from models.store import Store, open_store
from reports.record import Record, gather

NOW = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
WORDING = {"en": Wording("Grow more rye", "It keeps.")}


@pytest.fixture
def clock():
    """Return the moments the store's clock has told; the last is now."""
    return [NOW]


@pytest.fixture
async def store(tmp_path, clock):
    store = await open_store(
        f"sqlite+aiosqlite:///{tmp_path / 'store.db'}", Sealer(bytes(range(64))), lambda: clock[-1]
    )
    yield store
    await store.close()


@pytest.fixture
async def consultation(store):
    async with store.write() as session:
        prepared = await consultations.prepare(session, 100, "mill", ("en",))
        return await consultations.open_consultation(session, prepared.id)


async def open_poll(store: Store, consultation: Consultation, recommendation: str) -> Poll:
    async with store.write() as session:
        return await polls.open_poll(session, consultation, recommendation, "flour", WORDING, None)


async def record_of(store: Store, consultation: Consultation) -> Record:
    async with store.read() as session:
        return await gather(session, consultation.id)


async def test_a_consultation_in_which_nothing_happened_has_an_empty_record(store, consultation):
    assert await record_of(store, consultation) == Record((), ())


async def test_an_open_poll_has_no_part_in_the_record(store, consultation):
    await open_poll(store, consultation, "more-rye")
    assert (await record_of(store, consultation)).polls == ()


async def test_the_record_holds_ended_polls_with_their_ballots_reasons_and_the_feedback(store, consultation, clock):
    poll = await open_poll(store, consultation, "more-rye")
    box = BallotBox(store)
    for user_id in range(1, 6):
        await box.cast(Ballot(poll.id, user_id, "bakers", Position.SUPPORT))
    await box.cast(Ballot(poll.id, 6, "bakers", Position.OBJECT, "It rains too much.", Quotation.WITHOUT_SEGMENT))
    async with store.write() as session:
        await participants.join(session, consultation.id, 1, "bakers", ["flour"])
        given = await feedback.give_private(
            session,
            consultation,
            submission=1,
            user_id=1,
            text="Rye is dear.",
            quotation=Quotation.NOT,
            group="flour",
            recommendation=None,
        )
        ended = await polls.end(session, poll.id, "Everybody has voted.")

    clock.append(NOW + timedelta(hours=1))
    record = await record_of(store, consultation)

    [poll_record] = record.polls
    assert poll_record.poll == ended
    assert poll_record.result.total.ballots == 6
    assert [row.segment for row in poll_record.result.segments] == ["bakers"]
    assert len(poll_record.ballots) == 6
    assert [reason.text for reason in poll_record.reasons] == ["It rains too much."]
    assert record.feedback == (replace(given, segment=None),), "too few declared the segment"

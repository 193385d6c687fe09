"""After a retention period nothing leads from what was given to a person, with the key or without it."""

from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from models import consultations, feedback, participants, polls, retention, rights, trace
from models.errors import ConsultationError, OperatorError
from models.participants import Joining, Register
from models.records import Ballot, Moderator, ModeratorRole, Position, Quotation
from models.retention import Forgotten
from models.rights import Person
from models.sealing import Purpose, Sealer, read_or_make_key, secrets_folder
from models.store import open_store
from models.tables import BallotRow, ConsultationRow, FeedbackRow, ParticipantRow, StoredValue

ANN, BOB = 812_345_678_901_234_567, 99_000_000_000_000_011
MONTH = timedelta(days=30)


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "operator" / "key"


@pytest.fixture
def sealer(key_file):
    """Return the sealer of an operator whose secrets lie in files."""
    return Sealer(read_or_make_key(key_file)[0], secrets_folder(key_file))


@pytest.fixture
async def other(store, consultation):
    """A consultation of another server in the same store, in which Bob takes part too."""
    async with store.write() as session:
        made = await consultations.prepare(session, consultation.guild_id + 1, "sample", ("en",))
        await participants.join(session, made.id, BOB, "academia", [])
        return made


@pytest.fixture
async def closed(store, box, consultation, poll, other):  # noqa: ARG001 - in the other one Bob goes on
    """A consultation in which Ann and Bob did everything, closed, to be forgotten in a month."""
    async with store.write() as session:
        for number, person in enumerate((ANN, BOB)):
            await participants.join(session, consultation.id, person, "industry", ["research"])
            await participants.choose_language(session, person, "fr")
            await trace.record(session, consultation.id, Moderator(person, ModeratorRole.MODERATOR), "close")
            await feedback.record_message(
                session,
                consultation,
                message_id=500_000 + number,
                user_id=person,
                text=f"Public thought {number}.",
                group="research",
                recommendation="shared-data",
                given_at=session.now(),
            )
            await feedback.give_private(
                session,
                consultation,
                submission=600_000 + number,
                user_id=person,
                text=f"Private thought {number}.",
                quotation=Quotation.NOT,
                group=None,
                recommendation=None,
            )
    for person in (ANN, BOB):
        await box.cast(Ballot(poll.id, person, "industry", Position.OBJECT, "Because."))
    async with store.write() as session:
        await polls.end(session, poll.id, "Enough.")
        return await consultations.close_consultation(session, consultation.id, MONTH)


async def forget(store, consultation_id):
    async with store.write() as session:
        done = await retention.forget(session, consultation_id)
    await store.destroy()
    return done


def secrets(key_file):
    return sorted(file.name for file in secrets_folder(key_file).iterdir())


async def test_the_period_begins_with_the_end_and_stops_where_it_is_opened_again(store, closed, clock):
    assert closed.forget_at == clock() + MONTH
    assert retention.next_due(store.memory) == closed

    async with store.write() as session:
        opened = await consultations.open_consultation(session, closed.id)

    assert opened.forget_at is None
    assert retention.next_due(store.memory) is None


async def test_an_end_is_announced_first_and_is_a_day_off_at_least(store, start, closed, clock):
    assert retention.due_at(closed) == closed.forget_at - timedelta(days=7)
    clock.advance(days=23)
    async with store.write() as session:
        on_time = await retention.announced(session, closed.id)
    assert retention.due_at(on_time) == closed.forget_at

    clock.advance(days=20)
    async with store.write() as session:
        late = await retention.announced(session, closed.id)
    assert retention.due_at(late) == clock() + timedelta(days=1)
    assert (await start()).memory.consultations[closed.guild_id] == late


async def test_a_period_survives_a_restart(start, closed):
    assert retention.next_due((await start()).memory) == closed


@pytest.mark.parametrize(
    ("left", "notice"),
    [
        (timedelta(days=7, seconds=1), None),
        (timedelta(days=7), timedelta(days=7)),
        (timedelta(days=1, seconds=1), timedelta(days=7)),
        (timedelta(days=1), timedelta(days=1)),
        (timedelta(0), timedelta(days=1)),
    ],
)
def test_moderators_are_to_be_told_a_week_and_a_day_before(closed, left, notice):
    assert retention.notice_due(closed, closed.forget_at - left) == notice


async def test_nothing_is_due_in_a_consultation_that_runs(consultation, clock):
    assert retention.notice_due(consultation, clock()) is None


async def test_what_is_forgotten_is_foreseen_in_numbers(store, closed):
    async with store.read() as session:
        foreseen = await retention.foreseen(session, closed.id)

    assert foreseen == Forgotten(participants=2, messages=2, languages=1)  # Bob's language serves him elsewhere
    assert await forget(store, closed.id) == foreseen


async def test_afterwards_no_seal_opens_and_nobody_is_found(store, closed, sealer):
    async with store.read() as session:
        ballots = list(await session.scalars(select(BallotRow.seal).order_by(BallotRow.id)))
    assert sealer.open(Purpose.BALLOT, ballots[0], closed.id) == ANN

    await forget(store, closed.id)

    with pytest.raises(InvalidTag):
        sealer.open(Purpose.BALLOT, ballots[0], closed.id)
    async with store.read() as session:
        assert await rights.what_is_kept(session, Person(ANN, closed.id)) == []
        assert await session.scalar(select(ParticipantRow).where(ParticipantRow.consultation_id == closed.id)) is None
        submissions = await session.scalars(select(FeedbackRow.submission))
        assert all(-1_000 < submission < 0 for submission in submissions)


async def test_what_was_said_and_counted_stays(store, closed):
    async with store.read() as session:
        [ended] = await polls.ended_polls(session, closed.id)
        before = await polls.result(session, ended), [w.text for w in await feedback.all_feedback(session, closed.id)]

    await forget(store, closed.id)

    async with store.read() as session:
        after = await polls.result(session, ended), [w.text for w in await feedback.all_feedback(session, closed.id)]
        done = await trace.entries(session, closed.id)
    assert after == before
    assert len(done) == 2


async def test_the_secret_is_destroyed_and_the_other_consultation_goes_on(store, start, closed, other, key_file):
    [first, second] = secrets(key_file)

    await forget(store, closed.id)

    again = await start()
    assert len(secrets(key_file)) == 2
    assert len({first, second} & set(secrets(key_file))) == 1
    assert again.participant(other, BOB) is not None
    assert again.language_of(BOB) == "fr"
    assert again.language_of(ANN) is None


async def test_with_the_last_consultation_all_languages_go(store, closed, other):
    await forget(store, closed.id)
    await forget(store, other.id)

    assert store.memory.languages == {}
    assert store.memory.participants == {}


async def test_a_copy_of_the_store_from_before_opens_no_id_either(store, closed, store_file, clock, sealer, tmp_path):
    await store.close()
    copy = tmp_path / "stolen" / "consultation.db"
    copy.parent.mkdir()
    copy.write_bytes(store_file.read_bytes())
    again = await open_store(f"sqlite+aiosqlite:///{store_file}", sealer, clock)
    await forget(again, closed.id)
    await again.close()

    with pytest.raises(OperatorError, match="forgotten on purpose"):
        await open_store(f"sqlite+aiosqlite:///{copy}", sealer, clock)


async def test_copies_beside_the_store_are_removed(store, closed, store_file):
    copy = store_file.with_name("consultation-before-0001-20300301T093000.backup")
    copy.write_bytes(store_file.read_bytes())
    mine = store_file.with_name("my-own-copy.db")
    mine.touch()

    await forget(store, closed.id)

    assert not copy.exists()
    assert mine.exists()


async def test_what_was_left_undone_is_done_at_the_next_start(store, start, closed, store_file, key_file):
    copy = store_file.with_name("consultation-before-0001-20300301T093000.backup")
    copy.touch()
    async with store.write() as session:
        given_up = (await session.get_one(ConsultationRow, closed.id)).secret_name
        await retention.forget(session, closed.id)
    assert given_up in secrets(key_file)

    again = await start()

    assert given_up not in secrets(key_file)
    assert not copy.exists()
    async with again.read() as session:
        assert [name for name in await session.scalars(select(StoredValue.name)) if "destroy" in name] == []


async def test_what_is_rolled_back_destroys_nothing(store, start, closed):
    before = store.memory
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is the end of the block that fails
        async with store.write() as session:
            await retention.forget(session, closed.id)
            _ = 1 / 0
    await store.destroy()

    again = await start()
    assert again.memory == before
    async with again.read() as session:
        assert len(await rights.what_is_kept(session, Person(ANN, closed.id))) > 1


async def test_memory_afterwards_is_what_a_restart_would_load(store, start, closed):
    await forget(store, closed.id)
    before = store.memory

    assert (await start()).memory == before
    assert retention.next_due(before) is None


async def test_a_consultation_that_is_open_is_not_forgotten(store, consultation):
    with pytest.raises(ConsultationError, match="still_open"):
        await forget(store, consultation.id)


async def test_nobody_joins_what_was_forgotten_until_it_is_opened_again(store, closed):
    await forget(store, closed.id)
    register = Register(store)
    joining = Joining(closed.id, ANN, "academia", ())

    with pytest.raises(ConsultationError, match="forgotten"):
        await register.join(joining)
    async with store.write() as session:
        opened = await consultations.open_consultation(session, closed.id)
    await register.join(joining)

    assert opened.forgotten_at is None
    assert store.participant(opened, ANN) is not None
    assert store.participant(opened, BOB) is None


async def test_what_stands_in_threads_since_before_is_not_heard_again(store, closed, clock):
    await forget(store, closed.id)
    clock.advance(days=1)
    async with store.write() as session:
        opened = await consultations.open_consultation(session, closed.id)

    assert opened.opened_at == clock()


async def test_moderators_may_go_on_afterwards(store, closed):
    await forget(store, closed.id)
    async with store.write() as session:
        await trace.record(session, closed.id, Moderator(ANN, ModeratorRole.MODERATOR), "open")
    async with store.read() as session:
        entries = await trace.entries(session, closed.id)

    assert len({entry.pseudonym for entry in entries}) == 3

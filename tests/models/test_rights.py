"""What somebody gave is found, told and erased wherever it stands, and nothing of anybody else's."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, func, select

from models import (
    blocks,
    consultations,
    feedback,
    notices,
    participants,
    polls,
    rights,
    segments,
    statement_review,
    statements,
    trace,
)
from models.ballot_record import recorded_ballots
from models.errors import ConsultationError
from models.participants import Joining, Register
from models.records import (
    Attachment,
    Ballot,
    FeedbackKind,
    Moderator,
    ModeratorRole,
    Position,
    Quotation,
    StatementState,
    ThreadMessage,
)
from models.rights import HOLDINGS, Fate, Person
from models.sealing import EVERYWHERE, Purpose
from models.tables import BallotChange, BallotRow, Base, BlockRow, FeedbackRow, ParticipantRow, Preference, TraceRow

ANN, BOB = 812_345_678_901_234_567, 99_000_000_000_000_011
KEPT = {TraceRow.__tablename__, BlockRow.__tablename__}  # what an erasure leaves, and says so


def columns_of_seals() -> set[tuple[str, str]]:
    """Return every column in the store that holds the seals of people."""
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and (column.name == "seal" or column.name.endswith("_seal"))
    }


async def take_part(store, box, consultation, person, ended, cancelled, running):
    """Let somebody do everything that leaves a seal."""
    async with store.write() as session:
        await participants.join(session, consultation.id, person, "industry", ["research"], wants_messages=True)
        await participants.choose_language(session, person, "fr")
        await trace.record(session, consultation.id, Moderator(person, ModeratorRole.MODERATOR), "poll_open")
        await segments.confirm(session, consultation.id, person, "industry")
        await blocks.block(session, consultation.id, person)
        await feedback.record_message(
            session,
            consultation,
            message_id=person % 10_000,
            user_id=person,
            text=f"Public thought of {person}.",
            group="research",
            recommendation="shared-data",
            given_at=session.now(),
        )
        await feedback.give_private(
            session,
            consultation,
            submission=person,
            user_id=person,
            text=f"Private thought of {person}.",
            quotation=Quotation.NOT,
            group=None,
            recommendation=None,
        )
        await propose(session, consultation, person, f"Proposal of {person}.")
        approved = await propose(session, consultation, person, f"Approved words of {person}.")
        end = session.now() + timedelta(days=7)
        await statement_review.approve(
            session, consultation, approved.id, approved.version, end, languages=("en",), titles={}
        )
    for poll in (ended, cancelled, running):
        for position in (Position.SUPPORT, Position.OBJECT):
            await box.cast(Ballot(poll.id, person, "industry", position, f"Because of {person}."))


async def propose(session, consultation, person, text):
    """Let somebody send a proposal; return it."""
    draft = await statements.keep_draft(
        session,
        consultation,
        submission=person + len(text),
        user_id=person,
        group="research",
        recommendation=None,
        language="en",
        text=text,
        why=f"Why, says {person}.",
    )
    return await statements.send(session, person, draft.id)


@pytest.fixture
async def voted(store, box, consultation, poll, wording):
    """Three polls in which Ann and Bob voted and everything else they did: one ended, one cancelled, one running."""
    async with store.write() as session:
        cancelled = await polls.open_poll(session, consultation, "training", "talent", wording, None)
        running = await polls.open_poll(session, consultation, "access", "care", wording, None)
    for person in (ANN, BOB):
        await take_part(store, box, consultation, person, poll, cancelled, running)
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Settled elsewhere.")
        await polls.cancel(session, cancelled.id, "A mistake.")
    return ended, cancelled, running


async def kept_of(store, person, consultation_id):
    async with store.read() as session:
        return await rights.what_is_kept(session, Person(person, consultation_id))


async def erase(store, box, person, consultation_id):
    async with box.shut_to(person, consultation_id), store.write() as session:
        return await rights.erase(session, Person(person, consultation_id))


async def rows_under(store, person, consultation_id) -> Counter[str]:
    """Count the rows of every table that bear a seal of this person, of any purpose."""
    seals = [
        store.sealer.seal(purpose, person, place) for purpose in Purpose for place in (EVERYWHERE, consultation_id)
    ]
    seals += store.memory.notices_for(store.sealer, consultation_id, person)
    found: Counter[str] = Counter()
    async with store.read() as session:
        for table_name, column_name in columns_of_seals():
            table = Base.metadata.tables[table_name]
            counting = select(func.count()).select_from(table).where(table.columns[column_name].in_(seals))
            found[table_name] += await session.scalar(counting) or 0
    return found


def test_every_column_of_seals_is_covered_by_what_is_shown_and_erased():
    covered = [(str(holding.column.class_.__tablename__), holding.column.key) for holding in HOLDINGS]

    assert set(covered) == columns_of_seals()
    assert len(covered) == len(set(covered))
    assert {table for table, holding in zip(covered, HOLDINGS, strict=True) if holding.erase is None} == {
        (table, "seal") for table in KEPT
    }


@pytest.mark.usefixtures("voted")
async def test_every_column_beside_a_seal_is_told_or_holds_nothing_of_the_person(store, consultation):
    async with store.read() as session:
        for holding in HOLDINGS:
            columns = {column.key for column in holding.column.class_.__table__.columns}
            assert columns <= set(holding.told) | holding.untold, "tell a new column, or say that it holds nothing"
            assert set(holding.told) <= columns - holding.untold
            found = await holding.find(session, Person(ANN, consultation.id))
            assert all(set(holding.told.values()) <= set(one.fields) for one in found)


async def test_a_proposal_is_told_with_what_became_of_it(store, consultation):
    async with store.write() as session:
        one = await propose(session, consultation, ANN, "Ann's words.")
        one = await statement_review.ask_back(session, consultation.id, one.id, one.version, "Which ones?")
        await statements.answer(session, ANN, one.id, answer="All.", text="All of Ann's words.")
        await statement_review.reject(session, consultation.id, one.id, one.version + 1, "Said before.")
    [kept] = [one.fields for one in await kept_of(store, ANN, consultation.id) if one.kind == "proposal"]
    assert (kept["state"], kept["reason"]) == (StatementState.REJECTED, "Said before.")
    assert kept["exchanges"] == [{"question": "Which ones?", "answer": "All."}]
    assert [one["text"] for one in kept["earlier"]] == ["Ann's words."]


async def test_an_earlier_wording_is_told_with_its_date_and_files_and_private_words_with_what_they_are_about(
    store, consultation, clock
):
    file = Attachment("plan.pdf", "application/pdf", 5)
    then = clock()
    message = ThreadMessage(5, ANN, "First.", "research", "shared-data", then, attachments=(file,))
    async with store.write() as session:
        await feedback.record_messages(session, consultation, [message])
        clock.advance(minutes=5)
        await feedback.edit_message(session, consultation.id, 5, "Second.", [])
        await feedback.give_private(
            session,
            consultation,
            submission=6,
            user_id=ANN,
            text="I agree.",
            quotation=Quotation.NOT,
            group="research",
            recommendation="shared-data",
            about=(70, 5),
        )
    thread, private = [one.fields for one in await kept_of(store, ANN, consultation.id)]
    [earlier] = thread["earlier"]
    assert (earlier["text"], earlier["written_at"]) == ("First.", then)
    assert earlier["attachments"] == [{"name": "plan.pdf", "kind": "application/pdf", "size": 5}]
    assert (private["channel"], private["message"]) == (70, 5)


async def test_a_block_is_told_with_its_dates_and_its_reason(store, consultation, clock):
    then = clock()
    async with store.write() as session:
        for reason in ("Insults.", "Insults again."):
            name = await blocks.block(session, consultation.id, ANN)
            await trace.record(session, consultation.id, Moderator(7, ModeratorRole.MODERATOR), "block", name, reason)
            clock.advance(hours=1)
            await blocks.unblock(session, consultation.id, ANN)
    first, second = [one.fields for one in await kept_of(store, ANN, consultation.id)]
    assert (first["blocked_at"], first["reason"]) == (then, "Insults.")
    assert second["reason"] == "Insults again."
    assert first["lifted_at"] == second["blocked_at"]


@pytest.mark.usefixtures("voted")
async def test_every_row_under_a_seal_is_shown(store, consultation):
    rows = await rows_under(store, ANN, consultation.id)
    shown = await kept_of(store, ANN, consultation.id)

    assert all(rows.values()), "let somebody do in `take_part` what fills this table"
    assert set(rows) == {table for table, _ in columns_of_seals()}
    assert len(shown) == sum(rows.values())


@pytest.mark.usefixtures("voted")
async def test_what_is_shown_is_whole_and_ones_own(store, consultation):
    shown = await kept_of(store, ANN, consultation.id)
    counts = rights.counted(shown)

    assert dict(counts) == {
        ("membership", Fate.ERASED): 1,
        ("confirmation", Fate.ERASED): 1,
        ("language", Fate.ERASED): 1,
        ("ballot", Fate.DISOWNED): 1,
        ("ballot", Fate.WITHDRAWN): 2,
        ("ballot_history", Fate.ERASED): 6,
        ("thread", Fate.ERASED): 1,
        ("private", Fate.ERASED): 1,
        ("proposal", Fate.ERASED): 1,
        ("proposal", Fate.DISOWNED): 1,
        ("notice", Fate.ERASED): 1,
        ("moderation", Fate.KEPT): 1,
        ("block", Fate.KEPT): 1,
    }
    everything = str(shown)
    for written in (f"Public thought of {ANN}.", f"Private thought of {ANN}.", f"Because of {ANN}.", "Shared data"):
        assert written in everything
    assert f"of {BOB}" not in everything


@pytest.mark.usefixtures("voted")
async def test_nothing_is_left_of_what_was_erased_but_the_trace(store, box, consultation):
    foreseen = await kept_of(store, ANN, consultation.id)
    others = await rows_under(store, BOB, consultation.id)

    done = await erase(store, box, ANN, consultation.id)

    assert list(done.found) == foreseen
    left = await rows_under(store, ANN, consultation.id)
    assert {table for table, rows in left.items() if rows} == KEPT
    assert await rows_under(store, BOB, consultation.id) == others
    assert [one.kind for one in await kept_of(store, ANN, consultation.id)] == ["moderation", "block"]


@pytest.mark.usefixtures("voted")
async def test_memory_is_what_a_restart_would_load(store, start, box, consultation):
    await erase(store, box, ANN, consultation.id)
    assert store.participant(consultation, ANN) is None
    assert store.language_of(ANN) is None
    assert store.participant(consultation, BOB) is not None

    before = store.memory
    assert (await start()).memory == before


async def test_a_ballot_of_an_ended_poll_counts_on_without_its_owner(store, box, consultation, voted):
    ended, cancelled, running = voted
    async with store.read() as session:
        before = await polls.result(session, ended)

    done = await erase(store, box, ANN, consultation.id)

    async with store.read() as session:
        assert await polls.result(session, ended) == before
        assert await polls.turnout(session, ended.id) == 2
        assert [reason.text for reason in await polls.reasons(session, ended)] == [f"Because of {BOB}."]
        assert [await polls.turnout(session, one.id) for one in (cancelled, running)] == [1, 1]
    assert [poll.id for poll in done.polls] == [running.id]


@pytest.mark.parametrize("person", [ANN, 777])
async def test_two_exports_do_not_show_which_ballots_belong_to_whom_erased(store, box, consultation, voted, person):
    ended, *_ = voted
    async with store.read() as session:
        before = [ballot for block in await recorded_ballots(session, ended) for ballot in block]

    await erase(store, box, person, consultation.id)  # also where it is somebody who never voted

    async with store.read() as session:
        after = [ballot for block in await recorded_ballots(session, ended) for ballot in block]
    assert {name for _, _, name, *_ in before} & {name for _, _, name, *_ in after} == set()
    said = [Counter(ballot[3:] for ballot in exported) for exported in (before, after)]
    assert said[0] == said[1]


async def test_the_history_of_a_counted_ballot_is_its_last_entry_under_the_same_seal(store, box, consultation, voted):
    ended, *_ = voted
    await erase(store, box, ANN, consultation.id)

    bobs = store.sealer.seal(Purpose.BALLOT, BOB, consultation.id)
    async with store.read() as session:
        columns = (BallotRow.seal, BallotRow.segment, BallotRow.answer, BallotRow.cast_at)
        [ballot] = await session.execute(select(*columns).where(BallotRow.poll_id == ended.id, BallotRow.seal != bobs))
        columns = (BallotChange.seal, BallotChange.segment, BallotChange.answer, BallotChange.cast_at)
        changes = (
            await session.execute(select(*columns).where(BallotChange.poll_id == ended.id, BallotChange.seal != bobs))
        ).all()
    assert changes == [tuple(ballot)]
    assert len(ballot.seal) == len(bobs)


async def test_ballots_that_lost_their_owner_are_not_known_for_one_persons(store, box, consultation, voted, wording):
    ended, *_ = voted
    async with store.write() as session:
        second = await polls.open_poll(session, consultation, "shared-data", "research", wording, None)
    await box.cast(Ballot(second.id, ANN, "industry", Position.PASS))
    async with store.write() as session:
        await polls.end(session, second.id, "Enough.")

    await erase(store, box, ANN, consultation.id)

    bobs = store.sealer.seal(Purpose.BALLOT, BOB, consultation.id)
    async with store.read() as session:
        seals = list(
            await session.scalars(
                select(BallotRow.seal).where(BallotRow.poll_id.in_([ended.id, second.id]), BallotRow.seal != bobs)
            )
        )
    assert len(seals) == len(set(seals)) == 2


async def test_a_deadline_that_nobody_noticed_yet_is_an_end(store, box, consultation, poll, clock):
    await box.cast(Ballot(poll.id, ANN, "industry", Position.SUPPORT))
    clock.advance(days=8)

    [ballot] = [one for one in await kept_of(store, ANN, consultation.id) if one.kind == "ballot"]
    assert ballot.fate is Fate.DISOWNED
    await erase(store, box, ANN, consultation.id)

    with pytest.raises(ConsultationError, match="poll_ended"):
        await box.cast(Ballot(poll.id, ANN, "industry", Position.OBJECT))
    async with store.read() as session:
        assert await polls.turnout(session, poll.id) == 1


async def test_whoever_comes_again_votes_once_in_open_polls_and_not_in_ended_ones(store, box, consultation, voted):
    ended, cancelled, running = voted
    await erase(store, box, ANN, consultation.id)
    async with store.write() as session:
        await participants.join(session, consultation.id, ANN, "academia", [])

    cast = await box.cast(Ballot(running.id, ANN, "academia", Position.PASS))

    assert not cast.changed
    async with store.read() as session:
        assert await polls.turnout(session, running.id) == 2
    for over in (ended, cancelled):
        with pytest.raises(ConsultationError, match="poll_ended"):
            await box.cast(Ballot(over.id, ANN, "academia", Position.PASS))


async def test_no_ballot_or_membership_that_waits_survives(store, box, consultation, poll):
    register = Register(store)
    waiting = [
        asyncio.create_task(box.cast(Ballot(poll.id, ANN, "industry", Position.SUPPORT))),
        asyncio.create_task(register.join(Joining(consultation.id, ANN, "industry", ("research",)))),
    ]
    await asyncio.sleep(0)

    async with box.shut_to(ANN, consultation.id):
        await register.drain()
        with pytest.raises(ConsultationError, match="being_erased"):
            await box.cast(Ballot(poll.id, ANN, "industry", Position.PASS))
        assert (await box.cast(Ballot(poll.id, BOB, "industry", Position.PASS))).answer == Position.PASS
        async with store.write() as session:
            await rights.erase(session, Person(ANN, consultation.id))

    await asyncio.gather(*waiting)
    assert not any((await rows_under(store, ANN, consultation.id)).values())
    assert (await box.cast(Ballot(poll.id, ANN, "industry", Position.PASS))).changed is False


@pytest.mark.usefixtures("voted")
async def test_erasing_twice_at_once_does_it_once(store, box, consultation):
    both = await asyncio.gather(*(erase(store, box, ANN, consultation.id) for _ in range(2)))
    second, first = sorted(both, key=lambda done: len(done.found))

    assert rights.counted(second.found) == {("moderation", Fate.KEPT): 1, ("block", Fate.KEPT): 1}
    assert len(first.found) > len(second.found)
    assert box._shut == Counter()


@pytest.mark.usefixtures("voted")
async def test_an_erased_message_that_still_stands_in_its_thread_is_not_stored_again(store, box, consultation):
    await erase(store, box, ANN, consultation.id)
    async with store.write() as session:
        assert ANN % 10_000 not in await feedback.stored_messages(session, consultation.id, "shared-data")
        again = await feedback.record_message(
            session,
            consultation,
            message_id=ANN % 10_000,
            user_id=ANN,
            text="Public thought, read again.",
            group="research",
            recommendation="shared-data",
            given_at=session.now(),
        )
        await feedback.edit_message(session, consultation.id, ANN % 10_000, "Edited afterwards.")

    assert again.text == ""
    assert not any(one.kind == "thread" for one in await kept_of(store, ANN, consultation.id))
    async with store.read() as session:
        rows = (await session.execute(select(FeedbackRow.submission, FeedbackRow.text, FeedbackRow.segment))).all()
        assert ANN % 10_000 not in {row.submission for row in rows}
        assert sorted(row.text for row in rows) == ["", f"Private thought of {BOB}.", f"Public thought of {BOB}."]
        words = await feedback.all_feedback(session, consultation.id)
    assert {one.kind for one in words} == {FeedbackKind.THREAD, FeedbackKind.PRIVATE}


async def test_anothers_proposal_goes_on_by_itself_when_the_one_it_was_merged_into_is_erased(
    store, box, consultation, clock
):
    async with store.write() as session:
        waits, rejected = [await propose(session, consultation, BOB, text) for text in ("Bob's.", "Bob's other.")]
        anns = [await propose(session, consultation, ANN, text) for text in ("Ann's.", "Ann's other one.")]
        own = await propose(session, consultation, BOB, "Bob's third one.")
        clock.advance(hours=1)
        for one, into in ((anns[0], waits), (anns[1], rejected), (own, waits)):
            await statement_review.merge(session, consultation.id, one.id, one.version, into.id, "The same.")
        await statement_review.reject(session, consultation.id, rejected.id, rejected.version, "Too dear.")
        await notices.take(session, consultation.id, ANN)

    await erase(store, box, BOB, consultation.id)

    async with store.write() as session:
        [waiting] = await statement_review.waiting(session, consultation.id)
        every = await statement_review.all_statements(session, consultation.id)
        told = await notices.take(session, consultation.id, ANN)
    assert (waiting.id, waiting.merged_into, waiting.reason) == (anns[0].id, None, None)
    assert [(one.id, one.state, one.reason) for one in every if one != waiting] == [
        (anns[1].id, StatementState.REJECTED, "Too dear.")
    ]
    assert "propose.told_waits_alone" in {one.phrase for one in told}
    assert not any((await rows_under(store, BOB, consultation.id)).values())


@pytest.mark.usefixtures("voted")
async def test_what_was_erased_is_in_no_file_of_the_store_at_once(store, box, consultation, store_file):
    await erase(store, box, ANN, consultation.id)
    await store.write_over()

    content = b"\x00".join(file.read_bytes() for file in store_file.parent.iterdir())
    assert f"Private thought of {BOB}.".encode() in content
    assert f"Approved words of {ANN}.".encode() in content  # others vote on them
    private = (f"Private thought of {ANN}.", f"Proposal of {ANN}.", f"Why, says {ANN}.")
    for gone in (*private, f"Public thought of {ANN}.", f"Because of {ANN}."):
        assert gone.encode() not in content
    assert store.sealer.seal(Purpose.BALLOT, ANN, consultation.id) not in content


@pytest.mark.usefixtures("voted")
async def test_one_servers_data_are_erased_and_another_ones_stay(store, box, consultation):
    async with store.write() as session:
        other = await consultations.prepare(session, consultation.guild_id + 1, "sample", ("en",))
        await participants.join(session, other.id, ANN, "academia", [])

    await erase(store, box, ANN, consultation.id)

    assert store.participant(other, ANN) is not None
    assert [one.kind for one in await kept_of(store, ANN, other.id)] == ["membership"]


async def test_somebody_who_gave_nothing_has_nothing_kept_and_nothing_to_erase(store, box, consultation):
    assert await kept_of(store, ANN, consultation.id) == []
    assert (await erase(store, box, ANN, consultation.id)).found == ()
    async with store.read() as session:
        for table in (ParticipantRow, Preference):
            assert await session.scalar(select(func.count()).select_from(table)) == 0

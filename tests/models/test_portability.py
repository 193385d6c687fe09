"""Every statement of the use cases is one that PostgreSQL understands too."""

from sqlalchemy import ClauseElement, TextClause, event
from sqlalchemy.dialects import postgresql, sqlite

from models import (
    ballot_paper,
    blocks,
    consultations,
    exports,
    feedback,
    participants,
    polis,
    polls,
    questions,
    reminders,
    results,
    review,
    review_queue,
    segments,
    trace,
    words,
)
from models.ballot_record import recorded_ballots
from models.records import (
    Ballot,
    BallotPaper,
    FeedbackKind,
    Moderator,
    ModeratorRole,
    Place,
    PlaceKind,
    PollKind,
    Position,
    QuestionKind,
    Quotation,
    SegmentSource,
    ThreadMessage,
    Visibility,
)
from models.review import Step
from models.review_queue import Order, Shown, Wanted
from models.status import status
from models.store import UnitOfWork
from models.tables import BallotRow
from models.turnout import turnout

PERSON = 812_345_678_901_234_567


async def rank_options(session, consultation, wording):
    """Put options to the vote with a live result, and end it."""
    options = ballot_paper.options([{"en": "Trains"}, {"en": "Trams"}])
    paper = BallotPaper(PollKind.PRIORITIES, options, 2)
    asked = await polls.open_poll(
        session, consultation, None, "research", wording, None, paper=paper, visibility=Visibility.LIVE
    )
    session.add(
        BallotRow(
            poll_id=asked.id, seal=b"seal", segment="industry", answer="ba", quotation="not", cast_at=session.now()
        )
    )
    await polls.show_live(session, asked)
    await polls.result(session, await polls.end(session, asked.id, "Settled elsewhere."))


async def remind(session, poll):
    """Let a reminder wait, and take it."""
    await reminders.take_due(session)
    await reminders.let_wait(session, [poll])
    assert await reminders.take_next(session) is not None


async def look_at_results(session, consultation, poll):
    await turnout(session, await results.ended(session, consultation.id))
    await results.find(session, consultation.id, poll.id)
    await results.quotes(session, poll)


async def live_through_a_consultation(store, box, wording):
    """Call every use case once."""
    async with store.write() as session:
        prepared = await consultations.prepare(session, 1, "sample", ("en",))
        opened = await consultations.open_consultation(session, prepared.id)
        await consultations.remember_place(session, Place(opened.id, PlaceKind.GROUP, "research", 11))
        await consultations.forget_place(session, opened.id, PlaceKind.GROUP, "research")
        await participants.join(session, opened.id, PERSON, "industry", ["research"], wants_messages=True)
        await participants.choose_language(session, PERSON, "fr")
        await consultations.map_segment_role(session, opened.id, 31, "industry", [31])
        await segments.confirm(session, opened.id, PERSON, "industry")
        await segments.confirm(session, opened.id, PERSON, None)
        await consultations.choose_segment_source(session, opened.id, SegmentSource.CONFIRMED)
        poll = await polls.open_poll(session, opened, "shared-data", "research", wording, None)
        await remind(session, poll)
        await feedback.record_message(
            session,
            opened,
            message_id=5,
            user_id=PERSON,
            text="A thought.",
            group=None,
            recommendation="shared-data",
            given_at=session.now(),
        )
        await feedback.edit_message(session, opened.id, 5, "Another thought.")
        await feedback.give_private(
            session,
            opened,
            submission=6,
            user_id=PERSON,
            text="In private.",
            quotation=Quotation.NOT,
            group=None,
            recommendation=None,
        )
        await feedback.given_before(
            session,
            opened,
            submission=8,
            user_id=PERSON,
            text="In private.",
            quotation=Quotation.NOT,
            group=None,
            recommendation=None,
        )
        name = await blocks.block(session, opened.id, PERSON)
        await blocks.unblock(session, opened.id, PERSON)
        await trace.record(session, opened.id, Moderator(1, ModeratorRole.MODERATOR), "block", name, "A reason.")
        message = ThreadMessage(7, PERSON, "More.", None, "shared-data", session.now())
        await feedback.record_messages(session, opened, [message])
        await review_everything(session, opened.id)
        await ask_and_answer(session, opened)
        await rank_options(session, opened, wording)
    await box.cast(Ballot(poll.id, PERSON, "industry", Position.OBJECT, "Too slow."))
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Settled elsewhere.")
        await polls.mark_posted(session, poll.id)
        await feedback.delete_messages(session, opened.id, [5])
        await consultations.close_consultation(session, opened.id)
        await session.keep_value("commands", b"digest")
    async with store.read() as session:
        await look_at_everything(session, opened.id, ended)
    await store.load()


async def look_at_everything(session, consultation_id, ended):
    """Read all that moderators and everybody may read."""
    await status(session, consultation_id)
    await polls.results_to_post(session)
    await polls.ended_polls(session, consultation_id)
    await polls.latest_poll_on(session, consultation_id, "shared-data")
    await polls.turnout(session, ended.id)
    await exports.participants(session, exports.Selection(consultation_id, exports.Tier.RECORD))
    [block async for block in exports.words_in(session, exports.Selection(consultation_id))]
    await polis.comments_of(session, [ended])
    list(await recorded_ballots(session, ended))
    await polls.reasons(session, ended)
    await turnout(session, await results.ended(session, consultation_id))
    await results.find(session, consultation_id, ended.id)
    await results.quotes(session, ended)
    await questions.is_kept(session, consultation_id, 7)
    await questions.all_answers(session, consultation_id)
    await feedback.stored_messages(session, consultation_id, "shared-data")
    await feedback.recorded_feedback(session, consultation_id)
    entry, *_ = await trace.entries(session, consultation_id)
    await trace.newest(session, consultation_id, 9, before=9, action="block", moderator=entry.pseudonym)
    await trace.actions(session, consultation_id)


async def ask_and_answer(session, consultation):
    """Do everything there is to do with questions."""
    await questions.keep(
        session, consultation, number=7, kind=QuestionKind.UNANSWERED, language="en", text="What does it cost?"
    )
    [asked] = await questions.all_questions(session, consultation.id)
    await questions.remove_questions(session, consultation.id, [asked.id])
    answer = await questions.add_answer(session, consultation.id, language="en", question="Who pays?", answer="We do.")
    await questions.remove_answer(session, consultation.id, answer.id)


async def review_everything(session, consultation_id):
    """Let a moderator do everything there is to do with feedback."""
    moderator = Moderator(1, ModeratorRole.MODERATOR)
    wanted = Wanted("research", "shared-data", Shown.UNREAD, 1, FeedbackKind.THREAD)
    await review_queue.queue(session, consultation_id, wanted, Order(["research"], ["shared-data"]))
    await review_queue.suggested(session, consultation_id, "F-", 25)
    [one, other] = await feedback.recorded_feedback(session, consultation_id)
    await review.open_one(session, consultation_id, moderator, one.reference)
    await review.mark(session, consultation_id, moderator, one.reference, one.version, Step.PINNED)
    await review.add_themes(session, consultation_id, moderator, one.reference, ["Costs"])
    await review.themes(session, consultation_id)
    assert await words.counted_by_theme(session, consultation_id) == {"Costs": 1}
    assert sum((await words.counted(session, consultation_id)).values()) == 2
    _, reply = await review.begin_reply(session, consultation_id, moderator, other.reference, 0, 9, "Thank you.")
    assert reply is not None
    await review.reply_posted(session, reply.id, 11, 12)
    await review.withdraw_reply(session, consultation_id, moderator, other.reference, reply.id, answered=False)


async def test_every_statement_of_the_use_cases_compiles_for_postgresql(store, box, wording, monkeypatch):
    statements: list[ClauseElement] = []
    read_blocks = UnitOfWork.blocks

    def note(_connection, statement, *_rest):
        statements.append(statement)

    def note_blocks(session, statement, size):
        statements.append(statement)
        return read_blocks(session, statement, size)

    monkeypatch.setattr(UnitOfWork, "blocks", note_blocks)
    event.listen(store._engine.sync_engine, "before_execute", note)
    await live_through_a_consultation(store, box, wording)

    # An upsert is written in the dialect of its store from the start: its own test is beside `open_store`'s.
    common = [statement for statement in statements if not isinstance(statement, sqlite.Insert)]
    assert len(common) > 30
    for statement in common:
        assert isinstance(statement, ClauseElement)
        assert not isinstance(statement, TextClause)
        assert str(statement.compile(dialect=postgresql.dialect()))

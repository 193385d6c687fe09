"""What a moderator may know while polls are open."""

from models import consultations, feedback, participants, polls
from models.records import Ballot, Position, Quotation, Visibility
from models.status import RunningPoll, Status, status

PERSON = 812_345_678_901_234_567


async def test_a_new_consultation_has_nothing_to_count(store, prepared):
    async with store.read() as session:
        assert await status(session, prepared.id) == Status(0, 0, 0, ())


async def test_people_words_and_polls_are_counted(store, box, consultation, poll, wording, clock):
    async with store.write() as session:
        quiet = await polls.open_poll(session, consultation, "training", "talent", wording, None)
        past = await polls.open_poll(session, consultation, "access", "care", wording, None)
        await polls.end(session, past.id, "Settled elsewhere.")
        for number in range(3):
            await participants.join(session, consultation.id, PERSON + number, "industry", ())
        for message_id in (1, 2):
            await feedback.record_message(
                session,
                consultation,
                message_id=message_id,
                user_id=PERSON,
                text="A thought.",
                group=None,
                recommendation=None,
                given_at=session.now(),
            )
        await feedback.delete_messages(session, consultation.id, [2])
        await feedback.give_private(
            session,
            consultation,
            submission=3,
            user_id=PERSON,
            text="Another.",
            quotation=Quotation.NOT,
            group=None,
            recommendation=None,
        )
    for number in range(2):
        await box.cast(Ballot(poll.id, PERSON + number, "industry", Position.SUPPORT))

    async with store.read() as session:
        # Private words are told once their hour is over.
        assert (await status(session, consultation.id)).feedback == 1
        clock.advance(hours=1)
        seen = await status(session, consultation.id)

    assert seen == Status(3, 2, 1, (RunningPoll(poll, 2), RunningPoll(quiet, 0)))


async def test_a_result_that_waits_for_the_moderators_is_counted_until_they_publish_it(store, consultation, wording):
    async with store.write() as session:
        shown = Visibility.PUBLISHED
        waiting = await polls.open_poll(session, consultation, "access", "care", wording, None, visibility=shown)
        await polls.end(session, waiting.id, "Settled elsewhere.")
    async with store.read() as session:
        seen = await status(session, consultation.id)
        assert (seen.ended_polls, seen.unpublished) == (1, 1)
    async with store.write() as session:
        await polls.publish(session, waiting.id)
    async with store.read() as session:
        assert (await status(session, consultation.id)).unpublished == 0


async def test_another_consultation_is_not_counted(store, box, consultation, poll):
    async with store.write() as session:
        other = await consultations.prepare(session, consultation.guild_id + 1, "sample", ("en",))
    await box.cast(Ballot(poll.id, PERSON, "industry", Position.SUPPORT))

    async with store.read() as session:
        assert await status(session, other.id) == Status(0, 0, 0, ())

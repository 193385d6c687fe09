"""What was decided is kept with its reason, comes back when it is due, and is told to those whom it concerns."""

from datetime import timedelta

import pytest

from models import feedback, outcomes, polls, review, rights, trace
from models.errors import ConsultationError
from models.outcomes import WordsUsed
from models.records import Ballot, Decision, FeedbackKind, Moderator, ModeratorRole, Position, Quotation
from models.review import Step
from models.rights import Person

ANN, BOB, CLEO = 812_345_678_901_234_567, 812_345_678_901_234_568, 812_345_678_901_234_569
MODERATOR = Moderator(700, ModeratorRole.MODERATOR)


@pytest.fixture
def decide(store, consultation):
    async def decide(decision=Decision.ADOPTED, reason="It costs little.", subject="shared-data", **details):
        async with store.write() as session:
            return await outcomes.decide(session, consultation, MODERATOR, subject, decision, reason, **details)

    return decide


async def test_the_newest_outcome_counts_and_every_one_is_in_the_trace(store, consultation, decide, clock):
    await decide(Decision.REJECTED, "Too dear.")
    clock.advance(days=3)
    newest = await decide(Decision.ADOPTED, "The price fell.")

    async with store.read() as session:
        assert await outcomes.outcomes(session, consultation.id) == {"shared-data": newest}
        assert await outcomes.outcome_on(session, consultation.id, "shared-data") == newest
        assert await outcomes.outcome_on(session, consultation.id, "training") is None
        entries = await trace.entries(session, consultation.id)
    assert [(one.action, one.subject, one.reason) for one in entries] == [
        ("outcome_decide", "shared-data", "Too dear."),
        ("outcome_decide", "shared-data", "The price fell."),
    ]


@pytest.mark.parametrize(
    ("details", "phrase"),
    [
        ({"reason": " \u200b"}, "outcome.reason_missing"),
        ({"decision": Decision.AMENDED}, "outcome.wording_missing"),
        ({"decision": Decision.AMENDED, "wording": {"en": "Share some data.", "fr": " "}}, "outcome.wording_missing"),
        ({"decision": Decision.DEFERRED}, "outcome.until_missing"),
        ({"review_at": timedelta()}, "poll.end_in_past"),
        ({"decision": Decision.DEFERRED, "deferred_until": timedelta(days=-1)}, "poll.end_in_past"),
    ],
)
async def test_an_outcome_lacks_nothing(store, consultation, decide, clock, details, phrase):
    moments = {name: clock() + value for name, value in details.items() if isinstance(value, timedelta)}

    with pytest.raises(ConsultationError) as error:
        await decide(**{**details, **moments})

    assert error.value.phrase == phrase
    async with store.read() as session:
        assert await outcomes.outcomes(session, consultation.id) == {}
        assert await trace.entries(session, consultation.id) == []


async def test_only_what_is_amended_has_a_new_wording_and_only_what_is_deferred_an_until(decide, clock):
    until = clock() + timedelta(days=90)
    amended = await decide(Decision.AMENDED, wording={"en": "Share some data."}, deferred_until=until)
    deferred = await decide(Decision.DEFERRED, wording={"en": "Share some data."}, deferred_until=until)

    assert (amended.wording, amended.deferred_until) == ({"en": "Share some data."}, None)
    assert (deferred.wording, deferred.deferred_until) == ({}, until)


async def test_an_outcome_is_due_at_the_first_of_its_dates(store, consultation, decide, clock):
    soon, later = clock() + timedelta(days=30), clock() + timedelta(days=60)
    await decide(Decision.DEFERRED, subject="training", deferred_until=soon, review_at=later)
    await decide(subject="access", review_at=later)
    await decide(subject="shared-data")

    async with store.read() as session:
        decided = await outcomes.outcomes(session, consultation.id)
    assert outcomes.due(decided, clock()) == []
    assert [one.subject for one in outcomes.due(decided, soon)] == ["training"]
    assert [one.subject for one in outcomes.due(decided, later)] == ["training", "access"]


async def test_whoever_voted_or_commented_is_concerned(store, box, consultation, poll, clock):
    await box.cast(Ballot(poll.id, ANN, "industry", Position.SUPPORT))
    async with store.write() as session:
        said = await feedback.give_private(
            session,
            consultation,
            submission=1,
            user_id=BOB,
            text="Start small.",
            quotation=Quotation.NOT,
            group="research",
            recommendation="shared-data",
        )
        written = await feedback.record_message(
            session,
            consultation,
            message_id=5,
            user_id=CLEO,
            text="Start with hospitals.",
            group="research",
            recommendation="shared-data",
            given_at=clock(),
        )
    clock.advance(hours=1)
    async with store.write() as session:
        opened = await review.open_one(session, consultation.id, MODERATOR, said.reference)
        version = opened.feedback.version
        await review.mark(session, consultation.id, MODERATOR, said.reference, version, Step.PINNED)
        await review.add_themes(session, consultation.id, MODERATOR, said.reference, ["Pace", "Cost"])
        await review.add_themes(session, consultation.id, MODERATOR, written.reference, ["Hospitals"])

    async with store.read() as session:
        concerned = await outcomes.concerned(session, consultation.id, "shared-data")
        assert await outcomes.concerned(session, consultation.id, "training") == {}
    assert concerned == {
        ANN: {},
        BOB: {FeedbackKind.PRIVATE: WordsUsed(pinned=True, themes=("Cost", "Pace"))},
        CLEO: {FeedbackKind.THREAD: WordsUsed(pinned=False, themes=("Hospitals",))},
    }


async def test_what_a_form_decided_is_found_by_it(store, decide):
    outcome = await decide(submission=7)
    async with store.read() as session:
        assert await outcomes.decided_by(session, 7) == outcome
        assert await outcomes.decided_by(session, 8) is None


async def test_whoever_erased_their_data_is_told_nothing(store, box, consultation, poll):
    await box.cast(Ballot(poll.id, ANN, "industry", Position.SUPPORT))
    async with store.write() as session:
        await polls.end(session, poll.id, "Enough.")
    async with box.shut_to(ANN, consultation.id), store.write() as session:
        await rights.erase(session, Person(ANN, consultation.id))

    async with store.read() as session:
        assert await outcomes.concerned(session, consultation.id, "shared-data") == {}

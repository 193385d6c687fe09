"""What participants propose: kept as typed, changed by its author alone, decided on once, its author told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import consultations, notices, polls, statement_review, statements
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.records import Ballot, Consultation, Exchange, Notice, Position, Statement, StatementState, Wording
from models.sealing import Purpose
from models.store import Store
from models.tables import StatementRow
from models.texts import clean, is_blank
from tests.models.conftest import MovableClock

ANN, BOB = 812_345_678_901_234_567, 99_000_000_000_000_011
LANGUAGES = ("en", "fr")


async def draft(
    store: Store, consultation: Consultation, text: str = "Share the data.", user_id: int = ANN, **other: Any
) -> Statement:
    usual: dict[str, Any] = {"submission": abs(hash((text, user_id))), "group": "research", "why": ""}
    usual |= {"recommendation": None, "language": "en"}
    async with store.write() as session:
        return await statements.keep_draft(session, consultation, user_id=user_id, text=text, **{**usual, **other})


async def sent(
    store: Store, consultation: Consultation, text: str = "Share the data.", user_id: int = ANN, **other: Any
) -> Statement:
    kept = await draft(store, consultation, text, user_id, **other)
    async with store.write() as session:
        return await statements.send(session, user_id, kept.id)


async def told(store: Store, consultation: Consultation, user_id: int = ANN) -> list[Notice]:
    async with store.write() as session:
        return await notices.take(session, consultation.id, user_id)


async def approved(store: Store, consultation: Consultation, one: Statement) -> Statement:
    async with store.write() as session:
        decided, _ = await statement_review.approve(
            session,
            consultation,
            one.id,
            one.version,
            session.now() + timedelta(days=7),
            languages=LANGUAGES,
            titles={},
        )
        return decided


@pytest.fixture
def closes_at(clock: MovableClock) -> datetime:
    return clock() + timedelta(days=7)


# Authors


async def test_a_draft_is_kept_as_typed_and_waits_for_nobody_until_it_is_sent(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    kept = await draft(store, consultation, "  Share *all* data.\n", why="Because.\n")
    assert (kept.text, kept.why, kept.state) == ("  Share *all* data.\n", "Because.\n", StatementState.DRAFT)
    async with store.read() as session:
        assert await statement_review.waiting(session, consultation.id) == []
        assert await statement_review.all_statements(session, consultation.id) == []

    async with store.write() as session:
        await statements.send(session, ANN, kept.id)
    async with store.read() as session:
        assert await statement_review.waiting(session, consultation.id) == []
    clock.advance(hours=1)
    async with store.read() as session:
        [waiting] = await statement_review.waiting(session, consultation.id)
    assert waiting.reference == kept.reference


async def test_what_is_handed_in_or_sent_twice_is_there_once(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    first, again = [await draft(store, consultation, submission=77) for _ in range(2)]
    assert first == again
    async with store.write() as session:
        assert await statements.send(session, ANN, first.id) == await statements.send(session, ANN, first.id)
    clock.advance(hours=1)
    async with store.read() as session:
        assert len(await statement_review.all_statements(session, consultation.id)) == 1


async def test_a_form_handed_in_again_with_other_words_says_those_until_it_is_sent(
    store: Store, consultation: Consultation
) -> None:
    await draft(store, consultation, submission=77)
    again = await draft(store, consultation, "Partager tout.", submission=77, language="fr", why="Car.")
    assert (again.texts, again.language, again.why) == ({"fr": "Partager tout."}, "fr", "Car.")
    async with store.write() as session:
        await statements.send(session, ANN, again.id)
    with pytest.raises(ConsultationError, match=r"propose\.sent_already"):
        await draft(store, consultation, "Other words.", submission=77)
    same = await draft(store, consultation, "Partager tout.", submission=77, language="fr", why="Car.")
    assert same.state is StatementState.PENDING


async def test_a_draft_can_be_corrected_and_left_and_is_gone_after_a_week(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    kept = await draft(store, consultation)
    async with store.write() as session:
        corrected = await statements.correct_draft(session, ANN, kept.id, language="fr", text="Tout.", why="Car.")
    assert (corrected.language, corrected.texts, corrected.why) == ("fr", {"fr": "Tout."}, "Car.")

    async with store.write() as session:
        await statements.leave(session, ANN, kept.id)
        await statements.leave(session, ANN, kept.id)
    old = await draft(store, consultation, "Old one.")
    clock.advance(days=8)
    await draft(store, consultation, "New one.")
    for gone in (kept, old):
        with pytest.raises(ConsultationError, match=r"propose\.gone"):
            async with store.write() as session:
                await statements.send(session, ANN, gone.id)


async def test_nobody_else_reads_sends_changes_or_answers_a_statement(store: Store, consultation: Consultation) -> None:
    kept = await draft(store, consultation)
    for deed in (
        lambda session: statements.own(session, BOB, kept.id),
        lambda session: statements.send(session, BOB, kept.id),
        lambda session: statements.correct_draft(session, BOB, kept.id, language="en", text="Mine.", why=""),
        lambda session: statements.answer(session, BOB, kept.id, answer="Yes.", text="Mine."),
    ):
        with pytest.raises(ConsultationError, match=r"propose\.gone"):
            async with store.write() as session:
                await deed(session)
    async with store.write() as session:
        await statements.leave(session, BOB, kept.id)
    async with store.read() as session:
        assert (await statements.own(session, ANN, kept.id)).text == "Share the data."


@pytest.mark.parametrize("text", ["", " \n", "x" * 301])
async def test_a_text_that_is_blank_or_too_long_is_refused(store: Store, consultation: Consultation, text: str) -> None:
    with pytest.raises(ConsultationError, match=r"propose\.(blank|too_long)"):
        await draft(store, consultation, text)


async def test_nothing_is_proposed_once_the_consultation_is_closed(store: Store, consultation: Consultation) -> None:
    kept = await draft(store, consultation)
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)
    with pytest.raises(ConsultationError, match=r"consultation\.not_open"):
        await draft(store, consultation, "Another.")
    with pytest.raises(ConsultationError, match=r"consultation\.not_open"):
        async with store.write() as session:
            await statements.send(session, ANN, kept.id)


async def test_people_see_what_is_put_to_the_vote_and_their_own_that_waits(
    store: Store, consultation: Consultation
) -> None:
    open_one = await sent(store, consultation, "Open.", BOB)
    await approved(store, consultation, open_one)
    await sent(store, consultation, "Hidden.", BOB)
    await sent(store, consultation, "Mine.", ANN)
    async with store.read() as session:
        assert [one.text for one in await statements.visible_to(session, consultation.id, ANN)] == ["Open.", "Mine."]


# Moderators


async def test_an_approved_statement_is_a_poll_of_positions_that_does_not_name_its_author(
    store: Store, consultation: Consultation, closes_at: datetime
) -> None:
    one = await sent(store, consultation, "x" * 200, language="fr", recommendation="shared-data", why="Secret.")
    async with store.write() as session:
        decided, poll = await statement_review.approve(
            session,
            consultation,
            one.id,
            one.version,
            closes_at,
            languages=LANGUAGES,
            titles={"en": "Shared data"},
        )
    assert decided.state is StatementState.APPROVED
    assert decided.subject == poll.subject
    assert poll.proposal is not None
    assert (poll.proposal.language, poll.proposal.amends) == ("fr", "shared-data")
    assert (poll.group, poll.recommendation, poll.closes_at) == ("research", None, closes_at)
    assert poll.wording["en"].text == "x" * 200
    assert len(poll.wording["en"].title) == 100
    assert store.memory.polls[poll.id] == poll
    assert "Secret." not in repr(poll)
    [notice] = await told(store, consultation)
    assert notice.phrase == "propose.told_approved"


async def test_of_two_moderators_who_decide_at_once_one_is_told(store: Store, consultation: Consultation) -> None:
    one = await sent(store, consultation)
    async with store.write() as session:
        await statement_review.reject(session, consultation.id, one.id, one.version, "Off the subject.")
    for deed in (
        lambda session: statement_review.reject(session, consultation.id, one.id, one.version, "Too long."),
        lambda session: statement_review.ask_back(session, consultation.id, one.id, one.version, "Why?"),
        lambda session: statement_review.translate(session, consultation.id, one.id, one.version, {"fr": "Oui."}),
        lambda session: statement_review.correct(session, consultation.id, one.id, one.version, "Other."),
    ):
        with pytest.raises(ConsultationError, match=r"proposal\.changed_meanwhile"):
            async with store.write() as session:
                await deed(session)
    [notice] = await told(store, consultation)
    assert notice.values["reason"] == "Off the subject."


async def test_a_question_goes_to_the_author_and_the_answer_back(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    one = await sent(store, consultation)
    async with store.write() as session:
        await statement_review.ask_back(session, consultation.id, one.id, one.version, "Which data?")
    async with store.read() as session:
        assert await statement_review.waiting(session, consultation.id) == []
    [notice] = await told(store, consultation)
    assert notice.values["question"] == "Which data?"
    assert notice.way == ("propose.answer", f"propose_answer:{one.id}")

    async with store.write() as session:
        await statements.answer(session, ANN, one.id, answer="All of it.", text="Share all the data.")
    clock.advance(hours=1)
    async with store.read() as session:
        [back] = await statement_review.waiting(session, consultation.id)
    assert back.exchanges == (Exchange("Which data?", "All of it."),)
    assert back.text == "Share all the data."
    assert [(was.text, was.by_moderators) for was in back.history] == [("Share the data.", False)]
    with pytest.raises(ConsultationError, match=r"propose\.nothing_asked"):
        async with store.write() as session:
            await statements.answer(session, ANN, one.id, answer="Again.", text="Again.")


async def test_authors_of_merged_statements_learn_what_becomes_of_the_other(
    store: Store, consultation: Consultation
) -> None:
    first, second, third = [
        await sent(store, consultation, text, who) for text, who in (("One.", ANN), ("Two.", BOB), ("Three.", 77))
    ]
    async with store.write() as session:
        await statement_review.merge(session, consultation.id, first.id, first.version, second.id, "")
        await statement_review.merge(session, consultation.id, second.id, second.version, third.id, "Same.")
    assert [one.phrase for one in await told(store, consultation, ANN)] == ["propose.told_merged"]
    await told(store, consultation, BOB)

    await approved(store, consultation, third)
    for who in (ANN, BOB):
        [notice] = await told(store, consultation, who)
        assert (notice.phrase, notice.values["other"]) == ("propose.told_merged_approved", "Three.")

    fourth = await sent(store, consultation, "Four.", ANN)
    async with store.write() as session:
        await statement_review.merge(session, consultation.id, fourth.id, fourth.version, third.id, "")
    assert {one.phrase for one in await told(store, consultation, ANN)} == {
        "propose.told_merged",
        "propose.told_merged_approved",
    }


async def test_a_statement_is_merged_into_no_draft_no_decided_one_and_not_into_itself(
    store: Store, consultation: Consultation
) -> None:
    one, rejected = await sent(store, consultation), await sent(store, consultation, "Rejected.", BOB)
    async with store.write() as session:
        await statement_review.reject(session, consultation.id, rejected.id, rejected.version, "No.")
    for other in (one, rejected, await draft(store, consultation, "Draft.", BOB), replace(one, id=999)):
        with pytest.raises(ConsultationError, match=r"proposal\.not_mergeable"):
            async with store.write() as session:
                await statement_review.merge(session, consultation.id, one.id, one.version, other.id, "")


async def test_a_correction_is_shown_to_the_author_and_the_earlier_wording_is_kept(
    store: Store, consultation: Consultation, clock: MovableClock
) -> None:
    one = await sent(store, consultation, "Shair the data.")
    async with store.write() as session:
        corrected, poll = await statement_review.correct(
            session, consultation.id, one.id, one.version, "Share the data."
        )
    assert poll is None
    assert corrected.text == "Share the data."
    assert [(was.text, was.by_moderators, was.changed_at) for was in corrected.history] == [
        ("Shair the data.", True, clock())
    ]
    [notice] = await told(store, consultation)
    assert (notice.values["before"], notice.values["text"]) == ("Shair the data.", "Share the data.")


@pytest.mark.parametrize("by_moderators", [True, False])
async def test_a_new_wording_drops_the_translations_so_that_no_vote_is_on_two_proposals(
    store: Store, consultation: Consultation, by_moderators: bool
) -> None:
    one = await sent(store, consultation, "Share no data.")
    async with store.write() as session:
        await statement_review.translate(session, consultation.id, one.id, one.version, {"fr": "Ne rien partager."})
        if by_moderators:
            one, _ = await statement_review.correct(
                session, consultation.id, one.id, one.version + 1, "Share all the data."
            )
        else:
            await statement_review.ask_back(session, consultation.id, one.id, one.version + 1, "None?")
            one = await statements.answer(session, ANN, one.id, answer="All.", text="Share all the data.")
    assert one.texts == {"en": "Share all the data."}
    assert [(was.language, was.text, was.by_moderators) for was in one.history] == [
        ("fr", "Ne rien partager.", True),
        ("en", "Share no data.", by_moderators),
    ]
    decided = await approved(store, consultation, one)
    poll = store.memory.open_poll_on(consultation.id, decided.subject or "")
    assert poll is not None
    assert {wording.text for wording in poll.wording.values()} == {"Share all the data."}


async def test_the_author_is_told_why_the_poll_was_cancelled_and_so_are_those_merged_with_theirs(
    store: Store, consultation: Consultation, wording: dict[str, Wording]
) -> None:
    one, other = await sent(store, consultation), await sent(store, consultation, "The same.", BOB)
    one = await approved(store, consultation, one)
    async with store.write() as session:
        await statement_review.merge(session, consultation.id, other.id, other.version, one.id, "")
    for who in (ANN, BOB):
        await told(store, consultation, who)
    poll = store.memory.open_poll_on(consultation.id, one.subject or "")
    assert poll is not None
    async with store.write() as session:
        await statement_review.tell_cancelled(session, await polls.cancel(session, poll.id, "A mistake."))
        nobodys = await polls.open_poll(session, consultation, "shared-data", "research", wording, None)
        await statement_review.tell_cancelled(session, await polls.cancel(session, nobodys.id, "Another."))

    phrases = [
        [(one.phrase, one.values["reason"]) for one in await told(store, consultation, who)] for who in (ANN, BOB)
    ]
    assert phrases == [[("propose.told_cancelled", "A mistake.")], [("propose.told_merged_cancelled", "A mistake.")]]


async def test_what_is_put_to_the_vote_is_worded_for_good_with_the_first_ballot(
    store: Store, consultation: Consultation, box: BallotBox
) -> None:
    one = await approved(store, consultation, await sent(store, consultation))
    async with store.write() as session:
        one, poll = await statement_review.translate(
            session, consultation.id, one.id, one.version, {"fr": "Partager.", "en": "ignored"}
        )
    assert poll is not None
    assert (poll.wording["fr"].text, poll.wording["en"].text) == ("Partager.", "Share the data.")
    assert store.memory.polls[poll.id] == poll

    await box.cast(Ballot(poll.id, BOB, "industry", Position.SUPPORT))
    for deed in (
        lambda session: statement_review.correct(session, consultation.id, one.id, one.version, "Other."),
        lambda session: statement_review.translate(session, consultation.id, one.id, one.version, {"fr": "Non."}),
    ):
        with pytest.raises(ConsultationError, match=r"poll\.worded_for_good"):
            async with store.write() as session:
                await deed(session)
    async with store.read() as session:
        assert (await statement_review.find(session, consultation.id, one.id)).version == one.version
        assert await polls.turnout(session, poll.id) == 1


async def test_a_statement_leads_to_its_author_by_no_other_seal(store: Store, consultation: Consultation) -> None:
    await sent(store, consultation)
    async with store.read() as session:
        row = (await session.scalars(select(StatementRow))).one()
    others = {store.sealer.seal(one, ANN, consultation.id) for one in Purpose if one is not Purpose.STATEMENT}
    assert row.seal == store.sealer.seal(Purpose.STATEMENT, ANN, consultation.id)
    assert row.seal not in others
    assert row.submission != 77


@given(text=st.text(min_size=1, max_size=300), why=st.text(max_size=500), answer=st.text(min_size=1, max_size=500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
async def test_whatever_people_write_comes_back_exactly(
    store: Store, consultation: Consultation, text: str, why: str, answer: str
) -> None:
    if is_blank(text) or is_blank(answer):
        return
    one = await sent(store, consultation, text, submission=abs(hash((text, why, answer))), why=why)
    async with store.write() as session:
        await statement_review.ask_back(session, consultation.id, one.id, one.version, "Why?")
        back = await statements.answer(session, ANN, one.id, answer=answer, text=text)
    assert (back.text, back.why, back.exchanges[0].answer) == (text, clean(why) or "", answer)
    assert back.history == ()
    assert len(statement_review.title(text)) <= 100

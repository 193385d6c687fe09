"""What members write in threads and give in private."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import consultations, feedback, participants, review
from models.errors import ConsultationError
from models.feedback import REFERENCE_ALPHABET, Taken
from models.records import Attachment, FeedbackKind, Quotation, ThreadMessage
from models.tables import FeedbackRow, FeedbackVersion
from models.texts import clean

PERSON = 812_345_678_901_234_567


def message(message_id, clock, text, edited_at=None):
    return ThreadMessage(message_id, PERSON, text, "research", "shared-data", clock(), edited_at)


@pytest.fixture
def write(store, consultation, clock):
    """Record a thread message."""

    async def record(message_id, text="Start with the hospitals.", user_id=PERSON, **changes):
        values = {"group": "research", "recommendation": "shared-data", "given_at": clock(), **changes}
        async with store.write() as session:
            return await feedback.record_message(
                session, consultation, message_id=message_id, user_id=user_id, text=text, **values
            )

    return record


@pytest.fixture
def give(store, consultation):
    """Give private feedback."""

    async def give_private(submission, text="Please consult patients.", user_id=PERSON, quotation=Quotation.NOT):
        async with store.write() as session:
            return await feedback.give_private(
                session,
                consultation,
                submission=submission,
                user_id=user_id,
                text=text,
                quotation=quotation,
                group=None,
                recommendation=None,
            )

    return give_private


@pytest.fixture
def everything(store, consultation):
    async def all_feedback():
        async with store.read() as session:
            return await feedback.all_feedback(session, consultation.id)

    return all_feedback


async def test_a_message_is_stored_with_where_and_when_it_was_written(write, everything, clock):
    stored = await write(5)

    assert stored.kind is FeedbackKind.THREAD
    assert (stored.group, stored.recommendation, stored.text) == (
        "research",
        "shared-data",
        "Start with the hospitals.",
    )
    assert (stored.given_at, stored.edited_at) == (clock(), None)
    assert stored.quotation is Quotation.WITHOUT_SEGMENT
    assert await everything() == [stored]


async def test_a_message_is_stored_once_as_it_was_first(write, everything):
    first = await write(5, "First words.")

    assert await write(5, "Other words.") == first
    assert await everything() == [first]


async def test_feedback_stands_under_the_segment_declared_when_it_was_given(write, store, consultation, everything):
    await write(5)
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ())
    await write(6)
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "academia", ())

    assert [given.segment for given in await everything()] == [None, "industry"]


async def test_private_feedback_is_quoted_as_its_author_allowed(give):
    given = await give(9, quotation=Quotation.WITH_SEGMENT)

    assert (given.kind, given.quotation) == (FeedbackKind.PRIVATE, Quotation.WITH_SEGMENT)


async def test_of_private_words_the_hour_alone_is_stored(give, clock):
    given = await give(9)

    assert clock().minute
    assert given.given_at == clock().replace(minute=0)


async def test_the_same_submission_handed_in_again_takes_the_place_of_the_first(give, everything):
    first = await give(9, "First words.")

    assert await give(9, "First words.") == first
    assert await give(9, "Sent again.") == replace(first, text="Sent again.")
    assert [one.text for one in await everything()] == ["Sent again."]


async def test_a_message_and_a_submission_with_the_same_number_are_two(write, give, everything):
    await write(9)
    await give(9)

    assert {given.kind for given in await everything()} == {FeedbackKind.THREAD, FeedbackKind.PRIVATE}


@pytest.mark.parametrize("text", ["", "  ", "\n\t\u00a0"])
async def test_blank_private_feedback_is_refused(give, everything, text):
    with pytest.raises(ConsultationError) as refusal:
        await give(9, text)

    assert refusal.value.phrase == "feedback.empty"
    assert await everything() == []


async def test_nothing_is_taken_before_the_consultation_opens(store, prepared):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await feedback.give_private(
                session,
                prepared,
                submission=9,
                user_id=PERSON,
                text="Too early.",
                quotation=Quotation.NOT,
                group=None,
                recommendation=None,
            )

    assert refusal.value.phrase == "consultation.not_open"


async def test_nothing_is_taken_after_it_closed_though_the_caller_did_not_know(write, store, consultation):
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)

    with pytest.raises(ConsultationError) as refusal:
        await write(5)

    assert refusal.value.phrase == "consultation.not_open"


async def test_a_reference_is_short_and_has_no_characters_read_for_each_other(give):
    reference = (await give(9)).reference

    assert reference.startswith("F-")
    assert len(reference) == 9
    assert set(reference[2:]) <= set(REFERENCE_ALPHABET)
    assert not set(REFERENCE_ALPHABET) & set("01IOL")


async def test_two_contributions_that_drew_the_same_reference_are_both_kept(give, everything, monkeypatch):
    drawn = iter("AAAAAAA" + "AAAAAAA" + "BBBBBBB")
    monkeypatch.setattr("secrets.choice", lambda _alphabet: next(drawn))

    await give(8)
    await give(9)

    assert [given.reference for given in await everything()] == ["F-AAAAAAA", "F-BBBBBBB"]


async def test_an_edited_message_is_followed(write, store, consultation, everything, clock):
    await write(5, "Before.")
    clock.advance(minutes=3)
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 5, "After.")

    (edited,) = await everything()
    assert (edited.text, edited.edited_at) == ("After.", clock())


async def test_an_edit_that_leaves_the_text_is_none(write, store, consultation, everything):
    await write(5, "The same.")
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 5, "The same.")

    assert (await everything())[0].edited_at is None


async def test_an_edit_touches_that_message_alone(write, give, store, consultation, everything):
    await write(5)
    await give(5)
    await write(6)
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 5, "Changed.")
        await feedback.edit_message(session, consultation.id + 1, 6, "Changed.")
        await feedback.edit_message(session, consultation.id, 7, "Changed.")

    assert {given.text for given in await everything()} == {
        "Changed.",
        "Please consult patients.",
        "Start with the hospitals.",
    }


async def test_what_a_message_said_before_an_edit_is_kept_until_it_is_deleted(
    write, store, consultation, everything, clock
):
    await write(5, "First.")
    for text in ("Second.", "Third."):
        clock.advance(minutes=1)
        async with store.write() as session:
            await feedback.edit_message(session, consultation.id, 5, text)
    [edited] = await everything()
    assert (edited.text, edited.earlier) == ("Third.", 2)

    async with store.read() as session:
        wordings = await review.earlier_wordings(session, consultation.id, edited.reference)
    assert [wording.text for wording in wordings] == ["First.", "Second."]
    assert [wording.written_at for wording in wordings] == [
        clock() - timedelta(minutes=2),
        clock() - timedelta(minutes=1),
    ]

    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [5])
    async with store.read() as session:
        assert list(await session.scalars(select(FeedbackVersion))) == []


async def test_an_edit_that_arrives_after_a_later_one_changes_nothing(write, store, consultation, everything, clock):
    await write(5, "First.")
    for text, minutes in (("Third.", 3), ("Second.", 2)):
        async with store.write() as session:
            moment = clock() + timedelta(minutes=minutes)
            await feedback.edit_message(session, consultation.id, 5, text, edited_at=moment)

    assert [given.text for given in await everything()] == ["Third."]


async def test_after_it_closed_edits_change_nothing_and_deletions_are_honoured(
    write, store, consultation, everything, clock
):
    await write(5, "As it was.")
    await write(6, "Never mind.")
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)
    clock.advance(minutes=1)
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 5, "Otherwise.")
        await feedback.record_messages(session, consultation, [message(5, clock, "Otherwise.", edited_at=clock())])
        await feedback.delete_messages(session, consultation.id, [6])

    assert [given.text for given in await everything()] == ["As it was."]


async def test_what_was_written_before_it_closed_is_taken_afterwards(store, consultation, everything, clock):
    before = message(5, clock, "Just in time.")
    edited = message(6, clock, "Edited in time.", edited_at=clock())
    clock.advance(minutes=1)
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)
    after = message(7, clock, "Too late.")
    async with store.write() as session:
        assert await feedback.record_messages(session, consultation, [before, edited, after]) == Taken(2, 0)

    assert {given.text for given in await everything()} == {"Just in time.", "Edited in time."}


async def test_many_messages_are_taken_once_in_order_with_their_edits(store, consultation, everything, clock):
    first = [message(number, clock, f"Thought {number}.") for number in range(1, 300)]
    for number, one in enumerate(first):
        first[number] = replace(one, given_at=one.given_at + timedelta(seconds=number))
    edited = replace(first[7], text="Thought again.", edited_at=clock() + timedelta(hours=1))
    async with store.write() as session:
        assert await feedback.record_messages(session, consultation, first) == Taken(299, 0)
    async with store.write() as session:
        assert await feedback.record_messages(session, consultation, [*first[:7], edited, *first[8:]]) == Taken(0, 1)

    texts = [given.text for given in await everything()]
    assert texts == [*(one.text for one in first[:7]), "Thought again.", *(one.text for one in first[8:])]


async def test_attachments_are_kept_by_name_type_and_size_until_the_message_is_deleted(
    store, consultation, everything, clock
):
    plan = Attachment("plan.pdf", "application/pdf", 5)
    async with store.write() as session:
        await feedback.record_messages(session, consultation, [replace(message(5, clock, ""), attachments=(plan,))])
    assert [given.attachments for given in await everything()] == [(plan,)]

    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 5, "See this.")
        assert [given.attachments for given in await feedback.all_feedback(session, consultation.id)] == [(plan,)]
        await feedback.delete_messages(session, consultation.id, [5])
    async with store.read() as session:
        [row] = await session.scalars(select(FeedbackRow))
    assert (row.text, row.attachments) == ("", [])


async def test_a_deleted_message_is_gone_and_stays_gone(write, store, consultation, everything):
    await write(5)
    await write(6)
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [5, 77])
        await feedback.edit_message(session, consultation.id, 5, "Back again.")

    assert (await write(5, "Back again.")).text == ""
    assert [given.text for given in await everything()] == ["Start with the hospitals."]


async def test_deleting_messages_leaves_private_feedback_and_other_consultations(
    write, give, store, consultation, everything
):
    await write(5)
    await give(5)
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id + 1, [5])
    assert len(await everything()) == 2
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [5])

    assert [given.kind for given in await everything()] == [FeedbackKind.PRIVATE]


async def test_many_messages_are_deleted_at_once(write, store, consultation, everything):
    for message_id in (3, 50, 99):
        await write(message_id)
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [])
        await feedback.delete_messages(session, consultation.id, set(range(100)))

    assert await everything() == []


async def test_the_stored_messages_of_a_thread_are_known_without_those_deleted(write, give, store, consultation):
    await write(5)
    await write(8)
    await write(9)
    await write(11, recommendation="training")
    await give(20)
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [9])

    async with store.read() as session:
        assert await feedback.stored_messages(session, consultation.id, "shared-data") == {5, 8}
        assert await feedback.stored_messages(session, consultation.id, "training") == {11}
        assert await feedback.stored_messages(session, consultation.id, "never-discussed") == set()


async def test_private_words_are_recorded_once_their_hour_is_over(write, give, store, consultation, clock):
    await write(8)
    await give(20, "Said in private.")

    async def recorded():
        async with store.read() as session:
            return [one.kind for one in await feedback.recorded_feedback(session, consultation.id)]

    assert await recorded() == [FeedbackKind.THREAD]
    clock.advance(hours=1)
    assert await recorded() == [FeedbackKind.PRIVATE, FeedbackKind.THREAD]


@pytest.mark.parametrize(("people", "told"), [(4, None), (5, "academia")])
async def test_private_words_are_recorded_with_a_segment_that_enough_people_declared(
    give, store, consultation, clock, people, told
):
    async with store.write() as session:
        for number in range(people):
            await participants.join(session, consultation.id, PERSON + number, "academia", [])
    await give(20, "Said in private.")
    clock.advance(hours=1)

    async with store.read() as session:
        [private] = await feedback.recorded_feedback(session, consultation.id)
    assert private.segment == told


async def test_nobody_hands_in_anothers_form(give):
    await give(20, "Mine.")

    with pytest.raises(ConsultationError) as refusal:
        await give(20, "Not mine.", user_id=PERSON + 1)
    assert refusal.value.phrase == "error.leads_nowhere"


async def test_feedback_is_listed_oldest_first(write, everything, clock):
    await write(8)
    clock.advance(hours=-2)
    await write(5)
    clock.advance(hours=1)
    await write(6)

    assert [given.id for given in await everything()] == [2, 3, 1]


async def test_the_author_of_thread_messages_bears_one_pseudonym_and_another_in_private(write, give):
    first, second, private = await write(5), await write(6), await give(9)
    somebody_else = await write(7, user_id=PERSON + 1)

    assert first.pseudonym == second.pseudonym
    assert len({first.pseudonym, private.pseudonym, somebody_else.pseudonym}) == 3


async def test_awkward_texts_come_back_as_they_were_written(give, everything):
    texts = [
        "'; DROP TABLE feedback; --",
        "=HYPERLINK()",
        "\u202eright to left",
        "😀 é\u0301 中文",
        "a\x00b",
        "x" * 4_000,
    ]
    for submission, text in enumerate(texts):
        await give(submission, text)

    assert [given.text for given in await everything()] == texts


async def test_the_same_words_by_the_same_person_on_the_same_subject_are_found_and_quoted_as_chosen_last(
    give, store, consultation, everything
):
    first = await give(1, "More rye, please.")
    asked = {
        "submission": 2,
        "user_id": PERSON,
        "text": "more  RYE, please.\u200b",
        "quotation": Quotation.WITH_SEGMENT,
        "group": None,
        "recommendation": None,
    }

    async def given_before(**changes):
        async with store.write() as session:
            return await feedback.given_before(session, consultation, **{**asked, **changes})

    for other in (
        {"user_id": 7},
        {"text": "Less rye."},
        {"recommendation": "shared-data"},
        {"group": "research"},
        {"about": (8, 9)},
        {"submission": 1},
    ):
        assert await given_before(**other) is None
    assert await everything() == [first]
    assert await given_before() == replace(first, quotation=Quotation.WITH_SEGMENT)
    assert await everything() == [replace(first, quotation=Quotation.WITH_SEGMENT)]


async def test_the_same_words_are_no_way_to_change_a_consultation_that_is_closed(give, store, consultation):
    await give(1, "More rye, please.")
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)
    with pytest.raises(ConsultationError, match=r"consultation\.not_open"):
        async with store.write() as session:
            await feedback.given_before(
                session,
                consultation,
                submission=2,
                user_id=PERSON,
                text="More rye, please.",
                quotation=Quotation.WITH_SEGMENT,
                group=None,
                recommendation=None,
            )


NUMBERS = itertools.count(1_000)


@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=4_000))
@example("=HYPERLINK(1)\x00\u202e@everyone **x**")
@example("half \ud800")
@example("\u200b\u3164")
async def test_any_text_that_somebody_could_see_is_kept_exactly(give, write, everything, written):
    number, kept = next(NUMBERS), clean(written)
    if kept is None:
        with pytest.raises(ConsultationError, match=r"feedback\.empty"):
            await give(number, written)
        return
    for stored in (await give(number, written), await write(number, written)):
        assert stored.text == kept
        assert stored in await everything()

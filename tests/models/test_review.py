"""The moderators' queue: what they are told of people's words, and what becomes of it."""

from datetime import timedelta

import pytest

from models import feedback, participants, review, review_queue, trace, words
from models.errors import ConsultationError
from models.records import FeedbackKind, Moderator, ModeratorRole, Quotation, ThreadMessage
from models.review import FeedbackChangedError, Step
from models.review_queue import PAGE, Order, Shown, Wanted

PERSON = 812_345_678_901_234_567
MONA = Moderator(1, ModeratorRole.MODERATOR)
NORA = Moderator(2, ModeratorRole.ADMINISTRATOR)
ORDER = Order(("research", "care"), ("shared-data", "training", "access"))


@pytest.fixture
def write(store, consultation, clock):
    """Store messages of a thread, a minute apart; return their references."""

    async def record(*texts, recommendation="shared-data", group="research", first=1):
        messages = [
            ThreadMessage(number, PERSON, text, group, recommendation, clock() + timedelta(minutes=number))
            for number, text in enumerate(texts, start=first)
        ]
        async with store.write() as session:
            await feedback.record_messages(session, consultation, messages)
            every = await feedback.all_feedback(session, consultation.id)
        return [one.reference for text in texts for one in every if one.text == text]

    return record


@pytest.fixture
def give(store, consultation):
    """Store private words; return their reference."""

    async def give_private(text, submission=9, quotation=Quotation.NOT, user_id=PERSON):
        async with store.write() as session:
            given = await feedback.give_private(
                session,
                consultation,
                submission=submission,
                user_id=user_id,
                text=text,
                quotation=quotation,
                group=None,
                recommendation=None,
            )
        return given.reference

    return give_private


@pytest.fixture
def seen(store, consultation):
    """Return a page of the queue."""

    async def queue(page=0, **wanted):
        async with store.read() as session:
            return await review_queue.queue(session, consultation.id, Wanted(**wanted), ORDER, page)

    return queue


@pytest.fixture
def texts(seen):
    async def all_texts(**wanted):
        return [entry.text for entry in (await seen(**wanted)).entries]

    return all_texts


@pytest.fixture
def do(store, consultation):
    """Do one of review's use cases in a transaction, as Mona where nobody else is named."""

    async def done(use_case, *arguments, by=MONA, **named):
        async with store.write() as session:
            return await use_case(session, consultation.id, by, *arguments, **named)

    return done


@pytest.fixture
def traced(store, consultation):
    async def entries():
        async with store.read() as session:
            return [(one.action, one.subject, one.reason) for one in await trace.entries(session, consultation.id)]

    return entries


async def test_where_nothing_was_said_the_queue_is_empty(seen):
    queue = await seen()
    assert (queue.entries, queue.page, queue.pages, queue.unread, queue.total, queue.everything) == ((), 0, 1, 0, 0, 0)


async def test_unread_comes_first_then_group_recommendation_and_time(write, do, texts):
    await write("care", recommendation="access", group="care", first=1)
    await write("training", recommendation="training", first=2)
    [read, _, _] = await write("read", "data one", "data two", first=3)
    await write("whole group", recommendation=None, first=6)
    await do(review.open_one, read)

    assert [*await texts(), *await texts(page=1)] == [
        "data one", "data two", "training", "whole group", "care", "read"
    ]  # fmt: skip


async def test_a_page_past_the_last_is_the_last_and_everything_is_counted(write, do, seen):
    written = await write(*(f"Thought {number}." for number in range(PAGE + 2)))
    await do(review.open_one, written[0])

    queue = await seen(page=9)
    assert (queue.page, queue.pages, len(queue.entries)) == (1, 2, 2)
    assert (queue.unread, queue.total, queue.everything) == (PAGE + 1, PAGE + 2, PAGE + 2)


async def test_the_queue_is_narrowed_by_what_it_is_about_by_kind_theme_and_what_was_done(
    write, give, do, texts, store, consultation, clock
):
    [one, two] = await write("one", "two")
    [three] = await write("three", recommendation="access", group="care", first=3)
    await give("private")
    clock.advance(hours=1)
    await do(review.mark, one, 0, Step.ANSWERED)
    await do(review.mark, two, 0, Step.PINNED)
    await do(review.set_themes, three, 0, ["Costs"])
    await do(review.open_one, three)
    async with store.read() as session:
        [theme] = await review.themes(session, consultation.id)

    assert await texts(group="research") == ["one", "two"]
    assert await texts(recommendation="access") == ["three"]
    assert await texts(kind=FeedbackKind.PRIVATE) == ["private"]
    assert await texts(kind=FeedbackKind.THREAD, group="care") == ["three"]
    assert await texts(theme=theme.id) == ["three"]
    assert await texts(theme=theme.id + 1) == []
    assert set(await texts(shown=Shown.UNREAD)) == {"one", "two", "private"}
    assert await texts(shown=Shown.ANSWERED) == ["one"]
    assert set(await texts(shown=Shown.UNANSWERED)) == {"two", "three", "private"}
    assert await texts(shown=Shown.PINNED) == ["two"]


async def test_private_words_come_into_the_queue_once_their_hour_is_over(give, do, texts, clock):
    reference = await give("private")

    assert await texts() == []
    for use_case, arguments in (
        (review.open_one, ()),
        (review.mark, (0, Step.PINNED)),
        (review.set_themes, (0, ["x"])),
        (review.begin_reply, (0, 5, "Thanks.")),
    ):
        with pytest.raises(ConsultationError) as refusal:
            await do(use_case, reference, *arguments)
        assert refusal.value.phrase == "review.gone"
    clock.advance(hours=1)
    assert await texts() == ["private"]


async def test_within_an_hour_private_words_stand_in_an_order_that_says_nothing(give, seen, clock):
    references = [await give(f"private {number}", submission=number) for number in range(PAGE)]
    clock.advance(hours=1)
    assert [entry.reference for entry in (await seen()).entries] == sorted(references)


@pytest.mark.parametrize(("people", "told"), [(4, None), (5, "academia")])
async def test_moderators_see_the_segment_of_private_words_where_enough_people_declared_it(
    give, do, seen, store, consultation, clock, people, told
):
    async with store.write() as session:
        for number in range(people):
            await participants.join(session, consultation.id, PERSON + number, "academia", [])
    reference = await give("private")
    clock.advance(hours=1)

    assert [entry.segment for entry in (await seen()).entries] == [told]
    assert (await do(review.open_one, reference)).feedback.segment == told


async def test_what_a_moderator_opens_is_read_for_all_and_noted_once(write, do, seen, traced):
    [reference] = await write("one")
    opened = await do(review.open_one, reference)
    assert opened.feedback.read
    assert (await do(review.open_one, reference, by=NORA)).feedback == opened.feedback

    assert (await seen()).unread == 0
    assert await traced() == [("review_read", reference, None)]


async def test_an_edit_makes_it_unread_again(write, do, seen, store, consultation):
    [reference] = await write("one")
    await do(review.open_one, reference)
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 1, "Otherwise.")
    assert (await seen()).unread == 1


@pytest.mark.parametrize(
    ("done", "undone", "state"),
    [(Step.ANSWERED, Step.UNANSWERED, "answered"), (Step.PINNED, Step.UNPINNED, "pinned")],
)
async def test_what_was_marked_can_be_unmarked_and_both_are_noted(write, do, traced, done, undone, state):
    [reference] = await write("one")
    marked = (await do(review.mark, reference, 0, done)).feedback
    unmarked = (await do(review.mark, reference, marked.version, undone)).feedback

    assert (getattr(marked, state), getattr(unmarked, state)) == (True, False)
    assert await traced() == [(f"review_{done}", reference, None), (f"review_{undone}", reference, None)]


async def test_what_was_read_can_be_marked_unread(write, do, seen):
    [reference] = await write("one")
    await do(review.open_one, reference)
    await do(review.mark, reference, 0, Step.UNREAD)
    assert (await seen()).unread == 1


async def test_of_two_moderators_the_second_overwrites_nothing_and_learns_what_the_first_did(write, do, traced):
    [reference] = await write("one")
    await do(review.mark, reference, 0, Step.PINNED)
    await do(review.set_themes, reference, 1, ["Costs"])
    for use_case, arguments in (
        (review.mark, (0, Step.ANSWERED)),
        (review.set_themes, (0, ["Other"])),
        (review.begin_reply, (0, 5, "Thanks.")),
    ):
        with pytest.raises(FeedbackChangedError) as refusal:
            await do(use_case, reference, *arguments, by=NORA)
        assert refusal.value.changes == ("pinned", "themes")
        current = refusal.value.current.feedback
        assert (current.pinned, current.themes, current.answered, current.version) == (True, ("Costs",), False, 2)
    assert [action for action, _, _ in await traced()] == ["review_pinned", "review_themes"]


async def test_a_moderator_learns_that_the_author_edited_it_meanwhile(write, do, store, consultation):
    [reference] = await write("one")
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 1, "Otherwise.")
    with pytest.raises(FeedbackChangedError) as refusal:
        await do(review.mark, reference, 0, Step.PINNED)
    assert refusal.value.changes == ("edited",)
    assert refusal.value.current.feedback.text == "Otherwise."


async def test_reading_changes_no_version(write, do):
    [reference] = await write("one")
    await do(review.open_one, reference, by=NORA)
    assert (await do(review.mark, reference, 0, Step.PINNED)).feedback.pinned


async def test_contributions_are_counted_by_theme_once_they_may_be_told(write, give, do, store, consultation, clock):
    one, two = await write("one", "two")
    private = await give("private")
    clock.advance(hours=1)
    await do(review.set_themes, one, 0, ["Costs", "Dust"])
    await do(review.set_themes, two, 0, ["costs"])
    await do(review.set_themes, private, 0, ["Dust"])
    async with store.read() as session:
        assert await words.counted_by_theme(session, consultation.id) == {"Costs": 2, "Dust": 2}
        assert await words.counted_by_theme(session, consultation.id + 1) == {}


async def test_what_its_author_deleted_is_gone_from_the_queue_with_its_themes(write, do, seen, store, consultation):
    [reference, _] = await write("one", "two")
    await do(review.set_themes, reference, 0, ["Costs"])
    async with store.write() as session:
        await feedback.delete_messages(session, consultation.id, [1])

    assert [entry.text for entry in (await seen()).entries] == ["two"]
    with pytest.raises(ConsultationError) as refusal:
        await do(review.mark, reference, 1, Step.PINNED)
    assert refusal.value.phrase == "review.gone"
    async with store.read() as session:
        assert await review.themes(session, consultation.id) == []


async def test_themes_are_one_list_without_doubles_the_most_used_first(write, do, store, consultation, traced):
    [one, two] = await write("one", "two")
    await do(review.set_themes, one, 0, ["Costs", "Privacy"])
    given = await do(review.add_themes, two, ["PRIVACY", "Staff"])
    assert given.feedback.themes == ("Privacy", "Staff")

    async with store.read() as session:
        known = await review.themes(session, consultation.id)
    assert [(theme.name, theme.uses) for theme in known] == [("Privacy", 2), ("Costs", 1), ("Staff", 1)]
    assert await traced() == [("review_themes", one, "Costs, Privacy"), ("review_themes", two, "Privacy, Staff")]


async def test_a_theme_that_nothing_bears_any_more_leaves_the_list(write, do, store, consultation):
    [one] = await write("one")
    await do(review.set_themes, one, 0, ["Costs", "Privacy"])
    await do(review.set_themes, one, 1, ["Privacy"])
    async with store.read() as session:
        assert [theme.name for theme in await review.themes(session, consultation.id)] == ["Privacy"]


async def test_a_contribution_takes_a_limited_number_of_themes(write, do):
    [one] = await write("one")
    with pytest.raises(ConsultationError) as refusal:
        await do(review.set_themes, one, 0, [f"Theme {number}" for number in range(review.MOST_THEMES + 1)])
    assert refusal.value.phrase == "review.too_many_themes"


def test_themes_are_read_from_what_somebody_typed():
    assert review.theme_names(" Costs,  health   care;\nCOSTS , , -- ,\u200b") == ["Costs", "health care"]
    with pytest.raises(ConsultationError) as refusal:
        review.theme_names("x" * (review.THEME_LENGTH + 1))
    assert refusal.value.phrase == "review.theme_too_long"


async def test_a_reply_is_stored_marks_as_answered_and_is_known_again_after_a_restart(write, do, traced, store):
    [reference] = await write("one")
    opened, reply = await do(review.begin_reply, reference, 0, 5, "We will.")
    assert (opened.feedback.answered, opened.replies) == (True, (reply,))
    assert (reply.text, reply.message_id) == ("We will.", None)

    async with store.write() as session:
        await review.reply_posted(session, reply.id, 11, 12)
    assert store.memory.public_replies == {12}
    await store.load()
    assert store.memory.public_replies == {12}
    [posted] = (await do(review.open_one, reference)).replies
    assert (posted.channel_id, posted.message_id) == (11, 12)
    assert ("review_reply", reference, None) in await traced()


async def test_a_reply_handed_in_twice_is_given_once(write, do):
    [reference] = await write("one")
    await do(review.begin_reply, reference, 0, 5, "We will.")
    opened, again = await do(review.begin_reply, reference, 0, 5, "We will.")
    assert again is None
    assert len(opened.replies) == 1


@pytest.mark.parametrize("answered", [True, False])
async def test_a_reply_that_was_not_posted_leaves_it_as_it_was(write, do, answered):
    [reference] = await write("one")
    version = (await do(review.mark, reference, 0, Step.ANSWERED)).feedback.version if answered else 0
    _, reply = await do(review.begin_reply, reference, version, 5, "We will.")
    await do(review.withdraw_reply, reference, reply.id, answered=answered)

    opened = await do(review.open_one, reference)
    assert (opened.feedback.answered, opened.replies) == (answered, ())


@pytest.mark.parametrize("text", ["", " \n\t"])
async def test_a_blank_reply_is_refused(write, do, text):
    [reference] = await write("one")
    with pytest.raises(ConsultationError) as refusal:
        await do(review.begin_reply, reference, 0, 5, text)
    assert refusal.value.phrase == "review.reply_empty"


async def test_another_consultation_s_moderators_find_nothing(write, store, consultation):
    [reference] = await write("one")
    with pytest.raises(ConsultationError):
        async with store.write() as session:
            await review.open_one(session, consultation.id + 1, MONA, reference)
    async with store.read() as session:
        assert (await review_queue.queue(session, consultation.id + 1, Wanted(), ORDER)).everything == 0


async def test_references_are_offered_newest_first_by_what_was_typed(write, store, consultation):
    written = await write("one", "two")
    async with store.read() as session:
        every = await review_queue.suggested(session, consultation.id, "f-", 25)
        assert [one.reference for one in every] == written[::-1]
        [found] = await review_queue.suggested(session, consultation.id, f" {written[0].lower()} ", 25)
        assert found.text == "one"
        assert await review_queue.suggested(session, consultation.id, "%", 25) == []
        assert len(await review_queue.suggested(session, consultation.id, "", 1)) == 1

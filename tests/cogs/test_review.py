"""Reviewing as moderators do it: one private queue of what people said, and answers in public."""

from typing import Any
from unittest.mock import patch

import discord
import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models import consultations, polls, trace
from models.records import Feedback, Place, PlaceKind, Wording
from tests.cogs.conftest import House, answered, said, shown
from tests.cogs.limits import walk

ON, ELSEWHERE = "stem-orientation", "shared-data"
HOUR = 3_600


def phrase(key: str, language: str = "en", **values: Any) -> str:
    return PHRASES.text(key, language, **values)


async def queue(house: House, who: MemberActor | None = None, **wanted: Any) -> InteractionResult:
    return await (who or house.moderator).slash(house.lobby, "review feedback", **wanted)


async def press(who: MemberActor, before: InteractionResult, key: str, language: str = "en") -> InteractionResult:
    if key == "review.open":  # each contribution has such a button: the first
        return await who.click(answered(before), custom_id=next(one for one in custom_ids(before) if "open" in one))
    return await who.click(answered(before), label=phrase(key, language))


def custom_ids(result: InteractionResult) -> list[str]:
    return [one["custom_id"] for one in components(result) if one.get("custom_id")]


def components(result: InteractionResult) -> list[dict[str, Any]]:
    """Return every component of the message with which somebody was answered."""
    every: Any = [part.to_dict() for part in answered(result).message.components]
    return list(walk(every))


def told_apart(result: InteractionResult) -> str:
    """Return what somebody was told beside the card that was changed."""
    assert result.followups
    return shown(result.followups[-1])


async def read(house: House, who: MemberActor | None = None, **wanted: Any) -> InteractionResult:
    """Open the first contribution of the queue."""
    who = who or house.moderator
    return await press(who, await queue(house, who, **wanted), "review.open")


async def give(house: House, who: MemberActor, words: str, quotation: str = "not", **about: str) -> Feedback:
    """Let somebody give private feedback, and its hour go by."""
    form = await who.slash(house.lobby, "feedback", **about)
    await who.submit_modal(form, {"segment": "academia", "words": words, "quotation": quotation})
    await house.env.advance_time(HOUR)
    [given] = [one for one in await house.feedback() if one.text == words]
    return given


async def traced(house: House) -> list[tuple[str, str]]:
    async with house.store.read() as session:
        entries = await trace.entries(session, house.store.memory.consultations[house.guild.id].id)
    return [(entry.action, entry.subject) for entry in entries if entry.action.startswith("review")]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_where_nobody_said_anything_the_queue_says_so_kindly(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    told = said(await queue(open_house))
    assert phrase("review.title", language) in told
    assert phrase("review.empty", language) in told


async def test_nobody_but_moderators_sees_anything_of_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(ON), "Start earlier")
    [stored] = await open_house.feedback()
    role = open_house.guild.create_role("Busy", permissions=discord.Permissions(manage_threads=True))
    busy = open_house.guild.add_member(open_house.env.create_user("bob-busy"), roles=[role])

    assert said(await queue(open_house, busy)) == phrase("moderator.only")
    told = said(await busy.slash(open_house.lobby, "review theme", feedback=stored.reference, theme="Costs"))
    assert told == phrase("moderator.only")
    assert await busy.autocomplete(open_house.lobby, "review theme", "feedback", "") == []
    assert await busy.autocomplete(open_house.lobby, "review theme", "theme", "") == []
    assert await traced(open_house) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_moderator_reads_answers_and_goes_on(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    message = await ann.send(open_house.thread(ON), "Start in **primary** school, @everyone")
    await ann.send(open_house.thread(ON), "And train the teachers")
    first, second = await open_house.feedback()

    listed = await queue(open_house)
    told = said(listed)
    assert phrase("review.counts", language, count=2, unread=2) in told
    title = open_house.catalogue.recommendations[ON].title.in_language(language)
    assert title in told
    opened = await press(open_house.moderator, listed, "review.open", language)
    told = said(opened)
    assert "Start in \\*\\*primary\\*\\* school, @\u200beveryone" in told
    assert first.pseudonym in told
    assert open_house.catalogue.segments["academia"].title.in_language(language) in told

    form = await press(open_house.moderator, opened, "review.answer", language)
    answer = await open_house.moderator.submit_modal(form, {"answer": "Thank you, <@1> *we* will"})
    assert phrase("review.replies", language, count=1) in shown(answer.response)
    posted = open_house.thread(ON).last_message
    assert posted is not None
    assert posted.reference is not None
    assert posted.reference.message_id == message.id
    assert "Thank you, \\<@\u200b1> \\*we\\* will" in shown(posted) or "\\*we\\*" in shown(posted)
    assert posted.mentions == []

    following = await press(open_house.moderator, answer, "review.next_unread", language)
    assert "And train the teachers" in shown(following.response)
    back = await press(open_house.moderator, following, "review.back", language)
    assert phrase("review.counts", language, count=2, unread=0) in shown(back.response)
    assert await traced(open_house) == [
        ("review_read", first.reference),
        ("review_reply", first.reference),
        ("review_read", second.reference),
    ]


async def test_everything_goes_on_after_a_restart(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(ON), "Start earlier")
    listed = await queue(open_house)
    await open_house.restart()
    opened = await press(open_house.moderator, listed, "review.open")
    form = await press(open_house.moderator, opened, "review.answer")
    await open_house.restart()
    answer = await open_house.moderator.submit_modal(form, {"answer": "We will"})
    assert phrase("review.replies", count=1) in shown(answer.response)


async def test_who_replies_to_the_moderators_answer_is_heard_and_not_answered_by_the_bot(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    await ann.send(thread, "Start earlier")
    opened = await read(open_house)
    await open_house.moderator.submit_modal(
        await press(open_house.moderator, opened, "review.answer"), {"answer": "We will"}
    )
    posted = thread.last_message
    assert posted is not None
    await ann.send(thread, "When?", reply_to=posted)
    assert [one.text for one in await open_house.feedback()] == ["Start earlier", "When?"]
    await open_house.restart()
    await ann.send(thread, "And where?", reply_to=posted)
    assert [one.text for one in await open_house.feedback()] == ["Start earlier", "When?", "And where?"]


@pytest.mark.parametrize(
    ("quotation", "quoted", "with_segment"),
    [("not", False, False), ("without_segment", True, False), ("with_segment", True, True)],
)
async def test_private_words_are_quoted_in_an_answer_as_their_author_allowed(
    open_house: House, quotation: str, quoted: bool, with_segment: bool
) -> None:
    for number in range(4):
        await open_house.join(open_house.member(f"person-{number}"), "academia")
    ann = open_house.member("ann-example")
    given = await give(open_house, ann, "Not *before* 2030\nplease", quotation, recommendation=ON)
    opened = await read(open_house)
    assert phrase("review.quotation", quotation=phrase(f"quotation.{quotation}")) in said(opened)
    form = await press(open_house.moderator, opened, "review.answer")
    await open_house.moderator.submit_modal(form, {"answer": "We heard you"})

    posted = open_house.thread(ON).last_message
    assert posted is not None
    assert posted.reference is None
    public = shown(posted)
    assert "We heard you" in public
    assert given.reference in public
    assert given.pseudonym not in public
    assert ("> Not \\*before\\* 2030\n> please" in public) == quoted
    segment = open_house.catalogue.segments["academia"].title.in_language("en")
    assert (segment in public) == with_segment


async def test_a_small_segment_is_told_neither_to_moderators_nor_in_an_answer(open_house: House) -> None:
    given = await give(open_house, open_house.member("ann-example"), "Not before 2030", "with_segment")
    opened = await read(open_house)
    segment = open_house.catalogue.segments["academia"].title.in_language("en")
    assert segment not in said(opened)
    form = await press(open_house.moderator, opened, "review.answer")
    await open_house.moderator.submit_modal(form, {"answer": "We heard you"})

    start = next(place for place in open_house.store.memory._places.values() if place.kind == "start")
    channel = next(one for one in open_house.guild.channels.values() if one.id == start.discord_id)
    assert channel.last_message is not None
    public = shown(channel.last_message)
    assert given.reference in public
    assert "> Not before 2030" in public
    assert segment not in public


async def test_private_words_come_into_the_queue_after_their_hour(open_house: House) -> None:
    ann = open_house.member("ann-example")
    form = await ann.slash(open_house.lobby, "feedback")
    await ann.submit_modal(form, {"segment": "academia", "words": "in private", "quotation": "not"})
    assert phrase("review.empty") in said(await queue(open_house))
    await open_house.env.advance_time(HOUR)
    assert "in private" in said(await queue(open_house))


async def test_two_moderators_at_once_overwrite_nothing_and_the_second_gets_what_they_typed(open_house: House) -> None:
    nora = second_moderator(open_house, "fr")
    await open_house.member("ann-example").send(open_house.thread(ON), "Start earlier")
    mine = await read(open_house)
    hers = await press(nora, await queue(open_house, nora), "review.open", "fr")
    form = await press(nora, hers, "review.answer", "fr")
    await press(open_house.moderator, mine, "review.mark_pinned")
    late = await nora.submit_modal(form, {"answer": "Minutes of typing"})

    assert "📌" in said(late)
    told = told_apart(late)
    assert told.startswith(phrase("review.changed", "fr", changes=phrase("review.was_pinned", "fr")))
    assert "Minutes of typing" in told
    assert open_house.thread(ON).last_message is not None
    assert "Minutes of typing" not in shown(open_house.thread(ON).last_message)
    [stored] = await open_house.feedback()
    assert (stored.pinned, stored.answered) == (True, False)

    await press(open_house.moderator, mine, "review.mark_answered")
    pressed = await press(nora, late, "review.mark_unpinned", "fr")
    assert told_apart(pressed) == phrase("review.changed", "fr", changes=phrase("review.was_answered", "fr"))


def second_moderator(house: House, locale: str = "en-US") -> MemberActor:
    """Return another moderator, as the role of the server makes one."""
    nora = house.guild.add_member(house.env.create_user("nora-moderator"), roles=[house.staff])
    house.locales[nora.id] = locale
    return nora


async def test_themes_are_given_by_form_and_by_command_and_offered_while_typing(open_house: House) -> None:
    ann, mona = open_house.member("ann-example"), open_house.moderator
    for words in ("Start earlier", "And cheaper"):
        await ann.send(open_house.thread(ON), words)
    first, second = await open_house.feedback()
    opened = await read(open_house)
    form = await press(mona, opened, "review.themes")
    themed = await mona.submit_modal(form, {"new": "Schools, **Costs**"})
    assert "\\*\\*Costs\\*\\*, Schools" in shown(themed.response)

    offered = await mona.autocomplete(open_house.lobby, "review theme", "theme", "school")
    assert [choice["value"] for choice in offered] == ["Schools"]
    references = await mona.autocomplete(open_house.lobby, "review theme", "feedback", second.reference[:5])
    assert second.reference in [choice["value"] for choice in references]
    told = said(await mona.slash(open_house.lobby, "review theme", feedback=second.reference, theme="Schools"))
    assert told == phrase("review.themed", reference=second.reference, themes="Schools")

    form = await press(mona, themed, "review.themes")
    assert form.modal is not None
    [menu] = [one for one in walk(form.modal["components"]) if one.get("custom_id") == "known"]
    assert [(one["value"], one["default"]) for one in menu["options"]] == [("Schools", True), ("**Costs**", True)]
    await mona.submit_modal(form, {"known": ["Schools"], "new": "Teachers"})
    assert [one.themes for one in await open_house.feedback()] == [("Schools", "Teachers"), ("Schools",)]

    narrowed = said(await queue(open_house, theme="teachers"))
    assert "Start earlier" in narrowed
    assert "And cheaper" not in narrowed
    assert said(await queue(open_house, theme="Costs")) == phrase("review.theme_unknown")
    assert first.reference != second.reference


async def test_the_queue_is_narrowed_by_options_and_by_its_menu(open_house: House) -> None:
    ann, mona = open_house.member("ann-example"), open_house.moderator
    await ann.send(open_house.thread(ON), "on orientation")
    await give(open_house, ann, "on everything")
    title = open_house.catalogue.recommendations[ON].title.in_language("en")
    group = open_house.catalogue.recommendations[ON].group

    narrowed: list[dict[str, Any]] = [{"recommendation": title}, {"group": group}, {"kind": "thread"}]
    for wanted in narrowed:
        told = said(await queue(open_house, **wanted))
        assert "on orientation" in told
        assert "on everything" not in told
    told = said(await queue(open_house, kind="private", show="unread"))
    assert "on everything" in told
    assert "on orientation" not in told

    listed = await queue(open_house)
    menu = next(one for one in custom_ids(listed) if one.startswith("review_show"))
    pinned = await mona.select(answered(listed), ["pinned"], custom_id=menu)
    assert phrase("review.none_such") in shown(pinned.response)
    everything = await press(mona, pinned, "review.show_all")
    assert "on everything" in shown(everything.response)


async def test_more_than_a_page_is_turned_over(open_house: House) -> None:
    ann = open_house.member("ann-example")
    for number in range(7):
        await ann.send(open_house.thread(ON), f"thought {number}")
    listed = await queue(open_house)
    assert "thought 4" in said(listed)
    assert "thought 5" not in said(listed)
    second = await press(open_house.moderator, listed, "deck.next")
    assert "thought 6" in shown(second.response)
    first = await press(open_house.moderator, second, "deck.previous")
    assert "thought 0" in shown(first.response)


async def test_what_its_author_deleted_disappears_also_while_a_moderator_looks_at_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "Never mind")
    opened = await read(open_house)
    form = await press(open_house.moderator, opened, "review.answer")
    await ann.delete(message)
    late = await open_house.moderator.submit_modal(form, {"answer": "Too late"})
    assert phrase("review.empty") in said(late)
    told = told_apart(late)
    assert told.startswith(phrase("review.gone"))
    assert "Too late" in told
    assert phrase("review.empty") in said(await queue(open_house))


async def test_an_edited_message_shows_what_it_said_before(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "Yes")
    await ann.edit(message, "No")
    opened = await read(open_house)
    assert "No" in said(opened)
    earlier = await press(open_house.moderator, opened, "review.earlier")
    assert "Yes" in said(earlier)


async def test_an_answer_that_discord_refuses_is_taken_back_with_the_words_given_back(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.thread(ON), "Start earlier")
    opened = await read(open_house)
    form = await press(open_house.moderator, opened, "review.answer")
    open_house.env.inject_error("POST", f"/channels/{open_house.thread(ON).id}/messages", status=403, code=50013)
    refused = await open_house.moderator.submit_modal(form, {"answer": "My answer"})
    assert phrase("review.mark_answered") in said(refused)
    told = told_apart(refused)
    assert told.startswith(phrase("review.reply_refused"))
    assert "My answer" in told
    [stored] = await open_house.feedback()
    assert not stored.answered


async def test_an_answer_that_the_network_lost_is_taken_back_with_the_words_given_back(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.thread(ON), "Start earlier")
    opened = await read(open_house)
    form = await press(open_house.moderator, opened, "review.answer")
    with patch.object(discord.PartialMessageable, "send", side_effect=OSError("no network")):
        refused = await open_house.moderator.submit_modal(form, {"answer": "My answer"})
    assert told_apart(refused).startswith(phrase("review.reply_refused"))
    assert "My answer" in told_apart(refused)
    [stored] = await open_house.feedback()
    assert not stored.answered


async def test_a_failing_store_gives_the_answer_back_and_posts_nothing(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.thread(ON), "Start earlier")
    opened = await read(open_house)
    form = await press(open_house.moderator, opened, "review.answer")
    with open_house.failing_store():
        told = said(await open_house.moderator.submit_modal(form, {"answer": "My answer"}))
    assert "My answer" in told
    assert open_house.thread(ON).last_message is not None
    assert "My answer" not in shown(open_house.thread(ON).last_message)


async def test_private_words_on_a_message_lead_the_moderator_to_it(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    thread = open_house.thread(ON)
    message = await bob.send(thread, "I disagree")
    form = await ann.context_menu(thread, phrase("command.comment.name"), message)
    await ann.submit_modal(form, {"segment": "academia", "words": "So do I", "quotation": "not"})
    await open_house.env.advance_time(HOUR)
    opened = await read(open_house, kind="private")
    links = [one["url"] for one in components(opened) if one.get("url")]
    assert links == [f"https://discord.com/channels/{open_house.guild.id}/{thread.id}/{message.id}"]


@pytest.mark.parametrize("words", [" \n", "\u202e\u2066"])
async def test_a_blank_answer_is_refused(open_house: House, words: str) -> None:
    await open_house.member("ann-example").send(open_house.thread(ON), "Start earlier")
    opened = await read(open_house)
    form = await press(open_house.moderator, opened, "review.answer")
    assert phrase("review.reply_empty") in said(await open_house.moderator.submit_modal(form, {"answer": words}))


async def test_what_is_said_on_a_question_of_the_moderators_own_stands_under_its_group_and_wording(
    open_house: House,
) -> None:
    consultation = open_house.store.memory.consultations[open_house.guild.id]
    group = open_house.catalogue.recommendations[ON].group
    wording = {language: Wording(f"When *exactly*? {language}", "") for language in LANGUAGES}
    async with open_house.store.write() as session:
        poll = await polls.open_poll(session, consultation, None, group, wording, None)
    thread = open_house.env.backend.create_thread(open_house.channel(group).id, "When?", owner_id=open_house.me.id)
    async with open_house.store.write() as session:
        await consultations.remember_place(session, Place(consultation.id, PlaceKind.THREAD, poll.subject, thread.id))
    ann = open_house.member("ann-example")
    open_house.env.backend.create_message(thread.id, ann.id, "In spring")
    await open_house.env.settle()

    [stored] = await open_house.feedback()
    assert (stored.recommendation, stored.group, stored.text) == (poll.subject, group, "In spring")
    told = said(await read(open_house))
    assert open_house.catalogue.groups[group].title.in_language("en") in told
    assert "When \\*exactly\\*? en" in told

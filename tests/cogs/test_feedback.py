"""Private feedback as members give it: from cards, by command and from a message's menu."""

from typing import Any

import discord
import pytest
from simcord import InteractionResult

from cogs.ui import replies
from cogs.ui.layout import shortened
from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models.records import FeedbackKind, Quotation
from tests.cogs.conftest import House, answered, said, shown, still_open

ON = "stem-orientation"
PRIVATE = "Private feedback"
MENU = "Add a private comment"


def texts(stored: list[Any]) -> list[str]:
    return [one.text for one in stored]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_private_feedback_from_a_card_is_stored_with_the_segment_asked_for_the_first_time(
    open_house: House, language: str
) -> None:
    zoe = open_house.member("zoe-example", language)
    form = await zoe.click(open_house.card(ON), label=PRIVATE)
    assert form.modal is not None
    assert form.modal["title"] == PHRASES.text("feedback.title", language)
    told = said(
        await zoe.submit_modal(
            form, {"segment": "academia", "groups": [], "words": "Not before 2030", "quotation": "with_segment"}
        )
    )

    [stored] = await open_house.feedback()
    assert (stored.kind, stored.segment, stored.text) == (FeedbackKind.PRIVATE, "academia", "Not before 2030")
    assert (stored.recommendation, stored.quotation) == (ON, Quotation.WITH_SEGMENT)
    quotation = PHRASES.text("quotation.with_segment", language)
    assert told == PHRASES.text("feedback.stored", language, reference=stored.reference, quotation=quotation)


async def test_the_second_time_only_the_words_are_asked_for(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    form = await ann.slash(open_house.lobby, "feedback", recommendation=ON)
    assert form.modal is not None
    assert [one["component"]["custom_id"] for one in form.modal["components"] if "component" in one] == [
        "words",
        "quotation",
    ]
    said(await ann.submit_modal(form, {"words": "By command", "quotation": "without_segment"}))
    [stored] = await open_house.feedback()
    assert (stored.recommendation, stored.segment, stored.text) == (ON, "academia", "By command")


async def test_feedback_on_the_consultation_as_a_whole_is_given_by_command_and_on_the_start_card(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    forms = [await ann.slash(open_house.lobby, "feedback"), await ann.click(open_house.start_card(), label="Feedback")]
    for number, form in enumerate(forms):
        said(await ann.submit_modal(form, {"words": f"All in all {number}", "quotation": "not"}))
    assert [(one.recommendation, one.group) for one in await open_house.feedback()] == [(None, None)] * 2


async def test_a_form_open_during_a_restart_loses_nothing(open_house: House) -> None:
    ann = open_house.member("ann-example")
    form = await ann.click(open_house.card(ON), label=PRIVATE)
    await open_house.restart()
    said(await ann.submit_modal(form, {"segment": "academia", "words": "typed for minutes", "quotation": "not"}))
    assert texts(await open_house.feedback()) == ["typed for minutes"]


async def test_a_form_submitted_twice_is_stored_once_under_one_reference(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    form = await ann.slash(open_house.lobby, "feedback")
    filled = {"words": "once", "quotation": "not"}
    told = said(await ann.submit_modal(form, filled))
    assert said(await ann.submit_modal(still_open(form), filled)) == told
    assert texts(await open_house.feedback()) == ["once"]


async def test_two_people_with_the_form_open_are_both_heard(open_house: House) -> None:
    people = [open_house.member(name) for name in ("ann-example", "bob-example")]
    forms = [await who.click(open_house.card(ON), label=PRIVATE) for who in people]
    for who, form in zip(people, forms, strict=True):
        await who.submit_modal(form, {"segment": "academia", "words": who.name, "quotation": "not"})
    assert texts(await open_house.feedback()) == ["ann-example", "bob-example"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_failing_store_gives_the_words_back(open_house: House, language: str) -> None:
    zoe = open_house.member("zoe-example", language)
    form = await zoe.click(open_house.card(ON), label=PRIVATE)
    filled = {"segment": "academia", "words": "minutes of work", "quotation": "not"}
    with open_house.failing_store():
        told = said(await zoe.submit_modal(form, filled))
    assert PHRASES.text("error.your_text", language) in told
    assert "minutes of work" in told
    assert told.startswith(PHRASES.text("error.unexpected", language, reference="")[:40])


async def test_the_same_form_can_be_sent_again_once_the_store_works(open_house: House) -> None:
    ann = open_house.member("ann-example")
    form = await ann.click(open_house.card(ON), label=PRIVATE)
    filled = {"segment": "academia", "words": "again", "quotation": "not"}
    with open_house.failing_store():
        await ann.submit_modal(form, filled)
    said(await ann.submit_modal(still_open(form), filled))
    assert texts(await open_house.feedback()) == ["again"]


async def test_blank_words_are_refused(open_house: House) -> None:
    ann = open_house.member("ann-example", "fr")
    await open_house.join(ann, "academia")
    form = await ann.slash(open_house.lobby, "feedback")
    told = said(await ann.submit_modal(form, {"words": " \n\t ", "quotation": "not"}))
    assert told == PHRASES.text("feedback.empty", "fr")
    assert await open_house.feedback() == []


async def test_four_thousand_characters_are_stored_as_they_were_typed(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    words = ("@everyone ```=1+1``` Ωß漢字🧬\u202e" * 200)[:4_000]
    form = await ann.slash(open_house.lobby, "feedback")
    told = said(await ann.submit_modal(form, {"words": words, "quotation": "not"}))
    assert texts(await open_house.feedback()) == [words]
    assert words not in told


async def test_words_too_long_to_quote_come_back_as_a_file(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    form = await ann.slash(open_house.lobby, "feedback")
    words = "Ωß漢字🧬 " * 600
    with open_house.failing_store():
        given = answered(await ann.submit_modal(form, {"words": words, "quotation": "not"}))
    [file] = given.attachments
    assert (await file.read()).decode() == words


async def test_a_consultation_that_closed_meanwhile_gives_the_words_back(open_house: House) -> None:
    ann = open_house.member("ann-example", "nl")
    await open_house.join(ann, "academia")
    form = await ann.slash(open_house.lobby, "feedback")
    await open_house.moderator.slash(open_house.lobby, "consultation close", reason="The time is up")
    told = said(await ann.submit_modal(form, {"words": "one minute late", "quotation": "not"}))
    assert told.startswith(PHRASES.text("consultation.not_open", "nl"))
    assert "one minute late" in told
    assert await open_house.feedback() == []
    assert said(await ann.slash(open_house.lobby, "feedback")) == PHRASES.text("consultation.not_open", "nl")


async def test_a_recommendation_that_nobody_knows_is_refused(open_house: House) -> None:
    told = said(await open_house.member("ann-example", "de").slash(open_house.lobby, "feedback", recommendation="x"))
    assert told == PHRASES.text("recommendation.unknown", "de")


async def test_each_server_has_its_own_consultation_and_its_own_feedback(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(ON), "here")
    other = open_house.env.create_guild("Another test server")
    elsewhere = other.create_text_channel("elsewhere")
    there = other.add_member(ann.user)
    assert said(await there.slash(elsewhere, "feedback")) == PHRASES.text("setup.missing", "en")

    staff = other.create_role("Staff", permissions=discord.Permissions(manage_guild=True, manage_threads=True))
    boss = other.add_member(open_house.env.create_user("bea-boss"), roles=[staff])
    await boss.slash(elsewhere, "consultation setup")
    await boss.slash(elsewhere, "consultation open")
    form = await there.slash(elsewhere, "feedback")
    said(await there.submit_modal(form, {"segment": "academia", "words": "there", "quotation": "not"}))

    assert texts(await open_house.feedback()) == ["here"]
    assert open_house.store.participant(open_house.store.memory.consultations[open_house.guild.id], ann.id) is None


async def fill_in(
    open_house: House, words: str, language: str = "en-US"
) -> tuple[Any, InteractionResult, dict[str, Any]]:
    """Return somebody who joined, the form they have open, and what they fill in."""
    ann = open_house.member("ann-example", language)
    await open_house.join(ann, "academia")
    return ann, await ann.slash(open_house.lobby, "feedback", recommendation=ON), {"words": words, "quotation": "not"}


@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_store_that_fails_for_a_moment_is_tried_again_and_nothing_is_doubled(
    open_house: House, after_commit: bool
) -> None:
    ann, form, filled = await fill_in(open_house, "kept")
    with open_house.stumbling_store(2, after_commit=after_commit):
        told = said(await ann.submit_modal(form, filled))
    [stored] = await open_house.feedback()
    assert stored.reference in told
    assert stored.text == "kept"


async def test_somebody_who_joins_with_their_words_is_heard_though_the_store_fails_for_a_moment(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    form = await ann.click(open_house.card(ON), label=PRIVATE)
    with open_house.stumbling_store(2):
        await ann.submit_modal(form, {"segment": "academia", "groups": [], "words": "kept", "quotation": "not"})
    [stored] = await open_house.feedback()
    assert (stored.text, stored.segment) == ("kept", "academia")


async def test_a_store_that_takes_longer_than_discord_waits_is_waited_for(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "TIME_TO_ANSWER", 0)
    ann, form, filled = await fill_in(open_house, "slow but sure")
    result = await ann.submit_modal(form, filled)
    [stored] = await open_house.feedback()
    assert stored.reference in shown(result.response)
    assert answered(result).ephemeral

    form = await ann.slash(open_house.lobby, "feedback")
    with open_house.failing_store():
        result = await ann.submit_modal(form, filled | {"words": "minutes of work"})
    assert "minutes of work" in shown(result.response)


async def test_words_submitted_while_the_bot_is_away_are_taken_when_they_are_sent_again(open_house: House) -> None:
    ann, form, filled = await fill_in(open_house, "once")
    async with open_house.away():
        await ann.submit_modal(form, filled)
        assert await open_house.feedback() == []
    for _ in range(2):
        said(await ann.submit_modal(still_open(form), filled))
    assert texts(await open_house.feedback()) == ["once"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_private_comment_on_a_message_is_about_its_recommendation_and_itself(
    open_house: House, language: str
) -> None:
    zoe, thread = open_house.member("zoe-example", language), open_house.thread(ON)
    await open_house.join(zoe, "academia")
    message = await open_house.member("bob-example").send(thread, "I disagree")
    form = await zoe.context_menu(thread, MENU, message)
    title = open_house.catalogue.recommendations[ON].title.in_language(language)
    assert form.modal is not None
    assert shortened(PHRASES.text("feedback.about_message", language, title=title), 100) in str(form.modal)
    told = said(await zoe.submit_modal(form, {"words": "So do I", "quotation": "not"}))

    [stored] = [one for one in await open_house.feedback() if one.kind is FeedbackKind.PRIVATE]
    assert stored.reference in told
    assert (stored.recommendation, stored.group) == (ON, open_house.catalogue.recommendations[ON].group)
    assert (stored.channel_id, stored.message_id) == (thread.id, message.id)
    assert stored.pseudonym not in {one.pseudonym for one in await open_house.feedback() if one != stored}


async def test_who_agrees_with_two_messages_is_heard_on_both_and_once_on_each(open_house: House) -> None:
    ann, bob, thread = open_house.member("ann-example"), open_house.member("bob-example"), open_house.thread(ON)
    await open_house.join(ann, "academia")
    messages = [await bob.send(thread, words) for words in ("Start now", "Start small")]
    for message in (*messages, messages[0]):
        form = await ann.context_menu(thread, MENU, message)
        said(await ann.submit_modal(form, {"words": "I agree", "quotation": "not"}))
    private = [one for one in await open_house.feedback() if one.kind is FeedbackKind.PRIVATE]
    assert [one.message_id for one in private] == [message.id for message in messages]


async def test_a_private_comment_on_a_card_is_about_its_recommendation_and_elsewhere_about_what_stands_there(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    group = open_house.catalogue.recommendations[ON].group
    start = open_house.start_card()
    rooms = {channel.id: channel for channel in open_house.guild.channels.values()}
    hello = await open_house.moderator.send(open_house.lobby, "Hello")
    for channel, message in (
        (open_house.channel(group), open_house.card(ON)),
        (rooms[start.channel.id], start),
        (open_house.lobby, hello),
    ):
        form = await ann.context_menu(channel, MENU, message)
        said(await ann.submit_modal(form, {"words": str(message.id), "quotation": "not"}))
    by_words = {one.text: (one.group, one.recommendation, one.message_id) for one in await open_house.feedback()}
    assert by_words == {
        str(open_house.card(ON).id): (group, ON, None),
        str(start.id): (None, None, None),
        str(hello.id): (None, None, hello.id),
    }


async def test_a_comment_s_form_that_was_open_during_a_restart_loses_nothing(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    message = await ann.send(thread, "As I said")
    form = await ann.context_menu(thread, MENU, message)
    await open_house.restart()
    said(await ann.submit_modal(form, {"segment": "academia", "words": "typed for minutes", "quotation": "not"}))
    [stored] = [one for one in await open_house.feedback() if one.kind is FeedbackKind.PRIVATE]
    assert (stored.text, stored.message_id) == ("typed for minutes", message.id)


async def test_a_comment_is_refused_where_nothing_is_set_up_or_open(house: House) -> None:
    ann = house.member("ann-example", "fr")
    message = await ann.send(house.lobby, "Hello")
    assert said(await ann.context_menu(house.lobby, MENU, message)) == PHRASES.text("setup.missing", "fr")
    await house.moderator.slash(house.lobby, "consultation setup")
    assert said(await ann.context_menu(house.lobby, MENU, message)) == PHRASES.text("consultation.not_open", "fr")

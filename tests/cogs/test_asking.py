"""Asking as members do it: by command, form, mention, reply, direct message and in the questions channel."""

from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cogs.ui.answer_cards import answer_card
from cogs.ui.layout import sent_once
from cogs.ui.texts import PHRASES
from content.answers import Answers
from content.catalogue import LANGUAGES
from tests.cogs.conftest import House, answered, buttons, said, shown

JOBS = "How many people work in the Belgian pharma industry?"
ABSURD = "how do I bake a chocolate cake?"
IN_LANGUAGES = {
    "en": "How many people work in the Belgian pharma industry?",
    "fr": "Combien de personnes travaillent dans la pharma belge ?",
    "nl": "Hoeveel mensen werken er in de Belgische farmasector?",
    "de": "Wie viele Menschen arbeiten in der belgischen Pharmabranche?",
}


def answers_in(house: House, channel: str = "lobby") -> list[str]:
    """Return what the bot said in a channel, oldest first."""
    return [shown(message) for message in house.channel(channel).history() if message.author.id == house.me.id]


def offered(message: Any) -> list[str]:
    """Return the titles of the facts that an answer offers."""
    return [label for label, pressed in buttons(message).items() if pressed.startswith("fact:")]


def fact_text(house: House, key: str, language: str) -> str:
    return house.catalogue.facts[key].text.in_language(language)


def passage(house: House, key: str, language: str) -> str:
    citation = house.catalogue.facts[key].citation
    return PHRASES.text("source.passage", language, heading=citation.heading, paragraph=citation.paragraph)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_is_answered_in_its_own_language_with_the_passage_it_stands_on(
    open_house: House, language: str
) -> None:
    ann = open_house.member("ann-example", "en-US" if language == "fr" else "fr")

    told = said(await ann.slash(open_house.lobby, "ask", question=IN_LANGUAGES[language]))

    assert fact_text(open_house, "direct-jobs", language) in told
    assert passage(open_house, "direct-jobs", language) in told


async def test_a_question_in_no_known_language_gets_its_no_in_the_persons_own(open_house: House) -> None:
    nele = open_house.member("nele-voorbeeld", "nl")
    told = said(await nele.slash(open_house.lobby, "ask", question="Τι ώρα είναι;"))
    assert PHRASES.text("answer.not_said", "nl") in told


async def test_an_answer_offers_related_facts_as_buttons_that_show_them_in_its_language(open_house: House) -> None:
    ann = open_house.member("ann-example")
    answer = await ann.slash(open_house.lobby, "ask", question=IN_LANGUAGES["nl"])
    fact = open_house.catalogue.facts["direct-jobs"]
    related = [open_house.catalogue.facts[key].title.in_language("nl") for key in fact.related]

    assert offered(answered(answer)) == related
    told = said(await ann.click(answered(answer), label=related[0]))

    assert fact_text(open_house, fact.related[0], "nl") in told
    assert passage(open_house, fact.related[0], "nl") in told


async def test_related_buttons_work_after_a_restart_and_for_everybody(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example", "de")
    await ann.send(open_house.channel("questions"), JOBS)
    answer = open_house.channel("questions").last_message
    assert answer is not None

    await open_house.restart()

    for label, key in zip(offered(answer), open_house.catalogue.facts["direct-jobs"].related, strict=True):
        assert fact_text(open_house, key, "en") in said(await bob.click(answer, label=label))


async def test_what_the_article_does_not_say_gets_an_honest_no_with_the_nearest_facts(open_house: House) -> None:
    ann = open_house.member("ann-example")
    question = "how many hospitals are there in Belgium for cell therapy?"
    answer = await ann.slash(open_house.lobby, "ask", question=question)

    assert PHRASES.text("answer.not_said", "en") in said(answer)
    assert PHRASES.text("answer.nearest", "en") in said(answer)
    assert not any(fact.text.in_language("en") in said(answer) for fact in open_house.catalogue.facts.values())
    near = open_house.answers.answer(question, "en").nearest
    assert offered(answered(answer)) == [fact.title.in_language("en") for fact in near]
    assert len(near) == 3
    for fact in near:
        told = said(await ann.click(answered(answer), label=fact.title.in_language("en")))
        assert fact.text.in_language("en") in told


async def test_what_has_no_subject_gets_a_no_without_anything_near(open_house: House) -> None:
    answer = await open_house.member("ann-example").slash(open_house.lobby, "ask", question="…?")
    assert PHRASES.text("answer.nearest", "en") not in said(answer)
    assert not offered(answered(answer))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_gap_says_that_the_article_leaves_it_out(open_house: House, language: str) -> None:
    gap = open_house.catalogue.facts["charter-date"]
    question = gap.questions[language][0]
    told = said(await open_house.member("ann-example").slash(open_house.lobby, "ask", question=question))
    assert PHRASES.text("answer.left_out", language) in told
    assert gap.text.in_language(language) in told


async def test_a_mention_is_answered_in_public_without_the_mention_in_the_question(open_house: House) -> None:
    ann, me = open_house.member("ann-example"), open_house.me
    asked = await ann.send(open_house.lobby, f"<@{me.id}> {JOBS}")

    answer = open_house.lobby.last_message
    assert answer is not None
    assert fact_text(open_house, "direct-jobs", "en") in shown(answer)
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id


async def test_a_mention_alone_is_told_what_one_can_ask(open_house: House) -> None:
    ann, me = open_house.member("ann-example"), open_house.me
    await ann.send(open_house.lobby, f"<@{me.id}>")
    assert answers_in(open_house) == [PHRASES.text("help.everyone", "en")]


async def test_a_reply_to_the_bot_is_answered(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.channel("questions"), JOBS)
    first = open_house.channel("questions").last_message
    assert first is not None

    await ann.send(open_house.channel("questions"), IN_LANGUAGES["de"], reply_to=first)

    assert fact_text(open_house, "direct-jobs", "de") in answers_in(open_house, "questions")[-1]


async def test_a_direct_message_is_answered_also_to_somebody_in_no_server(house: House) -> None:
    outsider = house.env.create_user("olga-outsider")
    await outsider.send_dm(IN_LANGUAGES["fr"])
    answer = outsider.dm_channel.last_message
    assert fact_text(house, "direct-jobs", "fr") in shown(answer)


async def test_the_questions_channel_needs_no_mention(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.channel("questions"), IN_LANGUAGES["nl"])
    [answer] = answers_in(open_house, "questions")
    assert fact_text(open_house, "direct-jobs", "nl") in answer


async def test_people_who_talk_to_each_other_in_the_questions_channel_are_left_alone(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    first = await ann.send(open_house.channel("questions"), f"{bob.mention} do you know {JOBS}")
    await bob.send(open_house.channel("questions"), "Lots of people, I think", reply_to=first)
    assert answers_in(open_house, "questions") == []


async def test_elsewhere_only_what_is_said_to_the_bot_is_answered(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.lobby, JOBS)
    assert answers_in(open_house) == []


async def test_everyone_and_other_bots_are_not_answered(open_house: House) -> None:
    me = open_house.me
    robot = open_house.guild.add_member(open_house.env.create_user("another-robot", bot=True))

    await open_house.moderator.send(open_house.lobby, f"@everyone {JOBS}")
    await robot.send(open_house.lobby, f"<@{me.id}> {JOBS}")
    await robot.send(open_house.channel("questions"), JOBS)

    assert answers_in(open_house) == []
    assert answers_in(open_house, "questions") == []


async def test_a_question_to_the_bot_in_a_thread_is_answered_and_never_stored(open_house: House) -> None:
    ann, me = open_house.member("ann-example"), open_house.me
    thread = open_house.thread("stem-orientation")

    question = await ann.send(thread, f"<@{me.id}> {JOBS}")
    answer = thread.last_message
    assert answer is not None
    assert fact_text(open_house, "direct-jobs", "en") in shown(answer)
    await ann.send(thread, "And in German?", reply_to=answer)

    assert await open_house.feedback() == []
    assert not any(message.reactions for message in thread.history())
    await open_house.restart()
    assert await open_house.feedback() == []
    assert question.id in {message.id for message in thread.history()}


async def test_the_start_card_opens_a_form_that_answers_also_after_a_restart(open_house: House) -> None:
    fien = open_house.member("fien-voorbeeld", "nl")
    form = await fien.click(open_house.start_card(), label="Ask")
    assert form.modal is not None
    assert form.modal["title"] == PHRASES.text("ask.title", "nl")

    await open_house.restart()
    told = said(await fien.submit_modal(form, {"question": IN_LANGUAGES["de"]}))

    assert fact_text(open_house, "direct-jobs", "de") in told


async def test_two_people_have_the_question_form_open_at_once(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    of_ann = await ann.click(open_house.start_card(), label="Ask")
    of_bob = await bob.click(open_house.start_card(), label="Ask")
    assert fact_text(open_house, "direct-jobs", "en") in said(await ann.submit_modal(of_ann, {"question": JOBS}))
    assert PHRASES.text("answer.not_said", "en") in said(await bob.submit_modal(of_bob, {"question": ABSURD}))


async def test_a_button_of_a_fact_that_is_gone_says_so(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = open_house.member("ann-example", "fr")
    answer = await ann.slash(open_house.lobby, "ask", question=JOBS)
    monkeypatch.setattr(open_house.bot, "catalogue", replace(open_house.catalogue, facts={}))
    told = said(await ann.click(answered(answer), label=next(iter(buttons(answered(answer))))))
    assert told == PHRASES.text("fact.unknown", "fr")


async def test_without_message_content_a_mention_a_reply_and_a_direct_message_are_still_answered(
    new_house: Any,
) -> None:
    async with new_house(message_content=False) as house:
        await house.set_up()
        ann, me = house.member("ann-example"), house.me
        await ann.send(house.lobby, f"<@{me.id}> {JOBS}")
        assert fact_text(house, "direct-jobs", "en") in answers_in(house)[-1]
        await ann.send(house.lobby, IN_LANGUAGES["fr"], reply_to=house.lobby.last_message)
        assert fact_text(house, "direct-jobs", "fr") in answers_in(house)[-1]
        await ann.send_dm(IN_LANGUAGES["nl"])
        assert fact_text(house, "direct-jobs", "nl") in shown(ann.user.dm_channel.last_message)
        await ann.send(house.channel("questions"), JOBS)
        assert answers_in(house, "questions") == []


async def test_an_answer_pings_nobody_and_repeats_nothing_of_the_question(open_house: House) -> None:
    ann, me = open_house.member("ann-example"), open_house.me
    await ann.send(open_house.lobby, f"<@{me.id}> @everyone **[{JOBS}](https://example.org)** ||`x`||")
    [answer] = [message for message in open_house.lobby.history() if message.author.id == me.id]
    assert "example.org" not in shown(answer)
    assert not answer.mention_everyone
    assert not answer.mentions


async def test_a_question_deleted_before_its_answer_harms_nothing(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    open_house.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, message="Unknown message")
    await open_house.member("ann-example").send(open_house.channel("questions"), JOBS)
    assert answers_in(open_house, "questions") == []
    assert open_house.env.errors == []
    assert JOBS not in caplog.text


@given(st.text(max_size=4_000), st.sampled_from(LANGUAGES))
@example("@everyone <@1> <@&2> **bold** [a](https://example.org) ```", "en")
@example("ⅫⅫ" * 2_000, "fr")
@example("𝒉𝒐𝒘 𝒎𝒂𝒏𝒚 " * 400, "nl")
@example('"OR" NEAR(a, b) * ^ - col:', "de")
@example("\x00\ud800\u202e", "en")
@settings(deadline=None, max_examples=60, derandomize=True)
def test_whatever_is_asked_the_answer_is_a_card_that_discord_takes(
    answers: Answers, question: str, language: str
) -> None:
    view = sent_once(*answer_card(answers.answer(question, language)))
    assert 0 < view.content_length() <= 4_000
    assert view.total_children_count <= 40
    assert all(isinstance(item, discord.ui.Container) for item in view.children)

"""What finds no answer or does not help reaches moderators without its author; what they answer is served as theirs."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord import InteractionResult, MemberActor

from cogs.ui.answer_cards import answer_card
from cogs.ui.layout import sent_once
from cogs.ui.moderators_answers import Found
from cogs.ui.question_cards import QuestionGroup, answers_page, questions_page
from cogs.ui.texts import PHRASES, Speech
from content.answers import Answers
from content.catalogue import LANGUAGES
from models import questions, trace
from models.questions import ANSWER_LENGTH, QUESTION_LENGTH
from models.records import ModeratorsAnswer, OpenQuestion, PlaceKind, QuestionKind
from tests.cogs.conftest import START, House, answered, buttons, handed_out, said, shown
from tests.cogs.test_asking import JOBS, fact_text

UNKNOWN = "Which hospitals in Ghent offer cell therapy to children?"
ANSWER = "Two do; **see** https://example.org."
WORDS = {language: PHRASES.text("answer.from_moderators", language) for language in LANGUAGES}


def phrase(key: str, language: str = "en", /, **values: Any) -> str:
    return Speech(language)(key, **values)


async def kept(house: House) -> list[OpenQuestion]:
    async with house.store.read() as session:
        return await questions.all_questions(session, house.store.memory.consultations[house.guild.id].id)


async def ask(house: House, who: MemberActor, question: str = UNKNOWN) -> InteractionResult:
    return await who.slash(house.lobby, "ask", question=question)


async def add_answer(house: House, question: str = UNKNOWN, answer: str = ANSWER, language: str = "en") -> str:
    given = {"question": question, "language": language, "answer": answer}
    return said(await house.moderator.slash(house.lobby, "question answer", **given))


async def the_list(house: House) -> InteractionResult:
    return await house.moderator.slash(house.lobby, "question list")


def labelled(message: Any, name: str) -> str:
    """Return the custom id of the first button that runs this handler."""
    return next(pressed for pressed in buttons(message).values() if pressed.startswith(f"{name}:"))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_of_what_somebody_blocked_asks_nothing_is_kept(open_house: House, language: str) -> None:
    zoe = open_house.member("zoe-example", language)
    before = await ask(open_house, zoe, JOBS)
    await open_house.moderator.slash(open_house.lobby, "consultation block", person=zoe, reason="Spam.")
    role = open_house.store.memory.place(
        open_house.store.memory.consultations[open_house.guild.id].id, PlaceKind.MODERATOR_ROLE
    )

    answer = await ask(open_house, zoe)
    await zoe.send(open_house.channel("questions"), UNKNOWN)
    pressed = await zoe.click(answered(before), custom_id=labelled(before.response, "unhelpful"))

    assert not [one for one in buttons(answer.response).values() if one.startswith("unhelpful:")]
    assert said(pressed) == phrase("block.refused", language, moderators=f"<@&{role}>")
    assert await kept(open_house) == []


async def test_a_question_without_an_answer_is_answered_by_moderators_and_served_from_then_on(
    open_house: House,
) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example", "fr")
    assert phrase("answer.not_said") in said(await ask(open_house, ann))
    await ask(open_house, bob)

    listing = await the_list(open_house)
    assert "Which hospitals in Ghent" in said(listing)
    assert "Asked 2 times" in said(listing)
    assert "ann-example" not in said(listing)

    form = await open_house.moderator.click(answered(listing), custom_id=labelled(listing.response, "question_answer"))
    assert form.modal is not None
    assert UNKNOWN.casefold() in str(form.modal).casefold()
    told = await open_house.moderator.submit_modal(form, {"question": UNKNOWN, "answer": ANSWER, "language": "en"})
    assert told.acknowledged
    assert phrase("question.none") in said(await the_list(open_house))

    served = said(await ask(open_house, bob, "which hospitals in ghent offer cell therapy to children"))
    assert WORDS["en"] in served
    assert "Two do; \\*\\*see\\*\\* https\\:\\/\\/example.org." in served
    assert phrase("answer.not_said") not in served

    listed = await open_house.moderator.slash(open_house.lobby, "question answers")
    assert "Two do" in said(listed)
    gone = await open_house.moderator.click(answered(listed), custom_id=labelled(listed.response, "answer_remove"))
    assert gone.acknowledged
    assert phrase("answer.not_said") in said(await ask(open_house, ann))

    async with open_house.store.read() as session:
        consultation = open_house.store.memory.consultations[open_house.guild.id]
        done = [entry.action for entry in await trace.entries(session, consultation.id)]
    assert done[-2:] == ["question_answer", "answer_remove"]


async def test_an_answer_that_did_not_help_keeps_its_question_once_however_often_it_is_pressed(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example", "nl")
    answer = await ask(open_house, ann, JOBS)
    assert await kept(open_house) == []
    for _ in range(2):
        pressed = await ann.click(answered(answer), label=phrase("helped.no"))
        assert said(pressed) == phrase("helped.kept", "nl")
    [question] = await kept(open_house)
    assert (question.text, question.kind, question.language, question.count) == (JOBS, "disliked", "en", 1)


async def test_an_answer_that_helped_leaves_nothing_behind(open_house: House) -> None:
    ann = open_house.member("ann-example", "fr")
    pressed = await ann.click(answered(await ask(open_house, ann, JOBS)), label=phrase("helped.yes"))
    assert said(pressed) == phrase("helped.thanks", "fr")
    assert await kept(open_house) == []


async def test_a_no_that_is_disliked_as_well_counts_once(open_house: House) -> None:
    ann = open_house.member("ann-example")
    pressed = await ann.click(answered(await ask(open_house, ann)), label=phrase("helped.no"))
    assert said(pressed) == phrase("helped.kept")
    assert [(one.kind, one.count) for one in await kept(open_house)] == [("unanswered", 1)]


async def test_under_an_answer_for_all_to_see_everybody_has_the_buttons_and_it_counts_once(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example", "de")
    await ann.send(open_house.channel("questions"), JOBS)
    answer = open_house.channel("questions").last_message
    assert answer is not None
    for who, language in ((ann, "en"), (bob, "de")):
        told = said(await who.click(answer, label=phrase("helped.no")))
        assert told == phrase("helped.kept", language)
    assert [one.count for one in await kept(open_house)] == [1]


async def test_after_a_restart_the_question_is_asked_for_once_more(open_house: House) -> None:
    ann = open_house.member("ann-example")
    answer, unanswered = await ask(open_house, ann, JOBS), await ask(open_house, ann)
    await open_house.restart()

    assert said(await ann.click(answered(unanswered), label=phrase("helped.no"))) == phrase("helped.kept")
    form = await ann.click(answered(answer), label=phrase("helped.no"))
    assert said(await ann.submit_modal(form, {"question": "How many jobs?"})) == phrase("helped.kept")
    assert said(await ann.click(answered(answer), label=phrase("helped.no"))) == phrase("helped.kept")

    assert {(one.text, one.count) for one in await kept(open_house)} == {("How many jobs?", 1), (UNKNOWN, 1)}


async def test_a_follow_up_is_kept_with_what_it_leans_on(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ask(open_house, ann, "What did the Biotech School cost in 2024?")
    await ask(open_house, ann, "and in 2031?")
    texts = [one.text for one in await kept(open_house)]
    assert any("Biotech School" in text and "2031" in text for text in texts)


async def test_what_holds_no_question_is_not_kept_and_pressing_says_so(open_house: House) -> None:
    ann = open_house.member("ann-example")
    pressed = await ann.click(answered(await ask(open_house, ann, "…?")), label=phrase("helped.no"))
    assert said(pressed) == phrase("question.blank")
    assert await kept(open_house) == []


async def test_a_store_that_fails_costs_nobody_their_answer(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    ann = open_house.member("ann-example")
    with open_house.failing_store():
        answer = await ask(open_house, ann)
    assert phrase("answer.not_said") in said(answer)
    assert UNKNOWN not in caplog.text
    assert said(await ann.click(answered(answer), label=phrase("helped.no"))) == phrase("helped.kept")
    assert [one.count for one in await kept(open_house)] == [1]


async def test_a_direct_message_belongs_to_the_consultation_its_author_joined(open_house: House) -> None:
    ann, outsider = open_house.member("ann-example"), open_house.env.create_user("olga-outsider")
    await open_house.join(ann, "academia")
    await ann.send_dm(UNKNOWN)
    await outsider.send_dm("Who is the mayor of Ghent?")
    assert [one.text for one in await kept(open_house)] == [UNKNOWN]
    assert phrase("helped.no") in buttons(ann.user.dm_channel.last_message)
    assert phrase("helped.no") not in buttons(outsider.dm_channel.last_message)
    await add_answer(open_house)
    await ann.send_dm(UNKNOWN)
    await outsider.send_dm(UNKNOWN)
    assert WORDS["en"] in shown(ann.user.dm_channel.last_message)
    assert WORDS["en"] not in shown(outsider.dm_channel.last_message)


async def test_a_closed_consultation_keeps_no_questions_but_goes_on_answering(open_house: House) -> None:
    ann = open_house.member("ann-example")
    before = await ask(open_house, ann, JOBS)
    await add_answer(open_house)
    await open_house.moderator.slash(open_house.lobby, "consultation close", reason="It is over.")
    assert WORDS["en"] in said(await ask(open_house, ann))
    other = await ask(open_house, ann, "Who is the mayor of Ghent?")
    assert phrase("helped.no") not in buttons(other.response)
    assert said(await ann.click(answered(before), label=phrase("helped.no"))) == phrase("consultation.not_open")
    assert await kept(open_house) == []


@pytest.mark.parametrize("language", ["fr", "nl"])
async def test_an_answer_is_served_in_its_language_alone_also_after_a_restart(open_house: House, language: str) -> None:
    asked = {
        "fr": "Quels hôpitaux de Gand proposent la thérapie cellulaire aux enfants ?",
        "nl": "Welke ziekenhuizen in Gent bieden celtherapie aan voor kinderen?",
    }
    ann = open_house.member("ann-example", language)
    await add_answer(open_house, asked[language], "2", language)
    await open_house.restart()
    assert WORDS[language] in said(await ask(open_house, ann, asked[language]))
    assert WORDS["en"] not in said(await ask(open_house, ann, UNKNOWN))


async def test_the_article_goes_first_unless_nearly_the_same_was_answered(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await add_answer(open_house, "How many people work for Belgian pharma firms abroad?", "Nobody counted them.")
    assert fact_text(open_house, "direct-jobs", "en") in said(await ask(open_house, ann, JOBS))
    await add_answer(open_house, JOBS, "More by now.")
    told = await ask(open_house, ann, JOBS)
    assert "More by now." in said(told)
    assert phrase("answer.nearby") in said(told)
    await ann.click(answered(told), label=phrase("helped.no"))
    assert [one.kind for one in await kept(open_house)] == [QuestionKind.ANSWER_DISLIKED]
    assert phrase("question.answer_disliked") in said(await the_list(open_house))


async def test_what_is_merely_akin_is_offered_as_a_button(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await add_answer(open_house)
    told = await ask(open_house, ann, "Which hospitals in Brussels treat children with gene therapy?")
    assert "Two do" not in said(told)
    button = labelled(told.response, "moderators_answer")
    assert "Two do" in said(await ann.click(answered(told), custom_id=button))
    listed = await open_house.moderator.slash(open_house.lobby, "question answers")
    await open_house.moderator.click(answered(listed), custom_id=labelled(listed.response, "answer_remove"))
    assert said(await ann.click(answered(told), custom_id=button)) == phrase("question.answer_gone")


async def test_questions_that_name_somebody_are_removed_for_good(open_house: House) -> None:
    ann = open_house.member("ann-example")
    for asked in ("Why did Zoe Invented leave her post?", "Who is the mayor of Ghent?"):
        await ask(open_house, ann, asked)
    listing, stale = await the_list(open_house), await the_list(open_house)
    first = labelled(listing.response, "question_remove")
    form = await open_house.moderator.click(answered(listing), custom_id=first)
    told = await open_house.moderator.submit_modal(form, {"removed": [first.split(":")[1]]})
    assert told.acknowledged
    assert len(await kept(open_house)) == 1
    again = await open_house.moderator.click(answered(stale), custom_id=first)
    assert said(again) == phrase("question.gone")


async def test_long_lists_are_turned_page_by_page(open_house: House) -> None:
    consultation = open_house.store.memory.consultations[open_house.guild.id]
    asked = (
        "mayor of Ghent?",
        "best chocolate cake?",
        "weather tomorrow?",
        "next train to Bruges?",
        "football scores?",
    )
    async with open_house.store.write() as session:
        for number, text in enumerate(asked):
            await questions.keep(
                session, consultation, number=number, kind=QuestionKind.UNANSWERED, language="en", text=text
            )
            await questions.add_answer(session, consultation.id, language="nl", question=text, answer="Ja.")
    for command, name, size in (("question list", "question_page", 4), ("question answers", "answer_page", 3)):
        first = await open_house.moderator.slash(open_house.lobby, command)
        assert shown(first.response).count("**") == 2 * size
        second = await open_house.moderator.click(answered(first), custom_id=f"{name}:1")
        assert second.acknowledged
        assert shown(second.response).count("**") == 2 * (5 - size)


async def test_only_moderators_see_answer_and_remove(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = open_house.member("ann-example", "de")
    await ask(open_house, ann)
    await add_answer(open_house, "Who is the mayor of Ghent?", "Ask the town.")
    for command in ("question list", "question answer", "question answers"):
        assert command not in ann.available_commands(open_house.lobby)
    listing = await the_list(open_house)
    answers = await open_house.moderator.slash(open_house.lobby, "question answers")
    monkeypatch.setattr("cogs.ui.permissions.moderator_role", lambda *_: None)
    for message, name in ((listing, "question_answer"), (listing, "question_remove"), (answers, "answer_remove")):
        pressed = await open_house.moderator.click(answered(message), custom_id=labelled(message.response, name))
        assert said(pressed) == phrase("moderator.only")
    assert [one.text for one in await kept(open_house)] == [UNKNOWN]


async def test_an_answer_is_written_in_a_form_where_the_command_holds_none(open_house: House) -> None:
    form = await open_house.moderator.slash(open_house.lobby, "question answer", question=UNKNOWN, language="de")
    assert form.modal is not None
    long = "x" * ANSWER_LENGTH
    filled = {"question": UNKNOWN, "answer": long, "language": "en"}
    told = said(await open_house.moderator.submit_modal(form, filled))
    assert told == phrase("question.answered", language="English")
    assert long in said(await ask(open_house, open_house.member("ann-example")))


async def test_questions_and_answers_stand_in_the_export(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ask(open_house, ann)
    await add_answer(open_house, "Who is the mayor of Ghent?", "=Ask the town.")
    export = await open_house.moderator.slash(open_house.lobby, "export", tier="record")
    files = await handed_out(export)
    [question] = csv.DictReader(io.StringIO(files["questions.csv"], newline=""))
    [answer] = csv.DictReader(io.StringIO(files["answers.csv"], newline=""))
    assert (question["question"], question["count"]) == (UNKNOWN, "1")
    assert answer["text"] == "'=Ask the town."


@given(
    st.text(st.sampled_from("*_`~|>#-[]()@<:\\ aé\n"), min_size=1, max_size=ANSWER_LENGTH),
    st.sampled_from(LANGUAGES),
)
@settings(deadline=None, max_examples=30, derandomize=True)
def test_whatever_moderators_write_is_a_card_that_discord_takes(answers: Answers, words: str, language: str) -> None:
    written = ModeratorsAnswer(1, 1, language, (words * QUESTION_LENGTH)[:QUESTION_LENGTH], words, START, None)
    for text in (words, "*" * ANSWER_LENGTH):
        answer = answers.answer("Which hospitals offer cell therapy?", language, forced=True)
        view = sent_once(*answer_card(answer, Found(given=replace(written, answer=text)), 2**63 - 1))
        assert view.content_length() <= 4_000
        assert view.total_children_count <= 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fullest_lists_are_cards_that_discord_takes(language: str) -> None:
    asked = OpenQuestion(2**62, QuestionKind.ANSWER_DISLIKED, "de", "*" * QUESTION_LENGTH, 10**6, START.date())
    every = [replace(asked, kind=kind, language=one) for kind in QuestionKind for one in LANGUAGES]
    answer = ModeratorsAnswer(10**9, 1, "nl", "*" * QUESTION_LENGTH, "*" * ANSWER_LENGTH, START, None)
    for view in (
        questions_page([QuestionGroup(tuple(every))] * 9, 1, Speech(language)),
        answers_page([answer] * 9, 1, Speech(language)),
    ):
        assert view.content_length() <= 4_000
        assert view.total_children_count <= 40

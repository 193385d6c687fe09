"""What is asked most without an answer is known, who asked it is not; moderators' answers are served until removed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import questions
from models.consultations import close_consultation
from models.errors import ConsultationError
from models.questions import ANSWER_LENGTH, QUESTION_LENGTH
from models.records import QuestionKind

COST = "What does the training centre cost?"


async def keep(store, consultation, number, text=COST, *, kind=QuestionKind.UNANSWERED, language="en"):
    async with store.write() as session:
        await questions.keep(session, consultation, number=number, kind=kind, language=language, text=text)


async def listed(store, consultation):
    async with store.read() as session:
        return await questions.all_questions(session, consultation.id)


async def add(store, consultation, question=COST, answer="Nobody knows yet.", language="en"):
    async with store.write() as session:
        return await questions.add_answer(session, consultation.id, language=language, question=question, answer=answer)


async def test_what_is_asked_in_the_same_words_is_counted_together_with_its_last_day(store, consultation, clock):
    await keep(store, consultation, 1)
    clock.advance(days=2)
    await keep(store, consultation, 2, "  what does the TRAINING centre\ncost ")
    await keep(store, consultation, 3, "Who pays?")

    often, once = await listed(store, consultation)

    assert (often.count, often.last_day, often.kind) == (2, date(2030, 3, 3), QuestionKind.UNANSWERED)
    assert (once.text, once.count) == ("Who pays?", 1)


async def test_one_answer_counts_once_however_often_its_button_is_pressed(store, consultation):
    for _ in range(3):
        await keep(store, consultation, 7, kind=QuestionKind.DISLIKED)
    assert [question.count for question in await listed(store, consultation)] == [1]


async def test_languages_and_kinds_are_counted_apart(store, consultation):
    await keep(store, consultation, 1)
    await keep(store, consultation, 2, language="fr")
    await keep(store, consultation, 3, kind=QuestionKind.DISLIKED)
    assert {(one.language, one.kind) for one in await listed(store, consultation)} == {
        ("en", "unanswered"),
        ("fr", "unanswered"),
        ("en", "disliked"),
    }


@pytest.mark.parametrize("blank", ["", " \n ", "…?", "🧬", "\x00"])
async def test_what_holds_no_word_is_not_kept(store, consultation, blank):
    with pytest.raises(ConsultationError, match=r"question\.blank"):
        await keep(store, consultation, 1, blank)
    assert await listed(store, consultation) == []


async def test_a_closed_consultation_keeps_no_more_questions(store, consultation):
    async with store.write() as session:
        closed = await close_consultation(session, consultation.id)
    with pytest.raises(ConsultationError, match=r"consultation\.not_open"):
        await keep(store, closed, 1)


async def test_removing_a_question_erases_it_wherever_it_was_asked_and_pressing_again_does_not_bring_it_back(
    store, consultation, store_file
):
    named = "Why did Zacharias Invented leave?"
    await keep(store, consultation, 1, named)
    await keep(store, consultation, 2, named.lower())
    await keep(store, consultation, 3, "Who pays?")
    shown = next(one for one in await listed(store, consultation) if one.count == 2)

    async with store.write() as session:
        assert await questions.remove_questions(session, consultation.id, [shown.id]) == 1
        assert await questions.remove_questions(session, consultation.id, [shown.id]) == 0
    await keep(store, consultation, 1, named)

    assert [one.text for one in await listed(store, consultation)] == ["Who pays?"]
    async with store.read() as session:
        assert await questions.is_kept(session, consultation.id, 1)
        assert not await questions.is_kept(session, consultation.id, 4)
    await store.close()
    content = b"".join(file.read_bytes() for file in store_file.parent.iterdir())
    assert b"acharias" not in content


async def test_the_number_of_an_answer_is_in_no_file_and_rows_do_not_stand_in_the_order_of_asking(
    store, consultation, store_file
):
    numbers = [0x1122334455667788 + step for step in range(20)]
    for place, number in enumerate(numbers):
        await keep(store, consultation, number, f"Question number {place}?")
    found = sorted(await listed(store, consultation), key=lambda one: one.id)
    content = b"".join(file.read_bytes() for file in store_file.parent.iterdir())
    for number in numbers:
        assert number.to_bytes(8, "big") not in content
        assert str(number).encode() not in content
    assert [one.text for one in found] != [f"Question number {place}?" for place in range(20)]


async def test_another_consultation_s_question_cannot_be_removed(store, consultation):
    await keep(store, consultation, 1)
    [shown] = await listed(store, consultation)
    async with store.write() as session:
        assert await questions.remove_questions(session, consultation.id + 1, [shown.id]) == 0
    assert len(await listed(store, consultation)) == 1


async def test_an_answer_is_served_until_it_is_removed_also_after_a_restart(start, store, consultation):
    added = await add(store, consultation)
    store = await start()
    assert store.memory.answers[consultation.id, "en"] == (added,)

    async with store.write() as session:
        await questions.remove_answer(session, consultation.id, added.id)

    assert store.memory.answers[consultation.id, "en"] == ()
    async with store.read() as session:
        [recorded] = await questions.all_answers(session, consultation.id)
    assert recorded.removed_at == store.now()
    async with store.write() as session:
        with pytest.raises(ConsultationError, match=r"question\.answer_gone"):
            await questions.remove_answer(session, consultation.id, added.id)


async def test_a_new_answer_to_the_same_question_takes_the_old_one_s_place(store, consultation):
    await add(store, consultation)
    other = await add(store, consultation, language="fr")
    newer = await add(store, consultation, COST.upper(), "12 million euros.")
    assert store.memory.answers[consultation.id, "en"] == (newer,)
    assert store.memory.answers[consultation.id, "fr"] == (other,)
    async with store.read() as session:
        assert len(await questions.all_answers(session, consultation.id)) == 3


@pytest.mark.parametrize(("question", "answer"), [("?", "Yes."), (COST, " \n")])
async def test_a_blank_answer_is_refused(store, consultation, question, answer):
    with pytest.raises(ConsultationError, match=r"question\.blank"):
        await add(store, consultation, question, answer)


async def test_texts_are_cut_to_what_a_card_holds_and_to_what_a_database_takes(store, consultation):
    added = await add(store, consultation, "why \ud800" * 200, "a\x00b\n" + "c" * 5_000)
    assert len(added.question) == QUESTION_LENGTH
    assert added.answer.startswith("a b\nc")
    assert len(added.answer) == ANSWER_LENGTH


@given(st.text(max_size=400))
def test_case_and_punctuation_never_tell_questions_apart(text):
    assert questions._folded(text + "?! ") == questions._folded(text)

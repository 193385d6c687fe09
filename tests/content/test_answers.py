"""Questions find their fact or an honest no; the figures reached on questions of our own are held as a floor."""

import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.answers import Answer, Answers
from content.catalogue import LANGUAGES, Catalogue

QUESTIONS: dict[str, dict[str, list[list[str]]]] = tomllib.loads(
    Path(__file__).with_name("questions.toml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="session")
def answers(valley: Catalogue) -> Answers:
    return Answers(valley)


@pytest.fixture(scope="session")
def sample_answers(sample: Catalogue) -> Answers:
    return Answers(sample)


def test_a_question_gets_its_fact_with_what_stands_near_it(sample_answers: Answers, sample: Catalogue):
    answer = sample_answers.answer("Combien de saules la ville plante-t-elle ?")
    assert answer.language == "fr"
    assert answer.fact == sample.facts["willow-count"]
    assert answer.answered
    assert [fact.key for fact in answer.related] == ["pontoon-price"]
    assert answer.nearest[0] == answer.fact


def test_what_the_source_leaves_out_is_found_and_not_answered(sample_answers: Answers):
    answer = sample_answers.answer("wat kost dat ponton eigenlijk?")
    assert answer.language == "nl"
    assert answer.fact is not None
    assert answer.fact.key == "pontoon-price"
    assert not answer.answered


def test_what_fits_nothing_has_no_fact(answers: Answers):
    answer = answers.answer("how do I bake a chocolate cake?")
    assert answer.fact is None
    assert not answer.answered
    assert answer.related == ()
    assert 0 < len(answer.nearest) <= 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?!",
        "🙂",
        "Hello!",
        "thank you very much",
        "Bonjour",
        "merci beaucoup",
        "Goedemorgen allemaal",
        "Bedankt!",
        "Guten Morgen",
        "Danke schön",
        "who?",
        "pourquoi ?",
        "42",
    ],
)
def test_greetings_thanks_and_nothing_at_all_have_no_fact(answers: Answers, text: str):
    answer = answers.answer(text)
    assert answer.fact is None
    assert not answer.answered


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("who is Tellier", "en"),
        ("qui est Tellier", "fr"),
        ("wie is Tellier", "nl"),
        ("wer ist Tellier", "de"),
        ("Tell me something", "en"),
        ("Quelle heure est-il ?", "fr"),
        ("Hoe laat is het?", "nl"),
        ("Wie spät ist es?", "de"),
    ],
)
def test_three_words_are_enough_to_tell_the_language(answers: Answers, text: str, language: str):
    assert answers.answer(text).language == language


def test_a_word_of_several_languages_falls_to_the_one_the_person_reads(answers: Answers):
    assert {answers.answer("UCB", language).language for language in LANGUAGES} == set(LANGUAGES)
    assert answers.answer("UCB").language == "en"


def test_a_language_decides_over_the_question_only_where_it_is_forced(answers: Answers):
    assert answers.answer("qui a rédigé l'article ?", "de").language == "fr"
    forced = answers.answer("qui a rédigé l'article ?", "de", forced=True)
    assert forced.language == "de"
    assert forced.fact is not None
    assert forced.fact.key == "article-author"


def test_a_name_that_the_best_fact_does_not_know_is_not_answered(answers: Answers):
    assert not answers.answer("how many people work at UCB?").answered


def test_a_year_that_the_fact_does_not_know_is_not_answered(answers: Answers):
    assert answers.answer("biopharma exports in 2020").answered
    assert not answers.answer("biopharma exports in 1987").answered


@pytest.mark.parametrize(
    "text", ['"', "exports*", "a AND OR NOT b", "NEAR(exports, 2)", "title:exports", "^x", "-- ; DROP"]
)
def test_a_question_is_never_search_syntax(answers: Answers, text: str):
    assert isinstance(answers.answer(text), Answer)
    assert isinstance(answers.nearest(text, "en"), tuple)


def test_case_accents_and_slips_of_the_hand_do_not_matter(answers: Answers):
    for text in ("QUI A REDIGE L'ARTICLE", "qui a rédige l'artcle"):
        fact = answers.answer(text).fact
        assert fact is not None
        assert fact.key == "article-author"


@given(text=st.text(max_size=4000), language=st.sampled_from([*LANGUAGES, None, "it"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_gets_an_answer_object(answers: Answers, text: str, language: str | None):
    answer = answers.answer(text, language)
    assert 0 <= answer.score <= 1
    assert answer.language in LANGUAGES
    assert len(answer.nearest) <= 3
    assert answer.answered is (answer.fact is not None and not answer.fact.gap)
    assert len(answers.nearest(text, language or "en")) <= 25


def test_threads_that_ask_at_once_get_the_same_answers(answers: Answers):
    asked = [question for questions in QUESTIONS["judged"].values() for question, *_ in questions]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(answers.answer, asked)) == [answers.answer(question) for question in asked]


def test_suggestions_begin_with_what_was_typed(answers: Answers, sample_answers: Answers):
    assert [fact.key for fact in sample_answers.nearest("pon", "fr")] == ["pontoon-length", "pontoon-price"]
    assert [fact.key for fact in sample_answers.nearest("ponton pri", "fr")] == ["pontoon-price"]
    assert sample_answers.nearest("zwem", "fr") == ()
    assert "clusters" in {fact.key for fact in answers.nearest("Clust", "de")}


def test_suggestions_for_nothing_typed_are_the_first_facts(answers: Answers, valley: Catalogue):
    assert answers.nearest("", "nl", limit=5) == tuple(valley.facts.values())[:5]


@dataclass(frozen=True)
class Figures:
    """Shares of the questions of one part and language."""

    language: float
    first: float
    among_three: float
    needless_refusals: float
    wrong: float
    refused: float


def measure(answers: Answers, part: str, language: str) -> Figures:
    """Ask all questions of a part and language; `wrong` is an answer by another fact than those named."""
    asked = [(answers.answer(text), keys) for text, *keys in QUESTIONS[part][language]]
    known = [(answer, keys) for answer, keys in asked if keys]
    unknown = [answer for answer, keys in asked if not keys]
    return Figures(
        language=_share(answer.language == language for answer, _ in asked),
        first=_share(bool({fact.key for fact in answer.nearest[:1]} & set(keys)) for answer, keys in known),
        among_three=_share(bool({fact.key for fact in answer.nearest} & set(keys)) for answer, keys in known),
        needless_refusals=_share(answer.fact is None for answer, _ in known),
        wrong=_share(
            answer.fact is not None and (answer.fact.key not in keys if keys else answer.answered)
            for answer, keys in asked
        ),
        refused=_share(not answer.answered for answer in unknown),
    )


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("part", "language", "floor"),
    [
        ("tuned", "en", Figures(1.0, 0.97, 1.0, 0.03, 0.05, 0.91)),
        ("tuned", "fr", Figures(1.0, 0.97, 0.97, 0.09, 0.04, 0.94)),
        ("tuned", "nl", Figures(1.0, 0.97, 1.0, 0.09, 0.02, 0.94)),
        ("tuned", "de", Figures(1.0, 0.91, 0.97, 0.12, 0.04, 0.94)),
        ("judged", "en", Figures(1.0, 0.88, 0.94, 0.17, 0.04, 1.0)),
        ("judged", "fr", Figures(1.0, 0.94, 1.0, 0.18, 0.08, 0.75)),
        ("judged", "nl", Figures(1.0, 0.87, 1.0, 0.13, 0.09, 0.87)),
        ("judged", "de", Figures(1.0, 0.93, 1.0, 0.07, 0.09, 0.87)),
    ],
)
def test_the_figures_reached_are_kept(answers: Answers, part: str, language: str, floor: Figures):
    reached = measure(answers, part, language)
    assert reached.language >= floor.language
    assert reached.first >= floor.first
    assert reached.among_three >= floor.among_three
    assert reached.refused >= floor.refused
    assert reached.needless_refusals <= floor.needless_refusals
    assert reached.wrong <= floor.wrong


def test_every_question_of_our_own_names_facts_that_exist(valley: Catalogue):
    for part in QUESTIONS.values():
        for questions in part.values():
            for question, *keys in questions:
                assert set(keys) <= valley.facts.keys(), question


def test_every_fact_is_found_by_its_own_example_questions(answers: Answers, valley: Catalogue):
    asked = [
        (fact.key, question)
        for fact in valley.facts.values()
        for questions in fact.questions.values()
        for question in questions[:2]
    ]
    missed = [
        question for key, question in asked if (found := answers.answer(question).fact) is None or found.key != key
    ]
    assert len(missed) / len(asked) < 0.02, missed

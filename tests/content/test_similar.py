"""A question repeated in other words is recognised; one that merely sounds like it is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.similar import Near, Nearness, Questions, grouped

KNOWN = {
    "en": [
        "How many hospitals are there in Belgium for cell therapy?",
        "What does the training centre cost?",
        "When is the next meeting of the working groups?",
        "Who was prime minister before De Croo?",
        "What will be spent in 2024?",
    ],
    "nl": ["Wat kost het opleidingscentrum?", "Wie betaalt de werkgroepen?"],
}


@pytest.fixture(scope="module")
def known() -> dict[str, Questions]:
    return {language: Questions(texts, language) for language, texts in KNOWN.items()}


@pytest.mark.parametrize(
    ("language", "question", "place"),
    [
        ("en", "how many hospitals are there in belgium for cell therapy", 0),
        ("en", "what does the traning centre cost??", 1),
        ("en", "WHAT DOES THE TRAINING CENTRE COST?", 1),
        ("nl", "wat kost het opleidingscentrum", 0),
    ],
)
def test_the_same_words_are_the_same_question_whatever_the_case_and_the_slips(known, language, question, place):
    assert known[language].nearest(question) == Near(place, Nearness.SAME)


@pytest.mark.parametrize(
    ("language", "question", "place"),
    [
        ("en", "how many hospitals do cell therapy in Belgium", 0),
        ("en", "Hello, what does the training centre cost?", 1),
        ("en", "when do the working groups meet next?", 2),
        ("nl", "Wat kost het nieuwe opleidingscentrum?", 0),
    ],
)
def test_other_words_for_it_are_like_it(known, language, question, place):
    near = known[language].nearest(question)
    assert near is not None
    assert near.place == place
    assert near.nearness >= Nearness.LIKE


@pytest.mark.parametrize(
    "question",
    [
        "Who succeeded De Croo in the government?",
        "What will be spent in 2025?",
        "Who runs the training centre?",
        "How many hospitals are there in France for cell therapy?",
        "How many hospitals are there in Belgium for gene therapy?",
        "Which companies signed the charter?",
    ],
)
def test_what_sounds_like_it_is_offered_at_most(known, question):
    near = known["en"].nearest(question)
    assert near is None or near.nearness is Nearness.AKIN


def test_one_other_word_is_enough_not_to_be_nearly_identical(known):
    near = known["en"].nearest("Who succeeded De Croo as prime minister?")
    assert near is None or near.nearness < Nearness.SAME


@pytest.mark.parametrize("question", ["", "…?", "Best recipe for a chocolate cake", "Τι ώρα είναι;"])
def test_what_is_about_something_else_is_near_nothing(known, question):
    assert known["en"].nearest(question) is None


@given(st.text(max_size=4_000))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_any_text_can_be_compared(text):
    near = Questions(KNOWN["en"], "en").nearest(text)
    assert near is None or 0 <= near.place < len(KNOWN["en"])


def test_questions_are_grouped_across_wordings_and_languages():
    texts = [
        "What does the training centre cost?",
        "Who is the mayor of Ghent?",
        "how much does the training centre cost",
        "Combien coûte le centre de formation ?",
    ]
    assert grouped(texts) == [[0, 2, 3], [1]]


@given(st.lists(st.sampled_from(KNOWN["en"] + KNOWN["nl"]), max_size=12))
@settings(deadline=None, derandomize=True)
def test_every_question_is_in_one_group_and_like_texts_in_the_same(texts):
    groups = grouped(texts)
    assert sorted(place for group in groups for place in group) == list(range(len(texts)))
    for group in groups:
        assert group == sorted(group)
    of = {place: number for number, group in enumerate(groups) for place in group}
    assert all(of[a] == of[b] for a in range(len(texts)) for b in range(a) if texts[a] == texts[b])

"""What says nearly the same is found in other words and other languages; what says something else is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.near_texts import NearTexts

THERE = {
    "hospitals": ["Hospitals in Belgium should exchange their health data."],
    "taxes": ["Biotech firms which employ researchers should pay less tax."],
    "boards": ["Every board should include a patient representative.", "Chaque conseil devrait compter un patient."],
}


@pytest.fixture(scope="module")
def near_texts() -> NearTexts:
    return NearTexts()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Belgium should share health data between hospitals.", "hospitals"),
        ("Les hôpitaux devraient partager leurs données de santé.", "hospitals"),
        ("Lower taxes for biotech companies that hire researchers.", "taxes"),
        ("Patients should have a seat on every board.", "boards"),
    ],
)
def test_what_says_nearly_the_same_is_found(near_texts: NearTexts, text: str, found: str) -> None:
    assert near_texts.nearest(text, THERE) == [found]


@pytest.mark.parametrize("text", ["Serve vegetarian meals at meetings.", "Ein Schwimmbad für jede Stadt.", "x", "🙂"])
def test_what_says_something_else_finds_nothing(near_texts: NearTexts, text: str) -> None:
    assert near_texts.nearest(text, THERE) == []


def test_all_can_be_ranked_and_where_there_is_nothing_nothing_is_found(near_texts: NearTexts) -> None:
    ranked = near_texts.ranked("Patients on boards", THERE)
    assert set(ranked) == set(THERE)
    assert list(ranked.values()) == sorted(ranked.values(), reverse=True)
    assert near_texts.ranked("Patients", {}) == {}


def test_the_same_words_are_found_where_their_meaning_is_unknown(near_texts: NearTexts) -> None:
    assert near_texts.nearest("Zorblax fnord quux", {"odd": ["fnord zorblax quux blip"], **THERE}) == ["odd"]


@settings(deadline=None, max_examples=30)
@given(text=st.text(max_size=300))
def test_any_text_can_be_looked_up_and_finds_itself_where_it_has_words(near_texts: NearTexts, text: str) -> None:
    ranked = near_texts.ranked(text, {**THERE, "same": [text]})
    assert all(-1.01 <= nearness <= 1.01 for nearness in ranked.values())

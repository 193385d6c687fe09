"""Nearness in meaning: across languages, for any text, and the same for everybody who asks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import meaning
from content.meaning import Meaning, is_stored, write_vectors

TEXTS = ["The willows are planted along the river.", "We moeten de belasting verlagen.", "Bonjour à tous !"]


@pytest.fixture(scope="module")
def three() -> Meaning:
    return Meaning(TEXTS, [0, 1, 2], 3)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("Saules au bord de l'eau", 0), ("Steuern senken", 1), ("good morning everyone", 2), ("PLANT WILLOWS", 0)],
)
def test_what_means_the_same_is_nearest_in_any_language(three: Meaning, text: str, nearest: int):
    assert int(np.argmax(three.closeness(text))) == nearest


def test_several_near_examples_add_up():
    one, two = Meaning(TEXTS[:1], [0], 1), Meaning([TEXTS[0], TEXTS[0]], [0, 0], 1)
    assert two.closeness("willows")[0] > one.closeness("willows")[0]


@given(st.text(max_size=4_000))
@settings(deadline=None, max_examples=40)
def test_any_text_has_finite_closeness(three: Meaning, text: str):
    assert np.isfinite(three.closeness(text)).all()


@pytest.mark.parametrize("text", ["\ufdfa" * 4_000, "\ud800" * 4_000, "🙂" * 4_000, "\x00", "a" * 4_000])
def test_texts_made_to_break_an_encoder_do_not(three: Meaning, text: str):
    assert three.closeness(text).shape == (3,)


def test_what_is_written_is_read_back_as_it_would_be_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    texts = [f"{text} {number}" for text in TEXTS for number in range(60)]
    write_vectors(texts, tmp_path / "vectors.npz")
    monkeypatch.setattr(meaning, "VECTORS", tmp_path / "vectors.npz")
    meaning._stored.cache_clear()
    try:
        assert all(map(is_stored, texts))
        assert not is_stored("Something else")
        stored = Meaning(texts, range(len(texts)), len(texts)).closeness(texts[7])
        assert int(np.argmax(stored)) == 7
        assert stored[7] == pytest.approx(1.0, abs=0.02)
    finally:
        meaning._stored.cache_clear()

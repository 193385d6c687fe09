"""Choosing the coefficients: reproducible, and better than not having chosen any."""

from dataclasses import replace
from itertools import islice

import pytest

from content.answers import Answers
from content.calibrate import _NEUTRAL, _cheapest_threshold, _developed, _written, calibrate
from content.catalogue import Catalogue
from content.confidence import FIT_FEATURES, SURENESS_FEATURES, coefficients
from content.development import Asked

DEVELOPMENT = (
    Asked("combien de saules ?", "fr", ("willow-count",)),
    Asked("hoe lang is het ponton", "nl", ("pontoon-length",)),
    Asked("le prix de la baignade", "fr", ("pontoon-price",)),
    Asked("qui est le maire ?", "fr", ()),
    Asked("hoe warm is het water", "nl", ()),
)


@pytest.fixture(scope="module")
def small(sample: Catalogue) -> Catalogue:
    """Return the sample with two kinds of small talk only, which makes little work."""
    return replace(sample, small_talk=dict(islice(sample.small_talk.items(), 2)))


def test_the_same_content_gives_the_same_coefficients_every_time(small: Catalogue):
    chosen = calibrate(small, DEVELOPMENT)
    assert chosen == calibrate(small, DEVELOPMENT)
    assert tuple(chosen.fit) == FIT_FEATURES
    assert tuple(chosen.sureness) == SURENESS_FEATURES
    assert 0 < chosen.threshold < 1


def test_meaning_and_known_words_speak_for_a_topic(small: Catalogue):
    chosen = calibrate(small, DEVELOPMENT)
    assert chosen.fit["meaning"] > 0
    assert chosen.fit["known"] > 0


def test_where_nothing_can_be_told_apart_the_threshold_refuses(small: Catalogue):
    answers = Answers(small, _NEUTRAL)
    unknown = [_developed(answers, asked) for asked in DEVELOPMENT if not asked.facts]
    assert _cheapest_threshold(unknown, _NEUTRAL) > 0.5


def test_what_is_written_is_what_comes_with_the_bot():
    chosen = coefficients()
    for name, weight in {**chosen.fit, **chosen.sureness}.items():
        assert f"{name} = {weight}" in _written(chosen)

"""How sure an answer is: two small logistic models whose coefficients stand in `confidence.toml`.

The first shares 1 among all topics of a question by how well each fits it (a conditional logit). The second says how
surely the best fact answers, from the shape of that sharing and from what the question names. `content.calibrate`
chooses the coefficients and the threshold; nothing here does. Pure functions over numbers.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COEFFICIENTS = Path(__file__).with_name("confidence.toml")
FIT_FEATURES = ("meaning", "words", "known", "unnamed", "unanswered", "small_talk", "gap")
"""Of a topic: its closeness in meaning and in words, the share of the question's words it knows, the share of the
names and figures it does not, and what kind of topic it is: a fact where it is none of the last three."""
SURENESS_FEATURES = (
    "share",
    "siblings",
    "lead",
    "refusals",
    "small_talk",
    "meaning",
    "words",
    "known",
    "guarded",
    "unnamed",
    "length",
)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficients:
    """What was chosen on the development questions: a weight a feature, and the least sureness that is answered."""

    fit: Mapping[str, float]
    sureness: Mapping[str, float]
    constant: float
    threshold: float


@cache
def coefficients() -> Coefficients:
    """Return what `confidence.toml` holds."""
    table = tomllib.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    return Coefficients(table["fit"], table["sureness"], table["constant"], table["threshold"])


def shares(fits: Numbers, weights: Mapping[str, float]) -> Numbers:
    """Return each topic's share, summing to 1, from one row of FIT_FEATURES a topic."""
    utilities = fits @ np.array([weights[name] for name in FIT_FEATURES])
    odds = np.exp(utilities - utilities.max())
    return np.asarray(odds / odds.sum())


def sureness(features: Mapping[str, float], chosen: Coefficients) -> float:
    """Return how likely the best fact answers, 0 to 1, from its SURENESS_FEATURES."""
    total = chosen.constant + sum(chosen.sureness[name] * features[name] for name in SURENESS_FEATURES)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

"""Chooses what answering decides by, from the content and a development set: `python -m content.calibrate`.

Writes `vectors.npz` and `confidence.toml` beside this file; run it after editing example questions. Each example
question is asked of a catalogue without it (and one in two of those left open without its whole entry, as a question
nobody thought of would be), the development questions of the whole one; two logistic models are fitted to that by
Newton's method, and the threshold is the lowest that costs about the least on the development questions.
Nothing is random.
"""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from content.answers import Answers, Evidence
from content.catalogue import Catalogue, load_catalogue
from content.confidence import (
    COEFFICIENTS,
    FIT_FEATURES,
    SURENESS_FEATURES,
    Coefficients,
    Numbers,
    coefficients,
    shares,
    sureness,
)
from content.development import Asked, read_development
from content.examples import TopicKind, examples
from content.meaning import write_vectors

FOLDS = 6  # the least number of example questions a fact
DEVELOPMENT_WEIGHT = 10.0  # of a development question, against an example question asked of a catalogue without it
WRONG_COSTS = 3.0  # needless refusals that one wrong answer is worth
BLUR = 0.5  # of a sureness, in log odds: a few questions alone would put the threshold anywhere
LEEWAY = 1.0  # standard errors of the least cost, by which a threshold may cost more that refuses less
PENALTY = 1.0  # on squared coefficients of standardised features
STEPS = 50
SMALLEST_STEP = 1e-4  # of a weight, below which it has been found
TINIEST = 1e-300  # of a share, so that it has a logarithm


@dataclass(frozen=True)
class _Case:
    """A question with what spoke for each topic, the topics that are right, and how much it counts."""

    answers: Answers
    evidence: Evidence
    right: Numbers
    weight: float


def calibrate(catalogue: Catalogue, development: Sequence[Asked]) -> Coefficients:
    """Return the coefficients that the content and the development questions call for."""
    cases = [case for fold in range(FOLDS) for case in _left_out(catalogue, fold)]
    whole = Answers(catalogue, _NEUTRAL)
    asked = [_developed(whole, one) for one in development]
    fit = _fitted_shares([*cases, *asked])
    constant, weights = _fitted_sureness([*cases, *asked], fit)
    chosen = Coefficients(fit, weights, constant, 0.5)
    return replace(chosen, threshold=_cheapest_threshold(asked, chosen))


_NEUTRAL = Coefficients(dict.fromkeys(FIT_FEATURES, 1.0), dict.fromkeys(SURENESS_FEATURES, 0.0), 0.0, 0.5)


def _left_out(catalogue: Catalogue, fold: int) -> Iterator[_Case]:
    """Ask the questions of one fold of a catalogue that lacks them."""
    thin, asked = _thinned(catalogue, fold)
    answers = Answers(thin, _NEUTRAL)
    for kind, key, language, text in asked:
        of_kind = np.array([topic.kind is kind for topic in answers.topics])
        exact = of_kind & np.array([topic.key == key for topic in answers.topics])
        # Which small talk it is, or which of the questions left open, matters less than that it is one.
        right = exact if kind is TopicKind.FACT else of_kind
        yield _Case(answers, answers.evidence(text, language), right.astype(float), 1.0)


def _developed(answers: Answers, asked: Asked) -> _Case:
    keys = set(asked.facts)
    right = [topic.key in keys if topic.kind is TopicKind.FACT else not keys for topic in answers.topics]
    evidence = answers.evidence(asked.text, asked.language)
    return _Case(answers, evidence, np.array(right, dtype=float), DEVELOPMENT_WEIGHT)


def _thinned(catalogue: Catalogue, fold: int) -> tuple[Catalogue, list[tuple[TopicKind, str, str, str]]]:
    """Return the catalogue without the questions of a fold, and those: kind, key, language, text."""
    removed: list[tuple[TopicKind, str, str, str]] = []

    def kept(kind: TopicKind, key: str, said: Mapping[str, tuple[str, ...]], every: int, out: int) -> dict[str, Any]:
        removed.extend(
            (kind, key, language, text)
            for language, texts in said.items()
            for place, text in enumerate(texts)
            if place % every == out
        )
        return {
            language: tuple(text for place, text in enumerate(texts) if place % every != out)
            for language, texts in said.items()
        }

    facts = {
        key: fact.model_copy(update={"questions": kept(TopicKind.FACT, key, fact.questions, FOLDS, fold)})
        for key, fact in catalogue.facts.items()
    }
    talk = {
        key: one.model_copy(update={"examples": kept(TopicKind.SMALL_TALK, key, one.examples, FOLDS, fold)})
        for key, one in catalogue.small_talk.items()
    }
    unanswered = dict(catalogue.unanswered)
    for place, (key, entry) in enumerate(catalogue.unanswered.items()):
        if place % FOLDS == fold:
            every = 1 if place // FOLDS % 2 else 2
            left = kept(TopicKind.UNANSWERED, key, entry.questions, every, 0)
            unanswered[key] = entry.model_copy(update={"questions": left})
    thin = replace(
        catalogue,
        facts=MappingProxyType(facts),
        unanswered=MappingProxyType(unanswered),
        small_talk=MappingProxyType(talk),
    )
    return thin, removed


def _fitted_shares(cases: Sequence[_Case]) -> dict[str, float]:
    """Fit the conditional logit: the weights under which the right topics' shares are likeliest."""
    weights = np.zeros(len(FIT_FEATURES))
    likely = _likelihood(cases, weights)
    for _ in range(STEPS):
        gradient = -PENALTY * weights
        curvature = PENALTY * np.eye(len(weights))
        for case in cases:
            fits = case.evidence.fits
            shared = shares(fits, dict(zip(FIT_FEATURES, weights, strict=True)))
            among_right = shared * case.right
            among_right /= among_right.sum() or 1.0
            mean = shared @ fits
            gradient += case.weight * (among_right @ fits - mean)
            curvature += case.weight * ((fits * shared[:, None]).T @ fits - np.outer(mean, mean))
        step = np.linalg.solve(curvature, gradient)
        # Far from the best weights a whole step may overshoot it, and from there on nothing leads back.
        while (further := _likelihood(cases, weights + step)) < likely and np.abs(step).max() > SMALLEST_STEP:
            step /= 2
        weights, likely = weights + step, further
        if np.abs(step).max() < SMALLEST_STEP:
            break
    return {name: round(float(weight), 4) for name, weight in zip(FIT_FEATURES, weights, strict=True)}


def _likelihood(cases: Sequence[_Case], weights: Numbers) -> float:
    """Return the logarithm of the likelihood of the right topics, less the penalty on the weights."""
    of = dict(zip(FIT_FEATURES, weights, strict=True))
    logs = (case.weight * np.log(max(float(shares(case.evidence.fits, of) @ case.right), TINIEST)) for case in cases)
    return float(sum(logs)) - PENALTY / 2 * float(weights @ weights)


def _fitted_sureness(cases: Sequence[_Case], fit: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Fit the logistic regression: the constant and weights that tell right best facts from wrong ones."""
    rows, right, counts = [], [], []
    for case in cases:
        shared = shares(case.evidence.fits, fit)
        features = case.answers.features(case.evidence, shared)
        rows.append([features[name] for name in SURENESS_FEATURES])
        right.append(case.right[case.answers.ranked_facts(shared)[0]])
        counts.append(case.weight)
    table, labels, weight = np.array(rows), np.array(right), np.array(counts)
    middle, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    found = _logistic(np.c_[np.ones(len(table)), (table - middle) / spread], labels, weight)
    scaled = found[1:] / spread
    constant = float(found[0] - scaled @ middle)
    return round(constant, 4), {n: round(float(w), 4) for n, w in zip(SURENESS_FEATURES, scaled, strict=True)}


def _logistic(table: Numbers, labels: Numbers, counts: Numbers) -> Numbers:
    found = np.zeros(table.shape[1])
    penalty = PENALTY * np.eye(len(found))
    penalty[0, 0] = 1e-6  # the constant is free
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-table @ found))
        spread = counts * likely * (1 - likely)
        gradient = table.T @ (counts * (labels - likely)) - penalty @ found
        step = np.linalg.solve((table * spread[:, None]).T @ table + penalty, gradient)
        found += step
        if np.abs(step).max() < 1e-6:  # noqa: PLR2004
            break
    return found


def _cheapest_threshold(asked: Sequence[_Case], chosen: Coefficients) -> float:
    """Return the lowest threshold that costs hardly more than the least one: by `LEEWAY` standard errors of that.

    Between thresholds that cost the same as far as can be known, it is the one that refuses least needlessly: the
    rule by which Breiman and others choose a tree (Classification and Regression Trees, 1984, section 3.4.3).
    """
    scored = []
    for case in asked:
        shared = shares(case.evidence.fits, chosen.fit)
        best = case.answers.ranked_facts(shared)[0]
        facts = np.array([topic.kind is TopicKind.FACT for topic in case.answers.topics])
        answerable = bool(case.right[facts].any())
        score = sureness(case.answers.features(case.evidence, shared), chosen)
        scored.append((score, bool(case.right[best]), answerable))
    thresholds = [step / 200 for step in range(10, 191)]
    costs = [[_cost(threshold, one) for one in scored] for threshold in thresholds]
    least = min(costs, key=np.mean)
    bound = np.mean(least) + LEEWAY * np.std(least) / math.sqrt(len(least))
    return next(threshold for threshold, cost in zip(thresholds, costs, strict=True) if np.mean(cost) <= bound)


def _cost(threshold: float, scored: tuple[float, bool, bool]) -> float:
    """Return what a question is expected to cost whose sureness, were it put in other words, might be a little off."""
    score, right, answerable = scored
    answered = 1 / (1 + math.exp((_odds(threshold) - _odds(score)) / BLUR))
    return answered * (0.0 if right else WRONG_COSTS) + (1 - answered) * answerable


def _odds(likely: float) -> float:
    return math.log(likely / (1 - likely))


def _written(chosen: Coefficients) -> str:
    lines = [
        "# Written by content/calibrate.py: what answering decides by; content/confidence.py explains the features.",
        f"threshold = {chosen.threshold}",
        f"constant = {chosen.constant}",
    ]
    for name, weights in (("fit", chosen.fit), ("sureness", chosen.sureness)):
        lines += ["", f"[{name}]", *(f"{feature} = {weight}" for feature, weight in weights.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Calibrate answering on the consultation and the development set named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m content.calibrate", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="the consultation's folder")
    parser.add_argument("development", type=Path, help="a TOML file of questions by language, each with its facts")
    parser.add_argument("--part", help="the table of the file that holds them, where it has several")
    given = parser.parse_args()
    catalogue = load_catalogue(given.folder)
    write_vectors([example.text for example in examples(catalogue)])
    chosen = calibrate(catalogue, read_development(given.development, given.part))
    COEFFICIENTS.write_text(_written(chosen), encoding="utf-8")
    coefficients.cache_clear()


if __name__ == "__main__":
    main()

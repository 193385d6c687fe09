"""Counts choices answer by answer, as one would by hand."""

from collections.abc import Iterable, Mapping

from models.records import BallotPaper
from models.tally import ChoiceCounts, ChoiceResult, choice_counts, tally_choices


def count(answers: Mapping[str, int], paper: BallotPaper) -> ChoiceCounts:
    """Count ballots by answer."""
    chosen, places = dict.fromkeys(paper.keys, 0), dict.fromkeys(paper.keys, 0)
    for answer, ballots in answers.items():
        for place, key in enumerate(answer, start=1):
            chosen[key] += ballots
            places[key] += ballots * place
    return choice_counts(sum(answers.values()), chosen, places, paper)


def tallied(counts: Iterable[tuple[str, str, int]], paper: BallotPaper) -> ChoiceResult:
    """Make of `(segment, answer, ballots)` triples what may be published."""
    raw: dict[str, ChoiceCounts] = {}
    for segment, answer, ballots in counts:
        raw[segment] = raw.get(segment, count({}, paper)) + count({answer: ballots}, paper)
    return tally_choices(raw, paper)

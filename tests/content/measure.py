"""How well answering does on questions of our own, by part, language and kind: `make answers` prints it.

`first` and `among_three`: the fact is the best or among the three best; `needless`: refused though a fact answers it;
`wrong`: of the answers given, those by another fact; `refused`: of what no fact answers, what got no answer.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.answers import Answer, Answers
from content.catalogue import LANGUAGES, load_catalogue

QUESTIONS = Path(__file__).with_name("questions.toml")
VALLEY = Path(__file__).parents[2] / "content" / "valley"
PARTS = ("tuned", "held_out", "examined")


@dataclass(frozen=True)
class Question:
    part: str
    kind: str
    language: str
    text: str
    facts: frozenset[str]


@dataclass(frozen=True)
class Figures:
    """Shares of some questions; `f1` weighs refusals that are right against those that are needless."""

    count: int
    language: float
    first: float
    among_three: float
    needless: float
    wrong: float
    refused: float
    f1: float


def questions() -> tuple[Question, ...]:
    table = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    return tuple(question for part in PARTS for question in _of_part(part, table[part]))


def measure(answers: Answers, asked: Iterable[Question]) -> Figures:
    pairs = [(question, answers.answer(question.text)) for question in asked]
    known = [(question, answer) for question, answer in pairs if question.facts]
    unknown = [answer for question, answer in pairs if not question.facts]
    needless = sum(answer.fact is None for _, answer in known)
    refused = sum(not answer.answered for answer in unknown)
    return Figures(
        count=len(pairs),
        language=_share(answer.language == question.language for question, answer in pairs),
        first=_share(bool({fact.key for fact in answer.nearest[:1]} & question.facts) for question, answer in known),
        among_three=_share(bool({fact.key for fact in answer.nearest} & question.facts) for question, answer in known),
        needless=_share(answer.fact is None for _, answer in known),
        wrong=_share(_is_wrong(question, answer) for question, answer in pairs if answer.answered),
        refused=_share(not answer.answered for answer in unknown),
        f1=2 * refused / (refused + needless + len(unknown)) if unknown else 1.0,
    )


def _of_part(part: str, table: Mapping[str, Any]) -> Iterator[Question]:
    for name, below in table.items():
        by_language = {name: below} if name in LANGUAGES else below
        kind = "" if name in LANGUAGES else name
        for language, rows in by_language.items():
            yield from _rows(part, kind, language, rows)


def _rows(part: str, kind: str, language: str, rows: Iterable[list[str]]) -> Iterator[Question]:
    for text, *keys in rows:
        yield Question(part, kind or ("answerable" if keys else "unanswerable"), language, text, frozenset(keys))


def _is_wrong(question: Question, answer: Answer) -> bool:
    return answer.fact is not None and answer.fact.key not in question.facts


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else float("nan")


def _line(name: str, figures: Figures) -> str:
    shares = (figures.first, figures.among_three, figures.needless, figures.wrong, figures.refused, figures.f1)
    return f"{name:24}{figures.count:6}" + "".join(f"{share:12.3f}" for share in (figures.language, *shares))


def main() -> None:
    """Print the figures of every part, language and kind."""
    answers = Answers(load_catalogue(VALLEY))
    asked = questions()
    names = ("language", "first", "among 3", "needless", "wrong", "refused", "refusal F1")
    print(f"{'':24}{'asked':>6}" + "".join(f"{name:>12}" for name in names))  # noqa: T201
    for part in PARTS:
        of_part = [question for question in asked if question.part == part]
        print(_line(part, measure(answers, of_part)))  # noqa: T201
        for language in LANGUAGES:
            print(_line(f"  {language}", measure(answers, [one for one in of_part if one.language == language])))  # noqa: T201
        for kind in dict.fromkeys(one.kind for one in of_part):
            print(_line(f"  {kind}", measure(answers, [one for one in of_part if one.kind == kind])))  # noqa: T201


if __name__ == "__main__":
    main()

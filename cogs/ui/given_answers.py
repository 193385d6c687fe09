"""The answers given lately, each with the question it was given to, so that a click under one can keep its question.

In memory alone and for a few at a time: what helped is never stored. Each answer bears a random number, which its
buttons carry; it is no message's and nobody's id, and tells nothing of when or to whom the answer was given.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from models.records import QuestionKind

MOST_REMEMBERED = 2_000
LONGEST_REMEMBERED = 1_000  # characters
NUMBER_BITS = 63


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was asked, in which language the answer stands, and as what the question is kept if it did not help."""

    question: str
    language: str
    kind: QuestionKind


class GivenAnswers:
    """Remembers the last answers by their numbers."""

    def __init__(self) -> None:
        self._given: OrderedDict[int, GivenAnswer] = OrderedDict()

    def remember(self, question: str, language: str, kind: QuestionKind) -> int:
        """Remember an answer and return the number it bears."""
        number = secrets.randbits(NUMBER_BITS)
        self._given[number] = GivenAnswer(question[:LONGEST_REMEMBERED], language, kind)
        while len(self._given) > MOST_REMEMBERED:
            self._given.popitem(last=False)
        return number

    def find(self, number: int) -> GivenAnswer | None:
        """Return the answer that bears this number, None for one from before a start or long ago."""
        return self._given.get(number)

"""Which of some questions a new one repeats, and which of many belong together, by their meaning and their words.

Plain texts in, places in the list out; knows neither topics nor where the questions are kept. Meaning alone takes a
question on Ghent for the same on Brussels, so words must agree as well before one question's answer is given to
another: where each holds a content word that the other lacks, one was put in the other's place. The limits were read
off pairs of example questions of the valley consultation. Blocking: call it through `asyncio.to_thread`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from content.asked import is_figure
from content.meaning import Vectors, vectors_of
from content.words import Vocabulary, function_words, words

SAME_MEANING = 0.85  # cosine
LIKE_MEANING, LIKE_WORDS = 0.8, 0.7  # cosine; share of content words that both hold
AKIN_MEANING = 0.5
TOGETHER = 0.6  # cosine to the first question of a group
REMEMBERED = 4_096  # vectors, half a kilobyte each


class Nearness(IntEnum):
    """How far one question repeats another: fit to be offered, to be answered alike if in doubt, nearly identical."""

    AKIN = 1
    LIKE = 2
    SAME = 3


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest of the questions, by its place, and how near it is."""

    place: int
    nearness: Nearness


class Questions:
    """Some questions in one language, to be compared with what is asked; immutable once built."""

    def __init__(self, questions: Sequence[str], language: str) -> None:
        self._function_words = function_words(language)
        self._words = [words(question) for question in questions]
        self._vocabulary = Vocabulary(word for asked in self._words for word in asked)
        self._vectors = np.stack([_remembered(_plain(question)) for question in questions])

    def nearest(self, question: str) -> Near | None:
        """Return the question that `question` repeats best, None where none is even akin to it."""
        typed = words(question)
        asked = [self._vocabulary.meant_by(word) or word for word in typed]
        if not asked:
            return None
        if asked in self._words:
            return Near(self._words.index(asked), Nearness.SAME)
        vector = _remembered(_plain(question if asked == typed else " ".join(asked)))
        cosines = np.einsum("ij,j->i", self._vectors, vector)
        place = int(np.argmax(cosines))
        nearness = self._nearness(float(cosines[place]), asked, self._words[place])
        return Near(place, nearness) if nearness else None

    def _nearness(self, cosine: float, asked: Sequence[str], known: Sequence[str]) -> Nearness | None:
        there, back = self._shared(asked, known), self._shared(known, asked)
        same_figures = set(filter(is_figure, asked)) == set(filter(is_figure, known))
        if same_figures and cosine >= SAME_MEANING and there == back == 1:
            return Nearness.SAME
        if same_figures and cosine >= LIKE_MEANING and 1 in {there, back} and min(there, back) >= LIKE_WORDS:
            return Nearness.LIKE
        return Nearness.AKIN if cosine >= AKIN_MEANING else None

    def _shared(self, some: Sequence[str], others: Sequence[str]) -> float:
        """Return the share of the content words of `some` for which `others` hold one that is like it, 0 to 1."""
        alike = [self._vocabulary.like(word) for word in self._content(some)]
        there = self._content(others)
        return sum(any(word in likeness for word in there) for likeness in alike) / (len(alike) or 1)

    def _content(self, asked: Sequence[str]) -> Mapping[str, None]:
        return dict.fromkeys(word for word in asked if word not in self._function_words)


def grouped(texts: Sequence[str]) -> list[list[int]]:
    """Return the places of `texts` by group, each text with the first earlier one that opened a group and is near.

    In any language. Put first what shall stand for its group.
    """
    groups: list[list[int]] = []
    first: list[Vectors] = []
    for place, text in enumerate(texts):
        vector = _remembered(_plain(text))
        cosines = np.einsum("ij,j->i", np.stack(first), vector) if first else np.zeros(1)
        best = int(np.argmax(cosines))
        if cosines[best] >= TOGETHER:
            groups[best].append(place)
        else:
            groups.append([place])
            first.append(vector)
    return groups


@lru_cache(REMEMBERED)
def _remembered(text: str) -> Vectors:
    """Encode one text at a time, so that somebody who asks meanwhile waits for one at most."""
    vector: Vectors = vectors_of([text])[0]
    return vector


def _plain(question: str) -> str:
    """Return a question as one writes it in haste; the encoder takes a missing question mark for another meaning."""
    return question.casefold().strip(" \n\t?!.") + " ?"

"""Texts as words that can be compared: folded, with their likeness to other words and the weight of function words.

Pure functions and one small data file, `function_words.toml`; knows no facts and no index.
"""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import chain
from os.path import commonprefix
from pathlib import Path

LONGEST_WORD = 40
SHORTEST_COMPARED = 4
SHORTEST_REPAIRED = 5
LONGEST_SLIP = 1  # letters by which a mistyped word may be longer or shorter
LIKENESSES_KEPT = 4_096  # of the words looked up last
LEAST_DICE = 0.5  # share of trigrams, from which on two words are alike
LIKE_ENOUGH = 0.6  # share of trigrams, from which on a word is taken for a slip of the hand for another

_THOUSANDS = re.compile(r"(?<=\d)[.,'\s](?=\d{3}(?!\d))")
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words of `text` in order: case folded, accents off, '40.000' as '40000', none over 40 characters."""
    decomposed = unicodedata.normalize("NFKD", _THOUSANDS.sub("", text).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return [word[:LONGEST_WORD] for word in _WORD.findall(plain)]


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the words of `language` that say nothing about a subject, question words apart; empty where unknown."""
    return frozenset(_lists(language).get("other", "").split())


@cache
def question_words(language: str) -> frozenset[str]:
    """Return the words of `language` that ask who, when, where or how many; empty where unknown."""
    return frozenset(_lists(language).get("question", "").split())


@cache
def leaning_words(language: str) -> frozenset[str]:
    """Return what a question of `language` begins with that leans on the one before it; empty where unknown."""
    return frozenset(beginning.strip() for beginning in _lists(language).get("leaning", "").split(","))


def _lists(language: str) -> Mapping[str, str]:
    return _function_words().get(language, {})


@cache
def _function_words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("function_words.toml").read_text(encoding="utf-8"))


class Vocabulary:
    """Finds known words that an inflected, compounded or mistyped word may stand for; immutable once built."""

    def __init__(self, known: Iterable[str]) -> None:
        self._sizes = dict.fromkeys(known, 0)  # how many trigrams each word has
        self._with_trigram: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._sizes:
            trigrams = _trigrams(word)
            self._sizes[word] = len(trigrams)
            for trigram in trigrams:
                self._with_trigram[trigram].append(word)
        self.like = lru_cache(LIKENESSES_KEPT)(self._like)

    def __contains__(self, word: str) -> bool:
        return word in self._sizes

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)

    def meant_by(self, word: str) -> str | None:
        """Return the known word that `word` is most probably a slip of the hand for; None for one far from all."""
        if len(word) < SHORTEST_REPAIRED or word in self._sizes or word.isdecimal():
            return None
        trigrams = _trigrams(word)
        likeness = {
            other: 2 * count / (len(trigrams) + self._sizes[other])
            for other, count in self._sharing(trigrams).items()
            if abs(len(other) - len(word)) <= LONGEST_SLIP
        }
        best = max(likeness, key=lambda other: (likeness[other], other), default=None)
        return best if best is not None and likeness[best] >= LIKE_ENOUGH else None

    def _like(self, word: str) -> Mapping[str, float]:
        """Return the known words that resemble `word`, each with a likeness above 0 and, for `word` itself, 1."""
        found = {word: 1.0} if word in self._sizes else {}
        if len(word) < SHORTEST_COMPARED or word.isdecimal():
            return found
        trigrams = _trigrams(word)
        for other, count in self._sharing(trigrams).items():
            both = len(trigrams) + self._sizes[other]
            # Whatever else makes two words alike shares three trigrams at the least.
            alike = count > 2 or 2 * count >= LEAST_DICE * both  # noqa: PLR2004
            if alike and other != word and len(other) >= SHORTEST_COMPARED:
                likeness = _likeness(word, other, 2 * count / both)
                if likeness:
                    found[other] = likeness
        return found

    def _sharing(self, trigrams: Iterable[str]) -> Counter[str]:
        """Return how many of these trigrams each known word has."""
        return Counter(chain.from_iterable(self._with_trigram.get(trigram, ()) for trigram in trigrams))


def _trigrams(word: str) -> frozenset[str]:
    marked = f"^{word}$"
    return frozenset(marked[start : start + 3] for start in range(len(marked) - 2))


def _likeness(word: str, other: str, dice: float) -> float:
    """Return how far two different words may be one: endings first, then slips of the hand, then parts of compounds."""
    shorter, longer = sorted((word, other), key=len)
    prefix = len(commonprefix((word, other))) if word[0] == other[0] else 0  # noqa: RUF071 - by letter, as wanted
    rules = (
        (0.85, prefix >= max(4, 0.6 * len(longer))),
        (0.75, dice >= 0.55),  # noqa: PLR2004
        (0.65, dice >= LEAST_DICE),
        (0.6, len(shorter) >= 5 and shorter in longer),  # noqa: PLR2004
        (0.5, prefix >= 6),  # noqa: PLR2004
    )
    return next((likeness for likeness, holds in rules if holds), 0.0)

"""A question to the fact that answers it, or an honest no.

SQLite's FTS5, in memory, finds the passages that share words with the question; each fact behind them is then scored by
how much of the question it knows and how close one of its example questions comes. What is not sure enough is not
answered: a wrong answer is worse than a needless no. Deterministic, offline, without any model; reads the
catalogue once and never writes. Blocking: call it through `asyncio.to_thread`.

The weights and the threshold were chosen on one part of tests/content/questions.toml, three points of harm for a wrong
answer against one of use for a right one; the other part tells what they reach.
"""

import math
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from content.catalogue import LANGUAGES, Catalogue, Fact
from content.words import Vocabulary, function_words, question_words, words

CANDIDATES = 120  # passages looked at for one question
NEAREST = 3
LONGEST_QUESTION = 40  # different words; what is longer than that is not a question
FUNCTION_WORD_WEIGHT = 0.5
QUESTION_WORD_WEIGHT = 2.0  # who, when and how many tell apart facts about the same thing
TEXT_WORD_SHARE = 0.5  # people ask in the words of questions and titles rather than in those of the text
SURE = 0.66
WIDEST_MARGIN = 0.3
SHORTEST_FIGURE = 3  # digits: years and amounts, not the 5 of five areas


@dataclass(frozen=True)
class Answer:
    """What was found for a question.

    `fact` is what answers it or, with `answered` false, the gap that says the source leaves it out; None where nothing
    fits. `nearest` are the best candidates, whether or not they answer; `score` is the first one's, 0 to 1.
    """

    language: str
    fact: Fact | None
    answered: bool
    related: tuple[Fact, ...]
    nearest: tuple[Fact, ...]
    score: float


@dataclass(frozen=True)
class _Passage:
    """An example question, a title, the tags or the text of a fact in one language: its words, and what each counts."""

    fact: str
    words: Mapping[str, float]


@dataclass(frozen=True)
class _Scored:
    fact: str
    score: float
    known: float


class Answers:
    """The catalogue's facts, ready to be asked; one instance may be used by several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._facts = catalogue.facts
        self._default_language = catalogue.default_language
        self._shelves = {language: _Shelf(catalogue.facts.values(), language) for language in LANGUAGES}
        self._names = _names(self._shelves.values())
        self._labels = {language: _Index(_labels(catalogue.facts.values(), language)) for language in LANGUAGES}

    def answer(self, question: str, language: str | None = None, *, forced: bool = False) -> Answer:
        """Return the answer to `question`.

        `language` is what the person usually reads: it decides where the question itself does not tell, and always
        if `forced`.
        """
        asked = list(dict.fromkeys(words(question)))[:LONGEST_QUESTION]
        spoken = self._language(asked, language)
        reply = language if forced and language else spoken
        named = [word for word in asked if word in self._names or _is_figure(word)]
        scored = sorted(self._shelves[spoken].scored(asked), key=lambda item: not self._knows_all(item.fact, named))
        nearest = tuple(self._facts[item.fact] for item in scored[:NEAREST])
        sureness = _sureness(scored)
        if sureness < SURE or not self._knows_all(scored[0].fact, named):
            return Answer(reply, None, answered=False, related=(), nearest=nearest, score=sureness)
        best = nearest[0]
        related = tuple(self._facts[key] for key in best.related)
        return Answer(reply, best, not best.gap, related, nearest, sureness)

    def nearest(self, text: str, language: str, limit: int = 25) -> tuple[Fact, ...]:
        """Return the facts whose title or tags have words that begin as those of `text` do, best first; all for ''."""
        facts = tuple(self._facts.values())
        begun = words(text)[:LONGEST_QUESTION]
        if not begun:
            return facts[:limit]
        labels = self._labels.get(language, self._labels[self._default_language])
        return tuple(facts[row] for row in labels.all_beginning(begun, limit))

    def _language(self, asked: Iterable[str], preferred: str | None) -> str:
        """Return the language that knows most of the words; a tie falls to the preferred or the default one."""
        counts = {language: shelf.known_words(asked) for language, shelf in self._shelves.items()}
        tied = [language for language, count in counts.items() if count == max(counts.values())]
        return next((choice for choice in (preferred, self._default_language) if choice in tied), tied[0])

    def _knows_all(self, fact: str, named: Iterable[str]) -> bool:
        return all(any(shelf.knows(fact, word) for shelf in self._shelves.values()) for word in named)


def _is_figure(word: str) -> bool:
    return word.isdecimal() and len(word) >= SHORTEST_FIGURE


def _sureness(scored: Sequence[_Scored]) -> float:
    """Return how surely the best fact answers, 0 to 1: what it knows of the question, its score and its lead."""
    if not scored:
        return 0.0
    best = scored[0]
    lead = 1 - scored[1].score / best.score if len(scored) > 1 else WIDEST_MARGIN
    return min(1.0, (best.score + best.known + min(lead, WIDEST_MARGIN)) / 2)


def _names(shelves: Collection["_Shelf"]) -> frozenset[str]:
    """Return the words that most languages share, as they do the names of people, firms and places.

    A question that names what its best fact does not know asks about something else.
    """
    spoken = [shelf for shelf in shelves if shelf.vocabulary]
    languages = Counter(word for shelf in spoken for word in shelf.vocabulary if word not in shelf.function_words)
    return frozenset(word for word, count in languages.items() if count > max(1, len(spoken) / 2))


class _Shelf:
    """The facts in one language: what is known of each, and an index of the passages."""

    def __init__(self, facts: Iterable[Fact], language: str) -> None:
        self._passages = [passage for fact in facts for passage in _passages(fact, language)]
        self._known_of: dict[str, dict[str, float]] = {}
        for passage in self._passages:
            known = self._known_of.setdefault(passage.fact, {})
            known.update({word: max(share, known.get(word, 0.0)) for word, share in passage.words.items()})
        in_wordings = (word for known in self._known_of.values() for word, share in known.items() if share == 1)
        self._facts_with = Counter(in_wordings)
        self.vocabulary = Vocabulary(word for known in self._known_of.values() for word in known)
        self.function_words = function_words(language)
        self._question_words = question_words(language)
        self._any_sentence = self.function_words | self._question_words
        self._weight_of = [sum(map(self._rarity, passage.words)) for passage in self._passages]
        self._index = _Index(passage.words for passage in self._passages)

    def known_words(self, asked: Iterable[str]) -> int:
        """Count the words that this language knows, in a fact or as words of any sentence; in both, twice."""
        return sum((word in self.vocabulary) + (word in self._any_sentence) for word in asked)

    def knows(self, fact: str, word: str) -> bool:
        return word in self._known_of.get(fact, ())

    def scored(self, asked: Iterable[str]) -> list[_Scored]:
        """Score the facts that share words with the question, best first; none for a question without a subject."""
        alike = {word: self.vocabulary.like(word) for word in asked}
        if not alike.keys() - self._any_sentence:
            return []
        weights = {word: self._weight(word, others) for word, others in alike.items()}
        total = sum(weights.values())
        closeness: dict[str, float] = {}
        for row in self._index.any_of(sorted(set(chain.from_iterable(alike.values()))), CANDIDATES):
            passage = self._passages[row]
            both = _shared(alike, weights, passage.words)
            closeness[passage.fact] = max(closeness.get(passage.fact, 0.0), 2 * both / (total + self._weight_of[row]))
        found = []
        for fact, close in closeness.items():
            known = _shared(alike, weights, self._known_of[fact]) / total
            found.append(_Scored(fact, (close + known) / 2, known))
        return sorted(found, key=lambda item: (-item.score, item.fact))

    def _rarity(self, word: str) -> float:
        """Return a word's smoothed inverse fact frequency; who and how many count more, other function words less."""
        rarity = math.log(1 + len(self._known_of) / (self._facts_with[word] + 0.5))
        if word in self.function_words:
            return rarity * FUNCTION_WORD_WEIGHT
        return rarity * QUESTION_WORD_WEIGHT if word in self._question_words else rarity

    def _weight(self, word: str, alike: Mapping[str, float]) -> float:
        """Return how much a word of the question matters: an unknown one as much as the rarest."""
        if word in self.vocabulary or not alike:
            return self._rarity(word)
        return max(self._rarity(other) * likeness for other, likeness in alike.items())


def _passages(fact: Fact, language: str) -> Iterator[_Passage]:
    for question in fact.questions.get(language, ()):
        yield _Passage(fact.key, dict.fromkeys(words(question), 1.0))
    yield _Passage(fact.key, dict.fromkeys(words(" ".join(fact.tags.get(language, ()))), 1.0))
    if language in fact.title.languages:
        yield _Passage(fact.key, dict.fromkeys(words(fact.title.in_language(language)), 1.0))
    if language in fact.text.languages:
        yield _Passage(fact.key, dict.fromkeys(words(fact.text.in_language(language)), TEXT_WORD_SHARE))


def _shared(
    alike: Mapping[str, Mapping[str, float]], weights: Mapping[str, float], known: Mapping[str, float]
) -> float:
    """Return the weight of the question's words that are known, each as far as it is alike and as it is known."""
    return sum(
        weights[word] * max((likeness * known.get(other, 0.0) for other, likeness in others.items()), default=0.0)
        for word, others in alike.items()
    )


def _labels(facts: Iterable[Fact], language: str) -> Iterator[list[str]]:
    for fact in facts:
        yield words(" ".join([fact.title.in_language(language), *fact.tags.get(language, ())]))


class _Index:
    """An FTS5 table in memory whose rows are numbered from 0; rows and queries are folded words, never FTS syntax."""

    def __init__(self, rows: Iterable[Iterable[str]]) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self._connection.execute(
            "CREATE VIRTUAL TABLE passage USING fts5(words, tokenize='unicode61 remove_diacritics 2')"
        )
        self._connection.executemany(
            "INSERT INTO passage (rowid, words) VALUES (?, ?)",
            ((row, " ".join(found)) for row, found in enumerate(rows)),
        )

    def any_of(self, asked: Iterable[str], limit: int) -> list[int]:
        """Return the rows with at least one of the words, best by BM25 first."""
        return self._matching(" OR ".join(f'"{word}"' for word in asked), limit)

    def all_beginning(self, asked: Iterable[str], limit: int) -> list[int]:
        """Return the rows that have for each of the words one that begins so, best by BM25 first."""
        return self._matching(" AND ".join(f'"{word}"*' for word in asked), limit)

    def _matching(self, query: str, limit: int) -> list[int]:
        if not query:
            return []
        with self._lock:
            rows = self._connection.execute(
                "SELECT rowid FROM passage WHERE passage MATCH ? ORDER BY rank, rowid LIMIT ?", (query, limit)
            )
            return [row for (row,) in rows]

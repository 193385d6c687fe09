"""The words a question shares with the topics: an index of all examples in one language, and a score for each topic.

SQLite's FTS5, in memory, finds the passages that share words with the question; each topic behind them is scored by
how much of the question it knows and how close one of its passages comes. Deterministic; reads nothing, writes nothing.
"""

import math
import re
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from content.examples import Example, Topic, TopicKind
from content.words import Vocabulary, function_words, question_words, words

CANDIDATES = 120  # passages looked at for one question
_WORD = re.compile(r"[^\W\d_]{2,}")
FUNCTION_WORD_WEIGHT = 0.5
QUESTION_WORD_WEIGHT = 2.0  # who, when and how many tell apart facts about the same thing


@dataclass(frozen=True)
class Match:
    """How well a topic fits a question: `score` 0 to 1, and the share of the question's words that it `known`s."""

    score: float
    known: float


@dataclass(frozen=True)
class _Passage:
    """One example: its words, and what each counts."""

    topic: Topic
    words: Mapping[str, float]


class Shelf:
    """The topics in one language: what is known of each, and an index of the passages."""

    def __init__(self, examples: Collection[Example], language: str, *, every_word: bool = False) -> None:
        """Take the examples that are in `language`; with `every_word`, 'how' and 'you' count as any other word."""
        self._passages = [
            _Passage(example.topic, dict.fromkeys(words(example.text), example.share))
            for example in examples
            if example.language == language
        ]
        self._known_of: dict[Topic, dict[str, float]] = {}
        for passage in self._passages:
            known = self._known_of.setdefault(passage.topic, {})
            known.update({word: max(share, known.get(word, 0.0)) for word, share in passage.words.items()})
        in_wordings = (word for known in self._known_of.values() for word, share in known.items() if share == 1)
        self._topics_with = Counter(in_wordings)
        self.vocabulary = Vocabulary(word for known in self._known_of.values() for word in known)
        self.function_words = frozenset() if every_word else function_words(language)
        self._question_words = frozenset() if every_word else question_words(language)
        self.any_sentence = self.function_words | self._question_words
        self._in_facts = frozenset(
            word for topic, known in self._known_of.items() if topic.kind is TopicKind.FACT for word in known
        )
        self._weight_of = [sum(map(self._rarity, passage.words)) for passage in self._passages]
        self._index = Index(passage.words for passage in self._passages)
        self._spelling = _spelling(example.text for example in examples if example.language == language)

    def familiarity(self, word: str) -> int:
        """Return 1 for a word that this language knows of a topic, 1 for one of any sentence, 2 for both, else 0."""
        return (word in self.vocabulary) + (word in self.any_sentence)

    def is_word(self, word: str) -> bool:
        return self.familiarity(word) > 0

    def topics_with(self, word: str) -> frozenset[Topic]:
        return frozenset(topic for topic, known in self._known_of.items() if word in known)

    def repaired(self, text: str) -> str:
        """Return `text` with lost accents and slips of the hand mended after the words of the examples."""
        return _WORD.sub(lambda found: self._mended(found[0]), text)

    def _mended(self, written: str) -> str:
        folded = "".join(words(written))
        meant = folded if folded in self._spelling else self.vocabulary.meant_by(folded)
        spelt = self._spelling.get(meant or "", written)
        return written if spelt.casefold() == written.casefold() else spelt

    def guarded(self, asked: Iterable[str]) -> float:
        """Return the share of the question's content, by weight, that only topics which are no facts know."""
        weights = {word: self._rarity(word) for word in asked if word not in self.any_sentence}
        guards = (word for word in weights if word in self.vocabulary and word not in self._in_facts)
        return sum(weights[word] for word in guards) / (sum(weights.values()) or 1.0)

    def matches(self, asked: Iterable[str]) -> dict[Topic, Match]:
        """Score the topics that share words with the question; none for a question without a subject."""
        alike = {word: self.vocabulary.like(word) for word in asked}
        if not alike.keys() - self.any_sentence:
            return {}
        weights = {word: self._weight(word, others) for word, others in alike.items()}
        total = sum(weights.values())
        worth: dict[str, dict[str, float]] = {}  # of each known word, for the words of the question that it is like
        for word, others in alike.items():
            for other, likeness in others.items():
                worth.setdefault(other, {})[word] = weights[word] * likeness
        closeness: dict[Topic, float] = {}
        for row in self._index.any_of(sorted(worth), CANDIDATES):
            passage = self._passages[row]
            both = _shared(worth, passage.words)
            closeness[passage.topic] = max(closeness.get(passage.topic, 0.0), 2 * both / (total + self._weight_of[row]))
        found = {}
        for topic, close in closeness.items():
            known = _shared(worth, self._known_of[topic]) / total
            found[topic] = Match((close + known) / 2, known)
        return found

    def _rarity(self, word: str) -> float:
        """Return a word's smoothed inverse topic frequency; who and how many count more, other function words less."""
        rarity = math.log(1 + len(self._known_of) / (self._topics_with[word] + 0.5))
        if word in self.function_words:
            return rarity * FUNCTION_WORD_WEIGHT
        return rarity * QUESTION_WORD_WEIGHT if word in self._question_words else rarity

    def _weight(self, word: str, alike: Mapping[str, float]) -> float:
        """Return how much a word of the question matters: an unknown one as much as the rarest."""
        if word in self.vocabulary or not alike:
            return self._rarity(word)
        return max(self._rarity(other) * likeness for other, likeness in alike.items())


def _spelling(texts: Iterable[str]) -> dict[str, str]:
    """Return how each folded word is most often written."""
    written = Counter(found for text in texts for found in _WORD.findall(text))
    return {"".join(words(form)): form for form, _ in reversed(written.most_common())}


def _shared(worth: Mapping[str, Mapping[str, float]], known: Mapping[str, float]) -> float:
    """Return the weight of the question's words that are known, each as far as it is alike and as it is known."""
    best: dict[str, float] = {}
    for word in known if len(known) < len(worth) else worth:
        if word in known and word in worth:
            for asked, value in worth[word].items():
                best[asked] = max(best.get(asked, 0.0), value * known[word])
    return math.fsum(best.values())


class Index:
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

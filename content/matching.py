"""The words a question shares with the topics: where each word stands in one language, and a score for each topic.

A topic is scored by how much of the question it knows and how close one of its passages comes. What begins as the
question does is found by SQLite's FTS5, in memory. Deterministic; reads nothing, writes nothing.
"""

import math
import re
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from content.examples import Example, Topic, TopicKind
from content.words import Vocabulary, function_words, question_words, words

_WORD = re.compile(r"[^\W\d_]{2,}")
FUNCTION_WORD_WEIGHT = 0.5
QUESTION_WORD_WEIGHT = 2.0  # who, when and how many tell apart facts about the same thing


class _Places:
    """Where each word stands among numbered texts, and what it counts there."""

    def __init__(self, texts: Sequence[Mapping[str, float]]) -> None:
        places: dict[str, dict[int, float]] = {}
        for number, counts in enumerate(texts):
            for word, count in counts.items():
                places.setdefault(word, {})[number] = count
        self._texts = len(texts)
        # All words' places one after another: an array for each would take more room than what it holds.
        self._at = np.array(list(chain.from_iterable(places.values())), np.int32)
        self._counts = np.array([count for at in places.values() for count in at.values()])
        ends = accumulate(map(len, places.values()))
        self._of = {word: slice(end - len(at), end) for (word, at), end in zip(places.items(), ends, strict=True)}

    def shared(self, asked: Iterable[Mapping[str, float]]) -> NDArray[np.float64]:
        """Return for each text the worth of the question's words that stand in it.

        `asked` holds for each of them the known words that it may be, and what each is worth; the best counts.
        """
        total = np.zeros(self._texts)
        for meant in asked:
            best = np.zeros(self._texts)
            for word, worth in meant.items():
                if word in self._of:
                    at = self._at[self._of[word]]
                    best[at] = np.maximum(best[at], worth * self._counts[self._of[word]])
            total += best
        return total


class Shelf:
    """The topics in one language: what is known of each, and an index of the passages."""

    def __init__(
        self, examples: Collection[Example], language: str, numbers: Mapping[Topic, int], *, every_word: bool = False
    ) -> None:
        """Take the examples that are in `language`, and the number of each topic, these and others.

        With `every_word`, 'how' and 'you' count as any other word.
        """
        spoken = [example for example in examples if example.language == language]
        passages = [dict.fromkeys(words(example.text), example.share) for example in spoken]
        self._known_of: dict[Topic, dict[str, float]] = {}
        for example, passage in zip(spoken, passages, strict=True):
            known = self._known_of.setdefault(example.topic, {})
            known.update({word: max(share, known.get(word, 0.0)) for word, share in passage.items()})
        in_wordings = (word for known in self._known_of.values() for word, share in known.items() if share == 1)
        self._topics_with = Counter(in_wordings)
        self.vocabulary = Vocabulary(word for known in self._known_of.values() for word in known)
        self.function_words = frozenset() if every_word else function_words(language)
        self._question_words = frozenset() if every_word else question_words(language)
        self.any_sentence = self.function_words | self._question_words
        self._in_facts = frozenset(
            word for topic, known in self._known_of.items() if topic.kind is TopicKind.FACT for word in known
        )
        self._weights = np.array([sum(map(self._rarity, passage)) for passage in passages])
        self._topics = len(numbers)
        self._numbers = np.array([numbers[topic] for topic in self._known_of], np.intp)
        self._topic_of = np.array([numbers[example.topic] for example in spoken], np.intp)
        self._in_passages = _Places(passages)
        self._in_topics = _Places(list(self._known_of.values()))
        self._spelling = _spelling(example.text for example in spoken)

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

    def matches(self, asked: Iterable[str]) -> NDArray[np.float64]:
        """Return a row for each topic by its number: how well it fits, and the share of the question's words it knows.

        Both are 0 to 1; 0 for a topic that shares no word with the question, and throughout for one without a subject.
        """
        found = np.zeros((self._topics, 2))
        alike = {word: self.vocabulary.like(word) for word in asked}
        if not alike.keys() - self.any_sentence:
            return found
        weights = {word: self._weight(word, others) for word, others in alike.items()}
        total = sum(weights.values())
        worth = [{other: weights[word] * likeness for other, likeness in alike[word].items()} for word in alike]
        close, known = found.T
        both = 2 * self._in_passages.shared(worth) / (total + self._weights)
        np.maximum.at(close, self._topic_of, both)
        known[self._numbers] = self._in_topics.shared(worth) / total
        close[:] = np.where(close, (close + known) / 2, 0)
        known[close == 0] = 0
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

    def all_beginning(self, asked: Iterable[str], limit: int) -> list[int]:
        """Return the rows that have for each of the words one that begins so, best by BM25 first."""
        query = " AND ".join(f'"{word}"*' for word in asked)
        if not query:
            return []
        with self._lock:
            rows = self._connection.execute(
                "SELECT rowid FROM passage WHERE passage MATCH ? ORDER BY rank, rowid LIMIT ?", (query, limit)
            )
            return [row for (row,) in rows]

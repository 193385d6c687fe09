"""A question to the fact that answers it, a choice between a few, or an honest no.

The words that a question shares with the topics and its nearness in meaning to their examples decide together which
topic it is about; what is not sure enough is not answered, because a wrong answer is worse than a needless no. What
the source leaves open and small talk are topics like the facts. Deterministic and offline; reads the catalogue once
and never writes. Blocking: call it through `asyncio.to_thread`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from content.asked import is_figure, leans, questions_in, with_previous
from content.catalogue import LANGUAGES, Catalogue, Fact
from content.confidence import FIT_FEATURES, Coefficients, Numbers, coefficients, shares, sureness
from content.examples import Topic, TopicKind, examples, topics
from content.matching import Index, Shelf
from content.meaning import LONGEST_TEXT, Meaning
from content.words import words

NEAREST = 3
RELATED = 3
LONGEST_QUESTION = 30  # different words; what is longer than that is not a question
SECOND_LANGUAGE = 2  # words that only another language knows, from which on a question is read in that one as well
NEAR_ENOUGH = 0.85  # closeness in meaning, below which a question that shares no word with any topic is about none
LEAST_SHARE = 1e-6


class AnswerKind(StrEnum):
    """What was found: a fact, a fact about what is left out, a few that may be meant, nothing, or small talk."""

    FACT = "fact"
    GAP = "gap"
    CHOICE = "choice"
    UNKNOWN = "unknown"
    SMALL_TALK = "small_talk"


@dataclass(frozen=True)
class Answer:
    """What was found for a question.

    `fact` is what answers it or, with `answered` false, the gap that says the source leaves it out; None otherwise.
    `nearest` are the facts to offer, best first: the candidates or, where the question is known to be left open, what
    the source says nearby. `small_talk` is the key of the phrase to reply with. `score` is how surely the best fact
    answers, 0 to 1.
    """

    language: str
    kind: AnswerKind
    fact: Fact | None
    related: tuple[Fact, ...]
    nearest: tuple[Fact, ...]
    score: float
    small_talk: str | None = None

    @property
    def answered(self) -> bool:
        return self.kind is AnswerKind.FACT


@dataclass(frozen=True)
class Evidence:
    """What is known about one question: what speaks for each topic, and what the question itself is like.

    `fits` has a row for each topic and a column for each of `content.confidence.FIT_FEATURES`; `strange_figure` says of
    each topic whether the question holds a year or an amount that it does not know.
    """

    language: str
    fits: Numbers
    strange_figure: NDArray[np.bool_]
    guarded: float
    length: int


class Answers:
    """The catalogue's facts, ready to be asked; one instance may be used by several threads."""

    def __init__(self, catalogue: Catalogue, chosen: Coefficients | None = None) -> None:
        """Take the catalogue and, instead of those that come with the bot, coefficients to decide by."""
        self._chosen = chosen or coefficients()
        self._facts = catalogue.facts
        self._near = {key: entry.near for key, entry in catalogue.unanswered.items()}
        self._default_language = catalogue.default_language
        self.topics = topics(catalogue)
        self._numbers = {topic: number for number, topic in enumerate(self.topics)}
        texts = list(examples(catalogue))
        self._meaning = Meaning(
            [one.text for one in texts], [self._numbers[one.topic] for one in texts], len(self.topics)
        )
        talk = [one for one in texts if one.topic.kind is TopicKind.SMALL_TALK]
        rest = [one for one in texts if one.topic.kind is not TopicKind.SMALL_TALK]
        self._shelves = {language: Shelf(rest, language, self._numbers) for language in LANGUAGES}
        self._talk = {language: Shelf(talk, language, self._numbers, every_word=True) for language in LANGUAGES}
        self._naming = {
            word: [self._numbers[topic] for topic in found] for word, found in _naming(self._shelves.values()).items()
        }
        self._kinds = np.array([topic.kind for topic in self.topics])
        self._gaps = [topic.kind is TopicKind.FACT and self._facts[topic.key].gap for topic in self.topics]
        self._siblings = _siblings(catalogue.facts)
        self._labels = {language: Index(_labels(catalogue.facts.values(), language)) for language in LANGUAGES}

    def answer(
        self, question: str, language: str | None = None, *, forced: bool = False, previous: str | None = None
    ) -> Answer:
        """Return the answer to `question`.

        `language` is what the person usually reads: it decides where the question itself does not tell, and always
        if `forced`. `previous` is what was asked just before in the same place; a question that leans on it is read
        together with it.
        """
        if previous and leans(question):
            found = self._answer_by(self.evidence(with_previous(question, previous), language))
        else:
            found = self._answer_all(question, language)
        return replace(found, language=language) if forced and language else found

    def warm(self) -> None:
        """Load the encoder now, about a second of work, rather than with the first question."""
        self._meaning.closeness("ready")

    def nearest(self, text: str, language: str, limit: int = 25) -> tuple[Fact, ...]:
        """Return the facts whose title or tags have words that begin as those of `text` do, best first; all for ''."""
        facts = tuple(self._facts.values())
        begun = words(text)[:LONGEST_QUESTION]
        if not begun:
            return facts[:limit]
        labels = self._labels.get(language, self._labels[self._default_language])
        return tuple(facts[row] for row in labels.all_beginning(begun, limit))

    def evidence(self, question: str, language: str | None = None) -> Evidence:
        """Return what speaks for each topic: what `answer` decides by, and `content.calibrate` learns from."""
        [found] = self._evidence([question], language)
        return found

    def _evidence(self, questions: Sequence[str], language: str | None) -> list[Evidence]:
        asked = [list(dict.fromkeys(words(question)))[:LONGEST_QUESTION] for question in questions]
        spoken = [self._language(its_words, language) for its_words in asked]
        spelt = [
            self._spellings(question, its_language) if its_words else ()
            for question, its_words, its_language in zip(questions, asked, spoken, strict=True)
        ]
        return list(map(self._weighed, asked, spoken, self._meaning.closenesses(spelt)))

    def _weighed(self, asked: Sequence[str], spoken: str, closeness: Numbers) -> Evidence:
        fits = np.zeros((len(self.topics), len(FIT_FEATURES)))
        fits[:, 0] = closeness
        fits[:, 1:3] = self._matches(asked, spoken)
        fits[:, 3] = self._unnamed([word for word in asked if word in self._naming or is_figure(word)])
        fits[:, 4] = self._kinds == TopicKind.UNANSWERED
        fits[:, 5] = self._kinds == TopicKind.SMALL_TALK
        fits[:, 6] = self._gaps
        strange_figure = self._unnamed(list(filter(is_figure, asked))) > 0
        return Evidence(spoken, fits, strange_figure, self._shelves[spoken].guarded(asked), len(asked))

    def ranked_facts(self, shared: Numbers) -> list[int]:
        """Return the numbers of the facts among the topics, the largest share first."""
        return [int(number) for number in np.argsort(-shared[: len(self._facts)], kind="stable")]

    def features(self, evidence: Evidence, shared: Numbers) -> Mapping[str, float]:
        """Return what tells how surely the best fact answers (`content.confidence.SURENESS_FEATURES`)."""
        best, *others = self.ranked_facts(shared)
        logs = np.log(np.maximum(shared, LEAST_SHARE))
        siblings = self._siblings[best]
        strangers = [number for number in others if number not in siblings]
        meaning, in_words, known, unnamed = evidence.fits[best, :4]
        return {
            "share": logs[best] - np.log(max(1 - shared[best], LEAST_SHARE)),
            "siblings": float(sum(shared[number] for number in siblings)),
            "lead": logs[best] - logs[strangers[0]] if strangers else 1.0,
            "refusals": logs[best] - logs[self._kinds == TopicKind.UNANSWERED].max(initial=np.log(LEAST_SHARE)),
            "small_talk": logs[best] - logs[self._kinds == TopicKind.SMALL_TALK].max(initial=np.log(LEAST_SHARE)),
            "meaning": meaning,
            "words": in_words,
            "known": known,
            "guarded": evidence.guarded,
            "unnamed": unnamed,
            "length": min(evidence.length, 12) / 12,
        }

    def _answer_all(self, text: str, language: str | None) -> Answer:
        """Answer the first question in `text` that can be, the others' facts beside it; else `text` as a whole."""
        parts = [part for part in questions_in(text) if part != text]
        *answers, whole = [self._answer_by(evidence) for evidence in self._evidence([*parts, text], language)]
        given = [answer for answer in answers if answer.answered]
        if not given:
            return whole
        first, *others = given
        also = [answer.fact.key for answer in others if answer.fact and answer.fact != first.fact]
        beside = dict.fromkeys([*also, *(fact.key for fact in first.related)])
        return replace(first, related=self._named(list(beside)[:RELATED]))

    def _answer_by(self, evidence: Evidence) -> Answer:
        if not evidence.length:
            return Answer(evidence.language, AnswerKind.UNKNOWN, None, (), (), 0.0)
        shared = shares(evidence.fits, self._chosen.fit)
        ranking = self.ranked_facts(shared)
        score = sureness(self.features(evidence, shared), self._chosen)
        nearest = tuple(self._fact(number) for number in ranking[:NEAREST])
        best = nearest[0]
        if score < self._chosen.threshold or (evidence.strange_figure[ranking[0]] and not best.gap):
            return self._refusal(evidence, shared, nearest, score)
        kind = AnswerKind.GAP if best.gap else AnswerKind.FACT
        return Answer(evidence.language, kind, best, self._related(best, nearest), nearest, score)

    def _refusal(self, evidence: Evidence, shared: Numbers, nearest: tuple[Fact, ...], score: float) -> Answer:
        """Tell small talk, what is left open and what may be meant apart, by where most of the share is."""
        language = evidence.language
        if not evidence.fits[:, 2].any() and evidence.fits[:, 0].max() < NEAR_ENOUGH:
            return Answer(language, AnswerKind.UNKNOWN, None, (), (), score)
        mass = {kind: float(shared[self._kinds == kind].sum()) for kind in TopicKind}
        likeliest = max(mass, key=lambda kind: mass[kind])
        best = self.topics[int(np.argmax(np.where(self._kinds == likeliest, shared, -1.0)))]
        if likeliest is TopicKind.SMALL_TALK:
            return Answer(language, AnswerKind.SMALL_TALK, None, (), (), score, best.key)
        if likeliest is TopicKind.FACT:
            return Answer(language, AnswerKind.CHOICE, None, (), nearest, score)
        near = self._near[best.key]
        offered = dict.fromkeys([nearest[0].key, *near, *(fact.key for fact in nearest)]) if near else ()
        return Answer(language, AnswerKind.UNKNOWN, None, (), self._named(list(offered)[:NEAREST]), score)

    def _named(self, keys: Iterable[str]) -> tuple[Fact, ...]:
        return tuple(self._facts[key] for key in keys)

    def _related(self, fact: Fact, nearest: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return the related facts, those first that the question comes near as well."""
        related = [self._facts[key] for key in fact.related]
        return tuple(sorted(related, key=lambda other: other not in nearest))

    def _fact(self, number: int) -> Fact:
        return self._facts[self.topics[number].key]

    def _matches(self, asked: Sequence[str], spoken: str) -> Numbers:
        """Return what the topics share with the question in its language, and in a second one where it mixes two."""
        found = self._matches_in(spoken, asked)
        unknown = [word for word in asked if not self._shelves[spoken].is_word(word)]
        for language, shelf in self._shelves.items():
            if sum(shelf.is_word(word) for word in unknown) >= SECOND_LANGUAGE:
                other = self._matches_in(language, asked)
                better = other[:, 0] > found[:, 0]
                found[better] = other[better]
        return found

    def _matches_in(self, language: str, asked: Sequence[str]) -> Numbers:
        # No topic stands on both shelves.
        return self._shelves[language].matches(asked) + self._talk[language].matches(asked)

    def _spellings(self, question: str, spoken: str) -> tuple[str, str]:
        beginning = question[:LONGEST_TEXT]
        return beginning, self._shelves[spoken].repaired(beginning)

    def _language(self, asked: Iterable[str], preferred: str | None) -> str:
        """Return the language that knows most of the words; a tie falls to the preferred or the default one."""
        counts = {
            language: sum(shelf.familiarity(word) + (word in self._talk[language].vocabulary) for word in asked)
            for language, shelf in self._shelves.items()
        }
        tied = [language for language, count in counts.items() if count == max(counts.values())]
        return next((choice for choice in (preferred, self._default_language) if choice in tied), tied[0])

    def _unnamed(self, named: Collection[str]) -> Numbers:
        """Return for each topic the share of these names and figures that it does not know; 0 for small talk."""
        unknown = np.full(len(self.topics), float(len(named)))
        for word in named:
            unknown[self._naming.get(word, [])] -= 1
        unknown[self._kinds == TopicKind.SMALL_TALK] = 0
        return unknown / (len(named) or 1)


def _naming(shelves: Collection[Shelf]) -> Mapping[str, frozenset[Topic]]:
    """Return the names and figures with the topics that know each: words that most languages share.

    A question that names what its best fact does not know asks about something else.
    """
    spoken = [shelf for shelf in shelves if shelf.vocabulary]
    languages = Counter(word for shelf in spoken for word in shelf.vocabulary if word not in shelf.function_words)
    names = (word for word, count in languages.items() if count > max(1, len(spoken) / 2) or is_figure(word))
    return {word: frozenset(topic for shelf in spoken for topic in shelf.topics_with(word)) for word in names}


def _siblings(facts: Mapping[str, Fact]) -> tuple[frozenset[int], ...]:
    """Return for each fact, by its place, the places of those that it names as related or that name it."""
    return tuple(
        frozenset(
            place
            for place, other in enumerate(facts.values())
            if other.key in fact.related or fact.key in other.related
        )
        for fact in facts.values()
    )


def _labels(facts: Iterable[Fact], language: str) -> Iterator[list[str]]:
    for fact in facts:
        yield words(" ".join([fact.title.in_language(language), *fact.tags.get(language, ())]))

"""What people may say to the bot, and the topic of each: a fact, what the source leaves open, or small talk.

Turns the catalogue's entries into one flat list that finding and calibrating share; plain data, no arithmetic.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from content.catalogue import Catalogue, Fact

TEXT_WORD_SHARE = 0.5  # people ask in the words of questions and titles rather than in those of the text


class TopicKind(StrEnum):
    """What a topic stands for: something to say, something the source does not say, or no question about it at all."""

    FACT = "fact"
    UNANSWERED = "unanswered"
    SMALL_TALK = "small_talk"


@dataclass(frozen=True, order=True)
class Topic:
    """One entry of the catalogue that a question may be about; its key is unique within its kind."""

    kind: TopicKind
    key: str


@dataclass(frozen=True)
class Example:
    """A text of a topic in one language; each of its words counts `share` of a word that people asked with."""

    topic: Topic
    language: str
    text: str
    share: float = 1.0


def topics(catalogue: Catalogue) -> tuple[Topic, ...]:
    """Return all topics: the facts, what is left open, small talk, each in the order of their files."""
    return (
        *(Topic(TopicKind.FACT, key) for key in catalogue.facts),
        *(Topic(TopicKind.UNANSWERED, key) for key in catalogue.unanswered),
        *(Topic(TopicKind.SMALL_TALK, key) for key in catalogue.small_talk),
    )


def examples(catalogue: Catalogue) -> Iterator[Example]:
    """Yield the texts of all topics: example questions and, for facts, titles, tags and texts as well."""
    for fact in catalogue.facts.values():
        yield from _of_fact(fact)
    for entry in catalogue.unanswered.values():
        yield from _said(Topic(TopicKind.UNANSWERED, entry.key), entry.questions)
    for talk in catalogue.small_talk.values():
        yield from _said(Topic(TopicKind.SMALL_TALK, talk.key), talk.examples)


def _of_fact(fact: Fact) -> Iterator[Example]:
    topic = Topic(TopicKind.FACT, fact.key)
    yield from _said(topic, fact.questions)
    for language, tags in fact.tags.items():
        yield Example(topic, language, ", ".join(tags))
    for language in fact.title.languages:
        yield Example(topic, language, fact.title.in_language(language))
    for language in fact.text.languages:
        yield Example(topic, language, fact.text.in_language(language), TEXT_WORD_SHARE)


def _said(topic: Topic, texts: Mapping[str, tuple[str, ...]]) -> Iterator[Example]:
    for language, said in texts.items():
        for text in said:
            yield Example(topic, language, text)

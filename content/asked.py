"""What a person typed, as the questions it holds: two questions in one taken apart, a question that leans on the last.

Pure functions over text and the word lists in `function_words.toml`; they know no topic.
"""

import re
from collections.abc import Iterator

from content.catalogue import LANGUAGES
from content.words import function_words, leaning_words, question_words, words

LONGEST_LEANING = 6  # words; a longer question says itself what it is about
SHORTEST_QUESTION = 3  # words
MOST_QUESTIONS = 3
SHORTEST_FIGURE = 3  # digits: years and amounts, not the 5 of five areas
LONGEST_SPLIT = 600  # characters; what is longer is no chat message with two questions

JOINTS = {"and": "en", "et": "fr", "en": "nl", "und": "de"}

_JOINT = re.compile(r"(?<=\w),?\s+(and|et|en|und)\s+(?=(\w+(?:\s+\w+)?))", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?!;])\s+|\n+")


def is_figure(word: str) -> bool:
    return word.isdecimal() and len(word) >= SHORTEST_FIGURE


def questions_in(text: str) -> tuple[str, ...]:
    """Return the questions that `text` holds one after the other: what ends in a question mark, where anything does."""
    if len(text) > LONGEST_SPLIT:
        return ()
    sentences = _SENTENCE.split(text.strip())
    asking = [sentence for sentence in sentences if sentence.endswith("?")] or sentences
    parts = [part for sentence in asking for part in _joined(sentence)]
    return tuple(part for part in parts if len(words(part)) >= SHORTEST_QUESTION)[:MOST_QUESTIONS]


def leans(question: str) -> bool:
    """Say whether a question needs the one before it: 'and in 2025?', 'et en France ?', 'why?'."""
    asked = words(question)
    if not asked or len(asked) > LONGEST_LEANING:
        return False
    return _begins_leaning(asked) or _asks_barely(asked)


def with_previous(question: str, previous: str) -> str:
    """Return `question` after what `previous` asked, without the years and amounts that the question replaces."""
    replaced = any(is_figure(word) for word in words(question))
    kept = (part for part in previous.split() if not (replaced and any(map(is_figure, words(part)))))
    return f"{' '.join(kept)} {question}"


def _begins_leaning(asked: list[str]) -> bool:
    beginnings = {" ".join(asked[:length]) for length in range(1, LONGEST_LEANING)}
    return any(beginnings & leaning_words(language) for language in LANGUAGES)


def _asks_barely(asked: list[str]) -> bool:
    """Say whether this is a question word with hardly anything behind it: 'when?', 'wie precies?'."""
    return any(
        asked[0] in question_words(language) and all(word in function_words(language) for word in asked[1:])
        for language in LANGUAGES
        if len(asked) < SHORTEST_QUESTION
    )


def _joined(sentence: str) -> Iterator[str]:
    """Split 'who is X and in which year was Y' before the 'and' that a question word of the same language follows."""
    start = 0
    for joint in _JOINT.finditer(sentence):
        if _asks(words(joint[2]), JOINTS[joint[1].casefold()]):
            yield sentence[start : joint.start()]
            start = joint.start(2)
    yield sentence[start:]


def _asks(beginning: list[str], language: str) -> bool:
    opens = bool(beginning) and (beginning[0] in function_words(language) or beginning[0] in question_words(language))
    return opens and any(word in question_words(language) for word in beginning)

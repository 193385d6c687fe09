"""Finds the moderators' answer to a question, among those that are served in a consultation and a language.

The article goes first: an answer of the moderators is given where the article has none for sure, or where nearly the
same question was put to them; one that is merely akin is offered as a button where the article has none for sure.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from content.answers import Answer, AnswerKind
from content.similar import Nearness, Questions
from models.records import Consultation, ModeratorsAnswer, OpenQuestion, QuestionKind
from models.store import Store

Served = tuple[ModeratorsAnswer, ...]

UNSURE = frozenset({AnswerKind.UNKNOWN, AnswerKind.GAP, AnswerKind.CHOICE})


@dataclass(frozen=True, slots=True)
class Found:
    """What the moderators answer to a question: `given` in place of the article's answer, or `offered` beside it."""

    given: ModeratorsAnswer | None = None
    offered: ModeratorsAnswer | None = None


NOTHING_FOUND = Found()


class ModeratorsAnswers:
    """Compares questions with those that moderators answered; what is served stands in the store's memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexes: dict[tuple[int, str], tuple[Served, Questions]] = {}

    async def prepare(self) -> None:
        """Read the questions of all answers that are served now, so that nobody's question waits for it."""
        for key, served in list(self._store.memory.answers.items()):
            if served:
                await asyncio.to_thread(self._index, key, served)

    async def find(self, consultation: Consultation, question: str, article: Answer) -> Found:
        """Return what the moderators answer to `question`, to which the article's answer is `article`."""
        key = consultation.id, article.language
        served = self._store.memory.answers.get(key, ())
        if not served:
            return NOTHING_FOUND
        near = await asyncio.to_thread(lambda: self._index(key, served).nearest(question))
        if near is None:
            return NOTHING_FOUND
        found = served[near.place]
        unsure = article.kind in UNSURE
        if near.nearness is Nearness.SAME or (unsure and near.nearness is Nearness.LIKE):
            return Found(given=found)
        return Found(offered=found) if unsure else NOTHING_FOUND

    def without_answer(self, consultation: Consultation, questions: Iterable[OpenQuestion]) -> list[OpenQuestion]:
        """Return the questions that the moderators' answers do not answer by now. Blocking: it compares texts."""
        return [question for question in questions if not self._is_answered(consultation, question)]

    def _is_answered(self, consultation: Consultation, question: OpenQuestion) -> bool:
        key = consultation.id, question.language
        served = self._store.memory.answers.get(key, ())
        if not served or question.kind is QuestionKind.ANSWER_DISLIKED:
            return False
        near = self._index(key, served).nearest(question.text)
        enough = Nearness.LIKE if question.kind is QuestionKind.UNANSWERED else Nearness.SAME
        return near is not None and near.nearness >= enough

    def _index(self, key: tuple[int, str], served: Served) -> Questions:
        """Return the index of exactly these answers; the store's memory has a new tuple wherever one was changed."""
        known = self._indexes.get(key)
        if known is None or known[0] is not served:
            known = served, Questions([answer.question for answer in served], key[1])
            self._indexes[key] = known
        return known[1]

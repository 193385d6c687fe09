"""Trying a content folder: what is wrong in it, and what is answered from it, in the terminal or line by line."""

import json
import time
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, ValidationError

from cogs.ui.answer_cards import without_fact
from content.answers import Answers
from content.catalogue import Language
from content.checking import check
from models.errors import OperatorError


def check_folder(folder: Path) -> int:
    """Print what is wrong in a content folder; return 1 where the bot could not run with it."""
    problems = check(folder)
    for problem in problems:
        print(("warning: " if problem.warning else "error: ") + str(problem))
    errors = sum(not problem.warning for problem in problems)
    print(f"{folder}: {errors} errors, {len(problems) - errors} warnings")
    return 1 if errors else 0


def ask(answers: Answers, question: str | None, language: str | None) -> None:
    """Print the answer to a question, and its passage. Raises OperatorError without a question."""
    if question is None:
        raise OperatorError('Name a question: python bot.py ask "How many people work in biotech?"')
    told = _told(answers, question, language)
    print(told["text"])
    if told["citation"]:
        print(f"  {told['citation']}")


def answer_lines(answers: Answers, lines: TextIO, out: TextIO, language: str | None) -> None:
    """Answer each line {"id", "question", "lang"?} with {"id", "answered", "text", "citation", "score", …, "ms"}.

    A line's "lang" goes before `language`; with neither, the answer is in the question's language.
    Raises OperatorError at a line that is something else; those before it have been answered.
    """
    answers.warm()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        asked = _line_asked(number, line)
        began = time.perf_counter()
        told = _told(answers, asked.question, asked.lang or language)
        milliseconds = round((time.perf_counter() - began) * 1_000, 3)
        print(json.dumps({"id": asked.id, **told, "ms": milliseconds}, ensure_ascii=False), file=out, flush=True)


class _Line(BaseModel):
    """A question as `ask --jsonl` reads it."""

    id: int | float | str | None
    question: str
    lang: Language | None = None


def _line_asked(number: int, line: str) -> _Line:
    try:
        return _Line.model_validate_json(line)
    except ValidationError as error:
        wrong = error.errors()[0]
        field = f"{wrong['loc'][0]}: " if wrong["loc"] else ""
        raise OperatorError(
            f"Line {number} is no question ({field}{wrong['msg']}). "
            'Write each as {"id": 1, "question": "…"}, and "lang": "fr" to be answered in French.',
        ) from error


def _told(answers: Answers, question: str, language: str | None) -> dict[str, Any]:
    """Return what is said to a question: its text and passage, whether the article states it, the best three facts."""
    answer = answers.answer(question, language, forced=language is not None)
    citation = answer.fact and answer.fact.citation
    return {
        "answered": answer.answered,
        "text": answer.fact.text.in_language(answer.language) if answer.fact else without_fact(answer).strip("*"),
        "citation": f"{citation.heading}, paragraph {citation.paragraph}" if citation else None,
        "score": round(answer.score, 4),
        "candidates": [fact.text.in_language(answer.language) for fact in answer.nearest],
    }

"""What an editor of the content files should know: errors that keep the bot from starting, and what is worth mending.

Reads the files of one folder; never changes them. Behind `python bot.py check [FOLDER]`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from content.answers import Answers
from content.catalogue import (
    DEVELOPMENT,
    LANGUAGES,
    UNANSWERED,
    Catalogue,
    ContentError,
    Problem,
    load_catalogue,
    read_tables,
)
from content.development import Asked, read_development

ENOUGH_QUESTIONS = 6


def check(folder: Path) -> list[Problem]:
    """Return all problems of the consultation in `folder`: its errors or, where there are none, its warnings.

    Warnings have `warning` set. The languages that texts are expected in are those of the consultation's title and
    its public ones, so that a consultation in two languages is not asked for four.
    """
    try:
        catalogue = load_catalogue(folder)
    except ContentError as error:
        return list(error.problems)
    tables = dict(read_tables(folder, []))
    consultation = tables["consultation.toml"]
    used = {*consultation["title"], *consultation["public_languages"]}
    languages = tuple(language for language in LANGUAGES if language in used)
    facts = {name: table.get("fact", []) for name, table in tables.items() if name.startswith("facts/")}
    texts = {name: table for name, table in tables.items() if name != DEVELOPMENT}
    found = [problem for name, table in texts.items() for problem in _untranslated(name, "", table, languages)]
    found += _few_questions(facts, languages)
    found += _repeated_questions(facts | {UNANSWERED: tables.get(UNANSWERED, {}).get("unanswered", [])})
    return found + list(_missed(folder / DEVELOPMENT, catalogue))


def _untranslated(file: str, key: str, value: Any, languages: tuple[str, ...]) -> Iterator[Problem]:
    """Walk through nested tables; one whose keys are all languages is a text, and should be in every language."""
    if isinstance(value, dict) and value and value.keys() <= set(LANGUAGES):
        for language in languages:
            if not value.get(language):
                yield Problem(file, f"{key}.{language}", f"a translation into {language}", warning=True)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _untranslated(file, f"{key}.{name}" if key else name, part, languages)
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, dict):
                yield from _untranslated(file, entry["key"], entry, languages)


def _few_questions(facts: Mapping[str, list[dict[str, Any]]], languages: tuple[str, ...]) -> Iterator[Problem]:
    for file, entries in facts.items():
        for fact in entries:
            for language, questions in fact["questions"].items():
                if language in languages and 0 < len(questions) < ENOUGH_QUESTIONS:
                    key = f"{fact['key']}.questions.{language}"
                    yield Problem(file, key, f"at least {ENOUGH_QUESTIONS} example questions", warning=True)


def _repeated_questions(facts: Mapping[str, list[dict[str, Any]]]) -> Iterator[Problem]:
    asked: dict[str, str] = {}
    for file, entries in facts.items():
        for fact in entries:
            for language, questions in fact["questions"].items():
                for question in questions:
                    first = asked.setdefault(" ".join(question.casefold().strip(" ?!.").split()), fact["key"])
                    if first != fact["key"]:
                        key = f"{fact['key']}.questions.{language}"
                        yield Problem(file, key, f"a question that {first} does not have: {question!r}", warning=True)


def _missed(path: Path, catalogue: Catalogue) -> Iterator[Problem]:
    """Ask the operator's own questions, where the folder has any, and report those that go wrong."""
    if not path.exists():
        return
    try:
        development = read_development(path)
    except ValueError as error:
        yield Problem(DEVELOPMENT, "file", str(error))
        return
    answers = Answers(catalogue)
    for number, asked in enumerate(development, start=1):
        yield from _checked(f"{asked.language}[{number}]", asked, catalogue, answers)


def _checked(key: str, asked: Asked, catalogue: Catalogue, answers: Answers) -> Iterator[Problem]:
    for unknown in sorted(set(asked.facts) - catalogue.facts.keys()):
        yield Problem(DEVELOPMENT, key, f"a fact's key, not {unknown!r}")
        return
    answer = answers.answer(asked.text, asked.language)
    found = answer.fact.key if answer.fact else None
    if (answer.answered and found not in asked.facts) or (asked.facts and found not in asked.facts):
        expected = f"{' or '.join(asked.facts) or 'no answer'} for {asked.text!r}, not {found or answer.kind}"
        yield Problem(DEVELOPMENT, key, expected, warning=True)

"""What an editor of the content files should know: errors that keep the bot from starting, and what is worth mending.

Reads the files of one folder; never changes them. Behind `python bot.py check [FOLDER]`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from content.catalogue import LANGUAGES, ContentError, Problem, load_catalogue, read_tables

ENOUGH_QUESTIONS = 3


def check(folder: Path) -> list[Problem]:
    """Return all problems of the consultation in `folder`: its errors or, where there are none, its warnings.

    Warnings have `warning` set. The languages that texts are expected in are those of the consultation's title and
    its public ones, so that a consultation in two languages is not asked for four.
    """
    try:
        load_catalogue(folder)
    except ContentError as error:
        return list(error.problems)
    tables = dict(read_tables(folder, []))
    consultation = tables["consultation.toml"]
    used = {*consultation["title"], *consultation["public_languages"]}
    languages = tuple(language for language in LANGUAGES if language in used)
    facts = {name: table.get("fact", []) for name, table in tables.items() if name.startswith("facts/")}
    found = [problem for name, table in tables.items() for problem in _untranslated(name, "", table, languages)]
    return found + list(_few_questions(facts, languages)) + list(_repeated_questions(facts))


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

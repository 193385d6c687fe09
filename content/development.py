"""Questions with the facts that answer them, kept to tell how well answering works; none of it is shown to people.

A TOML file holds, by language, lists of a question and the keys of the facts that answer it; where none is named,
nothing in the source does.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.catalogue import LANGUAGES


@dataclass(frozen=True)
class Asked:
    """A question as people type it, in which language, and the keys of the facts that answer it."""

    text: str
    language: str
    facts: tuple[str, ...]


def read_development(path: Path, part: str | None = None) -> tuple[Asked, ...]:
    """Read the questions in a file, or in one of its tables such as 'held_out.short'.

    Raises ValueError that says what was expected where the file holds something else.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    for step in part.split(".") if part else ():
        table = table.get(step, {})
    return tuple(asked for language, rows in table.items() for asked in _of_language(language, rows))


def _of_language(language: str, rows: Any) -> list[Asked]:
    if language not in LANGUAGES:
        raise ValueError(f"one of the languages {', '.join(LANGUAGES)}, not {language!r}")
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise ValueError(f"under {language} a list of [question, key, …]")
    return [Asked(text, language, tuple(keys)) for text, *keys in rows]


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and bool(row) and all(isinstance(part, str) for part in row)

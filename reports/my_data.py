"""What one person gave, as two files for themselves: one for programs, one to read. Knows no Discord."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from content.phrases import Phrases
from models.records import PollKind
from models.rights import Kept

Titles = Mapping[str, Mapping[str, str]]
"""How the values of a field are called in one language, by field and value."""

EXPLAINING = ("wording", "kind", "options")
"""Fields that say what others mean; the readable file uses them in place of keys."""


def my_data_files(
    found: Sequence[Kept], phrases: Phrases, language: str, title: str, titles: Titles, made_at: datetime
) -> dict[str, bytes]:
    """Return `my-data.json` with every field as it is kept, and `my-data.txt` with the same in words.

    Moments are in UTC. What somebody wrote stands in both unchanged.
    """
    return {
        "my-data.json": _as_json(found, title, made_at),
        "my-data.txt": "\n".join(_lines(found, phrases, language, title, titles, made_at)).encode(),
    }


def _as_json(found: Sequence[Kept], title: str, made_at: datetime) -> bytes:
    kept: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        kept.setdefault(one.kind, []).append({**one.fields, "if_erased": one.fate})
    data = {"consultation": title, "made_at": made_at, "kept": kept}
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"nothing of the kind is kept: {type(value).__name__}")
    return value.astimezone(UTC).isoformat()


def _lines(
    found: Sequence[Kept], phrases: Phrases, language: str, title: str, titles: Titles, made_at: datetime
) -> list[str]:
    lines = [title, phrases.text("mydata.file_made", language, made=_moment(made_at))]
    for kind in dict.fromkeys(one.kind for one in found):
        lines += ["", phrases.text(f"mydata.kind.{kind}", language).upper()]
        for one in found:
            if one.kind == kind:
                lines += ["", *_entry(one, phrases, language, titles)]
    return lines


def _entry(kept: Kept, phrases: Phrases, language: str, titles: Titles) -> list[str]:
    """Return the lines of one thing that is kept; of a ballot, wordings stand for the keys."""
    fields = {n: value for n, value in kept.fields.items() if n not in EXPLAINING and value not in (None, "", [], {})}
    if wording := kept.fields.get("wording"):
        fields["subject"] = _in_language(wording, language)
    if options := kept.fields.get("options"):
        fields["choices"] = [_in_language(options[key], language) for key in kept.fields["choices"]]
        if kept.fields["kind"] == PollKind.PRIORITIES:
            fields["choices"] = [f"{rank}. {title}" for rank, title in enumerate(fields["choices"], start=1)]
    return [
        phrases.text(
            "report.pair",
            language,
            label=phrases.text(f"mydata.field.{name}", language),
            value=_shown(value, titles.get(name, {})),
        )
        for name, value in fields.items()
    ]


def _in_language(wording: Mapping[str, str], language: str) -> str:
    return wording.get(language) or next(iter(wording.values()))


def _shown(value: object, titles: Mapping[str, str]) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Mapping):
        return " · ".join(_shown(one, titles) for one in value.values() if one not in (None, "", []))
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one, titles) for one in value)
    return titles.get(str(value), str(value))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

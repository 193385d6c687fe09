"""A person's own files say everything that is kept, as it is kept."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.catalogue import LANGUAGES
from content.phrases import Phrases
from models.records import PollKind
from models.rights import Fate, Kept
from reports.my_data import my_data_files

MADE_AT = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
PHRASES = Phrases.load()
TITLES = {"choices": {"support": "In favour"}, "groups": {"flour": "Flour and bread"}}
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def ballot(kind: PollKind, *choices: str, **more: Any) -> Kept:
    fields = {
        "subject": "more-rye",
        "wording": {"en": "More rye", "fr": "Plus de seigle"},
        "kind": kind,
        "choices": choices,
        "options": {key: {"en": f"Option {key}"} for key in choices} if kind is not PollKind.POSITION else {},
        "cast_at": MADE_AT,
    }
    return Kept("ballot", Fate.WITHDRAWN, fields | more)


def files(*found: Kept, language: str = "en") -> tuple[dict[str, Any], str]:
    made = my_data_files(found, PHRASES, language, "The mill", TITLES, MADE_AT)
    assert list(made) == ["my-data.json", "my-data.txt"]
    return json.loads(made["my-data.json"]), made["my-data.txt"].decode()


def test_the_file_for_programs_has_every_field_by_kind_and_what_an_erasure_would_do():
    data, _ = files(
        ballot(PollKind.POSITION, "support", reason=None), Kept("language", Fate.ERASED, {"language": "fr"})
    )

    assert data["consultation"] == "The mill"
    assert data["made_at"] == "2030-03-01T09:30:00+00:00"
    assert data["kept"]["language"] == [{"language": "fr", "if_erased": "erased"}]
    [given_ballot] = data["kept"]["ballot"]
    assert given_ballot["choices"] == ["support"]
    assert given_ballot["reason"] is None
    assert given_ballot["cast_at"] == "2030-03-01T09:30:00+00:00"


@pytest.mark.parametrize(
    ("kept", "line"),
    [
        (ballot(PollKind.POSITION, "support"), "In favour"),
        (ballot(PollKind.SEVERAL, "a", "c"), "Option a, Option c"),
        (ballot(PollKind.PRIORITIES, "c", "a"), "1. Option c, 2. Option a"),
    ],
)
def test_the_file_to_read_says_what_was_chosen_in_words(kept: Kept, line: str):
    _, readable = files(kept)

    assert f"{PHRASES.text('mydata.field.choices', 'en')}: {line}" in readable.splitlines()
    assert "More rye" in readable
    assert "2030-03-01 09:30 UTC" in readable


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_to_read_speaks_the_language_asked_for(language: str):
    _, readable = files(
        Kept("membership", Fate.ERASED, {"groups": ["flour", "gone"], "segment": None}), language=language
    )

    assert PHRASES.text("mydata.kind.membership", language).upper() in readable
    label = PHRASES.text("mydata.field.groups", language)
    assert PHRASES.text("report.pair", language, label=label, value="Flour and bread, gone") in readable
    assert PHRASES.text("mydata.field.segment", language) not in readable


def test_what_belongs_together_stands_together_in_the_file_to_read():
    earlier = [{"text": "Less.", "written_at": MADE_AT, "attachments": []}]
    _, readable = files(Kept("thread", Fate.ERASED, {"text": "More.", "earlier": earlier, "translations": {}}))

    assert "Less. · 2030-03-01 09:30 UTC" in readable
    assert PHRASES.text("mydata.field.translations", "en") not in readable


def test_somebody_of_whom_nothing_is_kept_gets_files_that_say_nothing_of_them():
    data, readable = files()

    assert data["kept"] == {}
    assert readable.startswith("The mill")


@given(texts)
def test_what_somebody_wrote_stands_in_both_files_unchanged(written: str):
    data, readable = files(Kept("private", Fate.ERASED, {"text": written}))

    assert data["kept"]["private"][0]["text"] == written
    assert written in readable

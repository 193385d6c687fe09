"""The loader on small files of its own; and the real files complete in every language."""

import re
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import content.phrases
from content.catalogue import LANGUAGES
from content.phrases import Phrases

ENGLISH = """
msgid "vote.recorded"
msgstr "Recorded, {name}."

msgid "vote.count"
msgid_plural "vote.count"
msgstr[0] "{count} ballot in {place}"
msgstr[1] "{count} ballots in {place}"

msgid "only.english"
msgstr "Only here"
"""
FRENCH = """
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n > 1);\\nContent-Type: text/plain; charset=utf-8\\n"

msgid "vote.recorded"
msgstr "Enregistré, {name}."

msgid "vote.count"
msgid_plural "vote.count"
msgstr[0] "{count} bulletin à {place}"
msgstr[1] "{count} bulletins à {place}"

#, fuzzy
msgid "only.english"
msgstr "Pas encore relu"
"""


@pytest.fixture
def phrases(tmp_path: Path) -> Phrases:
    (tmp_path / "en.po").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "fr.po").write_text(FRENCH, encoding="utf-8")
    return Phrases.load(tmp_path)


def test_a_phrase_is_in_the_language_asked_for_with_its_values(phrases: Phrases):
    assert phrases.text("vote.recorded", "fr", name="Odilon") == "Enregistré, Odilon."


def test_plurals_follow_each_language(phrases: Phrases):
    assert phrases.text("vote.count", "en", count=0, place="Gent") == "0 ballots in Gent"
    assert phrases.text("vote.count", "fr", count=0, place="Gand") == "0 bulletin à Gand"
    assert phrases.text("vote.count", "fr", count=2, place="Gand") == "2 bulletins à Gand"


def test_a_key_missing_or_not_reviewed_in_a_language_falls_back_to_english(phrases: Phrases):
    assert phrases.text("only.english", "fr") == "Only here"
    assert phrases.text("only.english", "nl") == "Only here"
    assert "only.english" not in phrases.keys("fr")


def test_an_unknown_key_raises_key_error(phrases: Phrases):
    with pytest.raises(KeyError, match=r"no\.such"):
        phrases.text("no.such", "en")


def test_a_missing_value_raises_key_error(phrases: Phrases):
    with pytest.raises(KeyError, match="name"):
        phrases.text("vote.recorded", "en")


def test_values_may_be_named_like_the_parameters(phrases: Phrases):
    assert phrases.text("only.english", "en", key=1, language=2) == "Only here"


def test_values_with_braces_are_not_formatted_again(phrases: Phrases):
    assert phrases.text("vote.recorded", "en", name="{name.__class__}") == "Recorded, {name.__class__}."


REAL = Path(content.phrases.__file__).parent


@pytest.fixture(scope="module")
def real() -> Phrases:
    return Phrases.load()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_of_english_and_no_other(real: Phrases, language: str):
    assert real.keys("en")
    assert real.keys(language) == real.keys("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_the_placeholders_of_english(language: str):
    english, other = _placeholders("en"), _placeholders(language)
    assert {key: other[key] for key in english} == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_every_form_of_their_language(language: str):
    for message in _messages(language):
        if message.pluralizable:
            assert len(_forms(message)) == get_plural(language).num_plurals, message.id
            assert all(_forms(message)), message.id


@given(count=st.integers(min_value=0, max_value=10**6), language=st.sampled_from(LANGUAGES))
def test_every_plural_can_be_said_with_any_count(real: Phrases, count: int, language: str):
    for key, names in _placeholders("en", plurals_only=True).items():
        assert real.text(key, language, count=count, **dict.fromkeys(names - {"count"}, "x"))


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


@cache
def _messages(language: str) -> list[Message]:
    with (REAL / f"{language}.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def _placeholders(language: str, *, plurals_only: bool = False) -> dict[str, set[str]]:
    """Return for each key the names in braces; a plural's are those of its last form, the one said for many."""
    found = {}
    for message in _messages(language):
        if message.pluralizable or not plurals_only:
            key = message.id if isinstance(message.id, str) else message.id[0]
            parts = string.Formatter().parse(_forms(message)[-1])
            found[key] = {name for _, name, _, _ in parts if name is not None}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_there_once_with_one_text(language: str) -> None:
    entries = (Path(content.phrases.__file__).parent / f"{language}.po").read_text(encoding="utf-8").split("\n\n")
    keys = [re.findall(r'^msgid "(.+)"$', entry, re.MULTILINE) for entry in entries]
    assert [found for found in keys if len(found) > 1] == []
    named = [found[0] for found in keys if found]
    assert sorted(set(named)) == sorted(named)
    assert [entry for entry in entries if len(re.findall(r"^msgstr(?:\[0\])? ", entry, re.MULTILINE)) > 1] == []

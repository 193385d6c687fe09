"""The interface's own texts: phrase keys to sentences, from gettext files beside this one.

Each language has a .po file whose msgids are keys such as `vote.recorded`; English is a translation like the others and
stands in where another has none. Reads those files at start; never writes, and holds no sentence in code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from content.catalogue import LANGUAGES

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True)
class _Translation:
    """One language: gettext's own lookup, and which keys it has, singular and plural."""

    lookup: GNUTranslations
    singular: frozenset[str]
    plural: frozenset[str]

    def sentence(self, key: str, count: int | None) -> str | None:
        if key in self.plural:
            return self.lookup.ngettext(key, key, 1 if count is None else count)
        return self.lookup.gettext(key) if key in self.singular else None


class Phrases:
    """What the interface says, in each language; read only, so that threads may share it."""

    def __init__(self, translations: Mapping[str, _Translation], folder: Path) -> None:
        self._translations = translations
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process read the same files: gettext's lookups cannot be handed over."""
        return Phrases.load, (self._folder,)

    @classmethod
    def load(cls, folder: Path = Path(__file__).parent) -> Self:
        """Read the .po file of each language; a language without a file speaks English."""
        paths = {language: folder / f"{language}.po" for language in LANGUAGES}
        read = {language: _read(path, language) for language, path in paths.items() if path.exists()}
        return cls(read, folder)

    def text(self, key: str, language: str, /, count: int | None = None, **values: object) -> str:
        """Return the sentence for `key` in `language`, else in English, with its placeholders filled.

        `count` chooses the plural form and fills `{count}`. Raises KeyError for an unknown key or a missing value.
        """
        if count is not None:
            values["count"] = count
        for translation in (self._translations.get(language), self._translations.get(FALLBACK_LANGUAGE)):
            sentence = translation and translation.sentence(key, count)
            if sentence:
                return sentence.format(**values)
        raise KeyError(key)

    def keys(self, language: str) -> frozenset[str]:
        """Return the keys that have a sentence of their own in `language`."""
        translation = self._translations.get(language)
        return translation.singular | translation.plural if translation else frozenset()


def _read(path: Path, language: str) -> _Translation:
    with path.open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    done = [message for message in catalog if message.id and _is_translated(message)]
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return _Translation(
        lookup=GNUTranslations(compiled),
        singular=frozenset(str(message.id) for message in done if not message.pluralizable),
        plural=frozenset(message.id[0] for message in done if message.pluralizable),
    )


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return not message.fuzzy and all(forms)

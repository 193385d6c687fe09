"""The interface's texts as commands and cards use them, in the language of whoever reads them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import app_commands

from content.catalogue import LANGUAGES, Catalogue
from content.phrases import Phrases
from reports.captions import Captions
from reports.exports import Library

PHRASES = Phrases.load()
COMMAND_LANGUAGE = "en"
_PHRASE = "phrase"
_Command = TypeVar("_Command")


@dataclass(frozen=True, slots=True)
class Speech:
    """Says phrases in one language: `say("vote.recorded", position=…)`."""

    language: str

    def __call__(self, phrase: str, /, **values: Any) -> str:
        return PHRASES.text(phrase, self.language, **values)


def command_text(phrase: str) -> app_commands.locale_str:
    """Return a command's name or description: English for Discord's default, the phrase's key for the translator."""
    return app_commands.locale_str(PHRASES.text(phrase, COMMAND_LANGUAGE), **{_PHRASE: phrase})


def spoken_commands(
    commands: Iterable[app_commands.Command[Any, ..., Any] | app_commands.Group], say: Speech
) -> dict[str, str]:
    """Return commands as people type them in a language, by the name their phrases bear: `poll_close` /poll close."""
    spoken = {}
    for command in commands:
        steps = [command]
        while steps[0].parent is not None:
            steps.insert(0, steps[0].parent)
        phrases = [str(step._locale_name.extras[_PHRASE]) for step in steps if step._locale_name]  # noqa: SLF001
        spoken[phrases[-1].split(".")[1]] = "/" + " ".join(map(say, phrases))
    return spoken


def options(*names: str, **stems: str) -> Callable[[_Command], _Command]:
    """Give a command's options the names and descriptions of the phrases `option.….name` and `option.….description`.

    A parameter whose phrase is called otherwise is given with it: `options("closes", group="poll_group")`.
    """
    every = {**{name: name for name in names}, **stems}
    renamed = app_commands.rename(**{one: command_text(f"option.{stem}.name") for one, stem in every.items()})
    described = app_commands.describe(
        **{one: command_text(f"option.{stem}.description") for one, stem in every.items()}
    )

    def apply(command: _Command) -> _Command:
        return renamed(described(command))

    return apply


def one_of(phrase: str, values: Iterable[str]) -> list[app_commands.Choice[str]]:
    """Return choices for an option, each named by the phrase `{phrase}.{value}`."""
    return [app_commands.Choice(name=command_text(f"{phrase}.{value}"), value=value) for value in values]


def language_of_locale(locale: discord.Locale | str) -> str | None:
    """Return the interface's language for a Discord locale such as `en-GB`, None where it speaks none of it."""
    language = str(locale).split("-")[0]
    return language if language in LANGUAGES else None


def captions(catalogue: Catalogue, language: str) -> Captions:
    """Return how charts, results and exports name things in this language."""
    segments = {key: segment.title.in_language(language) for key, segment in catalogue.segments.items()}
    return Captions(PHRASES, language, segments)


def export_library(catalogue: Catalogue, language: str) -> Library:
    """Return what exports take from the content, with titles in this language."""
    languages = [one for one in LANGUAGES if one in catalogue.title.languages]
    chosen = language if language in languages else catalogue.default_language
    return Library(
        chosen,
        {one: catalogue.title.in_language(one) for one in languages},
        {one: catalogue.summary.in_language(one) for one in languages},
        {one: captions(catalogue, one) for one in languages},
        {key: one.group for key, one in catalogue.recommendations.items()},
    )


class CommandTranslator(app_commands.Translator):
    """Gives Discord the names and descriptions of commands in every language the interface speaks."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - discord.py hands it over
    ) -> str | None:
        """Return the phrase behind `string` in the language of `locale`, None to keep the English one."""
        language = language_of_locale(locale)
        phrase = string.extras.get(_PHRASE)
        if phrase is None or language in {None, COMMAND_LANGUAGE}:
            return None
        return PHRASES.text(phrase, str(language))

"""The content files of one consultation as frozen, validated objects.

Reads TOML files from one folder and nothing else, once, at start. Whatever is wrong in them is reported together, each
problem with its file, its key and what was expected there; nothing is guessed and nothing is repaired. A missing
translation is no error: the text stands in the default language then (`content.checking` lists those).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, core_schema

LANGUAGES: tuple[str, ...] = ("en", "fr", "nl", "de")
"""The languages the interface speaks; content may be written in any of them."""

# Discord's limits, divided among what stands together: a card shows a recommendation in up to two languages within
# 4,000 characters, a select's option holds 100, a modal's radio group 2 to 10 options, an autocomplete 25 choices.
KEY_LENGTH = 40
GROUP_TITLE_LENGTH = 40
SEGMENT_TITLE_LENGTH = 40
SEGMENT_TEXT_LENGTH = 100
FACT_TITLE_LENGTH = 60
TITLE_LENGTH = 80
RECOMMENDATION_TEXT_LENGTH = 500
TEXT_LENGTH = 600
SUMMARY_LENGTH = 1000
NOTICES_LENGTH = 3800
QUESTION_LENGTH = 200
TAG_LENGTH = 40
OPEN_END = "open"
RETENTION_DAYS = range(1, 3651)
SEGMENT_COUNT = range(2, 11)
GROUP_COUNT = range(1, 11)
RECOMMENDATIONS_IN_A_GROUP = 25

DAYS = "{days}"
REQUIRED_NOTICES = ("controller", "purpose", "stored", "retention", "contact", "rights")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the content files: where it is and what was expected there."""

    file: str
    key: str
    expected: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: expected {self.expected}"


class ContentError(Exception):
    """The content files do not hold a consultation; the text lists every problem, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Text:
    """One text in the languages it was written in, the consultation's default language always among them."""

    translations: Mapping[str, str]
    default_language: str

    def in_language(self, language: str) -> str:
        """Return the text in `language`, or in the default language where it was not translated."""
        return self.translations.get(language) or self.translations[self.default_language]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.translations)


@dataclass(frozen=True)
class _Surroundings:
    """What an entry must fit to: pydantic hands it to every validator."""

    default_language: str
    sections: Mapping[str, "Section"]


def _surroundings(info: ValidationInfo) -> _Surroundings:
    assert isinstance(info.context, _Surroundings)  # noqa: S101 - every validation below passes one
    return info.context


def _spoken(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"one of the languages {', '.join(LANGUAGES)}")
    return language


Language = Annotated[str, AfterValidator(_spoken)]


@dataclass(frozen=True)
class _AtMost:
    """Marks a `Text` field: a table of languages, none of its texts longer than so many characters."""

    length: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        one = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=self.length)]
        table = handler.generate_schema(dict[Language, one])
        return core_schema.with_info_after_validator_function(self._text, table)

    @staticmethod
    def _text(translations: dict[str, str], info: ValidationInfo) -> Text:
        default_language = _surroundings(info).default_language
        if default_language not in translations:
            raise ValueError(f"a text in {default_language}, the default language")
        return Text(MappingProxyType(translations), default_language)


_Value = TypeVar("_Value")


def _read_only(table: dict[str, _Value]) -> Mapping[str, _Value]:
    return MappingProxyType(table)


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=KEY_LENGTH)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LENGTH)]
_Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TAG_LENGTH)]
_Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_LENGTH)]
Tags = Annotated[Mapping[Language, tuple[_Tag, ...]], AfterValidator(_read_only)]
Questions = Annotated[Mapping[Language, tuple[_Question, ...]], AfterValidator(_read_only)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Citation(_Entry):
    """Where the source says so: the section's key, its heading as printed, and the paragraph counted under it."""

    section: str
    heading: str
    paragraph: int

    @model_validator(mode="before")
    @classmethod
    def _with_heading(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        section = _surroundings(info).sections.get(str(data.get("section")))
        return {**data, "heading": section.heading if section else ""}

    @field_validator("section")
    @classmethod
    def _exists(cls, section: str, info: ValidationInfo) -> str:
        if section not in (known := _surroundings(info).sections):
            raise ValueError(f"a section of article.toml ({', '.join(known)}), not {section!r}")
        return section

    @field_validator("paragraph")
    @classmethod
    def _within(cls, paragraph: int, info: ValidationInfo) -> int:
        section = _surroundings(info).sections.get(str(info.data.get("section")))
        if section and not 1 <= paragraph <= section.paragraphs:
            raise ValueError(f"a paragraph from 1 to {section.paragraphs}, not {paragraph}")
        return paragraph


class _Cited(_Entry):
    """An entry that stands on a passage: `section` and `paragraph` in the file are its citation here."""

    key: Key
    citation: Citation

    @model_validator(mode="before")
    @classmethod
    def _cite(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "citation" in data:
            return data
        passage = {name: data[name] for name in ("section", "paragraph") if name in data}
        return {name: value for name, value in data.items() if name not in passage} | {"citation": passage}


class Fact(_Cited):
    """One thing the source says or, where `gap` is true, leaves out; and how people ask for it."""

    title: Annotated[Text, _AtMost(FACT_TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]
    tags: Tags
    questions: Questions
    related: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    gap: bool = False


class Unanswered(_Entry):
    """What people ask and the source does not answer, and the facts that say what it does say nearby."""

    key: Key
    near: Annotated[tuple[str, ...], Field(max_length=3)]
    questions: Questions


class SmallTalk(_Entry):
    """What is said to the bot and is no question about the source; the reply is the phrase `small_talk.<key>`."""

    key: Key
    examples: Questions


class Area(_Cited):
    """An area in which the source recommends to act."""

    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]


class Recommendation(_Cited):
    """What people vote on: an area to act in, a measure, or a subject that the groups discuss."""

    kind: Literal["area", "measure", "subject"]
    area: str | None = None
    group: str
    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(RECOMMENDATION_TEXT_LENGTH)]


class Subject(_Cited):
    """Something that a working group discusses."""

    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]


class Group(_Cited):
    """A working group; `named` says whether the source names it as one. Its key is its channel's name."""

    named: bool
    title: Annotated[Text, _AtMost(GROUP_TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]
    subjects: tuple[Subject, ...] = Field(default=(), validation_alias="subject")


class Segment(_Cited):
    """A stakeholder segment that people choose for themselves."""

    title: Annotated[Text, _AtMost(SEGMENT_TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(SEGMENT_TEXT_LENGTH)]


class Person(_Cited):
    """Somebody the source speaks of."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH)]
    role: Annotated[Text, _AtMost(TEXT_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]


def _day_or_open(until: object) -> object:
    if until == OPEN_END or (isinstance(until, date) and not isinstance(until, datetime)):
        return until
    raise ValueError(f'a day, as 2031-06-20, or "{OPEN_END}"')


class Event(_Cited):
    """Something that happened or is planned, with the time in the source's own words.

    `until` is the last day of that time where it may lie ahead, or `open` where the source lets it end on no day.
    """

    when: Annotated[Text, _AtMost(TITLE_LENGTH)]
    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]
    until: Annotated[date | Literal["open"] | None, PlainValidator(_day_or_open)] = None


class Notice(_Entry):
    """One part of the privacy notice; `{days}` in its text is the retention period."""

    key: Key
    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    text: Annotated[Text, _AtMost(TEXT_LENGTH)]


class Section(_Entry):
    """A heading of the source article, and how many paragraphs stand under it."""

    key: Key
    heading: Words
    paragraphs: Annotated[int, Field(ge=1)]


class Article(_Entry):
    """The source article."""

    title: Words
    author: Words
    sections: Annotated[tuple[Section, ...], Field(validation_alias="section", min_length=1)]


class _Consultation(_Entry):
    key: Key
    default_language: Language
    public_languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=2)]
    timezone: ZoneInfo
    retention_days: Annotated[int, Field(strict=True, ge=RETENTION_DAYS[0], le=RETENTION_DAYS[-1])] = 730
    title: Annotated[Text, _AtMost(TITLE_LENGTH)]
    summary: Annotated[Text, _AtMost(SUMMARY_LENGTH)]

    @model_validator(mode="after")
    def _different_languages(self) -> Self:
        if len(set(self.public_languages)) < len(self.public_languages):
            raise ValueError("two different public_languages, or one")
        return self


@dataclass(frozen=True)
class Catalogue:
    """All that one consultation says, each kind by its keys in the order of the files."""

    key: str
    title: Text
    summary: Text
    default_language: str
    public_languages: tuple[str, ...]
    timezone: ZoneInfo
    retention_days: int
    article: Article
    facts: Mapping[str, Fact]
    areas: Mapping[str, Area]
    recommendations: Mapping[str, Recommendation]
    groups: Mapping[str, Group]
    segments: Mapping[str, Segment]
    people: Mapping[str, Person]
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]
    unanswered: Mapping[str, Unanswered]
    small_talk: Mapping[str, SmallTalk]

    def recommendations_of(self, group: str) -> tuple[Recommendation, ...]:
        """Return the recommendations that the group with this key discusses, in the order of the file."""
        return tuple(item for item in self.recommendations.values() if item.group == group)


def load_catalogue(folder: Path) -> Catalogue:
    """Read the consultation in `folder`.

    Raises ContentError with every problem found. Where consultation.toml, article.toml or any file's syntax is wrong,
    only those are reported, because the rest cannot be judged without them.
    """
    problems: list[Problem] = []
    tables = dict(read_tables(folder, problems))
    _refuse(problems)
    tables[SMALL_TALK.name] = tomllib.loads(SMALL_TALK.read_text(encoding="utf-8"))

    context = _Surroundings(_default_language(tables["consultation.toml"]), {})
    consultation = _validated(_Consultation, tables["consultation.toml"], "consultation.toml", "", context, problems)
    article = _validated(Article, tables["article.toml"], "article.toml", "", context, problems)
    if article:
        problems += _repeated((section.key, "article.toml") for section in article.sections)
    _refuse(problems)
    assert consultation  # noqa: S101 - refused above otherwise
    assert article  # noqa: S101

    shelves = _Shelves(tables, _Surroundings(context.default_language, {s.key: s for s in article.sections}), problems)
    catalogue = Catalogue(
        key=consultation.key,
        title=consultation.title,
        summary=consultation.summary,
        default_language=consultation.default_language,
        public_languages=consultation.public_languages,
        timezone=consultation.timezone,
        retention_days=consultation.retention_days,
        article=article,
        facts=shelves.by_key(Fact, "fact", *(name for name in tables if name.startswith("facts/"))),
        areas=shelves.by_key(Area, "area", "areas.toml"),
        recommendations=shelves.by_key(Recommendation, "recommendation", "recommendations.toml"),
        groups=shelves.by_key(Group, "group", "groups.toml"),
        segments=shelves.by_key(Segment, "segment", "segments.toml"),
        people=shelves.by_key(Person, "person", "people.toml"),
        events=tuple(shelves.by_key(Event, "event", "timeline.toml").values()),
        notices=tuple(
            _with_period(notice, consultation.retention_days)
            for notice in shelves.by_key(Notice, "notice", "privacy.toml").values()
        ),
        unanswered=shelves.by_key(Unanswered, "unanswered", *{UNANSWERED}.intersection(tables)),
        small_talk=shelves.by_key(SmallTalk, "small_talk", SMALL_TALK.name),
    )
    _refuse(problems)
    problems += _period_told(tables["privacy.toml"])
    problems += _references(catalogue, shelves.files)
    problems += _amounts(catalogue)
    _refuse(problems)
    return catalogue


FILES = (
    "consultation.toml",
    "article.toml",
    "areas.toml",
    "recommendations.toml",
    "groups.toml",
    "segments.toml",
    "people.toml",
    "timeline.toml",
    "privacy.toml",
)
UNANSWERED = "unanswered.toml"
DEVELOPMENT = "development.toml"
"""An operator's own questions with the facts that answer them: only `content.checking` reads it."""
OPTIONAL_FILES = frozenset({UNANSWERED, DEVELOPMENT})
SMALL_TALK = Path(__file__).with_name("small_talk.toml")
"""The same for every consultation, so it stands beside the folders."""


def read_tables(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each content file's name in `folder` and what it holds; append what cannot be read to `problems`."""
    found = {path.name for path in folder.glob("*.toml")}
    expected = f"one of {', '.join(FILES)} or a file in facts/"
    problems.extend(Problem(name, "file", expected) for name in sorted(found.difference(FILES, OPTIONAL_FILES)))
    fact_files = sorted(folder.glob("facts/*.toml"))
    if not fact_files:
        problems.append(Problem("facts/", "folder", "at least one .toml file with facts"))
    optional = sorted(OPTIONAL_FILES & found)
    for path in [*(folder / name for name in (*FILES, *optional)), *fact_files]:
        name = path.relative_to(folder).as_posix()
        try:
            yield name, tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            problems.append(Problem(name, "file", "to exist"))
        except UnicodeDecodeError:
            problems.append(Problem(name, "file", "UTF-8 text"))
        except tomllib.TOMLDecodeError as error:
            reason, place = _syntax_error(error)
            problems.append(Problem(name, place, f"TOML ({reason})"))


def _syntax_error(error: tomllib.TOMLDecodeError) -> tuple[str, str]:
    match = re.fullmatch(r"(.*) \(at (.*)\)", str(error), re.DOTALL)
    return (match[1], match[2]) if match else (str(error), "file")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ContentError(problems)


def _default_language(table: Mapping[str, Any]) -> str:
    language = table.get("default_language")
    return language if language in LANGUAGES else LANGUAGES[0]


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(
    model: type[_Model], data: Any, file: str, key: str, context: _Surroundings, problems: list[Problem]
) -> _Model | None:
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        problems += (Problem(file, _path(key, details), _expected(details)) for details in error.errors())
        return None


def _path(key: str, details: ErrorDetails) -> str:
    path = key
    for step in details["loc"]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in ("citation", "[key]"):
            path += f".{step}" if path else step
    return path or "file"


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "this field",
    "extra_forbidden": lambda _: "no field of this name",
    "string_pattern_mismatch": lambda _: "a key in kebab-case, such as health-data",
    "string_too_long": lambda values: f"at most {values['max_length']} characters",
    "string_too_short": lambda _: "a text that is not empty",
    "literal_error": lambda values: f"{values['expected']}",
    "value_error": lambda values: f"{values['error']}",
    "zoneinfo_str": lambda _: "a time zone's name, such as Europe/Brussels",
}


def _expected(details: ErrorDetails) -> str:
    words = _WORDS.get(details["type"])
    return words(details.get("ctx", {})) if words else details["msg"]


def _repeated(named: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    pairs = list(named)
    files = dict(pairs)
    times = Counter(key for key, _ in pairs)
    return (Problem(files[key], key, "a key that is used once") for key in times if times[key] > 1)


class _Shelves:
    """Reads the files that hold lists of entries; remembers which file each entry came from."""

    def __init__(self, tables: Mapping[str, dict[str, Any]], context: _Surroundings, problems: list[Problem]) -> None:
        self.files: dict[tuple[str, str], str] = {}
        self._tables = tables
        self._context = context
        self._problems = problems

    def by_key(self, model: type[_Model], kind: str, *names: str) -> Mapping[str, _Model]:
        """Validate the `[[kind]]` entries of these files; the rest is appended to the problems."""
        entries: dict[str, _Model] = {}
        seen: list[tuple[str, str]] = []
        for name in names:
            for key, data in self._entries(kind, name):
                entry = _validated(model, data, name, key, self._context, self._problems)
                seen.append((key, name))
                if entry:
                    entries[key] = entry
                    self.files[kind, key] = name
        self._problems += _repeated(seen)
        return MappingProxyType(entries)

    def _entries(self, kind: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        table = self._tables[name]
        for other in table.keys() - {kind}:
            self._problems.append(Problem(name, other, f"only [[{kind}]] entries"))
        entries = table.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._problems.append(Problem(name, kind, f"[[{kind}]] entries"))
            return
        for number, entry in enumerate(entries, start=1):
            key = entry.get("key")
            yield key if isinstance(key, str) else f"{kind}[{number}]", entry


def _references(catalogue: Catalogue, files: Mapping[tuple[str, str], str]) -> Iterator[Problem]:
    for fact in catalogue.facts.values():
        for other in fact.related:
            if other not in catalogue.facts or other == fact.key:
                yield Problem(files["fact", fact.key], f"{fact.key}.related", f"another fact's key, not {other!r}")
    for entry in catalogue.unanswered.values():
        for near in entry.near:
            if near not in catalogue.facts:
                yield Problem(files["unanswered", entry.key], f"{entry.key}.near", f"a fact's key, not {near!r}")
    for item in catalogue.recommendations.values():
        file = files["recommendation", item.key]
        if item.group not in catalogue.groups:
            yield Problem(file, f"{item.key}.group", f"a group's key, not {item.group!r}")
        if item.area is not None and item.area not in catalogue.areas:
            yield Problem(file, f"{item.key}.area", f"an area's key, not {item.area!r}")


def _with_period(notice: Notice, days: int) -> Notice:
    texts = {language: text.replace(DAYS, str(days)) for language, text in notice.text.translations.items()}
    return notice.model_copy(update={"text": Text(MappingProxyType(texts), notice.text.default_language)})


def _period_told(table: Mapping[str, Any]) -> Iterator[Problem]:
    """Hold the notice to the period that the bot keeps: it names it by the placeholder, in each language."""
    for notice in table["notice"]:
        for language, text in notice["text"].items() if notice["key"] == "retention" else ():
            if DAYS not in text:
                yield Problem("privacy.toml", f"retention.text.{language}", f"{DAYS} where it tells the period")


def _amounts(catalogue: Catalogue) -> Iterator[Problem]:
    yield from _repeated((item.key, "groups.toml") for group in catalogue.groups.values() for item in group.subjects)
    if not catalogue.facts:
        yield Problem("facts/", "fact", "at least one fact")
    if len(catalogue.groups) not in GROUP_COUNT:
        yield Problem("groups.toml", "group", f"{GROUP_COUNT[0]} to {GROUP_COUNT[-1]} groups")
    if len(catalogue.segments) not in SEGMENT_COUNT:
        yield Problem("segments.toml", "segment", f"{SEGMENT_COUNT[0]} to {SEGMENT_COUNT[-1]} segments")
    for group in catalogue.groups:
        if len(catalogue.recommendations_of(group)) > RECOMMENDATIONS_IN_A_GROUP:
            expected = f"at most {RECOMMENDATIONS_IN_A_GROUP} recommendations in the group {group}"
            yield Problem("recommendations.toml", "recommendation", expected)
    for key in REQUIRED_NOTICES:
        if key not in {notice.key for notice in catalogue.notices}:
            yield Problem("privacy.toml", key, "a [[notice]] with this key")
    for language in LANGUAGES:
        length = sum(len(part.in_language(language)) for item in catalogue.notices for part in (item.title, item.text))
        if length > NOTICES_LENGTH:
            expected = f"at most {NOTICES_LENGTH} characters over all notices in {language}, not {length}"
            yield Problem("privacy.toml", "notice", expected)

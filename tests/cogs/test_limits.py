"""The longest content the catalogue allows, and the longest texts people can type, stay inside Discord's limits.

`limits.breaches` also looks at everything the bot sends in the other tests of this folder.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord import HttpLogEntry

from cogs.polls import END_REASON_LENGTH, MOST_HEADS
from cogs.ui.cards import CardState, result_card, start_card, subject_card
from cogs.ui.layout import Piece, menus, pages, rows, sent_once, shortened, text
from cogs.ui.quotes import quotes_page, quotes_pages
from cogs.ui.result_lists import results_page
from cogs.ui.review_cards import REPLY_LENGTH
from cogs.ui.texts import Speech, captions
from cogs.voting import REASON_LENGTH
from content import catalogue as rules
from content.answers import Answers
from content.catalogue import LANGUAGES, Catalogue, load_catalogue
from models import review
from models.records import (
    Ballot,
    ConsultationState,
    Moderator,
    ModeratorRole,
    Poll,
    Position,
    Quorum,
    Quote,
    SegmentSource,
    Visibility,
    Wording,
)
from models.results import EndedPoll, Order, Quotes
from models.review import MOST_THEMES, THEME_LENGTH, Step
from models.tally import PositionCounts, Result, SegmentRow
from reports.charts import text_alternative
from reports.drawing import shortened as cut_alternative
from tests.cogs.conftest import START, House, answered, buttons, shown
from tests.cogs.limits import breaches, walk
from tests.cogs.test_voting import phrase

PAIRS = [*((one,) for one in LANGUAGES), *itertools.permutations(LANGUAGES, 2)]
GROUPS = [f"group-{number}" for number in range(rules.GROUP_COUNT[-1])]
SEGMENTS = [f"segment-{number}" for number in range(rules.SEGMENT_COUNT[-1])]
MOST = rules.RECOMMENDATIONS_IN_A_GROUP
MANY = 30
LONGEST_KEY = "k" * rules.KEY_LENGTH
unhurried = settings(deadline=None, derandomize=True)


@pytest.fixture(scope="session")
def longest(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Return a consultation in which every text is as long, and everything there as often, as it may be."""
    folder = tmp_path_factory.mktemp("longest")
    (folder / "facts").mkdir()
    for name, content in longest_content():
        (folder / name).write_text(content, encoding="utf-8")
    return load_catalogue(folder)


def longest_content() -> Iterator[tuple[str, str]]:
    passage = 'section = "s"\nparagraph = 1\n'
    title, words = rules.TITLE_LENGTH, rules.TEXT_LENGTH
    yield (
        "consultation.toml",
        'key = "longest"\ndefault_language = "en"\npublic_languages = ["en", "fr"]\ntimezone = "Europe/Brussels"\n'
        + texts("title", title)
        + texts("summary", rules.SUMMARY_LENGTH),
    )
    article = (
        f'title = "{"A" * words}"\nauthor = "{"B" * words}"\n[[section]]\nkey = "s"\nheading = "{"H" * words}"\n'
        "paragraphs = 1\n"
    )
    yield "article.toml", article
    yield "areas.toml", entry("area", "area", passage, title=title, text=words)
    yield (
        "groups.toml",
        "".join(
            entry("group", key, passage + "named = true\n", title=rules.GROUP_TITLE_LENGTH, text=words)
            + "".join(
                entry("group.subject", f"{key}-{number}", passage, at="group.subject", title=title, text=words)
                for number in range(3)
            )
            for key in GROUPS
        ),
    )
    homes = [GROUPS[0]] * MOST + GROUPS[1:]
    yield (
        "recommendations.toml",
        "".join(
            entry(
                "recommendation",
                f"{number:02}-{LONGEST_KEY}"[: rules.KEY_LENGTH],
                passage + f'kind = "measure"\narea = "area"\ngroup = "{group}"\n',
                title=title,
                text=rules.RECOMMENDATION_TEXT_LENGTH,
            )
            for number, group in enumerate(homes)
        ),
    )
    yield (
        "segments.toml",
        "".join(
            entry("segment", key, passage, title=rules.SEGMENT_TITLE_LENGTH, text=rules.SEGMENT_TEXT_LENGTH)
            for key in SEGMENTS
        ),
    )
    yield (
        "people.toml",
        "".join(
            entry("person", f"person-{n}", passage + f'name = "{"N" * title}"\n', role=words, text=words)
            for n in range(MANY)
        ),
    )
    yield (
        "timeline.toml",
        "".join(entry("event", f"event-{n}", passage, when=title, title=title, text=words) for n in range(MANY)),
    )
    share = rules.NOTICES_LENGTH // len(rules.REQUIRED_NOTICES)
    yield (
        "privacy.toml",
        "".join(
            entry("notice", key, "", title=min(title, share - words), text=words - 50) for key in rules.REQUIRED_NOTICES
        ).replace("W" * len(rules.DAYS) + '"', rules.DAYS + '"'),
    )
    related = ", ".join(f'"fact-{n}"' for n in range(1, 4))
    questions = "tags = {}\n[fact.questions]\nen = ['How long is the longest answer?']\n"
    yield (
        "facts/facts.toml",
        entry(
            "fact",
            "fact-0",
            passage + f"related = [{related}]\n" + questions,
            title=rules.FACT_TITLE_LENGTH,
            text=words,
        )
        + "".join(
            entry(
                "fact", f"fact-{n}", passage + "tags = {}\nquestions = {}\n", title=rules.FACT_TITLE_LENGTH, text=words
            )
            for n in range(1, MANY)
        ),
    )


def entry(kind: str, key: str, fields: str, *, at: str = "", **lengths: int) -> str:
    """Return one TOML entry whose texts have these lengths, none the same in two entries or languages."""
    tables = "".join(texts(f"{at or kind}.{name}", length, key) for name, length in lengths.items())
    return f'[[{kind}]]\nkey = "{key}"\n{fields}{tables}'


def texts(name: str, length: int, mark: str = "") -> str:
    lines = (f'{language} = "{(f"{language} {mark[:12]} " + "W" * length)[:length]}"\n' for language in LANGUAGES)
    return f"[{name}]\n{''.join(lines)}"


def refused(*pieces: Piece) -> list[str]:
    """Return what Discord would refuse in a layout."""
    return breaches([HttpLogEntry("POST", "", {}, {"components": sent_once(*pieces).to_components()}, None)])


@pytest.fixture(scope="session")
def ended(longest: Catalogue) -> Poll:
    """Return a vote that was closed for the longest reason, on a wording that has changed since."""
    recommendation = next(iter(longest.recommendations.values()))
    return Poll(
        id=10**9,
        consultation_id=1,
        subject=recommendation.key,
        recommendation=recommendation.key,
        group=recommendation.group,
        wording={
            language: Wording("V" * rules.TITLE_LENGTH, "V" * rules.RECOMMENDATION_TEXT_LENGTH)
            for language in LANGUAGES
        },
        opened_at=START,
        closes_at=START + timedelta(days=14),
        ended_at=START + timedelta(days=7),
        end_reason="*" * END_REASON_LENGTH,
        quorum=Quorum(MOST_HEADS, 100, dict.fromkeys(SEGMENTS, MOST_HEADS)),
        segment_source=SegmentSource.CONFIRMED,  # the longest to say
    )


@pytest.fixture(scope="session")
def counted() -> Result:
    """Return a result with a row for every segment, in numbers that no consultation reaches."""
    rows_ = tuple(SegmentRow(key, PositionCounts(1_000, 1_000, 1_000, 1_000)) for key in SEGMENTS)
    return Result(PositionCounts(*(10_000,) * 4), rows_, 0.1, {key: key for key in SEGMENTS})


# Cards


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
@pytest.mark.parametrize(
    "state", ["none", "ahead", "open", "open without end", "ended", "ended without segments", "cancelled"]
)
def test_a_recommendation_s_card_fits(
    longest: Catalogue, ended: Poll, counted: Result, languages: tuple[str, ...], state: str
) -> None:
    speeches = [Speech(language) for language in languages]
    running = replace(ended, ended_at=None, end_reason=None)
    alternative = cut_alternative(text_alternative(ended, counted, captions(longest, languages[0])))
    shown_now = {
        "none": CardState(ConsultationState.OPEN, reads_messages=False),
        "ahead": CardState(ConsultationState.OPEN, reads_messages=False, poll=running, has_begun=False),
        "cancelled": CardState(ConsultationState.OPEN, False, replace(ended, cancelled=True), 10**5),
        "open": CardState(ConsultationState.OPEN, reads_messages=False, poll=running, turnout=10**5),
        "open without end": CardState(
            ConsultationState.OPEN, reads_messages=False, poll=replace(running, closes_at=None), turnout=10**5
        ),
        "ended": CardState(ConsultationState.OPEN, False, ended, 10**5, None, counted, None, alternative),
        "ended without segments": CardState(
            ConsultationState.OPEN, False, ended, 10**5, None, replace(counted, segments=()), None, alternative
        ),
    }[state]

    assert not refused(*subject_card(longest, longest.recommendations[ended.subject], speeches, shown_now))


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
def test_a_posted_result_fits(longest: Catalogue, ended: Poll, counted: Result, languages: tuple[str, ...]) -> None:
    speeches = [Speech(language) for language in languages]
    alternative = cut_alternative(text_alternative(ended, counted, captions(longest, languages[0])))

    assert not refused(*result_card(longest, ended, counted, speeches, alternative))


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
@pytest.mark.parametrize("number", [1, 2, 40])
@pytest.mark.parametrize(
    "words", ["*" * REASON_LENGTH, "*\n" * (REASON_LENGTH // 2), "Too dear."], ids=["stars", "lines", "short"]
)
def test_a_result_with_reasons_fits_and_leads_to_those_that_do_not(
    longest: Catalogue, ended: Poll, counted: Result, languages: tuple[str, ...], number: int, words: str
) -> None:
    speeches = [Speech(language) for language in languages]
    quotes = Quotes([Quote("object", SEGMENTS[0], words)] * number, number)
    for poll in (ended, replace(ended, end_reason=None)):
        drawn = result_card(longest, poll, counted, speeches, "A picture.", quotes)
        assert not refused(*drawn)
        told = str(drawn[0].to_component_dict())
        shown_whole = told.count("-# ") >= number
        assert shown_whole != (f"reasons:{ended.id}" in told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "words", ["*" * REASON_LENGTH, "*\n" * (REASON_LENGTH // 2), "Too dear."], ids=["stars", "lines", "short"]
)
def test_every_page_of_reasons_fits_and_all_are_on_one(
    longest: Catalogue, ended: Poll, language: str, words: str
) -> None:
    quotes = [Quote("object", SEGMENTS[0], f"N{number:02}N {words[:-5]}") for number in range(40)]
    texts = quotes_pages(longest, ended, quotes, Speech(language))
    pages_: list[str] = []
    page = 0
    while page == len(pages_):
        view = quotes_page(ended, texts, page, Speech(language))
        assert not refused(*view.children)
        told = str(view.to_components())
        pages_.append(told)
        page += f"reasons_page:{ended.id}:{page + 1}" in told
    assert all(sum(f"N{number:02}N" in told for told in pages_) == 1 for number in range(len(quotes)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_the_list_of_results_fits(longest: Catalogue, ended: Poll, counted: Result, language: str) -> None:
    every = [
        EndedPoll(replace(ended, id=10**9 + number, visibility=Visibility.PUBLISHED), counted) for number in range(99)
    ]
    for page in (0, 5, 12):
        assert not refused(*results_page(longest, every, Order.OBJECTIONS, page, Speech(language), "A map.").children)


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
@pytest.mark.parametrize("state", ConsultationState)
def test_the_start_card_fits(longest: Catalogue, languages: tuple[str, ...], state: ConsultationState) -> None:
    assert not refused(*start_card(longest, [Speech(language) for language in languages], state))


def test_the_segments_stand_in_every_language_where_they_fit(catalogue: Catalogue, ended: Poll) -> None:
    short = replace(ended, end_reason=None, wording=dict.fromkeys(LANGUAGES, Wording("A title", "A text.")))
    segments = tuple(SegmentRow(key, PositionCounts(5, 4, 3, 2)) for key in catalogue.segments)
    result = Result(PositionCounts(30, 24, 18, 12), segments, 0.5, {key: key for key in catalogue.segments})

    (drawn,) = result_card(catalogue, short, result, [Speech("en"), Speech("fr")], "")

    said = str(drawn.to_component_dict())
    for segment in catalogue.segments.values():
        assert f"**{segment.title.in_language('en')}** (" in said
        assert f"**{segment.title.in_language('fr')}** (" in said


def test_everybody_s_numbers_stand_in_every_language_also_where_segments_do_not_fit(
    longest: Catalogue, ended: Poll, counted: Result
) -> None:
    (drawn,) = result_card(longest, ended, counted, [Speech("en"), Speech("fr")], "")

    said = str(drawn.to_component_dict())
    for language in ("en", "fr"):
        assert f"**{phrase('chart.everyone', language)}** (" in said


# Pages and menus


@unhurried
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9_000).filter(str.strip), max_size=8
    )
)
def test_pages_hold_whatever_is_put_on_them(lines: list[str]) -> None:
    made = pages([text(line) for line in lines])
    requests = [HttpLogEntry("POST", "", {}, {"components": page.to_components()}, None) for page in made]
    assert not breaches(requests)


def test_as_many_votes_as_there_can_be_fit_one_menu_message() -> None:
    options = [(f"{n}", "W" * 200) for n in range(MOST * len(GROUPS))]
    assert not refused(text("Choose"), *menus("P" * 600, "card_here", options))


@unhurried
@given(st.text(min_size=1), st.integers(1, 50))
def test_what_is_shortened_has_the_length_it_may_have(label: str, length: int) -> None:
    cut = shortened(label, length)
    assert len(cut) <= max(length, 1)
    assert cut == label or cut.endswith("…")


def test_buttons_stand_five_in_a_row() -> None:
    made = rows(discord.ui.Button(label=str(n)) for n in range(11))
    assert [len(row.children) for row in made] == [5, 5, 1]


# The whole bot with the longest content


@pytest.fixture
async def full_house(new_house: Any, longest: Catalogue) -> Any:
    async with new_house(catalogue=longest, answers=Answers(longest)) as house:
        await house.moderator.slash(house.lobby, "consultation setup", language="de", second_language="fr")
        await house.moderator.slash(house.lobby, "consultation open")
        yield house


async def test_every_command_and_card_of_the_longest_consultation_is_accepted(full_house: House) -> None:
    house, keys = full_house, list(full_house.catalogue.recommendations)
    ann = house.member("ann-example", "de")
    for key in keys:
        told = await house.open_poll(key, closes="2 weeks", reasons="required")
        assert told.response is not None
    for command in ("about", "help", "fact", "recommendation", "group", "timeline", "vote", "join", "feedback"):
        assert (await ann.slash(house.lobby, command)).acknowledged, command
    for command in ("help", "consultation status", "export"):
        assert (await house.moderator.slash(house.lobby, command)).response is not None, command
    assert (await ann.slash(house.lobby, "recommendation", recommendation=keys[0])).response is not None
    assert (await ann.slash(house.lobby, "ask", question="How long is the longest answer?")).response is not None
    assert (await ann.slash(house.lobby, "ask", question="Q" * 1_000)).response is not None
    assert len(await ann.autocomplete(house.lobby, "recommendation", "recommendation", "")) == 25
    assert len(await ann.autocomplete(house.lobby, "fact", "topic", "W")) <= 25
    for pressed in buttons(house.start_card()).values():
        assert (await ann.click(house.start_card(), custom_id=pressed)).acknowledged, pressed


async def test_the_longest_result_is_posted_and_shown(full_house: House) -> None:
    house, key = full_house, next(iter(full_house.catalogue.recommendations))
    await house.open_poll(key)
    (poll,) = house.store.memory.polls.values()
    for number, segment in enumerate(SEGMENTS * 5):
        await house.bot.ballot_box.cast(Ballot(poll.id, number + 1, segment, list(Position)[number % 4]))

    await house.moderator.slash(house.lobby, "poll close", vote=key, reason="*" * END_REASON_LENGTH)

    assert len(house.thread(key).history()) == 1
    assert house.card(key).attachments
    assert phrase("chart.everyone", "de") in shown(house.card(key))


async def test_the_longest_words_are_taken_and_handed_back(full_house: House) -> None:
    house, key = full_house, next(iter(full_house.catalogue.recommendations))
    await house.open_poll(key)
    ann = house.member("ann-example", "fr")
    (poll,) = house.store.memory.polls.values()
    form = await ann.click(house.card(key), custom_id=f"vote:object:{poll.id}")
    filled_in = {"segment": SEGMENTS[0], "groups": GROUPS, "reason": "`" * REASON_LENGTH, "quotation": "not"}
    with house.failing_store():
        told = await ann.submit_modal(form, filled_in)
    assert answered(told).content

    form = await ann.slash(house.lobby, "feedback", recommendation=key)
    with house.failing_store():
        told = await ann.submit_modal(
            form, {"segment": SEGMENTS[0], "groups": [], "words": "`" * 4_000, "quotation": "not"}
        )
    (file,) = answered(told).attachments
    assert len(await file.read()) == 4_000


async def test_the_longest_feedback_fits_every_card_of_the_moderators(full_house: House) -> None:
    house, key = full_house, next(iter(full_house.catalogue.recommendations))
    mona, ann = house.moderator, house.member("ann-example")
    house.locales[mona.id] = "de"
    for number in range(4):
        await house.join(house.member(f"person-{number}"), SEGMENTS[0])
    form = await ann.slash(house.lobby, "feedback", recommendation=key)
    filled_in = {"segment": SEGMENTS[0], "groups": [], "words": "*\n" * 2_000, "quotation": "with_segment"}
    await ann.submit_modal(form, filled_in)
    await house.env.advance_time(3_600)
    files = [(f"{number}{'_' * 90}.pdf", b"x") for number in range(10)]
    for _ in range(5):
        await ann.send(house.thread(key), "*" * 2_000, attachments=files)
    themes = ", ".join(f"{number}{'*' * (THEME_LENGTH - 1)}" for number in range(MOST_THEMES))
    for one in await house.feedback():
        told = await mona.slash(house.lobby, "review theme", feedback=one.reference, theme=themes.split(",")[0])
        assert answered(told).content
        consultation = house.store.memory.consultations[house.guild.id]
        async with house.store.write() as session:
            moderator = Moderator(mona.id, ModeratorRole.MODERATOR)
            await review.add_themes(session, consultation.id, moderator, one.reference, review.theme_names(themes))
            await review.mark(session, consultation.id, moderator, one.reference, 2, Step.PINNED)
        listed = await mona.slash(house.lobby, "review feedback", recommendation=key, kind=one.kind, show="unread")
        [opening, *_] = [pressed for pressed in buttons_of_sections(listed) if one.reference in pressed]
        opened = await mona.click(answered(listed), custom_id=opening)
        form = await mona.click(answered(opened), label=phrase("review.answer", "de"))
        given = await mona.submit_modal(form, {"answer": "*" * REPLY_LENGTH})
        assert phrase("review.replies", "de", count=1) in shown(given.response)
        form = await mona.click(answered(opened), label=phrase("review.themes", "de"))
        assert form.modal is not None


def buttons_of_sections(result: Any) -> list[str]:
    components: Any = [part.to_dict() for part in answered(result).message.components]
    return [one["custom_id"] for one in walk(components) if str(one.get("custom_id")).startswith("review_open")]


# Commands


@pytest.fixture
async def commands(house: House) -> list[dict[str, Any]]:
    """Return the commands as they were handed to Discord."""
    (handed,) = [one.json for one in house.env.http_requests if one.method == "PUT" and one.path.endswith("/commands")]
    assert isinstance(handed, list)
    return handed


def parts(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a command with its subcommands and options."""
    yield command
    for option in command.get("options") or ():
        yield from parts(option)


def in_every_language(part: dict[str, Any], field: str) -> list[str]:
    return [part.get(field, ""), *(part.get(f"{field}_localizations") or {}).values()]


def is_menu(command: dict[str, Any]) -> bool:
    """Say whether this stands in a message's menu: it has a name with spaces and no description."""
    return command.get("type") == discord.AppCommandType.message.value


async def test_names_of_commands_are_what_discord_takes_in_every_language(commands: list[dict[str, Any]]) -> None:
    for menu in filter(is_menu, commands):
        assert all(1 <= len(name) <= 32 for name in in_every_language(menu, "name"))
    for part in (part for command in commands if not is_menu(command) for part in parts(command)):
        for name in in_every_language(part, "name"):
            assert re.fullmatch(r"[-_'\w]{1,32}", name), name
            assert name == name.lower()


async def test_descriptions_are_what_discord_takes_in_every_language(commands: list[dict[str, Any]]) -> None:
    for part in (part for command in commands if not is_menu(command) for part in parts(command)):
        assert all(1 <= len(one) <= 100 for one in in_every_language(part, "description")), part["name"]


async def test_choices_are_what_discord_takes_in_every_language(commands: list[dict[str, Any]]) -> None:
    for choice in (choice for command in commands for part in parts(command) for choice in part.get("choices") or ()):
        assert all(1 <= len(one) <= 100 for one in in_every_language(choice, "name"))


async def test_no_two_commands_or_options_have_one_name_in_any_language(commands: list[dict[str, Any]]) -> None:
    siblings = [commands, *(part.get("options") or [] for command in commands for part in parts(command))]
    for language in (None, "fr", "nl", "de"):
        for group in siblings:
            names = [(one.get("name_localizations") or {}).get(language, one["name"]) for one in group]
            assert len(names) == len(set(names)), names


async def test_each_command_stays_under_8000_characters_in_its_longest_language(commands: list[dict[str, Any]]) -> None:
    """Discord counts the longest localization of each field, and the values of choices."""
    for command in commands:
        fields = [
            max(map(len, in_every_language(part, field)))
            for part in parts(command)
            for field in ("name", "description")
        ]
        values = [len(str(part["value"])) for part in parts(command) if "value" in part]
        assert sum(fields) + sum(values) <= 8_000, command["name"]


# The checker itself


@pytest.mark.parametrize(
    ("sent", "breach"),
    [
        ({"content": "x" * 2_001}, "2001 characters of content"),
        ({"name": "x" * 101}, "101 characters of name"),
        ({"components": [{"type": 10, "content": "x" * 2_500}] * 2}, "5000 characters"),
        ({"components": [{"type": 1, "components": [{"type": 2, "label": "x" * 81}]}]}, "81 characters of label"),
        ({"components": [{"type": 17, "components": [{"type": 14}] * 40}]}, "41 components"),
        ({"components": [{"type": 12, "items": [{"description": "x" * 1_025}]}]}, "1025 characters of description"),
        ({"type": 9, "data": {"title": "x" * 46, "custom_id": "y", "components": []}}, "46 characters of title"),
        (
            {
                "type": 9,
                "data": {"title": "t", "components": [{"type": 18, "label": "x" * 46, "component": {"type": 4}}]},
            },
            "46",
        ),
        ({"attachments": [{"description": "x" * 1_025}]}, "1025 characters of description"),
        ({"components": [{"type": 3, "options": [{"label": "x" * 101}]}]}, "101 characters of label"),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": "x" * 101}]}}, "101 characters of value"),
    ],
)
def test_the_checker_sees_what_is_too_long(sent: dict[str, Any], breach: str) -> None:
    (found,) = breaches([HttpLogEntry("POST", "/", {}, sent, None)])
    assert breach in found

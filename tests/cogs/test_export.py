"""Taking out: who gets the files, what stands in them, what is told meanwhile, and what if they are large."""

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import discord
import openpyxl
import pytest
from simcord import InteractionResult, ResponseMessage, interactions

import bot
from cogs.export import how_far
from cogs.ui import replies
from cogs.ui.texts import PHRASES, Speech
from content.catalogue import LANGUAGES
from models.store import Store
from operating import taking_out
from operating.settings import Settings
from reports.progress import Progress
from reports.tables import TABLES
from tests.cogs.conftest import House, answered, said, shown

ON = "stem-orientation"
OTHER = "unlock-health-data"
PUBLISHED = {f"{name}.csv" for name, table in TABLES.items() if not table.record_only} | {"dictionary.csv"}
RECORD = {f"{name}.csv" for name in TABLES} | {"dictionary.csv"}


def messages(result: InteractionResult) -> list[ResponseMessage]:
    """Return everything that somebody was answered, in order."""
    later = [one for one in result.followups if one.id != answered(result).id]
    return [answered(result), *later]


async def exported(house: House, tier: str = "record", **options: str) -> dict[str, bytes]:
    """Return the files that the moderator gets, by name, from however many messages."""
    answer = await house.moderator.slash(house.lobby, "export", tier=tier, **options)
    assert all(told.ephemeral for told in messages(answer))
    return {file.filename: await file.read() for told in messages(answer) for file in told.attachments}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def vote(house: House, number: int, position: str, recommendation: str = ON, segment: str = "academia") -> None:
    """Let somebody vote for the first time."""
    voter = house.member(f"voter-{number}-example")
    form = await voter.click(house.card(recommendation), label=position)
    filled = {"segment": segment, "groups": []}
    if position == "Object":
        filled |= {"reason": f"=1+{number}", "quotation": "not"}
    said(await voter.submit_modal(form, filled))


@pytest.fixture
async def busy_house(open_house: House) -> House:
    """Return a server with an ended poll, an open one, and words."""
    for recommendation in (ON, OTHER):
        await open_house.open_poll(recommendation)
    for number, position in enumerate(("Support", "Support", "Can live with it", "Object", "Pass")):
        await vote(open_house, number, position)
    await vote(open_house, 9, "Object", OTHER)
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=ON, reason="-2+3")
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(ON), "@SUM(A1)")
    form = await ann.click(open_house.card(ON), label="Private feedback")
    filled = {"segment": "academia", "words": '\t=HYPERLINK("https://example.org")', "quotation": "not"}
    said(await ann.submit_modal(form, filled))
    # Private words of the hour that still runs are no part of the record.
    await open_house.env.advance_time(3_600)
    return open_house


@pytest.mark.parametrize("language", LANGUAGES)
async def test_only_moderators_are_given_files(open_house: House, language: str) -> None:
    assert "export" not in open_house.member("zoe-example").available_commands(open_house.lobby)
    # Discord shows the command to whoever manages threads; that makes nobody a moderator of the consultation.
    threads = open_house.guild.create_role("Threads", permissions=discord.Permissions(manage_threads=True))
    keeper = open_house.guild.add_member(open_house.env.create_user("thea-threads"), roles=[threads])
    open_house.locales[keeper.id] = language
    told = await keeper.slash(open_house.lobby, "export")
    assert said(told) == PHRASES.text("moderator.only", language)
    assert answered(told).attachments == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_options_everything_that_may_be_published_comes_privately(
    busy_house: House, language: str
) -> None:
    busy_house.locales[busy_house.moderator.id] = language
    told = await busy_house.moderator.slash(busy_house.lobby, "export")
    assert said(told) == PHRASES.text("export.done_published", language)
    assert {file.filename for file in answered(told).attachments} == PUBLISHED


async def test_the_record_says_that_it_is_for_moderators_alone(busy_house: House) -> None:
    busy_house.locales[busy_house.moderator.id] = "nl"
    told = await busy_house.moderator.slash(busy_house.lobby, "export", tier="record")
    assert said(told).startswith(PHRASES.text("export.done_record", "nl"))
    # Discord takes ten files a message.
    assert said(told).endswith(PHRASES.text("export.parts", "nl", count=2, megabytes=1))
    assert {file.filename for one in messages(told) for file in one.attachments} == RECORD


async def test_every_number_in_the_files_is_what_was_done(busy_house: House) -> None:
    files = await exported(busy_house)
    results, ballots, words = (rows(files[name]) for name in ("results.csv", "ballots.csv", "feedback.csv"))

    total = next(row for row in results if row["segment"] == "all")
    assert [total[name] for name in ("ballots", "support", "accept", "object", "pass")] == ["5", "2", "1", "1", "1"]
    assert total["poll_consensus"] == f"{(3 + 1) / (5 + 2):.4f}"
    assert sorted(row["answer"] for row in ballots) == ["accept", "object", "pass", "support", "support"]
    assert {row["segment"] for row in ballots} == {"academia"}
    assert len({row["pseudonym"] for row in ballots}) == 5
    assert [(row["kind"], row["segment"]) for row in words] == [("private", "academia"), ("thread", "undeclared")]
    assert [(row["answer"], row["segment"]) for row in rows(files["reasons.csv"])] == [("object", "academia")]


async def test_nothing_of_an_open_poll_is_in_the_files_but_that_it_was_opened(busy_house: House) -> None:
    files = await exported(busy_house)
    assert [name for name, content in files.items() if OTHER.encode() in content] == ["trace.csv"]
    assert [row["action"] for row in rows(files["trace.csv"]) if row["subject"] == OTHER] == ["poll_open"]


async def test_nobodys_id_or_name_is_in_the_files(busy_house: House) -> None:
    for what in ("everything", "polis"):
        for content in (await exported(busy_house, what=what)).values():
            for person in [busy_house.moderator, *busy_house._people.values()]:
                assert str(person.id).encode() not in content
                assert person.name.encode() not in content


async def test_no_text_of_a_persons_begins_a_formula(busy_house: House) -> None:
    files = await exported(busy_house)
    assert {row["text"] for row in rows(files["feedback.csv"])} == {
        "'@SUM(A1)",
        '\'\t=HYPERLINK("https://example.org")',
    }
    assert {row["text"] for row in rows(files["reasons.csv"])} == {"'=1+3"}
    assert {row["end_reason"] for row in rows(files["polls.csv"])} == {"'-2+3"}


async def test_an_empty_consultation_has_files_without_rows(open_house: House) -> None:
    files = await exported(open_house)
    assert set(files) == RECORD
    full = {name for name, content in files.items() if rows(content)}
    assert full == {"trace.csv", "participants.csv", "dictionary.csv"}


async def test_a_workbook_or_lines_of_json_can_be_asked_for(busy_house: House) -> None:
    files = await exported(busy_house, "published", format="xlsx")
    assert list(files) == ["consultation.xlsx"]
    book = openpyxl.load_workbook(io.BytesIO(files["consultation.xlsx"]))
    assert {f"{name}.csv" for name in book.sheetnames} == PUBLISHED
    lines = await exported(busy_house, "published", format="jsonl", what="results")
    assert set(lines) == {"results.jsonl", "choices.jsonl", "dictionary.jsonl"}
    assert json.loads(lines["results.jsonl"].splitlines()[0])["ballots"] == 5


async def test_the_files_for_polis_come_as_a_set(busy_house: House) -> None:
    assert set(await exported(busy_house, what="polis")) == {
        "summary.csv",
        "comments.csv",
        "votes.csv",
        "participant-votes.csv",
        "comment-groups.csv",
        "dictionary.csv",
    }


class Kept:
    """The house's store as the operator's command is given it: the house closes it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close(self) -> None:
        pass


async def exported_by_the_operator(house: House, folder: Path, options: dict[str, str]) -> dict[str, bytes]:
    """Return the files that `bot.py export` writes from the same store."""

    async def open_the_store(_settings: Settings) -> Any:
        return Kept(house.store)

    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    asked = bot._parser().parse_args(["export", str(folder), *words])
    wanted = taking_out.Wanted(Settings(), house.catalogue, asked.server, asked.language)
    kept = patch.object(taking_out, "open_the_store", open_the_store)
    with kept, patch.object(taking_out, "exists", lambda _url: True):
        await taking_out.export(wanted, bot._cut(asked), folder)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("tier", ["published", "record"])
@pytest.mark.parametrize(
    "options",
    [
        {"format": "csv"},
        {"format": "jsonl", "group": "stem"},
        {"format": "xlsx", "what": "results"},
        {"format": "xlsx", "what": "feedback", "since": "today"},
        {"format": "csv", "since": "today"},
        {"what": "polis"},
    ],
)
async def test_the_operator_gets_the_same_bytes_as_moderators(
    busy_house: House, tmp_path: Path, tier: str, options: dict[str, str]
) -> None:
    if "group" in options:
        options = options | {"group": busy_house.catalogue.recommendations[ON].group}
    title = {key: group.title.in_language("en") for key, group in busy_house.catalogue.groups.items()}
    typed = options | ({"group": title[options["group"]]} if "group" in options else {})
    named = options | ({"since": f"{busy_house.env.now():%Y-%m-%d}"} if "since" in options else {})

    ours = await exported(busy_house, tier, **typed)
    theirs = await exported_by_the_operator(busy_house, tmp_path / "files", named | {"tier": tier})

    for name in [name for name in ours if name.startswith("trace")]:
        *before, last = theirs.pop(name).splitlines()
        assert before == ours.pop(name).splitlines()
        # Theirs is noted as well, and in the same words but for who it was.
        assert b'"operator"' in last
        assert last.split(b'"export"')[1] == before[-1].split(b'"export"')[1]
    assert ours
    assert theirs == ours


@pytest.mark.parametrize("language", LANGUAGES)
async def test_single_ballots_are_refused_where_files_may_be_published(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    told = await open_house.moderator.slash(open_house.lobby, "export", what="ballots")
    assert said(told) == PHRASES.text("export.record_only", language)


async def test_a_group_and_a_day_choose_what_comes(busy_house: House) -> None:
    group = busy_house.catalogue.recommendations[ON].group
    title = busy_house.catalogue.groups[group].title.in_language("en")
    other = next(key for key in busy_house.catalogue.groups if key != group)
    for options, polls in (
        ({"group": title}, 1),
        ({"group": other}, 0),
        ({"since": "today"}, 1),
        ({"since": f"{busy_house.env.now():%Y-%m-%d}"}, 1),
    ):
        files = await exported(busy_house, what="polls", **options)
        assert len(rows(files["polls.csv"])) == polls, options
    found = await busy_house.moderator.autocomplete(busy_house.lobby, "export", "group", title[:5])
    assert title in [one["name"] for one in found]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_comes_whole_although_a_group_or_a_day_was_chosen_is_told(busy_house: House, language: str) -> None:
    busy_house.locales[busy_house.moderator.id] = language
    title = next(iter(busy_house.catalogue.groups.values())).title.in_language(language)
    since = f"{busy_house.env.now():%Y-%m-%d}"
    told = said(await busy_house.moderator.slash(busy_house.lobby, "export", group=title, since=since))
    assert told.splitlines()[1:] == [
        PHRASES.text("export.group_not_applied", language, tables="participants"),
        PHRASES.text("export.since_not_applied", language, tables="participants"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["the day the wheat ripens", "tomorrow"])
async def test_a_day_that_is_not_understood_or_lies_ahead_is_told(open_house: House, language: str, text: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    told = said(await open_house.moderator.slash(open_house.lobby, "export", since=text))
    assert told == PHRASES.text("export.since_unclear", language, text=text)


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Return what makes Discord take files of so many bytes at most."""
    usual = interactions.base_payload
    with ExitStack() as stack:

        def limit(size: int) -> None:
            def base_payload(*args: Any, **kwargs: Any) -> Any:
                record, payload = usual(*args, **kwargs)
                return record, {**payload, "attachment_size_limit": size}

            stack.enter_context(patch.object(interactions, "base_payload", base_payload))

        yield limit


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is told of progress, which here is told once at the beginning: in a test no time passes."""
    heard: list[str] = []
    tell, wait = replies.tell_progress, asyncio.wait

    async def listen(interaction: Any, sentence: str) -> None:
        heard.append(sentence)
        await tell(interaction, sentence)

    async def be_impatient(tasks: Any, *, timeout: float | None = None, **how: Any) -> Any:  # noqa: ASYNC109
        if timeout == replies.PATIENCE and not heard:
            return set(), tasks
        return await wait(tasks, timeout=timeout, **how)

    monkeypatch.setattr(asyncio, "wait", be_impatient)
    monkeypatch.setattr(replies, "tell_progress", listen)
    return heard


@pytest.mark.parametrize("language", LANGUAGES)
async def test_how_far_the_files_are_is_told_until_they_take_its_place(
    busy_house: House, told: list[str], language: str
) -> None:
    busy_house.locales[busy_house.moderator.id] = language
    answer = await busy_house.moderator.slash(busy_house.lobby, "export", format="xlsx")
    assert told[0] == PHRASES.text("export.progress", language, rows=0)
    assert [shown(one) for one in messages(answer)] == [PHRASES.text("export.done_published", language)]


async def test_nothing_is_left_of_the_progress_where_the_files_are_too_large(
    busy_house: House, told: list[str], limited: Callable[[int], None]
) -> None:
    limited(100)
    answer = await busy_house.moderator.slash(busy_house.lobby, "export")
    assert told
    assert [shown(one) for one in answer.followups] == [PHRASES.text("export.too_large", "en")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_that_are_written_again_in_parts_are_told_as_that(language: str) -> None:
    say = Speech(language)
    assert how_far(Progress(rows=7, attempt=2), say) == PHRASES.text("export.progress_again", language, rows=7)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_files_larger_than_discord_takes_come_in_parts_which_is_said_before(
    busy_house: House, limited: Callable[[int], None], language: str
) -> None:
    busy_house.locales[busy_house.moderator.id] = language
    plain = await exported(busy_house)
    limited(max(map(len, plain.values())) // 2)

    answer = await busy_house.moderator.slash(busy_house.lobby, "export", tier="record")

    first, *later = messages(answer)
    assert first.attachments == []
    assert shown(first).endswith(PHRASES.text("export.parts", language, count=len(later), megabytes=1))
    assert [shown(one) for one in later] == [
        PHRASES.text("export.part", language, number=number, parts=len(later)) for number in range(1, len(later) + 1)
    ]
    files = {file.filename: await file.read() for one in later for file in one.attachments}
    assert {"dictionary-1.csv", "dictionary-2.csv", "results.csv"} <= set(files)
    numbered = [files[name] for name in sorted(files, key=len) if name.startswith("dictionary")]
    assert [row for content in numbered for row in rows(content)] == rows(plain["dictionary.csv"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_files_that_cannot_be_cut_so_small_get_a_sentence(
    open_house: House, limited: Callable[[int], None], language: str
) -> None:
    limited(100)
    open_house.locales[open_house.moderator.id] = language
    told = said(await open_house.moderator.slash(open_house.lobby, "export"))
    assert told == PHRASES.text("export.too_large", language)


async def test_before_setup_there_is_nothing_to_take_out(house: House) -> None:
    told = said(await house.moderator.slash(house.lobby, "export"))
    assert told == PHRASES.text("setup.missing", "en")


async def test_the_moderator_role_that_setup_made_is_enough(open_house: House) -> None:
    role = open_house.guild.roles[PHRASES.text("setup.moderators", "en")]
    helper = open_house.guild.add_member(open_house.env.create_user("hugo-helper"), roles=[role])
    told = await helper.slash(open_house.lobby, "export")
    assert {file.filename for file in answered(told).attachments} == PUBLISHED


async def test_what_moderators_did_is_in_the_files_with_the_export_itself(busy_house: House) -> None:
    trace = rows((await exported(busy_house))["trace.csv"])

    assert [(row["action"], row["subject"]) for row in trace] == [
        ("setup", "en"),
        ("open", ""),
        ("poll_open", ON),
        ("poll_open", OTHER),
        ("poll_close", ON),
        ("export", "everything record csv"),
    ]
    assert {row["role"] for row in trace} == {"administrator"}
    assert len({row["pseudonym"] for row in trace}) == 1
    assert trace[4]["reason"] == "'-2+3"

"""Taking out: who gets the record, what stands in it, and what happens where it is large."""

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import discord
import pytest
from simcord import interactions

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from tests.cogs.conftest import House, answered, said

ON = "stem-orientation"
OTHER = "unlock-health-data"
FILES = {"results.csv", "ballots.csv", "feedback.csv", "questions.csv", "answers.csv", "trace.csv"}


async def exported(house: House) -> dict[str, bytes]:
    """Return the files that the moderator gets, by name."""
    answer = await house.moderator.slash(house.lobby, "export")
    assert answer.ephemeral
    return {file.filename: await file.read() for file in answered(answer).attachments}


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
async def test_only_moderators_are_given_the_record(open_house: House, language: str) -> None:
    assert "export" not in open_house.member("zoe-example").available_commands(open_house.lobby)
    # Discord shows the command to whoever manages threads; that makes nobody a moderator of the consultation.
    threads = open_house.guild.create_role("Threads", permissions=discord.Permissions(manage_threads=True))
    keeper = open_house.guild.add_member(open_house.env.create_user("thea-threads"), roles=[threads])
    open_house.locales[keeper.id] = language
    told = await keeper.slash(open_house.lobby, "export")
    assert said(told) == PHRASES.text("moderator.only", language)
    assert answered(told).attachments == []


async def test_the_record_is_private_and_summed_up_in_the_moderators_language(busy_house: House) -> None:
    busy_house.locales[busy_house.moderator.id] = "nl"
    told = await busy_house.moderator.slash(busy_house.lobby, "export")
    assert said(told) == PHRASES.text("export.done", "nl", polls=1, feedback=2)
    assert {file.filename for file in answered(told).attachments} == FILES


async def test_every_number_in_the_files_is_what_was_done(busy_house: House) -> None:
    files = await exported(busy_house)
    results, ballots, words = (rows(files[name]) for name in ("results.csv", "ballots.csv", "feedback.csv"))

    total = next(row for row in results if row["segment"] == "all")
    assert [total[name] for name in ("ballots", "support", "accept", "object", "pass")] == ["5", "2", "1", "1", "1"]
    assert total["poll_consensus"] == f"{(3 + 1) / (5 + 2):.4f}"
    assert sorted(row["position"] for row in ballots) == ["accept", "object", "pass", "support", "support"]
    assert {row["segment"] for row in ballots} == {"academia"}
    assert len({row["pseudonym"] for row in ballots}) == 5
    assert [(row["kind"], row["segment"]) for row in words] == [
        ("private", "academia"),
        ("thread", "undeclared"),
        ("objection", "academia"),
    ]


async def test_nothing_of_an_open_poll_is_in_the_files_but_that_it_was_opened(busy_house: House) -> None:
    files = await exported(busy_house)
    assert [name for name, content in files.items() if OTHER.encode() in content] == ["trace.csv"]
    assert [row["action"] for row in rows(files["trace.csv"]) if row["subject"] == OTHER] == ["poll_open"]


async def test_nobodys_id_or_name_is_in_the_files(busy_house: House) -> None:
    for content in (await exported(busy_house)).values():
        for person in [busy_house.moderator, *busy_house._people.values()]:
            assert str(person.id).encode() not in content
            assert person.name.encode() not in content


async def test_no_text_of_a_persons_begins_a_formula(busy_house: House) -> None:
    files = await exported(busy_house)
    written = {row["text"] for row in rows(files["feedback.csv"])}
    assert written == {"'@SUM(A1)", '\'\t=HYPERLINK("https://example.org")', "'=1+3"}
    assert {row["end_reason"] for row in rows(files["results.csv"])} == {"'-2+3"}


async def test_an_empty_consultation_has_an_empty_record(open_house: House) -> None:
    files = await exported(open_house)
    assert set(files) == FILES
    assert all(rows(content) == [] for name, content in files.items() if name != "trace.csv")


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what makes Discord take files of so many bytes at most."""
    usual = interactions.base_payload

    def limit(size: int) -> None:
        def base_payload(*args: Any, **kwargs: Any) -> Any:
            record, payload = usual(*args, **kwargs)
            return record, {**payload, "attachment_size_limit": size}

        monkeypatch.setattr(interactions, "base_payload", base_payload)

    return limit


async def test_files_larger_than_discord_takes_are_packed(busy_house: House, limited: Callable[[int], None]) -> None:
    plain = await exported(busy_house)
    limited(sum(map(len, plain.values())) - 1)
    packed = await exported(busy_house)

    assert list(packed) == ["export.zip"]
    with zipfile.ZipFile(io.BytesIO(packed["export.zip"])) as archive:
        packed_files = {name: archive.read(name) for name in archive.namelist()}
    # The second export is one more thing that was done.
    assert packed_files.pop("trace.csv").startswith(plain.pop("trace.csv"))
    assert packed_files == plain


@pytest.mark.parametrize("language", LANGUAGES)
async def test_files_too_large_even_when_packed_get_a_sentence(
    open_house: House, limited: Callable[[int], None], language: str
) -> None:
    limited(100)
    open_house.locales[open_house.moderator.id] = language
    told = said(await open_house.moderator.slash(open_house.lobby, "export"))
    assert told == PHRASES.text("export.too_large", language, megabytes=0)


async def test_before_setup_there_is_no_record(house: House) -> None:
    told = said(await house.moderator.slash(house.lobby, "export"))
    assert told == PHRASES.text("setup.missing", "en")


async def test_the_moderator_role_that_setup_made_is_enough(open_house: House) -> None:
    role = open_house.guild.roles[PHRASES.text("setup.moderators", "en")]
    helper = open_house.guild.add_member(open_house.env.create_user("hugo-helper"), roles=[role])
    told = await helper.slash(open_house.lobby, "export")
    assert {file.filename for file in answered(told).attachments} == FILES


async def test_what_moderators_did_is_in_the_files_with_the_export_itself(busy_house: House) -> None:
    trace = rows((await exported(busy_house))["trace.csv"])

    assert [(row["action"], row["subject"]) for row in trace] == [
        ("setup", "en"),
        ("open", ""),
        ("poll_open", ON),
        ("poll_open", OTHER),
        ("poll_close", ON),
        ("export", "results.csv, ballots.csv, feedback.csv, questions.csv, answers.csv, trace.csv"),
    ]
    assert {row["role"] for row in trace} == {"administrator"}
    assert len({row["pseudonym"] for row in trace}) == 1
    assert trace[4]["reason"] == "'-2+3"

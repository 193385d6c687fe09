"""What is promised to people must hold for somebody who has the whole database file, but not the key."""

import asyncio
import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from models import (
    blocks,
    feedback,
    notices,
    outcomes,
    participants,
    polls,
    review,
    statement_review,
    statements,
    trace,
)
from models.ballot_record import recorded_ballots
from models.records import Ballot, Decision, Moderator, ModeratorRole, Position, Quotation
from models.sealing import pseudonym

PEOPLE = [812_345_678_901_234_567, 99_000_000_000_000_011, 1_234_567_890_123_456_789]


async def fill(store, box, consultation, poll):
    """Let everybody do everything the store remembers."""
    async with store.write() as session:
        for number, person in enumerate(PEOPLE):
            await participants.join(session, consultation.id, person, "industry", ["research"])
            await participants.choose_language(session, person, "fr")
            await feedback.record_message(
                session,
                consultation,
                message_id=500 + number,
                user_id=person,
                text=f"Public thought {number}.",
                group="research",
                recommendation="shared-data",
                given_at=session.now(),
            )
            await feedback.give_private(
                session,
                consultation,
                submission=600 + number,
                user_id=person,
                text=f"Private thought {number}.",
                quotation=Quotation.NOT,
                group=None,
                recommendation=None,
            )
            draft = await statements.keep_draft(
                session,
                consultation,
                submission=700 + number,
                user_id=person,
                group="research",
                recommendation=None,
                language="en",
                text=f"Proposed thought {number}.",
                why="It would help.",
            )
            sent = await statements.send(session, person, draft.id)
            await statement_review.reject(session, consultation.id, sent.id, sent.version, "Said before.")
            blocked = await blocks.block(session, consultation.id, person)
            moderator = Moderator(person, ModeratorRole.MODERATOR)
            await trace.record(session, consultation.id, moderator, "block", blocked, "A reason.")
            for subject in ("shared-data", "training"):
                await notices.add(session, consultation.id, person, f"outcome {subject}", "outcome.notice")
            await answer_and_decide(session, consultation, moderator, 500 + number)
    for position in (Position.SUPPORT, Position.OBJECT):
        await asyncio.gather(
            *(box.cast(Ballot(poll.id, person, "industry", position, f"Because {position}.")) for person in PEOPLE)
        )


async def answer_and_decide(session, consultation, moderator, message_id):
    """Let a moderator give a message a theme, answer it in public and decide."""
    given = await feedback.all_feedback(session, consultation.id)
    one = next(one for one in given if one.message_id == message_id)
    opened = await review.add_themes(session, consultation.id, moderator, one.reference, ["Money"])
    version = opened.feedback.version
    _, answer = await review.begin_reply(
        session, consultation.id, moderator, one.reference, version, 800 + message_id, "Thank you."
    )
    assert answer is not None
    await review.reply_posted(session, answer.id, 10, 900 + message_id)
    await outcomes.decide(session, consultation, moderator, "shared-data", Decision.ADOPTED, "It costs little.")


@pytest.fixture
async def folder(store, box, consultation, poll, store_file: Path):
    """The folder of a store in which everybody did everything, as a thief finds it while the bot runs."""
    await fill(store, box, consultation, poll)
    return store_file.parent


def everything_in(folder: Path) -> bytes:
    return b"\x00".join(file.read_bytes() for file in sorted(folder.iterdir()))


def rows_of(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(folder / "consultation.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608


def encodings(user_id: int) -> set[bytes]:
    """Return every way in which somebody might have written an id down."""
    decimal = str(user_id).encode()
    raw = {user_id.to_bytes(8, "big"), user_id.to_bytes(8, "little")}
    written = {decimal, str(user_id).encode("utf-16-le"), *raw}
    for form in (decimal, *raw):
        written |= {form.hex().encode(), form.hex().upper().encode(), base64.b32encode(form).rstrip(b"=")}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            written.add(encode(form).rstrip(b"="))
    return written | {f"{user_id:x}".encode(), f"{user_id:X}".encode()}


@pytest.mark.parametrize("person", PEOPLE)
def test_the_search_would_find_an_id_that_was_stored(tmp_path, person):
    for number, plain in enumerate([str(person), person, person.to_bytes(8, "big")]):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as connection:
            connection.execute("CREATE TABLE members (id)")
            connection.execute("INSERT INTO members VALUES (?)", (plain,))
            connection.commit()
        content = (tmp_path / f"{number}.db").read_bytes()
        assert any(encoded in content for encoded in encodings(person))


@pytest.mark.parametrize("person", PEOPLE)
def test_no_file_of_the_store_holds_an_id_in_any_encoding(folder, person):
    content = everything_in(folder)

    assert [encoded for encoded in encodings(person) if encoded in content] == []


@pytest.mark.parametrize("person", PEOPLE)
def test_no_value_in_any_table_holds_an_id_in_any_encoding(folder, person):
    for table, rows in rows_of(folder).items():
        for value in (value for row in rows for value in row):
            stored = value if isinstance(value, bytes) else str(value).encode()
            assert not any(encoded in stored for encoded in encodings(person)), table
            assert value != person


async def test_no_seal_of_one_purpose_is_a_seal_of_another(folder):
    rows = rows_of(folder)
    with closing(sqlite3.connect(folder / "consultation.db")) as connection:
        by_purpose = {
            name: {seal for (seal,) in connection.execute(query)}
            for name, query in {
                "membership": "SELECT seal FROM participants",
                "preference": "SELECT seal FROM preferences",
                "ballot": "SELECT seal FROM ballots",
                "thread": "SELECT seal FROM feedback WHERE kind = 'thread'",
                "private": "SELECT seal FROM feedback WHERE kind = 'private'",
                "statement": "SELECT seal FROM statements",
                "notice": "SELECT seal FROM notices WHERE about = 'outcome training'",
                "another notice": "SELECT seal FROM notices WHERE about = 'outcome shared-data'",
                "proposal's notice": "SELECT seal FROM notices WHERE about = 'proposals'",
                "block": "SELECT seal FROM blocks",
                "trace": "SELECT seal FROM trace",
            }.items()
        }

    assert {name: len(seals) for name, seals in by_purpose.items()} == dict.fromkeys(by_purpose, len(PEOPLE))
    assert len(set.union(*by_purpose.values())) == len(PEOPLE) * len(by_purpose)
    assert len(rows["ballot_changes"]) == 2 * len(PEOPLE)
    for table in ("notices", "outcomes", "themes", "feedback_themes", "feedback_replies"):
        assert rows[table], "let somebody do in `fill` what fills this table"


async def test_all_pseudonyms_of_a_person_differ(store, box, consultation, poll, wording):
    await fill(store, box, consultation, poll)
    async with store.write() as session:
        second = await polls.open_poll(session, consultation, "training", "talent", wording, None)
    await box.cast(Ballot(second.id, PEOPLE[0], "industry", Position.PASS))
    async with store.write() as session:
        ended = [await polls.end(session, one.id, "Settled elsewhere.") for one in (poll, second)]

    async with store.read() as session:
        in_ballots = [
            name for one in ended for block in await recorded_ballots(session, one) for _, _, name, *_ in block
        ]
        in_words = [given.pseudonym for given in await feedback.all_feedback(session, consultation.id)]
    in_memory = [pseudonym(seal) for _, seal in store.memory.participants]
    names = in_ballots + in_words + in_memory

    assert len(names) == (3 + 1) + (3 + 3) + 3
    assert len(set(names)) == len(names)


async def test_what_was_deleted_or_replaced_is_in_no_file_once_the_store_is_closed(
    store, box, consultation, poll, store_file
):
    await fill(store, box, consultation, poll)
    async with store.write() as session:
        await feedback.edit_message(session, consultation.id, 500, "Said otherwise.")
        await feedback.delete_messages(session, consultation.id, [500])
    for person in PEOPLE:
        await box.cast(Ballot(poll.id, person, "industry", Position.SUPPORT))
    await store.close()

    content = everything_in(store_file.parent)
    assert b"Public thought 2." in content
    for gone in (b"Public thought 0.", b"Said otherwise.", b"Because support.", b"Because object."):
        assert gone not in content

"""Notices: what somebody is to be told once, such as what became of their proposal.

A notice waits until its person does something, or asked for messages and gets one. Taking it is all that is stored of
its having been told. Its seal is bound to what it is about, so that without the key no two of them about different
things are known for one person's: who voted on one recommendation under a seal, and wrote on another under their name,
would be named by the two. A person's notices are found by sealing them for all that something waits about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from models.records import REMINDER, Notice
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import NoticeRow
from models.upsert import upsert

SEALS_AT_ONCE = 10_000  # of the 32,766 variables that SQLite takes in a statement


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody for whom notices wait in one consultation."""

    consultation_id: int
    user_id: int


async def add(
    session: UnitOfWork,
    consultation_id: int,
    user_id: int,
    about: str,
    phrase: str,
    /,
    *,
    way: tuple[str, str] | None = None,
    **values: str | int | Mapping[str, str],
) -> None:
    """Let somebody be told a phrase with these values, once.

    `about` is what it is about: notices about two things that may not be known for one person's have two of them.
    A value that is a text by language is told in the reader's. What people wrote may stand in values as it is: it is
    made harmless when it is shown. Numbers are shown as they are, so that a phrase may hold `<#{channel}>`. `way` is a
    button under it: the phrase of its label, and its custom id.
    """
    await _add(session, Addressee(consultation_id, user_id), [Notice(phrase, values, way, session.now(), about)])


async def take(session: UnitOfWork, consultation_id: int, user_id: int) -> list[Notice]:
    """Return what waits to be told to somebody, oldest first; it is not returned again."""
    return (await take_all(session, [Addressee(consultation_id, user_id)]))[0]


async def take_all(session: UnitOfWork, asked: Sequence[Addressee]) -> list[list[Notice]]:
    """Return what waits to be told to each of several people; of two who are the same, the first gets it."""
    waiting = [session.memory.notices_for(session.sealer, one.consultation_id, one.user_id) for one in asked]
    seals = list(dict.fromkeys(seal for theirs in waiting for seal in theirs))
    taken: dict[bytes, list[NoticeRow]] = {}
    for start in range(0, len(seals), SEALS_AT_ONCE):
        some = seals[start : start + SEALS_AT_ONCE]
        for row in await session.scalars(delete(NoticeRow).where(NoticeRow.seal.in_(some)).returning(NoticeRow)):
            taken.setdefault(row.seal, []).append(row)
    session.after_commit(lambda memory: memory.drop_notices(seals))
    every = ([row for seal in theirs for row in taken.pop(seal, ())] for theirs in waiting)
    return [[_record(row) for row in sorted(rows, key=_order)] for rows in every]


async def forget(session: UnitOfWork, consultation_id: int, user_id: int) -> None:
    """Take away whatever waits for somebody, untold."""
    seals = seals_of(session, Addressee(consultation_id, user_id))
    await session.execute(delete(NoticeRow).where(NoticeRow.seal.in_(seals)))
    session.after_commit(lambda memory: memory.drop_notices(seals))


def seals_of(session: UnitOfWork, addressee: Addressee) -> list[bytes]:
    """Return the seals under which anything may wait for somebody, messages of reminders included."""
    place, user = addressee.consultation_id, addressee.user_id
    reminder = session.sealer.seal(Purpose.NOTICE, user, place, REMINDER)
    return [*session.memory.notices_for(session.sealer, place, user), reminder]


async def put_back(session: UnitOfWork, addressee: Addressee, notices: Iterable[Notice]) -> None:
    """Let wait again what could not be told, once however often it is done; no direct message is tried for it again."""
    await _add(session, addressee, notices, message_tried=True)


async def to_write_to(session: UnitOfWork) -> list[Addressee]:
    """Return those who asked for messages and are to get one, each once, who waits longest first."""
    rows = await session.execute(
        select(NoticeRow.consultation_id, NoticeRow.about, NoticeRow.seal)
        .where(NoticeRow.message_tried.is_(False), NoticeRow.phrase != REMINDER)
        .order_by(NoticeRow.made_at, NoticeRow.id)
    )
    waiting = (Addressee(place, session.sealer.open(Purpose.NOTICE, seal, place, about)) for place, about, seal in rows)
    return [one for one in dict.fromkeys(waiting) if wants_message(session, one)]


def wants_message(session: UnitOfWork, addressee: Addressee) -> bool:
    """Say whether somebody asked for direct messages."""
    consultation_id = addressee.consultation_id
    seal = session.sealer.seal(Purpose.MEMBERSHIP, addressee.user_id, consultation_id)
    participant = session.memory.participants.get((consultation_id, seal))
    return participant is not None and participant.wants_messages


async def _add(
    session: UnitOfWork, addressee: Addressee, notices: Iterable[Notice], *, message_tried: bool = False
) -> None:
    for notice in notices:
        seal = session.sealer.seal(Purpose.NOTICE, addressee.user_id, addressee.consultation_id, notice.about)
        row = {
            "id": notice.id,
            "consultation_id": addressee.consultation_id,
            "about": notice.about,
            "seal": seal,
            "phrase": notice.phrase,
            "values": dict(notice.values),
            "way": list(notice.way) if notice.way else None,
            "message_tried": message_tried,
            "made_at": notice.made_at,
        }
        await session.execute(upsert(session, NoticeRow, [row], unique=("id",), replace=()))
        kept = (addressee.consultation_id, notice.about, seal)
        session.after_commit(lambda memory, kept=kept: memory.keep_notice(*kept))  # type: ignore[misc]


def _order(row: NoticeRow) -> tuple[datetime, str, int]:
    return row.made_at, row.about, row.id


def _record(row: NoticeRow) -> Notice:
    return Notice(row.phrase, row.values, (row.way[0], row.way[1]) if row.way else None, row.made_at, row.about, row.id)

"""Notices: what somebody is to be told once, such as what became of their proposal.

A notice waits until its person does something, or asked for messages and gets one. Taking it is all that is stored of
its having been told. Its seal has a purpose of its own, so that without the key it leads to no membership and no
ballot; what is written into its values may lead further, so they hold no more than what is told.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from models.records import REMINDER, Notice
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import NoticeRow

ID_BITS = 62


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody for whom notices wait in one consultation."""

    consultation_id: int
    user_id: int


async def add(
    session: UnitOfWork,
    consultation_id: int,
    user_id: int,
    phrase: str,
    /,
    *,
    way: tuple[str, str] | None = None,
    **values: str | int | Mapping[str, str],
) -> None:
    """Let somebody be told a phrase with these values, once.

    A value that is a text by language is told in the reader's. What people wrote may stand in values as it is: it is
    made harmless when it is shown. Numbers are shown as they are, so that a phrase may hold `<#{channel}>`. `way` is a
    button under it: the phrase of its label, and its custom id.
    """
    _add(session, Addressee(consultation_id, user_id), [Notice(phrase, values, way, session.now())])


async def take(session: UnitOfWork, consultation_id: int, user_id: int) -> list[Notice]:
    """Return what waits to be told to somebody, oldest first; it is not returned again."""
    return (await take_all(session, [Addressee(consultation_id, user_id)]))[0]


async def take_all(session: UnitOfWork, asked: Sequence[Addressee]) -> list[list[Notice]]:
    """Return what waits to be told to each of several people; of two who are the same, the first gets it."""
    seals = [_seal(session, one) for one in asked]
    rows = await session.scalars(
        delete(NoticeRow).where(NoticeRow.seal.in_(set(seals)), NoticeRow.phrase != REMINDER).returning(NoticeRow)
    )
    taken: dict[bytes, list[Notice]] = {}
    for row in sorted(rows, key=lambda row: (row.made_at, row.id)):
        taken.setdefault(row.seal, []).append(_record(row))
    session.after_commit(lambda memory: memory.notices.difference_update(seals))
    return [taken.pop(seal, []) for seal in seals]


async def forget(session: UnitOfWork, consultation_id: int, user_id: int) -> None:
    """Take away whatever waits for somebody, untold."""
    seal = _seal(session, Addressee(consultation_id, user_id))
    await session.execute(delete(NoticeRow).where(NoticeRow.seal == seal))
    session.after_commit(lambda memory: memory.notices.discard(seal))


async def put_back(session: UnitOfWork, addressee: Addressee, notices: Iterable[Notice]) -> None:
    """Let wait again what could not be told; no direct message is tried for it again."""
    _add(session, addressee, notices, message_tried=True)


async def to_write_to(session: UnitOfWork) -> list[Addressee]:
    """Return those who asked for messages and are to get one, each once, who waits longest first."""
    rows = await session.execute(
        select(NoticeRow.consultation_id, NoticeRow.seal)
        .where(NoticeRow.message_tried.is_(False), NoticeRow.phrase != REMINDER)
        .order_by(NoticeRow.made_at, NoticeRow.id)
    )
    waiting = (
        Addressee(consultation_id, session.sealer.open(Purpose.NOTICE, seal, consultation_id))
        for consultation_id, seal in dict.fromkeys((row.consultation_id, row.seal) for row in rows)
    )
    return [one for one in waiting if wants_message(session, one)]


def wants_message(session: UnitOfWork, addressee: Addressee) -> bool:
    """Say whether somebody asked for direct messages."""
    consultation_id = addressee.consultation_id
    seal = session.sealer.seal(Purpose.MEMBERSHIP, addressee.user_id, consultation_id)
    participant = session.memory.participants.get((consultation_id, seal))
    return participant is not None and participant.wants_messages


def _add(session: UnitOfWork, addressee: Addressee, notices: Iterable[Notice], *, message_tried: bool = False) -> None:
    seal = _seal(session, addressee)
    for notice in notices:
        session.add(
            NoticeRow(
                id=secrets.randbits(ID_BITS),
                consultation_id=addressee.consultation_id,
                seal=seal,
                phrase=notice.phrase,
                values=dict(notice.values),
                way=list(notice.way) if notice.way else None,
                message_tried=message_tried,
                made_at=notice.made_at,
            )
        )
        session.after_commit(lambda memory: memory.notices.add(seal))


def _seal(session: UnitOfWork, addressee: Addressee) -> bytes:
    return session.sealer.seal(Purpose.NOTICE, addressee.user_id, addressee.consultation_id)


def _record(row: NoticeRow) -> Notice:
    return Notice(row.phrase, row.values, (row.way[0], row.way[1]) if row.way else None, row.made_at)

"""Use cases on people: for which segment they speak, in which groups, and in which language."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.errors import ConsultationError
from models.group_commit import GroupCommit
from models.memory import participant_record
from models.records import ID_BITS, Participant
from models.sealing import Purpose
from models.store import Store, UnitOfWork
from models.tables import ParticipantRow, Preference
from models.upsert import upsert


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody declares, and what their roles stand for.

    None leaves a thing as it was: at first no segment ('') and no messages.
    """

    consultation_id: int
    user_id: int
    segment: str | None
    groups: tuple[str, ...]
    wants_messages: bool | None = None
    role_segment: str | None = None


class Register:
    """Takes in people who join, any number at once: a vote that many cast first of all makes them all join."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commit: GroupCommit[Joining, Participant] = GroupCommit(store, join_all)

    async def join(self, joining: Joining) -> Participant:
        """Store what somebody declares and return once it is committed.

        Raises ConsultationError where the consultation's people were forgotten: nobody would forget this one.
        """
        consultation = self._store.memory.consultation(joining.consultation_id)
        if consultation is not None and consultation.forgotten_at is not None:
            raise ConsultationError("consultation.forgotten")
        return await self._commit.submit(joining)

    async def drain(self) -> None:
        """Wait until everybody who joined is stored."""
        await self._commit.drain()


async def join(
    session: UnitOfWork,
    consultation_id: int,
    user_id: int,
    segment: str,
    groups: Iterable[str],
    *,
    wants_messages: bool | None = None,
) -> Participant:
    """Keep for whom somebody speaks and where they take part; ballots already cast keep their segment."""
    joining = Joining(consultation_id, user_id, segment, tuple(groups), wants_messages)
    return (await join_all(session, [joining]))[0]


async def join_all(session: UnitOfWork, joining: Sequence[Joining]) -> list[Participant]:
    """Keep what several people declare; of one person's declarations the last counts."""
    seals = [session.sealer.seal(Purpose.MEMBERSHIP, one.user_id, one.consultation_id) for one in joining]
    newest = {(one.consultation_id, seal): one for one, seal in zip(joining, seals, strict=True)}
    together: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for (_, seal), one in newest.items():
        together.setdefault(_replaced(one), []).append(_row(one, seal, session.now()))
    stored: dict[tuple[int, bytes], Participant] = {}
    for columns, values in together.items():
        stored |= await _upsert(session, values, columns)
    session.after_commit(lambda memory: memory.participants.update(stored))
    return [stored[one.consultation_id, seal] for one, seal in zip(joining, seals, strict=True)]


async def _upsert(
    session: UnitOfWork, values: list[dict[str, Any]], replaced: Sequence[str]
) -> dict[tuple[int, bytes], Participant]:
    statement = upsert(session, ParticipantRow, values, unique=("consultation_id", "seal"), replace=replaced)
    rows = await session.scalars(
        statement.returning(ParticipantRow),
        # The session may hold a row as it was before.
        execution_options={"populate_existing": True},
    )
    return {(row.consultation_id, row.seal): participant_record(row) for row in rows}


def _replaced(joining: Joining) -> tuple[str, ...]:
    """Return the columns that what somebody declares takes the place of."""
    given = {name: getattr(joining, name) for name in ("segment", "wants_messages", "role_segment")}
    return ("groups", *(name for name, value in given.items() if value is not None))


def _row(joining: Joining, seal: bytes, now: datetime) -> dict[str, Any]:
    return {
        # Numbered by chance: in the order of joining, the rows would stand as the ballots do for which people joined.
        "id": secrets.randbits(ID_BITS),
        "consultation_id": joining.consultation_id,
        "seal": seal,
        "segment": joining.segment or "",
        "groups": sorted(joining.groups),
        "wants_messages": bool(joining.wants_messages),
        "role_segment": joining.role_segment or "",
        "joined_at": now.replace(hour=0, minute=0, second=0, microsecond=0),
    }


async def choose_language(session: UnitOfWork, user_id: int, language: str) -> None:
    """Keep the language somebody wants to be answered in, everywhere."""
    seal = session.sealer.seal(Purpose.PREFERENCE, user_id)
    await session.execute(
        upsert(session, Preference, [{"seal": seal, "language": language}], unique=("seal",), replace=("language",))
    )
    session.after_commit(lambda memory: memory.languages.update({seal: language}))

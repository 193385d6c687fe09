"""For which segment somebody speaks, by what the consultation or a poll lets count; and what moderators confirm.

What is decided here is written on each ballot when it is cast, and nothing changes it there.
"""

from collections.abc import Collection

from sqlalchemy import delete, select

from models.memory import Memory
from models.records import NO_ROLE, NOT_CONFIRMED, NOT_DECLARED, Consultation, SegmentSource
from models.sealing import Purpose, Sealer, pseudonym
from models.store import UnitOfWork
from models.tables import ConfirmationRow, ParticipantRow
from models.upsert import upsert


def segment_of(
    memory: Memory,
    sealer: Sealer,
    consultation: Consultation,
    source: SegmentSource,
    user_id: int,
    roles: Collection[int] | None,
) -> str | None:
    """Return the segment under which what somebody does now is kept, None where it is not known.

    `roles` are the ids of their roles, None where those are not known. Of several roles that stand for different
    segments the one that moderators mapped first counts: a rule that is the same for everybody, that moderators see
    and set, and that costs nobody their vote.
    """
    match source:
        case SegmentSource.DECLARED:
            membership = sealer.seal(Purpose.MEMBERSHIP, user_id, consultation.id)
            participant = memory.participants.get((consultation.id, membership))
            return participant.segment or None if participant else None
        case SegmentSource.ROLES:
            if roles is None:
                return None
            return next((segment for role, segment in consultation.segment_roles.items() if role in roles), NO_ROLE)
        case SegmentSource.CONFIRMED:
            seal = sealer.seal(Purpose.CONFIRMATION, user_id, consultation.id)
            return memory.confirmed.get((consultation.id, seal), NOT_CONFIRMED)


async def confirm(session: UnitOfWork, consultation_id: int, user_id: int, segment: str | None) -> str:
    """Keep the segment that a moderator confirms for somebody, or with None take a confirmation back.

    It counts for ballots cast from now on. Returns the pseudonym under which the trace names the person, which is
    found nowhere else.
    """
    seal = session.sealer.seal(Purpose.CONFIRMATION, user_id, consultation_id)
    key = (consultation_id, seal)
    if segment is None:
        await session.execute(
            delete(ConfirmationRow).where(
                ConfirmationRow.consultation_id == consultation_id, ConfirmationRow.seal == seal
            )
        )
        session.after_commit(lambda memory: _forget(memory, key))
    else:
        row = {"consultation_id": consultation_id, "seal": seal, "segment": segment}
        unique = ("consultation_id", "seal")
        await session.execute(upsert(session, ConfirmationRow, [row], unique=unique, replace=("segment",)))
        session.after_commit(lambda memory: memory.confirmed.update({key: segment}))
    return pseudonym(seal)


async def of_participants(session: UnitOfWork, consultation_id: int, source: SegmentSource) -> dict[bytes, str]:
    """Return for which segment each participant speaks, by their membership seal, as the rows of results are named.

    Where roles count, it is as the bot last saw them. Nothing of this leaves `models`, except as numbers.
    """
    rows = await session.execute(
        select(ParticipantRow.seal, ParticipantRow.segment, ParticipantRow.role_segment).where(
            ParticipantRow.consultation_id == consultation_id
        )
    )
    match source:
        case SegmentSource.DECLARED:
            return {seal: declared or NOT_DECLARED for seal, declared, _ in rows}
        case SegmentSource.ROLES:
            return {seal: seen or NO_ROLE for seal, _, seen in rows}
        case SegmentSource.CONFIRMED:
            return {seal: _confirmed(session, consultation_id, seal) for seal, _, _ in rows}


def _confirmed(session: UnitOfWork, consultation_id: int, membership: bytes) -> str:
    user_id = session.sealer.open(Purpose.MEMBERSHIP, membership, consultation_id)
    seal = session.sealer.seal(Purpose.CONFIRMATION, user_id, consultation_id)
    return session.memory.confirmed.get((consultation_id, seal), NOT_CONFIRMED)


def _forget(memory: Memory, key: tuple[int, bytes]) -> None:
    memory.confirmed.pop(key, None)

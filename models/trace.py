"""The trace: what moderators did, and why.

It is written in the transaction of what it tells of, and only ever added to: the database refuses any other change.
"""

from sqlalchemy import Select, select

from models.records import Moderator, ModeratorRole, TraceEntry
from models.sealing import Purpose, pseudonym
from models.store import UnitOfWork
from models.tables import TraceRow


async def record(
    session: UnitOfWork,
    consultation_id: int,
    moderator: Moderator,
    action: str,
    subject: str = "",
    reason: str | None = None,
) -> None:
    """Note what a moderator does, in the same transaction, so that nothing is done without its trace.

    `action` is the command as its phrases name it, such as `poll_close`; `subject` the key or the reference of what
    it was done to, at most 200 characters.
    """
    session.add(
        TraceRow(
            consultation_id=consultation_id,
            seal=session.sealer.seal(Purpose.TRACE, moderator.user_id, consultation_id),
            role=moderator.role.value,
            action=action,
            subject=subject,
            reason=reason,
            done_at=session.now(),
        ),
    )


async def entries(session: UnitOfWork, consultation_id: int) -> list[TraceEntry]:
    """Return everything that moderators did in a consultation, oldest first."""
    return [_entry(row) for row in await session.scalars(_rows_of(consultation_id).order_by(TraceRow.id))]


async def newest(
    session: UnitOfWork,
    consultation_id: int,
    limit: int,
    *,
    before: int | None = None,
    action: str | None = None,
    moderator: str | None = None,
) -> list[TraceEntry]:
    """Return up to `limit` entries, newest first: those before the entry `before`, of one action or one moderator.

    A moderator is named by their pseudonym; None asks for all.
    """
    wanted = _rows_of(consultation_id).order_by(TraceRow.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(TraceRow.id < before)
    if action is not None:
        wanted = wanted.where(TraceRow.action == action)
    if moderator is not None:
        seals = [seal for seal in await _seals(session, consultation_id) if pseudonym(seal) == moderator]
        wanted = wanted.where(TraceRow.seal.in_(seals))
    return [_entry(row) for row in await session.scalars(wanted)]


async def actions(session: UnitOfWork, consultation_id: int) -> list[str]:
    """Return which actions there are entries of, in the order of their names."""
    return sorted(
        await session.scalars(select(TraceRow.action).where(TraceRow.consultation_id == consultation_id).distinct())
    )


async def moderators(session: UnitOfWork, consultation_id: int) -> list[str]:
    """Return the pseudonyms of those who did something."""
    return sorted(map(pseudonym, await _seals(session, consultation_id)))


async def _seals(session: UnitOfWork, consultation_id: int) -> list[bytes]:
    return list(
        await session.scalars(select(TraceRow.seal).where(TraceRow.consultation_id == consultation_id).distinct())
    )


def _rows_of(consultation_id: int) -> Select[TraceRow]:
    return select(TraceRow).where(TraceRow.consultation_id == consultation_id)


def _entry(row: TraceRow) -> TraceEntry:
    return TraceEntry(
        row.id, pseudonym(row.seal), ModeratorRole(row.role), row.action, row.subject, row.reason, row.done_at
    )

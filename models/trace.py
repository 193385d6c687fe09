"""The trace: what moderators did, and why.

It is written in the transaction of what it tells of, and only ever added to.
"""

from sqlalchemy import select

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
    rows = await session.scalars(
        select(TraceRow).where(TraceRow.consultation_id == consultation_id).order_by(TraceRow.id)
    )
    return [
        TraceEntry(
            row.id, pseudonym(row.seal), ModeratorRole(row.role), row.action, row.subject, row.reason, row.done_at
        )
        for row in rows
    ]

"""Use cases on people whom moderators keep from writing and voting. They can read on, and nobody else is told.

What they gave before stays: their ballots count, their words are in the record.
"""

from sqlalchemy import ColumnElement, select, update

from models.errors import ConsultationError
from models.memory import Memory
from models.sealing import Purpose, pseudonym
from models.store import UnitOfWork
from models.tables import BlockRow


async def block(session: UnitOfWork, consultation_id: int, user_id: int) -> str:
    """Keep somebody from writing and voting; return the pseudonym that stands for them in the trace.

    Raises ConsultationError where they are blocked already.
    """
    seal = session.sealer.seal(Purpose.BLOCK, user_id, consultation_id)
    known = select(BlockRow.id).where(*_running(consultation_id, seal))
    if await session.scalar(known) is not None:
        raise ConsultationError("block.already")
    session.add(BlockRow(consultation_id=consultation_id, seal=seal, blocked_at=session.now()))
    session.after_commit(lambda memory: memory.blocked.add((consultation_id, seal)))
    return pseudonym(seal)


async def unblock(session: UnitOfWork, consultation_id: int, user_id: int) -> str:
    """Let somebody write and vote again; return their pseudonym in the trace.

    From when to when they were blocked is kept, because what they wrote in threads meanwhile still stands there.
    Raises ConsultationError where they are not blocked.
    """
    seal = session.sealer.seal(Purpose.BLOCK, user_id, consultation_id)
    now = session.now()
    lifted = update(BlockRow).where(*_running(consultation_id, seal)).values(lifted_at=now)
    blocked_at = await session.scalar(lifted.returning(BlockRow.blocked_at))
    if blocked_at is None:
        raise ConsultationError("block.not_blocked")

    def let_again(memory: Memory) -> None:
        memory.blocked.discard((consultation_id, seal))
        memory.keep_block(consultation_id, seal, blocked_at, now)

    session.after_commit(let_again)
    return pseudonym(seal)


def _running(consultation_id: int, seal: bytes) -> tuple[ColumnElement[bool], ...]:
    return BlockRow.consultation_id == consultation_id, BlockRow.seal == seal, BlockRow.lifted_at.is_(None)

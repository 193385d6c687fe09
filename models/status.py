"""Where a consultation stands, in numbers that may be seen while polls are open."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, select

from models import statement_review
from models.memory import poll_record
from models.records import Poll, StatementState, Visibility
from models.store import UnitOfWork
from models.tables import BallotRow, ParticipantRow, PollRow, StatementRow
from models.words import tellable


@dataclass(frozen=True, slots=True)
class RunningPoll:
    """An open poll and how many have voted in it."""

    poll: Poll
    turnout: int


@dataclass(frozen=True, slots=True)
class Status:
    """How many take part, how much was said, how many polls have ended, and which are open.

    `unpublished` of the ended ones wait until moderators publish them, `proposals` for a decision.
    """

    participants: int
    feedback: int
    ended_polls: int
    open_polls: tuple[RunningPoll, ...]
    proposals: int = 0
    unpublished: int = 0


async def status(session: UnitOfWork, consultation_id: int) -> Status:
    """Count what a moderator may know at any time; turnout is all that is told of an open poll."""
    of_polls = await session.execute(
        select(PollRow, func.count(BallotRow.id))
        .outerjoin(BallotRow, BallotRow.poll_id == PollRow.id)
        .where(PollRow.consultation_id == consultation_id, PollRow.ended_at.is_(None))
        .group_by(PollRow.id)
        .order_by(PollRow.id),
    )
    ended = (
        PollRow.consultation_id == consultation_id,
        PollRow.ended_at.is_not(None),
        PollRow.cancelled == false(),
    )
    return Status(
        participants=await _count(session, ParticipantRow.consultation_id == consultation_id),
        feedback=await _count(session, *tellable(session, consultation_id)),
        ended_polls=await _count(session, *ended),
        unpublished=await _count(
            session, *ended, PollRow.visibility == Visibility.PUBLISHED, PollRow.published_at.is_(None)
        ),
        proposals=await _count(
            session,
            *statement_review.tellable(session, consultation_id),
            StatementRow.state == StatementState.PENDING,
        ),
        open_polls=tuple(RunningPoll(poll_record(row), turnout) for row, turnout in of_polls),
    )


async def _count(session: UnitOfWork, *conditions: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).where(*conditions)) or 0

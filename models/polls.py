"""Use cases on polls: opening, changing, ending, cancelling, counting.

Ballots are written by `models/ballot_box.py` alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import case, false, func, or_, select, update

from models.consultations import require_open
from models.errors import ConsultationError
from models.memory import poll_record
from models.records import NO_QUORUM, Consultation, Poll, Position, Quorum, Quotation, Reason, RecordedBallot, Wording
from models.sealing import pseudonym
from models.store import UnitOfWork
from models.tables import BallotRow, ConsultationRow, PollRow
from models.tally import SMALLEST_SEGMENT, Result, tally


async def open_poll(
    session: UnitOfWork,
    consultation: Consultation,
    recommendation: str,
    group: str,
    wording: Mapping[str, Wording],
    closes_at: datetime | None,
    quorum: Quorum = NO_QUORUM,
    opens_at: datetime | None = None,
) -> Poll:
    """Put a recommendation to the vote, with the wording in every language as it is voted on.

    It takes ballots from `opens_at`, or from now where that is None or has passed. Raises ConsultationError where the
    consultation is not open, the end is not after the beginning or a poll on the recommendation is open already.
    """
    await require_open(session, consultation.id)
    begins_at = max(opens_at or session.now(), session.now())
    _require_order(session.now(), begins_at, closes_at)
    running = select(PollRow.id).where(
        PollRow.consultation_id == consultation.id,
        PollRow.recommendation == recommendation,
        PollRow.ended_at.is_(None),
    )
    if await session.scalar(running) is not None:
        raise ConsultationError("poll.already_open")
    row = PollRow(
        consultation_id=consultation.id,
        recommendation=recommendation,
        group=group,
        wording={language: asdict(text) for language, text in wording.items()},
        opened_at=begins_at,
        closes_at=closes_at,
        cancelled=False,
        quorum=asdict(quorum),
        result_posted=False,
    )
    session.add(row)
    await session.flush()
    poll = poll_record(row)
    session.after_commit(lambda memory: memory.polls.update({poll.id: poll}))
    return poll


async def edit(
    session: UnitOfWork,
    poll_id: int,
    *,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    quorum: Quorum | None = None,
) -> Poll:
    """Change a poll's beginning while that lies ahead, its end and its quorum; None leaves each as it is.

    Raises ConsultationError where the poll has ended, where the beginning has passed or the end would not come after
    it, and, once somebody has voted, for whatever does more than put off the end.
    """
    now = session.now()
    row = await session.get(PollRow, poll_id)
    if row is None or row.ended_at is not None or (row.closes_at is not None and row.closes_at <= now):
        raise ConsultationError("poll.already_ended")
    puts_off = closes_at is None or (row.closes_at is not None and closes_at >= row.closes_at)
    if (opens_at or quorum or not puts_off) and await turnout(session, poll_id):
        raise ConsultationError("poll.only_extended")
    if opens_at is not None and row.opened_at <= now:
        raise ConsultationError("poll.has_begun")
    row.opened_at = max(opens_at, now) if opens_at else row.opened_at
    row.closes_at = closes_at or row.closes_at
    _require_order(now, row.opened_at, row.closes_at)
    row.quorum = asdict(quorum) if quorum else row.quorum
    await session.flush()
    poll = poll_record(row)
    session.after_commit(lambda memory: memory.polls.update({poll.id: poll}))
    return poll


async def end(session: UnitOfWork, poll_id: int, reason: str | None = None) -> Poll:
    """End a poll now, for a reason, or without one at the deadline it has reached, also while the bot was down.

    One that has not begun is cancelled: there is nothing to count. Raises ConsultationError where it has ended
    already, so that of two moderators one is told, or where there is no reason and its deadline was put off.
    """
    now = session.now()
    due = PollRow.closes_at <= now if reason is None else PollRow.id == poll_id
    row = await session.scalar(
        update(PollRow)
        .where(PollRow.id == poll_id, PollRow.ended_at.is_(None), due)
        .values(
            # No ballot counted after the deadline, so that is the end, however late it is noticed.
            ended_at=case((PollRow.closes_at <= now, PollRow.closes_at), else_=now),
            end_reason=reason,
            cancelled=PollRow.opened_at > now,
        )
        .returning(PollRow),
    )
    if row is None:
        raise ConsultationError("poll.already_ended")
    session.after_commit(lambda memory: memory.forget_poll(poll_id))
    return poll_record(row)


async def cancel(session: UnitOfWork, poll_id: int, reason: str) -> Poll:
    """Take a poll back for a reason: its ballots stay, and no result of it is counted or published.

    Raises ConsultationError where it has ended, also at a deadline that was not noticed yet.
    """
    now = session.now()
    row = await session.scalar(
        update(PollRow)
        .where(
            PollRow.id == poll_id,
            PollRow.ended_at.is_(None),
            or_(PollRow.closes_at.is_(None), PollRow.closes_at > now),
        )
        .values(ended_at=now, end_reason=reason, cancelled=True)
        .returning(PollRow),
    )
    if row is None:
        raise ConsultationError("poll.already_ended")
    session.after_commit(lambda memory: memory.forget_poll(poll_id))
    return poll_record(row)


async def results_to_post(session: UnitOfWork) -> list[Poll]:
    """Return the ended polls whose result, or whose cancellation, is not in Discord yet, oldest first."""
    rows = await session.scalars(
        select(PollRow).where(PollRow.ended_at.is_not(None), PollRow.result_posted.is_(False)).order_by(PollRow.id),
    )
    return [poll_record(row) for row in rows]


async def mark_posted(session: UnitOfWork, poll_id: int) -> None:
    """Note that the result of a poll is in Discord."""
    await session.execute(update(PollRow).where(PollRow.id == poll_id).values(result_posted=True))


async def ended_polls(session: UnitOfWork, consultation_id: int) -> list[Poll]:
    """Return the polls of a consultation that have ended with a result, oldest first; cancelled ones have none."""
    rows = await session.scalars(
        select(PollRow)
        .where(
            PollRow.consultation_id == consultation_id,
            PollRow.ended_at.is_not(None),
            PollRow.cancelled == false(),
        )
        .order_by(PollRow.id),
    )
    return [poll_record(row) for row in rows]


async def latest_poll_on(session: UnitOfWork, consultation_id: int, recommendation: str) -> Poll | None:
    """Return the newest poll on a recommendation, open or ended."""
    row = await session.scalar(
        select(PollRow)
        .where(PollRow.consultation_id == consultation_id, PollRow.recommendation == recommendation)
        .order_by(PollRow.id.desc())
        .limit(1),
    )
    return None if row is None else poll_record(row)


async def turnout(session: UnitOfWork, poll_id: int) -> int:
    """Return how many people have voted: all that is known of an open poll."""
    return await session.scalar(select(func.count()).where(BallotRow.poll_id == poll_id)) or 0


async def result(session: UnitOfWork, poll: Poll) -> Result:
    """Count an ended poll.

    Raises ConsultationError while it is open, and where it was cancelled: nobody sees results then.
    """
    if poll.ended_at is None:
        raise ConsultationError("poll.still_open")
    if poll.cancelled:
        raise ConsultationError("poll.was_cancelled")
    rows = await session.execute(
        select(BallotRow.segment, BallotRow.position, func.count())
        .where(BallotRow.poll_id == poll.id)
        .group_by(BallotRow.segment, BallotRow.position),
    )
    return tally((segment, Position(position), ballots) for segment, position, ballots in rows)


async def recorded_ballots(session: UnitOfWork, poll: Poll) -> list[RecordedBallot]:
    """Return the ballots of an ended poll for the confidential record, in an order that tells nothing.

    Segments are merged as in the published result. A voter bears another pseudonym in each poll: one that stayed the
    same would let a poll that publishes a small segment name its members in a poll that merges it. All of them change
    when somebody erases what they gave: otherwise the one that changed would be theirs. The hour of a
    ballot is told only where it shares it with enough others of its row: a card's turnout and the roles that people
    get when they join show when somebody voted.
    """
    labels = (await result(session, poll)).labels
    rows = list(await session.scalars(select(BallotRow).where(BallotRow.poll_id == poll.id)))
    salt = await session.scalar(
        select(ConsultationRow.pseudonym_salt).where(ConsultationRow.id == poll.consultation_id)
    )
    scope = f"poll {poll.id} {salt.hex() if salt else ''}"
    in_hour = Counter((labels[row.segment], _hour(row.cast_at)) for row in rows)
    ballots = [
        RecordedBallot(
            poll_id=poll.id,
            recommendation=poll.recommendation,
            pseudonym=pseudonym(row.seal, scope),
            segment=labels[row.segment],
            position=Position(row.position),
            hour=_hour(row.cast_at) if in_hour[labels[row.segment], _hour(row.cast_at)] >= SMALLEST_SEGMENT else None,
        )
        for row in rows
    ]
    return sorted(ballots, key=lambda ballot: ballot.pseudonym)


async def reasons(session: UnitOfWork, poll: Poll) -> list[Reason]:
    """Return the reasons given with objections in an ended poll, apart from the ballots they came with."""
    labels = (await result(session, poll)).labels
    rows = await session.scalars(
        select(BallotRow)
        .where(BallotRow.poll_id == poll.id, BallotRow.position == Position.OBJECT, BallotRow.reason.is_not(None))
        .order_by(func.lower(BallotRow.reason)),
    )
    return [
        Reason(poll.id, poll.recommendation, labels[row.segment], row.reason or "", Quotation(row.quotation))
        for row in rows
    ]


def _require_order(now: datetime, begins_at: datetime, closes_at: datetime | None) -> None:
    if closes_at is None:
        return
    if closes_at <= now:
        raise ConsultationError("poll.end_in_past")
    if closes_at <= begins_at:
        raise ConsultationError("poll.end_before_beginning")


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)

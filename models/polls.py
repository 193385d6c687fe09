"""Use cases on polls: opening, changing, ending, cancelling, counting.

Ballots are written by `models/ballot_box.py` alone.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, false, func, null, or_, select, true, update

from models import ballot_paper, counting
from models.consultations import require_open
from models.errors import ConsultationError
from models.memory import poll_record
from models.records import (
    NO_QUORUM,
    POSITIONS,
    BallotPaper,
    Consultation,
    Poll,
    PollKind,
    Position,
    Proposal,
    Quorum,
    Quotation,
    Reason,
    Visibility,
    Wording,
)
from models.store import UnitOfWork
from models.tables import BallotRow, ConsultationRow, PollRow
from models.tally import (
    SMALLEST_SEGMENT,
    AnyResult,
    ChoiceCounts,
    PositionCounts,
    tally,
    tally_choices,
)

LIVE_STEP = SMALLEST_SEGMENT
REASONS_AT_ONCE = 500


async def open_poll(
    session: UnitOfWork,
    consultation: Consultation,
    recommendation: str | None,
    group: str,
    wording: Mapping[str, Wording],
    closes_at: datetime | None,
    quorum: Quorum = NO_QUORUM,
    opens_at: datetime | None = None,
    paper: BallotPaper = POSITIONS,
    visibility: Visibility = Visibility.ENDED,
    proposal: Proposal | None = None,
) -> Poll:
    """Put a recommendation to the vote or, where that is None, a question of the moderators' own or a `proposal`.

    By what segments count in it is settled here too, by the consultation's setting.
    `wording` is in every language as it is voted on. It takes ballots from `opens_at`, or from now where that is None
    or has passed. Raises ConsultationError where the consultation is not open, the end is not after the beginning,
    the ballot paper cannot be filled in or a poll on the recommendation is open already.
    """
    await require_open(session, consultation.id)
    ballot_paper.require_valid(paper)
    subject = recommendation or f"{'proposal' if proposal else 'question'}-{secrets.token_hex(4)}"
    begins_at = max(opens_at or session.now(), session.now())
    _require_order(session.now(), begins_at, closes_at)
    running = select(PollRow.id).where(
        PollRow.consultation_id == consultation.id,
        PollRow.subject == subject,
        PollRow.ended_at.is_(None),
    )
    if await session.scalar(running) is not None:
        raise ConsultationError("poll.already_open")
    setting = await session.get_one(ConsultationRow, consultation.id)
    row = PollRow(
        consultation_id=consultation.id,
        subject=subject,
        recommendation=recommendation,
        group=group,
        wording={language: asdict(text) for language, text in wording.items()},
        paper=asdict(paper),
        opened_at=begins_at,
        closes_at=closes_at,
        cancelled=False,
        quorum=asdict(quorum),
        segment_source=setting.segment_source,
        visibility=visibility.value,
        proposal=asdict(proposal) if proposal else None,
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
    visibility: Visibility | None = None,
    wording: Mapping[str, Wording] | None = None,
    paper: BallotPaper | None = None,
) -> Poll:
    """Change a poll's words and ballot paper, its beginning while that lies ahead, its end, quorum and visibility.

    None leaves each as it is. Raises ConsultationError where the poll has ended, where the beginning has passed or the
    end would not come after it, where the result would be shown earlier, where the ballot paper cannot be filled in,
    and, once somebody has voted, for whatever does more than put off the end or show the result later.
    """
    now = session.now()
    row = await session.get(PollRow, poll_id)
    if row is None or row.ended_at is not None or (row.closes_at is not None and row.closes_at <= now):
        raise ConsultationError("poll.already_ended")
    if wording is not None:
        await require_unvoted(session, poll_id)
    puts_off = closes_at is None or (row.closes_at is not None and closes_at >= row.closes_at)
    if (opens_at or quorum or paper or not puts_off) and await turnout(session, poll_id):
        raise ConsultationError("poll.only_extended")
    if opens_at is not None and row.opened_at <= now:
        raise ConsultationError("poll.has_begun")
    if visibility is not None and Visibility(row.visibility).is_tighter_than(visibility):
        raise ConsultationError("poll.only_tightened")
    if paper is not None:
        ballot_paper.require_valid(paper)
        row.paper = asdict(paper)
    if wording is not None:
        row.wording = {language: asdict(text) for language, text in wording.items()}
    row.visibility = visibility or row.visibility
    row.opened_at = max(opens_at, now) if opens_at else row.opened_at
    row.closes_at = closes_at or row.closes_at
    _require_order(now, row.opened_at, row.closes_at)
    row.quorum = asdict(quorum) if quorum else row.quorum
    await session.flush()
    poll = poll_record(row)
    session.after_commit(lambda memory: memory.polls.update({poll.id: poll}))
    return poll


async def require_unvoted(session: UnitOfWork, poll_id: int) -> None:
    """Raise ConsultationError once somebody has voted: they voted on these words."""
    if await turnout(session, poll_id):
        raise ConsultationError("poll.worded_for_good")


async def reword(session: UnitOfWork, consultation_id: int, subject: str, wording: Mapping[str, Wording]) -> Poll:
    """Change the words of the poll on the card of this key, before anybody has voted.

    Raises ConsultationError where somebody has, or where it has ended.
    """
    found = await latest_poll_on(session, consultation_id, subject)
    if found is None:
        raise ConsultationError("poll.already_ended")
    return await edit(session, found.id, wording=wording)


async def end(session: UnitOfWork, poll_id: int, reason: str | None = None) -> Poll:
    """End a poll now, for a reason, or without one at the deadline it has reached, also while the bot was down.

    One that has not begun is cancelled: there is nothing to count. One past its deadline ended there, for no reason
    that came later. Raises ConsultationError where it has ended
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
            end_reason=case((PollRow.closes_at <= now, null()), else_=reason),
            cancelled=PollRow.opened_at > now,
            shown=None,
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
        .values(ended_at=now, end_reason=reason, cancelled=True, shown=None)
        .returning(PollRow),
    )
    if row is None:
        raise ConsultationError("poll.already_ended")
    session.after_commit(lambda memory: memory.forget_poll(poll_id))
    return poll_record(row)


async def results_to_post(session: UnitOfWork) -> list[Poll]:
    """Return the ended polls whose result, or whose cancellation, is not in Discord yet, oldest first.

    A result that moderators publish is not due before they did.
    """
    rows = await session.scalars(
        select(PollRow)
        .where(
            PollRow.ended_at.is_not(None),
            PollRow.result_posted.is_(False),
            or_(
                PollRow.visibility != Visibility.PUBLISHED,
                PollRow.published_at.is_not(None),
                PollRow.cancelled == true(),
            ),
        )
        .order_by(PollRow.id),
    )
    return [poll_record(row) for row in rows]


async def publish(session: UnitOfWork, poll_id: int) -> Poll:
    """Show everybody the result of an ended poll that moderators publish.

    Raises ConsultationError where it is open, was cancelled, or is shown already.
    """
    row = await session.get(PollRow, poll_id)
    poll = None if row is None else poll_record(row)
    if row is None or poll is None or poll.ended_at is None:
        raise ConsultationError("poll.still_open")
    if poll.cancelled:
        raise ConsultationError("poll.was_cancelled")
    if poll.is_published:
        raise ConsultationError("poll.already_published")
    row.published_at = session.now()
    await session.flush()
    return poll_record(row)


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


async def latest_poll_on(session: UnitOfWork, consultation_id: int, subject: str) -> Poll | None:
    """Return the newest poll that stands on the card of this key, open or ended."""
    row = await session.scalar(
        select(PollRow)
        .where(PollRow.consultation_id == consultation_id, PollRow.subject == subject)
        .order_by(PollRow.id.desc())
        .limit(1),
    )
    return None if row is None else poll_record(row)


async def latest_polls(session: UnitOfWork, consultation_id: int) -> dict[str, Poll]:
    """Return the newest poll on each card of a consultation that has had one, open or ended, by the card's key."""
    rows = await session.scalars(
        select(PollRow).where(PollRow.consultation_id == consultation_id).order_by(PollRow.id),
    )
    return {row.subject: poll_record(row) for row in rows}


async def turnout(session: UnitOfWork, poll_id: int) -> int:
    """Return how many people have voted: all that is known of an open poll."""
    return await session.scalar(select(func.count()).where(BallotRow.poll_id == poll_id)) or 0


async def result(session: UnitOfWork, poll: Poll) -> AnyResult:
    """Count an ended poll, once: by position, or by option where its ballot paper has some.

    Raises ConsultationError while it is open, and where it was cancelled: nobody sees results then.
    """
    if poll.ended_at is None:
        raise ConsultationError("poll.still_open")
    if poll.cancelled:
        raise ConsultationError("poll.was_cancelled")
    if (kept := session.memory.results.get(poll.id)) is not None:
        return kept
    counted = await _counted(session, poll)
    session.once_seen(lambda memory: memory.results.update({poll.id: counted}))
    return counted


async def _counted(session: UnitOfWork, poll: Poll) -> AnyResult:
    if poll.paper.kind is not PollKind.POSITION:
        return tally_choices(await counting.choices(session, poll), poll.paper)
    counts = await counting.positions(session, poll)
    return tally((segment, Position(answer), ballots) for segment, answer, ballots in counts)


async def show_live(session: UnitOfWork, poll: Poll) -> PositionCounts | ChoiceCounts | None:
    """Return what is shown of a live result, over all, None before there are five ballots.

    It is counted anew once five more people have voted, and stays as it was until then, also over a restart: between
    two counts that lay closer together one could see what somebody voted.
    """
    if await live_count_is_due(session, poll):
        shown = asdict((await _counted(session, poll)).total)
        await session.execute(update(PollRow).where(PollRow.id == poll.id).values(shown=shown))
    return await live(session, poll)


async def live_count_is_due(session: UnitOfWork, poll: Poll) -> bool:
    """Say whether what is shown of a live result is to be counted anew: only then does showing it change the store."""
    shown = await live(session, poll)
    return await turnout(session, poll.id) - (shown.ballots if shown else 0) >= LIVE_STEP


async def live(session: UnitOfWork, poll: Poll) -> PositionCounts | ChoiceCounts | None:
    """Return what is shown of a live result, as it was counted last."""
    if poll.visibility is not Visibility.LIVE:
        raise ConsultationError("poll.still_open")
    shown = await session.scalar(select(PollRow.shown).where(PollRow.id == poll.id))
    if shown is None:
        return None
    return PositionCounts(**shown) if poll.paper.kind is PollKind.POSITION else ChoiceCounts(**shown)


async def reasons(session: UnitOfWork, poll: Poll) -> list[Reason]:
    """Return the reasons given in an ended poll, apart from the ballots they came with, objections first."""
    by_wording = [BallotRow.answer != Position.OBJECT, func.lower(BallotRow.reason), BallotRow.id]
    return [reason async for block in _reasons(session, poll, order=by_wording) for reason in block]


def quotable_reasons(session: UnitOfWork, poll: Poll) -> AsyncIterator[list[Reason]]:
    """Yield the reasons of an ended poll that may be quoted, in blocks between which others are served.

    They come in no order that may be shown: it could be that of the ballots.
    """
    return _reasons(session, poll, BallotRow.quotation != Quotation.NOT)


async def _reasons(
    session: UnitOfWork, poll: Poll, *allowed: ColumnElement[bool], order: Sequence[SQLColumnExpression[Any]] = ()
) -> AsyncIterator[list[Reason]]:
    labels = (await result(session, poll)).labels
    rows = await session.stream(
        select(BallotRow.answer, BallotRow.segment, func.coalesce(BallotRow.reason, ""), BallotRow.quotation)
        .where(BallotRow.poll_id == poll.id, BallotRow.reason.is_not(None), *allowed)
        .order_by(*order),
    )
    async for block in rows.partitions(REASONS_AT_ONCE):
        yield [
            Reason(poll.id, poll.subject, answer, labels[segment], text, Quotation(quotation))
            for answer, segment, text, quotation in block
        ]


def _require_order(now: datetime, begins_at: datetime, closes_at: datetime | None) -> None:
    if closes_at is None:
        return
    if closes_at <= now:
        raise ConsultationError("poll.end_in_past")
    if closes_at <= begins_at:
        raise ConsultationError("poll.end_before_beginning")

"""Outcomes: what was decided on a recommendation or a question, why, and when it is looked at again.

The newest outcome on a subject counts; the earlier ones are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from sqlalchemy import select, update

from models import trace
from models.errors import ConsultationError
from models.feedback import PURPOSES
from models.records import Consultation, Decision, FeedbackKind, Moderator, Outcome
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import BallotRow, FeedbackRow, OutcomeRow, PollRow
from models.texts import clean, is_blank
from models.words import themes_of


@dataclass(frozen=True, slots=True)
class WordsUsed:
    """How moderators used what somebody said: held for representative, and under which themes."""

    pinned: bool
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """An outcome that is to be posted, and the consultation it belongs to."""

    consultation_id: int
    outcome: Outcome


async def decide(
    session: UnitOfWork,
    consultation: Consultation,
    moderator: Moderator,
    subject: str,
    decision: Decision,
    reason: str,
    *,
    wording: Mapping[str, str] | None = None,
    deferred_until: datetime | None = None,
    review_at: datetime | None = None,
    submission: int | None = None,
) -> Outcome:
    """Keep what was decided; by its form, `submission`, it is found again.

    `wording` is the new wording by language, of an amended recommendation alone; `deferred_until` belongs to what is
    deferred alone. Raises ConsultationError where either is missing, where no reason is given, or a time has passed.
    """
    if (why := clean(reason)) is None:
        raise ConsultationError("outcome.reason_missing")
    if decision is Decision.AMENDED and (not wording or any(map(is_blank, wording.values()))):
        raise ConsultationError("outcome.wording_missing")
    if decision is Decision.DEFERRED and deferred_until is None:
        raise ConsultationError("outcome.until_missing")
    if any(moment is not None and moment <= session.now() for moment in (deferred_until, review_at)):
        raise ConsultationError("poll.end_in_past")
    row = OutcomeRow(
        consultation_id=consultation.id,
        subject=subject,
        submission=submission,
        decision=decision.value,
        reason=why,
        wording=dict(wording or {}) if decision is Decision.AMENDED else {},
        deferred_until=deferred_until if decision is Decision.DEFERRED else None,
        review_at=review_at,
        decided_at=session.now(),
        posted=False,
    )
    session.add(row)
    await trace.record(session, consultation.id, moderator, "outcome_decide", subject, why)
    await session.flush()
    return _record(row)


async def decided_by(session: UnitOfWork, submission: int) -> Outcome | None:
    """Return what was decided by this form, None where it was not handed in before."""
    row = await session.scalar(select(OutcomeRow).where(OutcomeRow.submission == submission))
    return None if row is None else _record(row)


async def outcomes(session: UnitOfWork, consultation_id: int) -> dict[str, Outcome]:
    """Return the newest outcome on each subject of a consultation that has one, by subject."""
    rows = await session.scalars(
        select(OutcomeRow).where(OutcomeRow.consultation_id == consultation_id).order_by(OutcomeRow.id)
    )
    return {row.subject: _record(row) for row in rows}


async def outcome_on(session: UnitOfWork, consultation_id: int, subject: str) -> Outcome | None:
    """Return the newest outcome on one subject."""
    row = await session.scalar(
        select(OutcomeRow)
        .where(OutcomeRow.consultation_id == consultation_id, OutcomeRow.subject == subject)
        .order_by(OutcomeRow.id.desc())
        .limit(1)
    )
    return None if row is None else _record(row)


async def to_post(session: UnitOfWork) -> list[Announced]:
    """Return the outcomes that are not in Discord yet, oldest first."""
    rows = await session.scalars(select(OutcomeRow).where(OutcomeRow.posted.is_(False)).order_by(OutcomeRow.id))
    return [Announced(row.consultation_id, _record(row)) for row in rows]


async def is_posted(session: UnitOfWork, outcome_id: int) -> bool:
    """Say whether an outcome is in Discord."""
    return bool(await session.scalar(select(OutcomeRow.posted).where(OutcomeRow.id == outcome_id)))


async def mark_posted(session: UnitOfWork, outcome_id: int) -> None:
    """Note that an outcome is in Discord."""
    await session.execute(update(OutcomeRow).where(OutcomeRow.id == outcome_id).values(posted=True))


def due(decided: Mapping[str, Outcome], now: datetime) -> Sequence[Outcome]:
    """Return the outcomes that are to be looked at again by `now`, those that wait longest first."""
    waiting = [(one.due_at, one) for one in decided.values() if one.due_at is not None and one.due_at <= now]
    return [one for _due_at, one in sorted(waiting, key=lambda found: (found[0], found[1].id))]


async def concerned(
    session: UnitOfWork, consultation_id: int, subject: str
) -> dict[int, dict[FeedbackKind, WordsUsed]]:
    """Return who voted or commented on a subject, by Discord id, and how moderators used words of theirs.

    What somebody said under their name and in private is kept apart, so that they can be told of each by a notice of
    its own. Words that moderators neither pinned nor gave a theme are left out.

    The ids leave here to tell these people of an outcome and are stored nowhere. Ballots and comments whose owner was
    erased lead to nobody.
    """
    ballots = await session.scalars(
        select(BallotRow.seal)
        .join(PollRow, PollRow.id == BallotRow.poll_id)
        .where(PollRow.consultation_id == consultation_id, PollRow.subject == subject)
    )
    on_it = (
        FeedbackRow.consultation_id == consultation_id,
        FeedbackRow.recommendation == subject,
        FeedbackRow.deleted_at.is_(None),
    )
    comments = await session.execute(
        select(FeedbackRow.id, FeedbackRow.kind, FeedbackRow.seal, FeedbackRow.pinned).where(*on_it)
    )
    themes = await themes_of(session, select(FeedbackRow.id).where(*on_it))
    found: dict[int, dict[FeedbackKind, WordsUsed]] = {}
    for seal in ballots:
        if (user_id := _opened(session, Purpose.BALLOT, seal, consultation_id)) is not None:
            found[user_id] = {}
    for feedback_id, kind, seal, pinned in comments:
        said = FeedbackKind(kind)
        if (user_id := _opened(session, PURPOSES[said], seal, consultation_id)) is None:
            continue
        theirs = found.setdefault(user_id, {})
        if pinned or feedback_id in themes:
            before = theirs.get(said, WordsUsed(pinned=False, themes=()))
            named = dict.fromkeys((*before.themes, *themes.get(feedback_id, ())))
            theirs[said] = WordsUsed(pinned=before.pinned or pinned, themes=tuple(named))
    return found


def _opened(session: UnitOfWork, purpose: Purpose, seal: bytes, consultation_id: int) -> int | None:
    try:
        return session.sealer.open(purpose, seal, consultation_id)
    except InvalidTag:
        return None


def _record(row: OutcomeRow) -> Outcome:
    return Outcome(
        row.id,
        row.subject,
        Decision(row.decision),
        row.reason,
        row.wording,
        row.deferred_until,
        row.review_at,
        row.decided_at,
    )

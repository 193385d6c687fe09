"""The end of a retention period: what leads to people is destroyed, what they said stays.

Forgetting gives the consultation another secret and destroys the one that sealed its people's ids (`Store.destroy`),
so that neither the operator's key nor any copy of the store leads from a row to a person any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from models.errors import ConsultationError
from models.memory import Memory, consultation_record
from models.records import Consultation, ConsultationState, FeedbackKind, StatementState
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import (
    BlockRow,
    ConfirmationRow,
    ConsultationRow,
    FeedbackReply,
    FeedbackRow,
    NoticeRow,
    OutcomeRow,
    ParticipantRow,
    Preference,
    StatementRow,
)

NOTICES = (timedelta(days=1), timedelta(days=7))
ANNOUNCED_BEFORE = timedelta(days=7)
LEAST_WARNING = timedelta(days=1)  # nobody is forgotten sooner after it was announced, however long the bot was down


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What leads to people in a consultation, in numbers: memberships, message ids and languages."""

    participants: int
    messages: int
    languages: int


def next_due(memory: Memory) -> Consultation | None:
    """Return the consultation for whose retention period something is to be done first, None where none is running."""
    waiting = [(due, one.id, one) for one in memory.consultations.values() if (due := due_at(one)) is not None]
    return min(waiting, default=(None, 0, None))[2]


def due_at(consultation: Consultation) -> datetime | None:
    """Return when a period's end is to be announced or, once it was, when it ends; None where none is running."""
    if not _is_waiting(consultation) or consultation.forget_at is None:
        return None
    return consultation.forget_at if consultation.end_announced else consultation.forget_at - ANNOUNCED_BEFORE


async def announced(session: UnitOfWork, consultation_id: int) -> Consultation:
    """Keep that a period's end was announced; it ends a day later at the earliest."""
    row = await session.get_one(ConsultationRow, consultation_id, populate_existing=True)
    if row.forget_at is not None:
        row.end_announced, row.forget_at = True, max(row.forget_at, session.now() + LEAST_WARNING)
    await session.flush()
    consultation = consultation_record(row)
    session.after_commit(lambda memory: memory.consultations.update({consultation.guild_id: consultation}))
    return consultation


def notice_due(consultation: Consultation, now: datetime) -> timedelta | None:
    """Return which notice the moderators are to get: a week or a day before the end, None while it is further off."""
    if not _is_waiting(consultation) or consultation.forget_at is None:
        return None
    left = consultation.forget_at - now
    return next((notice for notice in NOTICES if left <= notice), None)


async def foreseen(session: UnitOfWork, consultation_id: int) -> Forgotten:
    """Count what `forget` would destroy."""
    return Forgotten(
        participants=await session.scalar(
            select(func.count()).select_from(ParticipantRow).where(ParticipantRow.consultation_id == consultation_id)
        )
        or 0,
        messages=await session.scalar(
            select(func.count())
            .select_from(FeedbackRow)
            .where(FeedbackRow.consultation_id == consultation_id, FeedbackRow.kind == FeedbackKind.THREAD)
        )
        or 0,
        languages=len(await _languages_to_delete(session, consultation_id)),
    )


async def forget(session: UnitOfWork, consultation_id: int) -> Forgotten:
    """Delete what could name a person and give up the secret; `Store.destroy` is to be called after the commit.

    Ballots, words and the moderators' trace stay, under seals that nothing opens any more. Raises ConsultationError
    while the consultation is open.
    """
    row = await session.get_one(ConsultationRow, consultation_id)
    if row.state == ConsultationState.OPEN:
        raise ConsultationError("consultation.still_open")
    done = await foreseen(session, consultation_id)
    languages = await _languages_to_delete(session, consultation_id)
    await session.execute(delete(Preference).where(Preference.seal.in_(languages)))
    await session.execute(delete(ParticipantRow).where(ParticipantRow.consultation_id == consultation_id))
    # In place of the ids of messages and forms: a number that is unique and leads nowhere.
    await session.execute(
        update(FeedbackRow)
        .where(FeedbackRow.consultation_id == consultation_id)
        .values(submission=-FeedbackRow.id, about_channel=None, about_message=None)
    )
    of_consultation = select(FeedbackRow.id).where(FeedbackRow.consultation_id == consultation_id)
    await session.execute(
        update(FeedbackReply)
        .where(FeedbackReply.feedback_id.in_(of_consultation))
        .values(submission=-FeedbackReply.id, channel_id=None, message_id=None)
    )
    await session.execute(
        update(OutcomeRow).where(OutcomeRow.consultation_id == consultation_id).values(submission=None)
    )
    proposed = StatementRow.consultation_id == consultation_id
    await session.execute(delete(StatementRow).where(proposed, StatementRow.state == StatementState.DRAFT))
    await session.execute(update(StatementRow).where(proposed).values(submission=-StatementRow.id))
    for naming in (ConfirmationRow, BlockRow, NoticeRow):
        await session.execute(delete(naming).where(naming.consultation_id == consultation_id))
    await session.give_up_secret(row.secret_name)
    name = row.secret_name = session.sealer.make_secret()
    row.forget_at, row.end_announced = None, False
    # Opened again it hears what is written from then on: what stands in threads would be read again, with its authors.
    row.opened_at = None
    row.forgotten_at = session.now()
    await session.flush()
    consultation = consultation_record(row)
    sealer = session.sealer

    def let_go(memory: Memory) -> None:
        sealer.use_secret(consultation_id, name)
        memory.consultations[consultation.guild_id] = consultation
        for people in (memory.participants, memory.confirmed, memory.blocked_before):
            for key in [key for key in people if key[0] == consultation_id]:
                del people[key]
        memory.blocked -= {key for key in memory.blocked if key[0] == consultation_id}
        for batch in [key for key in memory.notices if key[0] == consultation_id]:
            del memory.notices[batch]
        for seal in languages:
            memory.languages.pop(seal, None)

    session.after_commit(let_go)
    return done


async def _languages_to_delete(session: UnitOfWork, consultation_id: int) -> list[bytes]:
    """Return the seals of the languages that nobody needs any more once this consultation is forgotten.

    They are those of its participants who take part in no other, and all of them with the last consultation.
    """
    others = [
        one.id for one in session.memory.consultations.values() if one.id != consultation_id and not one.forgotten_at
    ]
    if not others:
        return list(await session.scalars(select(Preference.seal)))
    chosen = []
    for seal in await session.scalars(
        select(ParticipantRow.seal).where(ParticipantRow.consultation_id == consultation_id)
    ):
        user = session.sealer.open(Purpose.MEMBERSHIP, seal, consultation_id)
        elsewhere = ((other, session.sealer.seal(Purpose.MEMBERSHIP, user, other)) for other in others)
        if not any(membership in session.memory.participants for membership in elsewhere):
            chosen.append(session.sealer.seal(Purpose.PREFERENCE, user))
    return [seal for seal in chosen if seal in session.memory.languages]


def _is_waiting(consultation: Consultation) -> bool:
    return consultation.forget_at is not None and consultation.forgotten_at is None

"""Use cases on words: what members write in threads, and what they give in private."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from models.consultations import require_open
from models.errors import ConsultationError
from models.records import Consultation, Feedback, FeedbackKind, Quotation
from models.sealing import Purpose, pseudonym
from models.store import UnitOfWork
from models.tables import FeedbackRow, ParticipantRow
from models.tally import SMALLEST_SEGMENT
from models.texts import clean, same_words
from models.upsert import upsert

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without letters and digits that are read for each other
REFERENCE_LENGTH = 7
PURPOSES = {FeedbackKind.THREAD: Purpose.THREAD, FeedbackKind.PRIVATE: Purpose.FEEDBACK}


async def record_message(
    session: UnitOfWork,
    consultation: Consultation,
    *,
    message_id: int,
    user_id: int,
    text: str,
    group: str | None,
    recommendation: str | None,
    given_at: datetime,
) -> Feedback:
    """Store what a member wrote in a thread, once, under the segment they declared or none.

    Thread text stands in public under its author's name, so it may be quoted, without the segment.

    Raises ConsultationError where the consultation is not open.
    """
    return await _give(
        session,
        consultation,
        FeedbackKind.THREAD,
        submission=message_id,
        user_id=user_id,
        text=text,
        quotation=Quotation.WITHOUT_SEGMENT,
        group=group,
        recommendation=recommendation,
        given_at=given_at,
    )


async def give_private(
    session: UnitOfWork,
    consultation: Consultation,
    *,
    submission: int,
    user_id: int,
    text: str,
    quotation: Quotation,
    group: str | None,
    recommendation: str | None,
) -> Feedback:
    """Store private feedback; the same `submission` handed in again takes the place of what was stored before.

    A submission is kept sealed: it holds the moment somebody opened the form.

    Raises ConsultationError where the text is blank or the consultation is not open.
    """
    if clean(text) is None:
        raise ConsultationError("feedback.empty")
    return await _give(
        session,
        consultation,
        FeedbackKind.PRIVATE,
        submission=_sealed_number(session, submission),
        user_id=user_id,
        text=text,
        quotation=quotation,
        group=group,
        recommendation=recommendation,
        given_at=session.now(),
    )


async def given_before(
    session: UnitOfWork,
    consultation: Consultation,
    *,
    submission: int,
    user_id: int,
    text: str,
    quotation: Quotation,
    recommendation: str | None,
) -> Feedback | None:
    """Return private feedback in which the same person said the same on the same subject by another submission.

    It may be quoted from now on as they chose this time. None where there is none.
    """
    rows = await session.scalars(
        select(FeedbackRow).where(
            FeedbackRow.consultation_id == consultation.id,
            FeedbackRow.kind == FeedbackKind.PRIVATE,
            FeedbackRow.seal == session.sealer.seal(Purpose.FEEDBACK, user_id, consultation.id),
            FeedbackRow.recommendation == recommendation,
            FeedbackRow.submission != _sealed_number(session, submission),
            FeedbackRow.deleted_at.is_(None),
        ),
    )
    same = next((row for row in rows if same_words(row.text, text)), None)
    if same is None:
        return None
    await require_open(session, consultation.id)
    same.quotation = quotation.value
    await session.flush()
    return _record(same)


async def edit_message(session: UnitOfWork, consultation_id: int, message_id: int, text: str) -> None:
    """Follow an edit of a message in a thread."""
    words = clean(text) or ""
    await session.execute(
        update(FeedbackRow)
        .where(*_message(consultation_id, message_id), FeedbackRow.deleted_at.is_(None), FeedbackRow.text != words)
        .values(text=words, edited_at=session.now()),
    )


async def delete_messages(session: UnitOfWork, consultation_id: int, message_ids: Collection[int]) -> None:
    """Honour the deletion of messages in a thread: their words are gone, the fact that there were some stays."""
    await session.execute(
        update(FeedbackRow)
        .where(
            FeedbackRow.consultation_id == consultation_id,
            FeedbackRow.kind == FeedbackKind.THREAD,
            FeedbackRow.submission.in_(message_ids),
            FeedbackRow.deleted_at.is_(None),
        )
        .values(text="", deleted_at=session.now()),
    )


async def stored_messages(session: UnitOfWork, consultation_id: int, recommendation: str) -> set[int]:
    """Return the ids of the messages stored from a recommendation's thread, without those deleted since."""
    return set(
        await session.scalars(
            select(FeedbackRow.submission).where(
                FeedbackRow.consultation_id == consultation_id,
                FeedbackRow.kind == FeedbackKind.THREAD,
                FeedbackRow.recommendation == recommendation,
                FeedbackRow.deleted_at.is_(None),
            ),
        ),
    )


async def all_feedback(session: UnitOfWork, consultation_id: int) -> list[Feedback]:
    """Return what was given in words and not deleted since, oldest first."""
    rows = await session.scalars(
        select(FeedbackRow)
        .where(FeedbackRow.consultation_id == consultation_id, FeedbackRow.deleted_at.is_(None))
        .order_by(FeedbackRow.given_at, FeedbackRow.id),
    )
    return [_record(row) for row in rows]


async def recorded_feedback(session: UnitOfWork, consultation_id: int) -> list[Feedback]:
    """Return what was given in words for the confidential record, so that private words do not lead to their author.

    Private words of the hour that still runs are left out: of two exports the second would show what was given
    between them. A segment that fewer than five people declared is left out of private words.
    """
    this_hour = session.now().replace(minute=0, second=0, microsecond=0)
    large = await _large_segments(session, consultation_id)
    record = []
    for one in await all_feedback(session, consultation_id):
        if one.kind is FeedbackKind.THREAD:
            record.append(one)
        elif one.given_at < this_hour:
            record.append(one if one.segment in large else replace(one, segment=None))
    return record


async def _large_segments(session: UnitOfWork, consultation_id: int) -> set[str]:
    return set(
        await session.scalars(
            select(ParticipantRow.segment)
            .where(ParticipantRow.consultation_id == consultation_id)
            .group_by(ParticipantRow.segment)
            .having(func.count() >= SMALLEST_SEGMENT),
        ),
    )


async def _give(
    session: UnitOfWork,
    consultation: Consultation,
    kind: FeedbackKind,
    *,
    submission: int,
    user_id: int,
    text: str,
    quotation: Quotation,
    group: str | None,
    recommendation: str | None,
    given_at: datetime,
) -> Feedback:
    await require_open(session, consultation.id)
    membership = session.sealer.seal(Purpose.MEMBERSHIP, user_id, consultation.id)
    participant = session.memory.participants.get((consultation.id, membership))
    # A form can be handed in again with other words; what was stored of a message follows `edit_message` alone.
    replaced = ("text", "quotation") if kind is FeedbackKind.PRIVATE else ()
    values = {
        "consultation_id": consultation.id,
        "reference": await _unused_reference(session),
        "kind": kind.value,
        "submission": submission,
        "group": group,
        "recommendation": recommendation,
        "seal": session.sealer.seal(PURPOSES[kind], user_id, consultation.id),
        "segment": participant.segment if participant else None,
        "text": clean(text) or "",
        "quotation": quotation.value,
        "given_at": given_at,
    }
    same = (
        FeedbackRow.consultation_id == consultation.id,
        FeedbackRow.kind == kind,
        FeedbackRow.submission == submission,
    )
    owner = await session.scalar(select(FeedbackRow.seal).where(*same))
    if owner not in {None, values["seal"]}:
        raise ConsultationError("error.leads_nowhere")
    await session.execute(
        upsert(session, FeedbackRow, [values], unique=("consultation_id", "kind", "submission"), replace=replaced),
    )
    row = await session.scalar(select(FeedbackRow).where(*same))
    assert row is not None, "it was written just now or before"  # noqa: S101
    return _record(row)


def _sealed_number(session: UnitOfWork, submission: int) -> int:
    return int.from_bytes(session.sealer.seal(Purpose.FEEDBACK, submission)[:7], "big")


async def _unused_reference(session: UnitOfWork) -> str:
    while True:
        reference = "F-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))
        if await session.scalar(select(FeedbackRow.id).where(FeedbackRow.reference == reference)) is None:
            return reference


def _message(consultation_id: int, message_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        FeedbackRow.consultation_id == consultation_id,
        FeedbackRow.kind == FeedbackKind.THREAD,
        FeedbackRow.submission == message_id,
    )


def _record(row: FeedbackRow) -> Feedback:
    return Feedback(
        id=row.id,
        reference=row.reference,
        kind=FeedbackKind(row.kind),
        group=row.group,
        recommendation=row.recommendation,
        pseudonym=pseudonym(row.seal),
        segment=row.segment,
        text=row.text,
        quotation=Quotation(row.quotation),
        given_at=row.given_at,
        edited_at=row.edited_at,
    )

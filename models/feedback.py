"""Use cases on words: what members write in threads, and what they give in private."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from models import segments
from models.consultations import require_open
from models.errors import ConsultationError
from models.records import Attachment, Consultation, ConsultationState, Feedback, FeedbackKind, Quotation, ThreadMessage
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import ConsultationRow, FeedbackRow, FeedbackTheme, FeedbackVersion
from models.texts import clean, same_words
from models.upsert import upsert
from models.words import as_told, drop_unused_themes, kept_attachments, records, tellable, this_hour

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without letters and digits that are read for each other
REFERENCE_LENGTH = 7
PURPOSES = {FeedbackKind.THREAD: Purpose.THREAD, FeedbackKind.PRIVATE: Purpose.FEEDBACK}
EDITED = "edited"
LAST_MESSAGE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Taken:
    """How many messages were stored that were not known before, and how many that were are worded otherwise now."""

    stored: int
    changed: int


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
    roles: Collection[int] | None = None,
) -> Feedback:
    """Store what a member wrote in a thread, once, under their segment or none.

    `roles` are their roles that are mapped to a segment, None where they are not known.

    Raises ConsultationError where the consultation was not open when it was written.
    """
    message = ThreadMessage(message_id, user_id, text, group, recommendation, given_at, roles=roles)
    if not _belonging(await _state(session, consultation.id), [message]):
        raise ConsultationError("consultation.not_open")
    await record_messages(session, consultation, [message])
    there = [message_id, erased_mark(session, consultation.id, message_id)]
    [stored] = await records(session, *_messages(consultation.id, there))
    return stored


async def record_messages(session: UnitOfWork, consultation: Consultation, messages: Sequence[ThreadMessage]) -> Taken:
    """Store what members wrote in threads and follow their edits, however often the same is handed in.

    Left out is what was written or edited while the consultation was not open, and what its author had erased. Thread
    text stands in public under its author's name, so it may be quoted, without the segment.
    """
    belonging = await _not_erased(
        session, consultation.id, _belonging(await _state(session, consultation.id), messages)
    )
    rows = await session.scalars(
        select(FeedbackRow).where(*_messages(consultation.id, [one.message_id for one in belonging]))
    )
    known = {row.submission: row for row in rows}
    new = [one for one in belonging if one.message_id not in known]
    references = await _unused_references(session, len(new))
    if new:
        values = [
            _values(session, consultation, message, reference)
            for message, reference in zip(new, references, strict=True)
        ]
        unique = ("consultation_id", "kind", "submission")
        await session.execute(upsert(session, FeedbackRow, values, unique=unique, replace=()))
    edited = [one for one in belonging if one.message_id in known and one.edited_at is not None]
    changed = [
        _follow_edit(
            session, known[one.message_id], clean(one.text) or "", one.attachments, one.edited_at or session.now()
        )
        for one in edited
    ]
    await session.flush()
    return Taken(len(new), sum(changed))


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
    about: tuple[int, int] | None = None,
    roles: Collection[int] | None = None,
) -> Feedback:
    """Store private feedback; the same `submission` handed in again takes the place of what was stored before.

    A submission is kept sealed: it holds the moment somebody opened the form. `about` are the channel and the message
    that the words are about, if any; `roles` are its author's roles that are mapped to a segment.

    Raises ConsultationError where the text is blank or the consultation is not open.
    """
    if clean(text) is None:
        raise ConsultationError("feedback.empty")
    await require_open(session, consultation.id)
    number = sealed_number(session, consultation.id, submission)
    channel, message = about or (None, None)
    values = {
        **_common_values(session, consultation, FeedbackKind.PRIVATE, user_id, roles),
        "reference": (await _unused_references(session, 1))[0],
        "submission": number,
        "group": group,
        "recommendation": recommendation,
        "text": clean(text) or "",
        "attachments": [],
        "quotation": quotation.value,
        "about_channel": channel,
        "about_message": message,
        "given_at": this_hour(session),
        "edited_at": None,
    }
    same = (
        FeedbackRow.consultation_id == consultation.id,
        FeedbackRow.kind == FeedbackKind.PRIVATE,
        FeedbackRow.submission == number,
    )
    owner = await session.scalar(select(FeedbackRow.seal).where(*same))
    if owner not in {None, values["seal"]}:
        raise ConsultationError("error.leads_nowhere")
    # A form can be handed in again with other words.
    unique, replaced = ("consultation_id", "kind", "submission"), ("text", "quotation")
    await session.execute(upsert(session, FeedbackRow, [values], unique=unique, replace=replaced))
    [stored] = await records(session, *same)
    return stored


async def given_before(
    session: UnitOfWork,
    consultation: Consultation,
    *,
    submission: int,
    user_id: int,
    text: str,
    quotation: Quotation,
    group: str | None,
    recommendation: str | None,
    about: tuple[int, int] | None = None,
) -> Feedback | None:
    """Return private feedback in which the same person said the same about the same by another submission.

    What it is about are the group, the recommendation and, if any, the message that the words are about: who agrees
    with two messages says two things. It may be quoted from now on as they chose this time. None where there is none.
    """
    channel, message = about or (None, None)
    rows = await session.scalars(
        select(FeedbackRow).where(
            FeedbackRow.consultation_id == consultation.id,
            FeedbackRow.kind == FeedbackKind.PRIVATE,
            FeedbackRow.seal == session.sealer.seal(Purpose.FEEDBACK, user_id, consultation.id),
            FeedbackRow.group == group,
            FeedbackRow.recommendation == recommendation,
            FeedbackRow.about_channel == channel,
            FeedbackRow.about_message == message,
            FeedbackRow.submission != sealed_number(session, consultation.id, submission),
            FeedbackRow.deleted_at.is_(None),
        ),
    )
    same = next((row for row in rows if same_words(row.text, text)), None)
    if same is None:
        return None
    await require_open(session, consultation.id)
    same.quotation = quotation.value
    await session.flush()
    [stored] = await records(session, FeedbackRow.id == same.id)
    return stored


async def edit_message(
    session: UnitOfWork,
    consultation_id: int,
    message_id: int,
    text: str,
    attachments: Sequence[Attachment] | None = None,
    edited_at: datetime | None = None,
) -> None:
    """Follow an edit of a message in a thread; what it said before is kept as a version of it.

    `attachments` are what it bears now, None for the same as before. Edits after the consultation closed change
    nothing: the record stays what it was when people were heard.
    """
    moment = edited_at or session.now()
    row = await session.scalar(select(FeedbackRow).where(*_messages(consultation_id, [message_id])))
    if row is not None and _was_open(await _state(session, consultation_id), moment):
        _follow_edit(
            session,
            row,
            clean(text) or "",
            kept_attachments(row.attachments) if attachments is None else attachments,
            moment,
        )
        await session.flush()


async def delete_messages(session: UnitOfWork, consultation_id: int, message_ids: Collection[int]) -> None:
    """Honour the deletion of messages in a thread, at any time: the fact that there were some stays.

    Their words are gone, the versions before edits, what was attached and the themes that moderators gave them too.
    """
    there = (*_messages(consultation_id, message_ids), FeedbackRow.deleted_at.is_(None))
    gone = list(await session.scalars(select(FeedbackRow.id).where(*there)))
    if not gone:
        return
    for belonging in (FeedbackVersion, FeedbackTheme):
        await session.execute(delete(belonging).where(belonging.feedback_id.in_(gone)))
    await session.execute(
        update(FeedbackRow)
        .where(FeedbackRow.id.in_(gone))
        .values(text="", attachments=[], pinned=False, deleted_at=session.now()),
    )
    await drop_unused_themes(session, consultation_id)


async def stored_messages(
    session: UnitOfWork, consultation_id: int, recommendation: str, after: int = 0, upto: int = LAST_MESSAGE
) -> set[int]:
    """Return the ids of the messages stored from a recommendation's thread, without those deleted since.

    Only those later than the message `after`, up to and with the message `upto`.
    """
    return set(
        await session.scalars(
            select(FeedbackRow.submission).where(
                FeedbackRow.consultation_id == consultation_id,
                FeedbackRow.kind == FeedbackKind.THREAD,
                FeedbackRow.recommendation == recommendation,
                FeedbackRow.deleted_at.is_(None),
                FeedbackRow.submission > after,
                FeedbackRow.submission <= upto,
            ),
        ),
    )


async def all_feedback(session: UnitOfWork, consultation_id: int) -> list[Feedback]:
    """Return what was given in words and not deleted since, oldest first."""
    return await records(session, FeedbackRow.consultation_id == consultation_id, FeedbackRow.deleted_at.is_(None))


async def recorded_feedback(session: UnitOfWork, consultation_id: int) -> list[Feedback]:
    """Return what was given in words for the confidential record, as moderators may be told it, oldest first."""
    found = await records(session, *tellable(session, consultation_id))
    return await as_told(session, consultation_id, found)


async def _state(session: UnitOfWork, consultation_id: int) -> ConsultationRow | None:
    return await session.get(ConsultationRow, consultation_id, populate_existing=True)


def _was_open(row: ConsultationRow | None, moment: datetime) -> bool:
    """Say whether a consultation heard people at `moment`: it is open, or closed after it."""
    if row is None:
        return False
    return row.state == ConsultationState.OPEN or (row.closed_at is not None and moment < row.closed_at)


def _belonging(row: ConsultationRow | None, messages: Iterable[ThreadMessage]) -> list[ThreadMessage]:
    return [one for one in messages if _was_open(row, one.edited_at or one.given_at)]


def _follow_edit(
    session: UnitOfWork, row: FeedbackRow, text: str, attachments: Sequence[Attachment], edited_at: datetime
) -> bool:
    """Say whether the message says something else now; moderators then find it unread again."""
    bears = [asdict(one) for one in attachments]
    is_late = row.edited_at is not None and edited_at < row.edited_at
    if row.deleted_at is not None or is_late or (row.text, row.attachments) == (text, bears):
        return False
    session.add(
        FeedbackVersion(
            feedback_id=row.id,
            text=row.text,
            attachments=row.attachments,
            written_at=row.edited_at or row.given_at,
        ),
    )
    row.text, row.attachments, row.edited_at, row.read_at = text, bears, edited_at, None
    row.changes, row.version = [*row.changes, EDITED], row.version + 1
    return True


def _values(session: UnitOfWork, consultation: Consultation, message: ThreadMessage, reference: str) -> dict[str, Any]:
    return {
        **_common_values(session, consultation, FeedbackKind.THREAD, message.user_id, message.roles),
        "reference": reference,
        "submission": message.message_id,
        "group": message.group,
        "recommendation": message.recommendation,
        "text": clean(message.text) or "",
        "attachments": [asdict(one) for one in message.attachments],
        "quotation": Quotation.WITHOUT_SEGMENT.value,
        "about_channel": None,
        "about_message": None,
        "given_at": message.given_at,
        "edited_at": message.edited_at,
    }


def _common_values(
    session: UnitOfWork, consultation: Consultation, kind: FeedbackKind, user_id: int, roles: Collection[int] | None
) -> dict[str, Any]:
    source = consultation.segment_source
    return {
        "consultation_id": consultation.id,
        "kind": kind.value,
        "seal": session.sealer.seal(PURPOSES[kind], user_id, consultation.id),
        "segment": segments.segment_of(session.memory, session.sealer, consultation, source, user_id, roles),
        "segment_source": source.value,
        "pinned": False,
        "changes": [],
        "version": 0,
    }


def sealed_number(session: UnitOfWork, consultation_id: int, number: int) -> int:
    """Return what stands for a submission or a message where its own number would lead to its author."""
    return int.from_bytes(session.sealer.seal(Purpose.FEEDBACK, number, consultation_id)[:7], "big")


async def _not_erased(
    session: UnitOfWork, consultation_id: int, messages: Sequence[ThreadMessage]
) -> list[ThreadMessage]:
    """Leave out the messages whose author erased everything: they still stand in their thread."""
    marks = {erased_mark(session, consultation_id, one.message_id): one.message_id for one in messages}
    erased = await session.scalars(select(FeedbackRow.submission).where(*_messages(consultation_id, [*marks])))
    gone = {marks[mark] for mark in erased}
    return [one for one in messages if one.message_id not in gone]


def erased_mark(session: UnitOfWork, consultation_id: int, message_id: int) -> int:
    """Return what takes the place of an erased message's id, so that it is not read again and leads to nobody.

    It is below 0, unlike every id of Discord's.
    """
    return -sealed_number(session, consultation_id, message_id)


async def _unused_references(session: UnitOfWork, number: int) -> list[str]:
    """Draw references that nothing bears yet."""
    drawn: set[str] = set()
    while len(drawn) < number:
        more = {_reference() for _ in range(number - len(drawn))}
        taken = select(FeedbackRow.reference).where(FeedbackRow.reference.in_(more))
        drawn |= more - set(await session.scalars(taken))
    return list(drawn)


def _reference() -> str:
    return "F-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def _messages(consultation_id: int, message_ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        FeedbackRow.consultation_id == consultation_id,
        FeedbackRow.kind == FeedbackKind.THREAD,
        FeedbackRow.submission.in_(message_ids),
    )

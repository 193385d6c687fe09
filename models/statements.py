"""Use cases of authors: what participants propose, from a draft to what moderators asked back, and who may see it.

What moderators do with it is in `models/statement_review.py`. A statement is sealed under a purpose of its own, and no
record says who its author is. A draft is gone once it is left, or a week later.
"""

import secrets
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from models.consultations import require_open
from models.errors import ConsultationError
from models.feedback import REFERENCE_ALPHABET, REFERENCE_LENGTH
from models.records import Consultation, Exchange, Rewording, Statement, StatementState
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import StatementRow
from models.texts import clean
from models.words import this_hour

STATEMENT_LENGTH = 300  # characters, as for all lengths here
WHY_LENGTH = 500
QUESTION_LENGTH = 300
ANSWER_LENGTH = 500
DRAFTS_KEPT = timedelta(days=7)

UNDECIDED = (StatementState.PENDING, StatementState.ASKED_BACK)


async def keep_draft(
    session: UnitOfWork,
    consultation: Consultation,
    *,
    submission: int,
    user_id: int,
    group: str,
    recommendation: str | None,
    language: str,
    text: str,
    why: str,
) -> Statement:
    """Keep what somebody typed, before it is sent; the same `submission` handed in again is the same draft.

    It then says what was typed last. A submission is kept sealed: it holds the moment somebody opened the form. Raises
    ConsultationError where the text is blank or too long, the consultation is not open, or other words were sent.
    """
    await require_open(session, consultation.id)
    text, why = _fitting(text, why)
    long_ago = session.now() - DRAFTS_KEPT
    await session.execute(
        delete(StatementRow).where(StatementRow.state == StatementState.DRAFT, StatementRow.made_at < long_ago)
    )
    seal = session.sealer.seal(Purpose.STATEMENT, user_id, consultation.id)
    number = _sealed_number(session, submission)
    row = await session.scalar(
        select(StatementRow).where(StatementRow.consultation_id == consultation.id, StatementRow.submission == number)
    )
    if row is not None:
        if row.seal != seal:
            raise ConsultationError("error.leads_nowhere")
        if row.state == StatementState.DRAFT:
            row.group, row.language, row.texts, row.why = group, language, {language: text}, why
            await session.flush()
        elif (row.texts.get(language), row.why) != (text, why):
            raise ConsultationError("propose.sent_already", reference=row.reference)
        return statement_record(row)
    row = StatementRow(
        consultation_id=consultation.id,
        reference=await _unused_reference(session),
        submission=number,
        state=StatementState.DRAFT.value,
        version=1,
        seal=seal,
        group=group,
        recommendation=recommendation,
        language=language,
        texts={language: text},
        why=why,
        exchanges=[],
        history=[],
        made_at=session.now(),
    )
    session.add(row)
    await session.flush()
    return statement_record(row)


async def correct_draft(
    session: UnitOfWork, user_id: int, statement_id: int, *, language: str, text: str, why: str
) -> Statement:
    """Put other words into one's draft. Raises ConsultationError where it is gone or sent, or the text does not fit."""
    text, why = _fitting(text, why)
    row = await _own(session, user_id, statement_id)
    if row.state != StatementState.DRAFT:
        raise ConsultationError("propose.sent_already", reference=row.reference)
    row.language, row.texts, row.why = language, {language: text}, why
    await session.flush()
    return statement_record(row)


async def send(session: UnitOfWork, user_id: int, statement_id: int) -> Statement:
    """Put one's draft before the moderators; sent again, it is the same statement.

    Raises ConsultationError where it is gone or the consultation is not open.
    """
    row = await _own(session, user_id, statement_id)
    await require_open(session, row.consultation_id)
    if row.state == StatementState.DRAFT:
        _put_before_moderators(session, row)
        await session.flush()
    return statement_record(row)


async def leave(session: UnitOfWork, user_id: int, statement_id: int) -> None:
    """Drop one's draft. Raises ConsultationError where it is sent; one that is gone already is no error."""
    try:
        row = await _own(session, user_id, statement_id)
    except ConsultationError:
        return
    if row.state != StatementState.DRAFT:
        raise ConsultationError("propose.sent_already", reference=row.reference)
    await session.delete(row)


async def answer(session: UnitOfWork, user_id: int, statement_id: int, *, answer: str, text: str) -> Statement:
    """Answer what moderators asked, perhaps with another wording, and put the statement before them again, once.

    Raises ConsultationError where nothing is asked any more, or the text does not fit.
    """
    row = await _own(session, user_id, statement_id)
    await require_open(session, row.consultation_id)
    text, _ = _fitting(text, row.why)
    if (said := clean(answer)) is None:
        raise ConsultationError("propose.answer_blank")
    if row.state != StatementState.ASKED_BACK:
        if row.exchanges and (row.exchanges[-1]["answer"], row.texts[row.language]) == (said, text):
            return statement_record(row)  # handed in again
        raise ConsultationError("propose.nothing_asked")
    reword(row, row.language, text, by_moderators=False, now=this_hour(session))
    *earlier, asked = row.exchanges
    row.exchanges = [*earlier, {**asked, "answer": said}]
    _put_before_moderators(session, row)
    await session.flush()
    return statement_record(row)


async def own(session: UnitOfWork, user_id: int, statement_id: int) -> Statement:
    """Return one's own statement. Raises ConsultationError where it is gone, or somebody else's."""
    return statement_record(await _own(session, user_id, statement_id))


async def visible_to(session: UnitOfWork, consultation_id: int, user_id: int) -> list[Statement]:
    """Return the statements that somebody may see: those put to the vote, and their own that wait."""
    seal = session.sealer.seal(Purpose.STATEMENT, user_id, consultation_id)
    rows = await session.scalars(
        select(StatementRow)
        .where(
            StatementRow.consultation_id == consultation_id,
            or_(
                StatementRow.state == StatementState.APPROVED,
                StatementRow.state.in_(UNDECIDED) & (StatementRow.seal == seal),
            ),
        )
        .order_by(StatementRow.id)
    )
    return [statement_record(row) for row in rows]


def reword(row: StatementRow, language: str, text: str, *, by_moderators: bool, now: datetime) -> bool:
    """Put a wording in the place of the one in this language, and keep the earlier; say whether they differ.

    A new wording in its author's language drops the translations: they are of another proposal now, and one vote must
    not be on two.
    """
    before = row.texts.get(language)
    if before == text:
        return False
    stale = [one for one in row.texts if one != row.language] if language == row.language else []
    replaced = [Rewording(one, row.texts[one], True, now) for one in stale]
    if before is not None:
        replaced.append(Rewording(language, before, by_moderators, now))
    row.history = [*row.history, *({**asdict(one), "changed_at": now.isoformat()} for one in replaced)]
    row.texts = {**{one: kept for one, kept in row.texts.items() if one not in stale}, language: text}
    return True


def statement_record(row: StatementRow) -> Statement:
    history = (Rewording(**one) for one in row.history)
    return Statement(
        id=row.id,
        consultation_id=row.consultation_id,
        reference=row.reference,
        state=StatementState(row.state),
        version=row.version,
        group=row.group,
        recommendation=row.recommendation,
        language=row.language,
        texts=row.texts,
        why=row.why,
        exchanges=tuple(Exchange(**one) for one in row.exchanges),
        history=tuple(replace(one, changed_at=datetime.fromisoformat(str(one.changed_at))) for one in history),
        reason=row.reason,
        merged_into=row.merged_into,
        subject=row.subject,
    )


async def _own(session: UnitOfWork, user_id: int, statement_id: int) -> StatementRow:
    row = await session.get(StatementRow, statement_id, with_for_update=True)
    if row is None or row.seal != session.sealer.seal(Purpose.STATEMENT, user_id, row.consultation_id):
        raise ConsultationError("propose.gone")
    return row


def _put_before_moderators(session: UnitOfWork, row: StatementRow) -> None:
    """Let a statement wait for a decision; when it was sent is kept to the hour, and told after it."""
    row.state, row.version, row.made_at = StatementState.PENDING.value, row.version + 1, this_hour(session)


def _fitting(text: str, why: str) -> tuple[str, str]:
    """Return the texts as they are stored. Raises ConsultationError where nobody would see one, or it is too long."""
    if (kept := clean(text)) is None:
        raise ConsultationError("propose.blank")
    if len(kept) > STATEMENT_LENGTH or len(why) > WHY_LENGTH:
        raise ConsultationError("propose.too_long", most=STATEMENT_LENGTH, most_why=WHY_LENGTH)
    return kept, clean(why) or ""


def _sealed_number(session: UnitOfWork, submission: int) -> int:
    return int.from_bytes(session.sealer.seal(Purpose.STATEMENT, submission)[:7], "big")


async def _unused_reference(session: UnitOfWork) -> str:
    while True:
        reference = "S-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))
        if await session.scalar(select(StatementRow.id).where(StatementRow.reference == reference)) is None:
            return reference

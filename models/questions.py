"""Use cases on questions: those that found no answer, kept without their author, and what moderators answer to them.

No seal of a person's comes near these tables. What tells one answer from another is a random number that its buttons
carry and that is stored sealed; numbers of rows are drawn by chance and times are days, so that neither leads to
whoever asked.
"""

import re
import secrets
import unicodedata
from collections.abc import Collection

from sqlalchemy import func, select, tuple_, update

from models.errors import ConsultationError
from models.memory import answer_record
from models.records import ID_BITS, Consultation, ConsultationState, ModeratorsAnswer, OpenQuestion, QuestionKind
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import ModeratorsAnswerRow, QuestionRow
from models.texts import is_blank
from models.upsert import upsert

QUESTION_LENGTH = 300
ANSWER_LENGTH = 1_500

_WORD = re.compile(r"[^\W_]+")


async def keep(
    session: UnitOfWork, consultation: Consultation, *, number: int, kind: QuestionKind, language: str, text: str
) -> None:
    """Keep a question whose answer bears this random `number` (below 2^64), once; its first 300 characters.

    Raises ConsultationError where the text holds no word or the consultation is closed.
    """
    if consultation.state is ConsultationState.CLOSED:
        raise ConsultationError("consultation.not_open")
    kept = _plain(text, QUESTION_LENGTH)
    folded = _folded(kept)
    if not folded:
        raise ConsultationError("question.blank")
    row = {
        # Drawn by chance: in the order of asking, rows would stand as people were seen to come and go.
        "id": secrets.randbits(ID_BITS),
        "consultation_id": consultation.id,
        "mark": _mark(session, consultation.id, number),
        "kind": kind.value,
        "language": language,
        "text": kept,
        "folded": folded,
        "asked_on": session.now().date(),
    }
    await session.execute(upsert(session, QuestionRow, [row], unique=("consultation_id", "mark"), replace=()))


async def is_kept(session: UnitOfWork, consultation_id: int, number: int) -> bool:
    """Say whether the question whose answer bears this number was kept, also where moderators removed it since."""
    mark = _mark(session, consultation_id, number)
    found = await session.scalar(
        select(QuestionRow.id).where(QuestionRow.consultation_id == consultation_id, QuestionRow.mark == mark)
    )
    return found is not None


async def all_questions(session: UnitOfWork, consultation_id: int) -> list[OpenQuestion]:
    """Return what was asked without an answer that helped, same words counted together, the most asked first."""
    row, count, last_day = QuestionRow, func.count(), func.max(QuestionRow.asked_on)
    rows = await session.execute(
        select(func.min(row.id), row.kind, row.language, func.min(row.text), count, last_day)
        .where(QuestionRow.consultation_id == consultation_id, QuestionRow.folded != "")
        .group_by(QuestionRow.kind, QuestionRow.language, QuestionRow.folded)
        .order_by(count.desc(), last_day.desc(), QuestionRow.folded, QuestionRow.kind, QuestionRow.language)
    )
    return [
        OpenQuestion(number, QuestionKind(kind), language, text, times, day)
        for number, kind, language, text, times, day in rows
    ]


async def find_question(session: UnitOfWork, consultation_id: int, question_id: int) -> OpenQuestion:
    """Return a question as it is counted now. Raises ConsultationError where moderators removed it."""
    row = await session.get(QuestionRow, question_id)
    for question in await all_questions(session, consultation_id):
        if row is not None and (question.kind, question.language, _folded(question.text)) == (
            row.kind,
            row.language,
            row.folded,
        ):
            return question
    raise ConsultationError("question.gone")


async def remove_questions(session: UnitOfWork, consultation_id: int, question_ids: Collection[int]) -> int:
    """Erase these questions, each wherever it was asked in the same words; return how many there were of them.

    That an answer was marked stays known, so that pressing its button again does not bring the text back.
    """
    alike = select(QuestionRow.kind, QuestionRow.language, QuestionRow.folded).where(
        QuestionRow.consultation_id == consultation_id, QuestionRow.id.in_(question_ids), QuestionRow.folded != ""
    )
    found = (await session.execute(alike.distinct())).all()
    if found:
        await session.execute(
            update(QuestionRow)
            .where(
                QuestionRow.consultation_id == consultation_id,
                tuple_(QuestionRow.kind, QuestionRow.language, QuestionRow.folded).in_([tuple(row) for row in found]),
            )
            .values(text="", folded="")
        )
    return len(found)


async def add_answer(
    session: UnitOfWork, consultation_id: int, *, language: str, question: str, answer: str
) -> ModeratorsAnswer:
    """Serve an answer of the moderators from now on, in place of one to the same question in the same language.

    Raises ConsultationError where question or answer is blank.
    """
    asked, said = _plain(question, QUESTION_LENGTH), _storable(answer).strip()[:ANSWER_LENGTH]
    if not _folded(asked) or is_blank(said):
        raise ConsultationError("question.blank")
    for earlier in await all_answers(session, consultation_id):
        if (earlier.language, _folded(earlier.question)) == (language, _folded(asked)):
            await _end(session, consultation_id, earlier.id)
    row = ModeratorsAnswerRow(
        consultation_id=consultation_id,
        language=language,
        question=asked,
        answer=said,
        added_at=session.now(),
        removed_at=None,
    )
    session.add(row)
    await session.flush()
    made = answer_record(row)
    session.after_commit(lambda memory: memory.keep_answer(made))
    return made


async def remove_answer(session: UnitOfWork, consultation_id: int, answer_id: int) -> None:
    """Serve an answer no longer; it stays in the record. Raises ConsultationError where it is served no more."""
    if not await _end(session, consultation_id, answer_id):
        raise ConsultationError("question.answer_gone")


async def all_answers(session: UnitOfWork, consultation_id: int) -> list[ModeratorsAnswer]:
    """Return the moderators' answers, oldest first, with those that were removed."""
    rows = await session.scalars(
        select(ModeratorsAnswerRow)
        .where(ModeratorsAnswerRow.consultation_id == consultation_id)
        .order_by(ModeratorsAnswerRow.id)
    )
    return [answer_record(row) for row in rows]


async def _end(session: UnitOfWork, consultation_id: int, answer_id: int) -> bool:
    """Take an answer out of service; say whether it was in service."""
    ended = await session.scalar(
        update(ModeratorsAnswerRow)
        .where(
            ModeratorsAnswerRow.id == answer_id,
            ModeratorsAnswerRow.consultation_id == consultation_id,
            ModeratorsAnswerRow.removed_at.is_(None),
        )
        .values(removed_at=session.now())
        .returning(ModeratorsAnswerRow.id)
    )
    session.after_commit(lambda memory: memory.drop_answers({answer_id}))
    return ended is not None


def _mark(session: UnitOfWork, consultation_id: int, number: int) -> bytes:
    return session.sealer.seal(Purpose.QUESTION, number, consultation_id)


def _plain(text: str, length: int) -> str:
    """Return a text on one line, cut to `length` characters."""
    return " ".join(_storable(text).split())[:length]


def _storable(text: str) -> str:
    """Return a text without what no database takes: zeros and halves of characters."""
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")


def _folded(text: str) -> str:
    """Return what questions in the same words share: neither case nor punctuation tells them apart."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))

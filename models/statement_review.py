"""Use cases of moderators on what participants propose: approve, reject, ask back, merge, translate, correct.

Each names the version that the moderator saw, so that of two who decide at once one is told. Whatever is decided, its
author gets a notice in the same transaction, and so do those of the statements that were merged into it. Authors are
opened for that alone, and never leave here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, or_, select, update

from models import notices, polls
from models.errors import ConsultationError
from models.records import Consultation, Exchange, PlaceKind, Poll, Proposal, Statement, StatementState, Wording
from models.sealing import Purpose
from models.statements import QUESTION_LENGTH, STATEMENT_LENGTH, UNDECIDED, reword, statement_record
from models.store import UnitOfWork
from models.tables import StatementRow
from models.texts import clean
from models.words import this_hour

TRANSLATION_LENGTH = 400  # characters; some languages need more of them
TITLE_LENGTH = 100
PROPOSALS = "proposals"  # what notices are about: one for all, because all proposals of a person bear one seal anyway

MERGEABLE = (*UNDECIDED, StatementState.APPROVED)


async def find(session: UnitOfWork, consultation_id: int, statement_id: int) -> Statement:
    """Return a statement that moderators may see. Raises ConsultationError where there is none, or not yet."""
    row = await session.scalar(
        select(StatementRow).where(StatementRow.id == statement_id, *tellable(session, consultation_id))
    )
    if row is None:
        raise ConsultationError("proposal.gone")
    return statement_record(row)


def tellable(session: UnitOfWork, consultation_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for what moderators may see of a consultation's statements now.

    What was sent in the hour that still runs is left out, as of private words: of two looks at the queue, the second
    would show what was sent between them, and so perhaps by whom.
    """
    return (
        StatementRow.consultation_id == consultation_id,
        StatementRow.state != StatementState.DRAFT,
        or_(StatementRow.state != StatementState.PENDING, StatementRow.made_at < this_hour(session)),
    )


async def all_statements(session: UnitOfWork, consultation_id: int, since: datetime | None = None) -> list[Statement]:
    """Return what moderators may see, whatever became of it, oldest first; what was sent in an hour from `since` on."""
    sent = () if since is None else (StatementRow.made_at >= since,)
    return await _in_states(session, consultation_id, tuple(StatementState), *sent)


async def waiting(session: UnitOfWork, consultation_id: int) -> list[Statement]:
    """Return what waits for a decision of moderators, oldest first."""
    return await _in_states(session, consultation_id, (StatementState.PENDING,))


async def waiting_for_authors(session: UnitOfWork, consultation_id: int) -> list[Statement]:
    """Return what moderators asked something about and have no answer to, oldest first."""
    return await _in_states(session, consultation_id, (StatementState.ASKED_BACK,))


async def mergeable(session: UnitOfWork, consultation_id: int) -> list[Statement]:
    """Return the statements that another may be merged into, oldest first."""
    return await _in_states(session, consultation_id, MERGEABLE)


async def approve(
    session: UnitOfWork,
    consultation: Consultation,
    statement_id: int,
    version: int,
    closes_at: datetime,
    *,
    languages: Iterable[str],
    titles: Mapping[str, str],
) -> tuple[Statement, Poll]:
    """Put a statement to the vote, until `closes_at`, worded in these languages.

    `titles` are those of the recommendation it amends, by language. Raises ConsultationError where somebody changed it
    meanwhile, it is decided on, or `polls.open_poll` refuses.
    """
    row = await _claimed(session, consultation.id, statement_id, version, UNDECIDED)
    poll = await polls.open_poll(
        session,
        consultation,
        None,
        row.group,
        wording(statement_record(row), languages),
        closes_at,
        proposal=Proposal(row.language, row.recommendation, titles),
    )
    row.state, row.subject = StatementState.APPROVED.value, poll.subject
    await session.flush()
    await _tell(session, row, "propose.told_approved", channel=_channel(session, row))
    await _tell_merged(session, row)
    return statement_record(row), poll


async def reject(session: UnitOfWork, consultation_id: int, statement_id: int, version: int, reason: str) -> Statement:
    """Turn a statement down for a reason that its author is told. Raises ConsultationError as `approve` does."""
    row = await _claimed(session, consultation_id, statement_id, version, UNDECIDED)
    row.state, row.reason = StatementState.REJECTED.value, _said(reason)
    await session.flush()
    await _tell(session, row, "propose.told_rejected", reason=row.reason)
    await _tell_merged(session, row)
    return statement_record(row)


async def ask_back(
    session: UnitOfWork, consultation_id: int, statement_id: int, version: int, question: str
) -> Statement:
    """Ask the author something; the statement waits until they answer. Raises ConsultationError as `approve` does."""
    row = await _claimed(session, consultation_id, statement_id, version, (StatementState.PENDING,))
    asked = Exchange(_said(question))
    row.exchanges = [*row.exchanges, {"question": asked.question, "answer": asked.answer}]
    row.state = StatementState.ASKED_BACK.value
    await session.flush()
    way = ("propose.answer", f"propose_answer:{row.id}")
    await _tell(session, row, "propose.told_asked_back", way=way, question=asked.question)
    return statement_record(row)


async def merge(
    session: UnitOfWork, consultation_id: int, statement_id: int, version: int, into_id: int, reason: str
) -> Statement:
    """Let a statement go on as part of another; what was merged into it goes along.

    Raises ConsultationError as `approve` does, and where there is no such other.
    """
    row = await _claimed(session, consultation_id, statement_id, version, UNDECIDED)
    other = await session.get(StatementRow, into_id)
    is_there = other is not None and other.consultation_id == consultation_id and other.state in MERGEABLE
    if other is None or other.id == row.id or not is_there:
        raise ConsultationError("proposal.not_mergeable")
    row.state, row.merged_into, row.reason = StatementState.MERGED.value, other.id, clean(reason)
    followers = await _merged_into(session, row.id)
    for follower in followers:
        follower.merged_into = other.id
    await session.flush()
    await _tell(session, row, "propose.told_merged")
    if other.state == StatementState.APPROVED:
        for one in (row, *followers):
            await _tell_about(session, one, other)
    return statement_record(row)


async def translate(
    session: UnitOfWork, consultation_id: int, statement_id: int, version: int, texts: Mapping[str, str]
) -> tuple[Statement, Poll | None]:
    """Add translations by language, also of one that is put to the vote, before the first ballot.

    Returns the poll that was worded anew, if there is one. Raises ConsultationError as `approve` does, and where people
    have voted.
    """
    row = await _claimed(session, consultation_id, statement_id, version, MERGEABLE)
    for language, text in texts.items():
        if language != row.language and (translated := clean(text)) is not None:
            _require_short(translated, TRANSLATION_LENGTH)
            reword(row, language, translated, by_moderators=True, now=session.now())
    await session.flush()
    return statement_record(row), await _reword_poll(session, row)


async def correct(
    session: UnitOfWork, consultation_id: int, statement_id: int, version: int, text: str
) -> tuple[Statement, Poll | None]:
    """Correct the wording in its author's language, which its author is shown, before the first ballot.

    Returns the poll that was worded anew, if there is one. Raises ConsultationError as `translate` does.
    """
    row = await _claimed(session, consultation_id, statement_id, version, MERGEABLE)
    _require_short(text, STATEMENT_LENGTH)
    before = row.texts[row.language]
    if not reword(row, row.language, _said(text), by_moderators=True, now=session.now()):
        raise ConsultationError("proposal.nothing_changed")
    await session.flush()
    poll = await _reword_poll(session, row)
    await _tell(session, row, "propose.told_corrected", before=before)
    return statement_record(row), poll


async def tell_cancelled(session: UnitOfWork, poll: Poll) -> None:
    """Tell the author of what was put to the vote that the poll was cancelled and why; of any other poll, nobody."""
    row = await session.scalar(
        select(StatementRow).where(
            StatementRow.consultation_id == poll.consultation_id, StatementRow.subject == poll.subject
        )
    )
    if row is None:
        return
    reason = poll.end_reason or ""
    await _tell(session, row, "propose.told_cancelled", reason=reason)
    for merged in await _merged_into(session, row.id):
        await _tell(session, merged, "propose.told_merged_cancelled", reason=reason)


async def part(session: UnitOfWork, row: StatementRow) -> None:
    """Let go on by themselves the statements of others that were merged into one which its author erases.

    Where that one was not decided on they come before the moderators again; where it was rejected, so are they.
    """
    for merged in await _merged_into(session, row.id):
        if merged.seal == row.seal:
            continue
        merged.merged_into, merged.version = None, merged.version + 1
        if row.state == StatementState.REJECTED:
            merged.state, merged.reason = StatementState.REJECTED.value, row.reason
            continue
        merged.state, merged.reason = StatementState.PENDING.value, None
        await _tell(session, merged, "propose.told_waits_alone")


def wording(statement: Statement, languages: Iterable[str]) -> dict[str, Wording]:
    """Return a statement as it is voted on: in each language its translation or, where there is none, the original."""
    texts = {language: statement.texts.get(language, statement.text) for language in languages}
    return {language: Wording(title(text), text) for language, text in texts.items()}


def title(text: str) -> str:
    """Return a statement in one line of up to `TITLE_LENGTH` characters."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


async def _claimed(
    session: UnitOfWork,
    consultation_id: int,
    statement_id: int,
    version: int,
    states: Collection[StatementState],
) -> StatementRow:
    """Return the statement to be changed, if it is still as the moderator saw it. Raises ConsultationError if not."""
    row: StatementRow | None = await session.scalar(
        update(StatementRow)
        .where(
            StatementRow.id == statement_id,
            StatementRow.consultation_id == consultation_id,
            StatementRow.version == version,
            StatementRow.state.in_(states),
        )
        .values(version=StatementRow.version + 1)
        .returning(StatementRow),
        execution_options={"populate_existing": True},
    )
    if row is None:
        await find(session, consultation_id, statement_id)
        raise ConsultationError("proposal.changed_meanwhile")
    return row


async def _in_states(
    session: UnitOfWork,
    consultation_id: int,
    states: Collection[StatementState],
    *conditions: ColumnElement[bool],
) -> list[Statement]:
    rows = await session.scalars(
        select(StatementRow)
        .where(*tellable(session, consultation_id), StatementRow.state.in_(states), *conditions)
        .order_by(StatementRow.id)
    )
    return [statement_record(row) for row in rows]


async def _merged_into(session: UnitOfWork, statement_id: int) -> list[StatementRow]:
    return list(await session.scalars(select(StatementRow).where(StatementRow.merged_into == statement_id)))


async def _reword_poll(session: UnitOfWork, row: StatementRow) -> Poll | None:
    if row.subject is None:
        return None
    poll = await polls.latest_poll_on(session, row.consultation_id, row.subject)
    languages = poll.wording if poll else ()
    return await polls.reword(session, row.consultation_id, row.subject, wording(statement_record(row), languages))


async def _tell(
    session: UnitOfWork, row: StatementRow, phrase: str, *, way: tuple[str, str] | None = None, **values: str | int
) -> None:
    try:
        author = session.sealer.open(Purpose.STATEMENT, row.seal, row.consultation_id)
    except InvalidTag:  # its author had it erased, or the key was destroyed
        return
    text = row.texts[row.language]
    await notices.add(
        session, row.consultation_id, author, PROPOSALS, phrase, way=way, text=text, reference=row.reference, **values
    )


async def _tell_merged(session: UnitOfWork, decided: StatementRow) -> None:
    for row in await _merged_into(session, decided.id):
        await _tell_about(session, row, decided)


async def _tell_about(session: UnitOfWork, row: StatementRow, decided: StatementRow) -> None:
    """Tell the author of a merged statement what became of the other; what was not approved is not shown to them."""
    if decided.state == StatementState.APPROVED:
        other = decided.texts[decided.language]
        await _tell(session, row, "propose.told_merged_approved", other=other, channel=_channel(session, decided))
    else:
        await _tell(session, row, "propose.told_merged_rejected", reason=decided.reason or "")


def _channel(session: UnitOfWork, row: StatementRow) -> int:
    """Return the id of the channel where a statement is put to the vote, 0 where setup has made none."""
    return session.memory.place(row.consultation_id, PlaceKind.GROUP, row.group) or 0


def _said(text: str) -> str:
    """Return what a moderator wrote to an author. Raises ConsultationError where it is blank or too long."""
    if (said := clean(text)) is None:
        raise ConsultationError("proposal.reason_missing")
    _require_short(said, QUESTION_LENGTH)
    return said.strip()


def _require_short(text: str, most: int) -> None:
    if len(text) > most:
        raise ConsultationError("proposal.too_long", most=most)

"""Drafts of polls: what a moderator is shown before a poll is opened or reworded, kept so that no word of it is lost.

A draft outlives a restart and is gone once its poll is open or changed, once it is left, or a week later.
"""

import secrets
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import delete, select

from models import polls
from models.errors import ConsultationError
from models.records import Consultation, Poll, PollDraft
from models.store import UnitOfWork
from models.tables import PollDraftRow

KEPT = timedelta(days=7)
NUMBER_BITS = 48

_JSON = TypeAdapter(PollDraft)


async def keep(session: UnitOfWork, consultation_id: int, draft: PollDraft) -> int:
    """Keep a new draft and return its number."""
    await session.execute(delete(PollDraftRow).where(PollDraftRow.kept_at < session.now() - KEPT))
    # By chance: SQLite gives the number of a draft that is gone again, and old buttons would open another one.
    number = secrets.randbits(NUMBER_BITS)
    kept = _JSON.dump_python(draft, mode="json")
    session.add(PollDraftRow(id=number, consultation_id=consultation_id, draft=kept, kept_at=session.now()))
    return number


async def change(session: UnitOfWork, consultation_id: int, number: int, draft: PollDraft) -> None:
    """Put `draft` in the place of the one with this number. Raises ConsultationError where that is gone."""
    row = await _row(session, consultation_id, number)
    row.draft = _JSON.dump_python(draft, mode="json")


async def read(session: UnitOfWork, consultation_id: int, number: int) -> PollDraft:
    """Return the draft with this number. Raises ConsultationError where it is gone."""
    return _JSON.validate_python((await _row(session, consultation_id, number)).draft)


async def leave(session: UnitOfWork, consultation_id: int, number: int) -> None:
    """Drop a draft; one that is gone already is no error."""
    await session.execute(
        delete(PollDraftRow).where(PollDraftRow.consultation_id == consultation_id, PollDraftRow.id == number),
    )


async def open_poll(session: UnitOfWork, consultation: Consultation, number: int) -> Poll:
    """Open the poll that was drafted. Raises ConsultationError where the draft is gone or `polls.open_poll` refuses."""
    draft = await read(session, consultation.id, number)
    if draft.changes is not None:
        raise ConsultationError("poll.draft_gone")
    poll = await open_unkept(session, consultation, draft)
    await leave(session, consultation.id, number)
    return poll


async def open_unkept(session: UnitOfWork, consultation: Consultation, draft: PollDraft) -> Poll:
    """Open a poll of which no draft was kept. Raises ConsultationError where `polls.open_poll` refuses."""
    return await polls.open_poll(
        session,
        consultation,
        draft.recommendation,
        draft.group,
        draft.wording,
        draft.closes_at,
        draft.quorum,
        draft.opens_at,
        draft.paper,
        draft.visibility,
    )


async def change_poll(session: UnitOfWork, consultation: Consultation, number: int) -> Poll:
    """Change the poll that was drafted anew. Raises ConsultationError where that is refused or the draft is gone."""
    draft = await read(session, consultation.id, number)
    if draft.changes is None:
        raise ConsultationError("poll.draft_gone")
    before = session.memory.polls.get(draft.changes)
    # A beginning that was not to be changed may have passed since.
    is_moved = before is not None and draft.opens_at != before.opened_at
    poll = await polls.edit(
        session,
        draft.changes,
        opens_at=draft.opens_at if is_moved else None,
        closes_at=draft.closes_at,
        quorum=draft.quorum,
        visibility=draft.visibility,
        wording=draft.wording,
        paper=draft.paper,
    )
    await leave(session, consultation.id, number)
    return poll


async def _row(session: UnitOfWork, consultation_id: int, number: int) -> PollDraftRow:
    row = await session.scalar(
        select(PollDraftRow).where(PollDraftRow.consultation_id == consultation_id, PollDraftRow.id == number)
    )
    if row is None:
        raise ConsultationError("poll.draft_gone")
    return row

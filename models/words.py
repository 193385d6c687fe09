"""What is stored in words, as the use cases on it read it: threads' messages and private feedback alike."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, func, or_, select

from models import segments
from models.patience import give_way
from models.records import Attachment, Feedback, FeedbackKind, Quotation, SegmentSource
from models.sealing import pseudonym
from models.store import UnitOfWork
from models.tables import FeedbackRow, FeedbackTheme, FeedbackVersion, ThemeRow
from models.tally import SMALLEST_SEGMENT

ROWS_AT_ONCE = 1_000
BLOCK = 50
"""So many rows are made into records before others have their turn, where there may be many."""


def tellable(session: UnitOfWork, consultation_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for what moderators may read of a consultation's words now.

    Private words of the hour that still runs are left out: of two exports, or of two looks at the queue, the second
    would show what was given between them.
    """
    return (
        FeedbackRow.consultation_id == consultation_id,
        FeedbackRow.deleted_at.is_(None),
        or_(FeedbackRow.kind == FeedbackKind.THREAD, FeedbackRow.given_at < this_hour(session)),
    )


async def as_told(session: UnitOfWork, consultation_id: int, given: Iterable[Feedback]) -> list[Feedback]:
    """Leave out of private words a segment for which fewer than five people speak: it would lead to their author."""
    return without_small_segments(given, await large_segments(session, consultation_id))


def without_small_segments(given: Iterable[Feedback], large: Mapping[SegmentSource, Collection[str]]) -> list[Feedback]:
    """Do what `as_told` does, for those who read words in blocks."""
    return [
        one
        if one.kind is FeedbackKind.THREAD or one.segment in large[one.segment_source]
        else replace(one, segment=None)
        for one in given
    ]


async def large_segments(session: UnitOfWork, consultation_id: int) -> dict[SegmentSource, set[str]]:
    """Return the segments for which five people speak at least, by each source of segments."""
    return {source: await _large_segments(session, consultation_id, source) for source in SegmentSource}


async def _large_segments(session: UnitOfWork, consultation_id: int, source: SegmentSource) -> set[str]:
    spoken_for = Counter((await segments.of_participants(session, consultation_id, source)).values())
    return {segment for segment, people in spoken_for.items() if people >= SMALLEST_SEGMENT}


def this_hour(session: UnitOfWork) -> datetime:
    """Return when the hour that still runs began."""
    return hour_of(session.now())


def hour_of(moment: datetime) -> datetime:
    """Return when the hour of a moment began: all that is told of when private words or lone ballots were given."""
    return moment.replace(minute=0, second=0, microsecond=0)


async def records(
    session: UnitOfWork,
    *conditions: ColumnElement[bool],
    order: Sequence[SQLColumnExpression[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[Feedback]:
    """Return the contributions that these conditions hold for, oldest first or in another order."""
    found = select(FeedbackRow).where(*conditions).order_by(*(order or (FeedbackRow.given_at, FeedbackRow.id)))
    rows = list(await session.scalars(found.limit(limit).offset(offset).execution_options(populate_existing=True)))
    themes: dict[int, list[str]] = {}
    earlier: dict[int, int] = {}
    for start in range(0, len(rows), ROWS_AT_ONCE):
        ids = [row.id for row in rows[start : start + ROWS_AT_ONCE]]
        themes.update(await themes_of(session, ids))
        versions = await session.execute(
            select(FeedbackVersion.feedback_id, func.count())
            .where(FeedbackVersion.feedback_id.in_(ids))
            .group_by(FeedbackVersion.feedback_id)
        )
        earlier.update((feedback_id, count) for feedback_id, count in versions)
    return [_record(row, tuple(themes.get(row.id, ())), earlier.get(row.id, 0)) for row in rows]


async def themes_of(session: UnitOfWork, feedback_ids: Sequence[int] | Select[int]) -> dict[int, list[str]]:
    """Return the names of the themes of each of these contributions that has some, in their order."""
    rows = await session.execute(
        select(FeedbackTheme.feedback_id, ThemeRow.name)
        .join(ThemeRow)
        .where(FeedbackTheme.feedback_id.in_(feedback_ids))
        .order_by(ThemeRow.folded)
    )
    found: dict[int, list[str]] = {}
    for feedback_id, name in rows:
        found.setdefault(feedback_id, []).append(name)
    return found


async def quotable(session: UnitOfWork, consultation_id: int) -> list[Feedback]:
    """Return what its authors let be quoted, as moderators may be told it, what they pinned first, then oldest first.

    In blocks, so that nobody who votes meanwhile waits for all of it.
    """
    conditions = (*tellable(session, consultation_id), FeedbackRow.quotation != Quotation.NOT, FeedbackRow.text != "")
    order = (FeedbackRow.pinned.desc(), FeedbackRow.given_at, FeedbackRow.id)
    found: list[Feedback] = []
    while block := await records(session, *conditions, order=order, limit=BLOCK, offset=len(found)):
        found += block
        await give_way()
    return await as_told(session, consultation_id, found)


async def counted(session: UnitOfWork, consultation_id: int) -> dict[str | None, int]:
    """Return how many contributions there are by recommendation, else by group, else, under None, on the whole."""
    subject = func.coalesce(FeedbackRow.recommendation, FeedbackRow.group)
    rows = await session.execute(
        select(subject, func.count()).where(*tellable(session, consultation_id)).group_by(subject).order_by(subject)
    )
    return dict(rows.all())


async def counted_by_theme(session: UnitOfWork, consultation_id: int) -> dict[str, int]:
    """Return how many contributions bear each of the themes that moderators made, by its name."""
    rows = await session.execute(
        select(ThemeRow.name, func.count())
        .join(FeedbackTheme, FeedbackTheme.theme_id == ThemeRow.id)
        .join(FeedbackRow, FeedbackRow.id == FeedbackTheme.feedback_id)
        .where(*tellable(session, consultation_id))
        .group_by(ThemeRow.id, ThemeRow.name)
        .order_by(ThemeRow.folded)
    )
    return dict(rows.all())


async def drop_unused_themes(session: UnitOfWork, consultation_id: int) -> None:
    """Take from the moderators' list the themes that nothing bears any more."""
    await session.execute(
        delete(ThemeRow).where(
            ThemeRow.consultation_id == consultation_id, ThemeRow.id.not_in(select(FeedbackTheme.theme_id))
        )
    )


def kept_attachments(kept: Iterable[dict[str, Any]]) -> tuple[Attachment, ...]:
    """Return what is kept of attached files."""
    return tuple(Attachment(**one) for one in kept)


def _record(row: FeedbackRow, themes: tuple[str, ...], earlier: int) -> Feedback:
    kind = FeedbackKind(row.kind)
    return Feedback(
        id=row.id,
        reference=row.reference,
        kind=kind,
        group=row.group,
        recommendation=row.recommendation,
        pseudonym=pseudonym(row.seal),
        segment=row.segment,
        text=row.text,
        quotation=Quotation(row.quotation),
        given_at=row.given_at,
        edited_at=row.edited_at,
        attachments=kept_attachments(row.attachments),
        message_id=row.submission if kind is FeedbackKind.THREAD else row.about_message,
        channel_id=row.about_channel,
        read=row.read_at is not None,
        answered=row.answered_at is not None,
        pinned=row.pinned,
        themes=themes,
        earlier=earlier,
        version=row.version,
        segment_source=SegmentSource(row.segment_source),
    )

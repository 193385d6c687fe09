"""The queue in which moderators read what people said: one a consultation, unread first. It changes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, true

from models.records import Feedback, FeedbackKind
from models.store import UnitOfWork
from models.tables import FeedbackRow, FeedbackTheme
from models.words import as_told, records, tellable

PAGE = 5


class Shown(StrEnum):
    """Which contributions of the queue are wanted, by what moderators did with them."""

    ALL = "all"
    UNREAD = "unread"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a moderator wants to see of the queue; None is no condition. `theme` is a theme's id."""

    group: str | None = None
    recommendation: str | None = None
    shown: Shown = Shown.ALL
    theme: int | None = None
    kind: FeedbackKind | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """In which order groups and recommendations, by key, stand in the queue; what is in neither comes last."""

    groups: Sequence[str]
    recommendations: Sequence[str]


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue, from page 0; `unread` and `total` count what was wanted, `everything` all there is."""

    entries: tuple[Feedback, ...]
    page: int
    pages: int
    unread: int
    total: int
    everything: int


async def queue(session: UnitOfWork, consultation_id: int, wanted: Wanted, order: Order, page: int = 0) -> Queue:
    """Return a page of the queue: unread first, by group and recommendation, oldest first.

    A page past the last one is the last. Of private words the time is the hour alone, and their order within it says
    nothing.
    """
    all_of_it = tellable(session, consultation_id)
    conditions = (*all_of_it, *_conditions(wanted))
    total = await _count(session, *conditions)
    pages = max(-(-total // PAGE), 1)
    page = min(page, pages - 1)
    entries = await records(
        session,
        *conditions,
        order=(
            FeedbackRow.read_at.is_not(None),
            _position(FeedbackRow.group, order.groups),
            _position(FeedbackRow.recommendation, order.recommendations),
            FeedbackRow.given_at,
            case((FeedbackRow.kind == FeedbackKind.THREAD, FeedbackRow.submission)),
            FeedbackRow.reference,
        ),
        limit=PAGE,
        offset=page * PAGE,
    )
    return Queue(
        entries=tuple(await as_told(session, consultation_id, entries)),
        page=page,
        pages=pages,
        unread=await _count(session, *conditions, FeedbackRow.read_at.is_(None)),
        total=total,
        everything=await _count(session, *all_of_it),
    )


async def suggested(session: UnitOfWork, consultation_id: int, typed: str, limit: int) -> list[Feedback]:
    """Return contributions whose reference holds what was typed, the newest first, at most `limit`."""
    return await records(
        session,
        *tellable(session, consultation_id),
        FeedbackRow.reference.contains(typed.strip().upper(), autoescape=True),
        order=(FeedbackRow.given_at.desc(), FeedbackRow.reference),
        limit=limit,
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.group is not None:
        conditions.append(FeedbackRow.group == wanted.group)
    if wanted.recommendation is not None:
        conditions.append(FeedbackRow.recommendation == wanted.recommendation)
    if wanted.kind is not None:
        conditions.append(FeedbackRow.kind == wanted.kind)
    if wanted.theme is not None:
        bearing = select(FeedbackTheme.feedback_id).where(FeedbackTheme.theme_id == wanted.theme)
        conditions.append(FeedbackRow.id.in_(bearing))
    states = {
        Shown.UNREAD: FeedbackRow.read_at.is_(None),
        Shown.UNANSWERED: FeedbackRow.answered_at.is_(None),
        Shown.ANSWERED: FeedbackRow.answered_at.is_not(None),
        Shown.PINNED: FeedbackRow.pinned == true(),
    }
    if wanted.shown in states:
        conditions.append(states[wanted.shown])
    return conditions


def _position(column: Any, keys: Collection[str]) -> ColumnElement[int]:
    """Return the place of a row's key in a list, past its end for any other and for none."""
    places = {key: number for number, key in enumerate(keys)}
    return case(places, value=column, else_=len(places))


async def _count(session: UnitOfWork, *conditions: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(FeedbackRow).where(*conditions)) or 0

"""Use cases of moderators on what people said: one queue a consultation, in which each contribution is dealt with.

Whatever changes a contribution names the version it was decided on, and is noted in the trace in the same
transaction. Where somebody else was faster nothing is changed, and `FeedbackChangedError` says what they did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update

from models import trace
from models.errors import ConsultationError
from models.records import Feedback, Moderator
from models.store import UnitOfWork
from models.tables import FeedbackReply, FeedbackRow, FeedbackTheme, FeedbackVersion, ThemeRow
from models.upsert import upsert
from models.words import as_told, drop_unused_themes, records, tellable

THEME_LENGTH = 50
MOST_THEMES = 10  # of one contribution
READ = "review_read"


class Step(StrEnum):
    """What a moderator does with a contribution, as the trace names it with `review_` before it."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    UNREAD = "unread"
    THEMES = "themes"
    REPLY = "reply"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme on the moderators' list, and how many contributions bear it."""

    id: int
    name: str
    uses: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A moderators' public reply; where it stands is None until it was posted."""

    id: int
    text: str
    given_at: datetime
    channel_id: int | None
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A contribution as a moderator has it before them, with the replies to it, oldest first."""

    feedback: Feedback
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message in a thread said before its author edited it."""

    text: str
    written_at: datetime


class FeedbackChangedError(ConsultationError):
    """Somebody changed the contribution since it was shown; `current` is how it stands, `changes` what was done."""

    def __init__(self, current: Opened, changes: Sequence[str]) -> None:
        super().__init__("review.changed")
        self.current = current
        self.changes = tuple(changes)


async def open_one(session: UnitOfWork, consultation_id: int, moderator: Moderator, reference: str) -> Opened:
    """Return a contribution to a moderator; from now on it is read, for all of them.

    Raises ConsultationError where there is none (any more), or it may not be told yet.
    """
    found = await _find(session, consultation_id, reference)
    if not found.feedback.read:
        await session.execute(
            update(FeedbackRow).where(FeedbackRow.id == found.feedback.id).values(read_at=session.now())
        )
        await trace.record(session, consultation_id, moderator, READ, reference)
        found = await _find(session, consultation_id, reference)
    return found


async def look_at(session: UnitOfWork, consultation_id: int, reference: str) -> Opened:
    """Return a contribution as it stands. Raises ConsultationError as `open_one` does."""
    return await _find(session, consultation_id, reference)


async def earlier_wordings(session: UnitOfWork, consultation_id: int, reference: str) -> list[Wording]:
    """Return what a message said before it was edited, oldest first. Raises ConsultationError as `open_one` does."""
    found = await _find(session, consultation_id, reference)
    rows = await session.scalars(
        select(FeedbackVersion)
        .where(FeedbackVersion.feedback_id == found.feedback.id)
        .order_by(FeedbackVersion.written_at, FeedbackVersion.id)
    )
    return [Wording(row.text, row.written_at) for row in rows]


async def mark(
    session: UnitOfWork, consultation_id: int, moderator: Moderator, reference: str, version: int, step: Step
) -> Opened:
    """Mark a contribution that a moderator saw in `version` as answered, pinned or unread, or as not so any more.

    Raises FeedbackChangedError where it has another version by now, ConsultationError where it is gone.
    """
    values: dict[Step, dict[str, Any]] = {
        Step.ANSWERED: {"answered_at": session.now()},
        Step.UNANSWERED: {"answered_at": None},
        Step.PINNED: {"pinned": True},
        Step.UNPINNED: {"pinned": False},
        Step.UNREAD: {"read_at": None},
    }
    return await _change(session, consultation_id, moderator, reference, version, step, **values[step])


async def set_themes(
    session: UnitOfWork,
    consultation_id: int,
    moderator: Moderator,
    reference: str,
    version: int,
    names: Sequence[str],
) -> Opened:
    """Give a contribution these themes in place of those it has; new ones come on the list, unused ones leave it.

    A name that is on the list with other capitals is that one. Raises as `mark` does, and ConsultationError for more
    than `MOST_THEMES`.
    """
    by_folded = _by_folded(names)
    if len(by_folded) > MOST_THEMES:
        raise ConsultationError("review.too_many_themes", most=MOST_THEMES)
    on_the_list = (ThemeRow.consultation_id == consultation_id, ThemeRow.folded.in_(by_folded))
    by_folded |= {row.folded: row.name for row in await session.scalars(select(ThemeRow).where(*on_the_list))}
    changed = await _change(
        session, consultation_id, moderator, reference, version, Step.THEMES, note=", ".join(sorted(by_folded.values()))
    )
    await session.execute(delete(FeedbackTheme).where(FeedbackTheme.feedback_id == changed.feedback.id))
    if by_folded:
        rows = [{"consultation_id": consultation_id, "name": n, "folded": f} for f, n in by_folded.items()]
        await session.execute(
            upsert(session, ThemeRow, rows, unique=("consultation_id", "folded"), replace=()),
        )
        ids = await session.scalars(select(ThemeRow.id).where(*on_the_list))
        session.add_all(FeedbackTheme(feedback_id=changed.feedback.id, theme_id=theme_id) for theme_id in ids)
        await session.flush()
    await drop_unused_themes(session, consultation_id)
    return await _find(session, consultation_id, reference)


async def add_themes(
    session: UnitOfWork, consultation_id: int, moderator: Moderator, reference: str, names: Sequence[str]
) -> Opened:
    """Give a contribution these themes beside those it has. Raises as `set_themes` does."""
    now = (await _find(session, consultation_id, reference)).feedback
    return await set_themes(session, consultation_id, moderator, reference, now.version, [*now.themes, *names])


async def themes(session: UnitOfWork, consultation_id: int) -> list[Theme]:
    """Return the moderators' list, the most used first."""
    uses = func.count(FeedbackTheme.feedback_id)
    rows = await session.execute(
        select(ThemeRow.id, ThemeRow.name, uses)
        .outerjoin(FeedbackTheme, FeedbackTheme.theme_id == ThemeRow.id)
        .where(ThemeRow.consultation_id == consultation_id)
        .group_by(ThemeRow.id, ThemeRow.name, ThemeRow.folded)
        .order_by(uses.desc(), ThemeRow.folded)
    )
    return [Theme(*row) for row in rows]


def theme_names(typed: str) -> list[str]:
    """Return the themes in what somebody typed, parted by commas, semicolons or lines; each once.

    Raises ConsultationError for one longer than `THEME_LENGTH` characters.
    """
    parts = typed.replace(";", ",").replace("\n", ",").split(",")
    names = [" ".join(part.split()) for part in parts]
    named = [name for name in names if any(character.isalnum() for character in name)]
    if any(len(name) > THEME_LENGTH for name in named):
        raise ConsultationError("review.theme_too_long", most=THEME_LENGTH)
    return list(_by_folded(named).values())


async def begin_reply(
    session: UnitOfWork,
    consultation_id: int,
    moderator: Moderator,
    reference: str,
    version: int,
    submission: int,
    text: str,
) -> tuple[Opened, Reply | None]:
    """Store a public reply before it is posted, and mark the contribution as answered.

    Returns no reply where this `submission` was handed in before, so that none is posted twice. Raises as `mark` does,
    and ConsultationError where the text is blank.
    """
    if not text.strip():
        raise ConsultationError("review.reply_empty")
    known = await session.scalar(select(FeedbackReply.id).where(FeedbackReply.submission == submission))
    if known is not None:
        return await _find(session, consultation_id, reference), None
    changed = await _change(
        session, consultation_id, moderator, reference, version, Step.REPLY, answered_at=session.now()
    )
    session.add(
        FeedbackReply(feedback_id=changed.feedback.id, submission=submission, text=text, given_at=session.now())
    )
    await session.flush()
    opened = await _find(session, consultation_id, reference)
    return opened, opened.replies[-1]


async def reply_posted(session: UnitOfWork, reply_id: int, channel_id: int, message_id: int) -> None:
    """Keep where a reply stands; what members answer to it there is feedback, not a question to the bot."""
    await session.execute(
        update(FeedbackReply).where(FeedbackReply.id == reply_id).values(channel_id=channel_id, message_id=message_id),
    )
    session.after_commit(lambda memory: memory.public_replies.add(message_id))


async def withdraw_reply(
    session: UnitOfWork, consultation_id: int, moderator: Moderator, reference: str, reply_id: int, *, answered: bool
) -> None:
    """Take back a reply that could not be posted; `answered` is whether the contribution was answered before it."""
    known = delete(FeedbackReply).where(FeedbackReply.id == reply_id).returning(FeedbackReply.id)
    if await session.scalar(known) is None:  # taken back already
        return
    try:
        now = await _find(session, consultation_id, reference)
    except ConsultationError:  # its author took it back meanwhile
        return
    values = {} if answered or now.replies else {"answered_at": None}
    await _change(session, consultation_id, moderator, reference, now.feedback.version, Step.WITHDRAWN, **values)


async def _change(
    session: UnitOfWork,
    consultation_id: int,
    moderator: Moderator,
    reference: str,
    version: int,
    step: Step,
    note: str | None = None,
    **values: Any,
) -> Opened:
    """Change a contribution in the version a moderator saw, with its trace. Raises as `mark` does."""
    before = await _find(session, consultation_id, reference)
    changed = await session.execute(
        update(FeedbackRow)
        .where(FeedbackRow.id == before.feedback.id, FeedbackRow.version == version)
        .values(version=version + 1, **values)
        .returning(FeedbackRow.changes),
    )
    changes = changed.scalar_one_or_none()
    if changes is None:
        row = await session.get_one(FeedbackRow, before.feedback.id)
        raise FeedbackChangedError(before, row.changes[version:])
    await session.execute(
        update(FeedbackRow).where(FeedbackRow.id == before.feedback.id).values(changes=[*changes, step.value])
    )
    await trace.record(session, consultation_id, moderator, f"review_{step}", reference, note)
    return await _find(session, consultation_id, reference)


async def _find(session: UnitOfWork, consultation_id: int, reference: str) -> Opened:
    found = await records(session, *tellable(session, consultation_id), FeedbackRow.reference == reference)
    if not found:
        raise ConsultationError("review.gone")
    [one] = await as_told(session, consultation_id, found)
    rows = await session.scalars(
        select(FeedbackReply).where(FeedbackReply.feedback_id == one.id).order_by(FeedbackReply.id)
    )
    replies = (Reply(row.id, row.text, row.given_at, row.channel_id, row.message_id) for row in rows)
    return Opened(one, tuple(replies))


def _by_folded(names: Sequence[str]) -> dict[str, str]:
    """Return names by what they are without capitals, each as it was written first."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return first

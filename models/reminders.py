"""Use cases on reminders: which polls are due, who asked to be reminded and has not voted, how many are missing.

That somebody has not voted is found by opening their membership seal and sealing the id for ballots. It leaves here in
two shapes only: as whom to write to, for the one message, and as numbers by segment. Nothing of it is stored: a message
is kept, as a notice, for everybody who asked for it, and whether it is sent is decided just before.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from models import segments
from models.memory import poll_record
from models.records import ID_BITS, REMINDER, Poll, Position
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import BallotRow, NoticeRow, ParticipantRow, PollRow
from models.tally import OTHER, tally

BEFORE_END = timedelta(hours=24)
# Polls that are opened one after another, to end together, are reminded of together.
OPENED_TOGETHER = timedelta(minutes=1)
POLLS = "polls"  # what a message that waits is about
# Seconds between two messages to people: many at once look like spam to Discord.
BETWEEN_MESSAGES = 3.0


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody for whom a message waited, and the polls of their groups in one consultation that lack their ballot."""

    consultation_id: int
    user_id: int
    polls: tuple[Poll, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    user_id: int
    segment: str


@dataclass(frozen=True, slots=True)
class Missing:
    """How many participants of a poll's group have not voted in it.

    `segments` has `(segment, missing)` rows as they may be shown, `OTHER` for those merged; it is empty where none may.
    """

    participants: int
    missing: int
    segments: tuple[tuple[str, int], ...]


def remind_at(poll: Poll) -> datetime | None:
    """Return when to remind of a poll: a day before its end, or halfway where it is shorter than two days.

    None for a poll without an end.
    """
    if poll.closes_at is None:
        return None
    return poll.closes_at - min(BEFORE_END, (poll.closes_at - poll.opened_at) / 2)


async def take_due(session: UnitOfWork) -> list[Poll]:
    """Mark the polls whose reminder is due and return them, oldest first; each once for an end.

    One whose end was put off is due again where that reminder comes no earlier than the end that the former told of:
    a vote that is extended by an hour is not reminded of twice within it.

    With them come those of the same consultation and end that are due within a minute. What passed while the bot was
    down is due still, until the poll's end.
    """
    now = session.now()
    waiting = [
        poll
        for row in await session.scalars(
            select(PollRow).where(
                PollRow.ended_at.is_(None),
                PollRow.cancelled.is_(False),
                PollRow.closes_at > now,
            )
        )
        if not _was_reminded_of(poll := poll_record(row), row.reminded_of)
    ]
    due_ends = {(poll.consultation_id, poll.closes_at) for poll in waiting if _is_due(poll, now)}
    due = [
        poll.id
        for poll in waiting
        if (poll.consultation_id, poll.closes_at) in due_ends and _is_due(poll, now + OPENED_TOGETHER)
    ]
    taken = await session.scalars(
        update(PollRow)
        .where(PollRow.id.in_(due), PollRow.ended_at.is_(None))
        .values(reminded_of=PollRow.closes_at)
        .returning(PollRow),
    )
    return sorted((poll_record(row) for row in taken), key=lambda poll: poll.id)


async def let_wait(session: UnitOfWork, polls: Sequence[Poll]) -> None:
    """Keep a message for each of the polls' groups who asked for messages, one for all these polls.

    Also for those who have voted: what is stored must not tell who has.
    """
    asked_for: dict[tuple[int, int], list[int]] = {}
    for poll in polls:
        members = await _members(session, poll, ParticipantRow.wants_messages.is_(True))
        for member in members.values():
            asked_for.setdefault((poll.consultation_id, member.user_id), []).append(poll.id)
    rows = [
        {
            "id": secrets.randbits(ID_BITS),
            "consultation_id": consultation_id,
            "about": REMINDER,
            "seal": session.sealer.seal(Purpose.NOTICE, user_id, consultation_id, REMINDER),
            "phrase": REMINDER,
            "values": {POLLS: poll_ids},
            "way": None,
            "message_tried": False,
            "made_at": session.now(),
        }
        for (consultation_id, user_id), poll_ids in asked_for.items()
    ]
    if rows:
        await session.execute(insert(NoticeRow), rows)


async def take_next(session: UnitOfWork) -> Recipient | None:
    """Take the message that waits longest, with the polls that lack its person's ballot now; None where none waits.

    It is not returned again. Between keeping it and this may lie an hour, because messages are paced.
    """
    longest = select(NoticeRow.id).where(NoticeRow.phrase == REMINDER).order_by(NoticeRow.made_at, NoticeRow.id)
    row = await session.scalar(
        delete(NoticeRow).where(NoticeRow.id == longest.limit(1).scalar_subquery()).returning(NoticeRow)
    )
    if row is None:
        return None
    user_id = session.sealer.open(Purpose.NOTICE, row.seal, row.consultation_id, row.about)
    polls = await _still_missing(session, row.consultation_id, user_id, row.values[POLLS])
    return Recipient(row.consultation_id, user_id, tuple(polls))


async def _still_missing(session: UnitOfWork, consultation: int, user: int, poll_ids: Iterable[int]) -> list[Poll]:
    """Return the polls among these that lack a person's ballot and take it.

    None where they no longer want messages, or moderators keep them from voting.
    """
    member = session.memory.participants.get(
        (consultation, session.sealer.seal(Purpose.MEMBERSHIP, user, consultation))
    )
    blocked = (consultation, session.sealer.seal(Purpose.BLOCK, user, consultation)) in session.memory.blocked
    if member is None or not member.wants_messages or blocked:
        return []
    polls = [session.memory.polls.get(poll_id) for poll_id in poll_ids]
    running = [poll for poll in polls if poll is not None and poll.is_open_at(session.now())]
    voted = await session.scalars(
        select(BallotRow.poll_id).where(
            BallotRow.poll_id.in_([poll.id for poll in running]),
            BallotRow.seal == session.sealer.seal(Purpose.BALLOT, user, consultation),
        )
    )
    done = set(voted)
    return [poll for poll in running if poll.group in member.groups and poll.id not in done]


async def missing_by_segment(session: UnitOfWork, poll: Poll) -> Missing:
    """Count the participants of a poll's group who have not voted in it, by the segment they would vote for now.

    Where roles count, that is as the bot last saw them: Discord does not tell who holds a role.
    A segment with fewer than five participants in the group is merged, as in results, and no segment is shown where
    it could be found by subtraction.
    """
    members = await _members(session, poll)
    absent = members.keys() - await _voted(session, poll)
    # The rule of results, with heads in place of ballots.
    labels = published_rows(Counter(member.segment for member in members.values()))
    shown = {label for label in labels.values() if label is not None}
    rows = dict.fromkeys(sorted(shown, key=lambda label: (label == OTHER, label)), 0)
    for seal in absent:
        if (label := labels[members[seal].segment]) is not None:
            rows[label] += 1
    return Missing(len(members), len(absent), tuple(rows.items()))


def published_rows(heads: Mapping[str, int]) -> Mapping[str, str | None]:
    """Return under which row each segment may be shown, None where none may, from how many take part in each."""
    # The rule of results, with heads in place of ballots.
    return tally((segment, Position.PASS, number) for segment, number in heads.items()).labels


async def _members(session: UnitOfWork, poll: Poll, *conditions: ColumnElement[bool]) -> dict[bytes, _Member]:
    """Return the participants of a poll's group by the seal that their ballots bear."""
    spoken_for = await segments.of_participants(session, poll.consultation_id, poll.segment_source)
    rows = await session.execute(
        select(ParticipantRow.seal, ParticipantRow.groups).where(
            ParticipantRow.consultation_id == poll.consultation_id, *conditions
        )
    )
    members = {}
    for seal, groups in rows:
        if poll.group in groups:
            user = session.sealer.open(Purpose.MEMBERSHIP, seal, poll.consultation_id)
            members[session.sealer.seal(Purpose.BALLOT, user, poll.consultation_id)] = _Member(user, spoken_for[seal])
    return members


async def _voted(session: UnitOfWork, poll: Poll) -> set[bytes]:
    return set(await session.scalars(select(BallotRow.seal).where(BallotRow.poll_id == poll.id)))


def _was_reminded_of(poll: Poll, end: datetime | None) -> bool:
    """Say whether nobody is to be reminded of a poll again, whose last reminder told of `end`."""
    due_at = remind_at(poll)
    return end is not None and (due_at is None or due_at < end)


def _is_due(poll: Poll, moment: datetime) -> bool:
    due_at = remind_at(poll)
    return due_at is not None and due_at <= moment

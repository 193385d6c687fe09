"""What a person may ask of what they gave: to see all of it, and to have it erased.

Every table that holds a seal has its `Holding` here, which finds a person's rows and says what an erasure does to
them; a test walks all tables and fails where one is missing. What is foreseen and what is done come from the same rows.
"""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from models import ballot_paper, feedback, notices, segments, statement_review
from models.memory import Memory, poll_record
from models.records import FeedbackKind, Poll, Quotation, StatementState
from models.sealing import EVERYWHERE, Purpose, new_salt, pseudonym
from models.store import UnitOfWork
from models.tables import (
    BallotChange,
    BallotRow,
    BlockRow,
    ConfirmationRow,
    ConsultationRow,
    FeedbackReply,
    FeedbackRow,
    FeedbackTheme,
    FeedbackVersion,
    NoticeRow,
    ParticipantRow,
    PollRow,
    Preference,
    StatementRow,
    TraceRow,
)
from models.words import drop_unused_themes, hour_of, themes_of

SEAL_BYTES = 24


class Fate(StrEnum):
    """What an erasure does to a row: nothing is left of it, it counts on without its owner, or it stays as it is."""

    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    DISOWNED = "disowned"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose rows are meant, in which consultation."""

    user_id: int
    consultation_id: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept of a person: of what kind, what an erasure does to it, and all it says, by field.

    The fields hold text, numbers, moments, and lists and mappings of these. Of a ballot, `wording` is what was voted on
    and `options` what was chosen, by language; the choices of a poll of the kind `priorities` are in their order.
    """

    kind: str
    fate: Fate
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: what it found, by what became of it, and the polls that lost a ballot.

    `replies` are the channels and messages in Discord in which moderators answered private words that are gone; they
    may quote them.
    """

    found: tuple[Kept, ...]
    polls: tuple[Poll, ...]
    replies: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A column of seals: how a person's rows under it are found, what they are told of each, and how it is erased.

    `told` names the field in which each of the table's columns is told; of those in `untold` a person is told nothing,
    because they hold nothing of theirs. A test fails where a column is in neither.
    """

    column: InstrumentedAttribute[bytes]
    find: Callable[[UnitOfWork, Person], Awaitable[list[Kept]]]
    erase: Callable[[UnitOfWork, Person], Awaitable[None]] | None
    told: Mapping[str, str]
    untold: frozenset[str] = frozenset()


async def what_is_kept(session: UnitOfWork, person: Person) -> list[Kept]:
    """Return everything that stands under a person's seals of every purpose, with what an erasure would do to it."""
    return [kept for holding in HOLDINGS for kept in await holding.find(session, person)]


async def erase(session: UnitOfWork, person: Person) -> Erasure:
    """Erase what a person gave, as `what_is_kept` foresees it.

    Ballots that wait are not seen: it is done within `BallotBox.shut_to`. What SQLite has deleted is written over by
    `Store.write_over`, after the commit.
    """
    found = await what_is_kept(session, person)
    replies = await _replies_to_private_words(session, person)
    running = [poll for poll in await _polls_of(session, person) if _is_running(poll, session.now())]
    await session.execute(
        update(ConsultationRow).where(ConsultationRow.id == person.consultation_id).values(pseudonym_salt=new_salt())
    )
    for erasing in dict.fromkeys(holding.erase for holding in HOLDINGS if holding.erase):
        await erasing(session, person)
    return Erasure(tuple(found), tuple(running), replies)


def counted(found: Sequence[Kept]) -> Counter[tuple[str, Fate]]:
    """Count what is kept by its kind and by what an erasure does to it, in the order of the registry."""
    return Counter((kept.kind, kept.fate) for kept in found)


async def _membership(session: UnitOfWork, person: Person) -> list[Kept]:
    row = await session.scalar(
        select(ParticipantRow).where(*_theirs(session, person, ParticipantRow, Purpose.MEMBERSHIP))
    )
    if row is None:
        return []
    fields = {
        "segment": row.segment,
        "groups": row.groups,
        "wants_messages": row.wants_messages,
        "role_segment": row.role_segment,
        "joined_at": row.joined_at,
    }
    return [Kept("membership", Fate.ERASED, fields)]


async def _forget_membership(session: UnitOfWork, person: Person) -> None:
    seal = _seal(session, Purpose.MEMBERSHIP, person)
    await session.execute(delete(ParticipantRow).where(*_theirs(session, person, ParticipantRow, Purpose.MEMBERSHIP)))
    session.after_commit(lambda memory: _drop_participant(memory, person.consultation_id, seal))


def _drop_participant(memory: Memory, consultation_id: int, seal: bytes) -> None:
    memory.participants.pop((consultation_id, seal), None)


async def _confirmation(session: UnitOfWork, person: Person) -> list[Kept]:
    row = await session.get(ConfirmationRow, (person.consultation_id, _seal(session, Purpose.CONFIRMATION, person)))
    return [Kept("confirmation", Fate.ERASED, {"segment": row.segment})] if row else []


async def _forget_confirmation(session: UnitOfWork, person: Person) -> None:
    await segments.confirm(session, person.consultation_id, person.user_id, None)


async def _block(session: UnitOfWork, person: Person) -> list[Kept]:
    rows = await session.scalars(
        select(BlockRow).where(*_theirs(session, person, BlockRow, Purpose.BLOCK)).order_by(BlockRow.id)
    )
    return [
        Kept(
            "block",
            Fate.KEPT,
            {
                "pseudonym": pseudonym(row.seal),
                "blocked_at": row.blocked_at,
                "lifted_at": row.lifted_at,
                "reason": await _reason_of_block(session, row),
            },
        )
        for row in list(rows)
    ]


async def _reason_of_block(session: UnitOfWork, row: BlockRow) -> str | None:
    """Return why moderators blocked somebody: the trace says it, under the block's pseudonym."""
    return await session.scalar(
        select(TraceRow.reason)
        .where(
            TraceRow.consultation_id == row.consultation_id,
            TraceRow.action == "block",
            TraceRow.subject == pseudonym(row.seal),
            TraceRow.done_at >= row.blocked_at,
        )
        .order_by(TraceRow.id)
        .limit(1)
    )


async def _language(session: UnitOfWork, person: Person) -> list[Kept]:
    row = await session.get(Preference, session.sealer.seal(Purpose.PREFERENCE, person.user_id, EVERYWHERE))
    return [Kept("language", Fate.ERASED, {"language": row.language})] if row else []


async def _forget_language(session: UnitOfWork, person: Person) -> None:
    seal = session.sealer.seal(Purpose.PREFERENCE, person.user_id, EVERYWHERE)
    await session.execute(delete(Preference).where(Preference.seal == seal))
    session.after_commit(lambda memory: _drop_language(memory, seal))


def _drop_language(memory: Memory, seal: bytes) -> None:
    memory.languages.pop(seal, None)


async def _ballots(session: UnitOfWork, person: Person) -> list[Kept]:
    polls = {poll.id: poll for poll in await _polls_of(session, person)}
    rows = await session.scalars(
        select(BallotRow).where(*_of_ballots(session, person, BallotRow)).order_by(BallotRow.id)
    )
    return [
        Kept(
            "ballot",
            _fate(polls[row.poll_id], session.now()),
            {**_answer(row, polls[row.poll_id]), "reason": row.reason, "quotation": row.quotation},
        )
        for row in rows
    ]


async def _ballot_history(session: UnitOfWork, person: Person) -> list[Kept]:
    polls = {poll.id: poll for poll in await _polls_of(session, person)}
    rows = await session.scalars(
        select(BallotChange).where(*_of_ballots(session, person, BallotChange)).order_by(BallotChange.id)
    )
    return [Kept("ballot_history", Fate.ERASED, _answer(row, polls[row.poll_id])) for row in rows]


def _answer(row: BallotRow | BallotChange, poll: Poll) -> dict[str, Any]:
    chosen = ballot_paper.chosen(poll.paper, row.answer)
    return {
        "subject": poll.subject,
        "wording": {language: wording.title for language, wording in poll.wording.items()},
        "kind": poll.paper.kind,
        "choices": chosen,
        "options": {option.key: option.wording for option in poll.paper.options if option.key in chosen},
        "segment": row.segment,
        "cast_at": row.cast_at,
    }


async def _let_go_of_ballots(session: UnitOfWork, person: Person) -> None:
    """Delete the ballots of polls that run or were cancelled; let the others count on, each under a seal of chance.

    Of such a ballot the history keeps the last entry, under the same seal, so that a count can still be checked.
    """
    seal = _seal(session, Purpose.BALLOT, person)
    for poll in await _polls_of(session, person):
        ballots = (BallotRow.poll_id == poll.id, BallotRow.seal == seal)
        history = (BallotChange.poll_id == poll.id, BallotChange.seal == seal)
        if _fate(poll, session.now()) is Fate.WITHDRAWN:
            await session.execute(delete(BallotRow).where(*ballots))
            await session.execute(delete(BallotChange).where(*history))
            continue
        nobody = secrets.token_bytes(SEAL_BYTES)
        # The moment would keep together what somebody voted one after another.
        cast: list[BallotRow | BallotChange] = [
            *await session.scalars(select(BallotRow).where(*ballots)),
            *await session.scalars(select(BallotChange).where(*history)),
        ]
        for row in cast:
            row.cast_at = hour_of(row.cast_at)
        await session.flush()
        last = select(func.max(BallotChange.id)).where(*history).scalar_subquery()
        await session.execute(update(BallotChange).where(BallotChange.id == last).values(seal=nobody))
        await session.execute(delete(BallotChange).where(*history))
        await session.execute(
            update(BallotRow).where(*ballots).values(seal=nobody, reason=None, quotation=Quotation.NOT)
        )


async def _words(session: UnitOfWork, person: Person) -> list[Kept]:
    rows = await session.scalars(
        select(FeedbackRow)
        .where(*_theirs(session, person, FeedbackRow, *feedback.PURPOSES.values()))
        .order_by(FeedbackRow.id)
    )
    found = list(rows)
    numbers = [row.id for row in found]
    versions = await session.scalars(
        select(FeedbackVersion).where(FeedbackVersion.feedback_id.in_(numbers)).order_by(FeedbackVersion.id)
    )
    earlier: dict[int, list[dict[str, Any]]] = {}
    for one in versions:
        told = {"text": one.text, "written_at": one.written_at, "attachments": one.attachments}
        earlier.setdefault(one.feedback_id, []).append(told)
    themes = await themes_of(session, numbers)
    return [
        Kept(
            "thread" if row.kind == FeedbackKind.THREAD else "private",
            Fate.ERASED,
            {
                "reference": row.reference,
                "group": row.group,
                "recommendation": row.recommendation,
                "channel": row.about_channel,
                "message": row.submission if row.kind == FeedbackKind.THREAD else row.about_message,
                "text": row.text,
                "earlier": earlier.get(row.id, []),
                "attachments": row.attachments,
                "quotation": row.quotation,
                "segment": row.segment,
                "segment_source": row.segment_source,
                "given_at": row.given_at,
                "edited_at": row.edited_at,
                "deleted_at": row.deleted_at,
                "answered_at": row.answered_at,
                "pinned": row.pinned,
                "themes": themes.get(row.id, []),
            },
        )
        for row in found
    ]


async def _replies_to_private_words(session: UnitOfWork, person: Person) -> tuple[tuple[int, int], ...]:
    rows = await session.execute(
        select(FeedbackReply.channel_id, FeedbackReply.message_id)
        .join(FeedbackRow, FeedbackRow.id == FeedbackReply.feedback_id)
        .where(*_theirs(session, person, FeedbackRow, Purpose.FEEDBACK))
    )
    return tuple((channel, message) for channel, message in rows if channel is not None and message is not None)


async def _forget_words(session: UnitOfWork, person: Person) -> None:
    """Delete private words; of messages leave a mark, because they stand in their threads, to be read again.

    Versions before edits and themes go with them, and with private words the moderators' reply to them.
    """
    given = FeedbackRow.consultation_id == person.consultation_id
    private, thread = (_seal(session, purpose, person) for purpose in (Purpose.FEEDBACK, Purpose.THREAD))
    both = select(FeedbackRow.id).where(given, FeedbackRow.seal.in_((private, thread)))
    for belonging in (FeedbackVersion, FeedbackTheme):
        await session.execute(delete(belonging).where(belonging.feedback_id.in_(both)))
    of_private = select(FeedbackRow.id).where(given, FeedbackRow.seal == private)
    await session.execute(delete(FeedbackReply).where(FeedbackReply.feedback_id.in_(of_private)))
    await session.execute(delete(FeedbackRow).where(given, FeedbackRow.seal == private))
    await drop_unused_themes(session, person.consultation_id)
    for row in list(await session.scalars(select(FeedbackRow).where(given, FeedbackRow.seal == thread))):
        row.submission = feedback.erased_mark(session, person.consultation_id, row.submission)
        row.seal = secrets.token_bytes(SEAL_BYTES)
        row.text, row.segment, row.quotation = "", None, Quotation.NOT
        row.attachments, row.pinned = [], False
        # The moment of a message leads to it.
        row.given_at = row.deleted_at = session.now()
        row.edited_at = None
    await session.flush()


async def _proposals(session: UnitOfWork, person: Person) -> list[Kept]:
    rows = await session.scalars(
        select(StatementRow).where(*_theirs(session, person, StatementRow, Purpose.STATEMENT)).order_by(StatementRow.id)
    )
    return [
        Kept(
            "proposal",
            Fate.DISOWNED if row.state == StatementState.APPROVED else Fate.ERASED,
            {
                "reference": row.reference,
                "group": row.group,
                "recommendation": row.recommendation,
                "language": row.language,
                "state": row.state,
                "reason": row.reason,
                "subject": row.subject,
                "text": row.texts[row.language],
                "translations": {one: text for one, text in row.texts.items() if one != row.language},
                "earlier": [
                    {"language": one["language"], "text": one["text"], "changed_at": one["changed_at"]}
                    for one in row.history
                ],
                "why": row.why,
                "exchanges": [{"question": one["question"], "answer": one["answer"]} for one in row.exchanges],
                "given_at": row.made_at,
            },
        )
        for row in rows
    ]


async def _forget_proposals(session: UnitOfWork, person: Person) -> None:
    """Delete proposals; of one that is put to the vote the words stay, which others voted on, and no author.

    What others proposed and was merged into a deleted one goes on by itself.
    """
    own = _theirs(session, person, StatementRow, Purpose.STATEMENT)
    await session.execute(
        update(StatementRow)
        .where(*own, StatementRow.state == StatementState.APPROVED)
        .values(seal=secrets.token_bytes(SEAL_BYTES), why="", exchanges=[], history=[], submission=-StatementRow.id)
    )
    for row in list(await session.scalars(select(StatementRow).where(*own))):
        await statement_review.part(session, row)
    await session.flush()
    gone = select(StatementRow.id).where(*own)
    await session.execute(update(StatementRow).where(StatementRow.merged_into.in_(gone)).values(merged_into=None))
    await session.execute(delete(StatementRow).where(*own))


async def _notices(session: UnitOfWork, person: Person) -> list[Kept]:
    seals = notices.seals_of(session, notices.Addressee(person.consultation_id, person.user_id))
    rows = await session.scalars(select(NoticeRow).where(NoticeRow.seal.in_(seals)).order_by(NoticeRow.made_at))
    return [
        Kept(
            "notice",
            Fate.ERASED,
            {"about": row.phrase, "values": _plain_values(row.values), "made_at": row.made_at},
        )
        for row in rows
    ]


def _plain_values(values: Mapping[str, Any]) -> list[str]:
    """Return what a notice says, a text by language in each of its languages."""
    return [text for value in values.values() for text in (value.values() if isinstance(value, dict) else [str(value)])]


async def _forget_notices(session: UnitOfWork, person: Person) -> None:
    await notices.forget(session, person.consultation_id, person.user_id)


async def _moderation(session: UnitOfWork, person: Person) -> list[Kept]:
    rows = await session.scalars(
        select(TraceRow).where(*_theirs(session, person, TraceRow, Purpose.TRACE)).order_by(TraceRow.id)
    )
    return [
        Kept(
            "moderation",
            Fate.KEPT,
            {
                "pseudonym": pseudonym(row.seal),
                "role": row.role,
                "action": row.action,
                "subject": row.subject,
                "reason": row.reason,
                "done_at": row.done_at,
            },
        )
        for row in rows
    ]


def _seal(session: UnitOfWork, purpose: Purpose, person: Person) -> bytes:
    return session.sealer.seal(purpose, person.user_id, person.consultation_id)


def _theirs(
    session: UnitOfWork,
    person: Person,
    table: type[ParticipantRow | BlockRow | FeedbackRow | StatementRow | TraceRow],
    *purposes: Purpose,
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the rows of a table that stand under a person's seals of these purposes."""
    seals = [_seal(session, purpose, person) for purpose in purposes]
    return table.consultation_id == person.consultation_id, table.seal.in_(seals)


def _of_ballots(session: UnitOfWork, person: Person, table: type[BallotRow | BallotChange]) -> tuple[Any, ...]:
    of_consultation = select(PollRow.id).where(PollRow.consultation_id == person.consultation_id)
    return table.seal == _seal(session, Purpose.BALLOT, person), table.poll_id.in_(of_consultation)


async def _polls_of(session: UnitOfWork, person: Person) -> list[Poll]:
    """Return the polls in which somebody has a ballot, oldest first."""
    voted = select(BallotRow.poll_id).where(BallotRow.seal == _seal(session, Purpose.BALLOT, person))
    rows = await session.scalars(select(PollRow).where(PollRow.id.in_(voted)).order_by(PollRow.id))
    return [poll_record(row) for row in rows]


def _fate(poll: Poll, now: datetime) -> Fate:
    """Say what becomes of a ballot: it stays counted only where there is a count."""
    return Fate.WITHDRAWN if poll.cancelled or _is_running(poll, now) else Fate.DISOWNED


def _is_running(poll: Poll, now: datetime) -> bool:
    # A deadline that has passed is the end, also where nobody has noticed it yet.
    return poll.ended_at is None and (poll.closes_at is None or now < poll.closes_at)


def _same(*columns: str) -> dict[str, str]:
    """Return columns that are told in fields of the same name."""
    return dict(zip(columns, columns, strict=True))


# What leads to a row or to the store's own bookkeeping, and of the seal no more than a pseudonym where there is one.
_KEYS = frozenset({"id", "consultation_id", "seal"})
_BALLOT = {"poll_id": "wording", "answer": "choices", **_same("segment", "cast_at")}

HOLDINGS = (
    Holding(
        ParticipantRow.seal,
        _membership,
        _forget_membership,
        _same("segment", "groups", "wants_messages", "role_segment", "joined_at"),
        _KEYS,
    ),
    Holding(ConfirmationRow.seal, _confirmation, _forget_confirmation, _same("segment"), _KEYS),
    Holding(Preference.seal, _language, _forget_language, _same("language"), _KEYS),
    Holding(BallotRow.seal, _ballots, _let_go_of_ballots, {**_BALLOT, **_same("reason", "quotation")}, _KEYS),
    Holding(BallotChange.seal, _ballot_history, _let_go_of_ballots, _BALLOT, _KEYS),
    Holding(
        FeedbackRow.seal,
        _words,
        _forget_words,
        {
            "submission": "message",
            "about_channel": "channel",
            "about_message": "message",
            **_same("reference", "group", "recommendation", "segment", "segment_source", "text", "attachments"),
            **_same("quotation", "given_at", "edited_at", "deleted_at", "answered_at", "pinned"),
        },
        # Its kind is that of what is told; the rest says how far the moderators' queue has come with it.
        _KEYS | {"kind", "read_at", "changes", "version"},
    ),
    Holding(
        StatementRow.seal,
        _proposals,
        _forget_proposals,
        {
            "texts": "text",
            "history": "earlier",
            "made_at": "given_at",
            **_same(
                "reference", "state", "group", "recommendation", "language", "why", "exchanges", "reason", "subject"
            ),
        },
        # What it was merged into is somebody else's; its author is told what becomes of it.
        _KEYS | {"submission", "version", "merged_into"},
    ),
    Holding(
        NoticeRow.seal,
        _notices,
        _forget_notices,
        {"phrase": "about", **_same("values", "made_at")},
        # What its seal is bound to and how it is to be told; what it is about stands in its values.
        _KEYS | {"about", "way", "message_tried"},
    ),
    # What moderators did belongs to the consultation: it is shown to them, and stays under their pseudonym.
    Holding(
        TraceRow.seal,
        _moderation,
        None,
        {"seal": "pseudonym", **_same("role", "action", "subject", "reason", "done_at")},
        _KEYS - {"seal"},
    ),
    # Who is kept from taking part does not come back by asking for erasure; moderators lift it.
    Holding(
        BlockRow.seal,
        _block,
        None,
        {"seal": "pseudonym", **_same("blocked_at", "lifted_at")},
        _KEYS - {"seal"},
    ),
)

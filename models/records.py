"""What use cases give back: plain frozen values, never mapped objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ConsultationState(StrEnum):
    """Where a consultation stands; it only goes forward, and from closed back to open."""

    PREPARED = "prepared"
    OPEN = "open"
    CLOSED = "closed"


class Position(StrEnum):
    """What a ballot says; abstaining by `pass` is not the same as not voting."""

    SUPPORT = "support"
    ACCEPT = "accept"
    OBJECT = "object"
    PASS = "pass"  # noqa: S105 - a position, not a password


class Quotation(StrEnum):
    """How the author of a text lets it be quoted in what is published."""

    NOT = "not"
    WITHOUT_SEGMENT = "without_segment"
    WITH_SEGMENT = "with_segment"


class FeedbackKind(StrEnum):
    """Where feedback was given: in a thread, under one's name, or in private."""

    THREAD = "thread"
    PRIVATE = "private"


class PlaceKind(StrEnum):
    """What the bot made in a server, so that it finds it again and touches nothing else."""

    CATEGORY = "category"
    START = "start"
    START_CARD = "start_card"
    QUESTIONS = "questions"
    GROUP = "group"
    CARD = "card"
    THREAD = "thread"
    GROUP_ROLE = "group_role"
    MODERATOR_ROLE = "moderator_role"


@dataclass(frozen=True, slots=True)
class Consultation:
    """One server's consultation.

    `forget_at` is when its retention period ends, None while it is not closed; `forgotten_at` is when its people's
    ids were made unrecoverable, None before and again once it was opened anew.
    """

    id: int
    guild_id: int
    content_key: str
    state: ConsultationState
    public_languages: tuple[str, ...]
    opened_at: datetime | None
    expected_heads: Mapping[str, int]
    forget_at: datetime | None = None
    forgotten_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One thing of the bot's in Discord: its kind, the content key it belongs to ('' for none) and its id there."""

    consultation_id: int
    kind: PlaceKind
    key: str
    discord_id: int


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who said for which segment they speak, and in which groups they take part."""

    id: int
    consultation_id: int
    segment: str
    groups: frozenset[str]
    wants_messages: bool


class ModeratorRole(StrEnum):
    """By what somebody may moderate: the server's own permission, or the role that setup made."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Moderator:
    """Somebody who may moderate, as checked just now."""

    user_id: int
    role: ModeratorRole


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One thing a moderator did: who as role and pseudonym, what, to what, why and when."""

    id: int
    pseudonym: str
    role: ModeratorRole
    action: str
    subject: str
    reason: str | None
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Wording:
    """A recommendation as it was voted on, in one language."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many must vote for a poll to be valid.

    `heads` is a number over all, `share` a percentage of the heads expected in each segment; 0 asks for none.
    `expected` are those heads by segment as they were when the quorum was set: what moderators enter later moves no
    quorum of a running poll.
    """

    heads: int = 0
    share: int = 0
    expected: Mapping[str, int] = field(default_factory=dict)


NO_QUORUM = Quorum()


@dataclass(frozen=True, slots=True)
class Poll:
    """The question put on one recommendation.

    It takes ballots from `opened_at`, which may lie ahead, until `closes_at` or until it is ended; `ended_at` is None
    before. A cancelled poll keeps its ballots and publishes no result.
    """

    id: int
    consultation_id: int
    recommendation: str
    group: str
    wording: Mapping[str, Wording]
    opened_at: datetime
    closes_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    cancelled: bool = False
    quorum: Quorum = NO_QUORUM

    def is_open_at(self, moment: datetime) -> bool:
        """Say whether a ballot that arrives at `moment` counts: a poll's beginning and end are exact."""
        begun = self.opened_at <= moment
        return begun and self.ended_at is None and (self.closes_at is None or moment < self.closes_at)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's answer to a poll, as handed to the ballot box."""

    poll_id: int
    user_id: int
    segment: str
    position: Position
    reason: str | None = None
    quotation: Quotation = Quotation.NOT


@dataclass(frozen=True, slots=True)
class CastBallot:
    """What the ballot box did: the position it stored, and whether it replaced an earlier ballot of the same person."""

    position: Position
    changed: bool


@dataclass(frozen=True, slots=True)
class RecordedBallot:
    """A ballot of an ended poll in the confidential record.

    `segment` is None where the poll publishes none, `hour` where too few of the segment's ballots were cast in it.
    """

    poll_id: int
    recommendation: str
    pseudonym: str
    segment: str | None
    position: Position
    hour: datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """An objection's reason, apart from the ballot it came with; `segment` is None where the poll publishes none."""

    poll_id: int
    recommendation: str
    segment: str | None
    text: str
    quotation: Quotation


@dataclass(frozen=True, slots=True)
class Feedback:
    """A contribution in words. `text` is empty where its author deleted it."""

    id: int
    reference: str
    kind: FeedbackKind
    group: str | None
    recommendation: str | None
    pseudonym: str
    segment: str | None
    text: str
    quotation: Quotation
    given_at: datetime
    edited_at: datetime | None

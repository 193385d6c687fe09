"""What use cases give back: plain frozen values, never mapped objects."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

ID_BITS = 62


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


class PollKind(StrEnum):
    """How a ballot answers: by a position, one option, several, or some in an order of priority."""

    POSITION = "position"
    SINGLE = "single"
    SEVERAL = "several"
    PRIORITIES = "priorities"


class ReasonPolicy(StrEnum):
    """Whether a poll asks for a reason."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Visibility(StrEnum):
    """When a poll's result is shown; the later, the tighter."""

    LIVE = "live"
    ENDED = "ended"
    PUBLISHED = "published"

    def is_tighter_than(self, other: "Visibility") -> bool:
        order = list(Visibility)
        return order.index(self) > order.index(other)


class Quotation(StrEnum):
    """How the author of a text lets it be quoted in what is published."""

    NOT = "not"
    WITHOUT_SEGMENT = "without_segment"
    WITH_SEGMENT = "with_segment"


class SegmentSource(StrEnum):
    """By what it is decided for which segment somebody's ballot counts."""

    DECLARED = "declared"
    ROLES = "roles"
    CONFIRMED = "confirmed"


# The rows of those whose segment is not known. No segment of the content has an underscore in its key.
NO_ROLE = "no_role"
NOT_CONFIRMED = "not_confirmed"
NOT_DECLARED = "not_declared"  # of participants alone: nobody votes without declaring one where that is what counts
UNPLACED = frozenset({NO_ROLE, NOT_CONFIRMED, NOT_DECLARED})


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

    `segment_source` is what counts for polls opened from now on and for what is said now. `segment_roles` are the ids
    of Discord's roles with the segment that each stands for, the one that wins first.
    `forget_at` is when its retention period ends, None while it is not closed, and `end_announced` whether everybody
    was told that it ends soon; `forgotten_at` is when its people's
    ids were made unrecoverable, None before and again once it was opened anew.
    """

    id: int
    guild_id: int
    content_key: str
    state: ConsultationState
    public_languages: tuple[str, ...]
    opened_at: datetime | None
    expected_heads: Mapping[str, int]
    segment_source: SegmentSource = SegmentSource.DECLARED
    segment_roles: Mapping[int, str] = field(default_factory=dict)
    forget_at: datetime | None = None
    forgotten_at: datetime | None = None
    end_announced: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One thing of the bot's in Discord: its kind, the content key it belongs to ('' for none) and its id there."""

    consultation_id: int
    kind: PlaceKind
    key: str
    discord_id: int


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who said for which segment they speak, and in which groups they take part.

    `segment` is what they declared, '' where they were not asked; `role_segment` what their roles stood for when the
    bot last saw them, '' where it has not looked.
    """

    id: int
    consultation_id: int
    segment: str
    groups: frozenset[str]
    wants_messages: bool
    role_segment: str = ""


class ModeratorRole(StrEnum):
    """By what somebody may moderate: the server's own permission, the role that setup made, or running the bot."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Moderator:
    """Somebody who may moderate, as checked just now."""

    user_id: int
    role: ModeratorRole


OPERATOR = Moderator(0, ModeratorRole.OPERATOR)  # at the machine itself, where nobody has an id of Discord's


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


class Decision(StrEnum):
    """What became of a recommendation or a question."""

    ADOPTED = "adopted"
    AMENDED = "amended"
    REJECTED = "rejected"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided on a subject, and why.

    `wording` is the new wording by language where it was amended, else empty; `deferred_until` says until when it was
    deferred, `review_at` when the decision is looked at again.
    """

    id: int
    subject: str
    decision: Decision
    reason: str
    wording: Mapping[str, str]
    deferred_until: datetime | None
    review_at: datetime | None
    decided_at: datetime

    @property
    def due_at(self) -> datetime | None:
        """When moderators have to come back to it, None where they need not."""
        return min(filter(None, (self.deferred_until, self.review_at)), default=None)


@dataclass(frozen=True, slots=True)
class Wording:
    """A recommendation as it was voted on, in one language."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to choose from, as it reads in each language."""

    key: str
    wording: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BallotPaper:
    """How a poll is answered.

    A position poll has no options of its own: its answers are the positions. `most_choices` is how many options may be
    chosen or ranked; `reasons` whether a reason is asked for, beside that of every objection.
    """

    kind: PollKind = PollKind.POSITION
    options: tuple[Option, ...] = ()
    most_choices: int = 1
    reasons: ReasonPolicy = ReasonPolicy.OFF

    @property
    def keys(self) -> tuple[str, ...]:
        """What can be chosen."""
        return tuple(Position) if self.kind is PollKind.POSITION else tuple(option.key for option in self.options)


POSITIONS = BallotPaper()


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many must vote for a poll to be valid.

    `heads` is a number over all, `share` a percentage of the heads expected: in each segment and, without `heads`, over
    all. 0 asks for none.
    `expected` are those heads by segment as they were when the quorum was set: what moderators enter later moves no
    quorum of a running poll.
    """

    heads: int = 0
    share: int = 0
    expected: Mapping[str, int] = field(default_factory=dict)


NO_QUORUM = Quorum()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a poll comes from, if a participant proposed it: never who.

    `language` is that of its author, `amends` the key of the recommendation that it would change, None for a statement
    of its own, and `titles` that recommendation's title in each language.
    """

    language: str
    amends: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Poll:
    """A question put to a group.

    `subject` is the key of the card it stands on: the recommendation's, or one made for what has no recommendation, a
    question of the moderators' own or the `proposal` of a participant. It takes ballots from `opened_at`, which may lie
    ahead, until `closes_at` or until it is ended; `ended_at` is None before. A cancelled poll keeps its ballots and
    publishes no result.
    `segment_source` is the consultation's setting as it was when the poll was opened: no result mixes two.
    """

    id: int
    consultation_id: int
    subject: str
    group: str
    wording: Mapping[str, Wording]
    opened_at: datetime
    closes_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    cancelled: bool = False
    quorum: Quorum = NO_QUORUM
    recommendation: str | None = None
    paper: BallotPaper = POSITIONS
    visibility: Visibility = Visibility.ENDED
    published_at: datetime | None = None
    proposal: Proposal | None = None
    segment_source: SegmentSource = SegmentSource.DECLARED

    @property
    def is_published(self) -> bool:
        """Whether everybody may see the result; moderators see that of every ended poll."""
        shown = self.visibility is not Visibility.PUBLISHED or self.published_at is not None
        return self.ended_at is not None and not self.cancelled and shown

    def is_open_at(self, moment: datetime) -> bool:
        """Say whether a ballot that arrives at `moment` counts: a poll's beginning and end are exact."""
        begun = self.opened_at <= moment
        return begun and self.ended_at is None and (self.closes_at is None or moment < self.closes_at)


@dataclass(frozen=True, slots=True)
class PollDraft:
    """A poll as it would be opened; `opens_at` is None for at once, `wording` empty while nothing was asked yet.

    `changes` is the poll that it would change instead.
    """

    recommendation: str | None
    group: str
    wording: Mapping[str, Wording]
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    quorum: Quorum = NO_QUORUM
    paper: BallotPaper = POSITIONS
    visibility: Visibility = Visibility.ENDED
    changes: int | None = None


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's answer to a poll, as `models.ballot_paper.answer` makes it, handed to the ballot box.

    Without a reason, the same answer again keeps the one that was given for it.
    """

    poll_id: int
    user_id: int
    segment: str
    answer: str
    reason: str | None = None
    quotation: Quotation = Quotation.NOT


@dataclass(frozen=True, slots=True)
class CastBallot:
    """What the ballot box stored: an answer, its segment, whether it has a reason.

    `before` is the answer in whose place it came, None for a first ballot; `reason_before` the words that counted until
    then and do so no more, None where there are none.
    """

    answer: str
    segment: str
    has_reason: bool = False
    before: str | None = None
    reason_before: str | None = None

    @property
    def changed(self) -> bool:
        """Whether it came in the place of another ballot."""
        return self.before is not None


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason given with a ballot, with no more of it than what it answered.

    `segment` is None where the poll publishes none.
    """

    poll_id: int
    subject: str
    answer: str
    segment: str | None
    text: str
    quotation: Quotation


class StatementState(StrEnum):
    """Where a statement stands: not sent yet, before the moderators, back with its author, or decided on."""

    DRAFT = "draft"
    PENDING = "pending"
    ASKED_BACK = "asked_back"
    REJECTED = "rejected"
    APPROVED = "approved"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What moderators asked an author, and what they answered; None as long as they have not."""

    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Rewording:
    """An earlier wording of a statement in one language, and whether moderators replaced it, or its author did."""

    language: str
    text: str
    by_moderators: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant proposes: an amendment to a recommendation, or a statement of its own for a group.

    `texts` has it in its author's `language` and where it was translated. `version` grows with each change, so that of
    two who change it at once one is told. `reason` is why it was rejected or merged into the statement `merged_into`;
    `subject` the key of its card once it is put to the vote. Who its author is, it does not say.
    """

    id: int
    consultation_id: int
    reference: str
    state: StatementState
    version: int
    group: str
    recommendation: str | None
    language: str
    texts: Mapping[str, str]
    why: str
    exchanges: tuple[Exchange, ...]
    history: tuple[Rewording, ...]
    reason: str | None
    merged_into: int | None
    subject: str | None

    @property
    def text(self) -> str:
        """The statement as its author reads it."""
        return self.texts[self.language]


# What waits as notices do, but for its direct message alone; `models/reminders.py` says for whom.
REMINDER = "reminder.not_voted"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell one person: a phrase of the interface with its values.

    A value is a text, a number, or a text by language, of which they read theirs. `way` is a button under it: the
    phrase of its label, and its custom id; None for none. `about` is what it is about, to which its seal is bound, and
    `id` is drawn by chance: in the order of writing, rows might stand as those do for which people are told.
    """

    phrase: str
    values: Mapping[str, str | int | Mapping[str, str]]
    way: tuple[str, str] | None
    made_at: datetime
    about: str = ""
    id: int = field(default_factory=lambda: secrets.randbits(ID_BITS))


@dataclass(frozen=True, slots=True)
class Quote:
    """A reason as its author lets it be published.

    `segment` is a published row of the poll's own, None where it may not be told. `answer` is a position or one option;
    None where the ballot says more than that, because several choices together are as good as a signature.
    """

    answer: str | None
    segment: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is kept of a file that somebody attached: its name, its media type ('' where unknown), its size in bytes."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """What a member wrote in a recommendation's thread, as Discord tells it; `edited_at` is None for never.

    `roles` are its author's roles that are mapped to a segment, None where Discord did not say.
    """

    message_id: int
    user_id: int
    text: str
    group: str | None
    recommendation: str | None
    given_at: datetime
    edited_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    roles: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """A contribution in words. `text` is empty where its author deleted it.

    `message_id` is the message in the thread or, of private words, the one they are about in `channel_id`. Moderators
    set the rest: `version` counts their changes and its author's, `earlier` the wordings that its author replaced.
    """

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
    attachments: tuple[Attachment, ...] = ()
    message_id: int | None = None
    channel_id: int | None = None
    read: bool = False
    answered: bool = False
    pinned: bool = False
    themes: tuple[str, ...] = ()
    earlier: int = 0
    version: int = 0
    segment_source: SegmentSource = SegmentSource.DECLARED


class QuestionKind(StrEnum):
    """Why a question was kept: nothing answers it, or what was answered did not help."""

    UNANSWERED = "unanswered"
    DISLIKED = "disliked"
    ANSWER_DISLIKED = "answer_disliked"  # the moderators' own answer did not help


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What was asked in the same words: how many times, and last on which day (UTC). Nobody knows by whom."""

    id: int
    kind: QuestionKind
    language: str
    text: str
    count: int
    last_day: date


@dataclass(frozen=True, slots=True)
class ModeratorsAnswer:
    """What moderators answer to a question, in one language; it is served until `removed_at`."""

    id: int
    consultation_id: int
    language: str
    question: str
    answer: str
    added_at: datetime
    removed_at: datetime | None

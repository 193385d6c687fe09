"""The mapped classes. A person is a seal here, never an id; `models/sealing.py` makes the seals."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, also where the database (SQLite) keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        date: Date,
        datetime: UtcDateTime,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class StoredValue(Base):
    """What the bot keeps about itself: the check value of its key, secrets to destroy, the digest of its commands."""

    __tablename__ = "stored_values"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes]


class ConsultationRow(Base):
    __tablename__ = "consultations"

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    content_key: Mapped[str] = mapped_column(String(40))
    secret_name: Mapped[str] = mapped_column(String(32))  # which secret seals its ids; the secret lies with the key
    pseudonym_salt: Mapped[bytes]  # drawn anew at each erasure, so that two exports cannot be compared by pseudonym
    state: Mapped[str] = mapped_column(String(10))
    public_languages: Mapped[list[str]]
    expected_heads: Mapped[dict[str, Any]]  # how many are asked for, by segment, as moderators entered it
    segment_source: Mapped[str] = mapped_column(String(10))
    segment_roles: Mapped[dict[str, Any]]  # the segment that each of Discord's roles stands for, by its id
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]  # when its retention period ends
    end_announced: Mapped[bool]
    forgotten_at: Mapped[datetime | None]


class PlaceRow(Base):
    """What the bot made in a server."""

    __tablename__ = "places"
    __table_args__ = (Unique("consultation_id", "kind", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(80))
    discord_id: Mapped[int] = mapped_column(BigInteger)


class Preference(Base):
    """The language somebody chose, in every server and in direct messages."""

    __tablename__ = "preferences"

    seal: Mapped[bytes] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(5))


class ParticipantRow(Base):
    __tablename__ = "participants"
    __table_args__ = (Unique("consultation_id", "seal"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    seal: Mapped[bytes]
    segment: Mapped[str] = mapped_column(String(80))
    groups: Mapped[list[str]]
    wants_messages: Mapped[bool]
    role_segment: Mapped[str] = mapped_column(String(80))  # as the bot last saw it; no ballot is counted by it
    joined_at: Mapped[datetime]  # the day: the moment would lead to the ballot for which somebody joined


class ConfirmationRow(Base):
    """The segment that a moderator confirmed for somebody, whether or not they have joined."""

    __tablename__ = "confirmations"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"), primary_key=True)
    seal: Mapped[bytes] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(String(80))


class PollRow(Base):
    __tablename__ = "polls"
    __table_args__ = (
        Index(
            "uq_polls_open_subject",
            "consultation_id",
            "subject",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    subject: Mapped[str] = mapped_column(String(80))
    recommendation: Mapped[str | None] = mapped_column(String(80))
    group: Mapped[str] = mapped_column(String(80))
    wording: Mapped[dict[str, Any]]
    paper: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    cancelled: Mapped[bool]
    quorum: Mapped[dict[str, Any]]
    proposal: Mapped[dict[str, Any] | None]  # where a participant proposed it: in which language, and on what
    visibility: Mapped[str] = mapped_column(String(10))
    published_at: Mapped[datetime | None]
    shown: Mapped[
        dict[str, Any] | None
    ]  # what is shown of a live result: ballots by answer, as they were at some moment
    segment_source: Mapped[str] = mapped_column(String(10))
    reminded_of: Mapped[datetime | None]  # the end that the last reminder told of
    result_posted: Mapped[bool]


class PollDraftRow(Base):
    """A poll that a moderator is shown before it is opened."""

    __tablename__ = "poll_drafts"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    draft: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class BallotRow(Base):
    """The newest ballot of a person in a poll, with the segment they spoke for when they cast it."""

    __tablename__ = "ballots"
    __table_args__ = (Unique("poll_id", "seal"), Index("ix_ballots_count", "poll_id", "segment", "answer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id"))
    seal: Mapped[bytes]
    segment: Mapped[str] = mapped_column(String(80))
    answer: Mapped[str] = mapped_column(String(25))
    reason: Mapped[str | None] = mapped_column(Text)
    quotation: Mapped[str] = mapped_column(String(20))
    cast_at: Mapped[datetime]


class BallotChange(Base):
    """Every ballot as it was cast, also those that a later one replaced."""

    __tablename__ = "ballot_changes"
    __table_args__ = (Index("ix_ballot_changes_poll_id_seal", "poll_id", "seal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id"))
    seal: Mapped[bytes]
    segment: Mapped[str] = mapped_column(String(80))
    answer: Mapped[str] = mapped_column(String(25))
    cast_at: Mapped[datetime]


class TraceRow(Base):
    """What a moderator did, and why. Rows are added, never changed and never taken away: the database refuses it."""

    __tablename__ = "trace"
    __table_args__ = (Index("ix_trace_consultation_id", "consultation_id", "id"), {"info": {"append_only": True}})

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    seal: Mapped[bytes]
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime]


class OutcomeRow(Base):
    """What was decided on a recommendation or a question; the newest row on a subject counts."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_consultation_id_subject", "consultation_id", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    subject: Mapped[str] = mapped_column(String(80))
    submission: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # the form it was decided by
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    wording: Mapped[dict[str, Any]]
    deferred_until: Mapped[datetime | None]
    review_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    posted: Mapped[bool]


class StatementRow(Base):
    """What a participant proposes; `submission` is the sealed number of its form, so that none is stored twice."""

    __tablename__ = "statements"
    # No number is ever given again: a button that stands for a draft that was left leads to no other.
    __table_args__ = (Unique("consultation_id", "submission"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    submission: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    seal: Mapped[bytes]
    group: Mapped[str] = mapped_column(String(80))
    recommendation: Mapped[str | None] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(5))
    texts: Mapped[dict[str, Any]]  # by language: the author's, and what moderators translated it to
    why: Mapped[str] = mapped_column(Text)
    exchanges: Mapped[list[dict[str, Any]]]
    history: Mapped[list[dict[str, Any]]]
    reason: Mapped[str | None] = mapped_column(Text)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("statements.id"))
    subject: Mapped[str | None] = mapped_column(String(80))
    made_at: Mapped[datetime]


class NoticeRow(Base):
    """What somebody is to be told once; it is gone when they were told."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_seal", "seal"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    about: Mapped[str] = mapped_column(String(120))  # what its seal is bound to
    seal: Mapped[bytes]
    phrase: Mapped[str] = mapped_column(String(80))
    values: Mapped[dict[str, Any]]
    way: Mapped[list[str] | None] = mapped_column(JSON)  # a button: the phrase of its label, and its custom id
    message_tried: Mapped[bool]  # a direct message was refused, so it waits for what the person does next
    made_at: Mapped[datetime]


class BlockRow(Base):
    """From when to when moderators kept somebody from writing and voting; the trace says why."""

    __tablename__ = "blocks"
    __table_args__ = (
        Index(
            "uq_blocks_running",
            "consultation_id",
            "seal",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    seal: Mapped[bytes]
    blocked_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]  # what they wrote in threads until then is never stored


class FeedbackRow(Base):
    """A contribution in words; `submission` is the message or the modal it came by, so that none is stored twice."""

    __tablename__ = "feedback"
    __table_args__ = (Unique("consultation_id", "kind", "submission"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    submission: Mapped[int] = mapped_column(BigInteger)
    group: Mapped[str | None] = mapped_column(String(80))
    recommendation: Mapped[str | None] = mapped_column(String(80))
    seal: Mapped[bytes]
    segment: Mapped[str | None] = mapped_column(String(80))
    segment_source: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[dict[str, Any]]]  # by name, type and size in bytes, never their content
    quotation: Mapped[str] = mapped_column(String(20))
    about_channel: Mapped[int | None] = mapped_column(BigInteger)  # the message that private words are about
    about_message: Mapped[int | None] = mapped_column(BigInteger)
    given_at: Mapped[datetime]  # of private words the hour: the moment would lead to who joined just then
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    pinned: Mapped[bool]
    changes: Mapped[list[str]]  # what each version was made by, so that who saw an older one can be told
    version: Mapped[int]


class FeedbackVersion(Base):
    """The words of a message in a thread as they were before its author edited it."""

    __tablename__ = "feedback_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[dict[str, Any]]]
    written_at: Mapped[datetime]


class ThemeRow(Base):
    """A theme on the moderators' own list; `folded` is its name without capitals, so that none is there twice."""

    __tablename__ = "themes"
    __table_args__ = (Unique("consultation_id", "folded"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    name: Mapped[str] = mapped_column(String(50))
    folded: Mapped[str] = mapped_column(String(150))


class FeedbackTheme(Base):
    """A theme that moderators gave a contribution."""

    __tablename__ = "feedback_themes"

    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id"), primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("themes.id"), primary_key=True, index=True)


class FeedbackReply(Base):
    """A moderators' public reply; `message_id` is None until it stands in Discord."""

    __tablename__ = "feedback_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id"), index=True)
    submission: Mapped[int] = mapped_column(BigInteger, unique=True)
    text: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)


class QuestionRow(Base):
    """A question for which no answer was given, or whose answer did not help; never who asked it.

    `mark` is the sealed number of the answer that was given, so that one answer counts once. `folded` is the text by
    which like questions are counted together; both texts are empty once moderators removed the question.
    """

    __tablename__ = "questions"
    __table_args__ = (Unique("consultation_id", "mark"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    mark: Mapped[bytes]
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    text: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    asked_on: Mapped[date]  # the day: the moment would lead to whoever was there


class ModeratorsAnswerRow(Base):
    """What moderators answer to a question that the article leaves open; who wrote it stands in the trace."""

    __tablename__ = "moderators_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"))
    language: Mapped[str] = mapped_column(String(5))
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

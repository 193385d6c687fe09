"""What a click needs to know, in memory, so that a modal can be the first answer.

Loaded at start, and changed by the use cases alone, after their transaction is committed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.records import (
    REMINDER,
    BallotPaper,
    Consultation,
    ConsultationState,
    ModeratorsAnswer,
    Option,
    Participant,
    Place,
    PlaceKind,
    Poll,
    PollKind,
    Proposal,
    Quorum,
    ReasonPolicy,
    SegmentSource,
    Visibility,
    Wording,
)
from models.sealing import Purpose, Sealer
from models.tables import (
    BlockRow,
    ConfirmationRow,
    ConsultationRow,
    FeedbackReply,
    ModeratorsAnswerRow,
    NoticeRow,
    ParticipantRow,
    PlaceRow,
    PollRow,
    Preference,
)
from models.tally import AnyResult


@dataclass(slots=True)
class Memory:
    """Consultations by server, open polls by id, participants by membership seal, languages by preference seal.

    The moderators' answers that are served stand by consultation and language, in tuples that are never changed.
    `blocked` are the seals of those whom moderators keep from taking part, each with its consultation, and
    `blocked_before` from when to when they kept whom from it;
    `public_replies` are the messages in which moderators answered feedback.
    `confirmed` are the segments that moderators confirmed, by consultation and confirmation seal.
    `notices` has the seals of those whom something waits to be told, by consultation and what it is about.
    `results` has what was counted of ended polls since the start, by their id: no ballot comes to them or leaves them.
    """

    consultations: dict[int, Consultation] = field(default_factory=dict)
    polls: dict[int, Poll] = field(default_factory=dict)
    participants: dict[tuple[int, bytes], Participant] = field(default_factory=dict)
    confirmed: dict[tuple[int, bytes], str] = field(default_factory=dict)
    languages: dict[bytes, str] = field(default_factory=dict)
    notices: dict[tuple[int, str], set[bytes]] = field(default_factory=dict)
    blocked: set[tuple[int, bytes]] = field(default_factory=set)
    blocked_before: dict[tuple[int, bytes], tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    public_replies: set[int] = field(default_factory=set)
    answers: dict[tuple[int, str], tuple[ModeratorsAnswer, ...]] = field(default_factory=dict)
    results: dict[int, AnyResult] = field(default_factory=dict, compare=False)
    _places: dict[tuple[int, PlaceKind, str], Place] = field(default_factory=dict)
    _places_by_id: dict[int, Place] = field(default_factory=dict)

    def consultation(self, consultation_id: int) -> Consultation | None:
        """Return the consultation with this id, if there is one."""
        return next((one for one in self.consultations.values() if one.id == consultation_id), None)

    def open_poll_on(self, consultation_id: int, subject: str) -> Poll | None:
        """Return the open poll that stands on the card of this key, if there is one."""
        return next(
            (
                poll
                for poll in self.polls.values()
                if (poll.consultation_id, poll.subject) == (consultation_id, subject)
            ),
            None,
        )

    def notices_for(self, sealer: Sealer, consultation_id: int, user_id: int) -> list[bytes]:
        """Return the seals under which something waits to be told to somebody: one for each thing it is about."""
        sealed = (
            (sealer.seal(Purpose.NOTICE, user_id, consultation_id, about), seals)
            for (place, about), seals in self.notices.items()
            if place == consultation_id
        )
        return [seal for seal, seals in sealed if seal in seals]

    def keep_notice(self, consultation_id: int, about: str, seal: bytes) -> None:
        self.notices.setdefault((consultation_id, about), set()).add(seal)

    def drop_notices(self, told: Collection[bytes]) -> None:
        for key, seals in list(self.notices.items()):
            seals.difference_update(told)
            if not seals:
                del self.notices[key]

    def keep_block(self, consultation_id: int, seal: bytes, blocked_at: datetime, lifted_at: datetime) -> None:
        key = consultation_id, seal
        self.blocked_before[key] = (*self.blocked_before.get(key, ()), (blocked_at, lifted_at))

    def forget_poll(self, poll_id: int) -> None:
        self.polls.pop(poll_id, None)

    def keep_answer(self, answer: ModeratorsAnswer) -> None:
        key = answer.consultation_id, answer.language
        self.answers[key] = (*self.answers.get(key, ()), answer)

    def drop_answers(self, answer_ids: Collection[int]) -> None:
        for key, served in self.answers.items():
            if any(answer.id in answer_ids for answer in served):
                self.answers[key] = tuple(answer for answer in served if answer.id not in answer_ids)

    def place(self, consultation_id: int, kind: PlaceKind, key: str = "") -> int | None:
        """Return the Discord id of something the bot made, None where it made none."""
        place = self._places.get((consultation_id, kind, key))
        return place.discord_id if place else None

    def places(self, consultation_id: int, kind: PlaceKind) -> Iterator[Place]:
        return (
            place
            for place in list(self._places.values())
            if (place.consultation_id, place.kind) == (consultation_id, kind)
        )

    def place_at(self, discord_id: int) -> Place | None:
        """Return what the bot made under this Discord id."""
        return self._places_by_id.get(discord_id)

    def keep_place(self, place: Place) -> None:
        self.drop_place(place.consultation_id, place.kind, place.key)
        self._places[place.consultation_id, place.kind, place.key] = place
        # A thread that was started from a message has that message's id: the thread is what is looked up.
        if place.kind is not PlaceKind.CARD:
            self._places_by_id[place.discord_id] = place

    def drop_place(self, consultation_id: int, kind: PlaceKind, key: str) -> None:
        place = self._places.pop((consultation_id, kind, key), None)
        if place and self._places_by_id.get(place.discord_id) == place:
            del self._places_by_id[place.discord_id]


async def load_memory(session: AsyncSession) -> Memory:
    """Read everything a click needs to know from the store."""
    memory = Memory()
    await _load_people(session, memory)
    for consultation in await session.scalars(select(ConsultationRow)):
        memory.consultations[consultation.guild_id] = consultation_record(consultation)
    for poll in await session.scalars(select(PollRow).where(PollRow.ended_at.is_(None))):
        memory.polls[poll.id] = poll_record(poll)
    waiting = select(NoticeRow.consultation_id, NoticeRow.about, NoticeRow.seal).where(NoticeRow.phrase != REMINDER)
    for notice in await session.execute(waiting):
        memory.keep_notice(*notice)
    for message_id in await session.scalars(select(FeedbackReply.message_id)):
        if message_id is not None:
            memory.public_replies.add(message_id)
    standing = select(ModeratorsAnswerRow).where(ModeratorsAnswerRow.removed_at.is_(None))
    for answer in await session.scalars(standing.order_by(ModeratorsAnswerRow.id)):
        memory.keep_answer(answer_record(answer))
    for place in await session.scalars(select(PlaceRow)):
        memory.keep_place(Place(place.consultation_id, PlaceKind(place.kind), place.key, place.discord_id))
    return memory


async def _load_people(session: AsyncSession, memory: Memory) -> None:
    for participant in await session.scalars(select(ParticipantRow)):
        memory.participants[participant.consultation_id, participant.seal] = participant_record(participant)
    for confirmation in await session.scalars(select(ConfirmationRow)):
        memory.confirmed[confirmation.consultation_id, confirmation.seal] = confirmation.segment
    for preference in await session.scalars(select(Preference)):
        memory.languages[preference.seal] = preference.language
    for block in await session.scalars(select(BlockRow).order_by(BlockRow.id)):
        if block.lifted_at is None:
            memory.blocked.add((block.consultation_id, block.seal))
        else:
            memory.keep_block(block.consultation_id, block.seal, block.blocked_at, block.lifted_at)


def consultation_record(row: ConsultationRow) -> Consultation:
    return Consultation(
        id=row.id,
        guild_id=row.guild_id,
        content_key=row.content_key,
        state=ConsultationState(row.state),
        public_languages=tuple(row.public_languages),
        opened_at=row.opened_at,
        expected_heads=row.expected_heads,
        forget_at=row.forget_at,
        end_announced=row.end_announced,
        forgotten_at=row.forgotten_at,
        segment_source=SegmentSource(row.segment_source),
        segment_roles={int(role): segment for role, segment in row.segment_roles.items()},
    )


def participant_record(row: ParticipantRow) -> Participant:
    groups = frozenset(row.groups)
    return Participant(row.id, row.consultation_id, row.segment, groups, row.wants_messages, row.role_segment)


def answer_record(row: ModeratorsAnswerRow) -> ModeratorsAnswer:
    return ModeratorsAnswer(
        row.id, row.consultation_id, row.language, row.question, row.answer, row.added_at, row.removed_at
    )


def poll_record(row: PollRow) -> Poll:
    return Poll(
        id=row.id,
        consultation_id=row.consultation_id,
        subject=row.subject,
        recommendation=row.recommendation,
        group=row.group,
        wording={language: Wording(**wording) for language, wording in row.wording.items()},
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        cancelled=row.cancelled,
        quorum=Quorum(**row.quorum),
        segment_source=SegmentSource(row.segment_source),
        paper=_paper_record(row.paper),
        proposal=Proposal(**row.proposal) if row.proposal else None,
        visibility=Visibility(row.visibility),
        published_at=row.published_at,
    )


def _paper_record(kept: dict[str, Any]) -> BallotPaper:
    return BallotPaper(
        kind=PollKind(kept["kind"]),
        options=tuple(Option(**option) for option in kept["options"]),
        most_choices=kept["most_choices"],
        reasons=ReasonPolicy(kept["reasons"]),
    )

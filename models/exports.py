"""What of a consultation may be taken out: what may be published, or the confidential record.

It decides who may see what; how files look is the business of `reports`. Open and cancelled polls have no part in it.
Ballots one by one are the business of `models/ballot_record.py`.
"""

from array import array
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from models import polls, segments, words
from models.records import Feedback, FeedbackKind, Poll, Quotation, Reason, SegmentSource
from models.results import ONE_ANSWER
from models.store import UnitOfWork
from models.tables import ConsultationRow, FeedbackRow, PollRow
from models.tally import OTHER, merged


class Tier(StrEnum):
    """What may be published, or the record, which is for moderators alone."""

    PUBLISHED = "published"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken out of a consultation: the polls of `group` that ended, and the words given there, from `since` on.

    None takes all groups, or all times.
    """

    consultation_id: int
    tier: Tier = Tier.PUBLISHED
    group: str | None = None
    since: datetime | None = None

    def takes(self, group: str | None, moment: datetime | None) -> bool:
        """Say whether something of this group and moment is in it."""
        in_group = self.group is None or group == self.group
        return in_group and (self.since is None or (moment is not None and moment >= self.since))


async def polls_in(session: UnitOfWork, selection: Selection) -> list[Poll]:
    """Return the polls that have a part in a selection, oldest first; published results alone in what is published."""
    return [
        poll
        for poll in await polls.ended_polls(session, selection.consultation_id)
        if selection.takes(poll.group, poll.ended_at) and (selection.tier is Tier.RECORD or poll.is_published)
    ]


async def words_in(session: UnitOfWork, selection: Selection) -> AsyncIterator[list[Feedback]]:
    """Give the words in a selection in blocks, in the order of the times that may be told.

    Of private words the time is the hour, also where `since` falls into it: asked with one minute after another, the
    files would tell the minute. What may be published is what its author lets be quoted, with the segment where they
    allow it.
    """
    ids = await _words_in_order(session, selection)
    large = await words.large_segments(session, selection.consultation_id)
    for start in range(0, len(ids), words.ROWS_AT_ONCE):
        block = ids[start : start + words.ROWS_AT_ONCE]
        read = {one.id: one for one in await words.records(session, FeedbackRow.id.in_(block))}
        told = words.without_small_segments((read[number] for number in block), large)
        told = [replace(one, given_at=_told_time(one.kind, one.given_at)) for one in told]
        yield [_as_quoted(one) for one in told] if selection.tier is Tier.PUBLISHED else told


async def _words_in_order(session: UnitOfWork, selection: Selection) -> "array[int]":
    """Return the ids of the words in a selection; of many, nothing else is kept at once."""
    statement = select(
        FeedbackRow.id, FeedbackRow.kind, FeedbackRow.reference, FeedbackRow.group, FeedbackRow.given_at
    ).where(*words.tellable(session, selection.consultation_id))
    if selection.tier is Tier.PUBLISHED:
        statement = statement.where(FeedbackRow.quotation != Quotation.NOT)
    places = []
    async for number, kind, reference, group, given_at in await session.stream(statement):
        told = _told_time(FeedbackKind(kind), given_at)
        if selection.takes(group, told):
            places.append((told, kind, reference, number))
    return array("q", [number for *_, number in sorted(places)])


async def reasons_in(session: UnitOfWork, selection: Selection, poll: Poll) -> list[Reason]:
    """Return the reasons given in a poll of a selection; of what may be published, as their authors allow.

    Of several or ranked options the answer is left out ('') in both tiers: such a combination is as good as a
    signature, and would join the reason to its ballot.
    """
    given = await polls.reasons(session, poll)
    if poll.paper.kind not in ONE_ANSWER:
        given = [replace(one, answer="") for one in given]
    if selection.tier is Tier.RECORD:
        return given
    return [_as_published(one) for one in given if one.quotation is not Quotation.NOT]


async def groups_of_subjects(session: UnitOfWork, consultation_id: int) -> dict[str, str]:
    """Return the working group of every subject that was put to the vote, as of its newest poll."""
    rows = await session.execute(
        select(PollRow.subject, PollRow.group).where(PollRow.consultation_id == consultation_id).order_by(PollRow.id)
    )
    return dict(rows.all())


async def participants(session: UnitOfWork, selection: Selection) -> tuple[int, dict[str, int]]:
    """Return how many people joined and, in the record alone, how many by row, by what segments count now.

    Small segments are merged as in a poll. Published beside results these rows would tell how many ballots a merged
    segment has, wherever nearly everybody of the others voted. It is always of the whole consultation: by group, a
    small segment could be found by subtracting one group from all.
    """
    row = await session.get_one(ConsultationRow, selection.consultation_id)
    spoken_for = await segments.of_participants(session, row.id, SegmentSource(row.segment_source))
    rows = merged(Counter(spoken_for.values())) if selection.tier is Tier.RECORD else {}
    return len(spoken_for), rows


def _as_published(reason: Reason) -> Reason:
    """Leave the segment out where its author wants that, and where it is not published as a row of its own."""
    told = reason.quotation is Quotation.WITH_SEGMENT and reason.segment != OTHER
    return reason if told else replace(reason, segment=None)


def _as_quoted(given: Feedback) -> Feedback:
    return given if given.quotation is Quotation.WITH_SEGMENT else replace(given, segment=None)


def _told_time(kind: FeedbackKind, given_at: datetime) -> datetime:
    """Return when words were given; of private ones only the hour, as of ballots.

    Somebody's group role appears for all to see at the moment they first take part.
    """
    return words.hour_of(given_at) if kind is FeedbackKind.PRIVATE else given_at

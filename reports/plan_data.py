"""What the plan is made from, read in one unit of work: plain values that can be handed to another process.

Published tier alone: counted results of ended and published polls, words only as their authors allowed, decisions. Of
open polls no more than that they are open and until when. Never writes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content.catalogue import Area, Catalogue, Event, Recommendation
from models import outcomes, polls, results, statement_review, words
from models.patience import give_way
from models.records import Feedback, FeedbackKind, Outcome, Poll, Quotation, Quote
from models.results import EndedPoll
from models.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class Words:
    """A contribution that may be quoted; `subject` is the key of its recommendation, else of its group, else None.

    `segment` is None where it may not be told.
    """

    reference: str
    kind: FeedbackKind
    subject: str | None
    segment: str | None
    text: str


@dataclass(frozen=True, slots=True)
class PlanData:
    """What was voted, said and decided.

    `polls` are the published ones, oldest first, with the quotes each allows, `waiting` those that have ended without
    being published, `running` those that have not ended, `outcomes` by subject; of `words` those come first that
    moderators hold for representative; `contributions` is how many were given by subject, as `Words` names it.
    `proposals_waiting` is how many proposals moderators have not put to the vote yet, by the recommendation that they
    would change, else by group: their words are not public.
    """

    polls: tuple[tuple[EndedPoll, tuple[Quote, ...]], ...]
    waiting: tuple[Poll, ...]
    running: tuple[Poll, ...]
    outcomes: Mapping[str, Outcome]
    words: tuple[Words, ...]
    contributions: Mapping[str | None, int]
    proposals_waiting: Mapping[str | None, int]
    read_at: datetime

    def asked(self) -> list[Poll]:
        """Return every poll that is known of, oldest first."""
        return sorted(
            [*(one.poll for one, _quotes in self.polls), *self.waiting, *self.running], key=lambda poll: poll.id
        )

    def open_proposals(self, amended: str) -> list[Poll]:
        """Return the polls on what participants propose instead of a recommendation, on which nothing is decided."""
        return [
            poll
            for poll in self.asked()
            if poll.proposal and poll.proposal.amends == amended and poll.subject not in self.outcomes
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """An area or a recommendation as it reads in one language, and the passage of the article it stands on."""

    key: str
    area: str | None
    title: str
    text: str
    heading: str
    paragraph: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that the article sets ahead, `when` in its own words; `until` is None where it ends on no day."""

    when: str
    title: str
    text: str
    heading: str
    paragraph: int
    until: date | None


@dataclass(frozen=True, slots=True)
class PlanContent:
    """What the content says in the plan's language; `groups` are their titles by key."""

    title: str
    summary: str
    article: str
    author: str
    areas: tuple[Part, ...]
    recommendations: tuple[Part, ...]
    groups: Mapping[str, str]
    ahead: tuple[Ahead, ...]
    timezone: ZoneInfo


async def read_plan(session: UnitOfWork, consultation_id: int) -> PlanData:
    """Read what the plan of a consultation is made from."""
    ended = await polls.ended_polls(session, consultation_id)
    running = [poll for poll in session.memory.polls.values() if poll.consultation_id == consultation_id]
    return PlanData(
        polls=tuple([await _with_quotes(session, poll) for poll in ended if poll.is_published]),
        waiting=tuple(poll for poll in ended if not poll.is_published),
        running=tuple(sorted(running, key=lambda poll: poll.id)),
        outcomes=await outcomes.outcomes(session, consultation_id),
        words=_as_allowed(await words.quotable(session, consultation_id)),
        contributions=await words.counted(session, consultation_id),
        proposals_waiting=Counter(
            one.recommendation or one.group for one in await statement_review.waiting(session, consultation_id)
        ),
        read_at=session.now(),
    )


async def _with_quotes(session: UnitOfWork, poll: Poll) -> tuple[EndedPoll, tuple[Quote, ...]]:
    await give_way()
    counted = EndedPoll(poll, await polls.result(session, poll))
    return counted, tuple(await results.quotes(session, poll))


def plan_content(catalogue: Catalogue, language: str) -> PlanContent:
    """Return what the content says in a language, as values that can be handed to another process."""
    return PlanContent(
        title=catalogue.title.in_language(language),
        summary=catalogue.summary.in_language(language),
        article=catalogue.article.title,
        author=catalogue.article.author,
        areas=tuple(_part(one, None, language) for one in catalogue.areas.values()),
        recommendations=tuple(_part(one, one.area, language) for one in catalogue.recommendations.values()),
        groups={key: group.title.in_language(language) for key, group in catalogue.groups.items()},
        ahead=tuple(_ahead(event, event.until, language) for event in catalogue.events if event.until is not None),
        timezone=catalogue.timezone,
    )


def _as_allowed(given: Sequence[Feedback]) -> tuple[Words, ...]:
    return tuple(
        Words(
            one.reference,
            one.kind,
            one.recommendation or one.group,
            one.segment if one.quotation is Quotation.WITH_SEGMENT else None,
            one.text,
        )
        for one in given
        if one.text.strip()
    )


def _ahead(event: Event, until: date | str, language: str) -> Ahead:
    return Ahead(
        when=event.when.in_language(language),
        title=event.title.in_language(language),
        text=event.text.in_language(language),
        heading=event.citation.heading,
        paragraph=event.citation.paragraph,
        until=until if isinstance(until, date) else None,
    )


def _part(one: Area | Recommendation, area: str | None, language: str) -> Part:
    title, text = one.title.in_language(language), one.text.in_language(language)
    return Part(one.key, area, title, text, one.citation.heading, one.citation.paragraph)

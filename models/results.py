"""Use cases on looking at results: which ended polls somebody may see, in which order, and what may be quoted.

An open poll is never among them, nor a cancelled one; one that moderators have not published is there for them alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models import polls
from models.errors import ConsultationError
from models.records import Poll, PollKind, Quotation, Quote
from models.store import UnitOfWork
from models.tally import OTHER, AnyResult, Result, division

ONE_ANSWER = {PollKind.POSITION, PollKind.SINGLE}
MOST_SHOWN = 100  # more than fit on a card, however short


class Order(StrEnum):
    """By what results are sorted, the most of it first."""

    CONSENSUS = "consensus"
    DIVISION = "division"
    OBJECTIONS = "objections"


@dataclass(frozen=True, slots=True)
class EndedPoll:
    """A poll that has ended, and what is published of it."""

    poll: Poll
    result: AnyResult

    @property
    def ballots(self) -> int:
        return self.result.total.ballots

    def measure(self, order: Order) -> float | None:
        """Return what an order goes by, between 0 and 1; None where nobody voted, or on options."""
        if not isinstance(self.result, Result) or not self.ballots:
            return None
        match order:
            case Order.CONSENSUS:
                return self.result.consensus
            case Order.DIVISION:
                return division(self.result.total)
            case Order.OBJECTIONS:
                return self.result.total.object / self.ballots


@dataclass(frozen=True, slots=True)
class Quotes:
    """The first reasons of a poll that may be quoted, and how many there are in all."""

    first: Sequence[Quote] = ()
    number: int = 0


NO_QUOTES = Quotes()


async def visible(session: UnitOfWork, consultation_id: int, *, unpublished: bool = False) -> list[Poll]:
    """Return the ended polls whose result everybody may see, and if asked for those that are not published yet."""
    every = await polls.ended_polls(session, consultation_id)
    return [poll for poll in every if poll.is_published or unpublished]


async def ended(session: UnitOfWork, consultation_id: int, *, unpublished: bool = False) -> list[EndedPoll]:
    """Return the polls that are `visible`, each with its result."""
    every = await visible(session, consultation_id, unpublished=unpublished)
    return [EndedPoll(poll, await polls.result(session, poll)) for poll in every]


async def find(session: UnitOfWork, consultation_id: int, poll_id: int, *, unpublished: bool = False) -> EndedPoll:
    """Return one of the polls that are `visible`, with its result. Raises ConsultationError for any other."""
    for poll in await visible(session, consultation_id, unpublished=unpublished):
        if poll.id == poll_id:
            return EndedPoll(poll, await polls.result(session, poll))
    raise ConsultationError("results.unknown")


def ordered(every: Iterable[EndedPoll], order: Order) -> list[EndedPoll]:
    """Sort polls by a measure, the highest first; those that have none follow, by their number of ballots."""

    def place(one: EndedPoll) -> tuple[bool, float, int, int]:
        measure = one.measure(order)
        return measure is None, -(measure or 0), -one.ballots, one.poll.id

    return sorted(every, key=place)


async def quotes(session: UnitOfWork, poll: Poll, most: int | None = None) -> list[Quote]:
    """Return the reasons that may be published of an ended poll, objections first, `most` at the most if asked for.

    A segment is told where its author allowed it and the poll publishes it in a row of its own.
    """
    return [
        Quote(
            answer=reason.answer if poll.paper.kind in ONE_ANSWER else None,
            segment=reason.segment if reason.quotation is Quotation.WITH_SEGMENT and reason.segment != OTHER else None,
            text=reason.text.strip(),
        )
        async for block in polls.reasons_in_blocks(session, poll, quotable=True, most=most)
        for reason in block
    ]


async def first_quotes(session: UnitOfWork, poll: Poll) -> Quotes:
    """Return as many reasons as a result may show, and how many there are."""
    return Quotes(await quotes(session, poll, MOST_SHOWN), await polls.quotable_reasons(session, poll))

"""Use cases on looking at results: which ended polls somebody may see, in which order, and what may be quoted.

An open poll is never among them, nor a cancelled one; one that moderators have not published is there for them alone.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from models import polls
from models.errors import ConsultationError
from models.records import Poll, PollKind, Position, Quotation, Quote
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


async def quotes(session: UnitOfWork, poll: Poll) -> list[Quote]:
    """Return the reasons that may be published of an ended poll, objections first, as `fairly` puts them.

    A segment is told where its author allowed it and the poll publishes it in a row of its own.
    """
    told = [
        Quote(
            answer=reason.answer if poll.paper.kind in ONE_ANSWER else None,
            segment=reason.segment if reason.quotation is Quotation.WITH_SEGMENT and reason.segment != OTHER else None,
            text=reason.text.strip(),
        )
        async for block in polls.quotable_reasons(session, poll)
        for reason in block
    ]
    return await asyncio.to_thread(fairly, told, poll.id)


async def first_quotes(session: UnitOfWork, poll: Poll) -> Quotes:
    """Return as many reasons as a result may show, and how many there are."""
    every = await quotes(session, poll)
    return Quotes(every[:MOST_SHOWN], len(every))


def fairly(told: Sequence[Quote], poll_id: int) -> list[Quote]:
    """Return quotes in an order that nobody chooses: objections first, and of each the segments that are told in turn.

    Where only the first ones are shown, words get there neither by their wording nor by their time, and no segment
    takes all places. The order is drawn from all quotes of the poll together: who writes one does not know the others,
    so cannot try wordings until one comes first. From published words it can be drawn again.
    """
    tickets = [_hash(repr(quote).encode(errors="surrogatepass")) for quote in told]
    # A sum, because it is the same in whichever order the quotes were read.
    every = poll_id + sum(int.from_bytes(ticket, "big") for ticket in tickets)
    drawn = _hash(str(every).encode())
    lots = [_hash(drawn + ticket) for ticket in tickets]
    turns: Counter[tuple[bool, str | None]] = Counter()
    rounds: dict[bool, list[list[Quote]]] = {True: [], False: []}
    for place in sorted(range(len(told)), key=lots.__getitem__):
        quote = told[place]
        objects = quote.answer == Position.OBJECT
        turn = turns[objects, quote.segment]
        turns[objects, quote.segment] += 1
        if turn == len(rounds[objects]):
            rounds[objects].append([])
        rounds[objects][turn].append(quote)
    return [quote for objects in (True, False) for turn in rounds[objects] for quote in turn]


def _hash(said: bytes) -> bytes:
    return sha256(said).digest()

"""The deck: what somebody can still vote on, least answered first, and what they answered.

It reads; ballots are written by `models/ballot_box.py` alone. Of other people's ballots it tells nothing: how many
there are only decides the order.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from models.records import Poll
from models.sealing import Purpose
from models.store import Store, UnitOfWork
from models.tables import BallotRow

TURNOUT_AGE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Answered:
    """An open poll with the person's own newest answer to it."""

    poll: Poll
    answer: str


@dataclass(frozen=True, slots=True)
class Deck:
    """A person's open polls: those `left` to answer in the order to serve them, and those `answered`, oldest first."""

    left: tuple[Poll, ...]
    answered: tuple[Answered, ...]

    def find(self, poll_id: int) -> Poll | None:
        """Return the poll of this id, left or answered, None where it is not open or not here."""
        every = (*self.left, *(one.poll for one in self.answered))
        return next((poll for poll in every if poll.id == poll_id), None)

    def answer_to(self, poll_id: int) -> str | None:
        """Return what the person answered, None where they have not."""
        return next((one.answer for one in self.answered if one.poll.id == poll_id), None)


@dataclass(frozen=True, slots=True)
class _Counted:
    turnouts: Mapping[int, int]
    at: datetime


class Dealer:
    """Deals decks to any number of people at once.

    The turnout only decides the order, so it is counted for everybody together and may be `TURNOUT_AGE` old: counted
    at each step of each person, it would cost a town hall more than all its ballots.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted: dict[int, _Counted] = {}
        self._counting = asyncio.Lock()

    async def deal(self, consultation_id: int, user_id: int, skipped: Collection[int] = ()) -> Deck:
        """Return a person's deck as it is now.

        The polls with the fewest ballots come first, so that none is left behind where people stop halfway; among
        equals those that end first. The ids in `skipped` come after all others.
        """
        turnouts = await self._turnouts(consultation_id)
        running = self._running(consultation_id)
        async with self._store.read() as session:
            answers = await _answers(session, consultation_id, user_id, running)

        def turn(poll: Poll) -> tuple[bool, int, float, int]:
            end = poll.closes_at.timestamp() if poll.closes_at else float("inf")
            return poll.id in skipped, turnouts.get(poll.id, 0), end, poll.id

        return Deck(
            left=tuple(sorted((running[poll_id] for poll_id in running.keys() - answers.keys()), key=turn)),
            answered=tuple(Answered(running[poll_id], answers[poll_id]) for poll_id in sorted(answers)),
        )

    def _running(self, consultation_id: int) -> dict[int, Poll]:
        now = self._store.now()
        polls = self._store.memory.polls.values()
        return {poll.id: poll for poll in polls if poll.consultation_id == consultation_id and poll.is_open_at(now)}

    async def _turnouts(self, consultation_id: int) -> Mapping[int, int]:
        # One counts while the others wait: a crowd that comes at once would else count as often as it is large.
        async with self._counting:
            now = self._store.now()
            counted = self._counted.get(consultation_id)
            if counted is None or abs(now - counted.at) >= TURNOUT_AGE:
                async with self._store.read() as session:
                    counted = _Counted(await _count(session, self._running(consultation_id)), now)
                self._counted[consultation_id] = counted
            return counted.turnouts


async def _answers(
    session: UnitOfWork, consultation_id: int, user_id: int, poll_ids: Collection[int]
) -> dict[int, str]:
    seal = session.sealer.seal(Purpose.BALLOT, user_id, consultation_id)
    own = await session.execute(
        select(BallotRow.poll_id, BallotRow.answer).where(BallotRow.seal == seal, BallotRow.poll_id.in_(poll_ids)),
    )
    return dict(own.all())


async def _count(session: UnitOfWork, poll_ids: Collection[int]) -> dict[int, int]:
    counted = await session.execute(
        select(BallotRow.poll_id, func.count()).where(BallotRow.poll_id.in_(poll_ids)).group_by(BallotRow.poll_id),
    )
    return dict(counted.all())

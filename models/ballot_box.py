"""The one writer of ballots: it takes all that wait, stores them in one transaction and then answers each."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, tuple_

from models import ballot_paper
from models.errors import ConsultationError
from models.group_commit import GroupCommit
from models.memory import poll_record
from models.records import Ballot, CastBallot, Poll
from models.sealing import Purpose
from models.store import Store, UnitOfWork
from models.tables import BallotChange, BallotRow, PollRow
from models.upsert import upsert

REPLACED = ("segment", "answer", "reason", "quotation", "cast_at")


@dataclass(frozen=True, slots=True)
class _Cast:
    ballot: Ballot
    seal: bytes
    arrived_at: datetime


class BallotBox:
    """Takes ballots from any number of callers at once; the newest ballot of a person counts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shut: Counter[bytes] = Counter()
        self._commit: GroupCommit[_Cast, CastBallot] = GroupCommit(store, _store_batch)

    async def cast(self, ballot: Ballot) -> CastBallot:
        """Store a ballot and return once it is committed.

        Raises ConsultationError where the poll had not begun or had ended when the ballot arrived, its answer is none
        of the poll's or this person's ballots are being erased, and whatever kept the store from committing.
        """
        poll = self._store.memory.polls.get(ballot.poll_id)
        if poll is None:
            raise ConsultationError("vote.poll_ended")
        ballot_paper.require_answer(poll.paper, ballot.answer)
        seal = self._store.sealer.seal(Purpose.BALLOT, ballot.user_id, poll.consultation_id)
        if seal in self._shut:
            raise ConsultationError("mydata.being_erased")
        return await self._commit.submit(_Cast(ballot, seal, self._store.now()))

    @asynccontextmanager
    async def shut_to(self, user_id: int, consultation_id: int) -> AsyncIterator[None]:
        """Refuse one person's ballots meanwhile, with those that waited stored before: none comes after an erasure."""
        seal = self._store.sealer.seal(Purpose.BALLOT, user_id, consultation_id)
        self._shut[seal] += 1
        try:
            await self.drain()
            yield
        finally:
            self._shut[seal] -= 1
            if not self._shut[seal]:
                del self._shut[seal]

    async def drain(self) -> None:
        """Wait until every ballot that was handed in is stored."""
        await self._commit.drain()


async def _store_batch(session: UnitOfWork, batch: Sequence[_Cast]) -> list[CastBallot | Exception]:
    polls = {
        row.id: poll_record(row)
        for row in await session.scalars(select(PollRow).where(PollRow.id.in_({w.ballot.poll_id for w in batch})))
    }
    accepted = [w for w in batch if polls[w.ballot.poll_id].is_open_at(w.arrived_at)]
    # One row a person: PostgreSQL refuses an upsert that meets a row twice.
    newest = {(w.ballot.poll_id, w.seal): w for w in accepted}
    known = set()
    if newest:
        rows = await session.execute(
            select(BallotRow.poll_id, BallotRow.seal).where(tuple_(BallotRow.poll_id, BallotRow.seal).in_(newest)),
        )
        known = {(poll_id, seal) for poll_id, seal in rows}
        replacing = upsert(session, BallotRow, (), unique=("poll_id", "seal"), replace=REPLACED)
        # Past the mapping, which would take as long as all the rest.
        connection = await session.connection()
        await connection.execute(insert(BallotChange), [_change(w) for w in accepted])
        await connection.execute(replacing, [_row(w) for w in newest.values()])
    return [_outcome(w, known, polls[w.ballot.poll_id]) for w in batch]


def refusal(poll: Poll, moment: datetime) -> ConsultationError | None:
    """Return what somebody is told whose ballot arrives at `moment`, None where it counts."""
    if poll.is_open_at(moment):
        return None
    if poll.ended_at is None and moment < poll.opened_at:
        return ConsultationError("vote.not_begun", opens=int(poll.opened_at.timestamp()))
    return ConsultationError("vote.poll_ended")


def _outcome(cast: _Cast, known: set[tuple[int, bytes]], poll: Poll) -> CastBallot | Exception:
    if (refused := refusal(poll, cast.arrived_at)) is not None:
        return refused
    key = (cast.ballot.poll_id, cast.seal)
    changed = key in known
    known.add(key)
    return CastBallot(cast.ballot.answer, changed, cast.ballot.segment, cast.ballot.reason is not None)


def _change(cast: _Cast) -> dict[str, object]:
    return {
        "poll_id": cast.ballot.poll_id,
        "seal": cast.seal,
        "segment": cast.ballot.segment,
        "answer": str(cast.ballot.answer),
        "cast_at": cast.arrived_at,
    }


def _row(cast: _Cast) -> dict[str, object]:
    return {**_change(cast), "reason": cast.ballot.reason, "quotation": cast.ballot.quotation.value}

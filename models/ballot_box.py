"""The one writer of ballots: it takes all that wait, stores them in one transaction and then answers each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select, tuple_

from models import ballot_paper
from models.errors import ConsultationError
from models.group_commit import GroupCommit
from models.memory import poll_record
from models.records import Ballot, CastBallot, Poll, Quotation
from models.sealing import Purpose
from models.store import Store, UnitOfWork
from models.tables import BallotChange, BallotRow, PollRow
from models.upsert import upsert

REPLACED = ("segment", "answer", "reason", "quotation", "cast_at")

_Key = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class _Cast:
    ballot: Ballot
    seal: bytes
    arrived_at: datetime

    @property
    def key(self) -> _Key:
        return self.ballot.poll_id, self.seal


@dataclass(frozen=True, slots=True)
class _Standing:
    """What counts so far."""

    answer: str
    reason: str | None
    quotation: Quotation


class BallotBox:
    """Takes ballots from any number of callers at once; the newest ballot of a person counts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shut: Counter[bytes] = Counter()
        self._arriving: set[asyncio.Future[None]] = set()
        self._commit: GroupCommit[_Cast, CastBallot] = GroupCommit(store, _store_batch)

    @contextmanager
    def arriving(self) -> Iterator[datetime]:
        """Note that a ballot has come in that is cast within, and give the moment: what drains the box waits for it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arriving.add(done)
        try:
            yield self._store.now()
        finally:
            self._arriving.remove(done)
            done.set_result(None)

    async def cast(self, ballot: Ballot, arrived_at: datetime | None = None) -> CastBallot:
        """Store a ballot that came in now, or at the moment that `arriving` gave, and return once it is committed.

        Raises ConsultationError where the poll had not begun or had ended when the ballot arrived, its answer is none
        of the poll's or this person's ballots are being erased, and whatever kept the store from committing.
        """
        poll, seal = self._admit(ballot.poll_id, ballot.user_id)
        ballot_paper.require_answer(poll.paper, ballot.answer)
        return await self._commit.submit(_Cast(ballot, seal, arrived_at or self._store.now()))

    async def give_reason(
        self, poll_id: int, user_id: int, answer: str, reason: str, quotation: Quotation
    ) -> str | None:
        """Keep a reason with the ballot that stands, and return the one in whose place it comes.

        Raises ConsultationError where that ballot says something else than `answer` by now, or as `cast` does.
        """
        with self.arriving() as arrived_at:
            _, seal = self._admit(poll_id, user_id)
            async with self._store.write() as session:
                poll = poll_record(await session.get_one(PollRow, poll_id))
                if (refused := refusal(poll, arrived_at)) is not None:
                    raise refused
                row = await session.scalar(
                    select(BallotRow).where(BallotRow.poll_id == poll_id, BallotRow.seal == seal)
                )
                if row is None or row.answer != answer:
                    raise ConsultationError("vote.answer_changed")
                before, row.reason, row.quotation = row.reason, reason, quotation.value
        return before if before != reason else None

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
        """Wait until every ballot that has come in is stored."""
        if self._arriving:
            await asyncio.wait(set(self._arriving))
        await self._commit.drain()

    def _admit(self, poll_id: int, user_id: int) -> tuple[Poll, bytes]:
        poll = self._store.memory.polls.get(poll_id)
        if poll is None:
            raise ConsultationError("vote.poll_ended")
        seal = self._store.sealer.seal(Purpose.BALLOT, user_id, poll.consultation_id)
        if seal in self._shut:
            raise ConsultationError("mydata.being_erased")
        return poll, seal


async def _store_batch(session: UnitOfWork, batch: Sequence[_Cast]) -> list[CastBallot | Exception]:
    polls = {
        row.id: poll_record(row)
        for row in await session.scalars(select(PollRow).where(PollRow.id.in_({w.ballot.poll_id for w in batch})))
    }
    accepted = [w for w in batch if polls[w.ballot.poll_id].is_open_at(w.arrived_at)]
    standing = await _standing(session, {w.key for w in accepted}) if accepted else {}
    # One row a person: PostgreSQL refuses an upsert that meets a row twice.
    newest: dict[_Key, _Cast] = {}
    answers: list[CastBallot | Exception] = []
    for cast in batch:
        if (refused := refusal(polls[cast.ballot.poll_id], cast.arrived_at)) is not None:
            answers.append(refused)
            continue
        before = standing.get(cast.key)
        stored = newest[cast.key] = _with_kept_reason(cast, before)
        standing[cast.key] = _Standing(stored.ballot.answer, stored.ballot.reason, stored.ballot.quotation)
        answers.append(_stored(stored.ballot, before))
    if accepted:
        replacing = upsert(session, BallotRow, (), unique=("poll_id", "seal"), replace=REPLACED)
        # Past the mapping, which would take as long as all the rest.
        connection = await session.connection()
        await connection.execute(insert(BallotChange), [_change(w) for w in accepted])
        await connection.execute(replacing, [_row(w) for w in newest.values()])
    return answers


async def _standing(session: UnitOfWork, keys: Collection[_Key]) -> dict[_Key, _Standing]:
    rows = await session.execute(
        select(BallotRow.poll_id, BallotRow.seal, BallotRow.answer, BallotRow.reason, BallotRow.quotation).where(
            tuple_(BallotRow.poll_id, BallotRow.seal).in_(keys)
        ),
    )
    return {
        (poll_id, seal): _Standing(answer, reason, Quotation(quotation))
        for poll_id, seal, answer, reason, quotation in rows
    }


def refusal(poll: Poll, moment: datetime) -> ConsultationError | None:
    """Return what somebody is told whose ballot arrives at `moment`, None where it counts."""
    if poll.is_open_at(moment):
        return None
    if poll.ended_at is None and moment < poll.opened_at:
        return ConsultationError("vote.not_begun", opens=int(poll.opened_at.timestamp()))
    return ConsultationError("vote.poll_ended")


def _with_kept_reason(cast: _Cast, before: _Standing | None) -> _Cast:
    if before is None or before.answer != cast.ballot.answer or cast.ballot.reason is not None:
        return cast
    return replace(cast, ballot=replace(cast.ballot, reason=before.reason, quotation=before.quotation))


def _stored(ballot: Ballot, before: _Standing | None) -> CastBallot:
    has_reason = ballot.reason is not None
    if before is None:
        return CastBallot(ballot.answer, ballot.segment, has_reason)
    gone = before.reason if before.reason != ballot.reason else None
    return CastBallot(ballot.answer, ballot.segment, has_reason, before.answer, gone)


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

"""The one writer of ballots: it takes all that wait, stores them in one transaction and then answers each.

A transaction a ballot would keep a town hall of 3,000 clicks waiting past Discord's three seconds; together they cost
hardly more than not storing them. Nobody is answered before the commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, tuple_

from models.errors import ConsultationError
from models.memory import poll_record
from models.records import Ballot, CastBallot
from models.sealing import Purpose
from models.store import Store, UnitOfWork
from models.tables import BallotChange, BallotRow, PollRow
from models.upsert import upsert

REPLACED = ("segment", "position", "reason", "quotation", "cast_at")
# Two variables a ballot are looked for at once: well under SQLite's 32,766 a statement.
LARGEST_BATCH = 1_000


@dataclass(slots=True)
class _Waiting:
    ballot: Ballot
    seal: bytes
    arrived_at: datetime
    answer: asyncio.Future[CastBallot] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class BallotBox:
    """Takes ballots from any number of callers at once; the newest ballot of a person counts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def cast(self, ballot: Ballot) -> CastBallot:
        """Store a ballot and return once it is committed.

        Raises ConsultationError where the poll had ended when the ballot arrived, and whatever kept the store from
        committing.
        """
        poll = self._store.memory.polls.get(ballot.poll_id)
        if poll is None:
            raise ConsultationError("vote.poll_ended")
        seal = self._store.sealer.seal(Purpose.BALLOT, ballot.user_id, poll.consultation_id)
        waiting = _Waiting(ballot, seal, self._store.now())
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await waiting.answer

    async def drain(self) -> None:
        """Wait until every ballot that was handed in is stored."""
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                async with self._store.write() as session:
                    answers = await _store_batch(session, batch)
            except Exception as error:  # noqa: BLE001 - it is handed to everyone who waits
                answers = [error] * len(batch)
            for waiting, answer in zip(batch, answers, strict=True):
                _answer(waiting.answer, answer)


def _answer(future: asyncio.Future[CastBallot], answer: CastBallot | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


async def _store_batch(session: UnitOfWork, batch: Sequence[_Waiting]) -> list[CastBallot | Exception]:
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
    return [_outcome(w, known, is_open=polls[w.ballot.poll_id].is_open_at(w.arrived_at)) for w in batch]


def _outcome(waiting: _Waiting, known: set[tuple[int, bytes]], *, is_open: bool) -> CastBallot | Exception:
    if not is_open:
        return ConsultationError("vote.poll_ended")
    key = (waiting.ballot.poll_id, waiting.seal)
    changed = key in known
    known.add(key)
    return CastBallot(waiting.ballot.position, changed)


def _change(waiting: _Waiting) -> dict[str, object]:
    return {
        "poll_id": waiting.ballot.poll_id,
        "seal": waiting.seal,
        "segment": waiting.ballot.segment,
        "position": waiting.ballot.position.value,
        "cast_at": waiting.arrived_at,
    }


def _row(waiting: _Waiting) -> dict[str, object]:
    return {**_change(waiting), "reason": waiting.ballot.reason, "quotation": waiting.ballot.quotation.value}

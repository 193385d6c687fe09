"""Storing together what many people hand in at once: one transaction takes all that wait, and then each is answered.

A transaction a person would keep a town hall of 3,000 clicks waiting past Discord's three seconds; together they cost
hardly more than not storing them. Nobody is answered before the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.store import Store, UnitOfWork

# Ten variables an item at the most: well under SQLite's 32,766 a statement.
LARGEST_BATCH = 1_000

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class _Waiting(Generic[_Item, _Answer]):
    item: _Item
    answer: asyncio.Future[_Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupCommit(Generic[_Item, _Answer]):
    """Takes items from any number of callers; `write` stores a batch and returns the answer to each, or its error."""

    def __init__(
        self,
        store: Store,
        write: Callable[[UnitOfWork, Sequence[_Item]], Awaitable[Sequence[_Answer | Exception]]],
    ) -> None:
        self._store = store
        self._write = write
        self._waiting: list[_Waiting[_Item, _Answer]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, item: _Item) -> _Answer:
        """Store an item and return its answer once it is committed. Raises its error, or what kept it from that."""
        waiting: _Waiting[_Item, _Answer] = _Waiting(item)
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await waiting.answer

    async def drain(self) -> None:
        """Wait until everything that was handed in is stored."""
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            answers: Sequence[_Answer | Exception]
            try:
                async with self._store.write() as session:
                    answers = await self._write(session, [waiting.item for waiting in batch])
            except Exception as error:  # noqa: BLE001 - it is handed to everyone who waits
                answers = [error] * len(batch)
            for waiting, answer in zip(batch, answers, strict=True):
                _tell(waiting.answer, answer)


def _tell(future: asyncio.Future[_Answer], answer: _Answer | Exception) -> None:
    if future.done():  # whoever waited was cancelled
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)

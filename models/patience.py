"""Waiting: to do something again where the store failed for a moment, and in the middle of something long."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

log = logging.getLogger(__name__)

# In seconds; together they leave an interaction time for its answer.
PAUSES = [0.1, 0.3, 0.8]
# Where nobody waits for an answer: in seconds.
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3_600.0
# In seconds: as long as a vote takes to be stored, so that nobody's vote meets two pieces of something long.
BREATH = 0.01


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns, tried again after a pause where the store failed; the last failure is raised.

    `work` must be such that doing it twice is doing it once: a commit may have failed after it was done.
    """
    for pause in PAUSES:
        with suppress(DBAPIError):
            return await work()
        await asyncio.sleep(pause)
    return await work()


async def insistently(work: Callable[[], Awaitable[object]], what: str) -> None:
    """Do `work` after a pause, and again at growing intervals until it succeeds; `what` failed is said in the log."""
    for pause in growing_pauses():
        await asyncio.sleep(pause)
        try:
            await work()
        except Exception:
            log.exception("%s failed; trying again", what)
        else:
            return


def growing_pauses(first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> Iterator[float]:
    """Yield pauses for ever, in seconds, each twice as long as the one before and none longer than `longest`."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


async def give_way() -> None:
    """Let those who vote go first; between the pieces, a few milliseconds each, of what may take a few seconds."""
    await asyncio.sleep(BREATH)

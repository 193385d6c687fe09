"""Doing something again where the store fails for a moment: a full disk, a lock that somebody holds too long."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

# In seconds; together they leave an interaction time for its answer.
PAUSES = [0.1, 0.3, 0.8]


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns, tried again after a pause where the store failed; the last failure is raised.

    `work` must be such that doing it twice is doing it once: a commit may have failed after it was done.
    """
    for pause in PAUSES:
        with suppress(DBAPIError):
            return await work()
        await asyncio.sleep(pause)
    return await work()

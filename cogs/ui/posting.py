"""Posts what the store says is not in Discord yet, again and again until it is: no crash and no outage loses it."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

import discord

from models.patience import growing_pauses
from models.records import PlaceKind

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
LONGEST_PAUSE = 32 * RETRY_SECONDS

T = TypeVar("T")


def retry_pauses() -> Iterator[float]:
    """Return the growing pauses, in seconds, after each of which what could not be posted is tried again."""
    return growing_pauses(RETRY_SECONDS, LONGEST_PAUSE)


def nonce(kind: str, number: int, since: datetime) -> str:
    """Return a name for a message, by which Discord takes it once in some minutes, however often it is sent.

    So a bot that ended after Discord took it, and before it noted that, doubles nothing when it is back. The moment
    tells it from what bore the same number in another store.
    """
    return f"{kind}{number}-{since:%y%m%d%H%M%S}"


class Posting(ABC, Generic[T]):
    """What is posted once, in the order in which it waits; `what` it is, is said in the log."""

    what: str

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot
        self._posting = asyncio.Lock()
        self._retry: asyncio.Task[None] | None = None

    async def post(self) -> None:
        """Post whatever waits.

        What cannot be posted is tried again at growing intervals, when the next is to be posted, and at the next start.
        """
        if not await self._post_all() and (self._retry is None or self._retry.done()):
            self._retry = asyncio.create_task(self._try_again())

    def close(self) -> None:
        """Leave off; the next start posts what waits."""
        if self._retry is not None:
            self._retry.cancel()

    @abstractmethod
    async def _waiting(self) -> Sequence[T]:
        """Return what is stored and not in Discord yet, oldest first."""

    @abstractmethod
    async def _post_one(self, one: T) -> None:
        """Post it, and note in the store that it is posted."""

    def _channel(
        self, consultation_id: int, guild_id: int, *places: tuple[PlaceKind, str]
    ) -> discord.PartialMessageable:
        """Return the first of these places that there is. Raises LookupError for none."""
        found = (self._bot.store.memory.place(consultation_id, kind, key) for kind, key in places)
        place = next((one for one in found if one is not None), None)
        if place is None:
            raise LookupError("setup has made no place for it yet")
        return self._bot.get_partial_messageable(place, guild_id=guild_id)

    async def _try_again(self) -> None:
        for pause in retry_pauses():
            await asyncio.sleep(pause)
            if await self._post_all():
                return

    async def _post_all(self) -> bool:
        """Post what waits; say whether nothing is left."""
        async with self._posting:
            try:
                waiting = await self._waiting()
            except Exception:
                log.exception("which %ss are to be posted could not be read", self.what)
                return False
            return all([await self._is_posted(one) for one in waiting])

    async def _is_posted(self, one: T) -> bool:
        try:
            await self._post_one(one)
        except discord.HTTPException as error:
            log.warning("a %s could not be posted (Discord's code %s)", self.what, error.code)
        except Exception:
            log.exception("a %s could not be posted", self.what)
        else:
            return True
        return False

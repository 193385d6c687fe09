"""Posts the results of ended polls, each once, in its recommendation's thread.

Of a cancelled poll it posts that it was cancelled and why, never a result.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

from cogs.ui.cards import cancelled_card, result_card
from cogs.ui.layout import sent_once
from models import polls, results
from models.records import Consultation, PlaceKind, Poll

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
MOST_DOUBLINGS = 5


class ResultPoster:
    """Knows from the store which results are not in Discord yet, so that a crash loses none."""

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot
        self._posting = asyncio.Lock()
        self._retry: asyncio.Task[None] | None = None

    async def post(self) -> None:
        """Show every result that is not in Discord yet in its thread.

        One that cannot be posted is tried again at growing intervals, when the next poll ends, and at the next start.
        """
        if not await self._post_all() and (self._retry is None or self._retry.done()):
            self._retry = asyncio.create_task(self._try_again())

    def close(self) -> None:
        """Leave off; the next start posts what waits."""
        if self._retry is not None:
            self._retry.cancel()

    async def _try_again(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(RETRY_SECONDS * 2 ** min(failures, MOST_DOUBLINGS))
            if await self._post_all():
                return
            failures += 1

    async def _post_all(self) -> bool:
        """Post what waits; say whether nothing is left to post."""
        async with self._posting:
            try:
                async with self._bot.store.read() as session:
                    waiting = await polls.results_to_post(session)
            except Exception:
                log.exception("which results are to be posted could not be read")
                return False
            return all([await self._is_posted(poll) for poll in waiting])

    async def _is_posted(self, poll: Poll) -> bool:
        """Show a result; say whether that went well."""
        try:
            await self._post_result(poll)
        except discord.HTTPException as error:
            log.warning("the result of poll %s could not be posted (Discord's code %s)", poll.id, error.code)
        except Exception:
            log.exception("the result of poll %s could not be posted", poll.id)
        else:
            return True
        return False

    async def _post_result(self, poll: Poll) -> None:
        consultation = self._bot.consultation_of(poll)
        channel = self._bot.get_partial_messageable(self._place(poll), guild_id=consultation.guild_id)
        if poll.cancelled:
            await channel.send(view=sent_once(*cancelled_card(poll, self._bot.public_speeches(consultation))))
        else:
            await self._send_result(channel, poll, consultation)
        async with self._bot.store.write() as session:
            await polls.mark_posted(session, poll.id)

    def _place(self, poll: Poll) -> int:
        """Return the thread of a poll or, where it never got one, its group's channel."""
        places = ((PlaceKind.THREAD, poll.subject), (PlaceKind.GROUP, poll.group))
        found = (self._bot.store.memory.place(poll.consultation_id, kind, key) for kind, key in places)
        place = next((one for one in found if one is not None), None)
        if place is None:
            raise LookupError("setup has made no place for it yet")
        return place

    async def _send_result(self, channel: discord.PartialMessageable, poll: Poll, consultation: Consultation) -> None:
        result = await self._bot.cards.result(poll)
        async with self._bot.store.read() as session:
            quotes = await results.first_quotes(session, poll)
        speeches = self._bot.public_speeches(consultation)
        chart, described = await self._bot.cards.chart(poll, result, speeches[0])
        drawn = result_card(self._bot.catalogue, poll, result, speeches, described, quotes)
        await channel.send(view=sent_once(*drawn), file=chart)

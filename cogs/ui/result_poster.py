"""Posts the results of ended polls: each on its recommendation's card and, once, in its thread.

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


class ResultPoster:
    """Knows from the store which results are not in Discord yet, so that a crash loses none."""

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot
        self._posting = asyncio.Lock()

    async def post(self) -> None:
        """Show every result that is not in Discord yet on its card and in its thread.

        One that cannot be posted is tried again when the next poll ends, and at the next start.
        """
        async with self._posting:
            async with self._bot.store.read() as session:
                waiting = await polls.results_to_post(session)
            for poll in waiting:
                self._bot.cards.refresh(self._bot.consultation_of(poll), poll.subject, at_once=True)
                try:
                    await self._post_result(poll)
                except discord.HTTPException as error:
                    log.warning("the result of poll %s could not be posted (Discord's code %s)", poll.id, error.code)
                except Exception:
                    log.exception("the result of poll %s could not be posted", poll.id)

    async def _post_result(self, poll: Poll) -> None:
        consultation = self._bot.consultation_of(poll)
        thread_id = self._bot.store.memory.place(consultation.id, PlaceKind.THREAD, poll.subject)
        if thread_id is not None:
            thread = self._bot.get_partial_messageable(thread_id, guild_id=consultation.guild_id)
            if poll.cancelled:
                await thread.send(view=sent_once(*cancelled_card(poll, self._bot.public_speeches(consultation))))
            else:
                await self._send_result(thread, poll, consultation)
        async with self._bot.store.write() as session:
            await polls.mark_posted(session, poll.id)

    async def _send_result(self, thread: discord.PartialMessageable, poll: Poll, consultation: Consultation) -> None:
        async with self._bot.store.read() as session:
            result = await polls.result(session, poll)
            quotes = await results.quotes(session, poll)
        speeches = self._bot.public_speeches(consultation)
        chart, described = await self._bot.cards.chart(poll, result, speeches[0])
        drawn = result_card(self._bot.catalogue, poll, result, speeches, described, quotes)
        await thread.send(view=sent_once(*drawn), file=chart)

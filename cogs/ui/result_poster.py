"""Posts the results of ended polls, each once, in its recommendation's thread.

Of a cancelled poll it posts that it was cancelled and why, never a result.
"""

from collections.abc import Sequence

import discord

from cogs.ui.cards import cancelled_card, result_card
from cogs.ui.layout import sent_once
from cogs.ui.posting import Posting, nonce
from models import polls, results
from models.records import Consultation, PlaceKind, Poll


class ResultPoster(Posting[Poll]):
    """Posts in a poll's thread or, where it never got one, in its group's channel."""

    what = "result"

    async def _waiting(self) -> Sequence[Poll]:
        async with self._bot.store.read() as session:
            return await polls.results_to_post(session)

    async def _post_one(self, poll: Poll) -> None:
        consultation = self._bot.consultation_of(poll)
        places = ((PlaceKind.THREAD, poll.subject), (PlaceKind.GROUP, poll.group))
        channel = self._channel(consultation.id, consultation.guild_id, *places)
        if poll.cancelled:
            drawn = cancelled_card(poll, self._bot.public_speeches(consultation))
            await channel.send(view=sent_once(*drawn), nonce=nonce("R", poll.id, poll.opened_at))
        else:
            await self._send_result(channel, poll, consultation)
        async with self._bot.store.write() as session:
            await polls.mark_posted(session, poll.id)

    async def _send_result(self, channel: discord.PartialMessageable, poll: Poll, consultation: Consultation) -> None:
        result = await self._bot.cards.result(poll)
        async with self._bot.store.read() as session:
            quotes = await results.first_quotes(session, poll)
        speeches = self._bot.public_speeches(consultation)
        chart, described = await self._bot.cards.chart(poll, result, speeches[0])
        drawn = result_card(self._bot.catalogue, poll, result, speeches, described, quotes)
        await channel.send(view=sent_once(*drawn), file=chart, nonce=nonce("R", poll.id, poll.opened_at))

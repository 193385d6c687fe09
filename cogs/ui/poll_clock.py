"""Keeps the times of polls: shows that one has begun, and ends it at its deadline, also one that was missed."""

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from models import polls, trace
from models.errors import ConsultationError
from models.records import Moderator, Poll

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3_600.0
RETRY_SECONDS = 60.0


class PollClock:
    """Has one timer a poll; `resume` sets them all at a start."""

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot
        self._timers: dict[int, asyncio.Task[None]] = {}

    async def resume(self) -> None:
        """Take up what was left: post results that nobody saw, keep the times, show what the cards did not yet."""
        for poll in list(self._bot.store.memory.polls.values()):
            if poll.id not in self._timers:
                self.keep(poll)
            self._bot.cards.refresh(self._bot.consultation_of(poll), poll.subject)
        await self._bot.results.post()

    def close(self) -> None:
        """Leave off; the next start goes on."""
        for timer in self._timers.values():
            timer.cancel()

    def keep(self, poll: Poll) -> None:
        """Show a poll's beginning and end it at its deadline, in place of the times it had before."""
        if earlier := self._timers.pop(poll.id, None):
            earlier.cancel()
        task = self._timers[poll.id] = asyncio.create_task(self._show_and_end(poll))
        task.add_done_callback(lambda done: self._forget_timer(poll.id, done))
        self._bot.dispatch("poll_kept", poll)

    def _forget_timer(self, poll_id: int, done: asyncio.Task[None]) -> None:
        if self._timers.get(poll_id) is done:
            del self._timers[poll_id]

    async def _show_and_end(self, poll: Poll) -> None:
        if poll.opened_at > self._bot.store.now():
            await self._sleep_until(poll.opened_at)
            self._bot.cards.refresh(self._bot.consultation_of(poll), poll.subject, at_once=True)
        if poll.closes_at is not None:
            await self._sleep_until(poll.closes_at)
            await self._end_at_deadline(poll)

    async def _sleep_until(self, moment: datetime) -> None:
        # In steps, because a machine that sleeps or sets its clock would wake too late.
        while True:
            left = (moment - self._bot.store.now()).total_seconds()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LONGEST_SLEEP))

    async def _end_at_deadline(self, poll: Poll) -> None:
        while True:
            try:
                await self.end(poll, None)
            except ConsultationError:
                log.info("poll %s had ended before its deadline, or it was put off", poll.id)
            except Exception:
                log.exception("poll %s could not be ended; trying again", poll.id)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return

    async def end(self, poll: Poll, reason: str | None, moderator: Moderator | None = None) -> None:
        """End a poll for a moderator's reason, or at its deadline, and post its result.

        Raises ConsultationError where it has ended already.
        """
        await self._bot.ballot_box.drain()
        async with self._bot.store.write() as session:
            await polls.end(session, poll.id, reason)
            if moderator is not None:
                await trace.record(session, poll.consultation_id, moderator, "poll_close", poll.subject, reason)
        self._bot.cards.refresh(self._bot.consultation_of(poll), poll.subject, at_once=True)
        await self._bot.results.post()

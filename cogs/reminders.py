"""Reminders: before a vote ends, once, a post in the group's channel, and a message to those who asked for it.

The post names nobody. Each poll is marked as reminded in the store before anything is sent, and a message is taken from
the store before it goes out, so that a bot that is killed in the middle writes to nobody twice and goes on with those
it had not reached. Ids of people are held only until they were written to, and never logged.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

import discord
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import card_url
from cogs.ui.layout import Piece, harmless, pages, text
from cogs.ui.posting import retry_pauses
from cogs.ui.texts import Speech
from models import reminders
from models.records import Consultation, PlaceKind, Poll
from models.reminders import Recipient

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3_600.0


class Reminders(commands.Cog):
    """Knows when the next reminder is due, posts it, and writes to people one after another."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._timer: asyncio.Task[None] | None = None
        self._reached: set[int] = set()
        self._posts: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._again = False

    async def cog_unload(self) -> None:
        for task in (self._timer, self._writer, *self._posts):
            if task is not None:
                task.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Take up the reminders that lie ahead, those that fell due while the bot was down, and messages that wait."""
        self._set_timer()
        self._write_to_all()

    @commands.Cog.listener()
    async def on_poll_kept(self, poll: Poll) -> None:
        """Look again for what is due next: a poll was opened, or its end was moved."""
        self._reached.discard(poll.id)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.create_task(self._keep_time())

    async def _keep_time(self) -> None:
        """Sleep until a reminder is due, again and again. It only ever sleeps, so it can be cancelled at any time."""
        while (due_at := self._next_due_at()) is not None:
            left = (due_at - self.bot.store.now()).total_seconds()
            if left > 0:
                # In steps, because a machine that sleeps or sets its clock would wake too late.
                await asyncio.sleep(min(left, LONGEST_SLEEP))
                continue
            self._reached |= {poll_id for poll_id, moment in self._ahead().items() if moment <= due_at}
            self.bot.later(self._remind())

    def _next_due_at(self) -> datetime | None:
        return min(self._ahead().values(), default=None)

    def _ahead(self) -> dict[int, datetime]:
        """Return when each poll is to be reminded of, without those whose time came since the bot started."""
        every = ((poll.id, reminders.remind_at(poll)) for poll in self.bot.store.memory.polls.values())
        return {poll_id: moment for poll_id, moment in every if moment and poll_id not in self._reached}

    async def _remind(self) -> None:
        due = await self._take_due()
        for group, together in groupby(sorted(due, key=_group), key=_group):
            post = asyncio.create_task(self._keep_posting(group[1], list(together)))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)
        self._write_to_all()

    async def _take_due(self) -> list[Poll]:
        """Mark what is due and keep its messages; where the store fails, try again at growing intervals."""
        pauses = retry_pauses()
        while True:
            try:
                async with self.bot.store.write() as session:
                    due = await reminders.take_due(session)
                    await reminders.let_wait(session, due)
                    return due
            except Exception:
                log.exception("the reminders that are due could not be taken; trying again")
            await asyncio.sleep(next(pauses))

    async def _keep_posting(self, group: str, due: Sequence[Poll]) -> None:
        """Post a reminder; where that fails, try again at growing intervals as long as it says what is true."""
        pauses = retry_pauses()
        while polls := [poll for poll in due if self._runs_as_it_was(poll)]:
            try:
                await self._post(group, polls)
            except discord.HTTPException as error:
                log.warning("a reminder could not be posted in its channel (Discord's code %s)", error.code)
            except Exception:
                log.exception("a reminder could not be posted in its channel")
            else:
                return
            await asyncio.sleep(next(pauses))

    def _runs_as_it_was(self, poll: Poll) -> bool:
        now = self.bot.store.memory.polls.get(poll.id)
        return now is not None and now.closes_at == poll.closes_at and now.is_open_at(self.bot.store.now())

    async def _post(self, group: str, polls: Sequence[Poll]) -> None:
        consultation = self.bot.consultation_of(polls[0])
        channel_id = self.bot.store.memory.place(consultation.id, PlaceKind.GROUP, group)
        if channel_id is None:
            return
        channel = self.bot.get_partial_messageable(channel_id, guild_id=consultation.guild_id)
        pieces: list[Piece] = [
            text(f"### {say('reminder.title', count=len(polls))}", *self._lines(consultation, polls, say))
            for say in self.bot.public_speeches(consultation)
        ]
        for page in pages(pieces):
            await channel.send(view=page)

    def _write_to_all(self) -> None:
        self._again = True
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write to one person after another, and look again where something was added meanwhile."""
        pauses = retry_pauses()
        while self._again:
            self._again = False
            try:
                while (recipient := await self._take_next()) is not None:
                    pauses = retry_pauses()
                    if recipient.polls:
                        await self._write_to(recipient)
                        await asyncio.sleep(reminders.BETWEEN_MESSAGES)
            except Exception:
                log.exception("whom to write to could not be read; trying again")
                await asyncio.sleep(next(pauses))
                self._again = True

    async def _take_next(self) -> Recipient | None:
        async with self.bot.store.write() as session:
            return await reminders.take_next(session)

    async def _write_to(self, recipient: Recipient) -> None:
        try:
            await self._send(recipient)
        except discord.HTTPException as error:
            log.warning("a reminder reached nobody (Discord's code %s)", error.code)
        except Exception:
            log.exception("a reminder reached nobody")

    async def _send(self, recipient: Recipient) -> None:
        consultation = self.bot.consultation_of(recipient.polls[0])
        say = Speech(self.bot.store.language_of(recipient.user_id) or consultation.public_languages[0])
        channel = await self.bot.create_dm(discord.Object(recipient.user_id))
        for page in pages(self._message(consultation, recipient.polls, say)):
            await channel.send(view=page)

    def _message(self, consultation: Consultation, polls: Sequence[Poll], say: Speech) -> list[Piece]:
        return [
            text(
                f"### {self.bot.catalogue.title.in_language(say.language)}",
                say("reminder.not_voted", count=len(polls)),
                *self._lines(consultation, polls, say),
                f"-# {say('reminder.asked_for')}",
            )
        ]

    def _lines(self, consultation: Consultation, polls: Iterable[Poll], say: Speech) -> Iterable[str]:
        """Say what ends when, each with the address of its card where it has one."""
        for poll in polls:
            title = harmless(poll.wording[say.language].title)
            url = card_url(self.bot, consultation, poll.group, poll.subject)
            if poll.closes_at is not None:
                yield "- " + say(
                    "reminder.poll",
                    title=f"[{title}]({url})" if url else title,
                    closes=discord.utils.format_dt(poll.closes_at, "f"),
                    left=discord.utils.format_dt(poll.closes_at, "R"),
                )


def _group(poll: Poll) -> tuple[int, str]:
    return poll.consultation_id, poll.group


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Reminders(bot))

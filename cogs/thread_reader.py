"""Reading what was written, edited and deleted in the threads while the bot was away, or could not store it.

A thread is read once from its beginning, a hundred messages at a time, so that memory stays small and no transaction
is long. Reading it again stores nothing twice. It adds no reactions in bulk, and its log holds counts alone.
"""

import asyncio
import logging
from collections.abc import Iterator

import discord

from cogs.client import ConsultationBot
from cogs.thread_words import as_message, group_of, is_feedback, is_kept_out, is_since
from models import feedback
from models.patience import growing_pauses, patiently
from models.records import Consultation, ConsultationState, Place, PlaceKind

log = logging.getLogger(__name__)

STORED = "✅"
NOT_STORED = "⚠️"
MESSAGES_AT_ONCE = 100  # as many as Discord hands out at once; a longer transaction would keep ballots waiting
THREADS_BETWEEN_PROGRESS = 10
REMEMBERED_DELETIONS = 10_000


class ThreadReader:
    """Catches up on the threads of every consultation, one thread after another."""

    def __init__(self, bot: ConsultationBot) -> None:
        self._bot = bot
        self._reading = asyncio.Lock()
        # The last messages that Discord said were deleted: what is still on its way to the store must not get there.
        self._deleted: dict[int, None] = {}
        self._found = {"stored": 0, "changed": 0, "deleted": 0}
        self._to_read: set[Place] = set()
        self._to_forget: dict[int, set[int]] = {}
        self._trying: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Leave off; the next start goes on."""
        if self._trying is not None:
            self._trying.cancel()

    def read_later(self, place: Place) -> None:
        """Read a thread again in which something could not be stored, until it can."""
        # Without the text of messages, what is stored of them would be overwritten with nothing.
        if self._bot.reads_messages:
            self._to_read.add(place)
            self._keep_trying()

    def forget_later(self, consultation: Consultation, message_ids: set[int]) -> None:
        """Honour deletions that could not be honoured, until they are."""
        self._to_forget.setdefault(consultation.id, set()).update(message_ids)
        self._keep_trying()

    def note_deleted(self, message_ids: set[int]) -> None:
        """Remember that messages are gone, before the store knows."""
        self._deleted.update(dict.fromkeys(message_ids))
        while len(self._deleted) > REMEMBERED_DELETIONS:
            del self._deleted[next(iter(self._deleted))]

    async def catch_up(self) -> None:
        """Read every thread of the consultations that were opened, those that closed for what was deleted in them."""
        async with self._reading:
            self._found = dict.fromkeys(self._found, 0)
            threads = list(self._threads())
            for number, (consultation, place) in enumerate(threads, start=1):
                await self._read_or_later(consultation, place)
                if number % THREADS_BETWEEN_PROGRESS == 0 or number == len(threads):
                    log.info("read %d of %d threads: %s", number, len(threads), self._counts())

    async def store(
        self, consultation: Consultation, recommendation: str, messages: list[discord.Message]
    ) -> feedback.Taken:
        """Store messages of a recommendation's thread, and follow their edits; those deleted meanwhile are left out."""

        async def attempt() -> feedback.Taken:
            async with self._bot.store.write() as session:
                group = await group_of(session, self._bot.catalogue, consultation, recommendation)
                there = [one for one in messages if one.id not in self._deleted]
                given = [as_message(consultation, one, group, recommendation) for one in there]
                return await feedback.record_messages(session, consultation, given)

        return await patiently(attempt)

    async def forget(self, consultation: Consultation, message_ids: set[int]) -> None:
        """Honour deletions."""
        self.note_deleted(message_ids)
        await self._delete(consultation.id, message_ids)

    async def mark(self, message: discord.Message, emoji: str) -> None:
        """Tell a message's author whether it is stored."""
        try:
            await message.add_reaction(emoji)
        except discord.HTTPException as error:
            # Its author may have deleted it, or blocked the bot.
            log.warning("a message could not be marked (Discord's code %s)", error.code)

    def _keep_trying(self) -> None:
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._try_again())

    async def _try_again(self) -> None:
        pauses = growing_pauses()
        while self._to_read or self._to_forget:
            await asyncio.sleep(next(pauses))
            await self._do_what_is_left()

    async def _do_what_is_left(self) -> None:
        for consultation_id, message_ids in list(self._to_forget.items()):
            trying = set(message_ids)
            try:
                await self._delete(consultation_id, trying)
            except Exception:
                log.exception("deletions are not honoured yet; trying again")
                continue
            message_ids.difference_update(trying)
            if not message_ids:
                del self._to_forget[consultation_id]
        async with self._reading:
            for place in list(self._to_read):
                self._to_read.discard(place)
                if (consultation := self._bot.store.memory.consultation(place.consultation_id)) is not None:
                    await self._read_or_later(consultation, place)

    async def _delete(self, consultation_id: int, message_ids: set[int]) -> None:
        async def attempt() -> None:
            async with self._bot.store.write() as session:
                await feedback.delete_messages(session, consultation_id, message_ids)

        await patiently(attempt)

    async def _read_or_later(self, consultation: Consultation, place: Place) -> None:
        """Read a thread, now or later; one that is gone is none to be read."""
        try:
            await self._read(consultation, place)
        except discord.NotFound as error:
            log.warning("the thread of %s is gone (Discord's code %s)", place.key, error.code)
        except discord.HTTPException as error:
            log.warning("the thread of %s could not be read (Discord's code %s)", place.key, error.code)
            self.read_later(place)
        except Exception:
            log.exception("what was missed in the thread of %s was not stored; trying again", place.key)
            self.read_later(place)

    def _threads(self) -> Iterator[tuple[Consultation, Place]]:
        memory = self._bot.store.memory
        for consultation in list(memory.consultations.values()):
            if consultation.state is not ConsultationState.PREPARED:
                for place in memory.places(consultation.id, PlaceKind.THREAD):
                    yield consultation, place

    def _counts(self) -> str:
        return ", ".join(f"{count} messages {what}" for what, count in self._found.items())

    async def _read(self, consultation: Consultation, place: Place) -> None:
        thread = self._bot.get_partial_messageable(place.discord_id, guild_id=consultation.guild_id)
        last = 0
        some: list[discord.Message] = []
        async for message in thread.history(limit=None, after=discord.Object(place.discord_id), oldest_first=True):
            some.append(message)
            if len(some) == MESSAGES_AT_ONCE:
                last = await self._follow(consultation, place, last, some)
                some = []
        if some:
            last = await self._follow(consultation, place, last, some)
        await self._forget_missing_at_the_end(consultation, place, thread, last)

    async def _follow(
        self, consultation: Consultation, place: Place, last: int, messages: list[discord.Message]
    ) -> int:
        """Store what is new or changed in the next messages of a thread; return the last one's id.

        What is stored from between two messages that Discord hands out one after another was deleted.
        """
        upto = messages[-1].id
        async with self._bot.store.read() as session:
            stored = await feedback.stored_messages(session, consultation.id, place.key, last, upto)
        waiting = [one for one in messages if self._is_news(consultation, one, stored)]
        if waiting:
            taken = await self.store(consultation, place.key, waiting)
            self._found["stored"] += taken.stored
            self._found["changed"] += taken.changed
        for message in waiting:
            await self._take_back_warning(message)
        missing = stored - {one.id for one in messages}
        if gone := {one for one in missing if not self._is_from_before(place, one)}:
            await self.forget(consultation, gone)
            self._found["deleted"] += len(gone)
        return upto

    async def _forget_missing_at_the_end(
        self, consultation: Consultation, place: Place, thread: discord.PartialMessageable, last: int
    ) -> None:
        """Honour deletions after the last message, each only once Discord says that the message is gone.

        A thread that may not be read looks empty: that is no reason to forget what people said.
        """
        async with self._bot.store.read() as session:
            missing = await feedback.stored_messages(session, consultation.id, place.key, last)
        for message_id in missing:
            if self._is_from_before(place, message_id):
                continue
            try:
                await thread.fetch_message(message_id)
            except discord.NotFound:
                await self.forget(consultation, {message_id})
                self._found["deleted"] += 1

    def _is_news(self, consultation: Consultation, message: discord.Message, stored: set[int]) -> bool:
        if is_kept_out(self._bot, consultation, message):
            return False
        if message.id in stored:
            return message.edited_at is not None
        return is_feedback(self._bot, message) and is_since(consultation, message)

    def _is_from_before(self, place: Place, message_id: int) -> bool:
        """Say whether a message is older than its thread, which was made anew: its author did not delete it."""
        known = self._bot.get_channel(place.discord_id)
        made_at = known.created_at if isinstance(known, discord.Thread) else None
        return made_at is not None and discord.utils.snowflake_time(message_id) < made_at

    async def _take_back_warning(self, message: discord.Message) -> None:
        """Tell the author of a message that was marked as not stored that it is stored now."""
        warnings = [one for one in message.reactions if one.me and str(one.emoji) == NOT_STORED]
        if warnings and self._bot.user is not None:
            await message.remove_reaction(NOT_STORED, self._bot.user)
            await self.mark(message, STORED)

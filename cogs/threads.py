"""Threads: what members write under a recommendation's card is stored, edited and deleted as they say."""

import logging

import discord
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.thread_reader import NOT_STORED, STORED, ThreadReader
from cogs.thread_words import attached, has_words, is_feedback, is_kept_out, is_since
from models import feedback
from models.patience import patiently
from models.records import Consultation, ConsultationState, Place, PlaceKind

log = logging.getLogger(__name__)


class Threads(commands.Cog):
    """Stores what is written in threads, follows its edits and deletions, and marks it once it is stored."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self.reader = ThreadReader(bot)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Store what was written or edited while the bot was away, and honour what was deleted."""
        if self.bot.reads_messages:
            await self.reader.catch_up()

    async def cog_unload(self) -> None:
        self.reader.close()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        place = self._thread_at(message.guild.id if message.guild else None, message.channel.id)
        if place is None or not is_feedback(self.bot, message):
            return
        consultation = self.bot.consultation_in(message.guild.id if message.guild else None)
        if consultation.state is not ConsultationState.OPEN or is_kept_out(self.bot, consultation, message):
            return
        try:
            await self.reader.store(consultation, place.key, [message])
        except Exception:
            log.exception("a message in the thread of %s was not stored; trying again", place.key)
            self.reader.read_later(place)
            await self.reader.mark(message, NOT_STORED)
        else:
            await self.reader.mark(message, STORED)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        message = payload.message
        place = self._thread_at(payload.guild_id, payload.channel_id)
        # Discord also tells of what it adds itself, such as the preview of a link: that is nobody's edit. A message
        # without words was edited to say nothing, unless Discord hands over no words at all.
        if place is None or message.edited_at is None or not (has_words(message) or self.bot.reads_messages):
            return
        consultation = self.bot.consultation_in(payload.guild_id)
        if is_kept_out(self.bot, consultation, message):
            return
        try:
            await self._take_edit(consultation, place.key, message)
        except Exception:
            log.exception("an edit in the thread of %s was not followed; trying again", place.key)
            self.reader.read_later(place)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._forget(payload.guild_id, payload.channel_id, {payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._forget(payload.guild_id, payload.channel_id, payload.message_ids)

    async def _take_edit(self, consultation: Consultation, recommendation: str, message: discord.Message) -> None:
        is_open = consultation.state is ConsultationState.OPEN
        if is_open and is_feedback(self.bot, message) and is_since(consultation, message):
            await self.reader.store(consultation, recommendation, [message])
        else:
            await patiently(lambda: self._follow(consultation, message))

    async def _follow(self, consultation: Consultation, message: discord.Message) -> None:
        """Follow the edit of a message that is stored; one that is not, such as a question to the bot, stays so."""
        async with self.bot.store.write() as session:
            await feedback.edit_message(
                session, consultation.id, message.id, message.content, attached(message), message.edited_at
            )

    async def _forget(self, guild_id: int | None, channel_id: int, message_ids: set[int]) -> None:
        if self._thread_at(guild_id, channel_id) is None:
            return
        consultation = self.bot.consultation_in(guild_id)
        try:
            await self.reader.forget(consultation, message_ids)
        except Exception:
            log.exception("a deletion is not honoured yet; trying again")
            self.reader.forget_later(consultation, message_ids)

    def _thread_at(self, guild_id: int | None, channel_id: int) -> Place | None:
        """Return the thread of a recommendation, None for any other channel."""
        place = self.bot.store.memory.place_at(channel_id)
        if place is None or place.kind is not PlaceKind.THREAD or guild_id not in self.bot.store.memory.consultations:
            return None
        return place


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Threads(bot))

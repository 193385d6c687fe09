"""Posting moderators' public replies where what they answer was said."""

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

from cogs.ui.review_cards import message_url, reply_card
from models import review
from models.patience import patiently
from models.records import Consultation, Feedback, FeedbackKind, Moderator, PlaceKind

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)


class ReplyPoster:
    """Posts a reply that is stored, and keeps where it stands."""

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot

    async def post(
        self,
        consultation: Consultation,
        moderator: Moderator,
        one: Feedback,
        given: review.Reply,
        *,
        answered: bool,
    ) -> bool:
        """Post a stored reply where it belongs and say whether that went well; otherwise it is taken back.

        `answered` is whether the contribution was answered before.
        """

        async def withdraw() -> None:
            async with self._bot.store.write() as session:
                await review.withdraw_reply(
                    session, consultation.id, moderator, one.reference, given.id, answered=answered
                )

        try:
            message = await self._send(consultation, one, given.text)
        except BaseException:
            await asyncio.shield(self._bot.later(patiently(withdraw)))
            raise
        if message is None:
            await patiently(withdraw)
            return False

        async def keep() -> None:
            async with self._bot.store.write() as session:
                await review.reply_posted(session, given.id, message.channel.id, message.id)

        await patiently(keep)
        return True

    async def _send(self, consultation: Consultation, one: Feedback, words: str) -> discord.Message | None:
        """Send a reply to the message it answers, where there is one; nobody is notified. None where it cannot be."""
        channel_id = self._channel_for(consultation, one)
        if channel_id is None:
            return None
        channel = self._bot.get_partial_messageable(channel_id, guild_id=consultation.guild_id)
        view = reply_card(self._bot.catalogue, one, words, self._bot.public_speeches(consultation))
        try:
            if one.kind is FeedbackKind.PRIVATE or one.message_id is None:
                return await channel.send(view=view)
            to = discord.MessageReference(
                message_id=one.message_id,
                channel_id=channel_id,
                guild_id=consultation.guild_id,
                fail_if_not_exists=False,
            )
            return await channel.send(view=view, reference=to, mention_author=False)
        except discord.HTTPException as error:
            log.warning("a reply could not be posted (Discord's code %s)", error.code)
        except Exception:
            log.exception("a reply could not be posted")
        return None

    def _channel_for(self, consultation: Consultation, one: Feedback) -> int | None:
        """Return where a reply is posted: the recommendation's thread, the group's channel, or the start channel."""
        memory = self._bot.store.memory
        if one.recommendation is not None:
            return memory.place(consultation.id, PlaceKind.THREAD, one.recommendation)
        if one.group is not None:
            return memory.place(consultation.id, PlaceKind.GROUP, one.group)
        return memory.place(consultation.id, PlaceKind.START)

    def url(self, consultation: Consultation, one: Feedback) -> str | None:
        """Return the address of the message in a thread, or of the one that private words are about."""
        thread = self._bot.store.memory.place(consultation.id, PlaceKind.THREAD, one.recommendation or "")
        channel_id = one.channel_id or thread
        return message_url(consultation, channel_id, one.message_id) if channel_id and one.message_id else None

"""Feedback: what members write in a recommendation's thread, and what they give in private, is stored."""

import logging
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.asking import is_addressed
from cogs.client import ConsultationBot
from cogs.source import find_recommendation, recommendation_choices
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.permissions import require_unblocked
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import command_text
from models import feedback
from models.errors import ConsultationError
from models.limits import Deed
from models.records import Consultation, ConsultationState, PlaceKind
from models.store import UnitOfWork
from models.texts import clean, is_blank

log = logging.getLogger(__name__)

STORED = "✅"
NOT_STORED = "⚠️"
WORDS = "words"
MESSAGES_AT_ONCE = 100  # a longer transaction would keep ballots waiting


class FeedbackCog(commands.Cog, name="Feedback"):
    """Stores words, follows their edits and deletions, and confirms them once they are stored."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._changed: set[int] = set()  # messages edited or deleted while threads are read
        self._reading = False

    @app_commands.command(
        name=command_text("command.feedback.name"),
        description=command_text("command.feedback.description"),
    )
    @app_commands.rename(recommendation=command_text("option.recommendation.name"))
    @app_commands.describe(recommendation=command_text("option.recommendation.description"))
    @app_commands.guild_only()
    async def feedback(self, interaction: discord.Interaction[Any], recommendation: str | None = None) -> None:
        say = self.bot.speech(interaction)
        await self._open_form(
            interaction, find_recommendation(self.bot, recommendation, say).key if recommendation else ""
        )

    @feedback.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @component("feedback")
    async def feedback_pressed(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        """Open the form for private feedback on a recommendation, or on the consultation as a whole ('')."""
        await self._open_form(interaction, recommendation)

    @component("words")
    async def words_submitted(self, interaction: discord.Interaction[Any], recommendation: str, opened_by: int) -> None:
        """Store private feedback; `opened_by` tells one submission from another, so that none is stored twice."""
        answers = filled_in(interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        self._require_may_give(consultation, interaction.user.id)
        if (words := clean(answers[WORDS])) is None:
            raise ConsultationError("feedback.empty")
        self.bot.policy.require_allowed(words)
        if (membership := declared(self.bot.catalogue, answers)) is not None:
            await keep_membership(self.bot, interaction, consultation, membership)
        known = self.bot.catalogue.recommendations.get(recommendation)
        who, quotation, about = interaction.user.id, quotation_in(answers), recommendation or None
        with self.bot.limits.counted(Deed.FEEDBACK, who):
            async with self.bot.store.write() as session:
                again = await feedback.given_before(
                    session,
                    consultation,
                    submission=opened_by,
                    user_id=who,
                    text=words,
                    quotation=quotation,
                    recommendation=about,
                )
                stored = again or await feedback.give_private(
                    session,
                    consultation,
                    submission=opened_by,
                    user_id=who,
                    text=words,
                    quotation=quotation,
                    group=known.group if known else None,
                    recommendation=about,
                )
        say = self.bot.speech(interaction)
        phrase = "feedback.already_there" if again else "feedback.stored"
        await reply(
            interaction, say(phrase, reference=stored.reference, quotation=say(f"quotation.{stored.quotation}"))
        )

    def _require_may_give(self, consultation: Consultation, user_id: int) -> None:
        """Raise ConsultationError where this person can give no private feedback now."""
        if consultation.state is not ConsultationState.OPEN:
            raise ConsultationError("consultation.not_open")
        require_unblocked(self.bot, consultation, user_id)
        self.bot.limits.require(Deed.FEEDBACK, user_id)

    async def _open_form(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        consultation = self.bot.consultation_in(interaction.guild_id)
        self._require_may_give(consultation, interaction.user.id)
        say = self.bot.speech(interaction)
        known = self.bot.catalogue.recommendations.get(recommendation)
        about = known.title.in_language(say.language) if known else say("feedback.about_everything")
        fields: list[Piece] = []
        if self.bot.store.participant(consultation, interaction.user.id) is None:
            fields += membership_fields(self.bot.catalogue, say, None, groups=[known.group] if known else [])
        fields += [written(WORDS, say("feedback.words"), about), quotation_field(say)]
        await interaction.response.send_modal(
            form(say("feedback.title"), interaction, "words", recommendation, fields=fields)
        )

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Store what was written or edited while the bot was away, without adding reactions in bulk."""
        if not self.bot.reads_messages:
            return
        self._reading = True
        for consultation in list(self.bot.store.memory.consultations.values()):
            if consultation.state is not ConsultationState.OPEN:
                continue
            for place in self.bot.store.memory.places(consultation.id, PlaceKind.THREAD):
                try:
                    await self._catch_up(consultation, place.key, place.discord_id)
                except discord.HTTPException as error:
                    log.warning("the thread of %s could not be read (Discord's code %s)", place.key, error.code)
                except Exception:
                    log.exception("what was missed in the thread of %s was not stored", place.key)
        self._reading = False
        self._changed.clear()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        recommendation = self._thread_of(message.guild, message.channel.id)
        if recommendation is None or not self._is_feedback(message):
            return
        consultation = self.bot.consultation_in(message.guild.id if message.guild else None)
        if consultation.state is not ConsultationState.OPEN or self._is_kept_out(consultation, message):
            return
        try:
            async with self.bot.store.write() as session:
                await self._record(session, consultation, recommendation, message)
        except Exception:
            log.exception("a message in the thread of %s was not stored", recommendation)
            await self._mark(message, NOT_STORED)
        else:
            await self._mark(message, STORED)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self._note_change({payload.message_id})
        words = _words(payload.message)
        if words and self._thread_of_id(payload.guild_id, payload.channel_id):
            consultation = self.bot.consultation_in(payload.guild_id)
            if self._is_kept_out(consultation, payload.message):
                return
            async with self.bot.store.write() as session:
                await feedback.edit_message(session, consultation.id, payload.message_id, words)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._forget(payload.guild_id, payload.channel_id, {payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._forget(payload.guild_id, payload.channel_id, payload.message_ids)

    def _note_change(self, message_ids: set[int]) -> None:
        if self._reading:
            self._changed |= message_ids

    async def _forget(self, guild_id: int | None, channel_id: int, message_ids: set[int]) -> None:
        if self._thread_of_id(guild_id, channel_id):
            self._note_change(message_ids)
            async with self.bot.store.write() as session:
                await feedback.delete_messages(session, self.bot.consultation_in(guild_id).id, message_ids)

    async def _catch_up(self, consultation: Consultation, recommendation: str, thread_id: int) -> None:
        """Read a thread from its beginning and follow what was written, edited and deleted in it meanwhile.

        What changes while it is read is left to the events that tell of it.
        """
        async with self.bot.store.read() as session:
            stored = await feedback.stored_messages(session, consultation.id, recommendation)
        thread = self.bot.get_partial_messageable(thread_id, guild_id=consultation.guild_id)
        after = discord.Object(thread_id)
        written = [message async for message in thread.history(limit=None, after=after, oldest_first=True)]
        missed = [one for one in written if self._was_missed(consultation, one, stored)]
        for some in discord.utils.as_chunks(missed, MESSAGES_AT_ONCE):
            async with self.bot.store.write() as session:
                for message in some:
                    if message.id not in self._changed:
                        await self._record(session, consultation, recommendation, message)
        for message in missed:
            await self._take_back_warning(message)
        await self._forget_deleted(consultation, thread, stored - {message.id for message in written})

    def _was_missed(self, consultation: Consultation, message: discord.Message, stored: set[int]) -> bool:
        if not self._is_feedback(message) or self._is_kept_out(consultation, message):
            return False
        return message.edited_at is not None if message.id in stored else _is_since(consultation, message)

    async def _forget_deleted(
        self,
        consultation: Consultation,
        thread: discord.PartialMessageable,
        missing: set[int],
    ) -> None:
        """Honour deletions that the bot was not told of, each only once Discord says that the message is gone.

        A thread that may not be read looks empty, and one that was made anew has lost its messages without their
        authors' doing: neither is a reason to forget what people said.
        """
        known = self.bot.get_channel(thread.id)
        made_at = known.created_at if isinstance(known, discord.Thread) else None
        for message_id in missing:
            if made_at is not None and discord.utils.snowflake_time(message_id) < made_at:
                continue
            try:
                await thread.fetch_message(message_id)
            except discord.NotFound:
                async with self.bot.store.write() as session:
                    await feedback.delete_messages(session, consultation.id, {message_id})

    async def _record(
        self,
        session: UnitOfWork,
        consultation: Consultation,
        recommendation: str,
        message: discord.Message,
    ) -> None:
        known = self.bot.catalogue.recommendations.get(recommendation)
        await feedback.record_message(
            session,
            consultation,
            message_id=message.id,
            user_id=message.author.id,
            text=_words(message),
            group=known.group if known else None,
            recommendation=recommendation,
            given_at=message.created_at,
        )
        if message.edited_at is not None:
            await feedback.edit_message(session, consultation.id, message.id, _words(message))

    async def _take_back_warning(self, message: discord.Message) -> None:
        """Tell the author of a message that was marked as not stored that it is stored now."""
        warnings = [one for one in message.reactions if one.me and str(one.emoji) == NOT_STORED]
        if warnings and self.bot.user is not None:
            await message.remove_reaction(NOT_STORED, self.bot.user)
            await self._mark(message, STORED)

    async def _mark(self, message: discord.Message, emoji: str) -> None:
        try:
            await message.add_reaction(emoji)
        except discord.HTTPException as error:
            # Its author may have deleted it, or blocked the bot.
            log.warning("a message could not be marked (Discord's code %s)", error.code)

    def _is_feedback(self, message: discord.Message) -> bool:
        """Say whether a message in a thread is a member's words for the consultation, not for the bot."""
        spoken = message.type in {discord.MessageType.default, discord.MessageType.reply}
        return (
            spoken and not message.author.bot and not is_addressed(self.bot, message) and not is_blank(_words(message))
        )

    def _is_kept_out(self, consultation: Consultation, message: discord.Message) -> bool:
        """Say whether a message is by somebody who is blocked: it stands in the thread and is not stored."""
        return self.bot.store.is_blocked(consultation, message.author.id)

    def _thread_of(self, guild: discord.Guild | None, channel_id: int) -> str | None:
        return self._thread_of_id(guild.id if guild else None, channel_id)

    def _thread_of_id(self, guild_id: int | None, channel_id: int) -> str | None:
        """Return the recommendation whose thread this is, None for any other channel."""
        place = self.bot.store.memory.place_at(channel_id)
        if place is None or place.kind is not PlaceKind.THREAD or guild_id not in self.bot.store.memory.consultations:
            return None
        return place.key


def _is_since(consultation: Consultation, message: discord.Message) -> bool:
    """Say whether a message was written since the consultation opened: before, only administrators can write."""
    return consultation.opened_at is not None and message.created_at >= consultation.opened_at


def _words(message: discord.Message) -> str:
    """Return what was written, with the names of what was attached."""
    attached = (f"📎 {attachment.filename}" for attachment in message.attachments)
    return "\n".join(filter(None, [message.content, *attached]))


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(FeedbackCog(bot))

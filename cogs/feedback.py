"""Private feedback: what people tell the moderators alone, on a recommendation, a message or everything."""

from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import find_recommendation, recommendation_choices
from cogs.thread_words import group_of
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece
from cogs.ui.membership import declared, keep_membership, membership_fields
from cogs.ui.permissions import require_unblocked
from cogs.ui.quotation import quotation_field, quotation_in
from cogs.ui.replies import in_time, reply
from cogs.ui.router import component
from cogs.ui.standing import mapped_roles, segment_now
from cogs.ui.texts import Speech, command_text
from models import feedback
from models.errors import ConsultationError
from models.limits import Deed
from models.patience import patiently
from models.records import Consultation, ConsultationState, Feedback, PlaceKind
from models.texts import clean

WORDS = "words"


@dataclass(frozen=True, slots=True)
class Subject:
    """What private words are about; `message` are the channel and the message that they were given on, if any."""

    group: str | None = None
    recommendation: str | None = None
    message: tuple[int, int] | None = None


class FeedbackCog(commands.Cog, name="Feedback"):
    """Takes private feedback and confirms it once it is stored."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        # Discord has no menu of a cog: it is made here, for this bot.
        self._menu = app_commands.ContextMenu(name=command_text("command.comment.name"), callback=self.comment)

    async def cog_load(self) -> None:
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(
        name=command_text("command.feedback.name"),
        description=command_text("command.feedback.description"),
    )
    @app_commands.rename(recommendation=command_text("option.recommendation.name"))
    @app_commands.describe(recommendation=command_text("option.recommendation.description"))
    @app_commands.guild_only()
    async def feedback(self, interaction: discord.Interaction[Any], recommendation: str | None = None) -> None:
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say).key if recommendation else ""
        await self._open_form(interaction, self._on_recommendation(found), "words", found)

    @feedback.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @app_commands.guild_only()
    async def comment(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Open the form from a message's menu, for what the message belongs to."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        about = self._on_message(consultation, interaction.channel_id or 0, message.id)
        await self._open_form(interaction, about, "words_on", message.id)

    @component("feedback")
    async def feedback_pressed(self, interaction: discord.Interaction[Any], recommendation: str) -> None:
        """Open the form for private feedback on a recommendation, or on the consultation as a whole ('')."""
        await self._open_form(interaction, self._on_recommendation(recommendation), "words", recommendation)

    @component("words")
    async def words_submitted(self, interaction: discord.Interaction[Any], recommendation: str, opened_by: int) -> None:
        """Store private feedback; `opened_by` tells one submission from another, so that none is stored twice."""
        await self._take(interaction, self._on_recommendation(recommendation), opened_by)

    @component("words_on")
    async def words_on_submitted(self, interaction: discord.Interaction[Any], message: int, opened_by: int) -> None:
        """Store what was given on a message; the form was opened in the message's channel."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        about = self._on_message(consultation, interaction.channel_id or 0, message)
        await self._take(interaction, about, opened_by)

    async def _take(self, interaction: discord.Interaction[Any], about: Subject, opened_by: int) -> None:
        answers = filled_in(interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        self._require_may_give(consultation, interaction.user.id)
        if (words := clean(answers[WORDS])) is None:
            raise ConsultationError("feedback.empty")
        self.bot.policy.require_allowed(words)
        with self.bot.limits.counted(Deed.FEEDBACK, interaction.user.id):
            storing = self._store(interaction, consultation, about, opened_by, answers)
            stored, is_new = await in_time(interaction, storing)
        say = self.bot.speech(interaction)
        phrase = "feedback.stored" if is_new else "feedback.already_there"
        await reply(
            interaction, say(phrase, reference=stored.reference, quotation=say(f"quotation.{stored.quotation}"))
        )

    async def _store(
        self,
        interaction: discord.Interaction[Any],
        consultation: Consultation,
        about: Subject,
        submission: int,
        answers: dict[str, Any],
    ) -> tuple[Feedback, bool]:
        """Store what was filled in, trying again where the store fails for a moment; say whether it is new."""
        if (membership := declared(self.bot.catalogue, answers)) is not None:
            await patiently(lambda: keep_membership(self.bot, interaction, consultation, membership))

        on, who, words, quotation = about.recommendation, interaction.user.id, answers[WORDS], quotation_in(answers)
        roles = mapped_roles(consultation, interaction.user)

        async def attempt() -> tuple[Feedback, bool]:
            async with self.bot.store.write() as session:
                group = await group_of(session, self.bot.catalogue, consultation, on) if on else about.group
                again = await feedback.given_before(
                    session,
                    consultation,
                    submission=submission,
                    user_id=who,
                    text=words,
                    quotation=quotation,
                    group=group,
                    recommendation=on,
                    about=about.message,
                )
                if again is not None:
                    return again, False
                stored = await feedback.give_private(
                    session,
                    consultation,
                    submission=submission,
                    user_id=who,
                    text=words,
                    quotation=quotation,
                    group=group,
                    recommendation=on,
                    about=about.message,
                    roles=roles,
                )
                return stored, True

        return await patiently(attempt)

    def _require_may_give(self, consultation: Consultation, user_id: int) -> None:
        """Raise ConsultationError where this person can give no private feedback now."""
        if consultation.state is not ConsultationState.OPEN:
            raise ConsultationError("consultation.not_open")
        require_unblocked(self.bot, consultation, user_id)
        self.bot.limits.require(Deed.FEEDBACK, user_id)

    async def _open_form(
        self, interaction: discord.Interaction[Any], about: Subject, handler: str, argument: object
    ) -> None:
        consultation = self.bot.consultation_in(interaction.guild_id)
        self._require_may_give(consultation, interaction.user.id)
        say = self.bot.speech(interaction)
        fields: list[Piece] = []
        participant = self.bot.store.participant(consultation, interaction.user.id)
        source = consultation.segment_source
        if participant is None or segment_now(self.bot, interaction, consultation, source) is None:
            groups = [about.group] if about.group else []
            fields += membership_fields(self.bot.catalogue, say, participant, groups, source)
        fields += [written(WORDS, say("feedback.words"), self._named(consultation, about, say)), quotation_field(say)]
        await interaction.response.send_modal(
            form(say("feedback.title"), interaction, handler, argument, fields=fields)
        )

    def _named(self, consultation: Consultation, about: Subject, say: Speech) -> str:
        """Say what the words are about."""
        recommendation = self.bot.catalogue.recommendations.get(about.recommendation or "")
        group = self.bot.catalogue.groups.get(about.group or "")
        poll = self.bot.store.memory.open_poll_on(consultation.id, about.recommendation or "")
        if (named := recommendation or group) is not None:
            title = named.title.in_language(say.language)
        elif poll is not None:
            title = poll.wording[say.language].title
        else:
            title = say("feedback.about_question" if about.recommendation else "feedback.about_everything")
        return say("feedback.about_message", title=title) if about.message else title

    def _on_recommendation(self, recommendation: str) -> Subject:
        known = self.bot.catalogue.recommendations.get(recommendation)
        return Subject(known.group if known else None, recommendation or None)

    def _on_message(self, consultation: Consultation, channel_id: int, message_id: int) -> Subject:
        """Return what a message belongs to: a card is its recommendation, anything else stands in some channel."""
        memory = self.bot.store.memory
        for card in memory.places(consultation.id, PlaceKind.CARD):
            if card.discord_id == message_id:
                return self._on_recommendation(card.key)
        if memory.place(consultation.id, PlaceKind.START_CARD) == message_id:
            return Subject()
        place, message = memory.place_at(channel_id), (channel_id, message_id)
        if place is not None and place.kind is PlaceKind.THREAD:
            on = self._on_recommendation(place.key)
            return Subject(on.group, on.recommendation, message)
        if place is not None and place.kind is PlaceKind.GROUP:
            return Subject(place.key, None, message)
        return Subject(None, None, message)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(FeedbackCog(bot))

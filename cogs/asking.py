"""Asking: a question by command, form, mention, reply, direct message or in the questions channel gets an answer.

What finds no answer, and what is said to be of no help, is kept for the moderators, never with whoever asked it.
"""

import asyncio
import logging
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.answer_cards import answer_card, fact_card, moderators_answer_card
from cogs.ui.forms import filled_in, form, written
from cogs.ui.given_answers import GivenAnswer, GivenAnswers
from cogs.ui.layout import Piece, card, sent_once, text
from cogs.ui.moderators_answers import Found
from cogs.ui.permissions import require_unblocked
from cogs.ui.recent_questions import RecentQuestions
from cogs.ui.replies import reply, sentence_of
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from content.answers import Answer, AnswerKind
from content.asked import leans, with_previous
from content.catalogue import Language
from models import questions
from models.errors import ConsultationError
from models.limits import WINDOW, Deed
from models.records import Consultation, ConsultationState, PlaceKind, QuestionKind

log = logging.getLogger(__name__)

QUESTION_LENGTH = 1_000
QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is shown, and what is kept of its question once it was: by `number`, None for nothing."""

    pieces: list[Piece]
    consultation: Consultation | None = None
    number: int | None = None


class Asking(commands.Cog):
    """Answers questions about the article with the passage they stand on, or says that it does not say."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._recent = RecentQuestions(bot.store.now)
        self._given = GivenAnswers()
        self._refused: dict[int, datetime] = {}  # who was told in chat that they asked too much, and when

    @app_commands.command(name=command_text("command.ask.name"), description=command_text("command.ask.description"))
    @app_commands.rename(question=command_text("option.question.name"))
    @app_commands.describe(question=command_text("option.question.description"))
    async def ask(
        self,
        interaction: discord.Interaction[ConsultationBot],
        question: app_commands.Range[str, 1, QUESTION_LENGTH],
    ) -> None:
        await self._answer_privately(interaction, question)

    @component("ask")
    async def ask_in_form(self, interaction: discord.Interaction[Any], opened_by: int | None = None) -> None:
        """Open the question form, or answer the question that was typed into it."""
        if opened_by is not None:
            await self._answer_privately(interaction, filled_in(interaction)[QUESTION])
            return
        self.bot.limits.require(Deed.QUESTION, interaction.user.id)
        say = self.bot.speech(interaction)
        field = written(QUESTION, say("ask.question"), say("ask.hint"), length=QUESTION_LENGTH)
        await interaction.response.send_modal(form(say("ask.title"), interaction, "ask", fields=[field]))

    @component("fact")
    async def show_fact(self, interaction: discord.Interaction[Any], key: str, language: Language) -> None:
        """Show a fact that a button offered, to the person alone, in the language the button stood in."""
        fact = self.bot.catalogue.facts.get(key)
        if fact is None:
            raise ConsultationError("fact.unknown")
        await reply(interaction, view=sent_once(*fact_card(self.bot.catalogue, fact, Speech(language))))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or message.type not in {discord.MessageType.default, discord.MessageType.reply}:
            return
        if not (is_addressed(self.bot, message) or self._is_open_question(message)):
            return
        language = self.bot.store.language_of(message.author.id)
        say = Speech(language or self.bot.catalogue.default_language)
        if question := without_mentions(message):
            try:
                consultation = self._consultation(message.guild.id if message.guild else None, message.author.id)
                with self.bot.limits.counted(Deed.QUESTION, message.author.id):
                    told = await self._tell(
                        question,
                        language,
                        message.channel.id,
                        consultation,
                        self._keeps(consultation, message.author.id),
                    )
            except ConsultationError as refusal:
                if not self._is_to_be_told(message.author.id):
                    return
                told = Told([card(text(sentence_of(refusal, say)))])
        else:
            told = Told([card(text(say("help.everyone")))])
        try:
            await message.reply(view=sent_once(*told.pieces), mention_author=False)
            self._keep_unanswered(told)
        except discord.HTTPException as error:
            # The question may be gone by now, or the bot may not write where it stands.
            log.warning("a question in chat was not answered (Discord's code %s)", error.code)

    def _is_to_be_told(self, user_id: int) -> bool:
        """Say once an hour that somebody who asks too much is to be told: nobody shall make the bot spam."""
        now = self.bot.store.now()
        self._refused = {person: moment for person, moment in self._refused.items() if moment > now - WINDOW}
        if user_id in self._refused:
            return False
        self._refused[user_id] = now
        return True

    def _is_open_question(self, message: discord.Message) -> bool:
        """Say whether this stands in the questions channel without being said to another member."""
        place = self.bot.store.memory.place_at(message.channel.id)
        return (
            place is not None
            and place.kind is PlaceKind.QUESTIONS
            and bool(message.content)
            and message.reference is None
            and not message.mentions
        )

    @component("moderators_answer")
    async def show_moderators_answer(self, interaction: discord.Interaction[Any], answer_id: int) -> None:
        """Show an answer of the moderators that a button offered, to the person alone."""
        served = (answer for answers in self.bot.store.memory.answers.values() for answer in answers)
        answer = next((answer for answer in served if answer.id == answer_id), None)
        if answer is None:
            raise ConsultationError("question.answer_gone")
        await reply(interaction, view=sent_once(*moderators_answer_card(answer)))

    @component("helped")
    async def helped(self, interaction: discord.Interaction[Any]) -> None:
        """Thank somebody whom an answer helped; of that nothing is kept."""
        await reply(interaction, self.bot.speech(interaction)("helped.thanks"))

    @component("unhelpful")
    async def unhelpful(self, interaction: discord.Interaction[Any], language: Language, number: int) -> None:
        """Keep the question whose answer did not help, once; ask for it where it is not remembered any more."""
        consultation = self._consultation_asked_in(interaction)
        given = self._given.find(number)
        if given is not None:
            await self._keep(consultation, number, given)
        else:
            async with self.bot.store.read() as session:
                kept = await questions.is_kept(session, consultation.id, number)
            if not kept:
                await self._ask_again(interaction, language, number)
                return
        await reply(interaction, self.bot.speech(interaction)("helped.kept"))

    @component("asked_again")
    async def asked_again(
        self, interaction: discord.Interaction[Any], language: Language, number: int, _opened_by: int
    ) -> None:
        """Keep a question whose answer did not help, as it was typed once more."""
        consultation = self._consultation_asked_in(interaction)
        given = GivenAnswer(filled_in(interaction)[QUESTION] or "", language, QuestionKind.DISLIKED)
        await self._keep(consultation, number, given)
        await reply(interaction, self.bot.speech(interaction)("helped.kept"))

    async def _ask_again(self, interaction: discord.Interaction[Any], language: str, number: int) -> None:
        say = self.bot.speech(interaction)
        field = written(QUESTION, say("ask.question"), say("helped.ask_again"), length=questions.QUESTION_LENGTH)
        await interaction.response.send_modal(
            form(say("helped.no"), interaction, "asked_again", language, number, fields=[field])
        )

    async def _answer_privately(self, interaction: discord.Interaction[Any], question: str) -> None:
        place = (interaction.channel_id, interaction.user.id)
        consultation = self._consultation(interaction.guild_id, interaction.user.id)
        with self.bot.limits.counted(Deed.QUESTION, interaction.user.id, question):
            told = await self._tell(
                question,
                self.bot.speech(interaction).language,
                place,
                consultation,
                self._keeps(consultation, interaction.user.id),
            )
        await reply(interaction, view=sent_once(*told.pieces))
        self._keep_unanswered(told)

    async def _tell(
        self,
        question: str,
        language: str | None,
        place: Hashable,
        consultation: Consultation | None,
        keeps: bool,
    ) -> Told:
        """Answer a question; `keeps` is whether anything of it may be kept for the moderators."""
        previous = self._recent.before(place, question)
        answer = await asyncio.to_thread(self.bot.answers.answer, question, language, previous=previous)
        if consultation is None:
            return Told(answer_card(answer))
        asked = with_previous(question, previous) if previous and leans(question) else question
        found = await self.bot.moderators_answers.find(consultation, asked, answer)
        if not keeps:
            return Told(answer_card(answer, found))
        number = self._given.remember(asked, answer.language, _kind(answer, found))
        return Told(answer_card(answer, found, number), consultation, number)

    def _keep_unanswered(self, told: Told) -> None:
        """Keep a question that found no answer, after the person was told so."""
        given = self._given.find(told.number) if told.number is not None else None
        if told.consultation and told.number is not None and given and given.kind is QuestionKind.UNANSWERED:
            self.bot.later(self._keep_quietly(told.consultation, told.number, given))

    async def _keep_quietly(self, consultation: Consultation, number: int, given: GivenAnswer) -> None:
        try:
            await self._keep(consultation, number, given)
        except ConsultationError:
            log.debug("a text without a question was not kept")
        except Exception:
            log.exception("a question without an answer was not kept")

    async def _keep(self, consultation: Consultation, number: int, given: GivenAnswer) -> None:
        async with self.bot.store.write() as session:
            await questions.keep(
                session, consultation, number=number, kind=given.kind, language=given.language, text=given.question
            )

    def _keeps(self, consultation: Consultation | None, user_id: int) -> bool:
        """Say whether what this person asks is kept where it finds no answer: not what somebody blocked asks."""
        return (
            consultation is not None
            and consultation.state is not ConsultationState.CLOSED
            and not self.bot.store.is_blocked(consultation, user_id)
        )

    def _consultation(self, guild_id: int | None, user_id: int) -> Consultation | None:
        """Return the consultation that a question is asked in: that of the server, if any.

        A direct message belongs to the consultation that its author joined, and to none where that is not just one.
        """
        here = [
            one for one in self.bot.store.memory.consultations.values() if one.content_key == self.bot.catalogue.key
        ]
        if guild_id is not None:
            return next((one for one in here if one.guild_id == guild_id), None)
        joined = [one for one in here if self.bot.store.participant(one, user_id) is not None]
        return joined[0] if len(joined) == 1 else None

    def _consultation_asked_in(self, interaction: discord.Interaction[Any]) -> Consultation:
        consultation = self._consultation(interaction.guild_id, interaction.user.id)
        if consultation is None:
            raise ConsultationError("setup.missing")
        if consultation.state is ConsultationState.CLOSED:
            raise ConsultationError("consultation.not_open")
        require_unblocked(self.bot, consultation, interaction.user.id)
        return consultation


def _kind(answer: Answer, found: Found) -> QuestionKind:
    """Say as what a question is kept if its answer did not help; what found no answer is kept in any case."""
    if found.given is not None:
        return QuestionKind.ANSWER_DISLIKED
    left_open = answer.kind in {AnswerKind.UNKNOWN, AnswerKind.GAP}
    return QuestionKind.UNANSWERED if left_open else QuestionKind.DISLIKED


def is_addressed(bot: ConsultationBot, message: discord.Message) -> bool:
    """Say whether a message is said to the bot: a direct message, a mention, or a reply to something it wrote.

    What it posted for the moderators is theirs: who replies to that speaks to them, unless they mention it.
    """
    if message.guild is None:
        return True
    if bot.user is None:
        return False
    answered = message.reference.resolved if message.reference else None
    if isinstance(answered, discord.Message) and answered.id in bot.store.memory.public_replies:
        # Discord counts a reply as a mention of the bot, whatever it says.
        return any(mention in message.content for mention in (f"<@{bot.user.id}>", f"<@!{bot.user.id}>"))
    if any(user.id == bot.user.id for user in message.mentions):
        return True
    # Discord offers the bot's own role beside it, and people take the one for the other.
    if any(role.tags is not None and role.tags.bot_id == bot.user.id for role in message.role_mentions):
        return True
    return isinstance(answered, discord.Message) and answered.author.id == bot.user.id


def without_mentions(message: discord.Message) -> str:
    """Return a message's text without the mentions of people and roles in it."""
    words = message.content
    for user in message.mentions:
        words = words.replace(f"<@{user.id}>", " ").replace(f"<@!{user.id}>", " ")
    for role in message.role_mentions:
        words = words.replace(role.mention, " ")
    return words.strip()


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Asking(bot))

"""Asking: a question by command, form, mention, reply, direct message or in the questions channel gets an answer."""

import asyncio
import logging
from collections.abc import Hashable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.answer_cards import answer_card, fact_card
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import card, sent_once, text
from cogs.ui.recent_questions import RecentQuestions
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from content.answers import Answer
from models.errors import ConsultationError
from models.records import PlaceKind

log = logging.getLogger(__name__)

QUESTION_LENGTH = 1_000
QUESTION = "question"


class Asking(commands.Cog):
    """Answers questions about the article with the passage they stand on, or says that it does not say."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._recent = RecentQuestions(bot.store.now)

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
    async def ask_in_form(self, interaction: discord.Interaction[Any], opened_by: str | None = None) -> None:
        """Open the question form, or answer the question that was typed into it."""
        if opened_by is not None:
            await self._answer_privately(interaction, filled_in(interaction)[QUESTION])
            return
        say = self.bot.speech(interaction)
        field = written(QUESTION, say("ask.question"), say("ask.hint"), length=QUESTION_LENGTH)
        await interaction.response.send_modal(form(say("ask.title"), interaction, "ask", fields=[field]))

    @component("fact")
    async def show_fact(self, interaction: discord.Interaction[Any], key: str, language: str) -> None:
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
        if question := without_mentions(message):
            pieces = answer_card(await self._answer(question, language, message.channel.id))
        else:
            pieces = [card(text(Speech(language or self.bot.catalogue.default_language)("help.everyone")))]
        try:
            await message.reply(view=sent_once(*pieces), mention_author=False)
        except discord.HTTPException as error:
            # The question may be gone by now, or the bot may not write where it stands.
            log.warning("a question in chat was not answered (Discord's code %s)", error.code)

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

    async def _answer_privately(self, interaction: discord.Interaction[Any], question: str) -> None:
        place = (interaction.channel_id, interaction.user.id)
        answer = await self._answer(question, self.bot.speech(interaction).language, place)
        await reply(interaction, view=sent_once(*answer_card(answer)))

    async def _answer(self, question: str, language: str | None, place: Hashable) -> Answer:
        previous = self._recent.before(place, question)
        return await asyncio.to_thread(self.bot.answers.answer, question, language, previous=previous)


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

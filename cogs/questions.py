"""Questions: moderators see what is asked most without an answer, answer it in their own name, or remove it."""

import asyncio
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.forms import Option, any_of, filled_in, form, one_of, written
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.question_cards import QuestionGroup, answers_page, questions_page
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import command_text
from content.catalogue import LANGUAGES
from content.similar import grouped
from models import questions, trace
from models.questions import ANSWER_LENGTH, QUESTION_LENGTH
from models.records import Consultation, ModeratorsAnswer, OpenQuestion

QUESTION = "question"
ANSWER = "answer"
LANGUAGE = "language"
REMOVED = "removed"
MOST_LISTED = 300  # different questions, the most asked: each is compared with the others
MOST_OPTIONS = 10
FROM_COMMAND: Literal[""] = ""  # in place of the page of a list

LANGUAGE_CHOICES = [
    app_commands.Choice(name=command_text(f"language.{language}"), value=language) for language in LANGUAGES
]


class Questions(commands.Cog):
    """Lists what was asked without an answer that helped, and keeps what moderators answer."""

    question = moderators(command_text("command.question.name"), command_text("command.question.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @question.command(
        name=command_text("command.question_list.name"), description=command_text("command.question_list.description")
    )
    async def list_questions(self, interaction: discord.Interaction[Any]) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        groups = await self._groups(consultation)
        await reply(interaction, view=questions_page(groups, 0, self.bot.speech(interaction)))

    @question.command(
        name=command_text("command.question_answer.name"),
        description=command_text("command.question_answer.description"),
    )
    @app_commands.rename(
        question=command_text("option.question.name"),
        language=command_text("option.language.name"),
        answer=command_text("option.answer.name"),
    )
    @app_commands.describe(
        question=command_text("option.open_question.description"),
        language=command_text("option.answer_language.description"),
        answer=command_text("option.answer.description"),
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def answer_question(
        self,
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, QUESTION_LENGTH],
        language: str,
        answer: app_commands.Range[str, 1, ANSWER_LENGTH] | None = None,
    ) -> None:
        require_moderator(self.bot, interaction)
        self.bot.consultation_in(interaction.guild_id)
        if answer is None:
            await self._open_form(interaction, FROM_COMMAND, question, language)
        else:
            await self._add(interaction, language, question, answer)

    @question.command(
        name=command_text("command.question_answers.name"),
        description=command_text("command.question_answers.description"),
    )
    async def list_answers(self, interaction: discord.Interaction[Any]) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        await reply(interaction, view=answers_page(self._served(consultation), 0, self.bot.speech(interaction)))

    @component("question_page")
    async def turn_questions(self, interaction: discord.Interaction[Any], page: int) -> None:
        """Show another page of the open questions."""
        require_moderator(self.bot, interaction)
        self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer()
        await self._show_questions(interaction, page)

    @component("answer_page")
    async def turn_answers(self, interaction: discord.Interaction[Any], page: int) -> None:
        """Show another page of the moderators' answers."""
        require_moderator(self.bot, interaction)
        await interaction.response.edit_message(view=self._answers_page(interaction, page))

    @component("question_answer")
    async def answer_pressed(self, interaction: discord.Interaction[Any], question_id: int, page: int) -> None:
        """Open the form for an answer, with the question in it."""
        require_moderator(self.bot, interaction)
        asked = await self._question(interaction, question_id)
        await self._open_form(interaction, page, asked.text, asked.language)

    @component("question_answered")
    async def answer_written(
        self, interaction: discord.Interaction[Any], page: int | Literal[""], _opened_by: int
    ) -> None:
        """Serve the answer that was written, then show the list without what it answers."""
        require_moderator(self.bot, interaction)
        self.bot.consultation_in(interaction.guild_id)
        filled = filled_in(interaction)
        if page != FROM_COMMAND:
            await interaction.response.defer()
        await self._add(interaction, filled[LANGUAGE], filled[QUESTION] or "", filled[ANSWER] or "")
        if page != FROM_COMMAND:
            await self._show_questions(interaction, page)

    @component("question_remove")
    async def remove_pressed(self, interaction: discord.Interaction[Any], question_id: int, page: int) -> None:
        """Ask which questions of a group shall go: one of them may only sound like the others."""
        require_moderator(self.bot, interaction)
        say = self.bot.speech(interaction)
        group = await self._group(interaction, question_id)
        options = [Option(str(one.id), one.text, chosen=one == group.first) for one in group.questions[:MOST_OPTIONS]]
        field = any_of(REMOVED, say("question.remove_which"), say("question.remove_hint"), options)
        await interaction.response.send_modal(
            form(say("question.remove_title"), interaction, "questions_removed", page, fields=[field])
        )

    @component("questions_removed")
    async def removal_chosen(self, interaction: discord.Interaction[Any], page: int, _opened_by: int) -> None:
        """Erase the questions that were ticked, and show the list without them."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        ticked = [int(one) for one in filled_in(interaction)[REMOVED] or ()]
        await interaction.response.defer()
        async with self.bot.store.write() as session:
            removed = await questions.remove_questions(session, consultation.id, ticked)
            for question_id in ticked:
                await trace.record(session, consultation.id, moderator, "question_remove", str(question_id))
        await reply(interaction, self.bot.speech(interaction)("question.removed", count=removed))
        await self._show_questions(interaction, page)

    @component("answer_remove")
    async def answer_removed(self, interaction: discord.Interaction[Any], answer_id: int, page: int) -> None:
        """Serve an answer no longer, and show the list without it."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.write() as session:
            await questions.remove_answer(session, consultation.id, answer_id)
            await trace.record(session, consultation.id, moderator, "answer_remove", str(answer_id))
        await interaction.response.edit_message(view=self._answers_page(interaction, page))
        await reply(interaction, self.bot.speech(interaction)("question.answer_removed"))

    async def _open_form(
        self, interaction: discord.Interaction[Any], page: int | Literal[""], question: str, language: str
    ) -> None:
        say = self.bot.speech(interaction)
        languages = [Option(one, say(f"language.{one}"), chosen=one == language) for one in LANGUAGES]
        fields = [
            written(QUESTION, say("question.question"), say("question.hint"), length=QUESTION_LENGTH, filled=question),
            written(ANSWER, say("question.answer"), say("question.answer_hint"), length=ANSWER_LENGTH),
            one_of(LANGUAGE, say("question.language"), say("question.language_hint"), languages),
        ]
        await interaction.response.send_modal(
            form(say("question.form_title"), interaction, "question_answered", page, fields=fields)
        )

    async def _add(self, interaction: discord.Interaction[Any], language: str, question: str, answer: str) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.write() as session:
            added = await questions.add_answer(
                session, consultation.id, language=language, question=question, answer=answer
            )
            await trace.record(session, consultation.id, moderator, "question_answer", str(added.id))
        say = self.bot.speech(interaction)
        await reply(interaction, say("question.answered", language=say(f"language.{language}")))
        await self.bot.moderators_answers.prepare()

    async def _groups(self, consultation: Consultation) -> list[QuestionGroup]:
        """Return what has no answer by now, grouped by likeness, the most asked first."""
        async with self.bot.store.read() as session:
            asked = await questions.all_questions(session, consultation.id)
        return await asyncio.to_thread(self._grouped, consultation, asked[:MOST_LISTED])

    def _grouped(self, consultation: Consultation, asked: list[OpenQuestion]) -> list[QuestionGroup]:
        left = self.bot.moderators_answers.without_answer(consultation, asked)
        groups = [QuestionGroup(tuple(left[place] for place in group)) for group in grouped([one.text for one in left])]
        return sorted(groups, key=lambda group: (group.count, group.last_day), reverse=True)

    async def _question(self, interaction: discord.Interaction[Any], question_id: int) -> OpenQuestion:
        async with self.bot.store.read() as session:
            consultation = self.bot.consultation_in(interaction.guild_id)
            return await questions.find_question(session, consultation.id, question_id)

    async def _group(self, interaction: discord.Interaction[Any], question_id: int) -> QuestionGroup:
        """Return the group that the question under this number stands in; by itself where that is listed no more."""
        asked = await self._question(interaction, question_id)
        groups = await self._groups(self.bot.consultation_in(interaction.guild_id))
        return next((group for group in groups if asked in group.questions), QuestionGroup((asked,)))

    async def _show_questions(self, interaction: discord.Interaction[Any], page: int) -> None:
        groups = await self._groups(self.bot.consultation_in(interaction.guild_id))
        view = questions_page(groups, page, self.bot.speech(interaction))
        await interaction.edit_original_response(view=view)

    def _answers_page(self, interaction: discord.Interaction[Any], page: int) -> discord.ui.LayoutView:
        served = self._served(self.bot.consultation_in(interaction.guild_id))
        return answers_page(served, page, self.bot.speech(interaction))

    def _served(self, consultation: Consultation) -> list[ModeratorsAnswer]:
        answers = self.bot.store.memory.answers
        every = (answer for (owner, _), served in answers.items() if owner == consultation.id for answer in served)
        return sorted(every, key=lambda answer: answer.id, reverse=True)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Questions(bot))

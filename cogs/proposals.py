"""Proposals: people propose an amendment to a recommendation, or a statement of their own for a group.

What they typed is in the store before anything else is done with it. Where something similar is there already, they
see it before their proposal is sent. What moderators ask back is answered by a button, in the server or in a message.
"""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import find_group, find_recommendation, group_choices, recommendation_choices
from cogs.ui.forms import Option, filled_in, form, one_of, written
from cogs.ui.layout import Piece, card, harmless, sent_once, text
from cogs.ui.near_proposals import near_line, nearest
from cogs.ui.permissions import require_unblocked
from cogs.ui.proposal_cards import draft_card
from cogs.ui.replies import in_time, reply
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text, options
from content.catalogue import LANGUAGES
from models import statements
from models.errors import ConsultationError
from models.limits import Deed
from models.patience import patiently
from models.records import Consultation, ConsultationState, Statement, StatementState
from models.statements import ANSWER_LENGTH, STATEMENT_LENGTH, WHY_LENGTH

GROUP, TEXT, WHY, LANGUAGE, ANSWER = "group", "text", "why", "language", "answer"
ON_RECOMMENDATION, ON_GROUP, ON_ANY_GROUP = "r", "g", "a"


class Proposals(commands.Cog):
    """Takes proposals, and authors' answers to what moderators ask about them."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(
        name=command_text("command.propose.name"), description=command_text("command.propose.description")
    )
    @options(recommendation="propose_recommendation", group="propose_group")
    @app_commands.guild_only()
    async def propose(
        self, interaction: discord.Interaction[Any], recommendation: str | None = None, group: str | None = None
    ) -> None:
        """Open the form for an amendment, or for a statement where no recommendation is named."""
        self._where_open(interaction)
        say = self.bot.speech(interaction)
        if recommendation:
            on, key = ON_RECOMMENDATION, find_recommendation(self.bot, recommendation, say).key
        elif group:
            on, key = ON_GROUP, find_group(self.bot, group, say).key
        else:
            on, key = ON_ANY_GROUP, ""
        await self._open_form(interaction, on, key)

    @component("propose")
    async def propose_pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form for a statement of one's own."""
        self._where_open(interaction)
        await self._open_form(interaction, ON_ANY_GROUP, "")

    async def _open_form(self, interaction: discord.Interaction[Any], on: str, key: str) -> None:
        say = self.bot.speech(interaction)
        fields = [*([self._group_field(say)] if on == ON_ANY_GROUP else []), *_fields(say, say.language)]
        title = say("propose.title_amendment" if on == ON_RECOMMENDATION else "propose.title")
        await interaction.response.send_modal(form(title, interaction, "propose_typed", on, key, fields=fields))

    @propose.autocomplete("recommendation")
    async def recommendation_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @propose.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return group_choices(self.bot, self.bot.speech(interaction), typed)

    @component("propose_typed")
    async def typed(self, interaction: discord.Interaction[Any], on: str, key: str, opened_by: int) -> None:
        """Keep what was typed, then send it or show what is like it."""
        consultation = self._where_open(interaction)
        answers = filled_in(interaction)
        group, recommendation = self._about(on, key, answers)
        typed = self._typed(answers)

        async def keep() -> Statement:
            async with self.bot.store.write() as session:
                return await statements.keep_draft(
                    session,
                    consultation,
                    submission=opened_by,
                    user_id=interaction.user.id,
                    group=group,
                    recommendation=recommendation,
                    **typed,
                )

        await self._offer(interaction, consultation, await in_time(interaction, patiently(keep)))

    @component("propose_correct")
    async def correct_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Show the form again, with what was typed in it."""
        self._where_open(interaction)
        async with self.bot.store.read() as session:
            draft = await statements.own(session, interaction.user.id, number)
        say = self.bot.speech(interaction)
        fields = _fields(say, draft.language, draft.text, draft.why)
        await interaction.response.send_modal(
            form(say("propose.title"), interaction, "propose_corrected", draft.id, fields=fields)
        )

    @component("propose_corrected")
    async def corrected(self, interaction: discord.Interaction[Any], number: int, _opened_by: int) -> None:
        """Keep the other words, then send them or show what is like them."""
        consultation = self._where_open(interaction)
        typed = self._typed(filled_in(interaction))

        async def keep() -> Statement:
            async with self.bot.store.write() as session:
                return await statements.correct_draft(session, interaction.user.id, number, **typed)

        await self._offer(interaction, consultation, await in_time(interaction, patiently(keep)))

    @component("propose_send")
    async def send_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Send the draft although there is something like it."""
        self._where_open(interaction)
        say = self.bot.speech(interaction)
        await interaction.response.edit_message(view=_note(say, await self._send(interaction, number)))

    @component("propose_leave")
    async def leave_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Drop the draft; nothing is sent."""
        async with self.bot.store.write() as session:
            await statements.leave(session, interaction.user.id, number)
        left = self.bot.speech(interaction)("propose.left")
        await interaction.response.edit_message(view=sent_once(card(text(left))))

    @component("propose_answer")
    async def answer_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Ask for the answer to what moderators asked, and let the author word the proposal otherwise."""
        async with self.bot.store.read() as session:
            own = await statements.own(session, interaction.user.id, number)
        if own.state is not StatementState.ASKED_BACK:
            raise ConsultationError("propose.nothing_asked")
        say = self.bot.speech(interaction)
        fields = [
            text(say("propose.question", question=harmless(own.exchanges[-1].question))),
            written(ANSWER, say("propose.your_answer"), say("propose.your_answer_hint"), length=ANSWER_LENGTH),
            _text_field(say, own.text),
        ]
        title = say("propose.answer")
        await interaction.response.send_modal(form(title, interaction, "propose_answered", own.id, fields=fields))

    @component("propose_answered")
    async def answered(self, interaction: discord.Interaction[Any], number: int, _opened_by: int) -> None:
        """Store the answer, given in the server or in a direct message."""
        answers = filled_in(interaction)
        words, said = answers.get(TEXT) or "", answers.get(ANSWER) or ""
        for written_there in (words, said):
            self.bot.policy.require_allowed(written_there)

        async def keep() -> Statement:
            async with self.bot.store.write() as session:
                own = await statements.own(session, interaction.user.id, number)
                if consultation := self.bot.store.memory.consultation(own.consultation_id):
                    require_unblocked(self.bot, consultation, interaction.user.id)
                return await statements.answer(session, interaction.user.id, number, answer=said, text=words)

        own = await in_time(interaction, patiently(keep))
        await reply(interaction, self.bot.speech(interaction)("propose.answered", reference=own.reference))

    async def _offer(self, interaction: discord.Interaction[Any], consultation: Consultation, draft: Statement) -> None:
        """Show what says nearly the same, or send the draft where nothing does."""
        if not interaction.response.is_done():
            if interaction.message is None:
                await interaction.response.defer(ephemeral=True, thinking=True)
            else:
                await interaction.response.defer()
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            others = await statements.visible_to(session, consultation.id, interaction.user.id)
        near = await nearest(self.bot, draft, others)
        if near:
            lines = [near_line(self.bot, consultation, one, say) for one in near]
            view = draft_card(draft, lines, say)
        else:
            view = _note(say, await self._send(interaction, draft.id))
        await interaction.edit_original_response(view=view)

    async def _send(self, interaction: discord.Interaction[Any], number: int) -> Statement:
        """Put a draft before the moderators: the one place that every proposal passes."""

        async def send() -> Statement:
            async with self.bot.store.write() as session:
                return await statements.send(session, interaction.user.id, number)

        with self.bot.limits.counted(Deed.PROPOSAL, interaction.user.id):
            return await patiently(send)

    def _where_open(self, interaction: discord.Interaction[Any]) -> Consultation:
        """Return the consultation of this server. Raises ConsultationError where the person may propose nothing now."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        require_unblocked(self.bot, consultation, interaction.user.id)
        if consultation.state is not ConsultationState.OPEN:
            raise ConsultationError("consultation.not_open")
        self.bot.limits.require(Deed.PROPOSAL, interaction.user.id)
        return consultation

    def _typed(self, answers: dict[str, Any]) -> dict[str, str]:
        """Return what was filled in. Raises ConsultationError where it holds what may not stand in it."""
        language, words, why = answers.get(LANGUAGE), answers.get(TEXT) or "", answers.get(WHY) or ""
        for written_there in (words, why):
            self.bot.policy.require_allowed(written_there)
        return {"language": language if language in LANGUAGES else LANGUAGES[0], "text": words, "why": why}

    def _about(self, on: str, key: str, answers: dict[str, Any]) -> tuple[str, str | None]:
        """Return the group, and the recommendation that would be amended, if any.

        Raises ConsultationError where the content has lost it while the form was open.
        """
        if on == ON_RECOMMENDATION:
            if (recommendation := self.bot.catalogue.recommendations.get(key)) is None:
                raise ConsultationError("recommendation.unknown")
            return recommendation.group, recommendation.key
        group = key if on == ON_GROUP else str(answers.get(GROUP))
        if group not in self.bot.catalogue.groups:
            raise ConsultationError("group.unknown")
        return group, None

    def _group_field(self, say: Speech) -> Piece:
        groups = self.bot.catalogue.groups.values()
        offered = [Option(group.key, group.title.in_language(say.language)) for group in groups]
        return one_of(GROUP, say("propose.group"), say("propose.group_hint"), offered)


def _fields(say: Speech, language: str, before: str = "", why: str = "") -> list[Piece]:
    """Return the fields for a proposal, filled with what was typed before."""
    languages = [Option(one, say(f"language.{one}"), chosen=one == language) for one in LANGUAGES]
    return [
        _text_field(say, before),
        written(WHY, say("propose.why"), say("propose.why_hint"), length=WHY_LENGTH, filled=why),
        one_of(LANGUAGE, say("propose.language"), say("propose.language_hint"), languages),
    ]


def _text_field(say: Speech, before: str) -> Piece:
    hint = say("propose.text_hint", most=STATEMENT_LENGTH)
    return written(TEXT, say("propose.text"), hint, length=STATEMENT_LENGTH, filled=before)


def _note(say: Speech, sent: Statement) -> discord.ui.LayoutView:
    return sent_once(card(text(say("propose.sent", reference=sent.reference))))


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Proposals(bot))

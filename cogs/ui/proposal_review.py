"""Moderators go through what people propose: one after another, in one private message that is edited.

The buttons name the version of the statement they were drawn for, so that of two moderators one is told. Whatever is
done is noted in the trace in the same transaction, and its author is told later, by a notice.
"""

import logging
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.room_builder import RoomBuilder
from cogs.source import choices
from cogs.ui.deadlines import parse_deadline
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece, chosen
from cogs.ui.near_proposals import by_nearness, near_line, nearest
from cogs.ui.permissions import moderator_role, require_moderator
from cogs.ui.proposal_cards import empty_card, review_card
from cogs.ui.router import component
from content.catalogue import LANGUAGES
from models import statement_review, trace
from models.errors import ConsultationError
from models.records import Consultation, Moderator, Poll, Statement
from models.statement_review import TRANSLATION_LENGTH
from models.statements import QUESTION_LENGTH, STATEMENT_LENGTH
from models.store import UnitOfWork

log = logging.getLogger(__name__)

WORDS = "words"
DATE_LENGTH = 60


async def review_proposals(
    bot: ConsultationBot, interaction: discord.Interaction[Any], reference: str | None = None
) -> None:
    """Show a moderator alone what waits longest for a decision, or the proposal with this reference."""
    require_moderator(bot, interaction)
    consultation = bot.consultation_in(interaction.guild_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    statement = None
    if reference is not None:
        async with bot.store.read() as session:
            every = await statement_review.all_statements(session, consultation.id)
        statement = next((one for one in every if one.reference.casefold() == reference.strip().casefold()), None)
        if statement is None:
            raise ConsultationError("proposal.gone")
    await _show(bot, interaction, consultation, statement)


async def proposal_choices(
    bot: ConsultationBot, interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Return the proposals whose reference or words hold what was typed, newest first, to moderators alone."""
    consultation = bot.store.memory.consultations.get(interaction.guild_id or 0)
    if consultation is None or moderator_role(bot, interaction) is None:
        return []
    async with bot.store.read() as session:
        every = await statement_review.all_statements(session, consultation.id)
    say = bot.speech(interaction)
    titles = {
        one.reference: f"{one.reference} · {say(f'statement_state.{one.state}')} · {statement_review.title(one.text)}"
        for one in reversed(every)
    }
    return choices(titles, typed)


class ProposalReview(commands.Cog):
    """Does with each proposal what a moderator decides, and shows the next one."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @component("proposal_next")
    async def next_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Show the next one; what waits for its author comes after all that waits for a decision."""
        consultation, _ = self._moderated(interaction)
        await interaction.response.defer()
        await _show(self.bot, interaction, consultation, None, after=number, passed_over=True)

    @component("proposal_approve")
    async def approve_pressed(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        """Ask until when it is put to the vote."""
        say = self.bot.speech(interaction)
        field = written(WORDS, say("proposal.closes"), say("option.closes.description"), length=DATE_LENGTH)
        await self._ask(interaction, "proposal.approve", "proposal_approved", number, version, fields=[field])

    @component("proposal_approved")
    async def approved(self, interaction: discord.Interaction[Any], number: int, version: int, _opened_by: int) -> None:
        """Put it to the vote: its card in the group's channel, and its thread."""
        consultation, moderator = self._moderated(interaction)
        say, now = self.bot.speech(interaction), self.bot.store.now()
        closes_at = parse_deadline(_written(interaction), say.language, self.bot.catalogue.timezone, now)
        async with self.bot.store.write() as session:
            seen = await statement_review.find(session, consultation.id, number)
            decided, poll = await statement_review.approve(
                session,
                consultation,
                number,
                version,
                closes_at,
                languages=LANGUAGES,
                titles=self._titles(seen),
            )
            await _note(session, moderator, "proposal_approve", decided)
        self.bot.poll_clock.keep(poll)
        await interaction.response.defer()
        note = say("proposal.approved", reference=decided.reference)
        if not await self._post(interaction, consultation, poll):
            note += " " + say("poll.card_missing")
        await self._go_on(interaction, consultation, note, after=decided.id)

    @component("proposal_reject")
    async def reject_pressed(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        await self._ask_words(interaction, "proposal.reject", "proposal.reason", "proposal_rejected", number, version)

    @component("proposal_rejected")
    async def rejected(self, interaction: discord.Interaction[Any], number: int, version: int, _opened_by: int) -> None:
        consultation, moderator = self._moderated(interaction)
        reason = _written(interaction)
        async with self.bot.store.write() as session:
            decided = await statement_review.reject(session, consultation.id, number, version, reason)
            await _note(session, moderator, "proposal_reject", decided, reason)
        await self._decided(interaction, consultation, "proposal.rejected", decided)

    @component("proposal_ask")
    async def ask_pressed(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        await self._ask_words(interaction, "proposal.ask", "proposal.question", "proposal_asked", number, version)

    @component("proposal_asked")
    async def asked(self, interaction: discord.Interaction[Any], number: int, version: int, _opened_by: int) -> None:
        consultation, moderator = self._moderated(interaction)
        question = _written(interaction)
        async with self.bot.store.write() as session:
            asked = await statement_review.ask_back(session, consultation.id, number, version, question)
            await _note(session, moderator, "proposal_ask", asked, question)
        await self._decided(interaction, consultation, "proposal.asked_back", asked)

    @component("proposal_merge")
    async def merge_chosen(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        """Ask why before two proposals become one: it cannot be undone."""
        say = self.bot.speech(interaction)
        field = written(
            WORDS, say("proposal.merge_why"), say("proposal.merge_hint"), length=QUESTION_LENGTH, required=False
        )
        into = chosen(interaction)
        await self._ask(interaction, "proposal.merge", "proposal_merged", number, version, into, fields=[field])

    @component("proposal_merged")
    async def merged(
        self, interaction: discord.Interaction[Any], number: int, version: int, into: int, _opened_by: int
    ) -> None:
        consultation, moderator = self._moderated(interaction)
        reason = _written(interaction)
        async with self.bot.store.write() as session:
            decided = await statement_review.merge(session, consultation.id, number, version, into, reason)
            await _note(session, moderator, "proposal_merge", decided, reason)
        await self._decided(interaction, consultation, "proposal.merged", decided)

    @component("proposal_translate")
    async def translate_pressed(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        """Ask for the translation into each public language that its author did not write in."""
        consultation, _ = self._moderated(interaction)
        async with self.bot.store.read() as session:
            seen = await statement_review.find(session, consultation.id, number)
        languages = [one for one in consultation.public_languages if one != seen.language]
        if not languages:
            raise ConsultationError("proposal.no_translation_needed")
        say = self.bot.speech(interaction)
        fields = [
            written(
                one,
                say(f"language.{one}"),
                say("proposal.translation_hint", most=TRANSLATION_LENGTH),
                length=TRANSLATION_LENGTH,
                required=False,
                filled=seen.texts.get(one, ""),
            )
            for one in languages
        ]
        await self._ask(interaction, "proposal.translate", "proposal_translated", number, version, fields=fields)

    @component("proposal_translated")
    async def translated(
        self, interaction: discord.Interaction[Any], number: int, version: int, _opened_by: int
    ) -> None:
        consultation, moderator = self._moderated(interaction)
        texts = {language: typed or "" for language, typed in filled_in(interaction).items() if language in LANGUAGES}
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            seen, poll = await statement_review.translate(session, consultation.id, number, version, texts)
            await _note(session, moderator, "proposal_translate", seen)
        await self._worded(interaction, consultation, "proposal.translated", seen, poll)

    @component("proposal_correct")
    async def correct_pressed(self, interaction: discord.Interaction[Any], number: int, version: int) -> None:
        """Show the wording in a form, to be corrected."""
        consultation, _ = self._moderated(interaction)
        async with self.bot.store.read() as session:
            seen = await statement_review.find(session, consultation.id, number)
        say = self.bot.speech(interaction)
        hint = say("proposal.correct_hint")
        field = written(WORDS, say("propose.text"), hint, length=STATEMENT_LENGTH, filled=seen.text)
        await self._ask(interaction, "proposal.correct", "proposal_corrected", number, version, fields=[field])

    @component("proposal_corrected")
    async def corrected(
        self, interaction: discord.Interaction[Any], number: int, version: int, _opened_by: int
    ) -> None:
        consultation, moderator = self._moderated(interaction)
        # A ballot that was handed in before counts as given.
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            seen, poll = await statement_review.correct(
                session, consultation.id, number, version, _written(interaction)
            )
            await _note(session, moderator, "proposal_correct", seen)
        await self._worded(interaction, consultation, "proposal.corrected", seen, poll)

    def _moderated(self, interaction: discord.Interaction[Any]) -> tuple[Consultation, Moderator]:
        moderator = require_moderator(self.bot, interaction)
        return self.bot.consultation_in(interaction.guild_id), moderator

    async def _ask(
        self, interaction: discord.Interaction[Any], title: str, name: str, *arguments: object, fields: list[Piece]
    ) -> None:
        self._moderated(interaction)
        say = self.bot.speech(interaction)
        await interaction.response.send_modal(form(say(title), interaction, name, *arguments, fields=fields))

    async def _ask_words(
        self, interaction: discord.Interaction[Any], title: str, label: str, name: str, number: int, version: int
    ) -> None:
        say = self.bot.speech(interaction)
        field = written(WORDS, say(label), say("proposal.told_author"), length=QUESTION_LENGTH)
        await self._ask(interaction, title, name, number, version, fields=[field])

    async def _decided(
        self, interaction: discord.Interaction[Any], consultation: Consultation, phrase: str, decided: Statement
    ) -> None:
        note = self.bot.speech(interaction)(phrase, reference=decided.reference)
        await self._go_on(interaction, consultation, note, after=decided.id)

    async def _worded(
        self,
        interaction: discord.Interaction[Any],
        consultation: Consultation,
        phrase: str,
        seen: Statement,
        poll: Poll | None,
    ) -> None:
        """Show the words on the card if there is one, and the statement again."""
        if poll is not None:
            self.bot.cards.refresh(consultation, poll.subject, at_once=True)
            if interaction.guild is not None:
                self.bot.later(RoomBuilder(self.bot, interaction.guild, consultation).rename_thread(poll))
        self.bot.dispatch("notices_added")
        await interaction.response.defer()
        note = self.bot.speech(interaction)(phrase, reference=seen.reference)
        await _show(self.bot, interaction, consultation, seen, note)

    async def _go_on(
        self, interaction: discord.Interaction[Any], consultation: Consultation, note: str, *, after: int
    ) -> None:
        """Show the next that waits, from the beginning again after the last."""
        self.bot.dispatch("notices_added")
        if not interaction.response.is_done():
            await interaction.response.defer()
        await _show(self.bot, interaction, consultation, None, note, after)

    async def _post(self, interaction: discord.Interaction[Any], consultation: Consultation, poll: Poll) -> bool:
        """Post the card of what was put to the vote, and begin its thread; say whether that went well."""
        assert interaction.guild is not None  # noqa: S101 - the consultation was found by it
        try:
            async for _step in RoomBuilder(self.bot, interaction.guild, consultation).post_question(poll):
                pass
        except discord.HTTPException as error:
            log.warning("the card of poll %s could not be posted (Discord's code %s)", poll.id, error.code)
            return False
        return True

    def _titles(self, statement: Statement) -> dict[str, str]:
        amended = self.bot.catalogue.recommendations.get(statement.recommendation or "")
        return {one: amended.title.in_language(one) for one in LANGUAGES} if amended else {}


async def _show(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    consultation: Consultation,
    statement: Statement | None,
    note: str | None = None,
    after: int = 0,
    *,
    passed_over: bool = False,
) -> None:
    """Show this statement or else the next that waits after the one with the number `after`, in place of what stood.

    `passed_over` is whether that one was left as it is.
    """
    say = bot.speech(interaction)
    async with bot.store.read() as session:
        waiting = await statement_review.waiting(session, consultation.id)
        asked_back = await statement_review.waiting_for_authors(session, consultation.id)
        others = await statement_review.mergeable(session, consultation.id)
    if statement is None:
        among_them = passed_over and any(one.id == after for one in asked_back)
        later = [one for one in (asked_back if among_them else waiting) if one.id > after]
        round_about = [*later, *waiting, *asked_back] if among_them else [*later, *asked_back, *waiting]
        statement = next(iter(round_about), None)
    if statement is None:
        await interaction.edit_original_response(view=empty_card(say, note))
        return
    near = await nearest(bot, statement, others)
    lines = [near_line(bot, consultation, one, say) for one in near]
    ranked = await by_nearness(bot, statement, others)
    languages = consultation.public_languages
    view = review_card(bot.catalogue, statement, languages, lines, ranked, len(waiting), len(asked_back), say, note)
    await interaction.edit_original_response(view=view)


async def _note(
    session: UnitOfWork, moderator: Moderator, action: str, statement: Statement, reason: str | None = None
) -> None:
    """Note in the trace what was done to a statement."""
    await trace.record(
        session, statement.consultation_id, moderator, action, statement.reference, (reason or "").strip() or None
    )


def _written(interaction: discord.Interaction[Any]) -> str:
    return filled_in(interaction).get(WORDS) or ""


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(ProposalReview(bot))

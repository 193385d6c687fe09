"""Outcomes: moderators say what was decided on a recommendation, and everybody who had a part in it is told once."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import discord
from babel.dates import format_date
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices
from cogs.ui.deadlines import parse_deadline
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import Piece, harmless, pages, text
from cogs.ui.outcome_cards import decision_lines
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.subjects import find_subject, subject_titles
from cogs.ui.texts import PHRASES, Speech, command_text, one_of, options
from content.catalogue import LANGUAGES
from models import notices, outcomes
from models.patience import patiently
from models.records import Consultation, Decision, Outcome
from models.store import UnitOfWork

log = logging.getLogger(__name__)

REASON = "reason"
WORDING = "wording"
UNTIL = "until"
REVIEW = "review"
REASON_LENGTH = 1_000
WORDING_LENGTH = 600
DATE_LENGTH = 60


class Outcomes(commands.Cog):
    """Keeps what was decided, shows it, and tells those whom it concerns."""

    outcome = moderators(command_text("command.outcome.name"), command_text("command.outcome.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @outcome.command(
        name=command_text("command.outcome_decide.name"),
        description=command_text("command.outcome_decide.description"),
    )
    @options("decision", recommendation="outcome_subject")
    @app_commands.choices(decision=one_of("decision", Decision))
    async def decide(self, interaction: discord.Interaction[Any], recommendation: str, decision: str) -> None:
        """Ask for the reason, and for what this decision needs besides."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            titles = await subject_titles(session, self.bot, consultation)
        subject = find_subject(titles, recommendation, say)
        fields: list[Piece] = [written(REASON, say("outcome.reason"), say("outcome.reason_hint"), length=REASON_LENGTH)]
        if decision == Decision.AMENDED:
            for public in self.bot.public_speeches(consultation):
                label = f"{say('outcome.wording')} ({public.language.upper()})"
                fields.append(
                    written(f"{WORDING}_{public.language}", label, say("outcome.wording_hint"), length=WORDING_LENGTH)
                )
        if decision == Decision.DEFERRED:
            fields.append(written(UNTIL, say("outcome.until"), say("outcome.date_hint"), length=DATE_LENGTH))
        fields.append(
            written(REVIEW, say("outcome.review"), say("outcome.date_hint"), required=False, length=DATE_LENGTH)
        )
        title = say("outcome.form_title", decision=say(f"decision.{decision}"))
        await interaction.response.send_modal(form(title, interaction, "decided", decision, subject, fields=fields))

    @decide.autocomplete("recommendation")
    async def subjects(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None:
            return []
        language = self.bot.speech(interaction).language
        async with self.bot.store.read() as session:
            titles = await subject_titles(session, self.bot, consultation)
        return choices({subject: title[language] for subject, title in titles.items()}, typed)

    @component("decided")
    async def decided(
        self, interaction: discord.Interaction[Any], decision: Decision, subject: str, opened_by: int
    ) -> None:
        """Store the outcome, then show it to everybody and let those whom it concerns be told; handed in again, once.

        Discord is answered first: to store it may take as long as there are people who took part.
        """
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        say, answers = self.bot.speech(interaction), filled_in(interaction)
        until, review_at = (self._moment(answers.get(field), say) for field in (UNTIL, REVIEW))
        wording = {one: answers.get(f"{WORDING}_{one}") or "" for one in consultation.public_languages}

        async def attempt() -> tuple[Outcome, Mapping[str, str]]:
            async with self.bot.store.write() as session:
                titles = (await subject_titles(session, self.bot, consultation))[subject]
                if (before := await outcomes.decided_by(session, opened_by)) is not None:
                    return before, titles
                outcome = await outcomes.decide(
                    session,
                    consultation,
                    moderator,
                    subject,
                    decision,
                    answers[REASON] or "",
                    wording=wording,
                    deferred_until=until,
                    review_at=review_at,
                    submission=opened_by,
                )
                await _let_all_be_told(session, consultation, outcome, titles)
                return outcome, titles

        outcome, titles = await patiently(attempt)
        self.bot.dispatch("notices_added")
        self.bot.cards.refresh(consultation, subject, at_once=True)
        await self.bot.decisions.post()
        async with self.bot.store.read() as session:
            posted = await outcomes.is_posted(session, outcome.id)
        told = say("outcome.stored", title=harmless(titles[say.language]), decision=say(f"decision.{outcome.decision}"))
        await reply(interaction, told if posted else f"{told} {say('outcome.not_posted')}")

    @outcome.command(
        name=command_text("command.outcome_due.name"), description=command_text("command.outcome_due.description")
    )
    async def due(self, interaction: discord.Interaction[Any]) -> None:
        """Show which outcomes are to be looked at again, and what has none yet."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            decided = await outcomes.outcomes(session, consultation.id)
            titles = await subject_titles(session, self.bot, consultation)
        pieces: list[Piece] = [text(f"### {say('outcome.due')}")]
        for one in outcomes.due(decided, self.bot.store.now()):
            title = titles.get(one.subject, {}).get(say.language, one.subject)
            pieces.append(text(f"**{harmless(title)}**", *decision_lines(one, say)))
        if len(pieces) == 1:
            pieces.append(text(say("outcome.none_due")))
        undecided = [harmless(title[say.language]) for subject, title in titles.items() if subject not in decided]
        if undecided:
            pieces.append(text(say("outcome.undecided", count=len(undecided)), *(f"- {one}" for one in undecided)))
        for page in pages(pieces):
            await reply(interaction, view=page)

    def _moment(self, typed: str | None, say: Speech) -> datetime | None:
        """Return the moment that was typed, None for none. Raises ConsultationError where it is not understood."""
        if not typed or not typed.strip():
            return None
        return parse_deadline(typed, say.language, self.bot.catalogue.timezone, self.bot.store.now(), furthest=None)


async def _let_all_be_told(
    session: UnitOfWork, consultation: Consultation, outcome: Outcome, titles: Mapping[str, str]
) -> None:
    """Let whoever voted or commented be told an outcome, and how moderators used their words.

    Of what they said under their name and in private they are told apart, by notices that are about two things: one
    seal for both would say for whoever has the database that they are one person's.
    """
    decision = {language: PHRASES.text(f"decision.{outcome.decision}", language) for language in LANGUAGES}
    detail = {language: _detail(outcome, language) for language in LANGUAGES}
    subject = outcome.subject
    for user_id, used in (await outcomes.concerned(session, consultation.id, subject)).items():
        tell = partial(notices.add, session, consultation.id, user_id)
        await tell(
            f"outcome {subject}",
            "outcome.notice",
            title=titles,
            decision=decision,
            reason=outcome.reason,
            detail=detail,
        )
        for kind, words in used.items():
            about = f"outcome {subject} {kind}"
            if words.pinned:
                await tell(about, "outcome.words_pinned", title=titles)
            if words.themes:
                await tell(about, "outcome.words_themes", title=titles, themes=", ".join(words.themes))


def _detail(outcome: Outcome, language: str) -> str:
    """Return the new wording of what was amended or until when something was deferred, '' for what has neither."""
    if outcome.wording:
        new = outcome.wording.get(language) or next(iter(outcome.wording.values()))
        return PHRASES.text("outcome.new_wording", language, wording=new)
    if outcome.deferred_until is None:
        return ""
    until = format_date(outcome.deferred_until, format="long", locale=language)
    return PHRASES.text("outcome.deferred_until", language, until=until)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Outcomes(bot))

"""From a draft to a poll: a moderator sees the card as it will stand, corrects the words, opens or changes the vote.

The draft is in the store, so that it outlives a restart and what was typed is there to be corrected.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.room_builder import RoomBuilder
from cogs.ui.cards import CardState, poll_preview
from cogs.ui.forms import filled_in, form, written
from cogs.ui.layout import LAYOUT_LENGTH, Piece, button, card, harmless, sent_once, text, text_length
from cogs.ui.permissions import require_moderator
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES
from models import ballot_paper, drafts, trace
from models.errors import ConsultationError
from models.records import BallotPaper, Consultation, Poll, PollDraft, PollKind, Wording
from models.texts import is_blank

log = logging.getLogger(__name__)

QUESTION = "question"
OPTIONS = "options"
QUESTION_LENGTH = 750
TITLE_LENGTH = 150
OPTION_LENGTH = 80
# A vote that lasts longer is rather a date in the wrong year.
FAR = timedelta(days=180)


class PollDrafts(commands.Cog):
    """Takes what moderators type for a poll, shows what it will look like, and opens it."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @component("asked")
    async def asked(self, interaction: discord.Interaction[Any], number: int, _opened_by: int) -> None:
        """Put what was typed into the draft, and show it."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        answers = filled_in(interaction)
        async with self.bot.store.write() as session:
            draft = _filled(await drafts.read(session, consultation.id, number), answers, consultation)
            await drafts.change(session, consultation.id, number, draft)
        await show_draft(self.bot, interaction, consultation, number, draft)

    @component("correct_draft")
    async def correct_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Show the form again, with what was typed in it."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            draft = await drafts.read(session, consultation.id, number)
        await ask(self.bot, interaction, consultation, number, draft)

    @component("open_draft")
    async def open_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Open the vote that was shown, in place of what showed it."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.write() as session:
            poll = await drafts.open_poll(session, consultation, number)
            await trace.record(session, consultation.id, moderator, "poll_open", poll.subject)
        self.bot.poll_clock.keep(poll)
        if poll.recommendation is None:
            await interaction.response.defer()
        posted = await self._post(interaction, consultation, poll)
        say = self.bot.speech(interaction)
        opened = say(
            "poll.planned" if poll.opened_at > self.bot.store.now() else "poll.opened",
            title=poll.wording[say.language].title,
            opens=discord.utils.format_dt(poll.opened_at, "f"),
            until=until(poll, say),
        )
        lines = [opened] if posted else [opened, say("poll.card_missing")]
        await _replace(interaction, sent_once(card(text(*lines))))

    @component("change_draft")
    async def change_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Change the vote into what was shown."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer()
        # A ballot that was handed in before counts as given.
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            poll = await drafts.change_poll(session, consultation, number)
            await trace.record(session, consultation.id, moderator, "poll_edit", poll.subject)
        self.bot.poll_clock.keep(poll)
        self.bot.cards.refresh(consultation, poll.subject, at_once=True)
        if poll.recommendation is None and interaction.guild is not None:
            self.bot.later(RoomBuilder(self.bot, interaction.guild, consultation).rename_thread(poll))
        say = self.bot.speech(interaction)
        changed = say("poll.edited", title=harmless(poll.wording[say.language].title), until=until(poll, say))
        await _replace(interaction, sent_once(card(text(changed))))

    @component("leave_draft")
    async def leave_pressed(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Take away what was shown; no vote is opened or changed."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.write() as session:
            await drafts.leave(session, consultation.id, number)
        say = self.bot.speech(interaction)
        await _replace(interaction, sent_once(card(text(say("poll.draft_left")))))

    async def _post(self, interaction: discord.Interaction[Any], consultation: Consultation, poll: Poll) -> bool:
        """Show the poll on its card, made now for a question of the moderators' own; say whether that went well."""
        if poll.recommendation is not None:
            self.bot.cards.refresh(consultation, poll.subject, at_once=True)
            return True
        assert interaction.guild is not None  # noqa: S101 - the consultation was found by it
        try:
            async for _step in RoomBuilder(self.bot, interaction.guild, consultation).post_question(poll):
                pass
        except discord.HTTPException as error:
            log.warning("the card of poll %s could not be posted (Discord's code %s)", poll.id, error.code)
            return False
        return True


async def ask(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    consultation: Consultation,
    number: int,
    draft: PollDraft,
) -> None:
    """Send the form for a draft: the question where it is the moderators' own, and the options, in each language."""
    fields: list[Piece] = []
    for say in bot.public_speeches(consultation):
        language = say.language.upper()
        if draft.recommendation is None:
            asked, hint = f"{say('poll.question')} ({language})", say("poll.question_hint")
            before = _question_text(draft, say.language)
            fields.append(written(f"{QUESTION}_{say.language}", asked, hint, length=QUESTION_LENGTH, filled=before))
        if draft.paper.kind is not PollKind.POSITION:
            offered, hint = f"{say('poll.options')} ({language})", say("poll.options_hint")
            before = "\n".join(option.wording[say.language] for option in draft.paper.options)
            fields.append(written(f"{OPTIONS}_{say.language}", offered, hint, filled=before))
    title = bot.speech(interaction)("poll.form_title")
    await interaction.response.send_modal(form(title, interaction, "asked", number, fields=fields))


async def show_draft(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    consultation: Consultation,
    number: int,
    draft: PollDraft,
) -> None:
    """Show the moderator alone what a draft would open. Raises ConsultationError where no card could hold it."""
    say = bot.speech(interaction)
    recommendation = bot.catalogue.recommendations.get(draft.recommendation or "")
    planned = Poll(
        id=0,
        consultation_id=consultation.id,
        subject=draft.recommendation or "",
        recommendation=draft.recommendation,
        group=draft.group,
        wording=draft.wording,
        opened_at=draft.opens_at or bot.store.now(),
        closes_at=draft.closes_at,
        ended_at=None,
        end_reason=None,
        quorum=draft.quorum,
        paper=draft.paper,
        visibility=draft.visibility,
    )
    state = CardState(consultation.state, bot.reads_messages, planned, has_begun=draft.opens_at is None)
    go_on = ("poll.preview_open", "open_draft") if draft.changes is None else ("poll.preview_change", "change_draft")
    ways = [button(say(go_on[0]), go_on[1], number, style=discord.ButtonStyle.success)]
    if draft.recommendation is None or draft.paper.options:
        ways.append(button(say("poll.preview_correct"), "correct_draft", number))
    ways.append(button(say("poll.preview_leave"), "leave_draft", number))
    told = [*far_end(bot, draft.closes_at, say), say("poll.preview" if draft.changes is None else "poll.preview_edit")]
    drawn = poll_preview(bot.catalogue, recommendation, bot.public_speeches(consultation), state, say, ways, told)
    if (length := text_length(drawn)) > LAYOUT_LENGTH:
        correct = button(say("poll.preview_correct"), "correct_draft", number)
        too_long = text(say("poll.too_long", count=length - LAYOUT_LENGTH))
        await reply(interaction, view=sent_once(too_long, discord.ui.ActionRow(correct)))
        return
    await reply(interaction, view=sent_once(*drawn))


def far_end(bot: ConsultationBot, closes_at: datetime | None, say: Speech) -> list[str]:
    """Return what a moderator should look at who set this end: a date without a year may be next year's."""
    if closes_at is None or closes_at - bot.store.now() <= FAR:
        return []
    year = closes_at.astimezone(bot.catalogue.timezone).year
    closes, left = (discord.utils.format_dt(closes_at, style) for style in ("D", "R"))
    return [say("poll.far_end", year=year, closes=closes, left=left)]


def until(poll: Poll, say: Speech) -> str:
    """Say until when a poll is open."""
    if poll.closes_at is None:
        return say("poll.opened_without_end")
    return say("poll.opened_until", closes=discord.utils.format_dt(poll.closes_at, "f"))


async def _replace(interaction: discord.Interaction[Any], view: discord.ui.LayoutView) -> None:
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.edit_message(view=view)


def _filled(draft: PollDraft, answers: dict[str, Any], consultation: Consultation) -> PollDraft:
    """Return the draft with what was typed in the public languages; the others show the first of them.

    Raises ConsultationError where a question or an option is missing in a language, or is too long.
    """
    wording = draft.wording
    if draft.recommendation is None:
        asked = {one: _wording(answers[f"{QUESTION}_{one}"] or "") for one in consultation.public_languages}
        wording = _in_every_language(asked, consultation)
    paper = draft.paper
    if paper.kind is not PollKind.POSITION:
        offered = {one: _lines(answers[f"{OPTIONS}_{one}"] or "") for one in consultation.public_languages}
        if len({len(lines) for lines in offered.values()}) > 1:
            raise ConsultationError("poll.options_differ")
        if any(len(line) > OPTION_LENGTH for lines in offered.values() for line in lines):
            raise ConsultationError("poll.option_too_long", most=OPTION_LENGTH)
        texts = [dict(zip(offered, line, strict=True)) for line in zip(*offered.values(), strict=True)]
        wordings = [_in_every_language(one, consultation) for one in texts]
        paper = BallotPaper(paper.kind, ballot_paper.options(wordings), paper.most_choices, paper.reasons)
        ballot_paper.require_valid(paper)
    return replace(draft, wording=wording, paper=paper)


def _wording(typed: str) -> Wording:
    title, *words = typed.strip().split("\n", 1)
    if is_blank(title):
        raise ConsultationError("poll.question_missing")
    if len(title) > TITLE_LENGTH:
        raise ConsultationError("poll.title_too_long", most=TITLE_LENGTH)
    return Wording(title.strip(), "".join(words).strip())


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if not is_blank(line)]


def _in_every_language(texts: dict[str, Any], consultation: Consultation) -> dict[str, Any]:
    first = texts[consultation.public_languages[0]]
    return {language: texts.get(language, first) for language in LANGUAGES}


def _question_text(draft: PollDraft, language: str) -> str:
    asked = draft.wording.get(language)
    return f"{asked.title}\n{asked.text}".strip() if asked else ""


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(PollDrafts(bot))

"""Reviewing: moderators read what people said, in one private queue, deal with it and answer it in public.

Another cog's command on the same group is added when that cog is loaded: `bot.get_cog("Review").review.add_command`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choice, choices, find_group, find_recommendation, group_choices, recommendation_choices
from cogs.ui.forms import Option, filled_in, form, some_of, written
from cogs.ui.layout import SELECT_OPTIONS, Piece, chosen, harmless, pages, text
from cogs.ui.permissions import moderator_role, moderators, require_moderator
from cogs.ui.proposal_review import proposal_choices, review_proposals
from cogs.ui.replies import reply
from cogs.ui.reply_poster import ReplyPoster
from cogs.ui.review_cards import (
    REPLY_LENGTH,
    opened_card,
    queue_card,
    unpacked,
)
from cogs.ui.router import component
from cogs.ui.texts import command_text, options
from models import polls, review, review_queue
from models.errors import ConsultationError
from models.records import Consultation, Feedback, FeedbackKind, Poll, Quotation
from models.review import FeedbackChangedError, Opened, Step
from models.review_queue import Order, Shown, Wanted
from models.store import UnitOfWork

CHOICES = 25
KNOWN, NEW = "known", "new"
ANSWER = "answer"
NEW_THEMES_LENGTH = 300

SHOWN_CHOICES = [app_commands.Choice(name=command_text(f"review.shown_{one}"), value=one.value) for one in Shown]
KIND_CHOICES = [app_commands.Choice(name=command_text(f"review.kind_{one}"), value=one.value) for one in FeedbackKind]


class Review(commands.Cog):
    """Shows moderators the queue of feedback, and does with each contribution what they decide."""

    review = moderators(command_text("command.review.name"), command_text("command.review.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        catalogue = bot.catalogue
        self._poster = ReplyPoster(bot)
        self._order = Order(tuple(catalogue.groups), tuple(catalogue.recommendations))

    @review.command(
        name=command_text("command.review_feedback.name"),
        description=command_text("command.review_feedback.description"),
    )
    @app_commands.rename(
        group=command_text("option.review_group.name"),
        recommendation=command_text("option.recommendation.name"),
        shown=command_text("option.shown.name"),
        theme=command_text("option.theme.name"),
        kind=command_text("option.kind.name"),
    )
    @app_commands.describe(
        group=command_text("option.review_group.description"),
        recommendation=command_text("option.recommendation.description"),
        shown=command_text("option.shown.description"),
        theme=command_text("option.theme.description"),
        kind=command_text("option.kind.description"),
    )
    @app_commands.choices(shown=SHOWN_CHOICES, kind=KIND_CHOICES)
    async def feedback(
        self,
        interaction: discord.Interaction[Any],
        group: str | None = None,
        recommendation: str | None = None,
        shown: str | None = None,
        theme: str | None = None,
        kind: str | None = None,
    ) -> None:
        """Show the queue, or what is wanted of it."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        wanted = Wanted(
            group=find_group(self.bot, group, say).key if group and not recommendation else None,
            recommendation=find_recommendation(self.bot, recommendation, say).key if recommendation else None,
            shown=Shown(shown or Shown.ALL),
            theme=await self._theme(consultation, theme) if theme else None,
            kind=FeedbackKind(kind) if kind else None,
        )
        await reply(interaction, view=await self._queue_card(interaction, wanted, 0))

    @review.command(
        name=command_text("command.review_theme.name"), description=command_text("command.review_theme.description")
    )
    @app_commands.rename(reference=command_text("option.reference.name"), theme=command_text("option.theme.name"))
    @app_commands.describe(
        reference=command_text("option.reference.description"), theme=command_text("option.theme_to_give.description")
    )
    async def give_theme(
        self,
        interaction: discord.Interaction[Any],
        reference: app_commands.Range[str, 1, 40],
        theme: app_commands.Range[str, 1, 100],
    ) -> None:
        """Give a contribution a theme beside those it has."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        names = review.theme_names(theme)
        if not names:
            raise ConsultationError("review.theme_empty")
        async with self.bot.store.write() as session:
            changed = await review.add_themes(session, consultation.id, moderator, reference.strip().upper(), names)
        bears = ", ".join(harmless(name) for name in changed.feedback.themes)
        await reply(interaction, say("review.themed", reference=changed.feedback.reference, themes=bears))

    @review.command(
        name=command_text("command.review_proposals.name"),
        description=command_text("command.review_proposals.description"),
    )
    @options(proposal="review_proposal")
    async def proposals(self, interaction: discord.Interaction[Any], proposal: str | None = None) -> None:
        """Show the proposals that wait for a decision, or one of them."""
        await review_proposals(self.bot, interaction, proposal)

    @proposals.autocomplete("proposal")
    async def proposal_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await proposal_choices(self.bot, interaction, typed)

    @feedback.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return group_choices(self.bot, self.bot.speech(interaction), typed)

    @feedback.autocomplete("recommendation")
    async def recommendation_titles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @feedback.autocomplete("theme")
    @give_theme.autocomplete("theme")
    async def theme_names(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the moderators' own list, the most used first; to nobody else."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None or moderator_role(self.bot, interaction) is None:
            return []
        async with self.bot.store.read() as session:
            known = await review.themes(session, consultation.id)
        return choices({theme.name: theme.name for theme in known}, typed)

    @give_theme.autocomplete("reference")
    async def references(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the newest contributions; to moderators alone."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None or moderator_role(self.bot, interaction) is None:
            return []
        async with self.bot.store.read() as session:
            found = await review_queue.suggested(session, consultation.id, typed, CHOICES)
        return [choice(f"{one.reference} · {' '.join(one.text.split())}", one.reference) for one in found]

    @component("review_page")
    async def page_pressed(self, interaction: discord.Interaction[Any], carried: str, page: int) -> None:
        """Show a page of the queue."""
        require_moderator(self.bot, interaction)
        await self._show(interaction, await self._queue_card(interaction, unpacked(carried), page))

    @component("review_show")
    async def shown_chosen(self, interaction: discord.Interaction[Any], carried: str) -> None:
        """Show the contributions with which this was done."""
        require_moderator(self.bot, interaction)
        before = unpacked(carried)
        wanted = Wanted(before.group, before.recommendation, Shown(chosen(interaction)), before.theme, before.kind)
        await self._show(interaction, await self._queue_card(interaction, wanted, 0))

    @component("review_open")
    async def open_pressed(
        self, interaction: discord.Interaction[Any], reference: str, part: int, carried: str, page: int
    ) -> None:
        """Show a contribution, or the next part of a long one."""
        await self._open(interaction, reference, carried, page, part)

    @component("review_next")
    async def next_pressed(self, interaction: discord.Interaction[Any], carried: str, page: int) -> None:
        """Show the contribution that comes first among those unread, or the queue where none is left."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        wanted = unpacked(carried)
        unread = Wanted(wanted.group, wanted.recommendation, Shown.UNREAD, wanted.theme, wanted.kind)
        async with self.bot.store.read() as session:
            waiting = await review_queue.queue(session, consultation.id, unread, self._order)
        if waiting.entries:
            await self._open(interaction, waiting.entries[0].reference, carried, page)
        else:
            await self._show(interaction, await self._queue_card(interaction, wanted, page))

    @component("review_mark")
    async def mark_pressed(
        self, interaction: discord.Interaction[Any], step: Step, reference: str, version: int, carried: str, page: int
    ) -> None:
        """Mark a contribution as answered, pinned or unread, or as not so any more."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self._shown_if_changed(interaction, carried, page):
            async with self.bot.store.write() as session:
                changed = await review.mark(session, consultation.id, moderator, reference, version, step)
            await self._show_opened(interaction, changed, carried, page)

    @component("review_themes")
    async def themes_pressed(
        self, interaction: discord.Interaction[Any], reference: str, version: int, carried: str, page: int
    ) -> None:
        """Open the form with the themes there are, those given chosen, and room for new ones."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            known = await review.themes(session, consultation.id)
            given = (await review.look_at(session, consultation.id, reference)).feedback.themes
        known.sort(key=lambda theme: theme.name not in given)
        options = [Option(theme.name, theme.name, chosen=theme.name in given) for theme in known[:SELECT_OPTIONS]]
        fields: list[Piece] = []
        if options:
            fields.append(some_of(KNOWN, say("review.known_themes"), say("review.known_themes_hint"), options))
        hint = say("review.new_themes_hint")
        fields.append(written(NEW, say("review.new_themes"), hint, required=False, length=NEW_THEMES_LENGTH))
        title = say("review.themes_of", reference=reference)
        await interaction.response.send_modal(
            form(title, interaction, "themes", reference, version, carried, page, fields=fields)
        )

    @component("themes")
    async def themes_submitted(
        self,
        interaction: discord.Interaction[Any],
        reference: str,
        version: int,
        carried: str,
        page: int,
        _opened_by: int,
    ) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        answers = filled_in(interaction)
        names = [*(answers.get(KNOWN) or ()), *review.theme_names(answers.get(NEW) or "")]
        async with self._shown_if_changed(interaction, carried, page):
            async with self.bot.store.write() as session:
                changed = await review.set_themes(session, consultation.id, moderator, reference, version, names)
            await self._show_opened(interaction, changed, carried, page)

    @component("review_reply")
    async def reply_pressed(
        self, interaction: discord.Interaction[Any], reference: str, version: int, carried: str, page: int
    ) -> None:
        """Open the form for a public reply; it says how the author may be quoted."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            one = (await review.look_at(session, consultation.id, reference)).feedback
        discreet = one.kind is FeedbackKind.PRIVATE and one.quotation is Quotation.NOT
        hint = say("review.answer_hint_discreet" if discreet else "review.answer_hint")
        field = written(ANSWER, say("review.answer_words"), hint, length=REPLY_LENGTH)
        title = say("review.answer_to", reference=reference)
        await interaction.response.send_modal(
            form(title, interaction, "reply", reference, version, carried, page, fields=[field])
        )

    @component("reply")
    async def reply_submitted(
        self,
        interaction: discord.Interaction[Any],
        reference: str,
        version: int,
        carried: str,
        page: int,
        opened_by: int,
    ) -> None:
        """Store a public reply, post it, and show the moderator the contribution with it."""
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        words = filled_in(interaction)[ANSWER] or ""
        if not harmless(words).strip():
            raise ConsultationError("review.reply_empty")
        async with self._shown_if_changed(interaction, carried, page):
            async with self.bot.store.write() as session:
                before = await review.look_at(session, consultation.id, reference)
                opened, given = await review.begin_reply(
                    session, consultation.id, moderator, reference, version, opened_by, words
                )
            if given is None:  # handed in twice
                await self._show_opened(interaction, opened, carried, page)
                return
            await interaction.response.defer()
            answered = before.feedback.answered
            posted = await self._poster.post(consultation, moderator, opened.feedback, given, answered=answered)
            async with self.bot.store.read() as session:
                opened = await review.look_at(session, consultation.id, reference)
            await self._show_opened(interaction, opened, carried, page)
            if not posted:
                raise ConsultationError("review.reply_refused")

    @component("review_earlier")
    async def earlier_pressed(self, interaction: discord.Interaction[Any], reference: str) -> None:
        """Show what a message said before it was edited."""
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        async with self.bot.store.read() as session:
            earlier = await review.earlier_wordings(session, consultation.id, reference)
        drawn: list[Piece] = [text(f"### {say('review.earlier_of', reference=reference)}")]
        for wording in earlier:
            time = discord.utils.format_dt(wording.written_at, "f")
            drawn.append(text(f"-# {time}\n{harmless(wording.text)}"))
        for page in pages(drawn):
            await reply(interaction, view=page)

    async def _open(
        self, interaction: discord.Interaction[Any], reference: str, carried: str, page: int, part: int = 0
    ) -> None:
        moderator = require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self._shown_if_changed(interaction, carried, page):
            async with self.bot.store.write() as session:
                opened = await review.open_one(session, consultation.id, moderator, reference)
            await self._show_opened(interaction, opened, carried, page, part)

    async def _theme(self, consultation: Consultation, named: str) -> int:
        async with self.bot.store.read() as session:
            known = await review.themes(session, consultation.id)
        for theme in known:
            if theme.name.casefold() == named.strip().casefold():
                return theme.id
        raise ConsultationError("review.theme_unknown")

    @asynccontextmanager
    async def _shown_if_changed(
        self, interaction: discord.Interaction[Any], carried: str, page: int
    ) -> AsyncIterator[None]:
        """Show how a contribution stands where somebody else was faster; what they did is told apart from it.

        So is that it is gone; what was typed is given back with it.
        """
        try:
            yield
        except FeedbackChangedError as changed:
            await self._show_opened(interaction, changed.current, carried, page)
            say = self.bot.speech(interaction)
            done = dict.fromkeys(say(f"review.was_{change}") for change in changed.changes)
            raise ConsultationError("review.changed", changes="; ".join(done)) from changed
        except ConsultationError as error:
            if error.phrase == "review.gone":
                await self._show(interaction, await self._queue_card(interaction, unpacked(carried), page))
            raise

    async def _queue_card(
        self, interaction: discord.Interaction[Any], wanted: Wanted, page: int
    ) -> discord.ui.LayoutView:
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            queue = await review_queue.queue(session, consultation.id, wanted, self._order, page)
            themes = await review.themes(session, consultation.id) if wanted.theme else []
            asked = await self._asked(session, consultation, *queue.entries)
        return queue_card(self.bot.catalogue, queue, asked, wanted, themes, self.bot.speech(interaction))

    async def _show_opened(
        self, interaction: discord.Interaction[Any], opened: Opened, carried: str, page: int, part: int = 0
    ) -> None:
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            asked = await self._asked(session, consultation, opened.feedback)
        place = (carried, page, part)
        url = self._poster.url(consultation, opened.feedback)
        say = self.bot.speech(interaction)
        await self._show(interaction, opened_card(self.bot.catalogue, consultation, opened, asked, place, say, url))

    async def _asked(self, session: UnitOfWork, consultation: Consultation, *given: Feedback) -> dict[str, Poll]:
        """Return the polls on questions of the moderators' own that these contributions are about."""
        keys = {one.recommendation for one in given if one.recommendation} - set(self.bot.catalogue.recommendations)
        found = [await polls.latest_poll_on(session, consultation.id, key) for key in sorted(keys)]
        return {poll.subject: poll for poll in found if poll is not None}

    async def _show(self, interaction: discord.Interaction[Any], view: discord.ui.LayoutView) -> None:
        """Put a card in place of the one whose button was pressed."""
        if interaction.response.is_done():
            await interaction.edit_original_response(view=view)
        else:
            await interaction.response.edit_message(view=view)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Review(bot))

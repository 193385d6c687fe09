"""Polls: moderators put recommendations to the vote, and a poll ends by them or at its deadline, with its result."""

import asyncio
import logging
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices, find_recommendation, recommendation_choices
from cogs.ui.deadlines import parse_deadline
from cogs.ui.permissions import moderators, require_moderator
from cogs.ui.replies import reply
from cogs.ui.texts import Speech, command_text
from content.catalogue import LANGUAGES, Recommendation
from models import polls
from models.errors import ConsultationError
from models.records import Consultation, Poll, Wording

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3_600.0
RETRY_SECONDS = 60.0
END_REASON_LENGTH = 300
DATE_LENGTH = 60


class Polls(commands.Cog):
    """Opens and ends polls, keeps their deadlines and posts their results."""

    poll = moderators(command_text("command.poll.name"), command_text("command.poll.description"))

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._deadlines: dict[int, asyncio.Task[None]] = {}

    async def cog_unload(self) -> None:
        for task in self._deadlines.values():
            task.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Take up what was left: post results that nobody saw, keep the deadlines, show what the cards did not yet."""
        for poll in list(self.bot.store.memory.polls.values()):
            self._keep_deadline(poll)
            self.bot.cards.refresh(self.bot.consultation_of(poll), poll.recommendation)
        await self.bot.results.post()

    @poll.command(
        name=command_text("command.poll_open.name"), description=command_text("command.poll_open.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"), closes=command_text("option.closes.name")
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        closes=command_text("option.closes.description"),
    )
    async def open_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        closes: app_commands.Range[str, 1, DATE_LENGTH] | None = None,
    ) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        found = find_recommendation(self.bot, recommendation, say)
        closes_at = self._deadline(closes, say) if closes else None
        async with self.bot.store.write() as session:
            poll = await polls.open_poll(session, consultation, found.key, found.group, _wording(found), closes_at)
        self._keep_deadline(poll)
        self.bot.cards.refresh(consultation, found.key, at_once=True)
        until = (
            say("poll.opened_until", closes=discord.utils.format_dt(closes_at, "f"))
            if closes_at
            else say("poll.opened_without_end")
        )
        await reply(interaction, say("poll.opened", title=found.title.in_language(say.language), until=until))

    @poll.command(
        name=command_text("command.poll_close.name"), description=command_text("command.poll_close.description")
    )
    @app_commands.rename(
        recommendation=command_text("option.recommendation.name"), reason=command_text("option.reason.name")
    )
    @app_commands.describe(
        recommendation=command_text("option.recommendation.description"),
        reason=command_text("option.reason.description"),
    )
    async def close_poll(
        self,
        interaction: discord.Interaction[Any],
        recommendation: str,
        reason: app_commands.Range[str, 1, END_REASON_LENGTH],
    ) -> None:
        require_moderator(self.bot, interaction)
        consultation = self.bot.consultation_in(interaction.guild_id)
        say = self.bot.speech(interaction)
        why = end_reason(reason)
        found = find_recommendation(self.bot, recommendation, say)
        poll = self.bot.store.memory.open_poll_on(consultation.id, found.key)
        if poll is None:
            raise ConsultationError("poll.none_open")
        await interaction.response.defer(ephemeral=True)
        await self._end_poll(poll, why)
        await reply(interaction, say("poll.closed", title=found.title.in_language(say.language)))

    @open_poll.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @close_poll.autocomplete("recommendation")
    async def open_poll_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        running = running_polls(self.bot, consultation, self.bot.speech(interaction)) if consultation else []
        return choices({poll.recommendation: title for poll, title in running}, typed)

    async def _end_poll(self, poll: Poll, reason: str | None) -> None:
        """End a poll for a reason, or at its deadline, and post its result.

        Raises ConsultationError where it has ended already.
        """
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            await polls.end(session, poll.id, reason)
        await self.bot.results.post()

    def _deadline(self, typed: str, say: Speech) -> datetime:
        return parse_deadline(typed, say.language, self.bot.catalogue.timezone, self.bot.store.now())

    def _keep_deadline(self, poll: Poll) -> None:
        if poll.closes_at is not None and poll.id not in self._deadlines:
            self._deadlines[poll.id] = asyncio.create_task(self._end_at_deadline(poll, poll.closes_at))

    async def _end_at_deadline(self, poll: Poll, closes_at: datetime) -> None:
        while True:
            left = (closes_at - self.bot.store.now()).total_seconds()
            if left > 0:
                # In steps, because a machine that sleeps or sets its clock would wake too late.
                await asyncio.sleep(min(left, LONGEST_SLEEP))
                continue
            try:
                await self._end_poll(poll, None)
            except ConsultationError:
                log.info("poll %s had ended before its deadline", poll.id)
            except Exception:
                log.exception("poll %s could not be ended; trying again", poll.id)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._deadlines.pop(poll.id, None)
            return


def running_polls(bot: ConsultationBot, consultation: Consultation, say: Speech) -> list[tuple[Poll, str]]:
    """Return a consultation's open polls with their titles as put to the vote, those that end first on top."""
    now = bot.store.now()
    running = [
        (poll, poll.wording[say.language].title)
        for poll in bot.store.memory.polls.values()
        if poll.consultation_id == consultation.id and poll.is_open_at(now)
    ]
    return sorted(running, key=lambda found: (found[0].closes_at is None, found[0].closes_at, found[0].id))


def end_reason(typed: str) -> str:
    """Return why a vote is ended early. Raises ConsultationError where nothing was said: the card shows it to all."""
    if not typed.strip():
        raise ConsultationError("poll.reason_missing")
    return typed.strip()


def _wording(recommendation: Recommendation) -> dict[str, Wording]:
    """Return the wording in every language the content has it in, the others falling back as cards do."""
    return {
        language: Wording(recommendation.title.in_language(language), recommendation.text.in_language(language))
        for language in LANGUAGES
    }


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Polls(bot))

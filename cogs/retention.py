"""The end of the retention period: moderators are told before, and at its end the ids are made unrecoverable."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.layout import card, sent_once, text
from cogs.ui.permissions import moderator_role
from cogs.ui.replies import reply
from models import retention
from models.records import Consultation, PlaceKind

log = logging.getLogger(__name__)

LONGEST_SLEEP = 86_400.0
RETRY_SECONDS = 3_600.0


class Retention(commands.Cog):
    """Announces a week before that a period ends, and forgets at its end.

    It is announced in the start channel, once, before anybody is forgotten. There is no channel for moderators alone,
    so each is also told at their next command. Whom it told is known until the bot ends: nothing is stored of it.
    """

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._timer: asyncio.Task[None] | None = None
        self._forgetting = asyncio.Lock()
        self._undestroyed = False
        self._told: set[tuple[int, timedelta, int]] = set()
        self._posted: set[int] = set()  # in which consultations the end is announced, where the store does not know yet

    async def cog_unload(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Take up the periods that run, and those that ended while the bot was down."""
        self._set_timer()

    @commands.Cog.listener()
    async def on_consultation_closed(self, _consultation: Consultation) -> None:
        self._set_timer()

    @commands.Cog.listener()
    async def on_app_command_completion(
        self,
        interaction: discord.Interaction[Any],
        _command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Tell a moderator who gave a command that the period ends soon, once a week before and once a day before."""
        consultation = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        if consultation is None or consultation.forget_at is None or moderator_role(self.bot, interaction) is None:
            return
        notice = retention.notice_due(consultation, self.bot.store.now())
        if notice is None or (told := (consultation.id, notice, interaction.user.id)) in self._told:
            return
        if interaction.response.type is discord.InteractionResponseType.modal:
            return  # nothing can be said before the form is handed in
        say = self.bot.speech(interaction)
        when = discord.utils.format_dt(consultation.forget_at, "f")
        left = discord.utils.format_dt(consultation.forget_at, "R")
        try:
            await reply(interaction, say("retention.notice", when=when, left=left))
        except discord.HTTPException as error:
            log.warning("a moderator could not be told of the period's end (Discord's code %s)", error.code)
        else:
            self._told.add(told)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.create_task(self._keep_time())

    async def _keep_time(self) -> None:
        """Sleep until a period ends, again and again; what it begins goes on when it is cancelled."""
        while (due_at := self._next_due_at()) is not None:
            left = (due_at - self.bot.store.now()).total_seconds()
            if left > 0:
                # In steps, because a machine that sleeps or sets its clock would wake too late.
                await asyncio.sleep(min(left, LONGEST_SLEEP))
            elif not await asyncio.shield(self.bot.later(self._do_what_is_due())):
                await asyncio.sleep(RETRY_SECONDS)

    def _next_due_at(self) -> datetime | None:
        if self._undestroyed:
            return self.bot.store.now()
        consultation = retention.next_due(self.bot.store.memory)
        return retention.due_at(consultation) if consultation else None

    async def _do_what_is_due(self) -> bool:
        """Announce that a period ends, or forget the people of one that has; say whether all of it was done."""
        async with self._forgetting:
            consultation = retention.next_due(self.bot.store.memory)
            try:
                due = retention.due_at(consultation) if consultation else None
                if consultation and due and due <= self.bot.store.now():
                    await (self._forget if consultation.end_announced else self._announce)(consultation)
                if self._undestroyed:
                    await self.bot.store.destroy()
                    self._undestroyed = False
            except Exception:
                log.exception("what a retention period's end asks for was not all done; trying again")
                return False
        return True

    async def _announce(self, consultation: Consultation) -> None:
        """Say in the start channel, once, that the period ends; where Discord refuses, only moderators are told."""
        if consultation.id not in self._posted:
            await self._post_end(consultation)
            self._posted.add(consultation.id)
        async with self.bot.store.write() as session:
            await retention.announced(session, consultation.id)
        self._posted.discard(consultation.id)

    async def _post_end(self, consultation: Consultation) -> None:
        assert consultation.forget_at is not None  # noqa: S101 - its period runs
        ends = max(consultation.forget_at, self.bot.store.now() + retention.LEAST_WARNING)
        when, left = (discord.utils.format_dt(ends, style) for style in ("f", "R"))
        speeches = self.bot.public_speeches(consultation)
        start = self.bot.store.memory.place(consultation.id, PlaceKind.START)
        if start is not None:
            channel = self.bot.get_partial_messageable(start, guild_id=consultation.guild_id)
            said = (text(say("retention.announced", when=when, left=left)) for say in speeches)
            try:
                await channel.send(view=sent_once(card(*said)))
            except (discord.Forbidden, discord.NotFound) as error:
                log.warning("a period's end could not be announced (Discord's code %s)", error.code)

    async def _forget(self, consultation: Consultation) -> None:
        await self.bot.register.drain()
        await self.bot.ballot_box.drain()
        async with self.bot.store.write() as session:
            done = await retention.forget(session, consultation.id)
        self._undestroyed = True
        log.info(
            "a retention period ended: %d memberships of consultation %s are deleted",
            done.participants,
            consultation.id,
        )


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Retention(bot))

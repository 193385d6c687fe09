"""Notices: tells people once what they are to know, after what they did was answered, or by a direct message.

It comes after the answer and never in its place: whatever goes wrong here, the person has been answered. Direct
messages go to those alone who asked for them, one after another. What could not be told waits again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.layout import Piece, harmless, pages, rows, text
from cogs.ui.texts import Speech
from models import notices, reminders
from models.group_commit import GroupCommit
from models.notices import Addressee
from models.patience import insistently, patiently
from models.records import Consultation, Notice

log = logging.getLogger(__name__)

# Answers after which something may follow; a form or a list of choices leaves the person in the middle of what they do.
NOT_AN_ANSWER = {discord.InteractionResponseType.modal, discord.InteractionResponseType.autocomplete_result}


class Notices(commands.Cog):
    """Tells what waits to be told, after an answer or by direct message."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        # A vote that many answer at once may be the first thing they do after something was decided for all of them.
        self._takings: GroupCommit[Addressee, list[Notice]] = GroupCommit(bot.store, notices.take_all)
        self._writer: asyncio.Task[None] | None = None
        self._again = False
        self._telling: set[asyncio.Task[None]] = set()

    async def cog_unload(self) -> None:
        """Break off what is being told, and wait until it waits in the store again."""
        running = [*self._telling, *([self._writer] if self._writer else [])]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    @commands.Cog.listener()
    async def on_app_command_completion(
        self, interaction: discord.Interaction[Any], _command: app_commands.Command[Any, ..., Any]
    ) -> None:
        await self._tell_after(interaction)

    @commands.Cog.listener()
    async def on_component_answered(self, interaction: discord.Interaction[Any]) -> None:
        await self._tell_after(interaction)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Write to those who were not written to before the bot ended."""
        self._write_to_all()

    @commands.Cog.listener()
    async def on_notices_added(self) -> None:
        """Write to those for whom something was stored just now, where they asked for messages."""
        self._write_to_all()

    async def _tell_after(self, interaction: discord.Interaction[Any]) -> None:
        if not interaction.response.is_done() or interaction.response.type in NOT_AN_ANSWER:
            return
        for consultation in self._consultations_at(interaction.guild_id):
            if self.bot.store.has_notices(consultation, interaction.user.id):
                telling = asyncio.create_task(self._tell(interaction, consultation))
                self._telling.add(telling)
                telling.add_done_callback(self._telling.discard)
                try:
                    await telling
                except Exception:
                    log.exception("a notice was not told and waits again")

    def _consultations_at(self, guild_id: int | None) -> list[Consultation]:
        """Return the consultation of a server, and in direct messages all of them."""
        every = self.bot.store.memory.consultations
        return list(every.values()) if guild_id is None else [every[guild_id]] if guild_id in every else []

    async def _tell(self, interaction: discord.Interaction[Any], consultation: Consultation) -> None:
        addressee = Addressee(consultation.id, interaction.user.id)
        async with self._taken(addressee, self._takings.submit(addressee)) as waiting:
            for page in pages(notice_pieces(waiting, self.bot.speech(interaction))) if waiting else ():
                await interaction.followup.send(view=page, ephemeral=True)

    def _write_to_all(self) -> None:
        self._again = True
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write to one person after another, and look again where something was added meanwhile."""
        while self._again:
            self._again = False
            try:
                async with self.bot.store.read() as session:
                    waiting = await notices.to_write_to(session)
            except Exception:
                log.exception("whom to write to could not be read; what waits is told later")
                return
            for addressee in waiting:
                try:
                    await self._write_to(addressee)
                except Exception:
                    log.exception("a notice was not sent and waits for what its person does next")
                await asyncio.sleep(reminders.BETWEEN_MESSAGES)

    async def _write_to(self, addressee: Addressee) -> None:
        async with self._taken(addressee, self._take_to_write(addressee)) as waiting:
            consultation = self.bot.store.memory.consultation(addressee.consultation_id)
            if not waiting or consultation is None:
                return
            say = Speech(self.bot.store.language_of(addressee.user_id) or consultation.public_languages[0])
            name = self.bot.catalogue.title.in_language(say.language)
            channel = await self.bot.create_dm(discord.Object(addressee.user_id))
            for page in pages([text(f"### {name}"), *notice_pieces(waiting, say)]):
                await channel.send(view=page)

    async def _take_to_write(self, addressee: Addressee) -> list[Notice]:
        async with self.bot.store.write() as session:
            # Between finding somebody and writing to them may lie an hour, because messages are paced.
            if not notices.wants_message(session, addressee):
                return []
            return await notices.take(session, addressee.consultation_id, addressee.user_id)

    @asynccontextmanager
    async def _taken(
        self, addressee: Addressee, taking: Coroutine[Any, Any, list[Notice]]
    ) -> AsyncIterator[list[Notice]]:
        """Hand over what is taken from the store; whatever keeps somebody from being told it, it waits again."""
        task = self.bot.later(taking)
        try:
            yield await asyncio.shield(task)
        except discord.HTTPException as error:
            log.warning("a notice reached nobody and waits again (Discord's code %s)", error.code)
            await asyncio.shield(self.bot.later(self._put_back(addressee, task)))
        except BaseException:
            # Cancelled while it was being taken, it may be out of the store all the same.
            await asyncio.shield(self.bot.later(self._put_back(addressee, task)))
            raise

    async def _put_back(self, addressee: Addressee, taking: asyncio.Task[list[Notice]]) -> None:
        waiting = await taking

        async def attempt() -> None:
            async with self.bot.store.write() as session:
                await notices.put_back(session, addressee, waiting)

        if waiting:
            try:
                await patiently(attempt)
            except Exception:
                log.exception("a notice is not back in the store yet; trying again")
                self.bot.later(insistently(attempt, "putting a notice back"))


def notice_pieces(waiting: Sequence[Notice], say: Speech) -> list[Piece]:
    """Draw what somebody is told, each with its button."""
    pieces: list[Piece] = []
    for notice in waiting:
        pieces.append(text(f"🔔 {told(notice, say)}"))
        if notice.way is not None:
            label, custom_id = notice.way
            pieces += rows([discord.ui.Button(label=say(label), custom_id=custom_id)])
    return pieces


def told(notice: Notice, say: Speech) -> str:
    """Return the sentence of a notice in somebody's language; nothing that people wrote does anything in it."""
    values: dict[str, str | int] = {}
    for name, value in notice.values.items():
        shown = value if isinstance(value, str | int) else value.get(say.language) or next(iter(value.values()), "")
        values[name] = harmless(shown) if isinstance(shown, str) else shown
    return say(notice.phrase, **values)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Notices(bot))

"""A person's own data: they see what is kept of them, take it with them, and have it erased, in private."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.attachments import attached
from cogs.ui.layout import button, card, rows, sent_once, text
from cogs.ui.membership import take_roles
from cogs.ui.own_words import own_words, words_card
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import PHRASES, Speech, command_text
from content.catalogue import LANGUAGES
from models import rights
from models.records import Position, Quotation, SegmentSource, StatementState
from models.rights import Fate, Kept, Person
from models.sealing import EVERYWHERE
from reports.my_data import Titles, my_data_files

LANGUAGE = "language"
MOST_SERVERS = 25

log = logging.getLogger(__name__)


class MyData(commands.Cog):
    """Answers everybody about themselves alone: whose data are meant is always who asks."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(
        name=command_text("command.mydata.name"), description=command_text("command.mydata.description")
    )
    async def mydata(self, interaction: discord.Interaction[Any]) -> None:
        """Show what is kept in this server; in direct messages, first ask in which one, where there are several."""
        here = self.bot.store.memory.consultations.get(interaction.guild_id or 0)
        places = [here.id] if here else await self._where_known(interaction.user.id)
        if len(places) == 1:
            await self._show(interaction, places[0])
            return
        say = self.bot.speech(interaction)
        servers = (button(self._server(place), "mydata", place) for place in places[:MOST_SERVERS])
        await reply(
            interaction, view=sent_once(card(text(f"## {say('mydata.title')}", say("mydata.which")), *rows(servers)))
        )

    @component("mydata")
    async def server_chosen(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        await self._show(interaction, consultation_id)

    @component("mydata_files")
    async def download_pressed(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        """Hand out everything that is kept, as a file for programs and one to read."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._found(interaction.user.id, consultation_id)
        say, catalogue = self.bot.speech(interaction), self.bot.catalogue
        title, made_at = catalogue.title.in_language(say.language), self.bot.store.now()
        made = await asyncio.to_thread(my_data_files, found, PHRASES, say.language, title, self._titles(say), made_at)
        files = await asyncio.to_thread(attached, made, interaction.filesize_limit, "my-data.zip")
        await reply(interaction, say("mydata.files"), files=files)

    @component("mydata_erase")
    async def erase_pressed(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        """Say what an erasure will do, in numbers, before it is done."""
        found = await self._found(interaction.user.id, consultation_id)
        say = self.bot.speech(interaction)
        if not any(one.fate is not Fate.KEPT for one in found):
            await reply(interaction, say("mydata.nothing_to_erase"))
            return
        buttons = [
            button(say("mydata.erase_now"), "mydata_erase_now", consultation_id, style=discord.ButtonStyle.danger),
            button(say("mydata.keep"), "mydata_keep"),
        ]
        lines = [f"## {say('mydata.erase_title')}", say("mydata.erase_foreseen"), *_fates(found, say)]
        lines.append(f"-# {say('mydata.erase_final')}")
        await reply(interaction, view=sent_once(card(text(*lines), *rows(buttons))))

    @component("mydata_keep")
    async def keep_pressed(self, interaction: discord.Interaction[Any]) -> None:
        say = self.bot.speech(interaction)
        await interaction.response.edit_message(view=sent_once(card(text(say("mydata.kept")))))

    @component("mydata_erase_now")
    async def erase_confirmed(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        """Erase everything, and say what was done."""
        say = self.bot.speech(interaction)  # before their language is forgotten
        await interaction.response.defer()
        found = await self._erase(interaction.user, consultation_id)
        lines = [f"## {say('mydata.erased_title')}", *_fates(found, say), "", say("mydata.erased")]
        await interaction.edit_original_response(view=sent_once(card(text(*lines))))

    async def _erase(self, user: discord.User | discord.Member, consultation_id: int) -> tuple[Kept, ...]:
        """Erase what somebody gave, what still waits to be stored included; then bring Discord up to date."""
        async with self.bot.ballot_box.shut_to(user.id, consultation_id):
            await self.bot.register.drain()
            async with self.bot.store.write() as session:
                done = await rights.erase(session, Person(user.id, consultation_id))
        await self.bot.store.write_over()
        if consultation := self.bot.store.memory.consultation(consultation_id):
            for poll in done.polls:
                self.bot.cards.refresh(consultation, poll.subject)
            self.bot.later(take_roles(self.bot, consultation, user))
            self.bot.later(self._take_back(consultation.guild_id, done.replies))
        return done.found

    async def _take_back(self, guild_id: int, replies: Iterable[tuple[int, int]]) -> None:
        """Delete what moderators posted in answer to private words that are erased: it may quote them."""
        for channel_id, message_id in replies:
            channel = self.bot.get_partial_messageable(channel_id, guild_id=guild_id)
            try:
                await channel.get_partial_message(message_id).delete()
            except discord.HTTPException as error:
                log.warning("an answer to erased words could not be deleted (Discord's code %s)", error.code)

    async def _show(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        found = await self._found(interaction.user.id, consultation_id)
        say = self.bot.speech(interaction)
        lines = [f"## {say('mydata.title')}"]
        if not found:
            await reply(interaction, view=sent_once(card(text(*lines, say("mydata.nothing")))))
            return
        lines += [f"- {say(f'mydata.count.{kind}', count=count)}" for kind, count in _kinds(found)]
        buttons = [
            button(say("mydata.words"), "mydata_words", consultation_id, emoji="💬"),
            button(say("mydata.download"), "mydata_files", consultation_id, emoji="📄"),
            button(say("mydata.erase"), "mydata_erase", consultation_id, emoji="🗑️"),
        ]
        await reply(interaction, view=sent_once(card(text(*lines), *rows(buttons), text(f"-# {say('mydata.about')}"))))

    @component("mydata_words")
    async def words_pressed(self, interaction: discord.Interaction[Any], consultation_id: int) -> None:
        """Show the first page of what this person said."""
        await reply(interaction, view=await self._words(interaction, consultation_id, 0))

    @component("mydata_words_page")
    async def words_turned(self, interaction: discord.Interaction[Any], consultation_id: int, page: int) -> None:
        await interaction.response.edit_message(view=await self._words(interaction, consultation_id, page))

    async def _words(
        self, interaction: discord.Interaction[Any], consultation_id: int, page: int
    ) -> discord.ui.LayoutView:
        say = self.bot.speech(interaction)
        titles = self._titles(say)
        words = own_words(await self._found(interaction.user.id, consultation_id))
        return words_card(consultation_id, words, page, {**titles["group"], **titles["recommendation"]}, say)

    async def _found(self, user_id: int, consultation_id: int) -> list[Kept]:
        async with self.bot.store.read() as session:
            return await rights.what_is_kept(session, Person(user_id, consultation_id))

    async def _where_known(self, user_id: int) -> list[int]:
        """Return the consultations that keep something of this person, or that none does."""
        places = []
        async with self.bot.store.read() as session:
            for consultation in list(self.bot.store.memory.consultations.values()):
                found = await rights.what_is_kept(session, Person(user_id, consultation.id))
                if any(one.kind != LANGUAGE for one in found):
                    places.append(consultation.id)
        return places or [EVERYWHERE]

    def _server(self, consultation_id: int) -> str:
        consultation = self.bot.store.memory.consultation(consultation_id)
        guild = self.bot.get_guild(consultation.guild_id) if consultation else None
        return guild.name if guild else f"{self.bot.catalogue.key} {consultation_id}"

    def _titles(self, say: Speech) -> Titles:
        """Return how the values of each field are called in a language."""
        catalogue = self.bot.catalogue
        groups = {key: one.title.in_language(say.language) for key, one in catalogue.groups.items()}
        return {
            "segment": {key: one.title.in_language(say.language) for key, one in catalogue.segments.items()},
            "group": groups,
            "groups": groups,
            "recommendation": {
                key: one.title.in_language(say.language) for key, one in catalogue.recommendations.items()
            },
            "language": {one: say(f"language.{one}") for one in LANGUAGES},
            "choices": {one.value: say(f"position.{one}") for one in Position},
            "quotation": {one.value: say(f"quotation.{one}") for one in Quotation},
            "role_segment": {key: one.title.in_language(say.language) for key, one in catalogue.segments.items()},
            "segment_source": {one.value: say(f"segment_source.{one}") for one in SegmentSource},
            "state": {one.value: say(f"statement_state.{one}") for one in StatementState},
            **{
                field: {str(True): say("mydata.yes"), str(False): say("mydata.no")}
                for field in ("wants_messages", "pinned")
            },
        }


def _kinds(found: Iterable[Kept]) -> Iterator[tuple[str, int]]:
    every = [one.kind for one in found]
    return ((kind, every.count(kind)) for kind in dict.fromkeys(every))


def _fates(found: Iterable[Kept], say: Speech) -> Iterator[str]:
    """Say what becomes of everything, a line for each kind and fate; the history goes with its ballots."""
    for (kind, fate), count in rights.counted(list(found)).items():
        yield f"- {say(f'mydata.fate.{kind}.{fate}', count=count)}"


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(MyData(bot))

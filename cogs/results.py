"""Looking at results: everybody sees again, in private, what came out of the votes that have ended."""

import asyncio
import io
from collections import OrderedDict
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.source import choices
from cogs.ui.cards import result_card
from cogs.ui.layout import chosen, sent_once
from cogs.ui.permissions import moderator_role
from cogs.ui.quotes import quotes_page, quotes_pages
from cogs.ui.replies import reply
from cogs.ui.result_lists import MAP, results_page
from cogs.ui.router import component
from cogs.ui.texts import Speech, captions, command_text, one_of, options
from models import results
from models.errors import ConsultationError
from models.records import Poll
from models.results import EndedPoll, Order
from reports.drawing import shortened
from reports.overview_charts import map_chart

MOST_MAPS = 16
Picture = tuple[bytes, str]


class Results(commands.Cog):
    """Shows the results of ended votes: a list, one with its picture, the reasons that may be quoted."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot
        self._maps: OrderedDict[tuple[object, ...], Picture] = OrderedDict()  # ended polls stay as they are

    @app_commands.command(
        name=command_text("command.results.name"), description=command_text("command.results.description")
    )
    @options("poll", "order")
    @app_commands.choices(order=one_of("order", Order))
    @app_commands.guild_only()
    async def results(
        self, interaction: discord.Interaction[Any], poll: str | None = None, order: str = Order.CONSENSUS
    ) -> None:
        """Show the list, or the one result that was named."""
        self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if poll is not None:
            named = self._named(await self._visible(interaction), poll, self._say(interaction))
            await self._show_one(interaction, await self._find(interaction, named.id))
            return
        view, files = await self._list(interaction, Order(order), 0)
        await reply(interaction, view=view, files=files)

    @results.autocomplete("poll")
    async def result_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        if (interaction.guild_id or 0) not in self.bot.store.memory.consultations:
            return []
        say = self._say(interaction)
        visible = await self._visible(interaction)
        return choices({str(one.id): self._label(one, visible, say) for one in reversed(visible)}, typed)

    @component("results_page")
    async def turn_page(self, interaction: discord.Interaction[Any], order: Order, page: int) -> None:
        """Show another page of the list in place of this one."""
        self.bot.consultation_in(interaction.guild_id)
        await interaction.response.defer()
        view, files = await self._list(interaction, order, page)
        await interaction.edit_original_response(view=view, attachments=files)

    @component("results_open")
    async def result_chosen(self, interaction: discord.Interaction[Any], _menu: int) -> None:
        """Show the result that was chosen in the list."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._show_one(interaction, await self._find(interaction, int(chosen(interaction))))

    @component("reasons")
    async def read_reasons(self, interaction: discord.Interaction[Any], poll_id: int) -> None:
        """Show the person alone the reasons that may be quoted."""
        await reply(interaction, view=await self._reasons(interaction, poll_id, 0))

    @component("reasons_page")
    async def turn_reasons(self, interaction: discord.Interaction[Any], poll_id: int, page: int) -> None:
        """Show another page of the reasons in place of this one."""
        await interaction.response.edit_message(view=await self._reasons(interaction, poll_id, page))

    async def _reasons(self, interaction: discord.Interaction[Any], poll_id: int, page: int) -> discord.ui.LayoutView:
        found = await self._find(interaction, poll_id)
        async with self.bot.store.read() as session:
            quotes = await results.quotes(session, found.poll)
        say = self._say(interaction)
        pages = await asyncio.to_thread(quotes_pages, self.bot.catalogue, found.poll, quotes, say)
        return quotes_page(found.poll, pages, page, say)

    async def _list(
        self, interaction: discord.Interaction[Any], order: Order, page: int
    ) -> tuple[discord.ui.LayoutView, list[discord.File]]:
        """Draw a page of the list; the map of all polls goes along with the first."""
        ended = results.ordered(await self._ended(interaction), order)
        if not ended:
            raise ConsultationError("results.none")
        say, files, alternative = self._say(interaction), [], None
        if page == 0 and any(one.measure(Order.CONSENSUS) is not None for one in ended):
            picture, alternative = await self._map(ended, say)
            files = [discord.File(io.BytesIO(picture), MAP, description=alternative)]
        return results_page(self.bot.catalogue, ended, order, page, say, alternative), files

    async def _map(self, ended: list[EndedPoll], say: Speech) -> Picture:
        key = (say.language, *(one.poll.id for one in ended))
        if key not in self._maps:
            names = captions(self.bot.catalogue, say.language)

            def draw() -> Picture:
                chart = map_chart(ended, names)
                return chart.png(), shortened(chart.alternative)

            self._maps[key] = await asyncio.to_thread(draw)
            if len(self._maps) > MOST_MAPS:
                self._maps.popitem(last=False)
        return self._maps[key]

    async def _show_one(self, interaction: discord.Interaction[Any], found: EndedPoll) -> None:
        say = self._say(interaction)
        async with self.bot.store.read() as session:
            quotes = await results.first_quotes(session, found.poll)
        chart, described = await self.bot.cards.chart(found.poll, found.result, say)
        drawn = result_card(self.bot.catalogue, found.poll, found.result, [say], described, quotes)
        await reply(interaction, view=sent_once(*drawn), files=[chart])

    async def _visible(self, interaction: discord.Interaction[Any]) -> list[Poll]:
        """Return the ended polls whose results this person may see."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            return await results.visible(session, consultation.id, unpublished=self._sees_all(interaction))

    async def _ended(self, interaction: discord.Interaction[Any]) -> list[EndedPoll]:
        """Return the results this person may see."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            return await results.ended(session, consultation.id, unpublished=self._sees_all(interaction))

    async def _find(self, interaction: discord.Interaction[Any], poll_id: int) -> EndedPoll:
        consultation = self.bot.consultation_in(interaction.guild_id)
        async with self.bot.store.read() as session:
            return await results.find(session, consultation.id, poll_id, unpublished=self._sees_all(interaction))

    def _named(self, visible: list[Poll], named: str, say: Speech) -> Poll:
        """Return the newest of these with this number or, as somebody types it, this title."""
        wanted = named.strip().casefold()
        for poll in reversed(visible):
            labels = {self._label(poll, visible, say), poll.wording[say.language].title}
            if wanted == str(poll.id) or wanted in {label.casefold() for label in labels}:
                return poll
        raise ConsultationError("results.unknown")

    def _label(self, poll: Poll, visible: list[Poll], say: Speech) -> str:
        """Return a poll's title, with its end where several polls bear that title."""
        names = captions(self.bot.catalogue, say.language)
        title = names.recommendation(poll)
        alike = sum(names.recommendation(one) == title for one in visible)
        if alike == 1 or poll.ended_at is None:
            return title
        ended_at = poll.ended_at.astimezone(self.bot.catalogue.timezone)
        return names.pair(f"{names.day(ended_at)}, {names.time(ended_at)}", title)

    def _sees_all(self, interaction: discord.Interaction[Any]) -> bool:
        return moderator_role(self.bot, interaction) is not None

    def _say(self, interaction: discord.Interaction[Any]) -> Speech:
        return self.bot.speech(interaction)


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Results(bot))

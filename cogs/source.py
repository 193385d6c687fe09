"""Serving the source: what the article says, on command, and what one can do here."""

import asyncio
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.answer_cards import answer_card, fact_card
from cogs.ui.layout import Piece, button, chosen, link, menus, pages, rows, sent_once, source, spaced, text
from cogs.ui.outcome_cards import decision_lines
from cogs.ui.permissions import moderator_role
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.texts import Speech, command_text
from content.catalogue import Fact, Group, Recommendation
from content.words import words
from models.errors import ConsultationError
from models.outcomes import outcome_on
from models.records import Consultation, PlaceKind

CHOICES = 25
CHOICE_LENGTH = 100


class Source(commands.Cog):
    """Shows the article's facts, recommendations, groups and timeline, each to whoever asks and in their language."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(
        name=command_text("command.about.name"), description=command_text("command.about.description")
    )
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        say, catalogue = self.bot.speech(interaction), self.bot.catalogue
        people = [f"**{person.name}**, {person.role.in_language(say.language)}" for person in catalogue.people.values()]
        await self._show(
            interaction,
            text(f"## {catalogue.title.in_language(say.language)}", catalogue.summary.in_language(say.language)),
            text(f"**{say('about.people')}**", *people),
            text("-# " + say("about.source", title=catalogue.article.title, author=catalogue.article.author)),
            *rows([button(say("start.privacy"), "privacy", emoji="🔒")]),
        )

    @app_commands.command(name=command_text("command.help.name"), description=command_text("command.help.description"))
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        say = self.bot.speech(interaction)
        pieces = [text(f"## {say('help.title')}", say("help.everyone"))]
        if moderator_role(self.bot, interaction):
            pieces.append(text(f"### {say('help.moderators_title')}", say("help.moderators")))
        await self._show(interaction, *pieces)

    @component("privacy")
    async def privacy(self, interaction: discord.Interaction[Any]) -> None:
        """Show the privacy notice."""
        say = self.bot.speech(interaction)
        notices = (
            f"**{notice.title.in_language(say.language)}**\n{notice.text.in_language(say.language)}"
            for notice in self.bot.catalogue.notices
        )
        await self._show(interaction, text("\n\n".join(notices)))

    @app_commands.command(name=command_text("command.fact.name"), description=command_text("command.fact.description"))
    @app_commands.rename(topic=command_text("option.topic.name"))
    @app_commands.describe(topic=command_text("option.topic.description"))
    async def fact(self, interaction: discord.Interaction[Any], topic: str | None = None) -> None:
        say = self.bot.speech(interaction)
        if topic is None:
            await self._show(interaction, *self._browse_facts(say))
        elif topic in self.bot.catalogue.facts:
            await self._show_fact(interaction, self.bot.catalogue.facts[topic], say)
        else:
            answer = await asyncio.to_thread(self.bot.answers.answer, topic, say.language)
            await reply(interaction, view=sent_once(*answer_card(answer)))

    @fact.autocomplete("topic")
    async def fact_topics(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        say = self.bot.speech(interaction)
        found = self.bot.answers.nearest(typed, say.language, limit=CHOICES)
        return [choice(fact.title.in_language(say.language), fact.key) for fact in found]

    @component("browse")
    async def browse(self, interaction: discord.Interaction[Any], _menu: str, _section: str) -> None:
        """Show the fact chosen in the menu to browse."""
        fact = self.bot.catalogue.facts.get(chosen(interaction))
        if fact is None:
            raise ConsultationError("fact.unknown")
        await self._show_fact(interaction, fact, self.bot.speech(interaction))

    @app_commands.command(
        name=command_text("command.recommendation.name"),
        description=command_text("command.recommendation.description"),
    )
    @app_commands.rename(recommendation=command_text("option.recommendation.name"))
    @app_commands.describe(recommendation=command_text("option.recommendation.description"))
    async def recommendation(self, interaction: discord.Interaction[Any], recommendation: str | None = None) -> None:
        say = self.bot.speech(interaction)
        if recommendation is None:
            await self._show(interaction, *self._overview(interaction, say))
            return
        found = find_recommendation(self.bot, recommendation, say)
        area = self.bot.catalogue.areas.get(found.area or "")
        await self._show(
            interaction,
            text(f"### {found.title.in_language(say.language)}", found.text.in_language(say.language)),
            *([text(f"**{say('recommendation.area')}** {area.title.in_language(say.language)}")] if area else []),
            text(source(found.citation, say)),
            *await self._outcome(interaction, found, say),
            *self._link_to_card(interaction, found, say),
        )

    @recommendation.autocomplete("recommendation")
    async def recommendation_titles(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
    ) -> list[app_commands.Choice[str]]:
        return recommendation_choices(self.bot, interaction, typed)

    @app_commands.command(
        name=command_text("command.group.name"), description=command_text("command.group.description")
    )
    @app_commands.rename(group=command_text("option.group.name"))
    @app_commands.describe(group=command_text("option.group.description"))
    async def group(self, interaction: discord.Interaction[Any], group: str | None = None) -> None:
        say, groups = self.bot.speech(interaction), self.bot.catalogue.groups.values()
        wanted = [one for one in groups if group is None or _is_named(one, group, say)]
        if not wanted:
            raise ConsultationError("group.unknown")
        await self._show(interaction, *spaced(text(*self._group_lines(interaction, one, say)) for one in wanted))

    @group.autocomplete("group")
    async def group_titles(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        say = self.bot.speech(interaction)
        return group_choices(self.bot, say, typed)

    @app_commands.command(
        name=command_text("command.timeline.name"),
        description=command_text("command.timeline.description"),
    )
    async def timeline(self, interaction: discord.Interaction[Any]) -> None:
        say = self.bot.speech(interaction)
        events = [
            text(
                f"**{event.when.in_language(say.language)} · {event.title.in_language(say.language)}**",
                event.text.in_language(say.language),
                source(event.citation, say),
            )
            for event in self.bot.catalogue.events
        ]
        await self._show(interaction, text(f"## {say('timeline.title')}"), *spaced(events))

    async def _show(self, interaction: discord.Interaction[Any], *pieces: Piece) -> None:
        for page in pages(pieces):
            await reply(interaction, view=page)

    async def _show_fact(self, interaction: discord.Interaction[Any], fact: Fact, say: Speech) -> None:
        await reply(interaction, view=sent_once(*fact_card(self.bot.catalogue, fact, say)))

    def _browse_facts(self, say: Speech) -> list[Piece]:
        """Return a menu a section of the article, over the titles of its facts."""
        pieces: list[Piece] = [text(f"### {say('fact.browse')}", say("fact.browse_hint"))]
        for section in self.bot.catalogue.article.sections:
            titles = [
                (fact.key, fact.title.in_language(say.language))
                for fact in self.bot.catalogue.facts.values()
                if fact.citation.section == section.key
            ]
            pieces += menus(section.heading, "browse", titles, section.key)
        return pieces

    def _overview(self, interaction: discord.Interaction[Any], say: Speech) -> list[Piece]:
        """Return all recommendations by the area to act in, each leading to its card; last those that have none."""
        catalogue = self.bot.catalogue
        headings = {key: area.title.in_language(say.language) for key, area in catalogue.areas.items()}
        blocks: list[Piece] = [text(f"## {say('recommendation.overview')}")]
        for area, heading in [*headings.items(), (None, say("recommendation.no_area"))]:
            lines = [
                f"- {self._linked_title(interaction, one, say)}"
                for one in catalogue.recommendations.values()
                if one.area == area
            ]
            if lines:
                blocks.append(text(f"**{heading}**", *lines))
        return blocks

    def _linked_title(self, interaction: discord.Interaction[Any], recommendation: Recommendation, say: Speech) -> str:
        title = recommendation.title.in_language(say.language)
        url = self._card_url(interaction, recommendation)
        return f"[{title}]({url})" if url else title

    def _link_to_card(self, interaction: discord.Interaction[Any], found: Recommendation, say: Speech) -> list[Piece]:
        url = self._card_url(interaction, found)
        return list(rows([link(say("recommendation.to_card"), url)])) if url else [text(say("recommendation.no_card"))]

    async def _outcome(self, interaction: discord.Interaction[Any], found: Recommendation, say: Speech) -> list[Piece]:
        consultation = self._consultation(interaction)
        if consultation is None:
            return []
        async with self.bot.store.read() as session:
            outcome = await outcome_on(session, consultation.id, found.key)
        return [text(*decision_lines(outcome, say))] if outcome else []

    def _card_url(self, interaction: discord.Interaction[Any], recommendation: Recommendation) -> str | None:
        consultation = self._consultation(interaction)
        return card_url(self.bot, consultation, recommendation.group, recommendation.key) if consultation else None

    def _consultation(self, interaction: discord.Interaction[Any]) -> Consultation | None:
        return self.bot.store.memory.consultations.get(interaction.guild_id or 0)

    def _group_lines(self, interaction: discord.Interaction[Any], group: Group, say: Speech) -> list[str]:
        consultation = self._consultation(interaction)
        channel = self.bot.store.memory.place(consultation.id, PlaceKind.GROUP, group.key) if consultation else None
        return [
            f"### {group.title.in_language(say.language)}" + (f" <#{channel}>" if channel else ""),
            group.text.in_language(say.language),
            *(
                f"- **{one.title.in_language(say.language)}**: {one.text.in_language(say.language)}"
                for one in group.subjects
            ),
            source(group.citation, say),
        ]


def choice(label: str, value: str) -> app_commands.Choice[str]:
    """Return a choice for an autocomplete, its label cut to what Discord takes."""
    return app_commands.Choice(name=label[:CHOICE_LENGTH], value=value)


def choices(titles: Mapping[str, str], typed: str) -> list[app_commands.Choice[str]]:
    """Return those of these titles, by key, that hold what was typed, whatever its accents and capitals."""
    folded = " ".join(words(typed))
    return [choice(title, key) for key, title in titles.items() if folded in " ".join(words(title))][:CHOICES]


def recommendation_choices(
    bot: ConsultationBot,
    interaction: discord.Interaction[Any],
    typed: str,
) -> list[app_commands.Choice[str]]:
    """Return the recommendations whose title holds what was typed, for an autocomplete."""
    say = bot.speech(interaction)
    titles = {key: one.title.in_language(say.language) for key, one in bot.catalogue.recommendations.items()}
    return choices(titles, typed)


def group_choices(bot: ConsultationBot, say: Speech, typed: str) -> list[app_commands.Choice[str]]:
    """Return the working groups whose title holds what was typed, for an autocomplete."""
    return choices({key: group.title.in_language(say.language) for key, group in bot.catalogue.groups.items()}, typed)


def find_group(bot: ConsultationBot, named: str, say: Speech) -> Group:
    """Return the working group with this key or, as somebody types it, this title. Raises ConsultationError."""
    for group in bot.catalogue.groups.values():
        if _is_named(group, named, say):
            return group
    raise ConsultationError("group.unknown")


def find_recommendation(bot: ConsultationBot, named: str, say: Speech) -> Recommendation:
    """Return the recommendation with this key or, as somebody types it, this title. Raises ConsultationError."""
    for recommendation in bot.catalogue.recommendations.values():
        if _is_named(recommendation, named, say):
            return recommendation
    raise ConsultationError("recommendation.unknown")


def _is_named(entry: Group | Recommendation, named: str, say: Speech) -> bool:
    return named.strip().casefold() in {entry.key, entry.title.in_language(say.language).casefold()}


def card_url(bot: ConsultationBot, consultation: Consultation, group: str, subject: str) -> str | None:
    """Return the address of the card of this key in its group's channel, None where it has not been made yet."""
    channel = bot.store.memory.place(consultation.id, PlaceKind.GROUP, group)
    message = bot.store.memory.place(consultation.id, PlaceKind.CARD, subject)
    return f"https://discord.com/channels/{consultation.guild_id}/{channel}/{message}" if channel and message else None


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Source(bot))

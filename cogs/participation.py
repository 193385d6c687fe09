"""Taking part: for whom one speaks, in which groups, and in which language one is answered."""

from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import ConsultationBot
from cogs.ui.forms import filled_in, form
from cogs.ui.layout import button, card, rows, sent_once, text
from cogs.ui.membership import Membership, declared, keep_membership, membership_fields, messages_field
from cogs.ui.permissions import require_unblocked
from cogs.ui.replies import reply
from cogs.ui.router import component
from cogs.ui.standing import segment_now
from cogs.ui.texts import Speech, captions, command_text
from content.catalogue import LANGUAGES, Language
from models import participants
from models.errors import ConsultationError
from models.records import Consultation, SegmentSource

LANGUAGE_CHOICES = [
    app_commands.Choice(name=command_text(f"language.{language}"), value=language) for language in LANGUAGES
]


class Participation(commands.Cog):
    """Keeps for whom people speak, gives them their groups' roles, and keeps the language they want."""

    def __init__(self, bot: ConsultationBot) -> None:
        self.bot = bot

    @app_commands.command(name=command_text("command.join.name"), description=command_text("command.join.description"))
    @app_commands.guild_only()
    async def join(self, interaction: discord.Interaction[Any]) -> None:
        await self._ask_membership(interaction)

    @component("join")
    async def join_in_form(self, interaction: discord.Interaction[Any], opened_by: int | None = None) -> None:
        """Open the form on segment, groups and messages, or keep what was declared in it."""
        if opened_by is None:
            await self._ask_membership(interaction)
            return
        membership = declared(self.bot.catalogue, filled_in(interaction))
        if membership is None:
            raise ConsultationError("join.no_segment")
        consultation = self.bot.consultation_in(interaction.guild_id)
        require_unblocked(self.bot, consultation, interaction.user.id)
        participant = await keep_membership(self.bot, interaction, consultation, membership)
        say = self.bot.speech(interaction)
        joined = [*self._standing(interaction, consultation, say), *self._joined(consultation, membership, say)]
        if participant.wants_messages:
            joined.append(say("join.messages_on", language=say(f"language.{say.language}")))
        await reply(interaction, "\n".join(joined))

    def _joined(self, consultation: Consultation, membership: Membership, say: Speech) -> Iterator[str]:
        """Say what somebody declared."""
        catalogue = self.bot.catalogue
        groups = ", ".join(catalogue.groups[key].title.in_language(say.language) for key in membership.groups)
        segment = captions(catalogue, say.language).segment(membership.segment or "")
        if membership.segment and consultation.segment_source is SegmentSource.DECLARED:
            yield (
                say("join.joined", segment=segment, groups=groups)
                if groups
                else say("join.joined_no_group", segment=segment)
            )
            return
        if membership.segment:
            yield say("join.declared", segment=segment)
        yield say("join.groups_chosen", groups=groups) if groups else say("join.no_group_chosen")

    def _standing(
        self, interaction: discord.Interaction[Any], consultation: Consultation, say: Speech
    ) -> Iterator[str]:
        """Say for which segment somebody counts, where it is not what they declare that decides."""
        source = consultation.segment_source
        if source is SegmentSource.DECLARED:
            return
        segment = segment_now(self.bot, interaction, consultation, source)
        if segment in self.bot.catalogue.segments:
            title = captions(self.bot.catalogue, say.language).segment(str(segment))
            yield say(f"join.counts_by_{source}", segment=title)
        else:
            yield say(f"join.not_by_{source}")

    async def _ask_membership(self, interaction: discord.Interaction[Any]) -> None:
        consultation = self.bot.consultation_in(interaction.guild_id)
        require_unblocked(self.bot, consultation, interaction.user.id)
        say = self.bot.speech(interaction)
        participant = self.bot.store.participant(consultation, interaction.user.id)
        fields = [
            *membership_fields(self.bot.catalogue, say, participant, (), consultation.segment_source),
            messages_field(say, participant),
        ]
        await interaction.response.send_modal(form(say("join.title"), interaction, "join", fields=fields))

    @app_commands.command(
        name=command_text("command.language.name"),
        description=command_text("command.language.description"),
    )
    @app_commands.rename(language=command_text("option.language.name"))
    @app_commands.describe(language=command_text("option.language.description"))
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def language(self, interaction: discord.Interaction[Any], language: str) -> None:
        await self._choose_language(interaction, language)

    @component("languages")
    async def languages(self, interaction: discord.Interaction[Any]) -> None:
        """Offer the languages, each under its own name."""
        say = self.bot.speech(interaction)
        offered = (button(Speech(one)(f"language.{one}"), "language", one) for one in LANGUAGES)
        await reply(interaction, view=sent_once(card(text(say("language.choose")), *rows(offered))))

    @component("language")
    async def language_chosen(self, interaction: discord.Interaction[Any], language: Language) -> None:
        await self._choose_language(interaction, language)

    async def _choose_language(self, interaction: discord.Interaction[Any], language: str) -> None:
        async with self.bot.store.write() as session:
            await participants.choose_language(session, interaction.user.id, language)
        await reply(interaction, Speech(language)("language.chosen"))

    @component("start_here")
    async def start_here(self, interaction: discord.Interaction[Any]) -> None:
        """Show the start channel's card to the person alone, in their language."""
        consultation = self.bot.consultation_in(interaction.guild_id)
        await reply(interaction, view=self.bot.cards.draw_start(consultation, [self.bot.speech(interaction)]))


async def setup(bot: ConsultationBot) -> None:
    await bot.add_cog(Participation(bot))

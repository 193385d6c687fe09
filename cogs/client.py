"""The Discord client that every cog hangs on: what it was built with, who reads which language, syncing commands."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from cogs.ui.card_keeper import CardKeeper
from cogs.ui.moderators_answers import ModeratorsAnswers
from cogs.ui.outcome_poster import OutcomePoster
from cogs.ui.poll_clock import PollClock
from cogs.ui.replies import tell_error
from cogs.ui.result_poster import ResultPoster
from cogs.ui.router import Router
from cogs.ui.texts import CommandTranslator, Speech, language_of_locale
from content.answers import Answers
from content.catalogue import Catalogue
from content.near_texts import NearTexts
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.limits import Limits, Policy
from models.participants import Register
from models.records import Consultation, Poll
from models.store import Store
from reports.workshop import Workshop, apart

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.asking",
    "cogs.source",
    "cogs.setup",
    "cogs.moderation",
    "cogs.segments",
    "cogs.participation",
    "cogs.polls",
    "cogs.poll_drafts",
    "cogs.reminders",
    "cogs.voting",
    "cogs.deck",
    "cogs.threads",
    "cogs.feedback",
    "cogs.outcomes",
    "cogs.results",
    "cogs.report",
    "cogs.proposals",
    "cogs.review",
    "cogs.ui.proposal_review",
    "cogs.export",
    "cogs.questions",
    "cogs.my_data",
    "cogs.retention",
    "cogs.notices",
)
COMMANDS_HASH = "commands"
DEFAULT_POLICY = Policy()

_Result = TypeVar("_Result")


def intents(*, message_content: bool) -> discord.Intents:
    """Return the gateway events the bot needs; only the text of messages is privileged."""
    wanted = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    wanted.message_content = message_content
    return wanted


class ConsultationTree(app_commands.CommandTree["ConsultationBot"]):
    """The commands; whatever one raises, the person who gave it is told."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await tell_error(interaction, error)


class ConsultationBot(commands.Bot):
    """The bot with its store, its content and its question answering."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        answers: Answers,
        *,
        message_content: bool = True,
        policy: Policy = DEFAULT_POLICY,
        workshop: Workshop = apart,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=ConsultationTree,
            intents=intents(message_content=message_content),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.store = store
        self.catalogue = catalogue
        self.answers = answers
        self.near_texts = NearTexts()
        self.policy = policy
        self.workshop = workshop
        self.limits = Limits(store, policy)
        self.moderators_answers = ModeratorsAnswers(store)
        self.ballot_box = BallotBox(store)
        self.register = Register(store)
        self.router = Router()
        self.cards = CardKeeper(self)
        self.results = ResultPoster(self)
        self.decisions = OutcomePoster(self)
        self.poll_clock = PollClock(self)
        self._running: set[asyncio.Task[Any]] = set()

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CommandTranslator())
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        self.later(self.moderators_answers.prepare())
        await self._sync_commands()

    async def add_cog(self, cog: commands.Cog, /, **options: Any) -> None:
        await super().add_cog(cog, **options)
        self.router.add(cog)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await self.router.dispatch(interaction)
        if interaction.type in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            self.dispatch("component_answered", interaction)

    async def on_ready(self) -> None:
        await self.poll_clock.resume()
        await self.decisions.post()

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs' listeners: there are no commands by text."""

    def later(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        """Do something after the person was answered; it is held until it is done."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self) -> None:
        await self.register.drain()
        await self.ballot_box.drain()
        self.poll_clock.close()
        self.results.close()
        self.decisions.close()
        self.cards.close()
        await super().close()

    @property
    def reads_messages(self) -> bool:
        """Whether Discord hands over the text of messages that are not addressed to the bot."""
        return self.intents.message_content

    def speech(self, interaction: discord.Interaction[Any]) -> Speech:
        """Speak the language this person chose, else that of their Discord, else the consultation's."""
        return Speech(
            self.store.language_of(interaction.user.id)
            or language_of_locale(interaction.locale)
            or self.catalogue.default_language,
        )

    def consultation_in(self, guild_id: int | None) -> Consultation:
        """Return the consultation of a server.

        Raises ConsultationError where none was set up, or one of another content folder.
        """
        consultation = self.store.memory.consultations.get(guild_id or 0)
        if consultation is None:
            raise ConsultationError("setup.missing")
        if consultation.content_key != self.catalogue.key:
            raise ConsultationError("setup.other_content", key=consultation.content_key)
        return consultation

    def consultation_of(self, poll: Poll) -> Consultation:
        """Return the consultation that a poll belongs to."""
        return next(one for one in self.store.memory.consultations.values() if one.id == poll.consultation_id)

    def public_speeches(self, consultation: Consultation) -> Sequence[Speech]:
        """Return the one or two languages in which cards stand in this server."""
        return [Speech(language) for language in consultation.public_languages]

    async def _sync_commands(self) -> None:
        """Hand the commands to Discord where they changed: it allows 200 creations a day."""
        translator = self.tree.translator
        payloads = [
            await command.get_translated_payload(self.tree, translator) if translator else command.to_dict(self.tree)
            for command in self.tree.get_commands()
        ]
        made = json.dumps([self.application_id, payloads], sort_keys=True, default=str)
        digest = hashlib.sha256(made.encode()).digest()
        async with self.store.read() as session:
            known = await session.value(COMMANDS_HASH)
        if known == digest:
            return
        await self.tree.sync()
        async with self.store.write() as session:
            await session.keep_value(COMMANDS_HASH, digest)
        log.info("handed %d commands to Discord", len(payloads))

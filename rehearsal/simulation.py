"""One simulated server with the real bot in it: it is made, its time passes, its bot is restarted, it is taken down.

It keeps everything in a temporary folder that goes with it, under a key that is thrown away. SimCord takes one
operation at a time: whoever calls this sees to that.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from simcord import ChannelHandle, Env, MemberActor
from simcord.preview import Preview

from cogs.client import ConsultationBot
from content.answers import Answers
from content.catalogue import Catalogue
from models.records import Consultation, PlaceKind, Poll
from models.sealing import Sealer
from models.store import Store, open_store
from rehearsal.locales import speaking
from rehearsal.scene import Actors, Person, Scene, Server, build_server

KEY_BITS = 512
SETTLE_SECONDS = 10.0
LONGEST_STEP = timedelta(days=1)


class Simulation:
    """The running bot, its store and the server in which a scene has been acted; `start` makes it."""

    def __init__(self, scene: Scene, catalogue: Catalogue, answers: Answers) -> None:
        self._scene = scene
        self._catalogue = catalogue
        self._answers = answers
        self._sealer = Sealer(AESSIV.generate_key(KEY_BITS))
        self._undo = AsyncExitStack()
        self._ahead = timedelta()
        self._published = 0
        self.preview: Preview | None = None
        self.env: Env
        self.store: Store
        self.server: Server

    @classmethod
    async def start(cls, scene: Scene, catalogue: Catalogue, answers: Answers) -> "Simulation":
        """Make the server and act the scene in it, so that it ends at the present of this machine's clock."""
        simulation = cls(scene, catalogue, answers)
        try:
            await simulation._start()
        except BaseException:
            await simulation.close()
            raise
        return simulation

    async def _start(self) -> None:
        folder = TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        self._folder = Path(self._undo.enter_context(folder))
        self.store = await self._open_store()
        self._undo.push_async_callback(self._close_store)
        self.env = Env(self._bot(), check_errors=False, settle_timeout=SETTLE_SECONDS)
        locales: dict[int, str] = {}
        self._undo.enter_context(speaking(locales))
        self._undo.push_async_callback(self.env.shutdown)
        await self.env.start()
        begin = _clock() - self._scene.length
        await self.env.advance_time(max(0.0, (begin - self.env.now()).total_seconds()))
        self.server = build_server(self._scene, self.env, locales)
        await self.env.settle()
        await self.guild.me.edit(nick=self._scene.bot)
        await Actors(self._scene, self.env, self.server, self.store, self._catalogue).act()
        # A machine whose clock stands before the beginning of SimCord's time sees a later date than its own.
        self._ahead = max(timedelta(), self.env.now() - _clock())

    async def close(self) -> None:
        """End the bot and remove everything it kept."""
        await self._undo.aclose()

    @property
    def bot(self) -> ConsultationBot:
        assert isinstance(self.env.bot, ConsultationBot)  # noqa: S101 - nothing else is ever started
        return self.env.bot

    @property
    def guild(self) -> discord.Guild:
        guild = self.bot.get_guild(self.server.guild.id)
        assert guild is not None  # noqa: S101 - the bot is never removed from it
        return guild

    @property
    def consultation(self) -> Consultation:
        return self.store.memory.consultations[self.server.guild.id]

    @property
    def played(self) -> Mapping[str, Person]:
        """The people in whose place the visitor can act, by key."""
        return {person.key: person for person in self._scene.people if person.played}

    def member(self, person: Person) -> MemberActor:
        return self.server.members[person.key]

    def channel(self, channel_id: int) -> ChannelHandle | None:
        """Return a channel or thread of the server, None where there is none of this id."""
        for channel in self.server.guild.channels.values():
            for found in (channel, *channel.threads):
                if found.id == channel_id:
                    return found
        return None

    def open_polls(self) -> list[Poll]:
        """Return the open polls, those that end first on top."""
        polls = [poll for poll in self.store.memory.polls.values() if poll.is_open_at(self.env.now())]
        return sorted(polls, key=lambda poll: (poll.closes_at is None, poll.closes_at, poll.id))

    async def keep_time(self) -> None:
        """Let as much time pass as has passed outside, and show what the bot did of its own accord meanwhile."""
        await self.catch_up()
        if self.preview is not None and len(self.env.http_requests) != self._published:
            await self.preview.refresh()
            self.note_published()

    async def catch_up(self) -> None:
        """Let as much time pass as has passed outside."""
        await self._pass((_clock() + self._ahead - self.env.now()).total_seconds())

    async def jump(self, length: timedelta) -> None:
        """Let time pass at once: deadlines within it are met one after another."""
        self._ahead += length
        until = _clock() + self._ahead
        while (left := until - self.env.now()) > timedelta():
            await self._pass(min(left, LONGEST_STEP).total_seconds())

    async def _pass(self, seconds: float) -> None:
        if seconds > 0:
            await self.env.advance_time(seconds)

    def note_published(self) -> None:
        """Note that the preview shows everything the bot has done so far."""
        self._published = len(self.env.http_requests)

    async def restart_bot(self) -> None:
        """End the bot and start another on the same files, as after a power cut that left nothing half done."""
        await self.env.settle()
        old, self.store = self.store, await self._open_store()
        await self.env.restart_bot(self._bot())
        await old.close()

    async def show(self, channel: ChannelHandle, viewer: Person) -> Preview:
        """Open SimCord's preview of a channel for a member, in place of an earlier one.

        It shows the card with the vote that ends first, or else what was written last. Raises SetupError where the
        member may not read the channel.
        """
        await self.stop_showing()
        self.preview = await self.env.preview(
            channel,
            viewers=[self.member(viewer)],
            layout="channel",
            locale=viewer.locale,
            timezone=str(self._catalogue.timezone),
        ).__aenter__()
        if card := self._urgent_card(channel):
            await self.preview.show(card)
        self.note_published()
        return self.preview

    async def stop_showing(self) -> None:
        if self.preview is not None:
            shown, self.preview = self.preview, None
            await shown.close()

    def _urgent_card(self, channel: ChannelHandle) -> discord.Message | None:
        """Return the card in a channel whose vote ends first, None where no vote is open."""
        memory = self.store.memory
        cards = [memory.place(one.consultation_id, PlaceKind.CARD, one.subject) for one in self.open_polls()]
        posted = {message.id: message for message in channel.history()} if not channel.is_thread else {}
        return next((posted[card] for card in cards if card in posted), None)

    async def _close_store(self) -> None:
        await self.store.close()

    async def _open_store(self) -> Store:
        url = f"sqlite+aiosqlite:///{self._folder / 'consultation.db'}"
        return await open_store(url, self._sealer, lambda: self.env.now() if hasattr(self, "env") else _clock())

    def _bot(self) -> ConsultationBot:
        return ConsultationBot(self.store, self._catalogue, self._answers)


def _clock() -> datetime:
    return datetime.now(UTC)

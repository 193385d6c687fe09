"""A server with people in it, as tests drive it: they click, type and read what people would."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from unittest.mock import AsyncMock, patch

import discord
import pytest
import simcord
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor, RoleHandle
from sqlalchemy.exc import OperationalError

from cogs.client import ConsultationBot
from content.answers import Answers
from content.catalogue import Catalogue
from models import feedback, patience
from models.errors import ConsultationError
from models.records import Feedback, Poll
from models.sealing import Sealer
from models.store import Store, open_store
from rehearsal.locales import speaking
from tests.cogs.limits import breaches

KEY = bytes(range(64))
SETTLE_SECONDS = 60.0  # as long as a loaded machine may need
A_WHILE = 2.0  # seconds; what sleeps longer waits for a moment, not for its turn
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
DISK_FULL = OperationalError("INSERT", None, Exception("database or disk is full"))


Made = TypeVar("Made")


async def in_a_thread(work: Callable[..., Made], *given: Any) -> Made:
    """Do long work here: another process takes a test's time."""
    return await asyncio.to_thread(work, *given)


@dataclass
class House:
    """The running bot in a simulated server, and the people in it."""

    env: Env
    store: Store
    catalogue: Catalogue
    answers: Answers
    guild: GuildHandle
    lobby: ChannelHandle
    moderator: MemberActor
    staff: RoleHandle
    locales: dict[int, str]
    message_content: bool = True
    _people: dict[str, MemberActor] = field(default_factory=dict)

    @property
    def bot(self) -> ConsultationBot:
        assert isinstance(self.env.bot, ConsultationBot)
        return self.env.bot

    @property
    def me(self) -> discord.ClientUser:
        """Return the bot's own user."""
        assert self.bot.user is not None
        return self.bot.user

    def member(self, name: str, locale: str = "en-US") -> MemberActor:
        """Return the member of this (obviously invented) name, who joins the server now if they are not in it."""
        if name not in self._people:
            self._people[name] = self.guild.add_member(self.env.create_user(name))
            self.locales[self._people[name].id] = locale
        return self._people[name]

    def channel(self, name: str) -> ChannelHandle:
        return self.guild.channels[name]

    def card(self, recommendation: str) -> discord.Message:
        """Return a recommendation's card as it stands now."""
        group = self.catalogue.recommendations[recommendation].group
        place = self._place("card", recommendation)
        return next(message for message in self.channel(group).history() if message.id == place)

    def thread(self, recommendation: str) -> ChannelHandle:
        group = self.catalogue.recommendations[recommendation].group
        place = self._place("thread", recommendation)
        return next(thread for thread in self.channel(group).threads if thread.id == place)

    def thread_name(self, poll: Poll) -> str | None:
        place = self._place("thread", poll.subject)
        return next(thread._channel.name for thread in self.channel(poll.group).threads if thread.id == place)

    def start_card(self) -> discord.Message:
        place = self._place("start_card", "")
        every = (message for channel in self.guild.channels.values() for message in channel.history())
        return next(message for message in every if message.id == place)

    async def set_up(self, **options: Any) -> None:
        """Let the moderator build the rooms and open the consultation."""
        for command, given in (("consultation setup", options), ("consultation open", {})):
            result = await self.moderator.slash(self.lobby, command, **given)
            assert result.response is not None

    async def preview_poll(self, recommendation: str, **options: Any) -> InteractionResult:
        return await self.moderator.slash(self.lobby, "poll open", recommendation=recommendation, **options)

    async def open_poll(self, recommendation: str, **options: Any) -> InteractionResult:
        """Let the moderator see a poll and open it; where it is refused at once, return the refusal."""
        preview = await self.preview_poll(recommendation, **options)
        opening = [pressed for pressed in buttons(preview.response).values() if pressed.startswith("open_draft:")]
        return await self.moderator.click(answered(preview), custom_id=opening[0]) if opening else preview

    async def join(self, who: MemberActor, segment: str, groups: tuple[str, ...] = ()) -> InteractionResult:
        shown = await who.slash(self.lobby, "join")
        return await who.submit_modal(shown, {"segment": segment, "groups": list(groups)})

    async def vote(self, who: MemberActor, recommendation: str, label: str, **filled_in: Any) -> InteractionResult:
        """Press a position on the card; where a form opens, submit it filled in like this."""
        pressed = await who.click(self.card(recommendation), label=label)
        return await who.submit_modal(pressed, filled_in) if pressed.modal else pressed

    async def at_once(self, *deeds: Awaitable[InteractionResult]) -> list[InteractionResult]:
        """Let several things be done before the bot has answered any of them."""
        with patch.object(self.env, "_settle_internal", AsyncMock()):
            results = [await deed for deed in deeds]
        await self.env.settle()
        return results

    @contextmanager
    def failing_store(self) -> Iterator[None]:
        """Let nothing be read or written meanwhile, and nobody wait before they try again."""
        with (
            patch.object(patience, "PAUSES", [0.0]),
            patch.object(self.store, "read", side_effect=DISK_FULL),
            patch.object(self.store, "write", side_effect=DISK_FULL),
        ):
            yield

    @contextmanager
    def counted_writes(self) -> Iterator[list[None]]:
        """Note each writing transaction that begins meanwhile."""
        write, begun = self.store.write, list[None]()

        @asynccontextmanager
        async def noted() -> AsyncIterator[Any]:
            begun.append(None)
            async with write() as session:
                yield session

        with patch.object(self.store, "write", noted):
            yield begun

    @contextmanager
    def stumbling_store(self, failures: int, *, after_commit: bool = False) -> Iterator[None]:
        """Let the next so many transactions fail, before anything is done or once it is stored."""
        write, left = self.store.write, failures

        @asynccontextmanager
        async def stumble() -> AsyncIterator[Any]:
            nonlocal left
            left -= 1
            if left >= 0 and not after_commit:
                raise DISK_FULL
            async with write() as session:
                yield session
            if left >= 0:
                raise DISK_FULL

        with patch.object(patience, "PAUSES", [0.0] * 3), patch.object(self.store, "write", stumble):
            yield

    async def feedback(self) -> list[Feedback]:
        """Return what is stored in words, oldest first."""
        async with self.store.read() as session:
            return await feedback.all_feedback(session, self.store.memory.consultations[self.guild.id].id)

    async def restart(self) -> None:
        """End the bot and start another on the same store and in the same server."""
        await self.env.restart_bot(
            ConsultationBot(
                self.store,
                self.catalogue,
                self.answers,
                message_content=self.message_content,
                workshop=in_a_thread,
            )
        )

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Let people go on while the bot hears nothing; afterwards it is back."""
        self.env.backend.subscribers.clear()
        yield
        await self.restart()

    async def sleep_through(self, seconds: float) -> None:
        """End the bot, let time pass without it, and start another."""
        await self.env._detach_bot()
        self.env.backend.advance_clock(seconds)
        await self.restart()

    def _place(self, kind: str, key: str) -> int:
        return next(
            place.discord_id for place in self.store.memory._places.values() if (place.kind, place.key) == (kind, key)
        )


def shown(message: discord.Message | simcord.ResponseMessage | None) -> str:
    """Return all text a message shows, in any kind of component, as one string."""
    assert message is not None
    if isinstance(message, simcord.ResponseMessage):
        message = message.message
    return "\n".join(filter(None, [message.content, *_texts(component.to_dict() for component in message.components)]))


def _texts(components: Any) -> Iterator[str]:
    for component in components:
        for name in ("content", "label", "placeholder"):
            if component.get(name):
                yield component[name]
        yield from _texts(component.get("components", []))


def buttons(message: discord.Message | simcord.ResponseMessage | None) -> dict[str, str]:
    """Return the custom ids of a message's buttons by label."""
    assert message is not None
    if isinstance(message, simcord.ResponseMessage):
        message = message.message
    every = _flat(component.to_dict() for component in message.components)
    return {one["label"]: one["custom_id"] for one in every if one.get("label") and one.get("custom_id")}


def _flat(components: Any) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _flat(component.get("components", []))


def answered(result: InteractionResult) -> simcord.ResponseMessage:
    """Return the message with which somebody was answered."""
    assert result.response is not None
    return result.response


async def handed_out(result: InteractionResult) -> dict[str, str]:
    """Return the text files with which somebody was answered, by name, from however many messages."""
    told = [answered(result), *(one for one in result.followups if one.id != answered(result).id)]
    return {file.filename: (await file.read()).decode("utf-8-sig") for one in told for file in one.attachments}


def still_open(form: InteractionResult) -> InteractionResult:
    """Return a form as it stays on the screen when Discord showed no answer to its submission."""
    form._interaction.modal_consumed = False
    return form


def said(result: InteractionResult) -> str:
    """Return what somebody was told privately in answer to what they did."""
    assert result.acknowledged
    assert result.ephemeral or answered(result).ephemeral  # said anew, or in place of what they pressed
    return shown(result.response)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where the machine has one: the bot's own tests need no disk, and disks are slow."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    if not memory.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory) as made:
        yield Path(made)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody be too quick for the deck: no time passes in a test between seeing a card and pressing its button."""
    monkeypatch.setattr("cogs.ui.double_taps.UNREAD", timedelta(days=-1))


@contextmanager
def timers_on_the_tests_clock(env: Env) -> Iterator[None]:
    """Let the bot's timers end when a test lets time pass, and never because a loaded machine took as long."""
    sleep = asyncio.sleep

    async def wait(seconds: float, result: Any = None) -> Any:
        if seconds > A_WHILE and asyncio.current_task() in env._work.tasks:
            return await env.external_wait(sleep(seconds, result), reason="a timer")
        return await sleep(seconds, result)

    with patch.object(asyncio, "sleep", wait):
        yield


@pytest.fixture
def new_house(folder: Path, catalogue: Catalogue, answers: Answers) -> Any:
    """Return a context manager that runs a house; for tests that need it otherwise than `house`."""

    @asynccontextmanager
    async def run(
        *, catalogue: Catalogue = catalogue, answers: Answers = answers, message_content: bool = True
    ) -> AsyncIterator[House]:
        running: list[Env] = []
        store = await open_store(
            f"sqlite+aiosqlite:///{folder / 'consultation.db'}",
            Sealer(KEY),
            lambda: running[0].now() if running else START,
        )
        locales: dict[int, str] = {}
        bot = ConsultationBot(store, catalogue, answers, message_content=message_content, workshop=in_a_thread)
        env = Env(bot, check_errors=False, settle_timeout=SETTLE_SECONDS)
        await env.start()
        running.append(env)
        guild = env.create_guild("A test server")
        staff = guild.create_role("Staff", permissions=discord.Permissions(manage_guild=True, manage_threads=True))
        moderator = guild.add_member(env.create_user("mona-moderator"), roles=[staff])
        lobby = guild.create_text_channel("lobby")
        try:
            with speaking(locales), timers_on_the_tests_clock(env):
                yield House(env, store, catalogue, answers, guild, lobby, moderator, staff, locales, message_content)
        finally:
            await env.shutdown()
            await store.close()
        unexpected = [error for error in env.errors if not _is_expected(_cause(error))]
        assert not unexpected, unexpected
        assert not breaches(env.http_requests)

    return run


@pytest.fixture
async def house(new_house: Any) -> AsyncIterator[House]:
    """Return a server with a moderator in it and nothing set up."""
    async with new_house() as running:
        yield running


@pytest.fixture
async def open_house(house: House) -> House:
    """Return a server whose consultation is set up and open."""
    await house.set_up()
    return house


def _is_expected(error: BaseException) -> bool:
    """Say whether this is what people are told in a sentence, or what a test made go wrong."""
    return isinstance(error, ConsultationError) or error is DISK_FULL or "injected by test" in str(error)


def _cause(error: BaseException) -> BaseException:
    return getattr(error, "original", error)

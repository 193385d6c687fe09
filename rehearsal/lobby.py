"""The lobby: a local web page on which one picks a member, opens a channel, jumps the clock and starts over.

It listens on this machine alone and sends nothing anywhere. It shows the real bot in a simulated server; what people
do there happens in the chat window (`window.py`).
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import discord
from aiohttp import web
from babel.dates import format_datetime
from simcord import BackendError, SetupError

from content.answers import Answers
from content.catalogue import Catalogue
from models import polls
from models.errors import OperatorError
from models.records import PlaceKind
from rehearsal.guard import HERE, Handler, guard
from rehearsal.page import Lobby, Page, Player, Room, Section, Talk
from rehearsal.scene import Person, Scene, load_scene
from rehearsal.simulation import Simulation
from rehearsal.window import Window

log = logging.getLogger(__name__)

FILES = {name: Path(__file__).with_name(name) for name in ("lobby.css", "lobby.js")}
JUMPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
SECONDS_BETWEEN_TICKS = 2.0
SECONDS_TO_SHUT_DOWN = 1.0
RECENT = timedelta(days=1)
MOMENT = "EEEE d MMMM y, HH:mm"
DEADLINE = "EEE d MMM, HH:mm"

Change = Callable[[web.Request], Awaitable[str | None]]


class Rehearsal:
    """The simulation that is on, in whose place the visitor is, and which channel they look at."""

    def __init__(self, catalogue: Catalogue, port: int, scene: Scene | None = None) -> None:
        self._catalogue = catalogue
        self._answers = Answers(catalogue)
        self._scene = (scene or load_scene()).fitted(catalogue)
        self._port = port
        self._turn = asyncio.Lock()
        self._page = Page()
        self.window = Window(port + 1, port, self._turn)
        self._begin()

    def _begin(self) -> None:
        self._player = next(person for person in self._scene.people if person.played and not person.moderator)
        self._shown: int | None = None
        self._seen: dict[int, int] = {}

    @property
    def simulation(self) -> Simulation:
        if self.window.simulation is None:
            raise SetupError("no simulation is on")
        return self.window.simulation

    async def open(self) -> None:
        """Start a fresh simulation, in place of an earlier one."""
        async with self._turn:
            await self._close()
            await asyncio.to_thread(self._answers.warm)
            self.window.simulation = await Simulation.start(self._scene, self._catalogue, self._answers)
            self._begin()
            recent = discord.utils.time_snowflake(self.simulation.env.now() - RECENT)
            self._seen = dict.fromkeys(self._channel_ids(), recent)

    async def close(self) -> None:
        async with self._turn:
            await self._close()

    async def _close(self) -> None:
        if self.window.simulation is not None:
            ended, self.window.simulation = self.window.simulation, None
            await ended.close()

    async def keep_time(self) -> None:
        """Let simulated time pass with real time until cancelled, so that the bot's own timers run down."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_TICKS)
            async with self._turn:
                try:
                    await self.simulation.keep_time()
                except Exception:
                    log.exception("the simulated clock stood still for a moment")

    def app(self) -> web.Application:
        """Return the lobby as a web application."""
        app = web.Application(middlewares=[guard(self._port), self._explain])
        app.router.add_get("/", self._show)
        for name in FILES:
            app.router.add_get(f"/{name}", _file)
        for path, change in (
            ("/player", self._pick_player),
            ("/channel", self._open_channel),
            ("/leave", self._leave),
            ("/clock", self._jump),
            ("/restart", self._restart),
        ):
            app.router.add_post(path, self._changing(change))
        app.router.add_post("/start-over", self._start_over)
        return app

    @web.middleware
    async def _explain(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what nobody foresaw with a sentence; the terminal has the traceback."""
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("the lobby failed")
            return web.Response(text=self._page.draw_broken(), content_type="text/html", status=500)

    async def _show(self, request: web.Request) -> web.Response:
        async with self._turn:
            html = self._page.draw(await self._lobby(request.query.get("notice")))
        policy = (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
            f"frame-src http://{HERE}:{self._port + 1}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    def _changing(self, change: Change) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return a handler that makes a change, shows the channel anew and leads back to the page.

        The change returns which notice the page then shows, and has shown the channel itself if it returns one.
        """

        async def handle(request: web.Request) -> web.Response:
            async with self._turn:
                try:
                    notice = await change(request) or await self._show_channel()
                except TimeoutError:
                    log.warning("the bot did not come to rest", exc_info=True)
                    notice = "stuck"
                except (SetupError, BackendError, KeyError, ValueError):
                    log.warning("the lobby could not do that", exc_info=True)
                    notice = "failed"
            raise web.HTTPSeeOther(f"/?notice={notice}" if notice else "/")

        return handle

    async def _pick_player(self, request: web.Request) -> None:
        self._player = self.simulation.played[await _sent(request, "key")]

    async def _open_channel(self, request: web.Request) -> None:
        self._shown = int(await _sent(request, "id"))

    async def _leave(self, _request: web.Request) -> None:
        self._shown = None

    async def _jump(self, request: web.Request) -> None:
        await self.simulation.jump(JUMPS[await _sent(request, "by")])

    async def _restart(self, _request: web.Request) -> str:
        await self.simulation.restart_bot()
        return await self._show_channel() or "restarted"

    async def _start_over(self, _request: web.Request) -> web.Response:
        await self.open()
        raise web.HTTPSeeOther("/?notice=fresh")

    async def _show_channel(self) -> str | None:
        """Open the chat window on the channel that was picked, or close it; return the notice where it cannot open."""
        if self._shown is None:
            await self.simulation.stop_showing()
            return None
        channel = self.simulation.channel(self._shown)
        if channel is None:
            self._shown = None
            await self.simulation.stop_showing()
            return "gone"
        try:
            await self.simulation.show(channel, self._player)
        except SetupError:
            log.warning("the channel cannot be shown", exc_info=True)
            self._shown = None
            return "no-access"
        return None

    async def _lobby(self, notice: str | None) -> Lobby:
        simulation = self.simulation
        async with simulation.store.read() as session:
            ended = {poll.subject for poll in await polls.ended_polls(session, simulation.consultation.id)}
        return Lobby(
            now=self._in_words(simulation.env.now(), MOMENT),
            players=tuple(self._as_player(person) for person in simulation.played.values()),
            sections=tuple(
                Section(
                    category.name if category else None,
                    tuple(self._room(one, ended) for one in channels if isinstance(one, discord.TextChannel)),
                )
                for category, channels in simulation.guild.by_category()
            ),
            vote=self._name_of_vote(),
            questions=self._name(PlaceKind.QUESTIONS),
            window=self.window.address(),
            notice=notice,
        )

    def _name_of_vote(self) -> str:
        """Return the name of the channel with the vote that ends first, of the start channel where none is open."""
        poll = next(iter(self.simulation.open_polls()), None)
        return self._name(PlaceKind.GROUP, poll.group) if poll else self._name(PlaceKind.START)

    def _name(self, kind: PlaceKind, key: str = "") -> str:
        place = self.simulation.store.memory.place(self.simulation.consultation.id, kind, key)
        channel = self.simulation.channel(place) if place else None
        return (channel.name if channel else None) or ""

    def _as_player(self, person: Person) -> Player:
        participant = self.simulation.store.participant(self.simulation.consultation, self.simulation.member(person).id)
        declared = self._catalogue.segments.get(participant.segment) if participant else None
        segment = declared.title.in_language("en") if declared else None
        kind = "moderator" if person.moderator else "member" if participant else "newcomer"
        return Player(person.key, person.name, person.locale[:2], kind, segment, chosen=person == self._player)

    def _room(self, channel: discord.TextChannel, ended: set[str]) -> Room:
        talks = tuple(self._talk(thread, ended) for thread in sorted(channel.threads, key=lambda one: one.id))
        return Room(channel.id, channel.name, self._unread(channel.id), channel.id == self._shown, talks)

    def _talk(self, thread: discord.Thread, ended: set[str]) -> Talk:
        memory = self.simulation.store.memory
        place = memory.place_at(thread.id)
        recommendation = place.key if place and place.kind is PlaceKind.THREAD else ""
        poll = memory.open_poll_on(self.simulation.consultation.id, recommendation)
        vote, until = "ended" if recommendation in ended else None, None
        if poll:
            ahead = poll.opened_at > self.simulation.env.now()
            vote, until = ("planned", poll.opened_at) if ahead else ("open", poll.closes_at)
        moment = self._in_words(until, DEADLINE) if until else None
        return Talk(thread.id, thread.name, vote, moment, self._unread(thread.id), thread.id == self._shown)

    def _unread(self, channel_id: int) -> int:
        """Count what was written since the visitor last looked, in whosever place; what they look at is read."""
        channel = self.simulation.channel(channel_id)
        messages = channel.history(viewer=self.simulation.member(self._player)) if channel else []
        if channel_id == self._shown and messages:
            self._seen[channel_id] = messages[-1].id
        seen = self._seen.get(channel_id, 0)
        return sum(message.id > seen and not message.flags.ephemeral for message in messages)

    def _channel_ids(self) -> list[int]:
        channels = self.simulation.server.guild.channels.values()
        return [place.id for channel in channels for place in (channel, *channel.threads)]

    def _in_words(self, moment: datetime, pattern: str) -> str:
        return format_datetime(moment, pattern, tzinfo=self._catalogue.timezone, locale="en")


async def rehearse(catalogue: Catalogue, port: int) -> None:
    """Show the rehearsal on this port and the next until the process is told to stop.

    Raises OperatorError where one of the ports is taken.
    """
    running = asyncio.current_task()
    assert running is not None  # noqa: S101 - a coroutine runs in a task
    with contextlib.suppress(NotImplementedError):  # Windows, where asyncio cancels the task at Ctrl-C by itself
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with serving(Rehearsal(catalogue, port), port):
            print(f"The rehearsal is ready: open http://{HERE}:{port} in a browser. Ctrl-C ends it.", flush=True)  # noqa: T201 - for the terminal
            await asyncio.Event().wait()


@asynccontextmanager
async def serving(rehearsal: Rehearsal, port: int) -> AsyncIterator[None]:
    """Serve a rehearsal with its chat window, and take both down. Raises OperatorError where a port is taken."""
    runners = [
        web.AppRunner(app, access_log=None, shutdown_timeout=SECONDS_TO_SHUT_DOWN)
        for app in (rehearsal.app(), rehearsal.window.app())
    ]
    keeper: asyncio.Task[None] | None = None
    try:
        for offset, runner in enumerate(runners):
            await runner.setup()
            await _listen(runner, port + offset)
        await rehearsal.open()
        keeper = asyncio.create_task(rehearsal.keep_time())
        yield
    finally:
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await rehearsal.close()
        for runner in runners:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HERE, port).start()
    except OSError as error:
        raise OperatorError(
            f"Port {port} of this machine cannot be used ({os.strerror(error.errno or 0)}). "
            "The rehearsal needs two ports in a row: end what uses this one, or set REHEARSAL_PORT to another number."
        ) from error


async def _file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(FILES[request.path[1:]], headers={"Cache-Control": "no-store"})


async def _sent(request: web.Request, field: str) -> str:
    return str((await request.post())[field])

"""A small Discord over real sockets, with one server in it and a stopwatch on every answer.

Serves enough of REST API v10 and of the gateway (plain JSON, not compressed) for a bot to log in, build its rooms, edit
its cards and answer people. It checks no permissions and limits no rates: it is for load and crashes, not behaviour.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import WSMsgType, web

from benchmarks import payloads
from benchmarks.payloads import Json

HELLO, HEARTBEAT, HEARTBEAT_ANSWERED, IDENTIFY, EVENT = 10, 1, 11, 2, 0
HEARTBEAT_MS = 41_250
SUBCOMMAND, TEXT_OPTION = 1, 3
MESSAGE = 4
LATE = 3.0
LOBBY = "5001"


@dataclass(slots=True)
class Answer:
    """What a bot answered: Discord's kind (4 is a message), the message as it is now, and after how many seconds."""

    kind: int
    message: Json
    seconds: float

    @property
    def text(self) -> str:
        return str(self.message["content"])

    @property
    def is_late(self) -> bool:
        """Say whether Discord would have told the person that the interaction failed."""
        return self.seconds > LATE


@dataclass(slots=True)
class _Asked:
    """An interaction that was sent: when, and whoever waits for its answer."""

    at: float
    answered: asyncio.Future[Answer]


@dataclass
class SmallDiscord:
    """One server that one bot at a time connects to. `edits` are the moments each message was edited, in seconds."""

    messages: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    edits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    api: str = ""
    gateway: str = ""
    _roles: list[Json] = field(default_factory=list)
    _commands: list[Json] = field(default_factory=list)
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _socket: web.WebSocketResponse | None = None
    _events: int = 0
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        everyone = payloads.role(str(payloads.GUILD), "@everyone", payloads.ALL_PERMISSIONS)
        self._roles.append(everyone)
        self.channels[LOBBY] = payloads.channel(LOBBY, {"name": "lobby"})
        self._runner = web.AppRunner(self._application(), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api, self.gateway = f"http://{host}:{port}/api/v10", f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def command(self, path: str, **options: str) -> Answer:
        """Let the moderator run `/group name` with these options; return the first answer."""
        group, name = path.split()
        given = [{"name": key, "type": TEXT_OPTION, "value": value} for key, value in options.items()]
        found = next(command for command in self._commands if command["name"] == group)
        data = {
            "id": found["id"],
            "name": group,
            "type": 1,
            "options": [{"name": name, "type": SUBCOMMAND, "options": given}],
        }
        at = self.channels[LOBBY]
        return await self._ask(payloads.interaction(payloads.COMMAND, payloads.MODERATOR, at, data))

    async def click(self, user_id: int, message: Json, custom_id: str) -> Answer:
        """Let somebody click a button of a message; return the first answer."""
        data = {"custom_id": custom_id, "component_type": payloads.BUTTON, "id": 1}
        at = self.channels.get(message["channel_id"]) or self.channels[LOBBY]
        asked = payloads.interaction(payloads.CLICK, user_id, at, data)
        return await self._ask({**asked, "message": message})

    def with_button(self, prefix: str) -> tuple[Json, str] | None:
        """Return the first message with a button whose custom id begins with `prefix`, and that custom id."""
        found = ((message, button_in(message, prefix)) for message in self.messages.values())
        return next(((message, button) for message, button in found if button), None)

    async def _ask(self, interaction: Json) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[interaction["id"]] = _Asked(time.perf_counter(), answered)
        await self._tell("INTERACTION_CREATE", interaction)
        return await answered

    async def _tell(self, event: str, data: Json) -> None:
        if self._socket is not None and not self._socket.closed:
            self._events += 1
            with suppress(ConnectionResetError):  # the bot was killed: nobody will answer
                await self._socket.send_str(json.dumps({"op": EVENT, "t": event, "s": self._events, "d": data}))

    # The gateway.

    async def _serve_gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            said = frame.json()
            if said["op"] == HEARTBEAT:
                await socket.send_json({"op": HEARTBEAT_ANSWERED})
            elif said["op"] == IDENTIFY:
                self._socket = socket
                await self._welcome()
        if self._socket is socket:
            self._socket = None
            self.connected.clear()
        return socket

    async def _welcome(self) -> None:
        await self._tell(
            "READY",
            {
                "v": 10,
                "user": payloads.user(payloads.BOT),
                "session_id": payloads.snowflake(),
                "resume_gateway_url": self.gateway,
                "guilds": [{"id": str(payloads.GUILD), "unavailable": True}],
                "application": {"id": str(payloads.APPLICATION), "flags": 0},
            },
        )
        rooms = list(self.channels.values())
        threads = [room for room in rooms if room["type"] == payloads.PUBLIC_THREAD]
        channels = [room for room in rooms if room["type"] != payloads.PUBLIC_THREAD]
        await self._tell("GUILD_CREATE", payloads.guild(self._roles, channels, threads))
        self.connected.set()

    # REST.

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=64 << 20)
        served: list[tuple[str, str, Callable[[web.Request], Any]]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._me_as_application),
            ("PUT", "/applications/{application}/commands", self._keep_commands),
            ("POST", "/guilds/{guild}/roles", self._make_role),
            ("POST", "/guilds/{guild}/channels", self._make_channel),
            ("GET", "/channels/{channel}/messages", self._list_messages),
            ("POST", "/channels/{channel}/messages", self._post),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("POST", "/channels/{channel}/messages/{message}/threads", self._make_thread),
            ("POST", "/interactions/{interaction}/{token}/callback", self._take_answer),
            ("POST", "/webhooks/{application}/{token}", self._take_later_answer),
            ("PATCH", "/webhooks/{application}/{token}/messages/@original", self._take_later_answer),
        ]
        application.router.add_get("/gateway", self._serve_gateway)
        for method, path, handler in served:
            application.router.add_route(method, f"/api/v10{path}", handler)
        application.router.add_put("/api/v10/{anything:.*}", self._accept)
        return application

    async def _accept(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(payloads.user(payloads.BOT))

    async def _me_as_application(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "id": str(payloads.APPLICATION),
                "name": "bot",
                "description": "",
                "icon": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "",
                "flags": 0,
                "owner": payloads.user(payloads.MODERATOR),
                "team": None,
            },
        )

    async def _keep_commands(self, request: web.Request) -> web.Response:
        # Commands in a menu come without a description; Discord gives them an empty one.
        given = {"description": "", "application_id": str(payloads.APPLICATION), "version": "1"}
        self._commands = [{**given, **command, "id": payloads.snowflake()} for command in await request.json()]
        return _json(self._commands)

    async def _make_role(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        made = payloads.role(payloads.snowflake(), wanted["name"], wanted["permissions"])
        self._roles.append(made)
        await self._tell("GUILD_ROLE_CREATE", {"guild_id": str(payloads.GUILD), "role": made})
        return _json(made)

    async def _make_channel(self, request: web.Request) -> web.Response:
        made = payloads.channel(payloads.snowflake(), await request.json())
        self.channels[made["id"]] = made
        await self._tell("CHANNEL_CREATE", made)
        return _json(made)

    async def _make_thread(self, request: web.Request) -> web.Response:
        place = request.match_info
        made = payloads.thread(place["message"], place["channel"], (await request.json())["name"])
        self.channels[made["id"]] = made
        await self._tell("THREAD_CREATE", made)
        return _json(made)

    async def _list_messages(self, request: web.Request) -> web.Response:
        place = request.match_info["channel"]
        return _json([message for message in self.messages.values() if message["channel_id"] == place])

    async def _post(self, request: web.Request) -> web.Response:
        made = payloads.message(payloads.snowflake(), request.match_info["channel"], await _body(request))
        self.messages[made["id"]] = made
        return _json(made)

    async def _edit(self, request: web.Request) -> web.Response:
        place = request.match_info
        self.edits[place["message"]].append(time.monotonic())
        made = payloads.message(place["message"], place["channel"], await _body(request))
        self.messages[made["id"]] = made
        return _json(made)

    async def _take_answer(self, request: web.Request) -> web.Response:
        arrived = time.perf_counter()
        said = await _body(request)
        place = request.match_info
        asked = self._asked.pop(place["interaction"], None)
        if asked is None:
            return _json({"code": 40060, "message": "Interaction has already been acknowledged."}, status=400)
        shown = payloads.message(payloads.snowflake(), LOBBY, said.get("data") or {})
        answer = Answer(said["type"], shown, arrived - asked.at)
        self._answers[place["token"]] = answer
        if not asked.answered.done():
            asked.answered.set_result(answer)
        about = {"id": place["interaction"], "type": payloads.CLICK, "response_message_id": shown["id"]}
        return _json({"interaction": about, "resource": {"type": MESSAGE, "message": shown}})

    async def _take_later_answer(self, request: web.Request) -> web.Response:
        shown = payloads.message(payloads.snowflake(), LOBBY, await _body(request))
        self._answers[request.match_info["token"]].message = shown
        return _json(shown)


def button_in(message: Json, prefix: str) -> str | None:
    """Return the custom id of the first button in a message whose custom id begins with `prefix`."""
    ids = (str(component.get("custom_id", "")) for component in payloads.inside(message["components"]))
    return next((one for one in ids if one.startswith(prefix)), None)


async def _body(request: web.Request) -> Json:
    if request.content_type.startswith("multipart"):
        text = (await request.post())["payload_json"]
        body: Json = json.loads(str(text))
    else:
        body = await request.json()
    return body


def _json(data: Any, status: int = 200) -> web.Response:
    # discord.py reads a body only where the content type is this and names no charset.
    return web.Response(body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json"})

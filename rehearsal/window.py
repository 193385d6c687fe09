"""The chat window: SimCord's preview on a port of its own, so that the lobby can show it beside its list.

SimCord's page refuses to stand in another page; this passes it on with leave for the lobby alone, and with the
controls hidden that are for SimCord's own users. What a visitor does there goes on one at a time, in turn with what
the lobby does, because SimCord refuses two operations at once.
"""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, web

from rehearsal.guard import HERE, guard
from rehearsal.simulation import Simulation

STYLE = Path(__file__).with_name("window.css")
STYLED = "/preview.css"
LIVE = "/api/"
ACTION = f"{LIVE}action"
STATIC = "private, max-age=600"  # the page comes again with every channel that is opened; its scripts need not
PASSED_ON = ("Content-Type", "X-Simcord-Capability", "X-Simcord-Context")
PASSED_BACK = ("Content-Type", "Content-Disposition", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options")
LARGEST_UPLOAD = 32 * 1024**2


class Window:
    """Passes on what the browser asks of the preview that is open."""

    def __init__(self, port: int, lobby_port: int, turn: asyncio.Lock) -> None:
        self._port = port
        self._turn = turn
        self._policy = (
            "default-src 'self'; connect-src 'self' blob:; img-src 'self' blob:; media-src 'self' blob:; "
            "object-src 'none'; base-uri 'none'; "
            f"frame-ancestors http://{HERE}:{lobby_port} http://localhost:{lobby_port}"
        )
        self._client: ClientSession | None = None
        self.simulation: Simulation | None = None

    def app(self) -> web.Application:
        app = web.Application(middlewares=[guard(self._port)], client_max_size=LARGEST_UPLOAD)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    def address(self) -> str | None:
        """Return where the browser finds the preview that is open, None where none is."""
        preview = self.simulation.preview if self.simulation else None
        return f"http://{HERE}:{self._port}/#{urlsplit(preview.url).fragment}" if preview else None

    async def _start(self, _app: web.Application) -> None:
        self._client = ClientSession()

    async def _stop(self, _app: web.Application) -> None:
        if self._client is not None:
            await self._client.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        if request.path != ACTION:
            return await self._ask_preview(request)
        async with self._turn:
            if self.simulation is not None:
                # The bot tells a double tap by its time, which is to be that of the click and not of the last tick.
                await self.simulation.catch_up()
            response = await self._ask_preview(request)
            if self.simulation is not None:
                self.simulation.note_published()
            return response

    async def _ask_preview(self, request: web.Request) -> web.Response:
        preview = self.simulation.preview if self.simulation else None
        if preview is None or self._client is None:
            raise web.HTTPServiceUnavailable
        origin = preview.url.split("/#", maxsplit=1)[0]
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        try:
            async with self._client.request(
                request.method, origin + request.path_qs, headers=headers, data=await request.read()
            ) as answer:
                body = await answer.read()
                kept = {name: value for name, value in answer.headers.items() if _is_passed_back(name)}
                status = answer.status
        except ClientError as error:
            raise web.HTTPServiceUnavailable from error
        if request.path == STYLED:
            body += STYLE.read_bytes()
        if not request.path.startswith(LIVE):
            kept["Cache-Control"] = STATIC
        return web.Response(status=status, body=body, headers={**kept, "Content-Security-Policy": self._policy})


def _is_passed_back(name: str) -> bool:
    return name in PASSED_BACK or name.startswith(("X-Display-", "X-Media-", "X-Simcord-"))

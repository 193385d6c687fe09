"""Keeps other web pages away from the rehearsal: a browser on this machine shows those too.

A page elsewhere may point a name of its own at this machine (DNS rebinding), or post a form here. So a request must
name this machine as its host, and one that changes something must come from a page of the rehearsal itself.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HERE = "127.0.0.1"
NAMES = (HERE, "localhost")
SAFE_METHODS = frozenset({"GET", "HEAD"})
OWN_SITES = frozenset({"same-origin", "none"})


def guard(port: int) -> Middleware:
    """Return a middleware that answers 403 to what does not come from a page served on this port of this machine."""
    hosts = {f"{name}:{port}" for name in NAMES}
    origins = {f"http://{host}" for host in hosts}

    @web.middleware
    async def refuse_others(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host") not in hosts:
            raise web.HTTPForbidden
        if request.method not in SAFE_METHODS and not _is_own(request, origins):
            raise web.HTTPForbidden
        return await handler(request)

    return refuse_others


def _is_own(request: web.Request, origins: set[str]) -> bool:
    """Say whether the browser tells that the request comes from our own page; one that tells nothing is no browser."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    return (origin is None or origin in origins) and (site is None or site in OWN_SITES)

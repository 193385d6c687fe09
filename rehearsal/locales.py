"""Discord languages for simulated people: SimCord gives every interaction the locale en-US."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from simcord import interactions


@contextmanager
def speaking(locales: dict[int, str]) -> Iterator[None]:
    """Let each interaction carry the locale of the user who makes it, as `locales` has it by user id."""
    original: Callable[..., tuple[Any, dict[str, Any]]] = interactions.base_payload

    def base_payload(*args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        record, payload = original(*args, **kwargs)
        payload["locale"] = locales.get(kwargs["user_id"], payload["locale"])
        return record, payload

    interactions.base_payload = base_payload
    try:
        yield
    finally:
        interactions.base_payload = original

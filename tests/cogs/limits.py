"""Discord's limits on what a bot sends, checked on every request that a test made the bot send.

The simulated Discord refuses some of what the real one refuses; this names all of it, and in one place.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from discord import ComponentType
from simcord import HttpLogEntry

CONTENT = 2_000
LAYOUT_TEXT = 4_000
COMPONENTS = 40
MODAL_ROWS = 5
OPTIONS = 25
CHOICES = 25
GROUP_OPTIONS = 10
# The longest value of each field, by the type of component it stands in.
FIELDS: dict[ComponentType, dict[str, int]] = {
    ComponentType.button: {"label": 80, "custom_id": 100, "url": 512},
    ComponentType.select: {"placeholder": 150, "custom_id": 100},
    ComponentType.text_input: {"placeholder": 100, "custom_id": 100, "value": 4_000},
    ComponentType.label: {"label": 45, "description": 100},
    ComponentType.radio_group: {"custom_id": 100},
    ComponentType.checkbox_group: {"custom_id": 100},
}
MOST_OPTIONS = {
    ComponentType.select: OPTIONS,
    ComponentType.radio_group: GROUP_OPTIONS,
    ComponentType.checkbox_group: GROUP_OPTIONS,
}
OPTION = {"label": 100, "value": 100, "description": 100}
ALTERNATIVE = 1_024
NAME = 100
TOPIC = 1_024
MODAL = {"title": 45, "custom_id": 100}


def breaches(requests: Iterable[HttpLogEntry]) -> list[str]:
    """Return what Discord would refuse in these requests, each with the request it stands in."""
    return [
        f"{request.method} {request.path}: {breach}"
        for request in requests
        if isinstance(request.json, dict)
        for breach in _breaches(request.json)
    ]


def _breaches(body: dict[str, Any]) -> Iterator[str]:
    data = body["data"] if isinstance(body.get("data"), dict) else body
    components = list(walk(data.get("components") or ()))
    yield from _too_long(data, {"content": CONTENT, "name": NAME, "topic": TOPIC})
    if "title" in data:
        yield from _too_long(data, MODAL)
        yield from _too_many("rows of a form", len(data["components"]), MODAL_ROWS)
    else:
        yield from _too_many("components", len(components), COMPONENTS)
        yield from _too_many("characters", sum(len(c["content"]) for c in components if _is_text(c)), LAYOUT_TEXT)
    if any(_is_text(component) and not component["content"].strip() for component in components):
        yield "an empty text"
    for component in components:
        yield from _component(component)
    for attachment in data.get("attachments") or ():
        yield from _too_long(attachment, {"description": ALTERNATIVE})
    yield from _too_many("choices", len(data.get("choices") or ()), CHOICES)
    for choice in data.get("choices") or ():
        yield from _too_long(choice, {"name": NAME, "value": NAME})


def _component(component: dict[str, Any]) -> Iterator[str]:
    kind = ComponentType(component["type"])
    yield from _too_long(component, FIELDS.get(kind, {}))
    options = component.get("options") or ()
    yield from _too_many("options", len(options), MOST_OPTIONS.get(kind, 0))
    for option in options:
        yield from _too_long(option, OPTION)
    for item in component.get("items") or ():
        yield from _too_long(item, {"description": ALTERNATIVE})


def walk(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return every component in these, however deep it stands."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        yield from walk([component[one] for one in ("component", "accessory") if component.get(one)])


def _is_text(component: dict[str, Any]) -> bool:
    return bool(component["type"] == ComponentType.text_display.value)


def _too_long(holder: dict[str, Any], limits: dict[str, int]) -> Iterator[str]:
    for name, most in limits.items():
        yield from _too_many(f"characters of {name}", len(holder.get(name) or ""), most)


def _too_many(what: str, number: int, most: int) -> Iterator[str]:
    if number > most:
        yield f"{number} {what}, {most} at most"

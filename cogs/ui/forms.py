"""Forms: Discord's modals, built from a few kinds of field, and what people filled in.

A form's custom id carries its handler, what it is about and the interaction that opened it, so that the router finds
the handler after a restart and two people can fill in the same form at once. The last argument a handler gets is
therefore the opening interaction's id, which also tells one submission from another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from cogs.ui.layout import Piece, custom_id, shortened
from models.errors import ConsultationError

TITLE_LENGTH = 45
LABEL_LENGTH = 45
HINT_LENGTH = 100
TEXT_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen."""

    value: str
    label: str
    hint: str | None = None
    chosen: bool = False


def form(
    title: str, interaction: discord.Interaction[Any], name: str, *arguments: object, fields: Iterable[Piece]
) -> ui.Modal:
    """Return a form whose submission runs the handler `name` with these arguments and the opening interaction's id."""
    modal = ui.Modal(
        title=shortened(title, TITLE_LENGTH),
        custom_id=custom_id(name, *arguments, interaction.id),
        timeout=None,
    )
    for field in fields:
        modal.add_item(field)
    modal.stop()  # not kept: the router serves it
    return modal


def written(
    field: str, label: str, hint: str, *, required: bool = True, length: int = TEXT_LENGTH, filled: str | None = None
) -> Piece:
    """Return a field for a text of up to `length` characters; `filled` stands in it already."""
    entry: ui.TextInput[Any] = ui.TextInput(
        custom_id=field,
        style=discord.TextStyle.paragraph,
        required=required,
        max_length=length,
        default=filled and filled[:length],
    )
    return _labelled(label, hint, entry)


def one_of(field: str, label: str, hint: str, options: Sequence[Option]) -> Piece:
    """Return a field in which one of up to ten options must be chosen."""
    group: ui.RadioGroup[Any] = ui.RadioGroup(custom_id=field, required=True)
    for option in options:
        group.add_option(
            value=option.value,
            label=shortened(option.label, HINT_LENGTH),
            description=option.hint and shortened(option.hint, HINT_LENGTH),
            default=option.chosen,
        )
    return _labelled(label, hint, group)


def any_of(field: str, label: str, hint: str, options: Sequence[Option]) -> Piece:
    """Return a field in which any of up to ten options may be chosen."""
    group: ui.CheckboxGroup[Any] = ui.CheckboxGroup(
        custom_id=field, required=False, min_values=0, max_values=len(options)
    )
    for option in options:
        group.add_option(value=option.value, label=shortened(option.label, HINT_LENGTH), default=option.chosen)
    return _labelled(label, hint, group)


def some_of(field: str, label: str, hint: str, options: Sequence[Option]) -> Piece:
    """Return a menu in which any of up to 25 options may be chosen."""
    menu: ui.Select[Any] = ui.Select(custom_id=field, required=False, min_values=0, max_values=len(options))
    for option in options:
        menu.add_option(value=option.value, label=shortened(option.label, HINT_LENGTH), default=option.chosen)
    return _labelled(label, hint, menu)


def _labelled(label: str, hint: str, component: Piece) -> Piece:
    return ui.Label(text=shortened(label, LABEL_LENGTH), description=shortened(hint, HINT_LENGTH), component=component)


class FilledIn(dict[str, Any]):
    """What was filled in by field; a field that no form of ours leaves out was left out by something made up."""

    def __missing__(self, field: str) -> Any:
        raise ConsultationError("error.leads_nowhere")


def filled_in(interaction: discord.Interaction[Any]) -> FilledIn:
    """Return what was filled in by field: a text, a chosen value (None for none) or a list of chosen values."""
    return FilledIn({field["custom_id"]: field.get("values", field.get("value")) for field in _fields(interaction)})


def written_texts(interaction: discord.Interaction[Any]) -> list[str]:
    """Return the texts somebody typed into the form they submitted; none for other interactions."""
    return [
        field["value"]
        for field in _fields(interaction)
        if field.get("type") == discord.ComponentType.text_input.value and (field.get("value") or "").strip()
    ]


def _fields(interaction: discord.Interaction[Any]) -> Iterator[dict[str, Any]]:
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    data: dict[str, Any] = dict(interaction.data or {})
    for row in data.get("components", []):
        inner = row.get("component")
        yield from [inner] if inner else row.get("components", [])

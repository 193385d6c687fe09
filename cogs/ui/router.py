"""How a click or a submitted form finds its handler, before and after a restart.

A custom id says everything: the handler's name and its arguments, `vote:support:17`. No view is kept in memory, so a
button works as long as its message stands, a form that was open during a restart is not lost, and two people can have
the same form open. Views are therefore sent stopped (`layout.sent_once`): discord.py would keep each one for ever.

A handler's annotations say what its arguments are: `str`, `int` (none below 0), an enumeration, whatever else pydantic
reads from a text. An id with other arguments was sent by an earlier version, or made up: it leads nowhere, and no
handler sees it.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from pydantic import TypeAdapter

from cogs.ui.layout import SEPARATOR
from cogs.ui.replies import tell_error
from models.errors import ConsultationError

_NAME = "__component_name__"

_LARGEST = 2**63 - 1  # what a database takes
_MOST_DIGITS = 19

Handler = Callable[..., Awaitable[None]]
_Method = TypeVar("_Method", bound=Handler)


def component(name: str) -> Callable[[_Method], _Method]:
    """Mark a cog's method as the handler of components and forms whose custom id begins with `name`."""

    def mark(method: _Method) -> _Method:
        setattr(method, _NAME, name)
        return method

    return mark


@dataclass(frozen=True, slots=True)
class _Served:
    """A handler and how its arguments are read, in their order; those from `required` on may be left out."""

    handle: Handler
    readers: Sequence[Callable[[str], Any]]
    required: int
    rest: Callable[[str], Any] | None

    def read(self, arguments: Sequence[str]) -> list[Any]:
        """Return a custom id's arguments as the handler takes them. Raises ConsultationError where it takes others."""
        more = len(arguments) - len(self.readers)
        if len(arguments) < self.required or (more > 0 and self.rest is None):
            raise ConsultationError("error.leads_nowhere")
        readers = [*self.readers, *[self.rest or str] * more][: len(arguments)]
        try:
            return [reader(argument) for reader, argument in zip(readers, arguments, strict=True)]
        except ValueError:
            # Its text would bring what was made up into the log.
            raise ConsultationError("error.leads_nowhere") from None


class Router:
    """Keeps the handlers by name and runs one for each click and each submitted form."""

    def __init__(self) -> None:
        self._handlers: dict[str, _Served] = {}

    def add(self, owner: object) -> None:
        """Take in every method of `owner` that is marked with `component`."""
        for _, method in inspect.getmembers(owner, inspect.ismethod):
            if name := getattr(method, _NAME, None):
                self._handlers[name] = _served(method)

    async def dispatch(self, interaction: discord.Interaction[Any]) -> None:
        """Run the handler that the interaction's custom id names; whatever it raises, the person is told."""
        if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        name, *arguments = data["custom_id"].split(SEPARATOR)
        served = self._handlers.get(name, _NOWHERE)
        try:
            await served.handle(interaction, *served.read(arguments))
        except Exception as error:  # noqa: BLE001 - the last one who can tell the person
            await tell_error(interaction, error)


async def _leads_nowhere(_interaction: discord.Interaction[Any], *_arguments: str) -> None:
    """Answer a component that an earlier version of the bot sent and nothing handles any more."""
    raise ConsultationError("error.leads_nowhere")


def _served(handler: Handler) -> _Served:
    _, *parameters = inspect.signature(handler).parameters.values()
    named = [one for one in parameters if one.kind is not inspect.Parameter.VAR_POSITIONAL]
    rest = [_reader(one.annotation) for one in parameters if one.kind is inspect.Parameter.VAR_POSITIONAL]
    return _Served(
        handler,
        [_reader(one.annotation) for one in named],
        sum(one.default is inspect.Parameter.empty for one in named),
        next(iter(rest), None),
    )


def _reader(kind: Any) -> Callable[[str], Any]:
    """Return what reads an argument of this kind, and raises ValueError for any other."""
    return str if kind is str else _whole_number if kind in {int, int | None} else TypeAdapter(kind).validate_python


def _whole_number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS and int(written) <= _LARGEST):
        raise ValueError("not a number that a database takes")
    return int(written)


_NOWHERE = _served(_leads_nowhere)

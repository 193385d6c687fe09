"""How a click or a submitted form finds its handler, before and after a restart.

A custom id says everything: the handler's name and its arguments, `vote:support:17`. No view is kept in memory, so a
button works as long as its message stands, a form that was open during a restart is not lost, and two people can have
the same form open. Views are therefore sent stopped (`layout.sent_once`): discord.py would keep each one for ever.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord

from cogs.ui.layout import SEPARATOR
from cogs.ui.replies import tell_error
from models.errors import ConsultationError

_NAME = "__component_name__"

Handler = Callable[..., Awaitable[None]]
_Method = TypeVar("_Method", bound=Handler)


def component(name: str) -> Callable[[_Method], _Method]:
    """Mark a cog's method as the handler of components and forms whose custom id begins with `name`."""

    def mark(method: _Method) -> _Method:
        setattr(method, _NAME, name)
        return method

    return mark


class Router:
    """Keeps the handlers by name and runs one for each click and each submitted form."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, owner: object) -> None:
        """Take in every method of `owner` that is marked with `component`."""
        for _, method in inspect.getmembers(owner, inspect.ismethod):
            if name := getattr(method, _NAME, None):
                self._handlers[name] = method

    async def dispatch(self, interaction: discord.Interaction[Any]) -> None:
        """Run the handler that the interaction's custom id names; whatever it raises, the person is told."""
        if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        name, *arguments = data["custom_id"].split(SEPARATOR)
        try:
            handler: Handler = self._handlers.get(name, _leads_nowhere)
            await handler(interaction, *arguments)
        except Exception as error:  # noqa: BLE001 - the last one who can tell the person
            await tell_error(interaction, error)


async def _leads_nowhere(_interaction: discord.Interaction[Any], *_arguments: str) -> None:
    """Answer a component that an earlier version of the bot sent and nothing handles any more."""
    raise ConsultationError("error.leads_nowhere")

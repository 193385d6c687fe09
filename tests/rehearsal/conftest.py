"""A rehearsal that is on, as a visitor's browser meets it."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from content.catalogue import Catalogue
from rehearsal.guard import HERE
from rehearsal.lobby import Rehearsal, serving
from rehearsal.scene import Command, Join, Scene, Write, load_scene
from rehearsal.simulation import Simulation

SOON = "unlock-health-data"


@dataclass(frozen=True)
class Visit:
    """The rehearsal and a client that speaks to its lobby as a browser does."""

    rehearsal: Rehearsal
    client: ClientSession
    port: int

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.port}"

    @property
    def simulation(self) -> Simulation:
        return self.rehearsal.simulation

    async def page(self) -> str:
        async with self.client.get(self.address) as answer:
            assert answer.status == 200
            return await answer.text()

    async def press(self, path: str, **fields: Any) -> str:
        """Send one of the page's forms, and return the page it leads to."""
        headers = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        async with self.client.post(self.address + path, data=fields, headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()

    def channel_id(self, name: str) -> int:
        return self.simulation.server.guild.channels[name].id

    def thread_id(self, group: str, name: str) -> int:
        channel = self.simulation.server.guild.channels[group]
        return next(thread.id for thread in channel.threads if thread.name == name)


@pytest.fixture
def two_ports() -> int:
    """Return a port that is free, as the next one is."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind((HERE, 0))
            port: int = first.getsockname()[1]
            try:
                second.bind((HERE, port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture
def short_scene() -> Scene:
    """Return the scene's server and people, and so little of what they did that it is soon done."""
    whole = load_scene()
    steps = [
        *(step for step in whole.steps if isinstance(step, Command) and step.command.startswith("consultation")),
        Join(does="join", who=("anna", "chloe")),
        *(
            Command(does="command", who="mona", command="poll open", options=options, press="Open the vote")
            for options in ({"recommendation": SOON, "closes": "3 days"}, {"recommendation": "growth-capital"})
        ),
        Write(does="write", who="anna", thread=SOON, text="Common formats first."),
    ]
    return whole.model_copy(update={"steps": tuple(steps)})


@pytest.fixture
async def visit(catalogue: Catalogue, short_scene: Scene, two_ports: int) -> AsyncIterator[Visit]:
    rehearsal = Rehearsal(catalogue, two_ports, short_scene)
    async with serving(rehearsal, two_ports), ClientSession() as client:
        yield Visit(rehearsal, client, two_ports)

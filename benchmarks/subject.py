"""A bot's real process under test: started against a small Discord, timed by the kernel, stopped or killed."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.small_discord import SmallDiscord

HERE = Path(__file__).parent
BOT, FLOOR = HERE.parent / "bot.py", HERE / "floor_bot.py"
LONGEST_WAIT = 60.0  # seconds
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Subject:
    """One running bot and the Discord it is connected to."""

    discord: SmallDiscord
    process: asyncio.subprocess.Process

    def processor_seconds(self) -> float:
        """Return the processor time that all threads of the process have used. Linux only."""
        # The kernel's clock of a process, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    async def stop(self) -> None:
        """End the process as an operator does, where it still runs."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()

    async def kill(self) -> None:
        """End the process as a power cut does."""
        self.process.kill()
        await self.process.wait()


async def start(discord: SmallDiscord, program: Path, settings: Mapping[str, str]) -> Subject:
    """Run a program with these settings in its environment and return once it is connected.

    Raises RuntimeError where it ends before that, TimeoutError where it does not connect within a minute.
    """
    environment = {**os.environ, "DISCORD_TOKEN": "an.invented.token", **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, HERE / "launch.py", discord.api, discord.gateway, program, env=environment
    )
    subject = Subject(discord, process)
    try:
        await until(lambda: discord.connected.is_set() or process.returncode is not None or None)
    except TimeoutError:
        await subject.kill()
        raise
    if process.returncode is not None:
        raise RuntimeError(f"{program.name} ended with status {process.returncode} instead of connecting")
    return subject


async def until(find: Callable[[], _Found | None]) -> _Found:
    """Look again and again until something is found. Raises TimeoutError where it never is."""
    async with asyncio.timeout(LONGEST_WAIT):
        while not (found := find()):  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.01)
    return found

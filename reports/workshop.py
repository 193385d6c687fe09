"""Long work in a process of its own, so that the bot answers people meanwhile as if nothing were going on.

The process is started for one piece of work, with what it needs handed over by pickle, and ends with it. It runs where
nobody else wants the processor. It sees neither the store nor the key.
"""

import asyncio
import contextlib
import gc
import os
import pickle
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

ROOT = Path(__file__).parent.parent
NICENESS = 19  # the bot, at 0, gets some seventy times as much of a processor that both want

T = TypeVar("T")


class Workshop(Protocol):
    """Something that does work elsewhere: `apart` in a process; tests do it in a thread."""

    def __call__(self, work: Callable[..., T], /, *given: Any) -> Coroutine[Any, Any, T]: ...


class WorkshopError(Exception):
    """The work failed over there; the text is the traceback."""


async def apart(work: Callable[..., T], *given: Any) -> T:
    """Return what a function of a module gives, called in a process of its own; all of it must be picklable.

    Raises WorkshopError where it fails. Whoever stops waiting stops the work.
    """
    handed_over = await asyncio.to_thread(pickle.dumps, (work, given))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        made, complaint = await process.communicate(handed_over)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise WorkshopError(complaint.decode(errors="replace"))
    return cast("T", await asyncio.to_thread(pickle.loads, made))


def _step_back() -> None:
    """Let whoever else runs on this machine go first."""
    with contextlib.suppress(AttributeError, OSError):  # Linux alone has it, and not in every container
        # The bot then takes the processor in the moment in which it wants it.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        return
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)


def main() -> None:
    """Do the one piece of work that comes in, and write what it gives."""
    _step_back()
    gc.disable()  # the process ends before garbage could fill it
    out = sys.stdout.buffer
    with contextlib.redirect_stdout(sys.stderr):  # whatever a library prints is no part of what was made
        work, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - handed over by the process that started this one
        made = pickle.dumps(work(*given))
    out.write(made)


if __name__ == "__main__":
    main()

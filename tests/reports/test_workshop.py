"""Work in a process of its own: what comes back, what is told of a failure, and that nobody is left behind."""

import asyncio
import json
import os
import pickle
import subprocess
import sys
import time
from typing import Any
from unittest.mock import Mock

import pytest

from content.phrases import Phrases
from reports import workshop
from reports.workshop import WorkshopError, apart


async def test_what_a_function_gives_comes_back_from_another_process() -> None:
    assert await apart(str.encode, "Grüße ✅") == "Grüße ✅".encode()


async def test_a_failure_over_there_is_told_with_where_it_happened() -> None:
    with pytest.raises(WorkshopError, match="JSONDecodeError"):
        await apart(json.loads, "no json")


async def test_what_a_library_prints_is_no_part_of_what_was_made() -> None:
    assert await apart(print, "loud words") is None  # type: ignore[func-returns-value]  # that is what comes back


STEP_BACK = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"


@pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", STEP_BACK], capture_output=True, check=False).returncode != 0,  # noqa: S603 - its own
    reason="only Linux knows work that waits for an idle processor",
)
async def test_the_work_waits_for_a_processor_that_nobody_wants() -> None:
    assert await apart(os.sched_getscheduler, 0) == os.SCHED_IDLE


def test_the_work_is_of_low_priority_where_it_cannot_wait_so(monkeypatch: pytest.MonkeyPatch) -> None:
    became = Mock()
    monkeypatch.setattr(os, "sched_setscheduler", Mock(side_effect=OSError), raising=False)
    monkeypatch.setattr(os, "nice", became, raising=False)
    workshop._step_back()
    became.assert_called_once_with(workshop.NICENESS)


async def test_whoever_stops_waiting_stops_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    started: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    start = asyncio.create_subprocess_exec

    async def noted(*command: Any, **settings: Any) -> asyncio.subprocess.Process:
        process = await start(*command, **settings)
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    work = asyncio.ensure_future(apart(time.sleep, 60))
    process = await started.get()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert process.returncode is not None


def test_phrases_can_be_handed_over() -> None:
    handed_over = pickle.loads(pickle.dumps(Phrases.load()))  # noqa: S301 - its own
    assert handed_over.text("position.support", "de") == Phrases.load().text("position.support", "de")

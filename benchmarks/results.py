"""How long the result of a poll with 100,000 ballots takes, and whether people wait for it meanwhile.

The count's floor is the same GROUP BY by the plain driver. Whether the bot's event loop stood still is seen from
outside: somebody clicks a button that needs no store, again and again, on the bot and on the floor at the same time.
Of rankings and of reasons it is measured here, in this process; the floor is a loop beside a thread that is as busy.
"""

import asyncio
import gc
import hashlib
import itertools
import os
import random
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from benchmarks.figures import Figure
from benchmarks.payloads import Json
from benchmarks.small_discord import SmallDiscord
from benchmarks.subject import FLOOR, Subject, start, until
from benchmarks.town import FIRST_PERSON, RECOMMENDATIONS, SEGMENTS, OpenPoll, Town, open_the_store, town
from models import ballot_paper, polls, results
from models.records import POSITIONS, BallotPaper, Poll, PollKind, Position, Quotation, Wording
from models.store import Store, UnitOfWork
from models.tables import BallotRow

BALLOTS = 100_000
COUNTS = 30
POLLS = 3
COUNT_WANTED = 2.0
COUNT_MS_WANTED = 20.0
ROUNDS = 5
ITERATIONS = 100_000
REASONS = 30_000
REASON = "Because of this and that, as often as it takes. " * 3
LONGEST_STANDSTILL = 0.05  # seconds
BUTTON = "languages"  # answered without a look into the store

RANKINGS = BallotPaper(
    PollKind.PRIORITIES, ballot_paper.options([{"en": f"Option {number}"} for number in range(25)]), 5
)

GROUP_BY = "SELECT segment, answer, count(*) FROM ballots WHERE poll_id = ? GROUP BY segment, answer"


async def measure(folder: Path) -> list[Figure]:
    """Return how long a large result takes to count, and how long it keeps others waiting."""
    async with town(folder, ()) as voting, SmallDiscord() as beside:
        floor = await start(beside, FLOOR, {})
        try:
            standstills = []
            for recommendation in RECOMMENDATIONS[:POLLS]:
                poll = await voting.open_poll(recommendation)
                await _fill(folder, poll)
                standstills.append(await _standstill(voting, floor, poll, recommendation))
        finally:
            await floor.stop()
        return [await _count(voting, poll, recommendation), _waiting(standstills), *await _apart(folder)]


async def _fill(folder: Path, poll: OpenPoll) -> None:
    """Put ballots into a poll's box, past the bot."""
    async with open_the_store(folder) as store, store.write() as session:
        await _put(session, poll.id, itertools.cycle(Position))


async def _put(session: UnitOfWork, poll_id: int, answers: Iterator[str], reasons: int = 0) -> None:
    """Put 100,000 ballots into a poll's box, so many of them with a reason."""
    common = {"poll_id": poll_id, "cast_at": datetime.now(UTC)}
    rows = [
        {
            **common,
            "seal": os.urandom(24),
            "segment": SEGMENTS[number // len(Position) % len(SEGMENTS)],
            "answer": answer,
            "reason": REASON if number < reasons else None,
            "quotation": Quotation.WITH_SEGMENT if number < reasons else Quotation.NOT,
        }
        for number, answer in enumerate(itertools.islice(answers, BALLOTS))
    ]
    await (await session.connection()).execute(insert(BallotRow), rows)


async def _count(voting: Town, poll: OpenPoll, recommendation: str) -> Figure:
    """Count a result as the bot does and by the plain driver, in turns."""
    ours, plain = [], []
    async with open_the_store(voting.folder) as store:
        async with store.read() as session:
            found = await polls.latest_poll_on(session, 1, recommendation)
        assert found is not None  # noqa: S101 - it was opened before
        ended = replace(found, ended_at=store.now())
        with sqlite3.connect(voting.folder / "data" / "consultation.db") as connection:
            for _ in range(COUNTS):
                store.memory.results.clear()
                began = time.perf_counter()
                async with store.read() as session:
                    result = await polls.result(session, ended)
                between = time.perf_counter()
                rows = connection.execute(GROUP_BY, (poll.id,)).fetchall()
                ours.append(between - began)
                plain.append(time.perf_counter() - between)
    bot, floor = (statistics.median(times) * 1_000 for times in (ours, plain))
    ratio = min(ours) / min(plain)
    counted = result.total.ballots == BALLOTS == sum(number for *_, number in rows)
    return Figure(
        "result of 100,000 ballots counted",
        f"{bot:.1f} ms, {ratio:.2f} x floor at best",
        f"{floor:.1f} ms",
        f"<= {COUNT_MS_WANTED:.0f} ms, {COUNT_WANTED:.1f} x",
        counted and bot <= COUNT_MS_WANTED and ratio <= COUNT_WANTED,
    )


async def _standstill(voting: Town, floor: Subject, poll: OpenPoll, recommendation: str) -> tuple[float, float]:
    """End a poll; return the slowest answers of bot and floor, in seconds, until its result stands in its thread."""
    found = voting.discord.with_button(BUTTON)
    assert found is not None  # noqa: S101 - it stands on the start card
    message, button = found
    done = asyncio.Event()
    clicking = [asyncio.create_task(_click_on(one, message, button, done)) for one in (voting.discord, floor.discord)]
    await voting.discord.command("poll close", vote=recommendation, reason="It has been measured.")
    await until(_posted_in(voting, poll.card))
    done.set()
    bot, bare = await asyncio.gather(*clicking)
    return bot, bare


async def _click_on(discord: SmallDiscord, message: Json, button: str, done: asyncio.Event) -> float:
    """Click a button again and again; return the slowest answer in seconds."""
    slowest = 0.0
    while not done.is_set():
        slowest = max(slowest, (await discord.click(FIRST_PERSON, message, button)).seconds)
    return slowest


def _posted_in(voting: Town, thread: str) -> Callable[[], bool | None]:
    # A thread that was started from a message has that message's id.
    return lambda: any(one["channel_id"] == thread for one in voting.discord.messages.values()) or None


def _waiting(standstills: list[tuple[float, float]]) -> Figure:
    bot, floor = sorted(standstills, key=lambda pair: pair[0] - pair[1])[len(standstills) // 2]
    return Figure(
        "slowest answer while that result is posted",
        f"{bot * 1_000:.0f} ms",
        f"{floor * 1_000:.0f} ms",
        f"<= floor + {LONGEST_STANDSTILL * 1_000:.0f} ms",
        bot - floor <= LONGEST_STANDSTILL,
    )


async def _apart(folder: Path) -> list[Figure]:
    """Return how long the loop stands still for 100,000 rankings, and for 30,000 reasons among as many ballots."""
    async with open_the_store(folder) as store:
        rankings = await _ended(store, RANKINGS, _rankings())
        positions = await _ended(store, POSITIONS, itertools.cycle(Position), REASONS)

        gc.collect()
        gc.freeze()  # as the bot does with what it has read at its start

        async def count() -> None:
            store.memory.results.clear()
            async with store.read() as session:
                await polls.result(session, rankings)

        async def read() -> None:
            async with store.read() as session:
                await results.quotes(session, positions)

        return [
            await _loop_stands_still("counting 100,000 rankings of 5 in 25", count),
            await _loop_stands_still("reading 30,000 reasons", read),
        ]


async def _ended(store: Store, paper: BallotPaper, answers: Iterator[str], reasons: int = 0) -> Poll:
    """Return a poll that has ended with 100,000 ballots."""
    [consultation] = store.memory.consultations.values()
    wording = {"en": Wording("A question", "")}
    async with store.write() as session:
        poll = await polls.open_poll(session, consultation, None, "training", wording, None, paper=paper)
        await _put(session, poll.id, answers, reasons)
        return await polls.end(session, poll.id, "It has been filled.")


def _rankings() -> Iterator[str]:
    chance = random.Random(1)  # noqa: S311 - nothing is secret here
    while True:
        yield "".join(chance.sample(RANKINGS.keys, RANKINGS.most_choices))


async def _loop_stands_still(what: str, deed: Callable[[], Awaitable[None]]) -> Figure:
    standstills, floors, took = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        standstills.append(await _longest_standstill(deed))
        took.append(time.perf_counter() - began)
        floors.append(await _longest_standstill(partial(asyncio.to_thread, _keep_busy, took[-1])))
    bot, floor = statistics.median(standstills), statistics.median(floors)
    return Figure(
        f"longest standstill of the loop, {what}",
        f"{bot * 1_000:.0f} ms of {statistics.median(took) * 1_000:.0f} ms",
        f"{floor * 1_000:.0f} ms",
        f"<= floor + {LONGEST_STANDSTILL * 1_000:.0f} ms",
        bot - floor <= LONGEST_STANDSTILL,
    )


def _keep_busy(seconds: float) -> None:
    """Use a processor for so long, as the store does, without holding Python up."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        hashlib.pbkdf2_hmac("sha256", b"", b"", ITERATIONS)


async def _longest_standstill(deed: Callable[[], Awaitable[None]]) -> float:
    """Do something; return how long the loop served nobody else meanwhile, at the worst, in seconds."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    watching = asyncio.create_task(watch())
    await deed()
    watching.cancel()
    return longest

"""How long the result of a poll with 100,000 ballots takes, and whether people wait for it meanwhile.

The count's floor is the same GROUP BY by the plain driver. Whether the bot's event loop stood still is seen from
outside: somebody clicks a button that needs no store, again and again, on the bot and on the floor at the same time.
"""

import asyncio
import itertools
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from benchmarks.figures import Figure
from benchmarks.payloads import Json
from benchmarks.small_discord import SmallDiscord
from benchmarks.subject import FLOOR, Subject, start, until
from benchmarks.town import FIRST_PERSON, RECOMMENDATIONS, SEGMENTS, OpenPoll, Town, open_the_store, town
from models import polls
from models.records import Position, Quotation
from models.tables import BallotRow

BALLOTS = 100_000
COUNTS = 30
POLLS = 3
COUNT_WANTED = 2.0
LONGEST_STANDSTILL = 0.05  # seconds
BUTTON = "languages"  # answered without a look into the store

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
        return [await _count(voting, poll, recommendation), _waiting(standstills)]


async def _fill(folder: Path, poll: OpenPoll) -> None:
    """Put ballots into a poll's box, past the bot."""
    kinds = itertools.cycle(itertools.product(SEGMENTS, Position))
    common = {"poll_id": poll.id, "quotation": Quotation.NOT.value, "cast_at": datetime.now(UTC)}
    rows = [
        {**common, "seal": os.urandom(24), "segment": segment, "answer": position.value}
        for segment, position in itertools.islice(kinds, BALLOTS)
    ]
    async with open_the_store(folder) as store, store.write() as session:
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
                began = time.perf_counter()
                async with store.read() as session:
                    result = await polls.result(session, ended)
                between = time.perf_counter()
                rows = connection.execute(GROUP_BY, (poll.id,)).fetchall()
                ours.append(between - began)
                plain.append(time.perf_counter() - between)
    bot, floor = min(ours) * 1_000, min(plain) * 1_000
    counted = result.total.ballots == BALLOTS == sum(number for *_, number in rows)
    return Figure(
        "result of 100,000 ballots counted",
        f"{bot / floor:.2f} x floor, {bot:.1f} ms",
        f"{floor:.1f} ms",
        f"<= {COUNT_WANTED:.1f} x",
        counted and bot / floor <= COUNT_WANTED,
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

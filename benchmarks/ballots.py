"""What a ballot costs the bot's process, and how long people wait when a whole town hall clicks at once.

The floor answers clicks on the same card, so that both are shown the same JSON; they take turns, so that what else the
machine does meets both.
"""

import asyncio
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.small_discord import MESSAGE, Answer, SmallDiscord
from benchmarks.subject import FLOOR, Subject, start
from benchmarks.town import FIRST_PERSON, RECOMMENDATIONS, WITHOUT_REASON, OpenPoll, Town, town

AT_ONCE = 200
TOWN_HALL = range(FIRST_PERSON, FIRST_PERSON + 3_000)
REGULARS = TOWN_HALL[:1_000]
ROUNDS, QUICK_ROUNDS = 9, 3
COST_WANTED = 1.6
FLOOR_SLOW, BOT_SLOW = 1.5, 3.0  # seconds: the floor's slowest answer that excuses the bot's
SECONDS_BETWEEN_EDITS = 9.9

Click = Callable[[int], Awaitable[Answer]]


async def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Return what a ballot costs, and how a town hall of 3,000 fares."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    async with town(folder, TOWN_HALL) as voting, SmallDiscord() as beside:
        floor = await start(beside, FLOOR, {})
        try:
            cost = await _cost_of_a_ballot(voting, floor, rounds)
            rush = [await _town_hall(voting, floor, recommendation) for recommendation in RECOMMENDATIONS[1:4]]
        finally:
            await floor.stop()
        return [*cost, *_rush_figures(rush), _card_edits(voting.discord)]


async def _cost_of_a_ballot(voting: Town, floor: Subject, rounds: int) -> list[Figure]:
    poll = await voting.open_poll(RECOMMENDATIONS[0])
    answers: list[Answer] = []
    costs = []
    for number in range(rounds + 1):  # the first warms both up and does not count
        bot_cost, given = await _processor_ms(voting.bot, REGULARS, _voter(voting, poll, number))
        floor_cost, _ = await _processor_ms(floor, REGULARS, _clicker(floor, voting, poll))
        answers += given
        costs.append((bot_cost, floor_cost))
    ratios = [bot / bare for bot, bare in costs[1:]]
    ratio = statistics.median(ratios)
    bot_cost, floor_cost = (statistics.median(column) for column in zip(*costs[1:], strict=True))
    at_once = sum(answer.kind == MESSAGE for answer in answers)
    ((stored,),) = voting.rows("SELECT count(*) FROM ballot_changes WHERE poll_id = ?", poll.id)
    cast = len(REGULARS) * (rounds + 1)
    return [
        Figure(
            "processor time a ballot, 200 at once",
            f"{ratio:.2f} x floor ({min(ratios):.2f}-{max(ratios):.2f}), {bot_cost:.2f} ms",
            f"{floor_cost:.2f} ms",
            f"<= {COST_WANTED} x",
            ratio <= COST_WANTED,
        ),
        Figure("ballots answered in one go", f"{at_once} of {cast}", "", "all", at_once == cast),
        Figure("ballots committed", f"{stored} of {cast}", "", "all", stored == cast),
    ]


async def _processor_ms(subject: Subject, people: Sequence[int], click: Click) -> tuple[float, list[Answer]]:
    """Let people click, 200 at once; return the processor milliseconds a click, and the answers."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(person: int) -> Answer:
        async with gate:
            return await click(person)

    before = subject.processor_seconds()
    answers = await asyncio.gather(*map(one, people))
    return (subject.processor_seconds() - before) * 1_000 / len(people), answers


async def _town_hall(voting: Town, floor: Subject, recommendation: str) -> tuple[float, float, int]:
    """Let 3,000 people click at once; return the slowest answers of bot and floor, in seconds, and the rows."""
    poll = await voting.open_poll(recommendation)
    bare = await asyncio.gather(*map(_clicker(floor, voting, poll), TOWN_HALL))
    given = await asyncio.gather(*map(_voter(voting, poll, 0), TOWN_HALL))
    ((rows,),) = voting.rows("SELECT count(*) FROM ballots WHERE poll_id = ?", poll.id)
    return max(answer.seconds for answer in given), max(answer.seconds for answer in bare), rows


def _rush_figures(rush: Sequence[tuple[float, float, int]]) -> Iterator[Figure]:
    # The worst of them: whoever waited too long in one rush is not helped by the others.
    slowest, floor_slowest, _ = max(rush, key=lambda one: one[0] / _allowed(one[1]))
    allowed = _allowed(floor_slowest)
    yield Figure(
        f"slowest answer, 3,000 clicks at once, worst of {len(rush)}",
        f"{slowest / floor_slowest:.2f} x floor, {slowest:.2f} s",
        f"{floor_slowest:.2f} s",
        f"<= {allowed:.1f} s",
        slowest <= allowed,
    )
    counts = Counter(rows for *_, rows in rush)
    yield Figure(
        "rows after 3,000 people clicked", _said(counts), "", f"{len(TOWN_HALL)}", set(counts) == {len(TOWN_HALL)}
    )


def _allowed(floor_slowest: float) -> float:
    """Return how long the bot's slowest answer may take where the floor's took so long, in seconds."""
    return BOT_SLOW * max(1, floor_slowest / FLOOR_SLOW)


def _said(counts: Counter[int]) -> str:
    return ", ".join(f"{rows} ({times} times)" for rows, times in counts.items())


def _card_edits(discord: SmallDiscord) -> Figure:
    """Return how soon a card was edited again, leaving out the first edit: it shows that the poll is open."""
    gaps = [later - earlier for edits in discord.edits.values() for earlier, later in pairwise(edits[1:])]
    edits = sum(map(len, discord.edits.values()))
    shortest = min(gaps, default=float("inf"))
    return Figure(
        "shortest time between edits of a card",
        f"{shortest:.1f} s ({edits} edits)",
        "",
        "10 s",
        shortest >= SECONDS_BETWEEN_EDITS,
    )


def _voter(voting: Town, poll: OpenPoll, number: int) -> Click:
    """Return how people vote: in each round another position, never one that asks for a reason."""
    return lambda person: voting.vote(person, poll, WITHOUT_REASON[(person + number) % len(WITHOUT_REASON)])


def _clicker(floor: Subject, voting: Town, poll: OpenPoll) -> Click:
    return lambda person: floor.discord.click(person, voting.card(poll), f"vote:support:{poll.id}")

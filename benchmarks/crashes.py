"""What is left when the bot is killed in the middle of 500 clicks, again and again.

Whoever read that their ballot is stored must find it stored; whoever read nothing may find it or not, and then vote
again. The poll's deadline, which falls after the crash, must be kept by the process that is started next.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.small_discord import MESSAGE, Answer
from benchmarks.subject import until
from benchmarks.town import FIRST_PERSON, RECOMMENDATIONS, WITHOUT_REASON, OpenPoll, Town, sealer, town
from cogs.ui.texts import Speech
from models.records import Position
from models.sealing import Purpose

PEOPLE = range(FIRST_PERSON, FIRST_PERSON + 500)
CRASHES, QUICK_CRASHES = 50, 5
DEADLINE = "in 5 seconds"
SECONDS_TO_ARRIVE = 0.3  # what the bot had sent before it was killed is still on its way


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was found after one crash, once the poll had ended at its deadline."""

    confirmed: int
    lost: int
    rows: int
    voters: int
    announced: bool


async def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Return what many crashes left."""
    crashes = QUICK_CRASHES if quick else CRASHES
    dice = random.Random(crashes)  # noqa: S311 - a moment, not a secret
    async with town(folder, PEOPLE) as voting:
        usual = await _without_crash(voting)
        found = [await _crash(voting, dice, dice.uniform(0, usual)) for _ in range(crashes)]
    return _figures(found)


async def _without_crash(voting: Town) -> float:
    """Return how many seconds the bot takes to answer everybody."""
    poll = await voting.open_poll(RECOMMENDATIONS[1])
    began = time.perf_counter()
    await asyncio.gather(*(voting.vote(person, poll, Position.SUPPORT) for person in PEOPLE))
    return time.perf_counter() - began


async def _crash(voting: Town, dice: random.Random, seconds: float) -> Aftermath:
    """Open a poll, kill the bot `seconds` after everybody clicks, start it again and wait for the deadline."""
    poll = await voting.open_poll(RECOMMENDATIONS[0], closes=DEADLINE)
    wanted = {person: dice.choice(WITHOUT_REASON) for person in PEOPLE}
    clicks = {person: asyncio.create_task(voting.vote(person, poll, position)) for person, position in wanted.items()}
    await asyncio.sleep(seconds)
    await voting.bot.kill()
    await asyncio.sleep(SECONDS_TO_ARRIVE)
    confirmed = {person: wanted[person] for person, click in clicks.items() if _is_confirmed(click, wanted[person])}
    await _give_up(list(clicks.values()))
    await voting.restart()
    await until(lambda: voting.rows("SELECT 1 FROM polls WHERE id = ? AND result_posted", poll.id) or None)
    return _aftermath(voting, poll, confirmed)


def _is_confirmed(click: asyncio.Task[Answer], position: Position) -> bool:
    """Say whether somebody read that this position of theirs is stored."""
    if not click.done():
        return False
    answer = click.result()
    return answer.kind == MESSAGE and f"**{Speech('en')(f'position.{position}')}**" in answer.text


async def _give_up(clicks: Sequence[asyncio.Task[Answer]]) -> None:
    for click in clicks:
        click.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*clicks, return_exceptions=True)


def _aftermath(voting: Town, poll: OpenPoll, confirmed: dict[int, Position]) -> Aftermath:
    seals = sealer(voting.folder)
    ((consultation, secret),) = voting.rows(
        "SELECT c.id, c.secret_name FROM polls p JOIN consultations c ON c.id = p.consultation_id WHERE p.id = ?",
        poll.id,
    )
    seals.use_secret(consultation, secret)
    stored = dict(voting.rows("SELECT seal, answer FROM ballots WHERE poll_id = ?", poll.id))
    ((rows,),) = voting.rows("SELECT count(*) FROM ballots WHERE poll_id = ?", poll.id)
    lost = sum(
        stored.get(seals.seal(Purpose.BALLOT, person, consultation)) != position
        for person, position in confirmed.items()
    )
    # The result as posted last says how many ballots it counts.
    result = [message for message in voting.discord.messages.values() if message["channel_id"] == poll.card][-1]
    return Aftermath(len(confirmed), lost, rows, len(stored), f"({rows} ballot" in str(result["components"]))


def _figures(found: Sequence[Aftermath]) -> list[Figure]:
    crashes = len(found)
    confirmed, lost = sum(one.confirmed for one in found), sum(one.lost for one in found)
    stored = sum(one.rows for one in found)
    counted = sum(one.rows == one.voters and one.announced for one in found)
    clicked = crashes * len(PEOPLE)
    return [
        Figure(f"confirmed ballots lost, {crashes} crashes", f"{lost} of {confirmed}", "", "0", lost == 0),
        Figure("crashes in the middle of it", f"{confirmed / clicked:.0%} confirmed", "", "", 0 < confirmed < clicked),
        Figure("clicks stored, confirmed or not", f"{stored} of {clicked}", "", "", confirmed <= stored),
        Figure(
            "deadlines kept after it, the result the number of rows", f"{counted}", "", f"{crashes}", counted == crashes
        ),
    ]

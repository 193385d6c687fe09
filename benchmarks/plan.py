"""How long the plan and the page of a large consultation take, and whether people who vote meanwhile wait longer.

Fifty recommendations, 5,000 ballots, 2,000 pieces of feedback. People vote at a steady pace, all the time, first as
usual and then while the plan, or the page, is read and drawn. That is done in rounds, each with its own ratio, and the
median of these is told: what else a machine does for a moment would otherwise decide about the few slowest votes.
"""

import asyncio
import itertools
import os
import shutil
import statistics
import time
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update

from benchmarks.figures import Figure
from benchmarks.small_discord import Answer
from benchmarks.subject import BOT, until
from benchmarks.town import (
    FIRST_PERSON,
    RECOMMENDATIONS,
    SEGMENTS,
    WITHOUT_REASON,
    OpenPoll,
    Town,
    open_the_store,
    town,
)
from cogs.ui.texts import Speech
from content.catalogue import Catalogue, load_catalogue
from models import polls
from models.records import FeedbackKind, Position, Quotation, Wording
from models.store import UnitOfWork
from models.tables import BallotRow, FeedbackRow, OutcomeRow, PollRow

PEOPLE = range(FIRST_PERSON, FIRST_PERSON + 500)
REPORTS = ("plan", "page")
SUBJECTS, BALLOTS, CONTRIBUTIONS = 50, 5_000, 2_000
ROUNDS, QUICK_ROUNDS = 7, 2
SECONDS_BETWEEN_VOTES = 0.02
USUAL_SECONDS = 6.0
WANTED_SECONDS, WANTED_RATIO = 10.0, 1.5
HUNDREDTHS = 100
WORDS = "Words such as people write them, of about the length at which they stop. " * 3


async def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Return how long the plan takes and how long votes take meanwhile."""
    usual: list[list[float]] = []
    meanwhile: dict[str, list[list[float]]] = {report: [] for report in REPORTS}
    taken: dict[str, list[float]] = {report: [] for report in REPORTS}
    with _fifty_recommendations(folder) as catalogue:
        async with town(folder, PEOPLE) as voting:
            async with open_the_store(folder) as store, store.write() as session:
                await _fill(session, catalogue)
            poll = await voting.open_poll(RECOMMENDATIONS[0])
            people = itertools.cycle(PEOPLE)
            await _votes_during(voting, poll, people, asyncio.sleep(USUAL_SECONDS))  # warms up
            for _ in range(QUICK_ROUNDS if quick else ROUNDS):
                usual.append(await _votes_during(voting, poll, people, asyncio.sleep(USUAL_SECONDS)))
                for report in REPORTS:
                    asked = _report(voting, report, taken[report])
                    meanwhile[report].append(await _votes_during(voting, poll, people, asked))
    return [figure for report in REPORTS for figure in _figures(report, taken[report], meanwhile[report], usual)]


def _figures(report: str, taken: list[float], meanwhile: list[list[float]], usual: list[list[float]]) -> list[Figure]:
    slowest, then, usually = max(taken), list(map(_p99, meanwhile)), list(map(_p99, usual))
    ratio = statistics.median(one / other for one, other in zip(then, usually, strict=True))
    return [
        Figure(
            f"{report} of {SUBJECTS} recommendations, {BALLOTS:,} ballots",
            f"{min(taken):.1f}-{slowest:.1f} s",
            "",
            f"< {WANTED_SECONDS:.0f} s",
            slowest < WANTED_SECONDS,
        ),
        Figure(
            f"votes while the {report} is drawn, p99 of {sum(map(len, meanwhile)):,} in {len(then)} rounds",
            f"{ratio:.2f} x usual, {statistics.median(then) * 1_000:.0f} ms",
            f"{statistics.median(usually) * 1_000:.0f} ms",
            f"<= {WANTED_RATIO:.1f} x",
            ratio <= WANTED_RATIO,
        ),
    ]


@contextmanager
def _fifty_recommendations(folder: Path) -> Iterator[Catalogue]:
    """Let bots that are started meanwhile have a content folder with that many recommendations."""
    content = Path(shutil.copytree(BOT.parent / "content" / "valley", folder / "content"))
    catalogue = load_catalogue(content)
    groups = itertools.cycle(catalogue.groups)
    section = catalogue.article.sections[0].key
    with (content / "recommendations.toml").open("a", encoding="utf-8") as file:
        for number in range(len(catalogue.recommendations), SUBJECTS):
            file.write(
                f'\n[[recommendation]]\nkey = "invented-{number}"\nkind = "measure"\ngroup = "{next(groups)}"\n'
                f'section = "{section}"\nparagraph = 1\ntitle = {{ en = "An invented measure of number {number}" }}\n'
                f'text = {{ en = "It is proposed, for the sake of measuring, that measure {number} be taken." }}\n'
            )
    before = os.environ.get("CONTENT_FOLDER")
    os.environ["CONTENT_FOLDER"] = str(content)
    try:
        yield load_catalogue(content)
    finally:
        os.environ.pop("CONTENT_FOLDER")
        if before is not None:
            os.environ["CONTENT_FOLDER"] = before


async def _fill(session: UnitOfWork, catalogue: Catalogue) -> None:
    """Put ended polls, ballots, decisions and feedback into the store, past the bot."""
    connection = await session.connection()
    ended = session.now() - timedelta(days=1)
    (consultation,) = session.memory.consultations.values()
    for number, (key, one) in enumerate(catalogue.recommendations.items(), start=1):
        wording = {"en": Wording(one.title.in_language("en"), one.text.in_language("en"))}
        poll = await polls.open_poll(session, consultation, key, one.group, wording, None)
        await polls.end(session, poll.id, "It is to be measured.")
        await connection.execute(insert(BallotRow), [_ballot(poll.id, i, ended) for i in range(BALLOTS // SUBJECTS)])
        if number % 2:
            decided = {"decision": "adopted", "reason": WORDS, "wording": {}, "decided_at": ended, "posted": True}
            await connection.execute(
                insert(OutcomeRow), [{"consultation_id": consultation.id, "subject": key, **decided}]
            )
    await connection.execute(update(PollRow).values(result_posted=True))
    subjects = itertools.cycle(catalogue.recommendations)
    given = [_contribution(i, next(subjects), ended) for i in range(CONTRIBUTIONS)]
    await connection.execute(insert(FeedbackRow), given)


def _ballot(poll_id: int, number: int, cast_at: datetime) -> Mapping[str, object]:
    position = list(Position)[number % len(Position)]
    return {
        "poll_id": poll_id,
        "seal": os.urandom(24),
        "segment": SEGMENTS[number % len(SEGMENTS)],
        "answer": position.value,
        "reason": f"{WORDS} {number}" if position is Position.OBJECT else None,
        "quotation": list(Quotation)[number % len(Quotation)].value,
        "cast_at": cast_at,
    }


def _contribution(number: int, subject: str, given_at: datetime) -> Mapping[str, object]:
    return {
        "consultation_id": 1,
        "reference": f"F-{number:07}",
        "kind": list(FeedbackKind)[number % len(FeedbackKind)].value,
        "submission": number,
        "recommendation": subject,
        "seal": os.urandom(24),
        "segment": SEGMENTS[number % len(SEGMENTS)],
        "segment_source": "declared",
        "text": WORDS,
        "attachments": [],
        "quotation": list(Quotation)[number % len(Quotation)].value,
        "given_at": given_at,
        "pinned": False,
        "changes": [],
        "version": 0,
    }


async def _votes_during(voting: Town, poll: OpenPoll, people: Iterator[int], work: Awaitable[None]) -> list[float]:
    """Let people vote at a steady pace until something is done; return how many seconds each was answered in."""
    waiting = asyncio.ensure_future(work)
    votes: list[asyncio.Task[Answer]] = []
    began = time.perf_counter()
    while not waiting.done():
        person = next(people)
        position = WITHOUT_REASON[(person + len(votes)) % len(WITHOUT_REASON)]
        votes.append(asyncio.create_task(voting.vote(person, poll, position)))
        # Kept to the clock: where answers are late, those that are asked next come no later.
        await asyncio.sleep(max(0.0, began + len(votes) * SECONDS_BETWEEN_VOTES - time.perf_counter()))
    await waiting
    return [answer.seconds for answer in await asyncio.gather(*votes)]


async def _report(voting: Town, report: str, taken: list[float]) -> None:
    """Let the moderator ask for a report and wait until it is there; note how many seconds that took."""
    done = Speech("en")(f"report.{report}_done")
    began = time.perf_counter()
    answer = await voting.discord.command(f"report {report}")
    await until(lambda: answer.text == done or None)
    taken.append(time.perf_counter() - began)


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // HUNDREDTHS]

"""What an export of 1,000,000 ballots costs beside the plain driver with a bare csv.writer, and its memory.

Both read the same rows of the same store. Each export runs in a process of its own, so that its memory can be told.
Memory is also told where it is most: with all ballots in one poll, and with words.
"""

import asyncio
import csv
import itertools
import os
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.figures import Figure
from benchmarks.town import SEGMENTS
from content.phrases import Phrases
from models import consultations, feedback, polls
from models.exports import Selection, Tier
from models.records import Consultation, Position, Quotation, ThreadMessage, Wording
from models.sealing import Sealer
from models.store import Store, open_store
from models.tables import BallotRow
from reports.captions import Captions
from reports.exports import FileFormat, Library, Order, write_files

POLLS = 10
MANY, FEW = 1_000_000, 100_000
ONE_POLL, WORDS = "one-poll", "words"
WORDS_OF_ONE = "The mill should also open on Sundays, when people have time to come. " * 5
MESSAGES_AT_ONCE = 1_000
ROUNDS, QUICK_ROUNDS = 5, 2
TIME_WANTED = 1.5
MEMORY_WANTED = 200  # MB
GROWTH_WANTED = 1.1
KEY = bytes(range(64))
PLAIN = "SELECT poll_id, hex(seal), segment, answer, cast_at FROM ballots"


async def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Return how long exports take beside the floor, and the memory they take at their peak."""
    for ballots in (MANY, FEW):
        await _fill(folder / f"{ballots}.db", ballots, POLLS)
    await _fill(folder / f"{ONE_POLL}.db", MANY, 1)
    await _fill_with_words(folder / f"{WORDS}.db", FEW)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    taken = [(_export(folder, str(MANY), FileFormat.CSV), _bare(folder)) for _ in range(rounds)]
    ours, bare = min(time for (time, _), _ in taken), min(floor for _, floor in taken)
    memory = max(memory for (_, memory), _ in taken)
    small = _export(folder, str(FEW), FileFormat.CSV)[1]
    peaks = {
        "CSV of 1,000,000 ballots": memory,
        "the same in one poll": _export(folder, ONE_POLL, FileFormat.CSV)[1],
        "XLSX of 100,000 ballots": _export(folder, str(FEW), FileFormat.XLSX)[1],
        "XLSX of 100,000 pieces of feedback": _export(folder, WORDS, FileFormat.XLSX)[1],
    }
    return [
        Figure(
            "processor time, CSV of 1,000,000 ballots",
            f"{ours / bare:.2f} x floor, {ours:.2f} s",
            f"{bare:.2f} s",
            f"<= {TIME_WANTED} x",
            ours / bare <= TIME_WANTED,
        ),
        *(
            Figure(f"memory, {case}", f"{peak:.0f} MB", "", f"< {MEMORY_WANTED} MB", peak < MEMORY_WANTED)
            for case, peak in peaks.items()
        ),
        Figure(
            "1,000,000 ballots beside 100,000, of ten polls each",
            f"{memory / small:.2f} x, {small:.0f} MB",
            "",
            f"<= {GROWTH_WANTED} x",
            memory / small <= GROWTH_WANTED,
        ),
    ]


def _bare(folder: Path) -> float:
    """Return the processor seconds of the least that could be done."""
    began = time.process_time()
    with sqlite3.connect(folder / f"{MANY}.db") as connection, (folder / "bare.csv").open("w", newline="") as file:
        csv.writer(file).writerows(connection.execute(PLAIN))
    return time.process_time() - began


def _export(folder: Path, store: str, file_format: FileFormat) -> tuple[float, float]:
    """Export in a process of its own; return its processor seconds, and its memory at the peak in MB."""
    asked = [sys.executable, "-m", "benchmarks.exports", str(folder), store, file_format]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - ourselves
    return float(told[0]), float(told[1])


def main() -> None:
    """Write the export that the command line names and print what it cost."""
    folder, name, file_format = Path(sys.argv[1]), sys.argv[2], FileFormat(sys.argv[3])
    store = asyncio.run(_store(folder / f"{name}.db"))
    captions = Captions(Phrases.load(), "en", {})
    library = Library("en", {"en": ""}, {"en": ""}, {"en": captions}, {})
    order = Order(Selection(1, Tier.RECORD), "feedback" if name == WORDS else "ballots", file_format)
    into = folder / f"{name}-{file_format}"
    into.mkdir(exist_ok=True)
    began = time.process_time()
    write_files(store, order, library, into)
    seconds = time.process_time() - began
    sys.stdout.write(f"{seconds} {_peak_megabytes()}\n")


def _peak_megabytes() -> float:
    # Not getrusage: what it tells begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


async def _store(file: Path) -> Store:
    store = await open_store(
        f"sqlite+aiosqlite:///{file}", Sealer(KEY, file.parent / "secrets"), lambda: datetime.now(UTC)
    )
    await store.close()
    return store


async def _fill(file: Path, ballots: int, number_of_polls: int) -> None:
    """Make a store with ended polls that ran one after another."""
    store, consultation = await _new_store(file)
    wording = {"en": Wording("A question", "")}
    kinds = itertools.cycle(itertools.product(SEGMENTS, Position))
    for number in range(number_of_polls):
        async with store.write() as session:
            poll = await polls.open_poll(session, consultation, f"question-{number}", "group", wording, None)
            common = {"poll_id": poll.id, "quotation": Quotation.NOT.value}
            rows = [
                {
                    **common,
                    "seal": os.urandom(24),
                    "segment": segment,
                    "answer": position.value,
                    "cast_at": poll.opened_at + timedelta(seconds=row),
                }
                for row, (segment, position) in enumerate(itertools.islice(kinds, ballots // number_of_polls))
            ]
            await (await session.connection()).execute(insert(BallotRow), rows)
            await polls.end(session, poll.id, "It has been measured.")
    await store.close()


async def _fill_with_words(file: Path, number: int) -> None:
    """Make a store with messages of some lines each."""
    store, consultation = await _new_store(file)
    for start in range(0, number, MESSAGES_AT_ONCE):
        async with store.write() as session:
            messages = [
                ThreadMessage(one, one % 2_000 + 1, f"{one}: {WORDS_OF_ONE}", "group", None, session.now())
                for one in range(start + 1, start + 1 + MESSAGES_AT_ONCE)
            ]
            await feedback.record_messages(session, consultation, messages)
    await store.close()


async def _new_store(file: Path) -> tuple[Store, Consultation]:
    store = await open_store(
        f"sqlite+aiosqlite:///{file}", Sealer(KEY, file.parent / "secrets"), lambda: datetime.now(UTC)
    )
    async with store.write() as session:
        prepared = await consultations.prepare(session, 1, "benchmark", ("en",))
        return store, await consultations.open_consultation(session, prepared.id)


if __name__ == "__main__":
    main()

"""A store in a file, a clock that tests move, an open consultation and a poll in it. Every person is invented."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from models import consultations, polls
from models.ballot_box import BallotBox
from models.records import Consultation, Poll, Wording
from models.sealing import Sealer
from models.store import Store, open_store

GUILD = 700_000_000_000_000_001


class MovableClock:
    """Tells the time it was moved to."""

    def __init__(self) -> None:
        self.moment = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **difference: float) -> None:
        self.moment += timedelta(**difference)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(bytes(range(64)))


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "consultation.db"


@pytest.fixture
def database_url(store_file: Path) -> str:
    return f"sqlite+aiosqlite:///{store_file}"


@pytest.fixture
async def start(
    database_url: str, sealer: Sealer, clock: MovableClock
) -> AsyncIterator[Callable[[], Awaitable[Store]]]:
    """Open the store as the bot does at its start; each further call is a restart."""
    opened: list[Store] = []

    async def open_again() -> Store:
        while opened:
            await opened.pop().close()
        opened.append(await open_store(database_url, sealer, clock))
        return opened[0]

    yield open_again
    while opened:
        await opened.pop().close()


@pytest.fixture
async def store(start: Callable[[], Awaitable[Store]]) -> Store:
    return await start()


@pytest.fixture
async def prepared(store: Store) -> Consultation:
    async with store.write() as session:
        return await consultations.prepare(session, GUILD, "sample", ("en", "fr"))


@pytest.fixture
async def consultation(store: Store, prepared: Consultation) -> Consultation:
    async with store.write() as session:
        return await consultations.open_consultation(session, prepared.id)


@pytest.fixture
def wording() -> dict[str, Wording]:
    return {"en": Wording("Shared data", "Share the data."), "fr": Wording("Données", "Partager les données.")}


@pytest.fixture
async def poll(store: Store, consultation: Consultation, wording: dict[str, Wording], clock: MovableClock) -> Poll:
    """A poll that closes in a week."""
    async with store.write() as session:
        return await polls.open_poll(
            session, consultation, "shared-data", "research", wording, clock() + timedelta(days=7)
        )


@pytest.fixture
async def box(store: Store) -> AsyncIterator[BallotBox]:
    ballot_box = BallotBox(store)
    yield ballot_box
    await ballot_box.drain()


@pytest.fixture
def commits(store: Store) -> Callable[[], object]:
    """Count commits: `with commits() as counted: …`, then `len(counted)`."""

    @contextmanager
    def counting() -> Iterator[list[object]]:
        counted: list[object] = []

        def count(connection: object) -> None:
            counted.append(connection)

        event.listen(store._engine.sync_engine, "commit", count)
        yield counted
        event.remove(store._engine.sync_engine, "commit", count)

    return counting

"""The engine, units of work, and migrations at start. SQLite now; nothing here keeps PostgreSQL out.

It never knows what a use case does: it begins, commits or rolls back, and then changes what is kept in memory.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, NullPool, create_engine, delete, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from models import sqlite_files
from models.errors import OperatorError
from models.memory import Memory, load_memory
from models.records import Consultation, Participant
from models.sealing import Purpose, Sealer
from models.tables import ConsultationRow, StoredValue

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
KEY_CHECK = "key check"
TO_DESTROY = "destroy "
BUSY_TIMEOUT_MS = 5_000
CHECKPOINT_TIMEOUT_MS = 100


class UnitOfWork(AsyncSession):
    """A session that also carries the clock, the sealer and the memory that its use cases work with."""

    @property
    def sealer(self) -> Sealer:
        return self._store.sealer

    @property
    def memory(self) -> Memory:
        return self._store.memory

    def now(self) -> datetime:
        return self._store.now()

    def after_commit(self, change: Callable[[Memory], None]) -> None:
        """Change what is kept in memory, once what it stands for is stored."""
        self.info["changes"].append(change)

    def once_seen(self, keep: Callable[[Memory], None]) -> None:
        """Keep in memory what was only looked at, once nothing that it was seen beside can be rolled back any more."""
        self.info["seen"].append(keep)

    async def value(self, name: str) -> bytes | None:
        """Return what the bot keeps about itself under `name`."""
        kept = await self.get(StoredValue, name)
        return kept.value if kept else None

    async def give_up_secret(self, name: str) -> None:
        """Note that a secret is to be destroyed once this is committed, by `Store.destroy`."""
        await self.keep_value(TO_DESTROY + name, b"")

    async def keep_value(self, name: str, value: bytes) -> None:
        """Keep `value` under `name`, in place of an earlier one."""
        await self.merge(StoredValue(name=name, value=value))

    def blocks(self, statement: Executable, size: int) -> Iterator[Sequence[Any]]:
        """Read what is committed, `size` rows at a time, as the driver gives them: nothing is converted.

        It works in the calling thread, on a connection of its own: for many rows and away from the bot's event loop.
        """
        return self._store.blocks(statement, size)

    @property
    def _store(self) -> "Store":
        store: Store = self.info["store"]
        return store


class Store:
    """The open database with the sealer, the clock and the memory; `open_store` makes it."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer, clock: Clock) -> None:
        self._engine = engine
        self._readers = async_sessionmaker(
            engine.execution_options(begin="DEFERRED"), class_=UnitOfWork, expire_on_commit=False
        )
        self._writers = async_sessionmaker(engine, class_=UnitOfWork, expire_on_commit=False)
        self._clock = clock
        self.sealer = sealer
        self.memory = Memory()

    def now(self) -> datetime:
        return self._clock().astimezone(UTC)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that holds the write lock; commit it at the end, or roll all of it back."""
        changes: list[Callable[[Memory], None]] = []
        seen: list[Callable[[Memory], None]] = []
        async with self._writers(info={"store": self, "changes": changes, "seen": seen}) as session:
            async with session.begin():
                yield session
            # At once, without waiting for anything, so that two changes of one thing keep the order of their commits.
            for change in [*changes, *seen]:
                change(self.memory)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that sees one state of the store."""
        seen: list[Callable[[Memory], None]] = []
        async with self._readers(info={"store": self, "changes": [], "seen": seen}) as session:
            yield session
        for keep in seen:
            keep(self.memory)

    @asynccontextmanager
    async def read_apart(self) -> AsyncIterator[UnitOfWork]:
        """Begin a reading transaction on a connection of its own: for a thread that has its own event loop."""
        engine = create_async_engine(self._engine.url, hide_parameters=True, poolclass=NullPool)
        if engine.url.get_backend_name() == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        readers = async_sessionmaker(
            engine.execution_options(begin="DEFERRED"), class_=UnitOfWork, expire_on_commit=False
        )
        try:
            async with readers(info={"store": self, "changes": [], "seen": []}) as session:
                yield session
        finally:
            await engine.dispose()

    def blocks(self, statement: Executable, size: int) -> Iterator[Sequence[Any]]:
        """Read rows as `UnitOfWork.blocks` says."""
        url = self._engine.url
        engine = create_engine(url.set(drivername=url.get_backend_name()), hide_parameters=True, poolclass=NullPool)
        with engine.connect() as connection:
            cursor = connection.execute(statement).cursor
            assert cursor is not None, "a select has rows"  # noqa: S101
            while block := cursor.fetchmany(size):
                yield block

    async def load(self) -> None:
        """Check the key against the store's and fill the memory.

        Raises OperatorError for another key, and where a consultation's secret is missing. What was to be destroyed
        when the bot ended is destroyed now.
        """
        async with self.write() as session:
            check_value = await session.value(KEY_CHECK)
            if check_value is None:
                await session.keep_value(KEY_CHECK, self.sealer.check_value())
            elif not self.sealer.matches(check_value):
                raise OperatorError(
                    "The key does not belong to this store: nobody would be recognised and people could vote twice. "
                    "Name the right key file with KEY_FILE, or another store with DATABASE_URL.",
                )
        async with self.read() as session:
            for row in await session.scalars(select(ConsultationRow)):
                self.sealer.use_secret(row.id, row.secret_name)
            self.memory = await load_memory(session)
            left_over = await _to_destroy(session)
        if left_over:
            await self.destroy()

    async def destroy(self) -> None:
        """Destroy the secrets that a committed transaction gave up, and every copy of what it deleted.

        Copies are those that the bot keeps beside the store, and what SQLite has not written over yet. It can be
        called again where it did not get through. Raises OperatorError where a file cannot be removed.
        """
        async with self.read() as session:
            given_up = await _to_destroy(session)
        for name in given_up:
            self.sealer.destroy_secret(name)
        try:
            for copy in self.copies():
                copy.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError(f"A copy of the store cannot be removed ({error}).") from error
        await self.write_over()
        async with self.write() as session:
            done = [TO_DESTROY + name for name in given_up]
            await session.execute(delete(StoredValue).where(StoredValue.name.in_(done)))

    def copies(self) -> list[Path]:
        """Return the copies of the store that the bot keeps beside it."""
        file = _file_of(self._engine.url)
        return sqlite_files.copies(file) if file is not None else []

    async def write_over(self) -> None:
        """Bring what was deleted out of SQLite's log too, where it would stand until the log is used again.

        Where others read meanwhile it is left to the next time: nobody's ballot waits for it.
        """
        if self._engine.dialect.name != "sqlite":
            return
        async with self._engine.connect() as connection:
            # Past SQLAlchemy, which would begin a transaction: there is no checkpoint within one.
            raw = (await connection.get_raw_connection()).driver_connection
            if raw is not None:
                await raw.execute_fetchall(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_MS}")
                await raw.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                await raw.execute_fetchall(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    async def close(self) -> None:
        await self._engine.dispose()

    def participant(self, consultation: Consultation, user_id: int) -> Participant | None:
        """Return who this is in the consultation, None for somebody who has not joined."""
        seal = self.sealer.seal(Purpose.MEMBERSHIP, user_id, consultation.id)
        return self.memory.participants.get((consultation.id, seal))

    def has_notices(self, consultation: Consultation, user_id: int) -> bool:
        """Say whether something waits to be told to this person."""
        return bool(self.memory.notices_for(self.sealer, consultation.id, user_id))

    def is_blocked(self, consultation: Consultation, user_id: int) -> bool:
        """Say whether moderators keep this person from writing and voting."""
        if not self.memory.blocked:  # most consultations: a click then costs no seal
            return False
        return (
            consultation.id,
            self.sealer.seal(Purpose.BLOCK, user_id, consultation.id),
        ) in self.memory.blocked

    def was_blocked(self, consultation: Consultation, user_id: int, moment: datetime) -> bool:
        """Say whether moderators kept this person from writing at that moment, and let them again since."""
        if not self.memory.blocked_before:
            return False
        key = consultation.id, self.sealer.seal(Purpose.BLOCK, user_id, consultation.id)
        return any(since <= moment < until for since, until in self.memory.blocked_before.get(key, ()))

    def language_of(self, user_id: int) -> str | None:
        """Return the language this person chose, None where they chose none."""
        return self.memory.languages.get(self.sealer.seal(Purpose.PREFERENCE, user_id))


async def _to_destroy(session: UnitOfWork) -> list[str]:
    names = await session.scalars(select(StoredValue.name).where(StoredValue.name.startswith(TO_DESTROY)))
    return [name.removeprefix(TO_DESTROY) for name in names]


def exists(database_url: str) -> bool:
    """Say whether there is a store in a file already, which was made with a key."""
    try:
        file = _file_of(make_url(database_url))
    except SQLAlchemyError:
        return False
    return file is not None and file.exists()


def is_in_use(database_url: str) -> bool:
    """Say whether another process has a store in a file open, such as the running bot."""
    file = _file_of(make_url(database_url))
    return file is not None and sqlite_files.is_open_elsewhere(file)


async def open_store(database_url: str, sealer: Sealer, clock: Clock) -> Store:
    """Open the database at `database_url`, bring its tables up to date and load what is kept in memory.

    Raises OperatorError, which says what to do, where it cannot be opened or was made with another key.
    """
    try:
        url = make_url(database_url)
        engine = create_async_engine(url, hide_parameters=True)
    except (SQLAlchemyError, ImportError) as error:
        raise OperatorError(
            f"DATABASE_URL names no store that can be used here ({_first_line(error)}). "
            "Write it as sqlite+aiosqlite:///FOLDER/FILE.db.",
        ) from error
    file = _file_of(url)
    if file is not None:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    store = Store(engine, sealer, clock)
    try:
        if file is not None:
            sqlite_files.make(file)
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, file, clock)
            await connection.commit()
        if file is not None:
            # Not before the migrations: one of them may rebuild a table that others refer to.
            event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
            await engine.dispose()
        await store.load()
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        await store.close()
        log.debug("the store did not open", exc_info=True)
        raise OperatorError(
            f"The store {url.render_as_string()} cannot be opened ({_first_line(error)}). "
            "Check that the folder exists, is writable and has room, or name another with DATABASE_URL.",
        ) from error
    except OperatorError:
        await store.close()
        raise
    return store


def _file_of(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def migration_config() -> Config:
    """Return Alembic's settings for this store's migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _migrate(connection: Connection, file: Path | None, clock: Clock) -> None:
    config = migration_config()
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    head = scripts.get_current_head()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise OperatorError(
            f"The store was changed by a newer version of the bot (revision {current}). Start that version, "
            "or name with DATABASE_URL the copy that was kept beside the store before the change.",
        )
    if file is not None:
        sqlite_files.remove_old_copies(file, clock())
        if current not in {None, head}:
            sqlite_files.back_up(file, str(current), clock())
    if current != head:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions begin where we say so, not where the driver guesses.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _enforce_foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'IMMEDIATE')}")


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error) or type(error).__name__).splitlines()[0]

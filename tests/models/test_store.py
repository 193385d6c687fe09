"""Opening, migrating, beginning, committing and rolling back."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError, StatementError

import models.store
from models import consultations, feedback, participants, polls
from models.errors import OperatorError
from models.records import Place, PlaceKind
from models.sealing import Sealer
from models.store import open_store
from models.tables import Base, ConsultationRow, ParticipantRow, Preference, StoredValue
from models.upsert import upsert

PERSON = 812_345_678_901_234_567
SECOND_REVISION = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    with op.batch_alter_table("consultations", recreate="always") as batch:
        batch.create_check_constraint("ck_consultations_guild", "guild_id > 0")
"""
BROKEN_REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("polls", sa.Column("half", sa.Integer()))
    op.execute("this is no SQL")
"""


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Turn the bot into its next version, whose second revision is the given script."""

    def release(script: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(Path(models.store.__file__).parent / "migrations", folder)
        (folder / "versions" / "0002_next.py").write_text(script)
        config = Config()
        config.set_main_option("script_location", str(folder))
        monkeypatch.setattr(models.store, "migration_config", lambda: config)

    return release


def copies(store_file: Path) -> list[Path]:
    return sorted(store_file.parent.glob("*.backup"))


async def test_a_store_is_made_from_nothing_with_its_folder(store, store_file):
    async with store.read() as session:
        assert (await session.scalar(text("SELECT version_num FROM alembic_version"))) == "0001"

    assert store_file.exists()
    assert copies(store_file) == []


async def test_the_migrations_lead_to_exactly_the_mapped_tables(store):
    def differences(connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))

    async with store._engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migrations_lead_back_to_nothing(store):
    def downgrade(connection) -> set[str]:
        config = models.store.migration_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        found = MetaData()
        found.reflect(connection)
        return set(found.tables)

    async with store._engine.connect() as connection:
        assert await connection.run_sync(downgrade) == {"alembic_version"}


async def test_sqlite_is_durable_strict_and_forgets_what_is_deleted(store):
    async with store.read() as session:
        pragmas = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }

    full = 2
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "secure_delete": 1,
    }


async def test_a_copy_is_kept_before_a_revision_changes_the_store(start, store_file, poll, next_version):
    next_version(SECOND_REVISION)

    store = await start()

    (copy,) = copies(store_file)
    assert copy.name == "consultation-before-0001-20300301T093000.backup"
    with closing(sqlite3.connect(copy)) as earlier:
        assert earlier.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert earlier.execute("SELECT recommendation FROM polls").fetchall() == [("shared-data",)]
    async with store.read() as session:
        assert (await session.scalar(text("SELECT version_num FROM alembic_version"))) == "0002"
        assert await polls.latest_poll_on(session, poll.consultation_id, "shared-data") == poll


async def test_foreign_keys_hold_again_after_a_revision(start, poll, next_version):
    next_version(SECOND_REVISION)

    store = await start()
    store.sealer.use_secret(poll.consultation_id + 1, store.sealer.make_secret())

    with pytest.raises(StatementError, match="FOREIGN KEY"):
        async with store.write() as session:
            await participants.join(session, poll.consultation_id + 1, PERSON, "industry", ())


async def test_no_copy_is_made_where_nothing_changes(start, store_file):
    await start()
    await start()

    assert copies(store_file) == []


@pytest.mark.usefixtures("poll")
async def test_a_copy_is_removed_after_thirty_days(start, store_file, clock, next_version):
    clock.moment = datetime.now(UTC)
    next_version(SECOND_REVISION)
    await start()

    clock.advance(days=29)
    await start()
    assert len(copies(store_file)) == 1
    clock.advance(days=2)
    await start()
    assert copies(store_file) == []


@pytest.mark.usefixtures("poll")
async def test_no_revision_changes_a_store_that_cannot_be_copied(start, store_file, next_version, monkeypatch):
    next_version(SECOND_REVISION)
    full_disk = shutil.disk_usage(store_file.parent)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full_disk)

    with pytest.raises(OperatorError, match="no room for a copy"):
        await start()

    with closing(sqlite3.connect(store_file)) as untouched:
        assert untouched.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


@pytest.mark.usefixtures("poll")
async def test_a_revision_that_fails_leaves_the_store_as_it_was(start, store_file, next_version):
    next_version(BROKEN_REVISION)

    with pytest.raises(OperatorError):
        await start()

    with closing(sqlite3.connect(store_file)) as untouched:
        columns = [row[1] for row in untouched.execute("PRAGMA table_info(polls)")]
        assert untouched.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert "half" not in columns


async def test_a_store_of_a_newer_version_is_refused_and_not_copied(start, store, store_file):
    async with store.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0999'"))

    with pytest.raises(OperatorError, match="newer version"):
        await start()

    assert copies(store_file) == []


@pytest.mark.usefixtures("poll")
async def test_another_key_is_refused(database_url, clock):
    with pytest.raises(OperatorError, match="KEY_FILE"):
        await open_store(database_url, Sealer(bytes(64)), clock)


async def test_the_check_value_is_kept_and_the_key_is_not(store):
    async with store.read() as session:
        secrets = list(await session.scalars(select(StoredValue.value)))

    assert secrets == [store.sealer.check_value()]
    assert bytes(range(64)) not in secrets[0]


async def test_what_the_bot_keeps_about_itself_is_there_after_a_restart(start):
    store = await start()
    async with store.write() as session:
        assert await session.value("commands") is None
        await session.keep_value("commands", b"first")
        await session.keep_value("commands", b"second")

    store = await start()
    async with store.read() as session:
        assert await session.value("commands") == b"second"


async def test_a_folder_in_place_of_the_store_is_refused(tmp_path, sealer, clock):
    with pytest.raises(OperatorError, match="DATABASE_URL"):
        await open_store(f"sqlite+aiosqlite:///{tmp_path}", sealer, clock)


async def test_a_store_below_a_file_is_refused(tmp_path, sealer, clock):
    (tmp_path / "file").touch()

    with pytest.raises(OperatorError, match="DATABASE_URL"):
        await open_store(f"sqlite+aiosqlite:///{tmp_path}/file/consultation.db", sealer, clock)


async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, sealer, clock):
    file = tmp_path / "notes.txt"
    file.write_text("These are somebody's notes, not a database. " * 100)

    with pytest.raises(OperatorError, match="not a database"):
        await open_store(f"sqlite+aiosqlite:///{file}", sealer, clock)

    assert file.read_text().startswith("These are somebody's notes")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_may_not_be_written_is_refused(tmp_path, sealer, clock):
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)

    with pytest.raises(OperatorError, match="is writable"):
        await open_store(f"sqlite+aiosqlite:///{folder}/consultation.db", sealer, clock)


@pytest.mark.parametrize(
    "database_url",
    ["consultation.db", "sqlite:///consultation.db", "oracular://host/name", "sqlite+absent:///consultation.db"],
    ids=["no URL", "a driver that waits", "no such database", "no such driver"],
)
async def test_a_url_that_names_no_store_is_refused(database_url, sealer, clock):
    with pytest.raises(OperatorError, match="DATABASE_URL"):
        await open_store(database_url, sealer, clock)


async def test_a_refusal_does_not_show_the_password_of_the_database(tmp_path, sealer, clock):
    with pytest.raises(OperatorError) as refusal:
        await open_store(f"sqlite+aiosqlite://name:hunter2@/{tmp_path}", sealer, clock)

    assert "hunter2" not in str(refusal.value)


async def test_an_error_rolls_back_tables_and_memory(start, store, consultation):
    with pytest.raises(RuntimeError):  # noqa: PT012 - what went before the error is rolled back
        async with store.write() as session:
            await participants.join(session, consultation.id, PERSON, "industry", ["research"])
            await participants.choose_language(session, PERSON, "nl")
            await consultations.close_consultation(session, consultation.id)
            raise RuntimeError

    before = store.memory
    assert store.participant(consultation, PERSON) is None
    assert store.language_of(PERSON) is None
    assert store.memory.consultations[consultation.guild_id] == consultation
    assert (await start()).memory == before


async def test_memory_changes_with_the_commit_and_not_before(store, consultation):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ["research"])
        assert store.participant(consultation, PERSON) is None

    assert store.participant(consultation, PERSON) is not None


async def test_memory_after_a_restart_is_what_it_was_before(start, store, consultation, poll, wording, clock):
    brussels = timezone(timedelta(hours=1))
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ["research", "data"])
        await participants.join(session, consultation.id, PERSON + 1, "academia", ())
        await participants.choose_language(session, PERSON, "de")
        await polls.open_poll(session, consultation, "training", "talent", wording, None)
        await polls.open_poll(
            session, consultation, "access", "care", wording, (clock() + timedelta(hours=5)).astimezone(brussels)
        )
        for kind, key, discord_id in [
            (PlaceKind.CATEGORY, "", 1),
            (PlaceKind.GROUP, "research", 2),
            (PlaceKind.CARD, "shared-data", 3),
            (PlaceKind.THREAD, "shared-data", 3),
        ]:
            await consultations.remember_place(session, Place(consultation.id, kind, key, discord_id))
    async with store.write() as session:
        await polls.end(session, poll.id, "Settled elsewhere.")
        await consultations.forget_place(session, consultation.id, PlaceKind.CATEGORY, "")
    before = store.memory

    after = (await start()).memory

    assert after == before
    assert len(after.polls) == 2
    assert len(after.participants) == 2


async def test_a_read_stores_nothing(store, consultation):
    async with store.read() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ())

    assert store.participant(consultation, PERSON) is None
    async with store.read() as session:
        assert (await session.scalar(select(ParticipantRow))) is None


async def test_a_read_sees_one_state_while_others_write(store, consultation):
    async with store.read() as session:
        before = await session.scalar(select(ConsultationRow.state))
        async with store.write() as writing:
            await consultations.close_consultation(writing, consultation.id)
        assert await session.scalar(select(ConsultationRow.state)) == before


async def test_a_second_process_that_holds_the_lock_makes_a_write_fail_and_nothing_more(
    start, store_file, consultation, monkeypatch
):
    monkeypatch.setattr(models.store, "BUSY_TIMEOUT_MS", 20)
    store = await start()
    with closing(sqlite3.connect(store_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            async with store.write() as session:
                await participants.join(session, consultation.id, PERSON, "industry", ())
        async with store.read() as session:
            assert await session.scalar(select(ParticipantRow)) is None
        other.execute("ROLLBACK")

    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ())
    assert store.participant(consultation, PERSON) is not None


def test_two_processes_that_migrate_at_once_make_one_store(store_file):
    store_file.parent.mkdir()
    with closing(sqlite3.connect(store_file)) as empty:
        empty.execute("PRAGMA journal_mode=WAL")  # two that switch it at once do not wait for each other
    script = (
        "import asyncio, sys\n"
        "from datetime import UTC, datetime\n"
        "from models.sealing import Sealer\n"
        "from models.store import open_store\n"
        "async def main():\n"
        "    store = await open_store(sys.argv[1], Sealer(bytes(64)), lambda: datetime.now(UTC))\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
    )
    arguments = [sys.executable, "-c", script, f"sqlite+aiosqlite:///{store_file}"]
    root = Path(models.store.__file__).parents[1]

    processes = [subprocess.Popen(arguments, cwd=root, stderr=subprocess.PIPE) for _ in range(2)]  # noqa: S603

    assert [process.communicate()[1] for process in processes] == [b"", b""]
    with closing(sqlite3.connect(store_file)) as made:
        assert made.execute("SELECT count(*) FROM stored_values").fetchall() == [(1,)]


async def test_an_error_of_the_database_shows_no_text_of_a_person(store, consultation):
    store.sealer.use_secret(consultation.id + 1, store.sealer.make_secret())
    with pytest.raises(StatementError) as caught:
        async with store.write() as session:
            await participants.join(session, consultation.id + 1, PERSON, "A segment of words.", ())

    assert "FOREIGN KEY" in str(caught.value)
    assert "segment of words" not in str(caught.value)


async def test_a_time_without_a_zone_is_refused(store, consultation):
    with pytest.raises(StatementError, match="without a time zone"):
        async with store.write() as session:
            await feedback.record_message(
                session,
                consultation,
                message_id=1,
                user_id=PERSON,
                text="I am against it.",
                group=None,
                recommendation=None,
                given_at=datetime(2030, 3, 1),  # noqa: DTZ001 - what is refused here
            )


@pytest.mark.usefixtures("prepared")
async def test_times_are_read_back_in_utc(store):
    async with store.read() as session:
        created = await session.scalar(select(ConsultationRow.created_at))

    assert created == datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
    assert created.tzinfo is UTC


async def test_the_clock_may_tell_the_time_of_any_zone(store, clock):
    clock.moment = datetime(2030, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))

    assert store.now() == datetime(2030, 3, 1, 10, 0, tzinfo=UTC)
    assert store.now().tzinfo is UTC


class PostgresSession:
    """What `upsert` needs of a session on PostgreSQL."""

    class Bind:
        dialect = postgresql.dialect()

    def get_bind(self):
        return self.Bind()


def test_an_upsert_speaks_the_dialect_of_its_store():
    rows = [{"seal": b"seal", "language": "fr"}]

    replacing = upsert(PostgresSession(), Preference, rows, unique=("seal",), replace=("language",))  # type: ignore[arg-type]
    keeping = upsert(PostgresSession(), Preference, rows, unique=("seal",), replace=())  # type: ignore[arg-type]

    dialect = postgresql.dialect()
    assert "ON CONFLICT (seal) DO UPDATE SET language = excluded.language" in str(replacing.compile(dialect=dialect))
    assert str(keeping.compile(dialect=dialect)).endswith("ON CONFLICT (seal) DO NOTHING")


async def test_foreign_keys_are_enforced(store, consultation):
    with pytest.raises(StatementError, match="FOREIGN KEY"):
        async with store.write() as session:
            await session.execute(
                insert(ParticipantRow).values(
                    consultation_id=consultation.id + 1,
                    seal=b"",
                    segment="",
                    groups=[],
                    wants_messages=False,
                    role_segment="",
                    joined_at=store.now(),
                )
            )

"""A store's file on disk, past SQLAlchemy: making it, seeing who has it open, and the copies kept beside it."""

import glob
import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from models.errors import OperatorError

log = logging.getLogger(__name__)

BACKUPS_KEPT = timedelta(days=30)


def make(file: Path) -> None:
    """Make the folder and the file of a store where they are not there, for its owner alone."""
    # Without the asynchronous driver: its thread would outlive a failure to connect.
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def is_open_elsewhere(file: Path) -> bool:
    """Say whether another connection has the store open, such as that of the running bot."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            # A lock that only somebody who is alone gets.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            return True
    return False


def back_up(file: Path, revision: str, now: datetime) -> None:
    """Keep a copy of the store before it is changed. Raises OperatorError where there is no room for it."""
    copy = file.with_name(f"{file.stem}-before-{revision}-{now:%Y%m%dT%H%M%S}.backup")
    needed = file.stat().st_size
    if shutil.disk_usage(file.parent).free < needed:
        raise OperatorError(
            f"There is no room for a copy of the store ({needed:,} bytes) before it is changed. "
            f"Make room in {file.parent}.",
        )
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    log.info("kept a copy of the store before changing it: %s", copy.name)


def copies(file: Path) -> list[Path]:
    """Return the copies of the store that are kept beside it."""
    return sorted(file.parent.glob(f"{glob.escape(file.stem)}-before-*.backup"))


def remove_old_copies(file: Path, now: datetime) -> None:
    for copy in copies(file):
        if now.timestamp() - copy.stat().st_mtime > BACKUPS_KEPT.total_seconds():
            copy.unlink()

"""INSERT … ON CONFLICT DO UPDATE, which SQLite and PostgreSQL both understand, each by its own dialect."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import Insert

from models.tables import Base


def upsert(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    unique: Sequence[str],
    replace: Sequence[str],
) -> Insert:
    """Return the statement that inserts `rows`, replacing the columns `replace` where `unique` is there already.

    With nothing to replace, the row that is there stays as it is. With no rows, they are handed over with the
    statement when it is executed: it is then prepared once, however many they are.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(list(rows)) if rows else insert(table)
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=unique)
    return statement.on_conflict_do_update(
        index_elements=unique,
        set_={column: statement.excluded[column] for column in replace},
    )

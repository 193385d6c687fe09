"""Tables whose rows are only ever added: the database itself refuses any other change.

A migration calls `make_append_only("trace")`; autogenerating writes that for each table whose mapped class has
`info={"append_only": True}`. Rebuilding such a table (Alembic's batch mode) drops its triggers: make them again after.
"""

from collections.abc import Sequence
from typing import Any

from alembic import op
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation
from alembic.operations.ops import CreateTableOp, MigrationScript


def make_append_only(table: str) -> None:
    """Let SQLite refuse every change and every deletion of a row."""
    if op.get_bind().dialect.name != "sqlite":
        return  # others keep who may change what by their own permissions
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
        )


class _MakeAppendOnly(MigrateOperation):
    """Stands in a migration that is being written, until it is rendered."""

    def __init__(self, table: str) -> None:
        self.table = table


@renderers.dispatch_for(_MakeAppendOnly)
def _render(context: AutogenContext, operation: _MakeAppendOnly) -> str:
    context.imports.add("from models.migrations.append_only import make_append_only")
    return f"make_append_only({operation.table!r})"


def write_append_only(_context: object, _revision: object, scripts: Sequence[MigrationScript]) -> None:
    """Follow each table that is made and marked with what makes it append-only; for Alembic's environment."""
    for script in scripts:
        operations: list[Any] = script.upgrade_ops.ops if script.upgrade_ops else []
        made = [one for one in operations if isinstance(one, CreateTableOp)]
        operations += [_MakeAppendOnly(one.table_name) for one in made if (one.info or {}).get("append_only")]

"""A migration's operation for tables whose rows are only ever added: the database itself refuses any other change.

`op.make_append_only("trace")` makes the triggers. Autogenerating writes it for each table whose mapped class has
`info={"append_only": True}`. Rebuilding such a table (Alembic's batch mode) drops its triggers: make them again after.
"""

from collections.abc import Sequence
from typing import Any

from alembic.autogenerate import renderers
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import CreateTableOp, MigrationScript, OpContainer

REFUSAL = "rows of {table} are only ever added"


@Operations.register_operation("make_append_only")
class MakeAppendOnly(MigrateOperation):
    """Let the database refuse every change and every deletion of a row."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def make_append_only(cls, operations: Operations, table: str) -> None:
        operations.invoke(cls(table))

    def reverse(self) -> MigrateOperation:
        raise NotImplementedError("the triggers go with their table")


@Operations.implementation_for(MakeAppendOnly)
def _make(operations: Operations, operation: MakeAppendOnly) -> None:
    if operations.get_bind().dialect.name != "sqlite":
        return  # another database keeps who may change what by its own permissions
    for change in ("UPDATE", "DELETE"):
        operations.execute(
            f"CREATE TRIGGER {operation.table}_no_{change.lower()} BEFORE {change} ON {operation.table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL.format(table=operation.table)}'); END"
        )


@renderers.dispatch_for(MakeAppendOnly)
def _render(_context: object, operation: MakeAppendOnly) -> str:
    return f"op.make_append_only({operation.table!r})"


def write_append_only(_context: object, _revision: object, scripts: Sequence[Any]) -> None:
    """Follow each table that is made and marked with what makes it append-only; for Alembic's environment."""
    for script in scripts:
        assert isinstance(script, MigrationScript)  # noqa: S101 - Alembic hands nothing else over
        if isinstance(script.upgrade_ops, OpContainer):
            made = [one for one in script.upgrade_ops.ops if isinstance(one, CreateTableOp)]
            marked = [one.table_name for one in made if (one.info or {}).get("append_only")]
            script.upgrade_ops.ops.extend(map(MakeAppendOnly, marked))

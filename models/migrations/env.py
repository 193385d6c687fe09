"""Alembic's environment: it works on the connection that the store hands over."""

from typing import Any, Literal

from alembic import context

from models.migrations.append_only import write_append_only
from models.tables import Base, UtcDateTime


def _plain_types(kind: str, item: Any, _context: object) -> str | Literal[False]:
    # A migration must not depend on a class that may change after it.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_plain_types,
    process_revision_directives=write_append_only,
)
with context.begin_transaction():
    context.run_migrations()

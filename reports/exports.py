"""An export as a whole: which files it has, and writing them into a folder.

Discord's command and the operator's come here alike, so both write the same bytes. It works in a thread of its own,
with its own event loop and its own connection to the store, so that neither the bot nor whoever votes waits for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from models.errors import ConsultationError
from models.exports import Selection
from models.store import Store
from reports.captions import Captions
from reports.csv_files import SUFFIX, csv_encoder, csv_head
from reports.jsonl_files import SUFFIX as JSONL_SUFFIX
from reports.jsonl_files import jsonl_encoder
from reports.parts import Parts
from reports.polis_files import POLIS, polis_dictionary, write_polis
from reports.progress import Progress
from reports.tables import EVERYTHING, SUBJECTS, Rows, Source, Table, dictionary, tables_in
from reports.xlsx_files import write_workbook

WORKBOOK = "consultation"
WHAT = (*SUBJECTS, POLIS)


class FileFormat(StrEnum):
    """How tables are written; Polis's files are CSV in any case."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: one of `WHAT`, of which selection, in which format."""

    selection: Selection
    what: str = EVERYTHING
    file_format: FileFormat = FileFormat.CSV

    def __str__(self) -> str:
        """Return it as the trace keeps it."""
        chosen = self.selection
        words = [self.what, chosen.tier.value, self.file_format.value, chosen.group]
        return " ".join([*filter(None, words), *([f"since {chosen.since:%Y-%m-%d}"] if chosen.since else [])])


@dataclass(frozen=True, slots=True)
class Library:
    """What the files take from the content: title and summary of the consultation, captions by language, and groups.

    Titles in tables are in `language`; the data dictionary is in every language there is.
    """

    language: str
    titles: Mapping[str, str]
    summaries: Mapping[str, str]
    captions: Mapping[str, Captions] = field(repr=False)
    groups: Mapping[str, str]


def write_files(
    store: Store,
    order: Order,
    library: Library,
    folder: Path,
    limit: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write an export into a folder that is there, and return its files, each of `limit` bytes at most.

    Raises ConsultationError where what is asked for is in the record alone, or cannot be cut into such parts.
    """
    return asyncio.run(_write_files(store, order, library, folder, limit, progress or Progress()))


def require_possible(order: Order) -> None:
    """Raise ConsultationError for what is asked for as published, but is in the record alone."""
    if order.what != POLIS and not tables_in(order.what, order.selection.tier):
        raise ConsultationError("export.record_only")


def not_applied(order: Order) -> dict[str, list[str]]:
    """Return which tables come whole although a group or a time is chosen, by the phrase that says so."""
    chosen, tables = order.selection, [] if order.what == POLIS else tables_in(order.what, order.selection.tier)
    return {
        phrase: names
        for phrase, names in {
            "export.group_not_applied": [one.name for one in tables if chosen.group and not one.has_group],
            "export.since_not_applied": [one.name for one in tables if chosen.since and not one.has_time],
        }.items()
        if names
    }


async def _write_files(
    store: Store, order: Order, library: Library, folder: Path, limit: int | None, progress: Progress
) -> list[Path]:
    require_possible(order)
    async with store.read_apart() as session:
        source = Source(session, order.selection, library.captions[library.language], library.groups)
        if order.what == POLIS:
            about = await polis_dictionary(source, list(library.captions.values()))
            titles = (library.titles[library.language], library.summaries[library.language])
            files = await write_polis(folder, source, *titles, limit, progress)
            return files + await _write_tables([about], source, folder, FileFormat.CSV, limit)
        tables = [_counted(table, progress) for table in tables_in(order.what, order.selection.tier)]
        texts = f"export.texts.{order.file_format}"
        front = dictionary(tables, order.selection.tier, texts, list(library.captions.values()))
        if order.file_format is FileFormat.XLSX:
            return await write_workbook(folder, WORKBOOK, front, tables, source, limit, progress)
        return await _write_tables([*tables, front], source, folder, order.file_format, limit)


async def _write_tables(
    tables: Sequence[Table], source: Source, folder: Path, file_format: FileFormat, limit: int | None
) -> list[Path]:
    files: list[Path] = []
    for table in tables:
        columns = table.columns_in(source.selection.tier)
        if file_format is FileFormat.CSV:
            parts = Parts(folder, table.name, SUFFIX, csv_head(columns), csv_encoder(columns), limit)
        else:
            parts = Parts(folder, table.name, JSONL_SUFFIX, b"", jsonl_encoder(columns), limit)
        with parts:
            async for block in table.rows_in(source):
                parts.add(block)
        files += parts.paths
    return files


def _counted(table: Table, progress: Progress) -> Table:
    """Return the table, whose rows are counted as they are taken."""

    async def rows(source: Source) -> Rows:
        async for block in table.rows(source):
            yield block
            progress.rows += len(block)

    return replace(table, rows=rows)

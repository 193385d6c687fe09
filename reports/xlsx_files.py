"""Tables as a workbook: a front sheet that explains every column, then a sheet a table with filters and a fixed head.

Rows go to disk as they come, so that a large table takes no more memory than a small one. Texts are written as texts:
none can be a formula. What XML cannot hold is replaced, and a text longer than a cell is cut.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.errors import ConsultationError
from reports.progress import Progress
from reports.tables import Column, Kind, Row, Source, Table, Value

SUFFIX = ".xlsx"
CELL_LENGTH = 32_767
MOST_ROWS = 1_048_575  # below the head
WIDTHS = {Kind.KEY: 22, Kind.MOMENT: 18, Kind.NUMBER: 11, Kind.SHARE: 11, Kind.TEXT: 60}
FORMATS = {Kind.MOMENT: "yyyy-mm-dd hh:mm", Kind.SHARE: "0.00"}
NO_MOMENT = datetime(1980, 1, 1)  # noqa: DTZ001 - of a workbook's making, so that the same rows are the same bytes
SPARE = 0.8  # of the rows that should fit into a part: rows are not equally large

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


async def write_workbook(
    folder: Path,
    name: str,
    front: Table,
    tables: Sequence[Table],
    source: Source,
    limit: int | None,
    progress: Progress,
) -> list[Path]:
    """Write the tables into a workbook of at most `limit` bytes, or into several numbered ones.

    How large a workbook gets shows only once it is written: where it is too large, `progress` begins again.

    Raises ConsultationError where even a single row would be too large.
    """
    rows_a_part = MOST_ROWS
    while True:
        paths, written = await _write(folder, name, front, tables, source, rows_a_part)
        largest = max(path.stat().st_size for path in paths)
        if limit is None or largest <= limit:
            return paths
        if rows_a_part == 1:
            raise ConsultationError("export.too_large")
        rows = min(rows_a_part, written)
        rows_a_part = max(1, min(int(rows * limit / largest * SPARE), rows // 2))
        for path in paths:
            path.unlink()
        progress.begin_again()


class _Part:
    """One workbook while it is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._book.set_calc_mode("manual")
        self._book.set_properties({"created": NO_MOMENT})
        self._formats = {kind: self._book.add_format({"num_format": how}) for kind, how in FORMATS.items()}
        self._formats[Kind.TEXT] = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._head = self._book.add_format({"bold": True, "bg_color": "#E8E8E8", "bottom": 1})
        self.rows = 0

    def begin(self, table: Table, columns: Sequence[Column]) -> "_Sheet":
        return _Sheet(self._book.add_worksheet(table.name), columns, self._head, self._formats)

    def close(self) -> None:
        self._book.close()


class _Sheet:
    """One sheet while it is written."""

    def __init__(self, sheet: Worksheet, columns: Sequence[Column], head: Format, formats: dict[Kind, Format]) -> None:
        self._sheet = sheet
        self._columns = columns
        self._formats = formats
        self.rows = 0
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, WIDTHS[column.kind])
            sheet.write_string(0, place, column.name, head)

    def add(self, row: Row) -> None:
        self.rows += 1
        for place, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            if value is not None:
                self._write(place, column.kind, value)

    def end(self) -> None:
        self._sheet.autofilter(0, 0, max(self.rows, 1), len(self._columns) - 1)

    def _write(self, place: int, kind: Kind, value: Value) -> None:
        look = self._formats.get(kind)
        if kind is Kind.MOMENT and isinstance(value, str):
            self._sheet.write_datetime(self.rows, place, datetime.fromisoformat(value).replace(tzinfo=None), look)
        elif isinstance(value, str):
            self._sheet.write_string(self.rows, place, cell_text(value), look)
        elif value is not None:
            self._sheet.write_number(self.rows, place, value, look)


def cell_text(text: str) -> str:
    """Return a text as a cell can hold it."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:CELL_LENGTH]


async def _write(
    folder: Path, name: str, front: Table, tables: Sequence[Table], source: Source, rows_a_part: int
) -> tuple[list[Path], int]:
    """Return the workbooks and how many rows they have together."""
    parts: list[_Part] = []

    async def begin() -> _Part:
        part = _Part(folder / f"{name}.part{len(parts)}{SUFFIX}")
        parts.append(part)
        sheet = part.begin(front, front.columns)
        async for block in front.rows(source):
            for row in block:
                sheet.add(row)
        sheet.end()
        return part

    part = await begin()
    for table in tables:
        columns = table.columns_in(source.selection.tier)
        sheet = part.begin(table, columns)
        async for block in table.rows_in(source):
            for row in block:
                if part.rows == rows_a_part:
                    sheet.end()
                    part.close()
                    part = await begin()
                    sheet = part.begin(table, columns)
                sheet.add(row)
                part.rows += 1
        sheet.end()
    part.close()
    written = sum(one.rows for one in parts)
    if len(parts) == 1:
        return [part.path.rename(folder / f"{name}{SUFFIX}")], written
    return [one.path.rename(folder / f"{name}-{number}{SUFFIX}") for number, one in enumerate(parts, 1)], written

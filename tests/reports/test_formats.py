"""Tables as JSON Lines, as workbooks and in parts, read by other people's code."""

import json
import re
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from models.errors import ConsultationError
from models.exports import Selection
from reports.csv_files import csv_encoder, csv_head
from reports.jsonl_files import jsonl_encoder
from reports.parts import Parts
from reports.progress import Progress
from reports.tables import Column, Kind, Source, Table
from reports.xlsx_files import CELL_LENGTH, write_workbook

COLUMNS = (
    Column("segment"),
    Column("hour", Kind.MOMENT),
    Column("ballots", Kind.NUMBER),
    Column("poll_consensus", Kind.SHARE),
    Column("text", Kind.TEXT),
)
ROW = ("bakers", "2030-03-02T12:00:00Z", 5, 0.25, "=1+1")
REPLACED = "\N{REPLACEMENT CHARACTER}"
TEXTS = st.text(st.characters(exclude_categories=()), max_size=60)


def table_of(*rows, name="words") -> Table:
    async def give(_):
        yield rows[:1]
        yield rows[1:]

    return Table(name, COLUMNS, give)


def source(captions) -> Source:
    return Source(None, Selection(1), captions)  # type: ignore[arg-type]  # these tables read no store


async def workbook_of(folder: Path, captions, *tables: Table, limit=None) -> list[Path]:
    front = Table("dictionary", COLUMNS, table_of(ROW).rows)
    return await write_workbook(folder, "made", front, tables, source(captions), limit, Progress())


def sheet_of(path: Path, name: str):
    return openpyxl.load_workbook(path)[name]


@given(st.lists(st.tuples(st.text(max_size=5) | st.none(), TEXTS), max_size=4))
def test_json_lines_hold_texts_as_they_were_given(rows):
    columns = (Column("segment"), Column("text", Kind.TEXT))
    file = jsonl_encoder(columns)([(key and key.encode(errors="replace").decode(), text) for key, text in rows])
    lines = file.decode().splitlines() if rows else []
    assert file.count(b"\n") == len(rows)
    found = [json.loads(line) for line in file.decode().split("\n")[:-1]]
    assert [one["text"] for one in found] == [re.sub("[\ud800-\udfff]", REPLACED, text) for _, text in rows]
    assert len(lines) >= len(rows)


async def test_a_workbook_has_a_front_sheet_and_a_sheet_a_table_with_filter_head_and_widths(tmp_path, captions):
    [path] = await workbook_of(tmp_path, captions, table_of(ROW, (None,) * 5), table_of(name="empty"))

    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["dictionary", "words", "empty"]
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert [cell.value for cell in sheet[1]] == [column.name for column in COLUMNS]
        assert sheet.column_dimensions["E"].width > sheet.column_dimensions["C"].width > 8
    assert book["words"].auto_filter.ref == "A1:E3"
    assert [cell.value for cell in book["words"][2]] == [
        "bakers",
        datetime.fromisoformat("2030-03-02T12:00"),
        5,
        0.25,
        "=1+1",
    ]
    assert [cell.value for cell in book["words"][3]] == [None] * 5
    assert book["words"]["E2"].data_type == "s", "a text that begins like a formula is none"


@pytest.mark.parametrize("text", ["=1+1", "{=1}", "http://example.org", "+1", "@SUM(A1)", "0012", "  spaces  ", "a\nb"])
async def test_texts_are_texts_in_a_workbook(tmp_path, captions, text):
    [path] = await workbook_of(tmp_path, captions, table_of((None, None, None, None, text)))
    cell = sheet_of(path, "words")["E2"]
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)


@settings(deadline=None, max_examples=30)  # each opens a workbook
@given(TEXTS)
def test_any_text_comes_back_from_a_workbook(tmp_path_factory, captions, text):
    import asyncio  # noqa: PLC0415 - hypothesis runs no coroutines

    folder = tmp_path_factory.mktemp("book")
    [path] = asyncio.run(workbook_of(folder, captions, table_of(("key", None, None, None, text))))
    found = sheet_of(path, "words")["E2"].value or ""
    # Line ends are told apart no further: XML makes one of all.
    expected = re.sub("[\ud800-\udfff\ufffe\uffff]", REPLACED, text)
    assert unescape(found).replace("\r\n", "\n").replace("\r", "\n") == expected.replace("\r\n", "\n").replace(
        "\r", "\n"
    )


async def test_a_text_longer_than_a_cell_is_cut(tmp_path, captions):
    [path] = await workbook_of(tmp_path, captions, table_of((None, None, None, None, "é" * 40_000)))
    assert len(sheet_of(path, "words")["E2"].value) == CELL_LENGTH


async def test_a_workbook_larger_than_may_be_is_cut_into_numbered_ones_that_hold_every_row_once(tmp_path, captions):
    rows = [(f"row-{n}", None, n, None, f"{n * 7919 % 10_007}" * 40) for n in range(600)]
    whole = (await workbook_of(tmp_path, captions, table_of(*rows)))[0].stat().st_size
    limit = whole // 2

    paths = await workbook_of(tmp_path, captions, table_of(*rows), limit=limit)

    assert [path.name for path in paths] == [f"made-{n}.xlsx" for n in range(1, len(paths) + 1)]
    assert len(paths) > 1
    assert all(path.stat().st_size <= limit for path in paths)
    found = [row[0] for path in paths for row in sheet_of(path, "words").iter_rows(min_row=2, values_only=True)]
    assert found == [row[0] for row in rows]


async def test_a_row_that_fits_into_no_workbook_is_told(tmp_path, captions):
    with pytest.raises(ConsultationError) as refusal:
        await workbook_of(tmp_path, captions, table_of(ROW, ROW), limit=100)
    assert refusal.value.phrase == "export.too_large"


def parts_of(folder: Path, rows, limit) -> list[Path]:
    with Parts(folder, "ballots", ".csv", csv_head(COLUMNS[:1]), csv_encoder(COLUMNS[:1]), limit) as parts:
        parts.add(rows)
    return parts.paths


@given(st.lists(st.text(st.sampled_from("ab"), max_size=9), max_size=40), st.integers(30, 200))
def test_parts_are_no_larger_than_may_be_and_hold_every_row_once_in_order(tmp_path_factory, keys, limit):
    paths = parts_of(tmp_path_factory.mktemp("parts"), [(key,) for key in keys], limit)

    head = csv_head(COLUMNS[:1])
    assert all(path.stat().st_size <= limit and path.read_bytes().startswith(head) for path in paths)
    lines = [line for path in paths for line in path.read_bytes().removeprefix(head).decode().split("\r\n")[:-1]]
    assert lines == [f'"{key}"' for key in keys]
    names = [path.name for path in paths]
    assert names == (["ballots.csv"] if len(paths) == 1 else [f"ballots-{n}.csv" for n in range(1, len(paths) + 1)])


def test_a_row_that_fits_into_no_part_is_told(tmp_path):
    with pytest.raises(ConsultationError) as refusal:
        parts_of(tmp_path, [("a" * 50,)], 40)
    assert refusal.value.phrase == "export.too_large"

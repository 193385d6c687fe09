"""Exports as LibreOffice opens them: the same rows, and no text has become a formula."""

import openpyxl
import pytest

from reports.exports import FileFormat
from tests.reports.libreoffice import HAS_CALC, opened_in_libreoffice
from tests.reports.test_exports import clock, consultation, export, held, library, rows, store

__all__ = ["clock", "consultation", "export", "held", "library", "store"]

pytestmark = [
    pytest.mark.usefixtures("held"),
    pytest.mark.skipif(not HAS_CALC, reason="LibreOffice Calc is not installed"),
]


def cells(sheet):
    return [[as_kept(cell.value) for cell in row] for row in sheet.iter_rows()]


def as_kept(value):
    return round(value, 12) if isinstance(value, float) else value


def formulas(book):
    return [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


async def test_a_workbook_has_its_sheets_and_rows(export):
    [path] = (await export(file_format=FileFormat.XLSX)).values()
    written = openpyxl.load_workbook(path)
    opened = openpyxl.load_workbook(await opened_in_libreoffice(path, "xlsx"))
    assert opened.sheetnames == written.sheetnames
    assert formulas(opened) == []
    for sheet in written:
        assert cells(opened[sheet.title]) == cells(sheet), sheet.title


@pytest.mark.parametrize("name", ["results.csv", "reasons.csv"])
async def test_a_csv_file_has_its_rows_and_its_letters(export, name):
    path = (await export())[name]
    book = openpyxl.load_workbook(await opened_in_libreoffice(path, "xlsx"))
    head, *found = cells(book.worksheets[0])
    expected = rows(path)
    assert head == list(expected[0])
    assert len(found) == len(expected)
    assert formulas(book) == []
    column = head.index("poll" if name == "results.csv" else "text")
    assert [str(row[column]) for row in found] == [list(row.values())[column] for row in expected]

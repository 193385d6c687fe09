"""Tables as CSV: RFC 4180 in UTF-8 with a byte order mark, so that spreadsheets know the encoding.

A cell is empty where nothing is known or the poll publishes no segments. Times are ISO 8601 in UTC.

People's texts cannot start a formula when a spreadsheet opens the file. An apostrophe is put before `=`, `+`, `-`, `@`
and their fullwidth forms where they come first in a cell, unseen characters, quotation marks and apostrophes aside, and
before a tab or line break that comes first. The same is done after every line break and semicolon within a text: where
the semicolon separates lists, as in Belgium, a spreadsheet may begin a cell there. To undo it, remove one apostrophe
in each of these places.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from io import StringIO

from reports.tables import Column, Kind, Row, Value

SUFFIX = ".csv"
BYTE_ORDER_MARK = "\ufeff"
PLAIN = {Kind.KEY, Kind.MOMENT, Kind.NUMBER}

# Spaces, controls and marks that a spreadsheet drops or nobody sees; line breaks are places of their own.
_UNSEEN = r"\x00-\x09\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_OPERATORS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"(?<![^;\r\n])(?=[{_UNSEEN}'\"]*[{_OPERATORS}])|\A(?='*[\t\r\n])")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def csv_head(columns: Sequence[Column]) -> bytes:
    """Return the beginning of a file with these columns."""
    return BYTE_ORDER_MARK.encode() + _lines([[column.name for column in columns]])


def csv_encoder(columns: Sequence[Column]) -> Callable[[Sequence[Row]], bytes]:
    """Return what makes rows of these columns into lines.

    Every cell is quoted: unquoted, a semicolon in a text could end its cell. Where no cell needs more than that, the
    lines are made without the csv module, in half of its time.
    """
    if {column.kind for column in columns} <= PLAIN:
        line = ",".join(['"%s"'] * len(columns)) + "\r\n"
        return lambda rows: "".join([line % (row if None not in row else _blank(row)) for row in rows]).encode()
    return lambda rows: _lines([_cell(value) for value in row] for row in rows)


def safe_text(text: str) -> str:
    """Return a text that begins no formula in any spreadsheet, and that UTF-8 can hold."""
    return _FORMULA.sub("'", without_surrogates(text))


def without_surrogates(text: str) -> str:
    """Return a text with the halves of surrogate pairs replaced, which no encoding can hold."""
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    sheet = StringIO(newline="")
    csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return sheet.getvalue().encode()


def _blank(row: Row) -> Row:
    return tuple("" if value is None else value for value in row)


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4f}"
        case int():
            return str(value)
        case _:
            return safe_text(value)

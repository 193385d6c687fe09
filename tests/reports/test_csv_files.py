import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.csv_files import csv_encoder, csv_head
from reports.tables import Column, Kind

TEXTS = (Column("text", Kind.TEXT),)
# What a reader does who wants the texts as they were given; the rule is the one that reports/csv_files.py tells.
UNSEEN = r"\x00-\x09\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff'\""
ADDED = re.compile(rf"(?<![^;\r\n])'(?=[{UNSEEN}]*[=+\-@＝＋－＠])|\A'(?='*[\t\r\n])")
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
HOSTILE = st.text(st.sampled_from("=+-@＝＠\t\r\n;,'\" \x00\u200b\ufeff\ud800aé€"), max_size=12)
KEYS = st.text(st.sampled_from("abcxyz019-_ "), max_size=8)


def written(columns, rows) -> bytes:
    return csv_head(columns) + csv_encoder(columns)(rows)


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def exported(text: str) -> str:
    [row] = rows_of(written(TEXTS, [(text,)]))
    return row["text"]


def test_a_table_without_rows_is_its_columns_with_a_byte_order_mark():
    file = written((Column("poll", Kind.NUMBER), Column("segment")), [])
    assert file == b'\xef\xbb\xbf"poll","segment"\r\n'


def test_numbers_are_digits_shares_have_four_decimals_and_nothing_known_is_an_empty_cell():
    columns = (Column("ballots", Kind.NUMBER), Column("poll_consensus", Kind.SHARE), Column("segment"))
    assert rows_of(written(columns, [(5, 2 / 3, None)])) == [
        {"ballots": "5", "poll_consensus": "0.6667", "segment": ""}
    ]


@given(st.lists(st.tuples(KEYS | st.none(), st.integers() | st.none(), KEYS), max_size=5))
def test_tables_of_keys_and_numbers_are_the_same_bytes_as_the_csv_module_makes(rows):
    columns = (Column("poll"), Column("ballots", Kind.NUMBER), Column("hour", Kind.MOMENT))
    sheet = io.StringIO(newline="")
    csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    assert csv_encoder(columns)(rows) == sheet.getvalue().encode()


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("  -2", "'  -2"),
        ("\u200b\ufeff+2", "'\u200b\ufeff+2"),
        ("＝1", "'＝1"),
        ("\tindented", "'\tindented"),
        ("\rbroken", "'\rbroken"),
        ("'=1", "''=1"),
        ('"=1', "'\"=1"),
        ("wait;=1", "wait;'=1"),
        ("wait\r\n=1", "wait\r\n'=1"),
        ("wait\n\n - one", "wait\n\n' - one"),
        ("", ""),
        ("'tis fine", "'tis fine"),
        ("1 = 1 - 0", "1 = 1 - 0"),
        ("yes; no", "yes; no"),
    ],
)
def test_an_apostrophe_stands_before_a_formula_and_nowhere_else(text, cell):
    assert exported(text) == cell


@given(st.text(max_size=4_000) | HOSTILE)
@example("'" * 4_000)
@example("\x00;\x00=\r\n" * 500)
@example('"quoted", "twice"\r\n\n;' * 100)
def test_any_text_comes_back_with_only_half_surrogate_pairs_replaced(text):
    assert ADDED.sub("", exported(text)) == re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


@given(HOSTILE | st.text())
def test_no_cell_starts_a_formula_also_where_the_semicolon_separates(text):
    cell = exported(text)
    assert not cell.startswith(FORMULA_STARTS)
    for part in re.split("[;\r\n]", cell):
        assert not part.lstrip(' \t\x00\u200b\ufeff"').startswith(FORMULA_STARTS)


@given(HOSTILE)
def test_every_cell_is_quoted_so_that_no_semicolon_ends_it(text):
    file = written((*TEXTS, *TEXTS), [(text, "b")])
    [_header, row] = csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True)
    assert file.decode("utf-8-sig").endswith(
        ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\r\n"
    )

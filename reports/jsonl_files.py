"""Tables as JSON Lines: an object a row in UTF-8, named by column. Texts stand as they were given; null is unknown."""

import json
from collections.abc import Callable, Sequence

from reports.csv_files import without_surrogates
from reports.tables import Column, Row

SUFFIX = ".jsonl"


def jsonl_encoder(columns: Sequence[Column]) -> Callable[[Sequence[Row]], bytes]:
    """Return what makes rows of these columns into lines."""
    names = [column.name for column in columns]

    def encode(rows: Sequence[Row]) -> bytes:
        # Line separators other than \n are escaped too: some readers split lines there.
        lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows)
        text = "".join(f"{line}\n" for line in lines)
        return without_surrogates(text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()

    return encode

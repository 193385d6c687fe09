"""Files that are written row by row and go on in a next, numbered part where they would become too large."""

from collections.abc import Callable, Sequence
from io import BufferedWriter
from pathlib import Path
from typing import Self

from models.errors import ConsultationError
from reports.tables import Row

Encode = Callable[[Sequence[Row]], bytes]


class Parts:
    """A file of at most `limit` bytes, or several that each begin with the same head; None sets no limit.

    One part is called `ballots.csv`, several `ballots-1.csv` and so on. Used as a context manager; `paths` are known
    after it. Raises ConsultationError for a head or a row that is larger than a part.
    """

    def __init__(self, folder: Path, name: str, suffix: str, head: bytes, encode: Encode, limit: int | None) -> None:
        self._folder = folder
        self._name = name
        self._suffix = suffix
        self._head = head
        self._encode = encode
        self._limit = limit
        self._room = 0
        self._file: BufferedWriter | None = None
        self.paths: list[Path] = []

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        if len(self.paths) > 1:
            numbered = [path.with_name(f"{self._name}-{n}{self._suffix}") for n, path in enumerate(self.paths, 1)]
            self.paths = [path.rename(target) for path, target in zip(self.paths, numbered, strict=True)]
        elif self.paths:
            self.paths = [self.paths[0].rename(self._folder / f"{self._name}{self._suffix}")]

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows, in a next part where this one has no room for them."""
        data = self._encode(rows)
        if self._limit is None or len(data) <= self._room:
            self._write(data)
        elif len(rows) > 1:
            middle = len(rows) // 2
            self.add(rows[:middle])
            self.add(rows[middle:])
        else:
            self._begin()
            self._require_room(data)
            self._write(data)

    def _begin(self) -> None:
        self._end()
        self._room = self._limit or 0
        self._require_room(self._head)
        self.paths.append(self._folder / f"{self._name}.part{len(self.paths)}")
        self._file = self.paths[-1].open("wb")
        self._write(self._head)

    def _require_room(self, data: bytes) -> None:
        if self._limit is not None and len(data) > self._room:
            raise ConsultationError("export.too_large")

    def _write(self, data: bytes) -> None:
        assert self._file is not None, "entered before"  # noqa: S101
        self._file.write(data)
        self._room -= len(data)

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()

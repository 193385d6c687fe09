"""The paper the plan is written on: headings, paragraphs, tables and pictures, each with what it stands on.

Whatever bears a reference puts it into the annex, and nothing else does; so no reference is without its entry there,
and no entry without its use.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import chain

import docx
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from reports.docx_parts import (
    CELL_STYLE,
    LINK_STYLE,
    Heading,
    add_bookmark,
    add_contents,
    add_link,
    add_picture,
    clean,
    prepare,
    repeat_header,
    set_style,
    set_widths,
)

TABLE_STYLE = "Light Grid Accent 1"
ANNEX_WIDTHS = (2, 3, 5)
LISTED = 2
"""The contents list headings down to this level."""
PROPERTY_LENGTH = 255  # of a title in a file's properties
_NO_NAME = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a claim stands on: how the text names it, what it is, and the numbers or the place behind it."""

    name: str
    what: str
    basis: str

    @property
    def bookmark(self) -> str:
        return "ref_" + _NO_NAME.sub("_", self.name)


class Paper:
    """A document as it grows."""

    def __init__(self, title: str, language: str, made_at: datetime) -> None:
        self._document = docx.Document()
        self._headings: list[Heading] = []
        self._references: dict[str, Reference] = {}
        self._style_ids: dict[str, str] = {}
        self._bookmarks = 0
        prepare(self._document, language)
        properties = self._document.core_properties
        properties.title = clean(title)[:PROPERTY_LENGTH]
        properties.author = properties.comments = ""
        properties.created = properties.modified = made_at.replace(tzinfo=None)

    def title(self, text: str) -> None:
        self.write(text, style="Title")

    def heading(self, text: str, level: int) -> Paragraph:
        """Add a heading of a level from 1; the contents list the first two."""
        paragraph = self.write(text, style=f"Heading {level}")
        if level <= LISTED:
            bookmark = self._bookmark(paragraph, f"part_{len(self._headings) + 1}")
            self._headings.append(Heading(clean(text), level, bookmark))
        return paragraph

    def write(self, text: str, *references: Reference, style: str | None = None) -> Paragraph:
        """Add a paragraph, and behind it the references it stands on."""
        paragraph = self._document.add_paragraph(clean(text))
        if style is not None:
            set_style(paragraph, self._style_id(style))
        self._refer(paragraph, references)
        return paragraph

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        references: Sequence[Sequence[Reference]] = (),
        *,
        widths: Sequence[int],
    ) -> None:
        """Add a table with its header, its columns as wide as `widths` are to each other.

        `references` are put into one more cell of each row, the column named last.
        """
        cells = self._filled(columns, rows, widths)
        for number, some in enumerate(references, start=2):
            self._refer(cells[number * len(columns) - 1].paragraphs[0], some, in_cell=True)
        self._document.add_paragraph()

    def picture(self, png: bytes, alternative: str, caption: str, reference: Reference) -> None:
        """Add a picture with its text for those who do not see it, and what stands under it."""
        add_picture(self._document, png, clean(alternative))
        self.write(caption, reference, style="Caption")

    def annex(self, columns: Sequence[str]) -> None:
        """Add the table of all references that were used, in the order of their first use."""
        every = list(self._references.values())
        cells = self._filled(columns, [(one.name, one.what, one.basis) for one in every], ANNEX_WIDTHS)
        for number, one in enumerate(every, start=1):
            self._bookmark(cells[number * len(columns)].paragraphs[0], one.bookmark)

    def file(self, before: Paragraph) -> bytes:
        """Return the document, with its contents listed before a paragraph."""
        add_contents(before, self._headings)
        made = BytesIO()
        self._document.save(made)
        return made.getvalue()

    def _filled(self, columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[_Cell]:
        """Add a table with its header and return its cells, row by row."""
        told = [columns, *rows]
        table = self._document.add_table(rows=len(told), cols=len(columns), style=TABLE_STYLE)
        repeat_header(table)
        set_widths(table, widths)
        # Asked for once: python-docx works the cells of a table out anew each time.
        cells = list(table._cells)  # noqa: SLF001
        for cell, text in zip(cells, chain.from_iterable(told), strict=True):
            paragraph = cell.paragraphs[0]
            set_style(paragraph, self._style_id(CELL_STYLE))
            paragraph.add_run(clean(text))
        return cells

    def _refer(self, paragraph: Paragraph, references: Sequence[Reference], *, in_cell: bool = False) -> None:
        for number, one in enumerate(references):
            self._references.setdefault(one.name, one)
            if number or not in_cell:
                paragraph.add_run(" ")
            add_link(paragraph, f"[{one.name}]", one.bookmark, self._style_id(LINK_STYLE))

    def _style_id(self, name: str) -> str:
        if name not in self._style_ids:
            self._style_ids[name] = self._document.styles[name].style_id
        return self._style_ids[name]

    def _bookmark(self, paragraph: Paragraph, name: str) -> str:
        self._bookmarks += 1
        add_bookmark(paragraph, name, self._bookmarks)
        return name

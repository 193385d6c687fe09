"""What python-docx lacks: a contents list that is filled in, bookmarks and links, texts for pictures, page numbers.

Works on the XML of WordprocessingML (ECMA-376 part 1) as python-docx hands it out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Emu, Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

PICTURE_WIDTH = Mm(110)
A4 = Mm(210), Mm(297)
PAGE_MARGIN = Mm(22)
TEXT_WIDTH = A4[0] - 2 * PAGE_MARGIN
LINK_STYLE = "Hyperlink"
CELL_STYLE = "Table Text"
CONTENTS_STYLES = {1: "toc 1", 2: "toc 2"}
INDENT = Mm(6)
_LINK_BLUE = RGBColor(0x0B, 0x4F, 0x8A)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as the contents list it; `bookmark` is the name of the place it stands at."""

    text: str
    level: int
    bookmark: str


def clean(text: str) -> str:
    """Return a text with what XML 1.0 cannot hold replaced, and one kind of line break."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def prepare(document: Document, language: str) -> None:
    """Set paper, styles for contents, links and tables, page numbers, and the language for those who read aloud.

    `language` is a tag with its region, such as `fr-BE`.
    """
    section = document.sections[0]
    section.page_width, section.page_height = A4
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = PAGE_MARGIN
    for level, name in CONTENTS_STYLES.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.paragraph_format.left_indent = INDENT * (level - 1)
        style.paragraph_format.space_after = Pt(2)
        style.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    link = document.styles.add_style(LINK_STYLE, WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb = _LINK_BLUE
    cells = document.styles.add_style(CELL_STYLE, WD_STYLE_TYPE.PARAGRAPH)
    cells.base_style = document.styles["Normal"]
    cells.font.size = Pt(9)
    cells.paragraph_format.space_after = Pt(0)
    _fill_in_fields(document)
    _add_field(section.footer.paragraphs[0], "PAGE", "1")
    _set_language(document, language)


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Let links lead to a paragraph; `number` is unique in the document, `name` at most 40 letters, digits and _."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for tag in (start, end):
        tag.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    at = 0 if paragraph._p.pPr is None else 1  # noqa: SLF001 - python-docx has no public way to its XML
    paragraph._p.insert(at, start)  # noqa: SLF001
    paragraph._p.append(end)  # noqa: SLF001


def add_link(paragraph: Paragraph, text: str, bookmark: str, style_id: str | None = None) -> BaseOxmlElement:
    """Add words that lead to a bookmark of the same document; return the link."""
    run = paragraph.add_run(text)
    run._r.style = style_id  # noqa: SLF001
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), bookmark)
    link.append(run._r)  # noqa: SLF001 - which takes it out of the paragraph itself
    paragraph._p.append(link)  # noqa: SLF001
    return link


def add_contents(before: Paragraph, headings: Sequence[Heading]) -> None:
    """Put a table of contents before a paragraph, filled in but for the page numbers, which only layout tells."""
    lines = [before.insert_paragraph_before(style=CONTENTS_STYLES[heading.level]) for heading in headings]
    for number, (paragraph, heading) in enumerate(zip(lines, headings, strict=True)):
        if number == 0:
            paragraph._p.extend(_field_opening(' TOC \\o "1-2" \\h \\z \\u '))  # noqa: SLF001
        link = add_link(paragraph, heading.text, heading.bookmark)
        tab = OxmlElement("w:r")
        tab.append(OxmlElement("w:tab"))
        link.append(tab)
        link.extend(_field_opening(f" PAGEREF {heading.bookmark} \\h "))
        link.append(_field("end"))
    if lines:
        lines[-1]._p.append(_field("end"))  # noqa: SLF001


def add_picture(document: Document, png: bytes, alternative: str) -> None:
    """Add a picture with its text for those who do not see it."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(BytesIO(png), width=PICTURE_WIDTH)
    shape._inline.docPr.set("descr", alternative)  # noqa: SLF001


def set_style(paragraph: Paragraph, style_id: str) -> None:
    """Give a paragraph a style by its id; python-docx would look through all styles for each paragraph."""
    paragraph._p.style = style_id  # noqa: SLF001


def repeat_header(table: Table) -> None:
    """Mark a table's first row as its header, repeated on every page, and let no row break over two."""
    for number, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()  # noqa: SLF001
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def set_widths(table: Table, widths: Sequence[int]) -> None:
    """Share a table's width among its columns in proportion to `widths`; word processors look at each cell's."""
    columns = table._tbl.tblGrid.gridCol_lst  # noqa: SLF001
    whole = sum(column.w or 0 for column in columns)
    shared = [Emu(whole * width // sum(widths)) for width in widths]
    for column, width in zip(columns, shared, strict=True):
        column.w = width
    for row in table._tbl.tr_lst:  # noqa: SLF001
        for cell, width in zip(row.tc_lst, shared, strict=True):
            cell.width = width


def _fill_in_fields(document: Document) -> None:
    """Let word processors lay page numbers out when the document is opened.

    Word asks first, whichever way it is told.
    """
    update = OxmlElement("w:updateFields")
    update.set(qn("w:val"), "true")
    # Its place is fixed: behind it come the settings that python-docx's template has from here on.
    document.settings.element.find(qn("w:compat")).addprevious(update)


def _set_language(document: Document, language: str) -> None:
    defaults = document.styles.element.find(qn("w:docDefaults"))
    (tag,) = defaults.iter(qn("w:lang"))
    tag.set(qn("w:val"), language)
    document.core_properties.language = language


def _add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    for element in _field_opening(f" {instruction} "):
        paragraph._p.append(element)  # noqa: SLF001
    paragraph.add_run(shown)
    paragraph._p.append(_field("end"))  # noqa: SLF001


def _field_opening(instruction: str) -> Iterator[BaseOxmlElement]:
    yield _field("begin")
    run, words = OxmlElement("w:r"), OxmlElement("w:instrText")
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    words.text = instruction
    run.append(words)
    yield run
    yield _field("separate")


def _field(kind: str) -> BaseOxmlElement:
    run, character = OxmlElement("w:r"), OxmlElement("w:fldChar")
    character.set(qn("w:fldCharType"), kind)
    run.append(character)
    return run

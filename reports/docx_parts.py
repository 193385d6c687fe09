"""What python-docx lacks: a table of contents that is filled in, bookmarks and links to them, texts for pictures.

Works on the XML of WordprocessingML (ECMA-376 part 1) as python-docx hands it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from docx.text.run import Run

PICTURE_WIDTH = Mm(110)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as the table of contents lists it."""

    text: str
    level: int
    bookmark: str


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Let links lead to a paragraph; `number` is unique in the document, `name` at most 40 letters and digits."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for tag in (start, end):
        tag.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    paragraph._p.insert(0, start)  # noqa: SLF001 - python-docx has no public way to its XML
    if paragraph._p.pPr is not None:  # noqa: SLF001
        paragraph._p.insert(0, paragraph._p.pPr)  # noqa: SLF001 - properties come first in a paragraph
    paragraph._p.append(end)  # noqa: SLF001


def add_link(paragraph: Paragraph, text: str, bookmark: str) -> None:
    """Add words that lead to a bookmark of the same document."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), bookmark)
    link.append(_run(text))
    paragraph._p.append(link)  # noqa: SLF001


def add_contents(before: Paragraph, headings: Sequence[Heading]) -> None:
    """Put a table of contents before a paragraph, filled in, that Word brings up to date with page numbers when asked."""
    lines = [before.insert_paragraph_before(style="List Paragraph") for _ in headings]
    for paragraph, heading in zip(lines, headings, strict=True):
        paragraph.paragraph_format.left_indent = Mm(6 * (heading.level - 1))
        paragraph.paragraph_format.space_after = 0
        add_link(paragraph, heading.text, heading.bookmark)
    if lines:
        first, last = lines[0]._p, lines[-1]._p  # noqa: SLF001
        opening = [_field("begin"), _instruction(' TOC \\o "1-2" \\h \\z \\u '), _field("separate")]
        for place, run in enumerate(opening, start=1 if first.pPr is not None else 0):
            first.insert(place, run)
        last.append(_field("end"))


def add_picture(document: Document, png: bytes, alternative: str) -> None:
    """Add a picture with its text for those who do not see it."""
    document.add_picture(BytesIO(png), width=PICTURE_WIDTH)
    document.inline_shapes[-1]._inline.docPr.set("descr", alternative)  # noqa: SLF001


def set_language(document: Document, language: str) -> None:
    """Say in which language the document is, for spell checkers and screen readers."""
    properties = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    tag = properties.find(qn("w:lang"))
    if tag is None:
        tag = OxmlElement("w:lang")
        properties.append(tag)
    tag.set(qn("w:val"), language)
    document.core_properties.language = language


def _run(text: str) -> OxmlElement:
    run, words = OxmlElement("w:r"), OxmlElement("w:t")
    words.text = text
    words.set(qn("xml:space"), "preserve")
    run.append(words)
    return run


def _field(kind: str) -> OxmlElement:
    run, character = OxmlElement("w:r"), OxmlElement("w:fldChar")
    character.set(qn("w:fldCharType"), kind)
    run.append(character)
    return run


def _instruction(text: str) -> OxmlElement:
    run, instruction = OxmlElement("w:r"), OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = text
    run.append(instruction)
    return run


def bold(run: Run) -> Run:
    """Set a run in bold and return it."""
    run.bold = True
    return run

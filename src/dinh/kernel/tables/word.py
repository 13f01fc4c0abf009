"""A table as a Word document on landscape A4."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.functional import Promise
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from dinh.kernel.tables.shapes import TableShape, writable

_ALIGNED = {"center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
_WIDTH = 262  # of the text, in millimetres


def write_word(shape: TableShape, rows: Iterable[Sequence[str]]) -> bytes:
    """Title, subtitle and the rows under a head that Word repeats on each page."""
    document = Document()
    _lay_out(document)
    for text, is_bold in ((shape.agency, True), (shape.title, True), (shape.subtitle, False)):
        if text:
            _centred(document.add_paragraph(), text, is_bold=is_bold)
    _fill(document, shape, list(rows))
    if shape.note:
        document.add_paragraph(writable(shape.note))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _lay_out(document: Any) -> None:
    section, style = document.sections[0], document.styles["Normal"]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin, section.right_margin = Mm(20), Mm(15)
    section.top_margin = section.bottom_margin = Mm(20)
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Times New Roman")


def _centred(paragraph: Any, text: str | Promise, *, is_bold: bool) -> None:
    run = paragraph.add_run(writable(text))
    run.bold = is_bold
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _fill(document: Any, shape: TableShape, rows: list[Sequence[str]]) -> None:
    """Cells of a row are looked up once: asking the table for each costs the square of the rows."""
    table = document.add_table(rows=len(rows) + 1, cols=len(shape.columns), style="Table Grid")
    table.autofit = False
    total = sum(column.share for column in shape.columns)
    lines = list(table.rows)
    _repeat(lines[0])
    for cell, column in zip(lines[0].cells, shape.columns, strict=True):
        cell.width = Mm(_WIDTH * column.share / total)
        _centred(cell.paragraphs[0], column.title, is_bold=True)
    for line, texts in zip(lines[1:], rows, strict=True):
        for cell, column, text in zip(line.cells, shape.columns, texts, strict=True):
            cell.width = Mm(_WIDTH * column.share / total)
            cell.paragraphs[0].add_run(writable(text))
            if column.align != "left":
                cell.paragraphs[0].alignment = _ALIGNED[column.align]


def _repeat(row: Any) -> None:
    """Let Word show the row again at the head of each page."""
    properties = row._tr.get_or_add_trPr()
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    properties.append(mark)

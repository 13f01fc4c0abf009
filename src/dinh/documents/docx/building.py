"""Build Word files by the form of the bloc: blank templates for writers, and drafts made in the page."""

import io
from collections.abc import Iterable
from datetime import date
from functools import singledispatch
from typing import Any

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph

from dinh.documents.letters.content import (
    Article,
    Block,
    Clause,
    Division,
    FieldLine,
    LegalBases,
    LetterContent,
    Order,
    Paragraph,
    Point,
    RomanSection,
    SignatureBlock,
    Table,
)
from dinh.documents.letters.formats import date_parts, heading_above, roman
from dinh.documents.letters.law import (
    BoxStyle,
    FormProfile,
    document_type,
    mark,
    model_words,
    profile_for,
)
from dinh.documents.letters.models import starter
from dinh.documents.letters.render import ended, recipient_lines

FONT = "Times New Roman"
_CENTER, _LEFT, _JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.JUSTIFY
_SHARES = (0.41, 0.59)
_BLANKS = {"so": 8, "ngay": 5, "thang": 5, "nam": 7}
_NBSP = "\u00a0"


def build_template(
    *,
    type_code: str,
    bloc: str,
    law_date: date,
    issuing_agency: str,
    issuer: str,
    place_name: str,
    parent_agency: str = "",
    drafter: str = "",
    variant: str = "",
    signature: SignatureBlock | None = None,
) -> bytes:
    """Return the blank Word form of a type, to be filled in Word: see `build_docx`."""
    content = starter(
        type_code=type_code,
        bloc=bloc,
        variant=variant,
        law_date=law_date,
        parent_agency=parent_agency,
        issuing_agency=issuing_agency,
        issuer=issuer,
        drafter=drafter,
        place_name=place_name,
        subject="……",
        signature=signature,
    )
    return build_docx(content)


def build_docx(content: LetterContent) -> bytes:
    """
    Return a letter as Word file, laid out by its bloc's form.

    Number, day, month and year stay blank where the letter has none; the bookmarks `so`, `ngay`, `thang`,
    `nam` and `chu_ky_<key>` mark these places and the signatures.
    """
    builder = _Builder(content)
    builder.build()
    written = io.BytesIO()
    builder.document.save(written)
    return written.getvalue()


class _Builder:
    def __init__(self, content: LetterContent) -> None:
        self.content = content
        self.profile: FormProfile = profile_for(
            bloc=content.bloc, on=content.law_date, variant=content.variant
        )
        self.kind = document_type(content.type_code, bloc=content.bloc, on=content.law_date)
        self.document: Document = docx.Document()
        self._bookmarks = 0

    def build(self) -> None:
        self._set_page()
        self._set_defaults()
        self._head()
        if self.content.urgency:
            self._urgency()
        if self.kind.layout != "letter":
            self._title()
        self._addressees()
        for block in ended(self.content.body, self.profile.end_mark):
            _add_block(block, self)
        self._closing()
        for index, _annex in enumerate(self.content.annexes):
            self._annex(index)

    # Page and defaults

    def _set_page(self) -> None:
        section = self.document.sections[0]
        margins = self.profile.margins
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.orientation = WD_ORIENT.PORTRAIT
        section.top_margin, section.bottom_margin = Mm(margins["top"].used), Mm(margins["bottom"].used)
        section.left_margin, section.right_margin = Mm(margins["left"].used), Mm(margins["right"].used)
        section.header_distance = Mm(10)
        section.different_first_page_header_footer = True
        line = section.header.paragraphs[0]
        line.alignment = _CENTER
        _field(line, "PAGE", size=self.profile.boxes["page_number"].size)
        if self.content.circulation:
            self._circulation(section.first_page_header.paragraphs[0])
        if self.content.address_lines:
            self._address(section.first_page_footer)

    def _circulation(self, paragraph: WordParagraph) -> None:
        paragraph.alignment = _CENTER
        stamp = mark("circulation", self.content.circulation).mark
        _run(paragraph, f"{_NBSP}{stamp}{_NBSP}", self.profile.boxes["circulation"])
        paragraph.runs[0]._r.get_or_add_rPr().append(_border("w:bdr"))

    def _address(self, footer: Any) -> None:
        borders = OxmlElement("w:pBdr")
        borders.append(_border("w:top"))
        footer.paragraphs[0]._p.get_or_add_pPr().append(borders)
        for index, each in enumerate(self.content.address_lines):
            self._line(footer, each, "address", align=_LEFT, first=index == 0)

    def _set_defaults(self) -> None:
        style = self.document.styles["Normal"]
        style.font.name = FONT
        style.font.size = Pt(self.profile.boxes["body"].size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for slot in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(slot), FONT)
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.line_spacing = 1.0
        self.document.core_properties.title = self.content.subject or self.kind.name
        self.document.core_properties.author = self.content.issuing_agency

    # Pieces

    @property
    def text_width(self) -> Mm:
        margins = self.profile.margins
        return Mm(210 - margins["left"].used - margins["right"].used)

    def _grid(self, rows: int, shares: Iterable[float] = _SHARES) -> Any:
        shares = tuple(shares)
        table = self.document.add_table(rows=rows, cols=len(shares))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        _without_cell_margins(table)
        for column, share in enumerate(shares):
            table.columns[column].width = int(self.text_width * share)
            for row in table.rows:
                row.cells[column].width = int(self.text_width * share)
        return table

    def _line(self, cell: Any, text: str, box: str, *, align: Any = _CENTER, first: bool = False) -> Any:
        paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
        paragraph.alignment = align
        _run(paragraph, text, self.profile.boxes[box])
        return paragraph

    def _ruled(self, cell: Any, share: float) -> None:
        """The rule under a name: an empty line with a border above, drawn in from both sides."""
        paragraph = cell.add_paragraph()
        inset = int(self.text_width * (0.5 - share / 2) * 0.5)
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = inset
        paragraph.paragraph_format.line_spacing = Pt(5)
        paragraph.paragraph_format.space_before = Pt(2)
        borders = OxmlElement("w:pBdr")
        borders.append(_border("w:top"))
        paragraph._p.get_or_add_pPr().append(borders)

    def blank(self, paragraph: WordParagraph, name: str, box: BoxStyle) -> None:
        """Non-breaking spaces where a value goes, inside a bookmark."""
        self._bookmarked(paragraph, name, lambda: _run(paragraph, _NBSP * _BLANKS[name], box))

    def _bookmarked(self, paragraph: WordParagraph, name: str, write: Any) -> None:
        self._bookmarks += 1
        start: Any = OxmlElement("w:bookmarkStart")
        end: Any = OxmlElement("w:bookmarkEnd")
        start.set(qn("w:id"), str(self._bookmarks))
        start.set(qn("w:name"), name)
        end.set(qn("w:id"), str(self._bookmarks))
        paragraph._p.append(start)
        write()
        paragraph._p.append(end)

    # Boxes

    def _head(self) -> None:
        content, profile = self.content, self.profile
        table = self._grid(2)
        left, right = table.rows[0].cells
        above = heading_above(profile, issuer=content.issuing_agency, parent=content.parent_agency)
        if above:
            self._line(left, above, "parent_agency", first=True)
        self._line(left, content.issuing_agency, "issuing_agency", first=not above)
        if profile.issuer_mark == "star":
            self._line(left, "*", "issuing_agency")
        else:
            self._ruled(left, 0.4)
        heading = content.heading or tuple(filter(None, (profile.heading_name, profile.heading_motto)))
        self._line(right, heading[0], "national_name", first=True)
        for each in heading[1:]:
            self._line(right, each, "motto")
        self._ruled(right, 0.55)
        self._number(table.rows[1].cells[0])
        if model_words(self.kind.layout, on=self.content.law_date).is_dated:
            self._date(table.rows[1].cells[1])

    def _number(self, cell: Any) -> None:
        profile, content = self.profile, self.content
        style = profile.boxes["number"]
        paragraph = cell.paragraphs[0]
        paragraph.alignment = _CENTER
        _run(paragraph, f"{profile.number_label} ", style)
        if content.number:
            _run(paragraph, content.number, style)
        else:
            self.blank(paragraph, "so", style)
        _run(paragraph, profile.number_separator + content.notation, style)
        if self.kind.layout == "letter" and content.subject:
            subject = self._line(cell, f"V/v {content.subject}", "letter_subject")
            subject.paragraph_format.space_before = Pt(6)

    def _date(self, cell: Any) -> None:
        style = self.profile.boxes["date"]
        paragraph = cell.paragraphs[0]
        paragraph.alignment = _CENTER
        day = self.content.issued_on
        written = (
            date_parts(day, bloc=self.content.bloc, variant=self.content.variant) if day else ("", "", "")
        )
        _run(paragraph, f"{self.content.place_name},", style)
        for word, name, value in zip(
            ("ngày", "tháng", "năm"), ("ngay", "thang", "nam"), written, strict=True
        ):
            _run(paragraph, f" {word} ", style)
            if value:
                _run(paragraph, value, style)
            else:
                self.blank(paragraph, name, style)

    def _urgency(self) -> None:
        stamp = mark("urgency", self.content.urgency)
        self.document.add_paragraph().paragraph_format.line_spacing = Pt(6)
        table = self._grid(1, (stamp.width_mm / (self.text_width / Mm(1)),))
        table.alignment = WD_TABLE_ALIGNMENT.LEFT
        table.style = "Table Grid"
        row = table.rows[0]
        row.height = Mm(stamp.height_mm)
        paragraph = self._line(row.cells[0], stamp.mark, "urgency", first=True)
        paragraph.runs[0].font.color.rgb = RGBColor(0xE1, 0x00, 0x0F)

    def _title(self) -> None:
        content = self.content
        name = self._line(self.document, content.type_name or self.kind.name, "type_name")
        name.paragraph_format.space_before = Pt(14)
        if content.subject:
            self._line(self.document, content.subject, "subject")
        self._ruled(self.document, 0.25)
        if content.deciding_authority:
            line = self._line(self.document, content.deciding_authority.upper(), "type_name")
            line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(10)

    def _addressees(self) -> None:
        names = self.content.addressees
        if not names:
            return
        label = f"{self.content.address_label or 'Kính gửi'}:"
        first = self._line(self.document, label, "addressee", align=_CENTER)
        first.paragraph_format.space_before = Pt(12)
        if len(names) == 1:
            _run(first, f" {names[0]}", self.profile.boxes["addressee"])
            first.paragraph_format.space_after = Pt(12)
            return
        first.alignment = _LEFT
        first.paragraph_format.left_indent = Mm(25)
        for index, name in enumerate(names):
            end = "." if index == len(names) - 1 else ";"
            line = self._line(self.document, f"- {name}{end}", "addressee", align=_LEFT)
            line.paragraph_format.left_indent = Mm(47)
            line.paragraph_format.first_line_indent = Mm(-3)
        line.paragraph_format.space_after = Pt(12)

    def body_line(self, text: str = "", *, bold: bool = False, italic: bool = False) -> WordParagraph:
        """A paragraph of the body: justified, first line 1.27 cm in, 6 pt below, 1.1 lines."""
        paragraph = self.document.add_paragraph()
        paragraph.alignment = _JUSTIFY
        form = paragraph.paragraph_format
        form.first_line_indent = Mm(self.profile.indent_mm[-1])
        form.space_after = Pt(self.profile.paragraph_gap_pt)
        form.line_spacing = self.profile.line_spacing.used
        if text:
            self.body_run(paragraph, text, bold=bold, italic=italic)
        return paragraph

    def body_run(
        self, paragraph: WordParagraph, text: str, *, bold: bool = False, italic: bool = False
    ) -> None:
        """Text in the body's size."""
        run = paragraph.add_run(text)
        run.font.size = Pt(self.profile.boxes["body"].size)
        run.bold, run.italic = bold, italic

    def centred(self, text: str) -> None:
        """A bold line in the middle of the body."""
        paragraph = self.body_line(text, bold=True)
        paragraph.alignment = _CENTER
        paragraph.paragraph_format.first_line_indent = None
        paragraph.paragraph_format.keep_with_next = True

    def _closing(self) -> None:
        self.document.add_paragraph().paragraph_format.line_spacing = Pt(8)
        signers = self.content.signatures
        table = self._grid(1, (0.45, 0.55) if len(signers) < 2 else (0.5, 0.5))
        cells = table.rows[0].cells
        _keep_row_whole(table.rows[0])
        if len(signers) < 2:
            self._recipients(cells[0], first=True)
            for signer in signers:
                self._signature(cells[1], signer)
            return
        for index, signer in enumerate(signers[:2]):
            self._signature(cells[index], signer)
        self._recipients(self.document, first=False)

    def _signature(self, cell: Any, signer: SignatureBlock) -> None:
        for index, line in enumerate(signer.lines):
            self._line(cell, line, "authority", first=index == 0)
        for blank_line in range(5):
            paragraph = cell.add_paragraph()
            if blank_line == 2:
                paragraph.alignment = _CENTER
                self._bookmarked(paragraph, f"chu_ky_{signer.key}", lambda: None)
        if signer.other_position:
            self._line(cell, signer.other_position.upper(), "authority")
        self._line(cell, signer.name, "signer_name")

    def _recipients(self, cell: Any, *, first: bool) -> None:
        lines = recipient_lines(self.content, profile=self.profile)
        if lines:
            self._line(cell, "Nơi nhận:", "recipients_label", align=_LEFT, first=first)
        for each in lines:
            self._line(cell, f"- {each}", "recipients", align=_LEFT)
        if self.content.typist_mark:
            self._line(cell, self.content.typist_mark, "typist", align=_LEFT)

    def _annex(self, index: int) -> None:
        annex = self.content.annexes[index]
        section = self.document.add_section()
        _turn(section, landscape=annex.landscape)
        _restart_pages(section)
        name = f"Phụ lục {roman(index + 1)}" if len(self.content.annexes) > 1 else "Phụ lục"
        self._line(self.document, name, "annex_name")
        if annex.title:
            self._line(self.document, annex.title, "annex_title")
        blanks = _NBSP * 6
        self._line(
            self.document,
            f"(Kèm theo {self.kind.name} số{blanks}{self.profile.number_separator}{self.content.notation}"
            f" ngày{blanks}tháng{blanks}năm{blanks}của {self.content.issuing_agency})",
            "annex_reference",
        )
        self._ruled(self.document, 0.25)
        for block in annex.body:
            _add_block(block, self)


@singledispatch
def _add_block(block: Block, to: _Builder) -> None:
    raise TypeError(type(block))


@_add_block.register
def _paragraph(block: Paragraph, to: _Builder) -> None:
    paragraph = to.body_line(block.text, bold=block.bold, italic=block.italic)
    if block.align == "center":
        paragraph.alignment = _CENTER
    if not block.indent or block.align != "justify":
        paragraph.paragraph_format.first_line_indent = None


@_add_block.register
def _bases(block: LegalBases, to: _Builder) -> None:
    for index, each in enumerate(block.items):
        to.body_line(each + ("." if index == len(block.items) - 1 else ";"), italic=True)


@_add_block.register
def _order(block: Order, to: _Builder) -> None:
    to.centred(block.text)


@_add_block.register
def _division(block: Division, to: _Builder) -> None:
    to.centred(f"{block.name} {block.number}")
    if block.title:
        to.centred(block.title.upper())


@_add_block.register
def _roman_section(block: RomanSection, to: _Builder) -> None:
    to.body_line(f"{block.number}. {block.title.upper()}", bold=True)


@_add_block.register
def _article(block: Article, to: _Builder) -> None:
    paragraph = to.body_line(f"Điều {block.number}. {block.title}", bold=True)
    if block.title and block.text:
        to.body_line(block.text)
    elif block.text:
        to.body_run(paragraph, block.text)


@_add_block.register
def _clause(block: Clause, to: _Builder) -> None:
    to.body_line(f"{block.number}. {block.text}", bold=block.bold)


@_add_block.register
def _point(block: Point, to: _Builder) -> None:
    to.body_line(f"{block.letter}) {block.text}")


@_add_block.register
def _field_line(block: FieldLine, to: _Builder) -> None:
    to.body_line(f"{block.label}: {block.text}")


@_add_block.register
def _table(block: Table, to: _Builder) -> None:
    count = max(len(block.header), *(len(row) for row in block.rows), 1)
    table = to.document.add_table(rows=0, cols=count)
    table.style = "Table Grid"
    for number, row in enumerate((block.header, *block.rows)):
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=False):
            run = cell.paragraphs[0].add_run(text)
            run.font.size = Pt(12)
            run.bold = number == 0


def _run(paragraph: WordParagraph, text: str, style: BoxStyle) -> None:
    run = paragraph.add_run(text.upper() if style.caps else text)
    run.font.size = Pt(style.size)
    run.bold, run.italic, run.underline = style.bold, style.italic, style.underline or None


def _field(paragraph: WordParagraph, instruction: str, *, size: float) -> None:
    for kind in ("begin", None, "end"):
        run = paragraph.add_run()
        run.font.size = Pt(size)
        element: Any = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind is None:
            element.text = instruction
        else:
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _restart_pages(section: Any) -> None:
    numbers = OxmlElement("w:pgNumType")
    numbers.set(qn("w:start"), "1")
    section._sectPr.append(numbers)
    section.different_first_page_header_footer = True


def _border(tag: str) -> Any:
    border = OxmlElement(tag)
    for key, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        border.set(qn(f"w:{key}"), value)
    return border


def _without_cell_margins(table: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "0")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)


def _turn(section: Any, *, landscape: bool) -> None:
    long, short = Mm(297), Mm(210)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if landscape else (short, long)


def _keep_row_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))

"""The page: paper, margins, page numbers, fonts (Annex I, part I, I)."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _
from docx.oxml.ns import qn

from dinh.documents.docx.checking.cases import (
    Case,
)
from dinh.documents.docx.faults import WARNING, FormFault
from dinh.documents.docx.lines import WordLine, readable

_FONT = "Times New Roman"
_LEGACY_FONT = re.compile(r"^(\.Vn|VNI[- ]|VK )", re.IGNORECASE)
_SLACK_MM = 0.6
_SIDES = {
    "top": _("The top margin is outside the limits."),
    "bottom": _("The bottom margin is outside the limits."),
    "left": _("The left margin is outside the limits."),
    "right": _("The right margin is outside the limits."),
}


def check_page(case: Case) -> Iterator[FormFault]:
    section = case.document.sections[0]
    width, height = (round((readable(section, side) or 0) / 36_000) for side in ("page_width", "page_height"))
    if {width, height} != {210, 297}:
        yield FormFault(
            box="page",
            code="paper",
            message=_("The paper is not A4."),
            remedy=_("Layout, Size: choose A4 (210 x 297 mm)."),
            found=f"{width} x {height} mm",
            expected="210 x 297 mm",
        )
    elif width > height:
        yield FormFault(
            box="page",
            code="orientation",
            message=_("The first page lies across."),
            remedy=_("Use portrait; only tables that are not annexes may lie across."),
            severity=WARNING,
        )
    for side in ("top", "bottom", "left", "right"):
        span = case.profile.margins[side]
        found = (readable(section, f"{side}_margin") or 0) / 36_000
        if not span.admits(found, slack=_SLACK_MM):
            yield FormFault(
                box="page",
                code=f"margin_{side}",
                message=_SIDES[side],
                remedy=_("Layout, Margins: set it within the limits."),
                found=f"{found:.1f} mm",
                expected=f"{span.least:g}-{span.most:g} mm",
            )


def check_page_numbers(case: Case) -> Iterator[FormFault]:
    section = case.document.sections[0]
    header = section.header
    fields = [p for p in header.paragraphs if "PAGE" in _instructions(p._p)]
    if not fields:
        yield FormFault(
            box="page",
            code="page_number_missing",
            message=_("There is no page number in the top margin."),
            remedy=_("Insert, Page Number, Top of Page, centred; needed from the second page on."),
            severity=WARNING,
        )
        return
    if not section.different_first_page_header_footer:
        yield FormFault(
            box="page",
            code="page_number_first",
            message=_("The first page shows its number too."),
            remedy=_("Header options: tick Different First Page."),
        )


def _instructions(element: object) -> str:
    found = element.iter(qn("w:instrText"), qn("w:fldSimple"))  # type: ignore[attr-defined]
    return " ".join((each.text or "") + (each.get(qn("w:instr")) or "") for each in found)


def check_fonts(case: Case) -> Iterator[FormFault]:
    seen: set[str] = set()
    for line in case.lines:
        for font in line.fonts:
            if font in seen or not font or font.startswith(_FONT):
                continue
            seen.add(font)
            yield _font_fault(font, line)


def _font_fault(font: str, line: WordLine) -> FormFault:
    if _LEGACY_FONT.match(font):
        return FormFault(
            box="font",
            code="legacy_encoding",
            message=_("Text is in an old encoding (TCVN3 or VNI), not Unicode."),
            remedy=_("Convert the text to Unicode, then choose Times New Roman."),
            found=f"{font}: {line.text[:60]}",
            expected="Unicode (TCVN 6909:2001)",
        )
    return FormFault(
        box="font",
        code="font",
        message=_("Text is not in Times New Roman."),
        remedy=_("Select all (Ctrl+A) and choose Times New Roman."),
        found=f"{font}: {line.text[:60]}",
        expected=_FONT,
    )

"""
Check a Word file against its bloc's form, box by box.

Rules: Decree 30/2020/NĐ-CP, Annex I, part I; for other blocs their profile. A check never changes the file
and never blocks by itself: what follows from a fault, a blocking one too, is the business of the drafting path.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _
from docx.document import Document
from docx.oxml.ns import qn

from dinh.documents.docx.boxes import Boxes, find_boxes
from dinh.documents.docx.faults import WARNING, FormFault
from dinh.documents.docx.leftovers import check_leftovers
from dinh.documents.docx.lines import LineReader, WordLine, readable
from dinh.documents.docx.opening import damage_refused, open_docx
from dinh.documents.letters.law import BoxStyle, FormProfile, document_types, profile_for
from dinh.kernel.text import fold

_FONT = "Times New Roman"
_LEGACY_FONT = re.compile(r"^(\.Vn|VNI[- ]|VK )", re.IGNORECASE)
_SLACK_MM = 0.6
_TITLES = re.compile(
    r"^(GS|PGS|TS|ThS|BS|CK[I1]+|KS|CN|NGƯT|NGND|Thạc sĩ|Tiến sĩ|Giáo sư|Phó Giáo sư)\b[.,\s]"
)
_NUMBER_TEXT = re.compile(
    r"^(?P<label>Số\s*:?)\s*(?P<number>\d*)[\s.…_]*(?P<separator>[/\-–])(?P<notation>.*)$"
)
_DATE_TEXT = re.compile(
    r"^(?P<place>.*?)(?P<comma>,?)\s*ngày\s*(?P<day>[\d.…_ ]*)"
    r"tháng\s*(?P<month>[\d.…_ ]*)năm\s*(?P<year>[\d.…_ ]*)$"
)
_OTHER_PREFIXES = {"TM.": "T/M", "KT.": "K/T", "TL.": "T/L", "T/M": "TM.", "K/T": "KT.", "T/L": "TL."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the draft says of the letter, to be compared with what its file says."""

    notation: str
    signer: str


@dataclass(frozen=True)
class _Case:
    document: Document
    lines: list[WordLine]
    boxes: Boxes
    profile: FormProfile
    type_names: frozenset[str]


def check_form(
    data: bytes, *, bloc: str = "government", on: date, variant: str = "", meant: Meant | None = None
) -> list[FormFault]:
    """
    Return the faults of form of a Word file, in the order of the boxes; an empty list means none was found.

    :param meant: what the draft says; where the file says otherwise, registers and letter would not agree

    :raises DocxRefused: if the file cannot be opened safely
    """
    document = open_docx(data)
    profile = profile_for(bloc=bloc, on=on, variant=variant)
    with damage_refused():
        lines = LineReader(document).lines()
    case = _Case(
        document=document,
        lines=lines,
        boxes=find_boxes(lines, country=profile.heading_name, motto=profile.heading_motto),
        profile=profile,
        type_names=frozenset(each.name.upper() for each in document_types(bloc=bloc, on=on)),
    )
    with damage_refused():
        faults = [fault for rule in _RULES for fault in rule(case)]
        return [*faults, *(_check_agreement(case, meant) if meant else ())]


def _check_page(case: _Case) -> Iterator[FormFault]:
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


_SIDES = {
    "top": _("The top margin is outside the limits."),
    "bottom": _("The bottom margin is outside the limits."),
    "left": _("The left margin is outside the limits."),
    "right": _("The right margin is outside the limits."),
}


def _check_page_numbers(case: _Case) -> Iterator[FormFault]:
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


def _check_fonts(case: _Case) -> Iterator[FormFault]:
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


def _check_heading(case: _Case) -> Iterator[FormFault]:
    profile, boxes = case.profile, case.boxes
    if boxes.country is None:
        yield _missing(
            "1", "heading_missing", _("The national or Party heading is missing."), profile.heading_name
        )
        return
    if boxes.country.text.replace("HOÀ", "HÒA") != profile.heading_name and not boxes.country.look.caps:
        yield _wrong_text("1", "heading_text", boxes.country, profile.heading_name)
    yield from _check_look(boxes.country, "national_name", profile)
    if not profile.heading_motto:
        return
    if boxes.motto is None:
        yield _missing("1", "motto_missing", _("The motto is missing."), profile.heading_motto)
        return
    if boxes.motto.text.replace("–", "-") != profile.heading_motto or "–" in boxes.motto.text:
        yield _wrong_text("1", "motto_text", boxes.motto, profile.heading_motto)
    if boxes.motto.look.underline:
        yield FormFault(
            box="1",
            code="motto_underline",
            message=_("The motto is underlined instead of standing over a rule."),
            remedy=_("Remove the underline; draw a solid line as long as the text below it."),
            severity=WARNING,
        )
    yield from _check_look(boxes.motto, "motto", profile)


def _check_agencies(case: _Case) -> Iterator[FormFault]:
    agencies = case.boxes.agencies
    if not agencies:
        yield _missing(
            "2", "agency_missing", _("The name of the issuing agency is missing at the top left."), ""
        )
        return
    for line in agencies:
        if any(c.islower() for c in line.text) and not line.look.caps:
            yield FormFault(
                box="2",
                code="agency_caps",
                message=_("The agency's name is not in capitals."),
                remedy=_("Write it in capitals."),
                found=line.text,
                expected=line.text.upper(),
            )
    yield from _check_look(agencies[-1], "issuing_agency", case.profile)
    for line in agencies[:-1]:
        if not line.look.bold:
            yield from _check_size(line, case.profile.boxes["parent_agency"], "parent_agency")


def _check_number(case: _Case) -> Iterator[FormFault]:
    line, profile = case.boxes.number, case.profile
    if line is None:
        yield _missing(
            "3", "number_missing", _("The line for number and notation is missing."), profile.number_label
        )
        return
    yield from _check_size(line, profile.boxes["number"], "number")
    found = _NUMBER_TEXT.match(line.text)
    if found is None:
        example = f"{profile.number_label} 05{profile.number_separator}…"
        yield _wrong_text("3", "number_form", line, example)
        return
    if found["label"].strip() != profile.number_label:
        yield _wrong_text("3", "number_label", line, profile.number_label)
    if found["separator"] != profile.number_separator:
        yield _wrong_text("3", "number_separator", line, profile.number_separator)
    if found["number"] and len(found["number"]) < profile.number_least_digits:
        yield FormFault(
            box="3",
            code="number_zero",
            message=_("Numbers below 10 need a leading zero."),
            remedy=_("Leave the number blank: the clerk's system fills it in."),
            found=found["number"],
            expected=found["number"].zfill(profile.number_least_digits),
        )
    notation = found["notation"].strip(" .…_")
    if re.search(r"\s", notation):
        yield FormFault(
            box="3",
            code="number_spaces",
            message=_("There are spaces inside the notation."),
            remedy=_("Write / and - without spaces."),
            found=notation,
            expected=re.sub(r"\s+", "", notation),
        )


def _check_date(case: _Case) -> Iterator[FormFault]:
    line, profile = case.boxes.date, case.profile
    if line is None:
        if case.boxes.title and "BIÊN BẢN" in case.boxes.title[0].text.upper():
            return
        yield _missing("4", "date_missing", _("Place and date are missing."), "……, ngày … tháng … năm …")
        return
    yield from _check_look(line, "date", profile)
    found = _DATE_TEXT.match(line.text)
    if found is None:
        return
    if not found["comma"]:
        yield _wrong_text("4", "date_comma", line, f"{found['place'].strip()}, ngày …")
    day, month = found["day"].strip(), found["month"].strip()
    if day.isdigit():
        expected_day = f"{int(day):02d}" if int(day) < profile.padded_days_below else str(int(day))
        if day != expected_day:
            yield _wrong_text("4", "date_day", line, expected_day)
    if month.isdigit():
        expected_month = f"{int(month):02d}" if int(month) in profile.padded_months else str(int(month))
        if month != expected_month:
            yield _wrong_text("4", "date_month", line, expected_month)


def _check_subject(case: _Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    if boxes.letter_subject is not None:
        line = boxes.letter_subject
        if not line.text.startswith("V/v "):
            yield _wrong_text("5b", "subject_lead", line, "V/v …")
        yield from _check_look(line, "letter_subject", profile)
        return
    if not boxes.title:
        if boxes.number is not None:
            yield _missing(
                "5a", "title_missing", _("Neither a type with its subject nor V/v is found."), "V/v …"
            )
        return
    name = boxes.title[0]
    if name.text.upper() not in case.type_names:
        yield FormFault(
            box="5a",
            code="type_unknown",
            message=_("The line in the middle is none of the types of documents."),
            remedy=_("Begin with the type's name in capitals on a line of its own."),
            severity=WARNING,
            found=name.text,
        )
        return
    if name.text != name.text.upper() and not name.look.caps:
        yield _wrong_text("5a", "type_caps", name, name.text.upper())
    yield from _check_look(name, "type_name", profile)
    for line in boxes.title[1:2]:
        yield from _check_look(line, "subject", profile)


def _check_body(case: _Case) -> Iterator[FormFault]:
    paragraphs = [line for line in case.boxes.body if line.alignment != "center" and len(line.text) > 40]
    profile = case.profile
    rules: tuple[
        tuple[str, object, object, Callable[[WordLine], bool], Callable[[WordLine], str], str], ...
    ] = (
        (
            "body_size",
            _("The body is not in the right size."),
            _("Select the body and set the size."),
            lambda line: not _admits(profile.boxes["body"], line.look.size),
            lambda line: f"{line.look.size:g}",
            f"{profile.boxes['body'].least:g}-{profile.boxes['body'].most:g}",
        ),
        (
            "body_justify",
            _("The body is not justified."),
            _("Select the body and press Ctrl+J."),
            lambda line: line.alignment != "justify",
            lambda line: line.alignment,
            "justify",
        ),
        (
            "body_indent",
            _("The first line is not drawn in by 1 or 1.27 cm."),
            _("Paragraph, Special, First line: 1.27 cm."),
            lambda line: all(abs(line.indent_mm - each) > 0.5 for each in profile.indent_mm),
            lambda line: f"{line.indent_mm / 10:g} cm",
            " / ".join(f"{each / 10:g} cm" for each in profile.indent_mm),
        ),
        (
            "body_gap",
            _("There are less than 6 pt between paragraphs."),
            _("Paragraph, Spacing: at least 6 pt before or after."),
            lambda line: line.gap_before + line.gap_after < profile.paragraph_gap_pt - 0.1,
            lambda line: f"{line.gap_before + line.gap_after:g} pt",
            f"≥ {profile.paragraph_gap_pt:g} pt",
        ),
        (
            "body_spacing",
            _("The lines stand too close or too far apart."),
            _("Paragraph, Line spacing: from single to 1.5 lines."),
            lambda line: line.spacing != 0 and not profile.line_spacing.admits(line.spacing, slack=0.02),
            lambda line: f"{line.spacing:g}",
            f"{profile.line_spacing.least:g}-{profile.line_spacing.most:g}",
        ),
    )
    for code, message, remedy, fails, shown, expected in rules:
        failing = [line for line in paragraphs if fails(line)]
        if failing and len(failing) * 4 >= len(paragraphs):
            yield FormFault(
                box="6",
                code=code,
                message=message,
                remedy=remedy,
                found=f"{shown(failing[0])}: {failing[0].text[:60]}",
                expected=expected,
            )


def _check_bases(case: _Case) -> Iterator[FormFault]:
    bases = [line for line in case.boxes.body[:30] if re.match(r"Căn cứ\b", line.text)]
    if not bases or not case.boxes.title:
        return
    for line in bases:
        if not line.look.italic:
            yield _look_fault(
                "6", "basis_italic", line, _("Legal bases are not in italics."), _("Press Ctrl+I.")
            )
            break
    for line in bases[:-1]:
        if not line.text.endswith(";"):
            yield _wrong_text("6", "basis_end", line, "… ;", severity=WARNING)
            break


def _check_end_mark(case: _Case) -> Iterator[FormFault]:
    body, mark = case.boxes.body, case.profile.end_mark
    if mark != "./." or not body or case.boxes.recipients_label is None:
        return
    if not any(line.text.rstrip().endswith("/.") for line in body[-6:]):
        yield FormFault(
            box="6",
            code="end_mark",
            message=_("The body does not end with ./."),
            remedy=_("End the last sentence with ./."),
            severity=WARNING,
            found=body[-1].text[-40:],
            expected=mark,
        )


def _check_signature(case: _Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    if not boxes.authority:
        yield _missing(
            "7a",
            "authority_missing",
            _("Authority and position of the signer are not found beside the recipients."),
            f"{profile.authority['for_head']} …",
        )
        return
    yield from _check_look(boxes.authority[0], "authority", profile)
    for line in boxes.authority:
        prefix = line.text.split(" ")[0]
        ours = set(profile.authority.values())
        if prefix in _OTHER_PREFIXES and prefix not in ours:
            yield _wrong_text("7a", "authority_prefix", line, _OTHER_PREFIXES[prefix])
        if prefix in {"TM", "KT", "TL", "TUQ"}:
            yield _wrong_text("7a", "authority_dot", line, f"{prefix}.")
    if boxes.signer is None:
        yield _missing("7b", "signer_missing", _("The signer's name is missing."), "")
        return
    if _TITLES.match(boxes.signer.text):
        yield FormFault(
            box="7b",
            code="signer_title",
            message=_("An academic title stands before the signer's name."),
            remedy=_("Write the name alone."),
            severity=WARNING,
            found=boxes.signer.text,
        )
    yield from _check_look(boxes.signer, "signer_name", profile)


def _check_recipients(case: _Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    label = boxes.recipients_label
    if label is None:
        yield _missing("9b", "recipients_missing", _("The recipients are missing."), "Nơi nhận:")
        return
    if not label.text.startswith("Nơi nhận:"):
        yield _wrong_text("9b", "recipients_label", label, "Nơi nhận:")
    yield from _check_look(label, "recipients_label", profile)
    items = [line for line in boxes.recipients if line.text.startswith(("-", "–"))]
    for line in items[:1]:
        yield from _check_look(line, "recipients", profile)
    yield from _check_archive_line(items, profile)
    for line in items[:-1]:
        if not line.text.endswith(";"):
            yield _wrong_text("9b", "recipient_end", line, f"{line.text.rstrip('.,')};", severity=WARNING)
            break


def _check_archive_line(items: list[WordLine], profile: FormProfile) -> Iterator[FormFault]:
    lead = profile.archive_line.split("{")[0].strip()
    last = items[-1].text.lstrip("-– ") if items else ""
    if not last.startswith(lead.rstrip(":")):
        yield _missing("9b", "archive_missing", _("The last recipient is not the archive."), f"- {lead} …")
    elif not last.startswith(f"{lead} {profile.archive_code}") or not last.endswith("."):
        yield FormFault(
            box="9b",
            code="archive_form",
            message=_("The archive line is not as prescribed."),
            remedy=_("Write it as expected, with a full stop."),
            found=last,
            expected=profile.archive_line.format(places=f"{profile.archive_code}, … (n)"),
            severity=WARNING,
        )


def _check_addressee(case: _Case) -> Iterator[FormFault]:
    line = case.boxes.addressee
    if line is None:
        if case.boxes.letter_subject is not None:
            yield _missing("9a", "addressee_missing", _("An official letter needs Kính gửi."), "Kính gửi: …")
        return
    if not line.text.startswith("Kính gửi:"):
        yield _wrong_text("9a", "addressee_colon", line, "Kính gửi:")
    yield from _check_look(line, "addressee", case.profile)


def _check_urgency(case: _Case) -> Iterator[FormFault]:
    if case.boxes.urgency is not None:
        yield from _check_look(case.boxes.urgency, "urgency", case.profile)


def _check_look(line: WordLine, name: str, profile: FormProfile) -> Iterator[FormFault]:
    style = profile.boxes[name]
    yield from _check_size(line, style, name)
    for aspect, wanted, has in (
        ("bold", style.bold, line.look.bold),
        ("italic", style.italic, line.look.italic),
    ):
        if wanted != has:
            yield _look_fault(style.box, f"{name}_{aspect}", line, *_LOOKS[aspect, wanted])


_LOOKS = {
    ("bold", True): (_("This text must be bold."), _("Select it and press Ctrl+B.")),
    ("bold", False): (_("This text must not be bold."), _("Select it and press Ctrl+B.")),
    ("italic", True): (_("This text must be in italics."), _("Select it and press Ctrl+I.")),
    ("italic", False): (_("This text must stand upright."), _("Select it and press Ctrl+I.")),
}


def _check_size(line: WordLine, style: BoxStyle, name: str) -> Iterator[FormFault]:
    if _admits(style, line.look.size):
        return
    span = f"{style.least:g}-{style.most:g}" if style.least != style.most else f"{style.least:g}"
    yield FormFault(
        box=style.box,
        code=f"{name}_size",
        message=_("The size of this text is wrong."),
        remedy=_("Select it and set the size."),
        found=f"{line.look.size:g}: {line.text[:60]}",
        expected=span,
    )


def _admits(style: BoxStyle, size: float) -> bool:
    return style.least - 0.01 <= size <= style.most + 0.01


def _look_fault(box: str, code: str, line: WordLine, message: object, remedy: object) -> FormFault:
    return FormFault(box=box, code=code, message=message, remedy=remedy, found=line.text[:80])


def _missing(box: str, code: str, message: object, expected: str) -> FormFault:
    return FormFault(
        box=box,
        code=code,
        message=message,
        remedy=_("Add it, or begin from the template."),
        expected=expected,
    )


def _wrong_text(box: str, code: str, line: WordLine, expected: str, *, severity: str = "error") -> FormFault:
    return FormFault(
        box=box,
        code=code,
        message=_("This text is not written as prescribed."),
        remedy=_("Write it as expected."),
        severity=severity,
        found=line.text[:80],
        expected=expected,
    )


def _check_agreement(case: _Case, meant: Meant) -> Iterator[FormFault]:
    """The number is given by the draft's notation, so the letter must bear the same one."""
    number, signer = case.boxes.number, case.boxes.signer
    found = _NUMBER_TEXT.match(number.text) if number else None
    notation = found["notation"].replace(" ", "") if found else ""
    if number and notation and notation != meant.notation:
        yield _disagreement("3", "notation_differs", notation, meant.notation)
    if signer and fold(signer.text) != fold(meant.signer):
        yield _disagreement("7b", "signer_differs", signer.text[:80], meant.signer)


def _disagreement(box: str, code: str, found: str, expected: str) -> FormFault:
    return FormFault(
        box=box,
        code=code,
        message=_("The file says otherwise than the draft."),
        remedy=_("Correct the file, or edit the draft so that both agree."),
        found=found,
        expected=expected,
    )


def _check_leftovers(case: _Case) -> Iterator[FormFault]:
    yield from check_leftovers(case.document)


_RULES: tuple[Callable[[_Case], Iterator[FormFault]], ...] = (
    _check_leftovers,
    _check_page,
    _check_page_numbers,
    _check_fonts,
    _check_heading,
    _check_agencies,
    _check_number,
    _check_date,
    _check_subject,
    _check_body,
    _check_bases,
    _check_end_mark,
    _check_signature,
    _check_addressee,
    _check_recipients,
    _check_urgency,
)

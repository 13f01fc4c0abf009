"""The text: box 6."""

import re
from collections.abc import Callable, Iterator

from django.utils.translation import gettext_lazy as _

from dinh.documents.docx.checking.cases import (
    Case,
    admits,
    look_fault,
    wrong_text,
)
from dinh.documents.docx.faults import WARNING, FormFault
from dinh.documents.docx.lines import WordLine


def check_body(case: Case) -> Iterator[FormFault]:
    paragraphs = [line for line in case.boxes.body if line.alignment != "center" and len(line.text) > 40]
    profile = case.profile
    rules: tuple[
        tuple[str, object, object, Callable[[WordLine], bool], Callable[[WordLine], str], str], ...
    ] = (
        (
            "body_size",
            _("The body is not in the right size."),
            _("Select the body and set the size."),
            lambda line: not admits(profile.boxes["body"], line.look.size),
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


def check_bases(case: Case) -> Iterator[FormFault]:
    bases = [line for line in case.boxes.body[:30] if re.match(r"Căn cứ\b", line.text)]
    if not bases or not case.boxes.title:
        return
    for line in bases:
        if not line.look.italic:
            yield look_fault(
                "6", "basis_italic", line, _("Legal bases are not in italics."), _("Press Ctrl+I.")
            )
            break
    for line in bases[:-1]:
        if not line.text.endswith(";"):
            yield wrong_text("6", "basis_end", line, "… ;", severity=WARNING)
            break


def check_end_mark(case: Case) -> Iterator[FormFault]:
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

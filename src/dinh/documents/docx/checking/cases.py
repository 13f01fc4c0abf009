"""What a rule is given, and the faults that several rules find."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from docx.document import Document

from dinh.documents.docx.boxes import Boxes
from dinh.documents.docx.faults import FormFault
from dinh.documents.docx.lines import WordLine
from dinh.documents.letters.law import BoxStyle, FormProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the draft says of the letter, to be compared with what its file says."""

    notation: str
    signer: str


@dataclass(frozen=True)
class Case:
    document: Document
    lines: list[WordLine]
    boxes: Boxes
    profile: FormProfile
    type_names: frozenset[str]


NUMBER_TEXT = re.compile(
    r"^(?P<label>Số\s*:?)\s*(?P<number>\d*)[\s.…_]*(?P<separator>[/\-–])(?P<notation>.*)$"
)
_LOOKS = {
    ("bold", True): (_("This text must be bold."), _("Select it and press Ctrl+B.")),
    ("bold", False): (_("This text must not be bold."), _("Select it and press Ctrl+B.")),
    ("italic", True): (_("This text must be in italics."), _("Select it and press Ctrl+I.")),
    ("italic", False): (_("This text must stand upright."), _("Select it and press Ctrl+I.")),
}


def check_look(line: WordLine, name: str, profile: FormProfile) -> Iterator[FormFault]:
    style = profile.boxes[name]
    yield from check_size(line, style, name)
    for aspect, wanted, has in (
        ("bold", style.bold, line.look.bold),
        ("italic", style.italic, line.look.italic),
    ):
        if wanted != has:
            yield look_fault(style.box, f"{name}_{aspect}", line, *_LOOKS[aspect, wanted])


def check_size(line: WordLine, style: BoxStyle, name: str) -> Iterator[FormFault]:
    if admits(style, line.look.size):
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


def admits(style: BoxStyle, size: float) -> bool:
    return style.least - 0.01 <= size <= style.most + 0.01


def look_fault(box: str, code: str, line: WordLine, message: object, remedy: object) -> FormFault:
    return FormFault(box=box, code=code, message=message, remedy=remedy, found=line.text[:80])


def missing(box: str, code: str, message: object, expected: str) -> FormFault:
    return FormFault(
        box=box,
        code=code,
        message=message,
        remedy=_("Add it, or begin from the template."),
        expected=expected,
    )


def wrong_text(box: str, code: str, line: WordLine, expected: str, *, severity: str = "error") -> FormFault:
    return FormFault(
        box=box,
        code=code,
        message=_("This text is not written as prescribed."),
        remedy=_("Write it as expected."),
        severity=severity,
        found=line.text[:80],
        expected=expected,
    )

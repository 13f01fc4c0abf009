"""Whether the file says what the draft says."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from dinh.documents.docx.checking.cases import NUMBER_TEXT, Case, Meant
from dinh.documents.docx.faults import FormFault
from dinh.kernel.text import fold


def check_agreement(case: Case, meant: Meant) -> Iterator[FormFault]:
    """The number is given by the draft's notation, so the letter must bear the same one."""
    number, signer = case.boxes.number, case.boxes.signer
    found = NUMBER_TEXT.match(number.text) if number else None
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

"""Files that no reader should have to open, whichever way they came in."""

import io

from django.utils.translation import gettext as _

from dinh.documents.docx import check_docx
from dinh.documents.letters import is_letter_field
from dinh.documents.registers.opening import check_workbook
from dinh.kernel.errors import InvalidInput
from dinh.pki.api import FieldKind, FieldState, UnreadablePdf, active_content, read_fields
from dinh.storage.api import DOCX, PDF, XLSX


class LetterRefused(InvalidInput):
    """A PDF that no reader should have to open; it is named."""


def refuse_active_content(pdf: bytes, *, name: str) -> None:
    """:raises LetterRefused: if opening the PDF could run or fetch something"""
    if active := active_content(pdf=pdf):
        text = _("%(name)s contains active content (%(kind)s). Print it to PDF, then send that.")
        raise LetterRefused(text % {"name": name, "kind": active}, field="file")


def fields_of(pdf: bytes, *, name: str, field: str) -> tuple[FieldState, ...]:
    """
    The form fields of an upload.

    :param field: which of the request holds the file
    :raises LetterRefused: if it is damaged or locked: viewers repair such files, signatures cannot be put on them
    """
    try:
        return read_fields(pdf=pdf)
    except UnreadablePdf as unreadable:
        text = _(
            "%(name)s cannot be read: it is damaged or locked by a password. Print it to PDF, then send that."
        )
        raise LetterRefused(text % {"name": name}, field=field) from unreadable


def refuse_unsignable(pdf: bytes, *, name: str) -> None:
    """
    Judge a PDF that is to be signed here: the first signature certifies it, so none may be there before.

    :raises LetterRefused: if it cannot be read, is signed already or has the places of a letter that was submitted
    """
    fields = fields_of(pdf, name=name, field="file")
    if any(each.kind is FieldKind.SIGNATURE and each.filled for each in fields):
        text = _(
            "%(name)s is digitally signed already. Upload the letter as it was before anybody signed it."
        )
        raise LetterRefused(text % {"name": name}, field="file")
    if any(is_letter_field(each.name) for each in fields):
        text = _("%(name)s is a letter that was submitted here. Print it to PDF, then send that.")
        raise LetterRefused(text % {"name": name}, field="file")


def refuse_harmful_file(content: bytes, *, media_type: str, name: str) -> None:
    """
    Judge what goes along with a letter and is opened by whoever gets it.

    :raises LetterRefused: if a PDF has active content or cannot be read, being damaged or locked by a password; if Word
        or Excel has macros, entities or parts from outside, unpacks to too much or is damaged
    """
    try:
        if media_type == PDF:
            fields_of(content, name=name, field="files")
            refuse_active_content(content, name=name)
        elif media_type == DOCX:
            check_docx(content)
        elif media_type == XLSX:
            check_workbook(io.BytesIO(content), most=len(content))
    except InvalidInput as refusal:
        named = str(refusal) if name in str(refusal) else f"{name}: {refusal}"
        raise LetterRefused(named, field="files") from refusal

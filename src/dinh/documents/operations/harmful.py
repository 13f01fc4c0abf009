"""Files that no reader should have to open, whichever way they came in."""

import io

from django.utils.translation import gettext as _

from dinh.documents.docx import check_docx
from dinh.documents.registers.opening import check_workbook
from dinh.kernel.errors import InvalidInput
from dinh.pki.api import UnreadablePdf, active_content, read_fields
from dinh.storage.api import DOCX, PDF, XLSX


class LetterRefused(InvalidInput):
    """A PDF that no reader should have to open; it is named."""


def refuse_active_content(pdf: bytes, *, name: str) -> None:
    """:raises LetterRefused: if opening the PDF could run or fetch something"""
    if active := active_content(pdf=pdf):
        text = _("%(name)s contains active content (%(kind)s). Print it to PDF, then send that.")
        raise LetterRefused(text % {"name": name, "kind": active}, field="file")


def refuse_harmful_file(content: bytes, *, media_type: str, name: str) -> None:
    """
    Judge what goes along with a letter and is opened by whoever gets it.

    :raises LetterRefused: if a PDF has active content or cannot be read, being damaged or locked by a password; if Word
        or Excel has macros, entities or parts from outside, unpacks to too much or is damaged
    """
    try:
        if media_type == PDF:
            read_fields(pdf=content)
            refuse_active_content(content, name=name)
        elif media_type == DOCX:
            check_docx(content)
        elif media_type == XLSX:
            check_workbook(io.BytesIO(content), most=len(content))
    except UnreadablePdf as unreadable:
        text = _(
            "%(name)s cannot be read: it is damaged or locked by a password. Print it to PDF, then send that."
        )
        raise LetterRefused(text % {"name": name}, field="files") from unreadable
    except InvalidInput as refusal:
        named = str(refusal) if name in str(refusal) else f"{name}: {refusal}"
        raise LetterRefused(named, field="files") from refusal

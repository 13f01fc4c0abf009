"""PDFs that no reader should have to open, whichever way they came in."""

from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput
from dinh.pki.api import active_content


class LetterRefused(InvalidInput):
    """A PDF that no reader should have to open; it is named."""


def refuse_active_content(pdf: bytes, *, name: str) -> None:
    """:raises LetterRefused: if opening the PDF could run or fetch something"""
    if active := active_content(pdf=pdf):
        text = _("%(name)s contains active content (%(kind)s). Print it to PDF, then send that.")
        raise LetterRefused(text % {"name": name, "kind": active}, field="file")

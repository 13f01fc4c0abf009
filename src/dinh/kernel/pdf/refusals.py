"""What may be wrong with a PDF, or with the texts that are to become one."""

from django.utils.translation import gettext_lazy as _

from dinh.kernel.errors import InvalidInput


class UnprintableText(InvalidInput):
    """A text has characters that the official typeface cannot show, and PDF/A forbids blanks for them."""


class PdfUnreadable(InvalidInput):
    """The file is not a PDF that can be read: something else, damaged, or locked by a password."""

    def __init__(self) -> None:
        super().__init__(
            _("The PDF cannot be read: it is damaged or protected by a password. Save it again."),
            field="file",
        )

"""What a file really is, by its content; the name and the browser's word are not believed."""

import zipfile
from typing import BinaryIO, Final

import puremagic
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HEAD_BYTES = 8192
UNKNOWN = "application/octet-stream"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
MACROS = "application/vnd.ms-word.document.macroEnabled.12"
PNG, JPEG, TIFF = "image/png", "image/jpeg", "image/tiff"

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
)
_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}

KINDS: Final = {
    PDF: "PDF",
    DOCX: "Word (.docx)",
    XLSX: "Excel (.xlsx)",
    PNG: "PNG",
    JPEG: "JPEG",
    TIFF: "TIFF",
    ZIP: "ZIP",
    MACROS: gettext_lazy("a Word file with macros"),
    "application/msword": gettext_lazy("a Word or Excel file of before 2007 (.doc, .xls)"),
}
"""What people call these types; others they would not know by their media types."""


def kind_of(media_type: str) -> str:
    """The type as people call it, in the active language."""
    return str(KINDS.get(media_type, "")) or _("a file of another kind")


def sniff(stream: BinaryIO) -> str:
    """Media type of what the (seekable) stream holds; the stream is left at its beginning."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if b"%PDF-" in head[:1024]:
        return PDF
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head.startswith(b"PK\x03\x04"):
        return _sniff_zip(stream)
    return _guess(head)


def _sniff_zip(stream: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return UNKNOWN
    finally:
        stream.seek(0)
    if "word/vbaProject.bin" in names:
        return MACROS
    return next((media_type for part, media_type in _PARTS.items() if part in names), ZIP)


def _guess(head: bytes) -> str:
    try:
        return puremagic.from_string(head, mime=True) or UNKNOWN
    except (puremagic.PureError, ValueError):
        return UNKNOWN

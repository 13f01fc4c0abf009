"""Open an Excel file that somebody sent, and refuse what could harm: the fault and the remedy are told."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from dinh.kernel.errors import InvalidInput

MAX_FILE = 20 * 1024 * 1024
_MAX_UNPACKED = 120 * 1024 * 1024
_MAX_ENTRIES = 2_000
_MAX_RATIO = 300
_CHUNK = 1024 * 1024
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DECLARATIONS = tuple(
    text.encode(code) for text in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)
_LONGEST = max(len(mark) for mark in _DECLARATIONS)
_BROKEN_ARCHIVE = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, zlib.error)
_BROKEN_SHEET = (
    KeyError, ValueError, AttributeError, TypeError, IndexError, OverflowError,
    InvalidFileException, etree.XMLSyntaxError, SyntaxError,
)  # fmt: skip

_REASONS = {
    "too_large": gettext_noop("The file is larger than 20 MB. Split the register by year or half-year."),
    "not_xlsx": gettext_noop(
        "This is not an Excel workbook (.xlsx). Save it in Excel as .xlsx and send it again."
    ),
    "old_or_encrypted": gettext_noop(
        "The file is in the old .xls format or protected by a password. Save it as .xlsx without a password."
    ),
    "damaged": gettext_noop(
        "The Excel file is damaged or cut off. Open and save it in Excel, then send it again."
    ),
    "bomb": gettext_noop("The file unpacks to far more than a register holds, so it was refused."),
    "macros": gettext_noop("The file contains macros. Save it as .xlsx without macros."),
    "entities": gettext_noop("The file declares XML entities, which Excel never does, so it was refused."),
}


class WorkbookRefused(InvalidInput):
    """An Excel file was not opened; `reason` is one of the keys of the rules here."""

    def __init__(self, reason: str) -> None:
        super().__init__(_(_REASONS[reason]), field="file")
        self.reason = reason


@contextmanager
def opened_workbook(stream: BinaryIO) -> Iterator[Workbook]:
    """
    The workbook, read in pieces, after it was judged harmless; links and formulas are not followed.

    Refused: other formats, passwords, damage, archives that unpack beyond 120 MB, macros and XML entities.
    openpyxl reads trustingly, so what is misshapen within comes as one of many errors: all mean damage.

    :raises WorkbookRefused: naming the fault and the remedy
    """
    check_workbook(stream)
    with _damage_refused():
        workbook = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        try:
            yield workbook
        finally:
            workbook.close()


def check_workbook(stream: BinaryIO, *, most: int = MAX_FILE) -> None:
    """
    Refuse a harmful file without reading its sheets.

    :param most: bytes
    :raises WorkbookRefused: naming the fault
    """
    if stream.seek(0, 2) > most:
        raise WorkbookRefused("too_large")
    stream.seek(0)
    head = stream.read(8)
    if head == _OLD_EXCEL:
        raise WorkbookRefused("old_or_encrypted")
    if not head.startswith(b"PK"):
        raise WorkbookRefused("not_xlsx")
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_archive(archive)
    except _BROKEN_ARCHIVE as fault:
        raise WorkbookRefused("damaged") from fault


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except InvalidInput:
        raise
    except (*_BROKEN_ARCHIVE, *_BROKEN_SHEET) as fault:
        raise WorkbookRefused("damaged") from fault


def _check_archive(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES or sum(each.file_size for each in entries) > _MAX_UNPACKED:
        raise WorkbookRefused("bomb")
    if any(
        each.file_size > 5_000_000 and each.file_size > _MAX_RATIO * max(each.compress_size, 1)
        for each in entries
    ):
        raise WorkbookRefused("bomb")
    names = {each.filename.lower() for each in entries}
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        raise WorkbookRefused("not_xlsx")
    if any("vbaproject" in name or "/activex/" in name or "/macrosheets/" in name for name in names):
        raise WorkbookRefused("macros")
    for each in entries:
        if each.filename.lower().endswith((".xml", ".rels", ".vml")):
            _check_part(archive, each)


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Look for declarations piece by piece, also across the edges of pieces."""
    before = b""
    with archive.open(entry) as part:
        while piece := part.read(_CHUNK):
            window = before + piece
            if any(mark in window for mark in _DECLARATIONS):
                raise WorkbookRefused("entities")
            if b"macroEnabled" in window and entry.filename.lower() == "[content_types].xml":
                raise WorkbookRefused("macros")
            before = piece[-_LONGEST:]

"""The text of a file for search: from Word, from the text layer of a PDF, or from a scan by Tesseract."""

import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from docx.oxml.ns import qn

from dinh.documents.docx.opening import damage_refused, open_docx
from dinh.documents.docx.sandboxed import Limits, ProgramTimedOut, find_program, run_limited
from dinh.kernel.pdf import PdfUnreadable

MAX_CHARACTERS = 1_000_000
_WORKER = Path(__file__).with_name("text_worker.py")
_READ_SECONDS = 20
_OCR_PAGES = 30
_OCR_DPI = 250
_SCAN_LETTERS_PER_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedText:
    """
    The text, pages parted by form feeds; `method` is `text`, `ocr` or `none`.

    `note` tells the reader what is missing: no OCR installed, pages left out, text cut.
    """

    text: str
    method: str
    note: Any = ""


def extract_text(data: bytes, *, ocr: bool = True, ocr_seconds: int = 180) -> ExtractedText:
    """
    Return the text of a Word file or PDF, composed (NFC), at most a million characters.

    A PDF is read in a process of its own, 20 seconds at most. A PDF with next to no text is a scan: its first
    30 pages are read by Tesseract in Vietnamese, for at most `ocr_seconds`. Where Tesseract is not installed
    the note says so. Call it from a task.

    :raises DocxRefused: if a Word file could harm
    :raises PdfUnreadable: if the file is neither Word nor a readable PDF
    """
    if data.startswith(b"PK"):
        return _bounded(_docx_text(data), method="text")
    with tempfile.TemporaryDirectory(prefix="dinh-text-") as name:
        folder = Path(name)
        (folder / "file.pdf").write_bytes(data)
        text = _pdf_text(folder)
        if not ocr or not _looks_scanned(text):
            return _bounded(text, method="text")
        return _scan_text(folder, ocr_seconds)


def _docx_text(data: bytes) -> str:
    document = open_docx(data)
    with damage_refused():
        body = document.element.body
    paragraphs = ("".join(each.text or "" for each in p.iter(qn("w:t"))) for p in body.iter(qn("w:p")))
    return "\n".join(paragraphs)


def _pdf_text(folder: Path) -> str:
    command = [sys.executable, str(_WORKER), "text", "file.pdf", str(_READ_SECONDS - 5), str(MAX_CHARACTERS)]
    limits = Limits(seconds=_READ_SECONDS, cpu_seconds=_READ_SECONDS, memory_mb=2048, file_mb=16)
    try:
        ended = run_limited(command, limits=limits, folder=folder)
    except ProgramTimedOut as late:
        raise PdfUnreadable from late
    if ended.returncode != 0 and not ended.stdout:
        raise PdfUnreadable
    return ended.stdout.decode("utf-8", errors="ignore")


def _looks_scanned(text: str) -> bool:
    pages = text.split("\f")[:-1] or [""]
    letters = sum(character.isalpha() for character in text)
    return letters < _SCAN_LETTERS_PER_PAGE * len(pages)


def _scan_text(folder: Path, seconds: int) -> ExtractedText:
    program = find_program("tesseract")
    if program is None:
        return ExtractedText(
            text="",
            method="none",
            note=_("A scan: its text is not searchable, for Tesseract is not installed."),
        )
    end = time.monotonic() + seconds
    pictures = _drawn(folder, seconds)
    language = _language(program, folder)
    pages: list[str] = []
    for picture in pictures:
        left = int(end - time.monotonic())
        if left < 2:
            break
        pages.append(_read_picture(program, picture, language, folder, left))
    whole = len(pages) == len(pictures) < _OCR_PAGES
    note = "" if whole else _("A scan: only its first pages are searchable.")
    return ExtractedText(text=_composed("\f".join(pages)), method="ocr", note=note)


def _drawn(folder: Path, seconds: int) -> list[Path]:
    command = [sys.executable, str(_WORKER), "draw", "file.pdf", str(_OCR_PAGES), str(_OCR_DPI), str(folder)]
    limits = Limits(seconds=seconds, cpu_seconds=seconds, memory_mb=2048)
    try:
        run_limited(command, limits=limits, folder=folder)
    except ProgramTimedOut:
        return sorted(folder.glob("*.png"))[:-1]
    return sorted(folder.glob("*.png"))


def _language(program: str, folder: Path) -> str:
    limits = Limits(seconds=10, cpu_seconds=10, memory_mb=1024)
    listed = run_limited([program, "--list-langs"], limits=limits, folder=folder).stdout.decode()
    return "vie" if "vie" in listed.split() else "eng"


def _read_picture(program: str, picture: Path, language: str, folder: Path, seconds: int) -> str:
    limits = Limits(seconds=seconds, cpu_seconds=seconds, memory_mb=2048)
    try:
        ended = run_limited(
            [program, str(picture), "stdout", "-l", language, "--psm", "3"], limits=limits, folder=folder
        )
    except ProgramTimedOut:
        return ""
    return ended.stdout.decode("utf-8", errors="ignore")


def _bounded(text: str, *, method: str) -> ExtractedText:
    cut = len(text) > MAX_CHARACTERS
    note = _("Only the first million characters are searchable.") if cut else ""
    return ExtractedText(text=_composed(text[:MAX_CHARACTERS]), method=method, note=note)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\x00", ""))

"""Word files and scans for the tests, and what a machine needs for some of them."""

import io

import docx
import pypdfium2
import pytest

from dinh.documents.docx.sandboxed import find_program
from dinh.documents.docx.tests.hostile import GOOD
from dinh.documents.letters import document_types
from dinh.documents.letters.tests.samples import DAY, ORGANISATIONS

needs_office = pytest.mark.skipif(find_program("soffice") is None, reason="LibreOffice is not installed")
needs_tesseract = pytest.mark.skipif(find_program("tesseract") is None, reason="Tesseract is not installed")
ALL = [(bloc, each.code) for bloc in ORGANISATIONS for each in document_types(bloc=bloc, on=DAY)]


def edited(change) -> bytes:
    document = docx.Document(io.BytesIO(GOOD))
    change(document)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def scan_of(pdf: bytes) -> bytes:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        picture = document[0].render(scale=200 / 72).to_pil()
    written = io.BytesIO()
    picture.save(written, "PDF", resolution=200)
    return written.getvalue()


def last_of_body(document):
    return [each for each in document.paragraphs if each.text.strip()][-1]

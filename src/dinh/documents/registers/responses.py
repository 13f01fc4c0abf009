"""A register to take home, as an answer of a page or of the API."""

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t

from dinh.documents.letters import register
from dinh.documents.models import Book
from dinh.documents.registers.printing import Rows, export_register, print_register
from dinh.kernel.tables import write_sheet
from dinh.storage.api import PDF, XLSX


def register_file(book: Book, rows: Rows, ending: str) -> HttpResponseBase:
    """The rows of a book as `pdf` or `xlsx`. :raises TooManyRows: beyond one volume"""
    name = file_name(book, ending)
    if ending == "xlsx":
        sheet = export_register(book=book, rows=rows)
        return FileResponse(sheet, filename=name, as_attachment=True, content_type=XLSX)
    response = HttpResponse(print_register(book=book, rows=rows, made_at=timezone.now()), content_type=PDF)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=name) or "inline"
    )
    return response


def sample_file(book: Book) -> HttpResponseBase:
    """An empty sheet with the columns of the decree, to be filled in with an old register."""
    form = register(book.direction)
    sheet = write_sheet(form.title, form.columns, [])
    return FileResponse(sheet, filename=file_name(book, "xlsx"), as_attachment=True, content_type=XLSX)


def file_name(book: Book, ending: str) -> str:
    return f"{_t('register-of-documents')}-{book.code}-{book.year}.{ending}"

"""A table as the answer of a page or of the API."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.kernel.errors import NotFound
from dinh.kernel.tables.excel import write_sheet
from dinh.kernel.tables.paper import print_table
from dinh.kernel.tables.shapes import TableShape, TooLongForPaper
from dinh.kernel.tables.word import write_word

ENDINGS: Final = ("pdf", "docx", "xlsx")
MOST_ROWS: Final = {"pdf": 5_000, "docx": 2_000, "xlsx": 50_000}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
}


class NoSuchTable(NotFound):
    """A table does not leave as such a file."""


def table_response(
    shape: TableShape, rows: Iterable[Sequence[str]], *, ending: str, name: str
) -> HttpResponseBase:
    """
    The rows as `pdf` (shown), `docx` or `xlsx` (to be kept), under a file name without its ending.

    :raises NoSuchTable: for any other ending
    :raises TooLongForPaper: naming the limit of that kind of file and the remedy
    """
    if ending not in ENDINGS:
        raise NoSuchTable(_("Choose pdf, docx or xlsx."))
    lines = bounded(rows, ending)
    file_name = f"{name}.{ending}"
    if ending == "xlsx":
        sheet = write_sheet(shape.title, shape.columns, ((line, False) for line in lines))
        return FileResponse(sheet, filename=file_name, as_attachment=True, content_type=_TYPES[ending])
    content = (
        write_word(shape, lines)
        if ending == "docx"
        else print_table(shape, lines, made_at=timezone.localtime())
    )
    response = HttpResponse(content, content_type=_TYPES[ending])
    disposition = content_disposition_header(as_attachment=ending != "pdf", filename=file_name)
    response["Content-Disposition"] = disposition or "inline"
    return response


def bounded(rows: Iterable[Sequence[str]], ending: str) -> list[Sequence[str]]:
    """The rows, if a file of that kind can hold them."""
    most = MOST_ROWS[ending]
    lines = list(islice(rows, most + 1))
    if len(lines) > most:
        message = _t("There are more than %(limit)d rows. Narrow the list with a filter, or choose Excel.")
        raise TooLongForPaper(message % {"limit": most}, field="period")
    return lines

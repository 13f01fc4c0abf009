"""A list of documents as it stands on the screen, to take home: a PDF to print, or an Excel sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import IncomingState
from dinh.documents.letters.registers import RegisterColumn
from dinh.documents.models import Incoming, Outgoing
from dinh.kernel.errors import InvalidInput
from dinh.kernel.pdf.render import render_pdf
from dinh.kernel.tables import write_sheet
from dinh.storage.api import PDF, XLSX

MOST: Final = {"pdf": 2_000, "xlsx": 50_000}
ENDINGS: Final = tuple(MOST)
_PIECE: Final = 1_000
Row = TypeVar("Row", Incoming, Outgoing)


class ListTooLong(InvalidInput):
    """More rows than one file holds."""


@dataclass(frozen=True, kw_only=True)
class PrintedList:
    """
    A list with its heading.

    :param name: of the file, without its ending
    :param line: below the heading: whose list, as of when
    """

    name: str
    title: str
    line: str
    columns: tuple[RegisterColumn, ...]
    rows: Sequence[Sequence[str]]


def list_file(printed: PrintedList, ending: str, *, made_at: datetime) -> HttpResponseBase:
    """The list as `pdf` or `xlsx`."""
    name = f"{printed.name}.{ending}"
    if ending == "xlsx":
        sheet = write_sheet(printed.title, printed.columns, ((row, False) for row in printed.rows))
        return FileResponse(sheet, filename=name, as_attachment=True, content_type=XLSX)
    data = {
        "title": printed.title,
        "line": printed.line,
        "columns": [{"title": each.title, "share": each.share} for each in printed.columns],
        "rows": printed.rows,
    }
    rendered = render_pdf("documents/list.typ", data, made_at=made_at, replace_unprintable=True, tagged=False)
    response = HttpResponse(rendered.pdf, content_type=PDF)
    disposition = content_disposition_header(as_attachment=False, filename=name)
    response["Content-Disposition"] = disposition or "inline"
    return response


def incoming_cells(rows: "QuerySet[Incoming]", ending: str) -> list[list[str]]:
    """A row of texts per document that arrived. :raises ListTooLong:"""
    return [_incoming_cells(row) for row in _bounded(rows, ending)]


def outgoing_cells(rows: "QuerySet[Outgoing]", ending: str) -> list[list[str]]:
    """A row of texts per document of the unit. :raises ListTooLong:"""
    return [
        [
            row.document.code,
            _day(row.document.issued_date),
            row.document.subject,
            row.document.signer_name,
            str(row.get_state_display()),
            f"{timezone.localtime(row.updated_at):%d/%m/%Y %H:%M}",
        ]
        for row in _bounded(rows, ending)
    ]


def _incoming_cells(row: Incoming) -> list[str]:
    arrived = f"{timezone.localtime(row.arrived_at):%d/%m/%Y %H:%M}"
    number, state = "" if row.number is None else str(row.number), str(row.get_state_display())
    if row.state == IncomingState.RECALLED:
        return [number, arrived, "", "", "", "", "", state]
    letter = row.document
    due = _day(timezone.localtime(row.due_at)) if row.due_at else ""
    return [
        number, arrived, letter.code, _day(letter.issued_date), letter.issuer_name, letter.subject, due, state,
    ]  # fmt: skip


def _bounded(rows: "QuerySet[Row]", ending: str) -> Iterator[Row]:
    most = MOST[ending]
    if rows.order_by().values("pk")[: most + 1].count() > most:
        message = _("These are more than %(limit)d rows. Narrow the list by a filter.") % {"limit": most}
        raise ListTooLong(message)
    return rows.iterator(chunk_size=_PIECE)


def _day(day: object) -> str:
    return f"{day:%d/%m/%Y}" if day else ""

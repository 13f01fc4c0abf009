"""A book as PDF by the forms of Annex IV, and as an Excel sheet that runs nothing."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, TypeAlias

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.documents.letters import RegisterCover, register, render_book
from dinh.documents.models import Book
from dinh.documents.queries.registers import Line, printed_lines
from dinh.kernel.errors import InvalidInput
from dinh.kernel.tables import write_sheet

PDF_ROWS = 5_000
XLSX_ROWS = 50_000

Rows: TypeAlias = "QuerySet[Any, Any]"


class TooManyRows(InvalidInput):
    """More rows than one volume holds."""


def print_register(*, book: Book, rows: Rows, made_at: datetime) -> bytes:
    """
    Print the rows of a book with its cover, up to 5,000; a closed book ends with its closing note.

    :raises TooManyRows: naming the limit and the remedy
    """
    lines = _bounded(rows, PDF_ROWS)
    return render_book(
        code=book.direction,
        cover=_cover(book, lines),
        rows=(_struck(line) for line in lines),
        closing=_closing(book, lines),
        made_at=made_at,
    )


def export_register(*, book: Book, rows: Rows) -> BinaryIO:
    """
    Write the rows of a book to an Excel sheet, up to 50,000, read and written in pieces.

    Every cell is text: what begins with = + - or @ is shown and never computed. The caller closes the file.

    :raises TooManyRows: naming the limit and the remedy
    """
    if rows.order_by()[: XLSX_ROWS + 1].count() > XLSX_ROWS:
        raise _too_many(XLSX_ROWS)
    form = register(book.direction)
    lines = ((line.cells, line.is_void) for line in printed_lines(rows))
    return write_sheet(form.title, form.columns, lines)


def _bounded(rows: Rows, limit: int) -> list[Line]:
    lines = list(islice(printed_lines(rows), limit + 1))
    if len(lines) > limit:
        raise _too_many(limit)
    return lines


def _too_many(limit: int) -> TooManyRows:
    message = _("There are more than %(limit)d rows. Choose a shorter period, one volume at a time.")
    return TooManyRows(message % {"limit": limit}, field="date_from")


def _cover(book: Book, lines: Sequence[Line]) -> RegisterCover:
    numbers = [line.number for line in lines if line.number is not None]
    day = 1 if book.direction == "outgoing" else 0
    days = [line.cells[day] for line in lines if line.cells[day]]
    blank = "……"
    return RegisterCover(
        agency=book.unit.name,
        parent_agency=book.unit.parent.name if book.unit.parent else "",
        year=str(book.year),
        from_date=days[0] if days else blank,
        to_date=days[-1] if days else blank,
        from_number=str(min(numbers)) if numbers else blank,
        to_number=str(max(numbers)) if numbers else blank,
    )


def _struck(line: Line) -> Sequence[str]:
    """On paper a voided row is told by its note; the marks before it stand for the stroke."""
    return (f"— {line.cells[0]} —", *line.cells[1:]) if line.is_void else line.cells


def _closing(book: Book, lines: Sequence[Line]) -> str:
    if book.closed_at is None or not lines:
        return ""
    return _t("Closed on %(day)s with %(amount)d documents on these pages.") % {
        "day": timezone.localdate(book.closed_at).strftime("%d/%m/%Y"),
        "amount": len(lines),
    }

"""Registers of outgoing documents and their opening numbers."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import Direction
from dinh.documents.models import Book, Outgoing
from dinh.documents.rules import may_keep_books
from dinh.kernel.errors import NotPermitted
from dinh.kernel.numbering import open_series


@transaction.atomic
def open_book(*, clerk: Appointment, type_code: str, year: int, last_number: int = 0) -> Book:
    """
    Open the unit's book of a type and year after numbers given elsewhere; repeated, it only moves forward.

    :raises NotPermitted: if the appointment is not a clerk
    """
    if not may_keep_books(clerk, clerk.unit_id):
        raise NotPermitted(_("Only a clerk of the unit opens its books."))
    book = _book(unit_id=clerk.unit_id, type_code=type_code, year=year)
    if last_number > book.opening_number:
        book.opening_number = last_number
        book.save(update_fields=["opening_number"])
    open_series(book.series, last_number=last_number)
    record("documents.book.opened", target=book, actor=clerk, details={"last_number": last_number})
    return book


def book_of(outgoing: Outgoing, *, year: int) -> Book:
    """The book of the document's unit, type and year, made where there is none."""
    return _book(unit_id=outgoing.unit_id, type_code=outgoing.document.type_code, year=year)


def _book(*, unit_id: int, type_code: str, year: int) -> Book:
    book, _created = Book.objects.get_or_create(
        unit_id=unit_id,
        direction=Direction.OUTGOING,
        year=year,
        code=type_code,
        defaults={"name": type_code, "type_codes": [type_code]},
    )
    return book

"""The unit's books, as far as somebody may see them."""

from collections.abc import Sequence
from typing import Final

from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.models import Book
from dinh.documents.rules_incoming import oversees_unit
from dinh.kernel.compiled import CompiledRead
from dinh.kernel.errors import NotFound


class BookNotFound(NotFound):
    pass


def books_visible_to(appointment: Appointment) -> QuerySet[Book]:
    """Books of the own unit; those of secret documents only for clerks, head and deputies."""
    books = Book.objects.filter(unit_id=appointment.unit_id)
    return books if oversees_unit(appointment) else books.filter(is_secret=False)


def get_book(book_id: int, appointment: Appointment) -> Book:
    """:raises BookNotFound: missing or not visible"""
    if oversees_unit(appointment):
        found = _IN_UNIT.rows(pk=book_id, unit_id=appointment.unit_id)
    else:
        found = list(books_visible_to(appointment).filter(pk=book_id))
    if not found:
        raise BookNotFound(_("There is no such book. Go back to the list."))
    (book,) = found
    book.unit = appointment.unit
    return book


def years_of_books(appointment: Appointment, *, this_year: int) -> Sequence[int]:
    """Years to choose from, the newest first, without gaps."""
    ends = books_visible_to(appointment).aggregate(first=Min("year"), last=Max("year"))
    first, last = ends["first"] or this_year, ends["last"] or this_year
    return range(max(last, this_year), min(first, this_year) - 1, -1)


_IN_UNIT: Final[CompiledRead[Book]] = CompiledRead(
    lambda pk, unit_id: books_visible_to(Appointment(unit_id=unit_id, roles=[Role.CLERK])).filter(pk=pk),
    pk=-1,
    unit_id=-2,
)
"""For those who oversee the unit, who open registers all day."""

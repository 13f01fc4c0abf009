"""Registers of documents: opening them, their first numbers, closing them (Decree 30/2020, Art. 15, 22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import CopyKind, Direction, Secrecy
from dinh.documents.letters import UnknownForm, document_type, document_types
from dinh.documents.models import Book, Outgoing
from dinh.documents.operations.letter_form import may_be_normative
from dinh.documents.queries.books import BookNotFound, books_visible_to
from dinh.documents.rules import may_keep_books
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.kernel.numbering import correct_series, last_number_of, open_series

CONFIDENTIAL_CODE = "mat"
COPY_CODE = "ban-sao"
INCOMING_CODE = "den"
_LARGEST = 999_999


class BookExists(InvalidInput):
    """The unit has a book of that short name, or of one of these types, in that year."""

    status = 409


class BookClosed(DomainError):
    """A closed book takes no further numbers."""


class YearNotOver(DomainError):
    """Books are closed at the end of their year."""


class WrongOpeningNumber(InvalidInput):
    """Once numbers were given, a series only goes upward."""


@dataclass(frozen=True, kw_only=True)
class NewBook:
    """
    What a book is opened with.

    :param code: short name within unit, direction and year: letters, digits and dashes
    :param type_codes: types that are numbered here; empty for all others
    :param is_normative: for normative documents of these types, whose number bears the year
    :param council_name: advisory council whose documents have a series of their own (Art. 15)
    :param opening_number: last number given before this system
    """

    direction: str
    year: int
    code: str
    name: str
    type_codes: Sequence[str] = ()
    council_name: str = ""
    is_secret: bool = False
    is_normative: bool = False
    opening_number: int = 0


@transaction.atomic
def open_book(*, clerk: Appointment, book: NewBook, at: datetime) -> Book:
    """
    Open a book of the clerk's unit; the same request again finds the book that it made.

    :raises NotPermitted: if the appointment is not a clerk
    :raises BookExists: if short name or types belong to another book of the year
    :raises InvalidInput: field by field
    """
    _require_clerk(clerk)
    _check(clerk, book, at)
    opened, is_new = Book.objects.get_or_create(
        unit_id=clerk.unit_id,
        direction=book.direction,
        year=book.year,
        code=book.code,
        defaults={
            "name": book.name.strip(),
            "type_codes": list(book.type_codes),
            "council_name": book.council_name.strip(),
            "is_secret": book.is_secret,
            "is_normative": book.is_normative,
            "opening_number": book.opening_number,
        },
    )
    if not is_new:
        return _same_or_refused(opened, book)
    _refuse_taken_types(opened)
    open_series(opened.series, last_number=book.opening_number)
    details = {"code": book.code, "last_number": book.opening_number}
    record("documents.book.opened", target=opened, actor=clerk, at=at, details=details)
    return opened


@transaction.atomic
def set_opening_number(
    *, clerk: Appointment, book_id: int, last_number: int, reason: str, at: datetime
) -> Book:
    """
    Say which number was given last before this system.

    Free to correct until the book gives its first number; afterwards only upward, and with a reason.

    :raises BookNotFound: missing, or not visible
    :raises NotPermitted: if the appointment is not a clerk of the unit
    :raises BookClosed: if the year is closed
    :raises WrongOpeningNumber: lower than what was given, or without a reason
    """
    book = locked_book(book_id, clerk)
    if book.opening_number == last_number:
        return book
    given = last_number_of(book.series)
    _check_opening(book, given, last_number, reason.strip())
    if not correct_series(book.series, expected=given, last_number=last_number):
        raise WrongOpeningNumber(_("A number was given meanwhile. Reload the page."), field="last_number")
    details = {"from": given, "to": last_number, "reason": reason.strip()}
    book.opening_number = last_number
    book.save(update_fields=["opening_number"])
    record("documents.book.opening_number_set", target=book, actor=clerk, at=at, details=details)
    return book


@transaction.atomic
def close_book(*, clerk: Appointment, book_id: int, at: datetime) -> Book:
    """
    Close a book at the end of its year; it gives no number any more. Repeated, it changes nothing.

    :raises BookNotFound: missing, or not visible
    :raises NotPermitted: if the appointment is not a clerk of the unit
    :raises YearNotOver: before 31 December of its year
    """
    book = locked_book(book_id, clerk, allow_closed=True)
    if book.closed_at is not None:
        return book
    if timezone.localdate(at) < date(book.year, 12, 31):
        raise YearNotOver(_("A book is closed on 31 December of its year at the earliest. Wait until then."))
    book.closed_at = at
    book.save(update_fields=["closed_at"])
    details = {"last_number": last_number_of(book.series)}
    record("documents.book.closed", target=book, actor=clerk, at=at, details=details)
    return book


def book_of(outgoing: Outgoing, *, year: int) -> Book:
    """
    The book that numbers this document: of copies, secret, of its council, normative, of its type, the general
    one, or a new one of its type.

    A new year goes on with the books of the year before, numbered from 1; so nobody opens books at midnight.

    :raises BookClosed: if that book is closed
    """
    if outgoing.document.copy_kind:
        return copy_book(unit_id=outgoing.unit_id, year=year)
    own = Book.objects.filter(unit_id=outgoing.unit_id, direction=Direction.OUTGOING)
    if outgoing.document.secrecy != Secrecy.NONE:
        return _open(
            _of_year(own.filter(is_secret=True), year)
            or _secret_book(outgoing.unit_id, year, Direction.OUTGOING)
        )
    if outgoing.council_name:
        return _open(_council_book(outgoing, year))
    type_code = outgoing.document.type_code
    if outgoing.document.is_normative:
        normative = own.filter(is_normative=True, type_codes__contains=[type_code])
        return _open(_of_year(normative, year) or _normative_book(outgoing, year))
    plain = own.filter(is_secret=False, is_normative=False, council_name="")
    plain = plain.exclude(type_codes__overlap=CopyKind.values)
    return _open(_of_year(plain, year, type_code=type_code) or _book_of_type(outgoing, year))


def _of_year(books: QuerySet[Book], year: int, *, type_code: str | None = None) -> Book | None:
    """
    The one of these books for the year; where none takes it, those of the last year before are opened anew.

    :param type_code: what it is to number; the general book takes what has no book of its own
    """
    if found := _taking(books.filter(year=year), type_code):
        return found
    before = books.filter(year__lt=year).order_by("-year").values_list("year", flat=True).first()
    if before is None:
        return None
    for book in books.filter(year=before).order_by("pk"):
        _open_anew(book, year, beside=books.filter(year=year))
    return _taking(books.filter(year=year), type_code)


def _taking(books: QuerySet[Book], type_code: str | None) -> Book | None:
    books = books.order_by("pk")
    if type_code is None:
        return books.first()
    return books.filter(type_codes__contains=[type_code]).first() or books.filter(type_codes=[]).first()


def _open_anew(book: Book, year: int, *, beside: QuerySet[Book]) -> None:
    """Nothing where books of that year that somebody opened already take the same types."""
    if beside.filter(**_same_types(book)).exists():
        return
    code, name = (text.replace(str(book.year), str(year)) for text in (book.code, book.name))
    kept = {"type_codes": book.type_codes, "is_secret": book.is_secret, "is_normative": book.is_normative}
    _made(book.unit_id, book.direction, year, code, name=name, **kept)


def _same_types(book: Book) -> dict[str, object]:
    return {"type_codes__overlap": book.type_codes} if book.type_codes else {"type_codes": []}


def incoming_book(*, unit_id: int, year: int, secrecy: int = Secrecy.NONE) -> Book:
    """
    The unit's general incoming book of a year, or that of secret documents; made with its first document, as that of
    the year before was.

    :raises BookClosed: if it is closed
    """
    own = Book.objects.filter(unit_id=unit_id, direction=Direction.INCOMING)
    if secrecy != Secrecy.NONE:
        secret = _of_year(own.filter(is_secret=True), year)
        return _open(secret or _secret_book(unit_id, year, Direction.INCOMING))
    return _open(
        _of_year(own.filter(is_secret=False, council_name="", type_codes=[]), year)
        or _made(unit_id, Direction.INCOMING, year, INCOMING_CODE, name=_t("Register of incoming documents"))
    )


def copy_book(*, unit_id: int, year: int) -> Book:
    """
    The unit's one series of copies of a year, of whatever form (Decree 30/2020, Annex I, part II, II.1.c).

    :raises BookClosed: if it is closed
    """
    own = Book.objects.filter(unit_id=unit_id, direction=Direction.OUTGOING)
    name = _t("Register of copies")
    return _open(
        _of_year(own.filter(type_codes__overlap=CopyKind.values), year)
        or _made(unit_id, Direction.OUTGOING, year, COPY_CODE, name=name, type_codes=list(CopyKind.values))
    )


def locked_book(book_id: int, clerk: Appointment, *, allow_closed: bool = False) -> Book:
    """
    A book of the clerk's unit, locked until the end of the transaction.

    :raises BookNotFound: missing, or not visible
    :raises NotPermitted: if the appointment is not a clerk of the unit
    :raises BookClosed: if it is closed, unless that is allowed
    """
    book = books_visible_to(clerk).select_for_update(no_key=True).filter(pk=book_id).first()
    if book is None:
        raise BookNotFound(_("There is no such book. Go back to the list."))
    _require_clerk(clerk)
    if book.closed_at is not None and not allow_closed:
        raise _closed(book)
    return book


def _require_clerk(clerk: Appointment) -> None:
    if not may_keep_books(clerk, clerk.unit_id):
        raise NotPermitted(_("Only a clerk of the unit keeps its books."))


def _check(clerk: Appointment, book: NewBook, at: datetime) -> None:
    this_year = timezone.localdate(at).year
    if not 1945 <= book.year <= this_year + 1:
        raise InvalidInput(_("Give a year up to the next one."), field="year")
    if book.direction not in Direction.values:
        raise InvalidInput(_("Choose outgoing or incoming."), field="direction")
    if not book.name.strip() or len(book.name) > 120:
        raise InvalidInput(_("Give the book a name of at most 120 characters."), field="name")
    if not book.code or len(book.code) > 30 or not book.code.replace("-", "").isalnum():
        raise InvalidInput(_("Use letters, digits and dashes, at most 30."), field="code")
    if len(book.council_name) > 200:
        raise InvalidInput(_("Shorten the name to 200 characters."), field="council_name")
    _check_number(book.opening_number, "opening_number")
    if set(book.type_codes) & set(CopyKind.values):
        _check_copies(book)
    else:
        _check_types(clerk, book)
    if book.is_normative:
        _check_normative(clerk, book)


def _check_copies(book: NewBook) -> None:
    """All forms of copies share one series (Decree 30/2020, Annex I, part II, II.1.c)."""
    only_copies = set(book.type_codes) == set(CopyKind.values)
    special = book.is_secret or book.is_normative or bool(book.council_name.strip())
    if book.direction != Direction.OUTGOING or not only_copies or special:
        told = _("Copies of all forms go out of one book of their own: choose nothing beside them.")
        raise InvalidInput(told, field="type_codes")


def _check_normative(clerk: Appointment, book: NewBook) -> None:
    if book.direction != Direction.OUTGOING or book.is_secret or book.council_name.strip():
        told = _("Normative documents go out openly, in the unit's own name.")
        raise InvalidInput(told, field="is_normative")
    if len(book.type_codes) != 1:
        told = _("Each type of normative documents has a series of its own: choose one type.")
        raise InvalidInput(told, field="type_codes")
    if not may_be_normative(clerk.unit, book.type_codes[0]):
        told = _("Only resolutions and decisions of People's Councils and Committees are normative.")
        raise InvalidInput(told, field="is_normative")


def _check_types(clerk: Appointment, book: NewBook) -> None:
    try:
        for code in book.type_codes:
            document_type(code, bloc=clerk.unit.bloc, on=date(book.year, 12, 31))
    except UnknownForm as unknown:
        raise InvalidInput(str(unknown), field="type_codes") from unknown


def _check_number(number: int, field: str) -> None:
    if not 0 <= number <= _LARGEST:
        raise WrongOpeningNumber(_("Give a number between 0 and 999,999."), field=field)


def _same_or_refused(existing: Book, wanted: NewBook) -> Book:
    kept = (existing.name, existing.type_codes, existing.council_name)
    asked = (wanted.name.strip(), list(wanted.type_codes), wanted.council_name.strip())
    flags = (existing.is_secret, existing.is_normative)
    if kept == asked and flags == (wanted.is_secret, wanted.is_normative):
        return existing
    raise BookExists(_("The unit has a book of this short name in that year. Choose another."), field="code")


def _refuse_taken_types(opened: Book) -> None:
    if opened.is_secret or opened.council_name:
        return
    rivals = Book.objects.filter(
        unit_id=opened.unit_id,
        direction=opened.direction,
        year=opened.year,
        is_secret=False,
        is_normative=opened.is_normative,
        council_name="",
    ).exclude(pk=opened.pk)
    rival = rivals.filter(**_same_types(opened)).first()
    if rival is not None:
        raise BookExists(
            _("The book %(name)s takes these types in that year already. Choose other types.")
            % {"name": rival.name},
            field="type_codes",
        )


def _check_opening(book: Book, given: int, wanted: int, reason: str) -> None:
    _check_number(wanted, "last_number")
    if not (book.outgoing.exists() or book.incoming.exists()):
        return
    if wanted <= given:
        raise WrongOpeningNumber(
            _("Number %(given)d was given already. Give a higher number.") % {"given": given},
            field="last_number",
        )
    if not reason:
        raise WrongOpeningNumber(_("Say why numbers are passed over."), field="reason")


def _open(book: Book) -> Book:
    """The book, locked so that nobody closes it before the number is given."""
    locked = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    if locked.closed_at is not None:
        raise _closed(locked)
    return locked


def _closed(book: Book) -> BookClosed:
    message = _("The book %(book)s is closed. Use the book of the new year.")
    return BookClosed(message % {"book": book})


def _book_of_type(outgoing: Outgoing, year: int) -> Book:
    code, name = outgoing.document.type_code, _type_name(outgoing, year)
    return _made(outgoing.unit_id, Direction.OUTGOING, year, code, name=name, type_codes=[code])


def _council_book(outgoing: Outgoing, year: int) -> Book:
    """
    An advisory council's own series (Annex I, part I, II.3.a): that of the year, or begun after the year before.

    :raises BookClosed: if no book was ever opened for the council
    """
    own = Book.objects.filter(
        unit_id=outgoing.unit_id, direction=Direction.OUTGOING, council_name=outgoing.council_name
    )
    latest = own.filter(year__lte=year).order_by("-year", "pk").first()
    if latest is None:
        words = _("No book is open for %(council)s. Open one, then give the number.")
        raise BookClosed(words % {"council": outgoing.council_name})
    if latest.year == year:
        return latest
    more = {"name": latest.name, "council_name": latest.council_name}
    return _made(outgoing.unit_id, Direction.OUTGOING, year, latest.code, **more)


def _normative_book(outgoing: Outgoing, year: int) -> Book:
    code = outgoing.document.type_code
    name = _t("Normative documents: %(type)s") % {"type": _type_name(outgoing, year)}
    more = {"name": name, "type_codes": [code], "is_normative": True}
    return _made(outgoing.unit_id, Direction.OUTGOING, year, f"{code}-qppl", **more)


def _type_name(outgoing: Outgoing, year: int) -> str:
    code = outgoing.document.type_code
    types = document_types(bloc=outgoing.document.bloc, on=date(year, 12, 31))
    return next((each.name for each in types if each.code == code), code)


def _secret_book(unit_id: int, year: int, direction: Direction) -> Book:
    name = _t("Secret documents")
    return _made(unit_id, direction, year, CONFIDENTIAL_CODE, name=name, is_secret=True)


def _made(unit_id: int, direction: str, year: int, code: str, **more: object) -> Book:
    book, _created = Book.objects.get_or_create(
        unit_id=unit_id, direction=direction, year=year, code=code, defaults=more
    )
    return book

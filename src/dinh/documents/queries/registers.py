"""The rows of a book in the columns of Annex IV of Decree 30/2020, as far as somebody may see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from dinh.directory.enums import Bloc, Role
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, Direction, IncomingState, OutgoingState
from dinh.documents.letters import document_types
from dinh.documents.models import Assignment, Book, Document, ImportedEntry, Incoming, Outgoing, Recipient
from dinh.documents.paging import CappedPaginator, FirstPage
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.words import with_words
from dinh.documents.rules import VOIDABLE
from dinh.documents.rules_incoming import oversees_unit
from dinh.kernel.addresses import addresses
from dinh.kernel.text import fold

NAMES_SHOWN = 4
_CHUNK = 1_000


class NamedLetter(NamedTuple):
    """What a register tells of a letter."""

    bloc: str
    type_code: str
    code: str
    issued_date: date | None
    issuer_name: str
    subject: str
    created_at: datetime


_OF_ARRIVAL = (
    "pk", "number", "state", "registered_at", "arrived_at", "note", "holders", "handed_at",
    *(f"imported__{name}" for name in ("pk", "holder", "handed_date", "note")),
    *(f"document__{name}" for name in NamedLetter._fields),
)  # fmt: skip
"""Tuples, not records: a page of fifty rows needs no hundred and fifty objects. Those of the letter stand last."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows: period of the document (outgoing) or of arrival (incoming), type, words; empty for all."""

    date_from: date | None = None
    date_to: date | None = None
    type_code: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    One row of a register.

    :param cells: texts in the order of the columns of the book's form
    :param is_void: the number was voided, so the row is struck
    """

    record_id: int
    number: int | None
    cells: tuple[str, ...]
    url: str
    is_void: bool = False
    may_be_voided: bool = False


def entries_of(
    book: Book, appointment: Appointment, wanted: Wanted
) -> "QuerySet[Outgoing] | QuerySet[Incoming]":
    """The visible rows of a book, by number, without what is told of them: enough to count."""
    if book.direction == Direction.OUTGOING:
        return _outgoing(book, appointment, wanted)
    return _incoming(book, appointment, wanted)


def told(entries: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    """The same rows with all that a register tells; make each a `Line` with `as_line`."""
    return _told_outgoing(entries) if entries.model is Outgoing else _told_incoming(entries)


def entry_pages(book: Book, appointment: Appointment, wanted: Wanted, per_page: int) -> CappedPaginator:
    """The visible rows of a book in pages; make each a `Line` with `as_line`."""
    entries: Any = SimpleLazyObject(lambda: entries_of(book, appointment, wanted))
    shown: Any = SimpleLazyObject(lambda: told(entries))
    if wanted != Wanted() or not oversees_unit(appointment):
        return CappedPaginator(entries, per_page, shown=shown)
    # What is asked for most: a whole register, by those who oversee the unit.
    first = _first_page(book.direction, per_page)
    given = {"book_id": book.pk, "unit_id": appointment.unit_id}
    return CappedPaginator(entries, per_page, shown=shown, first=first, **given)


@cache
def _first_page(direction: str, per_page: int) -> FirstPage:
    def build(book_id: int, unit_id: int) -> "tuple[QuerySet[Any], QuerySet[Any, Any]]":
        book, clerk = Book(pk=book_id, direction=direction), Appointment(unit_id=unit_id, roles=[Role.CLERK])
        entries = entries_of(book, clerk, Wanted())
        return entries, told(entries)

    return FirstPage(build, per_page, book_id=-2, unit_id=-1)


def lines_of(book: Book, appointment: Appointment, wanted: Wanted) -> "QuerySet[Any, Any]":
    """The visible rows of a book, by number; make each a `Line` with `as_line`."""
    return told(entries_of(book, appointment, wanted))


def as_line(row: Any) -> Line:
    return _outgoing_line(row) if isinstance(row, Outgoing) else _incoming_line(row)


def printed_lines(rows: "QuerySet[Any, Any]") -> Iterator[Line]:
    """All rows in the order of their numbers, read in pieces, for print and export."""
    for row in rows.reverse().iterator(chunk_size=_CHUNK):
        yield as_line(row)


def _outgoing(book: Book, appointment: Appointment, wanted: Wanted) -> "QuerySet[Outgoing]":
    letter, day = _letter(wanted, appointment.unit_id), _between(wanted, "document__issued_date")
    rows = outgoing_visible_to(appointment).filter(letter, day, book=book, number__isnull=False)
    return rows.order_by("-number")


def _told_outgoing(entries: "QuerySet[Outgoing]") -> "QuerySet[Outgoing, Any]":
    recipients = Recipient.objects.filter(outgoing=OuterRef("pk"))
    amount = recipients.order_by().values("outgoing").annotate(amount=Count("pk")).values("amount")
    names = recipients.order_by("sort_order", "pk").values("name")[:NAMES_SHOWN]
    rows = entries.select_related("division", "imported")
    return rows.defer("document__search_text", "document__search_vector").annotate(
        first_recipients=ArraySubquery(names),
        recipient_amount=Coalesce(Subquery(amount, output_field=IntegerField()), 0),
    )


def _incoming(book: Book, appointment: Appointment, wanted: Wanted) -> "QuerySet[Incoming]":
    shown = ~Q(state=IncomingState.RECALLED) if wanted.words or wanted.type_code else Q()
    letter, day = _letter(wanted, appointment.unit_id), _arrived(wanted)
    rows = incoming_visible_to(appointment).filter(shown, letter, day, book=book, number__isnull=False)
    return rows.order_by("-number")


def _told_incoming(entries: "QuerySet[Incoming]") -> "QuerySet[Incoming, Any]":
    assigned = Assignment.objects.filter(incoming=OuterRef("pk"), withdrawn_at=None)
    names = assigned.filter(role__in=[AssignmentRole.LEAD, AssignmentRole.SUPPORT]).order_by("role", "pk")
    name = Coalesce(F("appointment__person__full_name"), F("division__name"))
    rows = entries.annotate(
        holders=ArraySubquery(names.values(name=name)),
        handed_at=Subquery(assigned.order_by("pk").values("assigned_at")[:1]),
    )
    return rows.values_list(*_OF_ARRIVAL, named=True)


def _letter(wanted: Wanted, unit_id: int) -> Q:
    found = Q(document__type_code=wanted.type_code) if wanted.type_code else Q()
    words = wanted.words.strip()
    if words:
        part = Q(document__subject__icontains=words) | Q(document__code_key__contains=fold(words))
        found &= with_words(words, reader=unit_id) | part
    return found


def _between(wanted: Wanted, field: str) -> Q:
    within = Q(**{f"{field}__gte": wanted.date_from}) if wanted.date_from else Q()
    return within & Q(**{f"{field}__lte": wanted.date_to}) if wanted.date_to else within


def _arrived(wanted: Wanted) -> Q:
    return _between(wanted, "registered_at__date")


def _outgoing_line(row: Any) -> Line:
    letter: Document = row.document
    old: ImportedEntry | None = getattr(row, "imported", None)
    is_void = row.state == OutgoingState.VOIDED
    cells = (
        letter.code,
        as_day(letter.issued_date),
        named(letter),
        letter.signer_name,
        old.recipients if old else _recipients(row),
        old.holder if old else _stored_at(row),
        str(row.copies_amount or ""),
        as_day(old.handed_date) if old else _moment(row.issued_at),
        "",
        old.note if old else _remark(row),
    )
    return Line(
        record_id=row.pk,
        number=row.number,
        cells=cells,
        url=addresses("documents:outgoing")(row.pk),
        is_void=is_void,
        may_be_voided=row.state in VOIDABLE,
    )


def _incoming_line(row: Any) -> Line:
    letter = NamedLetter(*row[-len(NamedLetter._fields) :])
    is_old = row.imported__pk is not None
    url = addresses("documents:incoming")(row.pk)
    arrived = _moment(row.registered_at or row.arrived_at)
    if row.state == IncomingState.RECALLED:
        cells = (arrived, str(row.number), "", "", "", _("Recalled by its sender"), "", "", "", "")
        return Line(record_id=row.pk, number=row.number, cells=cells, url=url)
    cells = (
        arrived,
        str(row.number),
        letter.issuer_name,
        letter.code,
        as_day(letter.issued_date),
        named(letter),
        row.imported__holder if is_old else ", ".join(row.holders),
        as_day(row.imported__handed_date) if is_old else _moment(row.handed_at),
        "",
        row.imported__note if is_old else row.note,
    )
    return Line(record_id=row.pk, number=row.number, cells=cells, url=url)


def type_name(letter: Document | NamedLetter) -> str:
    """Name of the letter's type by the law of its day."""
    types = document_types(bloc=letter.bloc or Bloc.GOVERNMENT, on=_law(letter))
    return next((each.name for each in types if each.code == letter.type_code), letter.type_code)


def named(letter: Document | NamedLetter) -> str:
    """Name of the type and the subject, as the decree has them in one column."""
    name = type_name(letter)
    subject = letter.subject
    if subject.casefold().startswith(name.casefold()):
        return subject
    if subject.startswith("Về "):  # reads on: "Công văn về việc ..."
        subject = f"v{subject[1:]}"
    return f"{name} {subject}".strip()


def _law(letter: Document | NamedLetter) -> date:
    return letter.issued_date or timezone.localdate(letter.created_at)


def _recipients(row: Any) -> str:
    rest = row.recipient_amount - len(row.first_recipients)
    names = "; ".join(row.first_recipients)
    return names + _(" and %(rest)d more") % {"rest": rest} if rest > 0 else names


def _stored_at(row: Outgoing) -> str:
    return f"VT, {row.division.abbreviation}" if row.division else "VT"


def _remark(row: Outgoing) -> str:
    if row.state == OutgoingState.VOIDED:
        return _("Number voided: %(reason)s") % {"reason": row.void_reason}
    return str(row.get_state_display()) if row.state != OutgoingState.ISSUED else ""


def as_day(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


def _moment(moment: datetime | None) -> str:
    return as_day(timezone.localdate(moment)) if moment else ""

"""Screens of the registers: the unit's books, one book, its print and export."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TypeVar

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.audit.api import trace_of
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import Direction
from dinh.documents.forms.books import BookForm, OpeningNumberForm, ReasonForm, RegisterFilterForm
from dinh.documents.letters import register
from dinh.documents.letters.registers import RegisterColumn
from dinh.documents.models import Book, Outgoing
from dinh.documents.operations.books import close_book, open_book, set_opening_number
from dinh.documents.operations.letter_form import may_be_normative
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.books import books_visible_to, get_book, years_of_books
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.registers import as_line, entry_pages, lines_of
from dinh.documents.registers.responses import register_file
from dinh.documents.rules import VOIDABLE, may_keep_books, may_number
from dinh.kernel.numbering import last_number_of
from dinh.kernel.refusals import page_after, refusals_beside, refusals_told

T = TypeVar("T")
PAGE_SIZE = 50
SUBJECT_COLUMN = {Direction.OUTGOING: 2, Direction.INCOMING: 5}
SIGNED_FOR_COLUMN = 8  # "Ký nhận" is filled by hand, on paper only
TRACE = {
    "documents.book.opened": _("Book opened"),
    "documents.book.opening_number_set": _("Opening number set"),
    "documents.book.imported": _("Old register imported"),
    "documents.book.closed": _("Book closed"),
}


@require_GET
@signed_in
def book_list(request: StaffRequest) -> HttpResponse:
    """The unit's books of a year, outgoing and incoming."""
    this_year = timezone.localdate().year
    year = _year(request.GET.get("year", ""), this_year)
    books = list(books_visible_to(request.appointment).filter(year=year).order_by("code"))
    context = {
        "year": year,
        "years": years_of_books(request.appointment, this_year=this_year),
        "groups": [
            (label, [book for book in books if book.direction == value]) for value, label in Direction.choices
        ],
        "may_keep": may_keep_books(request.appointment, request.appointment.unit_id),
    }
    return render(request, "documents/books/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def book_new(request: StaffRequest) -> HttpResponse:
    """Open a book; faults stand beside their fields."""
    _require_keeper(request)
    unit, today = request.appointment.unit, timezone.localdate()
    book_form = partial(BookForm, bloc=unit.bloc, on=today, makes_law=may_be_normative(unit, "QĐ"))
    if request.method == "GET":
        form = book_form(initial={"year": request.GET.get("year", today.year)})
        return render(request, "documents/books/new.html", {"form": form})
    form = book_form(request.POST)
    if form.is_valid():
        with refusals_beside(form):
            book = open_book(clerk=request.appointment, book=form.new_book(), at=timezone.now())
            return redirect("documents:book", book.pk)
    return render(request, "documents/books/new.html", {"form": form}, status=422)


@require_GET
@signed_in
def book_detail(request: StaffRequest, book_id: int) -> HttpResponse:
    """A register: its rows by number, the last first, filtered by period, type and words."""
    book = visible_book(request, book_id)
    filters = _filters(request, book)
    pages = entry_pages(book, request.appointment, filters.wanted(), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    rule = register(book.direction, on=date(book.year, 12, 31))
    columns = _shown_columns(rule.columns, linked=SUBJECT_COLUMN[Direction(book.direction)])
    context = {
        "book": book,
        "filters": filters,
        "page": page,
        "columns": columns,
        "rule": rule,
        "lines": [
            (line, list(zip(columns, _on_screen(line.cells), strict=True))) for line in map(as_line, page)
        ],
        "may_keep": may_keep_books(request.appointment, book.unit_id),
        "query": request.GET.urlencode(),
    }
    return render(request, "documents/books/detail.html", context)


@require_GET
@signed_in
def book_pdf(request: StaffRequest, book_id: int) -> HttpResponseBase:
    """The register as the decree's form, of the rows that the filters show."""
    return _file(request, book_id, "pdf")


@require_GET
@signed_in
def book_xlsx(request: StaffRequest, book_id: int) -> HttpResponseBase:
    """The register as an Excel sheet, of the rows that the filters show."""
    return _file(request, book_id, "xlsx")


@require_http_methods(["GET", "POST"])
@signed_in
def book_keep(request: StaffRequest, book_id: int) -> HttpResponse:
    """How a book is kept: its opening number, its closing, old registers taken in, its trace."""
    book = visible_book(request, book_id)
    _require_keeper(request)
    form = OpeningNumberForm(request.POST or None, initial={"last_number": book.opening_number})
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            set_opening_number(
                clerk=request.appointment, book_id=book_id, at=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The opening number is set."))
            return redirect("documents:book_keep", book_id)
    context = {
        "book": book,
        "form": form,
        "next_number": last_number_of(book.series) + 1,
        "imports": book.imports.select_related("uploaded_by__person")[:20],
        "trace": [(entry, TRACE.get(entry.action, entry.action)) for entry in trace_of(book)],
    }
    return render(request, "documents/books/keep.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def book_close(request: StaffRequest, book_id: int) -> HttpResponse:
    """Close a book at the end of its year."""
    visible_book(request, book_id)
    _require_keeper(request)
    with refusals_told(request):
        close_book(clerk=request.appointment, book_id=book_id, at=timezone.now())
    return page_after(request, "documents:book_keep", book_id)


@require_http_methods(["GET", "POST"])
@signed_in
def book_void(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Void a number: asks once, with the reason."""
    outgoing = _voidable(request, outgoing_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        with refusals_beside(form):
            void_number(clerk=request.appointment, outgoing_id=outgoing_id, reason=reason)
            return redirect("documents:book", outgoing.book_id)
    context = {"outgoing": outgoing, "form": form}
    return render(request, "documents/books/void.html", context, status=422 if form.errors else 200)


def visible_book(request: StaffRequest, book_id: int) -> Book:
    """The book, or 404 where it is missing or not visible."""
    return get_book(book_id, request.appointment)


def _shown_columns(columns: Sequence[RegisterColumn], *, linked: int) -> list[tuple[str, bool, bool]]:
    """Title of each, whether it leads to the record, and whether a voided number strikes it out: all but the note."""
    shown = _on_screen(columns)
    return [(each.title, at == linked, at < len(shown) - 1) for at, each in enumerate(shown)]


def _on_screen(columns: Sequence[T]) -> list[T]:
    return [column for index, column in enumerate(columns) if index != SIGNED_FOR_COLUMN]


def _require_keeper(request: StaffRequest) -> None:
    if not may_keep_books(request.appointment, request.appointment.unit_id):
        raise Http404


def _filters(request: StaffRequest, book: Book) -> RegisterFilterForm:
    return RegisterFilterForm(request.GET, bloc=book.unit.bloc, on=timezone.localdate())


def _file(request: StaffRequest, book_id: int, ending: str) -> HttpResponseBase:
    book = visible_book(request, book_id)
    rows = lines_of(book, request.appointment, _filters(request, book).wanted())
    with refusals_told(request):
        return register_file(book, rows, ending)
    return page_after(request, "documents:book", book_id)


def _voidable(request: StaffRequest, outgoing_id: int) -> Outgoing:
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id, state__in=VOIDABLE).first()
    if outgoing is None or outgoing.document.number is None or not may_number(request.appointment, outgoing):
        raise Http404
    return outgoing


def _year(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) == 4 else otherwise

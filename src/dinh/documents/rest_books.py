"""Registers, for programs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import BinaryIO, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.directory.models import Appointment
from dinh.documents.enums import Direction, ImportState
from dinh.documents.letters import register
from dinh.documents.models import Book, RegisterImport
from dinh.documents.operations.books import NewBook, close_book, open_book, set_opening_number
from dinh.documents.operations.importing import correct_import, get_import, prepare_import, start_import
from dinh.documents.queries.books import books_visible_to, get_book
from dinh.documents.queries.registers import Wanted, as_line, entry_pages, lines_of
from dinh.documents.registers.responses import register_file, sample_file
from dinh.kernel.rest import Row

PAGE = 50
router = Router(tags=["books"])


class BookOut(Schema):
    """A register of the caller's unit; `type_codes` empty: all types that no other book takes."""

    id: int
    direction: Direction
    year: int
    code: str
    name: str
    type_codes: list[str]
    council_name: str
    is_secret: bool
    is_normative: bool
    opening_number: int
    closed_at: datetime | None


class BookIn(Schema):
    """
    `type_codes` SY, TrS and SL together: the book of copies. `is_normative`: of normative documents (văn bản quy
    phạm pháp luật), one series a type, whose number bears the year;
    `opening_number`: the last one given before this system.
    """

    direction: Direction
    year: int
    code: str
    name: str
    type_codes: list[str] = []
    council_name: str = ""
    is_secret: bool = False
    is_normative: bool = False
    opening_number: int = 0


class OpeningNumberIn(Schema):
    """`reason` is needed once the book gave numbers."""

    last_number: int
    reason: str = ""


class WantedIn(Schema):
    date_from: date | None = None
    date_to: date | None = None
    type_code: str = ""
    words: str = ""


class EntryOut(Row):
    """A row; `cells` in the order of the page's `columns`; `record_id` of the incoming or outgoing document."""

    record_id: int
    number: int | None
    cells: list[str]
    is_void: bool


class EntryPage(Schema):
    """One page of the register; `count` stops a thousand rows past the page."""

    count: int
    page: int
    columns: list[str]
    items: list[EntryOut]


class FaultOut(Schema):
    row: int
    field: str
    message: str


class ImportOut(Schema):
    """
    An old register on its way in, first `checking`: `read_count` tells how many rows are read so far.
    `columns`: field to column from 0; at most 200 `faults`.
    """

    id: int
    book_id: int
    file_name: str
    state: ImportState
    sheet_names: list[str]
    sheet_name: str
    header_row: int
    headers: list[str]
    columns: dict[str, int]
    read_count: int
    row_count: int
    ready_count: int
    known_count: int
    heading_count: int
    fault_count: int
    faults: list[FaultOut]
    imported_count: int
    failure: str


class LayoutIn(Schema):
    """`columns` null: found by their names again."""

    sheet_name: str
    header_row: int
    columns: dict[str, int] | None = None


class StartIn(Schema):
    leave_out_faulty: bool = False


@router.get("/books", response=list[BookOut])
def books(request: HttpRequest, year: int, direction: Direction | None = None) -> list[Book]:
    found = books_visible_to(_own(request)).filter(year=year).order_by("direction", "code")
    return list(found.filter(direction=direction) if direction else found)


@router.post("/books", response={201: BookOut})
def open_(request: HttpRequest, body: BookIn) -> Status[Book]:
    book = NewBook(**body.dict())
    return Status(201, open_book(clerk=_own(request), book=book, at=timezone.now()))


@router.get("/books/{book_id}", response=BookOut)
def read(request: HttpRequest, book_id: int) -> Book:
    return get_book(book_id, _own(request))


@router.get("/books/{book_id}/entries", response=EntryPage)
def entries(request: HttpRequest, book_id: int, wanted: Query[WantedIn], page: int = 1) -> EntryPage:
    book = get_book(book_id, _own(request))
    at = entry_pages(book, _own(request), Wanted(**wanted.dict()), PAGE).get_page(page)
    return EntryPage(
        count=at.paginator.count,
        page=at.number,
        columns=[column.title for column in register(book.direction).columns],
        items=[EntryOut.model_validate(as_line(row)) for row in at.object_list],
    )


@router.get("/books/{book_id}/register.pdf")
def as_pdf(request: HttpRequest, book_id: int, wanted: Query[WantedIn]) -> HttpResponseBase:
    return _file(request, book_id, wanted.dict(), "pdf")


@router.get("/books/{book_id}/register.xlsx")
def as_xlsx(request: HttpRequest, book_id: int, wanted: Query[WantedIn]) -> HttpResponseBase:
    return _file(request, book_id, wanted.dict(), "xlsx")


@router.get("/books/{book_id}/sample.xlsx")
def sample(request: HttpRequest, book_id: int) -> HttpResponseBase:
    """An empty sheet with the columns of the decree, to fill in with an old register and send to `imports`."""
    return sample_file(get_book(book_id, _own(request)))


@router.post("/books/{book_id}/opening-number", response=BookOut)
def opening_number(request: HttpRequest, book_id: int, body: OpeningNumberIn) -> Book:
    return set_opening_number(clerk=_own(request), book_id=book_id, at=timezone.now(), **body.dict())


@router.post("/books/{book_id}/close", response=BookOut)
def close(request: HttpRequest, book_id: int) -> Book:
    return close_book(clerk=_own(request), book_id=book_id, at=timezone.now())


@router.post("/books/{book_id}/imports", response={201: ImportOut})
def upload(request: HttpRequest, book_id: int, file: File[UploadedFile]) -> Status[RegisterImport]:
    found = prepare_import(
        clerk=_own(request),
        book_id=book_id,
        stream=cast("BinaryIO", file.file),
        file_name=file.name or "",
        at=timezone.now(),
    )
    return Status(201, found)


@router.get("/books/imports/{import_id}", response=ImportOut)
def read_import(request: HttpRequest, import_id: int) -> RegisterImport:
    return get_import(import_id, _own(request))


@router.post("/books/imports/{import_id}/layout", response=ImportOut)
def correct(request: HttpRequest, import_id: int, body: LayoutIn) -> RegisterImport:
    return correct_import(clerk=_own(request), import_id=import_id, **body.dict())


@router.post("/books/imports/{import_id}/start", response=ImportOut)
def start(request: HttpRequest, import_id: int, body: StartIn) -> RegisterImport:
    return start_import(clerk=_own(request), import_id=import_id, leave_out_faulty=body.leave_out_faulty)


def _file(request: HttpRequest, book_id: int, wanted: Mapping[str, object], ending: str) -> HttpResponseBase:
    book = get_book(book_id, _own(request))
    return register_file(book, lines_of(book, _own(request), Wanted(**wanted)), ending)  # type: ignore[arg-type]


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

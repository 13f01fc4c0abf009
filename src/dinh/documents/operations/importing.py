"""Take old registers in from Excel: uploaded, checked by the worker, corrected, taken in by it (nhập sổ cũ)."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import Channel, Direction, ImportState, IncomingState, OutgoingState
from dinh.documents.models import Book, Document, ImportedEntry, Incoming, Outgoing, RegisterImport
from dinh.documents.operations.books import locked_book
from dinh.documents.operations.indexing import index_by_text
from dinh.documents.queries.books import books_visible_to
from dinh.documents.registers.columns import COLUMNS
from dinh.documents.registers.entries import OldEntry, RowFaults
from dinh.documents.registers.opening import check_workbook
from dinh.documents.registers.reading import Layout, Reading, find_layout, layout_at, read_entries
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound
from dinh.kernel.numbering import open_series
from dinh.kernel.text import fold
from dinh.storage.api import XLSX, open_blob, store

FAULTS_KEPT = 200
_BATCH = 2_000


class ImportNotFound(NotFound):
    pass


class ImportUnderWay(DomainError):
    """What was taken in, or is being read or taken in, is not changed."""


class ImportFaulty(DomainError):
    """Rows with faults stand in the way, or there is nothing to take in."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Rows of a sheet held against the book: to be taken in, there already, faulty."""

    ready: Sequence[OldEntry]
    known_count: int
    faulty: Sequence[RowFaults]
    heading_count: int


def prepare_import(
    *, clerk: Appointment, book_id: int, stream: BinaryIO, file_name: str, at: datetime
) -> RegisterImport:
    """
    Keep a sheet and have the worker say what taking it in would do; nothing enters the book yet.

    The same file again finds the import that it began.

    :raises BookNotFound, NotPermitted, BookClosed: as `locked_book`
    :raises WrongFileType, FileTooLarge, WorkbookRefused: for what is no harmless Excel workbook
    :raises SheetUnusable: if no header is found
    """
    with transaction.atomic():
        book = locked_book(book_id, clerk)
    check_workbook(stream)
    stream.seek(0)
    blob = store(stream, accept=frozenset({XLSX}), name=file_name)
    earlier = RegisterImport.objects.filter(book=book, blob_id=blob.sha256).first()
    if earlier is not None:
        return earlier
    with open_blob(blob.sha256) as kept:
        layout = find_layout(kept, direction=book.direction)
    return _begun(clerk, book, blob.sha256, file_name, layout, at)


@transaction.atomic
def _begun(
    clerk: Appointment, book: Book, sha256: str, file_name: str, layout: Layout, at: datetime
) -> RegisterImport:
    from dinh.documents.tasks import check_register

    given = {"file_name": file_name[:200], "uploaded_by": clerk, "uploaded_at": at}
    fields = given | _unchecked(layout, layout.header.columns)
    started, is_new = RegisterImport.objects.get_or_create(book=book, blob_id=sha256, defaults=fields)
    if is_new:
        check_register.defer(import_id=started.pk)
    return started


def correct_import(
    *, clerk: Appointment, import_id: int, sheet_name: str, header_row: int, columns: Mapping[str, int] | None
) -> RegisterImport:
    """
    Have the sheet read as a person says: which sheet, which header row, which column is which.

    :param columns: field to column from 0; None to find them by their names again
    :raises ImportNotFound: missing, or not visible
    :raises NotPermitted, BookClosed: as `locked_book`
    :raises ImportUnderWay: while it is being read, and once it was started
    :raises InvalidInput: field by field
    """
    from dinh.documents.tasks import check_register

    found = get_import(import_id, clerk)
    with transaction.atomic():
        locked_book(found.book_id, clerk)
    _require_checked(found)
    with open_blob(found.blob_id) as kept:
        layout = layout_at(kept, direction=found.book.direction, sheet_name=sheet_name, header_row=header_row)
    chosen = layout.header.columns if columns is None else _chosen(found.book, layout, columns)
    fields = _unchecked(layout, chosen)
    with transaction.atomic():
        locked_book(found.book_id, clerk)
        current = RegisterImport.objects.select_for_update(no_key=True).get(pk=import_id)
        _require_checked(current)
        for name, value in fields.items():
            setattr(current, name, value)
        current.save(update_fields=list(fields))
        check_register.defer(import_id=current.pk)
    return current


def check_import(*, import_id: int) -> None:
    """
    Read a sheet and hold its rows against the book, telling how far it is; run twice, it changes nothing.

    A refusal is kept with the import. Never inside a transaction.
    """
    current = RegisterImport.objects.select_related("book__unit").get(pk=import_id)
    if current.state != ImportState.CHECKING:
        return
    try:
        told = _summary(_check(current.book, _reading(current, current.book)))
    except DomainError as refusal:
        told = {"state": ImportState.FAILED, "failure": str(refusal)[:500]}
    unchanged = RegisterImport.objects.filter(pk=import_id, state=ImportState.CHECKING)
    unchanged.update(**{"state": ImportState.CHECKED} | told)


@transaction.atomic
def start_import(*, clerk: Appointment, import_id: int, leave_out_faulty: bool) -> RegisterImport:
    """
    Have the worker take the checked rows in; repeated, it changes nothing.

    :raises ImportNotFound: missing, or not visible
    :raises NotPermitted, BookClosed: as `locked_book`
    :raises ImportFaulty: with faults that are not to be left out, or without any row
    """
    from dinh.documents.tasks import take_in_register

    found = get_import(import_id, clerk)
    locked_book(found.book_id, clerk)
    current = RegisterImport.objects.select_for_update(no_key=True).get(pk=import_id)
    if current.state in (ImportState.QUEUED, ImportState.DONE):
        return current
    if current.state == ImportState.CHECKING:
        raise _being_read()
    if current.fault_count and not leave_out_faulty:
        raise ImportFaulty(_("Correct the faults in the sheet and upload it again, or leave these rows out."))
    if not current.ready_count:
        raise ImportFaulty(_("There is no new row to import."))
    current.state, current.leaves_out_faulty, current.failure = ImportState.QUEUED, leave_out_faulty, ""
    current.read_count = 0
    current.save(update_fields=["state", "leaves_out_faulty", "failure", "read_count"])
    take_in_register.defer(import_id=current.pk)
    return current


def run_import(*, import_id: int, at: datetime) -> None:
    """
    Take the rows of a started import into its book, all or none; run twice, it changes nothing.

    Numbers of the book go on after the highest. A refusal is kept with the import. The sheet is read before the
    book is locked, so that others number documents meanwhile.
    """
    current = RegisterImport.objects.select_related("book__unit").get(pk=import_id)
    if current.state != ImportState.QUEUED:
        return
    try:
        _take_in(import_id, _reading(current, current.book), at)
    except DomainError as refusal:
        RegisterImport.objects.filter(pk=import_id, state=ImportState.QUEUED).update(
            state=ImportState.FAILED, failure=str(refusal)[:500]
        )


def get_import(import_id: int, clerk: Appointment) -> RegisterImport:
    """:raises ImportNotFound: missing, or of a book that is not visible"""
    found = (
        RegisterImport.objects.filter(pk=import_id, book__in=books_visible_to(clerk))
        .select_related("book__unit", "uploaded_by__person")
        .first()
    )
    if found is None:
        raise ImportNotFound(_("There is no such import. Go back to the book."))
    return found


@transaction.atomic
def _take_in(import_id: int, reading: Reading, at: datetime) -> None:
    current = RegisterImport.objects.select_for_update(no_key=True).get(pk=import_id)
    if current.state != ImportState.QUEUED:
        return
    book = locked_book(current.book_id, current.uploaded_by)
    checked = _check(book, reading)
    if checked.faulty and not current.leaves_out_faulty:
        raise ImportFaulty(_("Rows clash with numbers given meanwhile. Check the sheet again to see them."))
    _insert(current, book, checked.ready, at)
    if checked.ready:
        open_series(book.series, last_number=max(entry.number for entry in checked.ready))
    current.state, current.imported_count, current.done_at = ImportState.DONE, len(checked.ready), at
    current.save(update_fields=["state", "imported_count", "done_at"])
    details = {"file": current.file_name, "sha256": current.blob_id, "amount": len(checked.ready)}
    record("documents.book.imported", target=book, actor=current.uploaded_by, at=at, details=details)


def _being_read() -> ImportUnderWay:
    return ImportUnderWay(_("The sheet is still being read. Wait until its rows are checked."))


def _require_checked(found: RegisterImport) -> None:
    if found.state == ImportState.CHECKING:
        raise _being_read()
    if found.state not in (ImportState.CHECKED, ImportState.FAILED):
        raise ImportUnderWay(
            _("This sheet was imported already. Upload a corrected one for what is missing.")
        )


def _chosen(book: Book, layout: Layout, columns: Mapping[str, int]) -> dict[str, int]:
    known = {column.field for column in COLUMNS[book.direction]}
    faults = [
        FieldFault(field, _t("There is no such column in the sheet. Choose one from the list."))
        for field, index in columns.items()
        if field not in known or not 0 <= index < len(layout.header.texts)
    ]
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
    return dict(columns)


def _unchecked(layout: Layout, columns: Mapping[str, int]) -> dict[str, Any]:
    """Fields of an import whose rows are to be read so; nothing is known of them yet."""
    return {
        "sheet_names": list(layout.sheet_names),
        "sheet_name": layout.sheet_name,
        "header_row": layout.header.row,
        "headers": list(layout.header.texts),
        "columns": dict(columns),
        "state": ImportState.CHECKING,
        "failure": "",
        "read_count": 0,
        **_summary(Checked(ready=(), known_count=0, faulty=(), heading_count=0)),
    }


def _reading(current: RegisterImport, book: Book) -> Reading:
    with open_blob(current.blob_id) as kept:
        return read_entries(
            kept,
            sheet_name=current.sheet_name,
            header_row=current.header_row,
            columns=current.columns,
            direction=book.direction,
            year=book.year,
            bloc=book.unit.bloc,
            progress=lambda amount: RegisterImport.objects.filter(pk=current.pk).update(read_count=amount),
        )


def _check(book: Book, reading: Reading) -> Checked:
    """Hold the rows against the book and against one another: a number stands for one document."""
    there, elsewhere = _numbers_there(book), _issued_elsewhere(book)
    seen: dict[int, int] = {}
    ready: list[OldEntry] = []
    faulty = list(reading.faulty)
    known = 0
    for entry in reading.entries:
        if there.get(entry.number) == _likeness(entry.code, entry.subject):
            known += 1
        elif fault := _clash(entry, there, seen) or _twin(entry, elsewhere):
            faulty.append(RowFaults(row=entry.row, faults=(fault,)))
        else:
            ready.append(entry)
        seen.setdefault(entry.number, entry.row)
    faulty.sort(key=lambda each: each.row)
    return Checked(ready=ready, known_count=known, faulty=faulty, heading_count=reading.heading_count)


def _clash(entry: OldEntry, there: Mapping[int, str], seen: Mapping[int, int]) -> FieldFault | None:
    if entry.number in seen:
        message = _t(
            "Number %(number)d stands in row %(row)d already. Keep one of the two, or use a book of its own."
        )
        return FieldFault("number", message % {"number": entry.number, "row": seen[entry.number]})
    if entry.number in there:
        message = _t(
            "Number %(number)d was given to another document of this book. Correct it, or leave the row out."
        )
        return FieldFault("number", message % {"number": entry.number})
    return None


def _twin(entry: OldEntry, elsewhere: Set[tuple[str, date | None]]) -> FieldFault | None:
    if (entry.code, entry.issued_date) not in elsewhere:
        return None
    message = _t("%(code)s of this date stands in another book of the unit. Leave the row out.")
    return FieldFault("code", message % {"code": entry.code})


def _issued_elsewhere(book: Book) -> Set[tuple[str, date | None]]:
    """Codes and dates that the unit gave outside this book: it issues each only once."""
    if book.direction == Direction.INCOMING:
        return frozenset()
    issued = Document.objects.filter(issuer=book.unit, issued_date__year=book.year, copy_kind="").exclude(
        code=""
    )
    return frozenset(issued.exclude(outgoing__book=book).values_list("code", "issued_date"))


def _numbers_there(book: Book) -> dict[int, str]:
    """Numbers that the book has given, with the likeness of their documents."""
    rows: QuerySet[Any, Any] = (
        book.incoming.all() if book.direction == Direction.INCOMING else book.outgoing.all()
    )
    told = rows.exclude(number=None).values_list("number", "document__code", "document__subject")
    return {number: _likeness(code, subject) for number, code, subject in told}


def _likeness(code: str, subject: str) -> str:
    return fold(f"{code} {subject}")


def _summary(checked: Checked) -> dict[str, Any]:
    faults = [
        {"row": each.row, "field": fault.field, "message": fault.message}
        for each in checked.faulty[:FAULTS_KEPT]
        for fault in each.faults
    ]
    return {
        "row_count": len(checked.ready) + len(checked.faulty) + checked.known_count,
        "ready_count": len(checked.ready),
        "known_count": checked.known_count,
        "heading_count": checked.heading_count,
        "fault_count": len(checked.faulty),
        "faults": faults[:FAULTS_KEPT],
    }


def _insert(current: RegisterImport, book: Book, entries: Sequence[OldEntry], at: datetime) -> None:
    """Piece by piece, so that a large register needs little memory; the transaction makes it all or none."""
    for start in range(0, len(entries), _BATCH):
        _insert_batch(current, book, entries[start : start + _BATCH], at)


def _insert_batch(current: RegisterImport, book: Book, entries: Sequence[OldEntry], at: datetime) -> None:
    letters = _created(Document, (_letter(book, entry, at) for entry in entries))
    pairs = list(zip(entries, letters, strict=True))
    if book.direction == Direction.OUTGOING:
        ways: Sequence[Any] = _created(Outgoing, (_outgoing(current, book, *pair, at) for pair in pairs))
    else:
        ways = _created(Incoming, (_incoming(current, book, *pair) for pair in pairs))
    index_by_text([letter.pk for letter in letters])
    _created(ImportedEntry, (_entry(current, book, *pair) for pair in zip(entries, ways, strict=True)))


def _created(model: Any, rows: Iterable[Any]) -> list[Any]:
    made: list[Any] = model.objects.bulk_create(rows)
    return made


def _letter(book: Book, entry: OldEntry, at: datetime) -> Document:
    own = book.direction == Direction.OUTGOING
    issuer_name = book.unit.name if own else entry.issuer
    words = fold(" ".join((entry.subject, entry.code, issuer_name, entry.signer)))
    return Document(
        issuer=book.unit if own else None,
        issuer_name=issuer_name,
        bloc=book.unit.bloc,
        type_code=entry.type_code,
        number=entry.number if own else None,
        number_text=f"{entry.number:02d}" if own else "",
        notation=entry.notation,
        code=entry.code,
        issued_date=entry.issued_date,
        subject=entry.subject,
        signer_name=entry.signer,
        search_text=words,
        created_at=at,
    )


def _outgoing(
    current: RegisterImport, book: Book, entry: OldEntry, letter: Document, at: datetime
) -> Outgoing:
    issued = _noon(entry)
    return Outgoing(
        document=letter,
        unit=book.unit,
        drafter=current.uploaded_by,
        state=OutgoingState.ISSUED,
        book=book,
        number=entry.number,
        copies_amount=entry.copies,
        numbered_at=issued,
        issued_at=issued,
        created_at=at,
        updated_at=issued,
    )


def _incoming(current: RegisterImport, book: Book, entry: OldEntry, letter: Document) -> Incoming:
    arrived = _noon(entry)
    return Incoming(
        unit=book.unit,
        document=letter,
        channel=Channel.PAPER,
        state=IncomingState.DONE,
        arrived_at=arrived,
        registered_at=arrived,
        registered_by=current.uploaded_by,
        book=book,
        number=entry.number,
    )


def _entry(current: RegisterImport, book: Book, entry: OldEntry, way: Outgoing | Incoming) -> ImportedEntry:
    direction = "outgoing" if book.direction == Direction.OUTGOING else "incoming"
    return ImportedEntry(
        register_import=current,
        row_number=entry.row,
        recipients=entry.recipients,
        holder=entry.holder,
        handed_date=entry.handed_date,
        note=entry.note,
        **{direction: way},
    )


def _noon(entry: OldEntry) -> datetime:
    """Old registers know days only; noon keeps the day in every reading of the clock."""
    day = entry.arrived_date or entry.issued_date
    assert day is not None  # noqa: S101 - rows without a date are faults and never come here
    return timezone.make_aware(datetime.combine(day, time(12)))

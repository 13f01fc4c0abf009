"""Case files, for programs."""

from datetime import date, datetime
from typing import Annotated, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.kernel.rest import NO_NUL
from dinh.records.answers import export_of, list_of_case_files, list_of_entries, list_of_records
from dinh.records.models import CaseFile, Filing, ListEntry
from dinh.records.operations.case_files import (
    NewCaseFile,
    close_case_file,
    correct_case_file,
    file_record,
    open_case_file,
    reopen_case_file,
    take_out,
)
from dinh.records.operations.file_lists import (
    NewEntry,
    add_entry,
    approve_list,
    copy_list,
    remove_entry,
)
from dinh.records.operations.handing_over import hand_over
from dinh.records.queries.case_files import case_files_visible_to, described, get_case_file, matching
from dinh.records.queries.file_lists import entries_of, list_of

PAGE = 50
router = Router(tags=["case files"])
Text = Annotated[str, Field(pattern=NO_NUL)]


class CaseFileOut(Schema):
    """A case file; `retention_years` null: kept for ever."""

    id: int
    code: str
    title: str
    year: int
    retention_years: int | None
    responsible_id: int
    rights: str
    language: str
    note: str
    opened_date: date
    closed_date: date | None
    handover_due_date: date | None
    handed_over_at: datetime | None


class CaseFilePage(Schema):
    count: int
    page: int
    items: list[CaseFileOut]


class CaseFileIn(Schema):
    code: str
    title: str
    opened_date: date
    retention_years: int | None = None
    rights: str = ""
    language: str = "Tiếng Việt"
    note: str = ""
    entry_id: int | None = None


class EntryOut(Schema):
    """A line of the list of files; `opened`: whether its case file exists."""

    id: int
    code: str
    heading: str
    title: str
    retention_years: int | None
    handover_months: int
    responsible_id: int | None
    note: str
    opened: int = 0


class EntryIn(Schema):
    """`handover_months` 12, or 3 for construction."""

    code: str
    title: str
    heading: str = ""
    retention_years: int | None = None
    handover_months: int = 12
    responsible_id: int | None = None
    note: str = ""


class FileListOut(Schema):
    year: int
    approved_at: datetime | None
    entries: list[EntryOut]


class FilingIn(Schema):
    """`target_type` such as `documents.incoming`."""

    target_type: str
    target_id: int


class FilingOut(Schema):
    """A record in the file; code and title are empty where the caller may not see it."""

    id: int
    target_type: str
    target_id: int
    ordinal: int
    code: str
    title: str
    filed_at: datetime


class FilingPage(Schema):
    count: int
    page: int
    items: list[FilingOut]


@router.get("/case-files", response=CaseFilePage)
def case_files(request: HttpRequest, q: str = "", page: int = 1) -> CaseFilePage:
    at = Paginator(matching(case_files_visible_to(_own(request)), q), PAGE).get_page(page)
    items = [CaseFileOut.from_orm(each) for each in at]
    return CaseFilePage(count=at.paginator.count, page=at.number, items=items)


@router.post("/case-files", response={201: CaseFileOut})
def open_(request: HttpRequest, body: CaseFileIn) -> Status[CaseFile]:
    given = NewCaseFile(**body.dict())
    return Status(201, open_case_file(responsible=_own(request), case_file=given, at=timezone.now()))


@router.get("/case-files/list.{ending}")
def case_file_register(
    request: HttpRequest,
    ending: Literal["pdf", "docx", "xlsx"],
    q: str = "",
    closed: Literal["", "1", "all"] = "all",
) -> HttpResponseBase:
    return list_of_case_files(_own(request), words=q, closed=closed, ending=ending)


@router.get("/case-files/{case_file_id}", response=CaseFileOut)
def read(request: HttpRequest, case_file_id: int) -> CaseFile:
    return get_case_file(case_file_id, _own(request))


@router.get("/case-files/{case_file_id}/filings", response=FilingPage)
def filings(request: HttpRequest, case_file_id: int, page: int = 1) -> FilingPage:
    case_file = get_case_file(case_file_id, _own(request))
    at = Paginator(case_file.filings.all(), PAGE).get_page(page)
    items = [
        _filing(
            each.filing, each.record.code if each.record else "", each.record.title if each.record else ""
        )
        for each in described(at, _own(request))
    ]
    return FilingPage(count=at.paginator.count, page=at.number, items=items)


@router.post("/case-files/{case_file_id}/filings", response={201: FilingOut})
def file(request: HttpRequest, case_file_id: int, body: FilingIn) -> Status[FilingOut]:
    filing = file_record(case_file_id=case_file_id, actor=_own(request), at=timezone.now(), **body.dict())
    shown = described([filing], _own(request))[0].record
    return Status(201, _filing(filing, shown.code if shown else "", shown.title if shown else ""))


@router.delete("/case-files/{case_file_id}/filings/{filing_id}", response={204: None})
def take_out_(request: HttpRequest, case_file_id: int, filing_id: int) -> Status[None]:
    take_out(case_file_id=case_file_id, filing_id=filing_id, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/case-files/{case_file_id}/close", response=CaseFileOut)
def close(request: HttpRequest, case_file_id: int) -> CaseFile:
    return close_case_file(case_file_id=case_file_id, actor=_own(request), at=timezone.now())


class ReopenIn(Schema):
    reason: Text


class CorrectionIn(Schema):
    """How an open case file is described; all of it."""

    title: Text
    rights: Text = ""
    language: Text = "Tiếng Việt"
    note: Text = ""


@router.post("/case-files/{case_file_id}/reopen", response=CaseFileOut)
def reopen(request: HttpRequest, case_file_id: int, body: ReopenIn) -> CaseFile:
    """Open a closed case file again, as long as the archive has not got it."""
    own = _own(request)
    return reopen_case_file(case_file_id=case_file_id, actor=own, reason=body.reason, at=timezone.now())


@router.post("/case-files/{case_file_id}/correct", response=CaseFileOut)
def correct(request: HttpRequest, case_file_id: int, body: CorrectionIn) -> CaseFile:
    return correct_case_file(case_file_id=case_file_id, actor=_own(request), at=timezone.now(), **body.dict())


@router.post("/case-files/{case_file_id}/hand-over", response=CaseFileOut)
def hand_over_(request: HttpRequest, case_file_id: int) -> CaseFile:
    return hand_over(case_file_id=case_file_id, actor=_own(request), at=timezone.now())


@router.get("/case-files/{case_file_id}/export.{ending}")
def export(request: HttpRequest, case_file_id: int, ending: Literal["pdf", "xml", "zip"]) -> HttpResponseBase:
    return export_of(case_file_id=case_file_id, reader=_own(request), ending=ending, at=timezone.now())


@router.get("/case-files/{case_file_id}/documents.{ending}")
def documents(
    request: HttpRequest, case_file_id: int, ending: Literal["pdf", "docx", "xlsx"]
) -> HttpResponseBase:
    return list_of_records(get_case_file(case_file_id, _own(request)), _own(request), ending=ending)


@router.get("/file-lists/{year}", response=FileListOut)
def file_list(request: HttpRequest, year: int) -> FileListOut:
    return _file_list(_own(request), year)


@router.post("/file-lists/{year}/entries", response={201: EntryOut})
def entry_add(request: HttpRequest, year: int, body: EntryIn) -> Status[ListEntry]:
    entry = NewEntry(**body.dict())
    return Status(201, add_entry(clerk=_own(request), year=year, entry=entry, at=timezone.now()))


@router.delete("/file-lists/{year}/entries/{entry_id}", response={204: None})
def entry_remove(request: HttpRequest, year: int, entry_id: int) -> Status[None]:
    remove_entry(clerk=_own(request), entry_id=entry_id, at=timezone.now())
    return Status(204, None)


@router.post("/file-lists/{year}/copy", response=FileListOut)
def file_list_copy(request: HttpRequest, year: int) -> FileListOut:
    """Begin with the lines of the year before."""
    copy_list(clerk=_own(request), from_year=year - 1, to_year=year, at=timezone.now())
    return _file_list(_own(request), year)


@router.post("/file-lists/{year}/approve", response=FileListOut)
def file_list_approve(request: HttpRequest, year: int) -> FileListOut:
    approve_list(leader=_own(request), year=year, at=timezone.now())
    return _file_list(_own(request), year)


@router.get("/file-lists/{year}/list.{ending}")
def file_list_print(
    request: HttpRequest, year: int, ending: Literal["pdf", "docx", "xlsx"]
) -> HttpResponseBase:
    return list_of_entries(_own(request), year=year, ending=ending)


def _file_list(reader: Appointment, year: int) -> FileListOut:
    found = list_of(reader, year)
    entries = [EntryOut.from_orm(each) for each in entries_of(reader, year)]
    return FileListOut(year=year, approved_at=found.approved_at if found else None, entries=entries)


def _filing(filing: Filing, code: str, title: str) -> FilingOut:
    return FilingOut(
        id=filing.pk,
        target_type=filing.target_type,
        target_id=filing.target_id,
        ordinal=filing.ordinal,
        code=code,
        title=title,
        filed_at=filing.filed_at,
    )


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

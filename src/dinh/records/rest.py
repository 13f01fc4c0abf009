"""Case files, for programs."""

from datetime import date, datetime

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.records.models import CaseFile, Filing
from dinh.records.operations.case_files import (
    NewCaseFile,
    close_case_file,
    file_record,
    open_case_file,
    take_out,
)
from dinh.records.queries.case_files import case_files_visible_to, described, get_case_file, matching

PAGE = 50
router = Router(tags=["case files"])


class CaseFileOut(Schema):
    """A case file; `retention_years` null: kept for ever."""

    id: int
    code: str
    title: str
    year: int
    retention_years: int | None
    responsible_id: int
    opened_date: date
    closed_date: date | None


class CaseFilePage(Schema):
    count: int
    page: int
    items: list[CaseFileOut]


class CaseFileIn(Schema):
    code: str
    title: str
    opened_date: date
    retention_years: int | None = None


class FilingIn(Schema):
    """`target_type` such as `documents.incoming`."""

    target_type: str
    target_id: int


class FilingOut(Schema):
    """A record in the file; code and title are empty where the caller may not see it."""

    id: int
    target_type: str
    target_id: int
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


def _filing(filing: Filing, code: str, title: str) -> FilingOut:
    return FilingOut(
        id=filing.pk,
        target_type=filing.target_type,
        target_id=filing.target_id,
        code=code,
        title=title,
        filed_at=filing.filed_at,
    )


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

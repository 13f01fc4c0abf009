"""The follow-up book and the settlement reports, for programs."""

from datetime import date
from typing import Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Query, Router, Schema

from dinh.directory.models import Appointment
from dinh.documents.queries.settlement import Period
from dinh.documents.registers.reports import get_report, report_file

PAGE = 50
router = Router(tags=["reports"])


class PeriodIn(Schema):
    """`progress` and `holder` narrow the follow-up book alone."""

    since: date | None = None
    until: date | None = None
    progress: Literal["", "open", "open-late", "done", "done-late"] = ""
    holder: str = ""


class ReportOut(Schema):
    """`rows` in the order of `columns`; amounts are whole numbers written as text."""

    count: int
    page: int
    columns: list[str]
    rows: list[list[str]]


@router.get("/reports/{code}", response=ReportOut)
def read(request: HttpRequest, code: str, wanted: Query[PeriodIn], page: int = 1) -> ReportOut:
    """`code`: follow-up, incoming-settlement, outgoing-settlement or postal."""
    report, now = get_report(code), timezone.now()
    at = Paginator(report.rows(_own(request), Period(**wanted.dict()), now), PAGE).get_page(page)
    return ReportOut(
        count=at.paginator.count,
        page=at.number,
        columns=[str(column.title) for column in report.columns],
        rows=[list(report.as_line(row, now).cells) for row in at],
    )


@router.get("/reports/{code}/report.{ending}")
def as_file(
    request: HttpRequest, code: str, ending: Literal["pdf", "xlsx", "docx"], wanted: Query[PeriodIn]
) -> HttpResponseBase:
    period = Period(**wanted.dict())
    return report_file(
        get_report(code), reader=_own(request), wanted=period, ending=ending, now=timezone.localtime()
    )


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

"""Monthly reports of the exchange, for programs."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema

from dinh.directory.models import Appointment
from dinh.exchange.queries.reports import month_lines, months_of, scope_visible_to
from dinh.exchange.reporting import AlarmCount, Ending, FaultCount, GrantMove, PeerCount
from dinh.exchange.rest_fields import PAGE, own_of
from dinh.exchange.rules import looks_after_systems
from dinh.exchange.views.reports import file_of, found_report
from dinh.kernel.errors import NotFound

router = Router(tags=["exchange"])


class MonthOut(Schema):
    """`closed_at`: when the report was closed; without it the figures are those of now."""

    month: str
    calls: int
    failed: int
    refused: int
    is_over: bool
    closed_at: datetime | None


class MonthPage(Schema):
    count: int
    page: int
    items: list[MonthOut]


class FiguresOut(Schema):
    """
    `name`: day, service or client; empty for all others together. `available_percent`: what providers answered of the
    calls that the platform let through. `before`: calls of the month before.
    """

    name: str
    title: str
    calls: int
    answered: int
    failed: int
    refused: int
    median_ms: float
    slow_ms: float
    slowest_ms: float
    before: int
    available_percent: float | None


class ReportOut(Schema):
    """`unit` is empty for the whole platform; `called` is of a unit only, `peers` of the platform only."""

    month: str
    until: str
    made_at: datetime
    is_over: bool
    closed_at: datetime | None
    unit: str
    total: FiguresOut
    days: list[FiguresOut]
    offered: list[FiguresOut]
    called: list[FiguresOut]
    clients: list[FiguresOut]
    faults: list[FaultCount]
    peers: list[PeerCount]
    grants: list[GrantMove]
    endings: list[Ending]
    alarms: list[AlarmCount]


@router.get("/exchange/reports", response=MonthPage)
def list_reports(request: HttpRequest, page: int = 1) -> dict[str, Any]:
    """The months with calls, the newest first: of the whole platform for its keeper, else of one's own unit."""
    at, scope = timezone.now(), scope_visible_to(_reader(request))
    shown = Paginator(months_of(scope, at=at), PAGE).get_page(page)
    lines = month_lines(scope, list(shown), at=at)
    items = [{**asdict(line), "month": line.code} for line in lines]
    return {"count": shown.paginator.count, "page": shown.number, "items": items}


@router.get("/exchange/reports/{month}", response=ReportOut)
def read_month(request: HttpRequest, month: str) -> dict[str, Any]:
    """One month such as `2026-11`: calls, errors, latencies, availability, access, certificates, alarms."""
    found, closed = found_report(_reader(request), month)
    names = [name for name in ReportOut.model_fields if name != "closed_at"]
    return {**{name: getattr(found, name) for name in names}, "closed_at": closed and closed.closed_at}


@router.get("/exchange/reports/{month}/report.{ending}", url_name="exchange_report_file")
def read_file(request: HttpRequest, month: str, ending: Literal["pdf", "xlsx"]) -> HttpResponseBase:
    """The same as PDF/A or workbook."""
    return file_of(request, _reader(request), month, ending)


def _reader(request: HttpRequest) -> Appointment:
    """:raises NotFound:"""
    own = own_of(request)
    if not looks_after_systems(own):
        raise NotFound(_("There is no such report."))
    return own

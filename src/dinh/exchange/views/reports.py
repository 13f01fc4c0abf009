"""Monthly reports."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.exchange.models import MonthlyReport
from dinh.exchange.queries.reports import (
    closed_report,
    month_lines,
    months_of,
    report_of,
    scope_visible_to,
)
from dinh.exchange.reporting import (
    ENDINGS,
    MEDIA_TYPES,
    MonthReport,
    coverage_of,
    key_figures,
    notes,
    read_report,
    report_bytes,
    tables_of,
    told,
)
from dinh.exchange.rules import looks_after_systems
from dinh.kernel.errors import NotFound
from dinh.storage.api import blob_response

PAGE = 12


class NoSuchReport(NotFound):
    """The month has not begun, or lies before the first call."""


@allowed(looks_after_systems)
@require_safe
def reports(request: StaffRequest) -> HttpResponseBase:
    """The months, the newest first."""
    at, scope = timezone.now(), scope_visible_to(request.appointment)
    page = Paginator(months_of(scope, at=at), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "lines": month_lines(scope, list(page), at=at), "unit": scope.unit}
    return render(request, "exchange/reports.html", context)


@allowed(looks_after_systems)
@require_safe
def report(request: StaffRequest, month: str) -> HttpResponseBase:
    """One month: as it was closed, else as the sums tell it now."""
    found, closed = found_report(request.appointment, month)
    context = {
        "report": found,
        "closed": closed,
        "coverage": coverage_of(found),
        "figures": [(name, told(value), more) for name, value, more in key_figures(found)],
        "trend": _trend(found),
        "tables": tables_of(found),
        "notes": notes(),
    }
    return render(request, "exchange/report.html", context)


@allowed(looks_after_systems)
@require_safe
def report_file(request: StaffRequest, month: str, ending: str) -> HttpResponseBase:
    """The report as PDF or workbook."""
    if ending not in ENDINGS:
        raise Http404
    return file_of(request, request.appointment, month, ending)


def found_report(reader: Appointment, month: str) -> tuple[MonthReport, MonthlyReport | None]:
    """
    What the reader sees of a month, and the row of it if it was closed.

    :param month: 2026-11
    :raises NoSuchReport:
    """
    at, scope, first = timezone.now(), scope_visible_to(reader), _first_day(month)
    closed = closed_report(scope, first) if first else None
    if closed:
        return read_report(closed.content), closed
    if first not in months_of(scope, at=at):
        raise NoSuchReport(_("There is no report of this month. Choose one from the list."))
    return report_of(scope, first, at=at), None


def file_of(request: Any, reader: Appointment, month: str, ending: str) -> HttpResponseBase:
    """Of a closed month the very file that was kept then. :raises NoSuchReport:"""
    found, closed = found_report(reader, month)
    name = f"bao-cao-trao-doi-{found.month}.{ending}"
    if closed:
        kept = closed.paper_id if ending == "pdf" else closed.sheet_id
        return blob_response(request, kept, filename=name, inline=True)
    disposition = content_disposition_header(as_attachment=ending != "pdf", filename=name)
    return HttpResponse(
        report_bytes(found, ending=ending),
        content_type=MEDIA_TYPES[ending],
        headers={"Content-Disposition": disposition or "inline", "Cache-Control": "no-store"},
    )


def _first_day(month: str) -> date | None:
    try:
        return date.fromisoformat(f"{month}-01") if len(month) == 7 else None
    except ValueError:
        return None


def _trend(found: MonthReport) -> dict[str, Any]:
    """What the page's script draws (kernel's `charts`)."""
    rows = found.days
    return {
        "labels": [f"{row.name[8:]}/{row.name[5:7]}" for row in rows],
        "axes": [_("Calls"), _("Milliseconds")],
        "lines": [
            {"name": _("Calls"), "values": [row.calls for row in rows], "look": "calls"},
            {"name": _("Calls that failed"), "values": [row.failed for row in rows], "look": "failed"},
            {
                "name": _("95th percentile (ms)"),
                "values": [row.slow_ms if row.calls else None for row in rows],
                "look": "slow",
                "axis": 1,
            },
        ],
    }

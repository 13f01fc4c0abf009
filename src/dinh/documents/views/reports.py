"""Screens of the follow-up book and of the settlement reports."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.reports import PeriodForm
from dinh.documents.registers.reports import Report, get_report, report_file, reports
from dinh.kernel.components import Chip
from dinh.kernel.errors import InvalidInput
from dinh.kernel.refusals import page_after, refusals_told
from dinh.kernel.tables import ENDINGS

PAGE_SIZE = 50


@require_GET
@signed_in
def report_page(request: StaffRequest, code: str) -> HttpResponse:
    """A report of what the appointment may see, from the first of January unless another period is given."""
    report, now = _report(code), timezone.now()
    form = _form(request, report)
    try:
        rows = report.rows(request.appointment, form.wanted(), now)
    except InvalidInput:
        rows = []
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "report": report,
        "chips": [
            Chip(reverse("documents:report", args=[each.code]), each.title, each.code == report.code)
            for each in reports()
        ],
        "form": form,
        "page": page,
        "lines": [report.as_line(row, now) for row in page],
        "query": _given(request).urlencode(),
        "endings": ENDINGS,
    }
    return render(request, "documents/reports/report.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def report_download(request: StaffRequest, code: str, ending: str) -> HttpResponseBase:
    """The report of the same filters to take home."""
    report = _report(code)
    if ending not in ENDINGS:
        raise Http404
    with refusals_told(request):
        wanted = _form(request, report).wanted()
        return report_file(
            report, reader=request.appointment, wanted=wanted, ending=ending, now=timezone.localtime()
        )
    return page_after(request, "documents:report", code)


def _form(request: StaffRequest, report: Report) -> PeriodForm:
    return PeriodForm(_given(request), has_progress=report.has_progress)


def _given(request: StaffRequest) -> QueryDict:
    """What the address asks for; from the first of January if it does not say."""
    given = request.GET.copy()
    if "since" not in given:
        given["since"] = f"{timezone.localdate().year}-01-01"
    given.pop("page", None)
    return given


def _report(code: str) -> Report:
    return get_report(code)

"""Case files to take home: their lists, and a whole file as PDF, XML or container."""

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_told
from dinh.records.answers import export_of, list_of_case_files, list_of_entries, list_of_records
from dinh.records.queries.case_files import get_case_file


@require_GET
@signed_in
def record_list(request: StaffRequest, case_file_id: int, ending: str) -> HttpResponseBase:
    """The list of documents in a case file."""
    with refusals_told(request):
        case_file = get_case_file(case_file_id, request.appointment)
        return list_of_records(case_file, request.appointment, ending=ending)
    return page_after(request, "records:case_file", case_file_id)


@require_GET
@signed_in
def case_file_export(request: StaffRequest, case_file_id: int, ending: str) -> HttpResponseBase:
    """The whole file: its documents and metadata in chronological order."""
    with refusals_told(request):
        return export_of(
            case_file_id=case_file_id, reader=request.appointment, ending=ending, at=timezone.now()
        )
    return page_after(request, "records:case_file", case_file_id)


@require_GET
@signed_in
def case_file_register(request: StaffRequest, ending: str) -> HttpResponseBase:
    """The list of case files that the page shows."""
    words, closed = request.GET.get("q", "").strip()[:200], request.GET.get("closed", "")
    with refusals_told(request):
        return list_of_case_files(request.appointment, words=words, closed=closed, ending=ending)
    return page_after(request, "records:case_file_list")


@require_GET
@signed_in
def file_list_print(request: StaffRequest, year: int, ending: str) -> HttpResponseBase:
    """The list of files of a year."""
    with refusals_told(request):
        return list_of_entries(request.appointment, year=year, ending=ending)
    return page_after(request, "records:file_list", year)

"""Screens that take an old register in from Excel: upload, check and correct, start, watch."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import ImportState
from dinh.documents.forms.importing import ColumnsForm, UploadForm
from dinh.documents.models import Book, RegisterImport
from dinh.documents.operations.importing import correct_import, get_import, prepare_import, start_import
from dinh.documents.registers.columns import COLUMNS
from dinh.documents.registers.responses import sample_file
from dinh.documents.rules import may_keep_books
from dinh.documents.views.books import visible_book
from dinh.kernel.refusals import page_after, refusals_beside, refusals_told


@require_http_methods(["GET", "POST"])
@signed_in
def import_new(request: StaffRequest, book_id: int) -> HttpResponse:
    """Upload a sheet into a book; what is refused is named beside the field."""
    book = _kept_book(request, book_id)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_beside(form):
            found = prepare_import(
                clerk=request.appointment,
                book_id=book_id,
                stream=file.file,
                file_name=file.name,
                at=timezone.now(),
            )
            return redirect("documents:import", found.pk)
    context = {"book": book, "form": form, "columns": COLUMNS[book.direction]}
    return render(request, "documents/books/import_new.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def import_sample(request: StaffRequest, book_id: int) -> HttpResponseBase:
    """An empty sheet with the columns of the decree, to fill in."""
    return sample_file(_kept_book(request, book_id))


@require_http_methods(["GET", "POST"])
@signed_in
def import_detail(request: StaffRequest, import_id: int) -> HttpResponse:
    """What taking the sheet in would do, or did; which column is which may be corrected until then."""
    found = _visible(request, import_id)
    form = ColumnsForm(request.POST or None, register_import=found)
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            correct_import(clerk=request.appointment, import_id=import_id, **form.chosen())
            return redirect("documents:import", import_id)
    labels = {column.field: column.label for column in COLUMNS[found.book.direction]}
    context = {
        **_shown_state(found),
        "form": form,
        "faults": [
            (fault["row"], labels.get(fault["field"], ""), fault["message"]) for fault in found.faults
        ],
        "may_start": found.state in (ImportState.CHECKED, ImportState.FAILED),
    }
    return render(request, "documents/books/import.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def import_state(request: StaffRequest, import_id: int) -> HttpResponse:
    """The state alone, asked for again while the worker is at it."""
    found = _visible(request, import_id)
    context = _shown_state(found)
    response = render(request, "documents/books/import_state.html", context)
    if not context["is_running"]:
        response["HX-Refresh"] = "true"  # the whole page tells what was found
    return response


@require_POST
@signed_in
def import_start(request: StaffRequest, import_id: int) -> HttpResponse:
    """Have the checked rows taken in."""
    _visible(request, import_id)
    leave_out = request.POST.get("leave_out_faulty") == "1"
    with refusals_told(request):
        start_import(clerk=request.appointment, import_id=import_id, leave_out_faulty=leave_out)
    return page_after(request, "documents:import", import_id)


def _shown_state(found: RegisterImport) -> dict[str, object]:
    is_running = found.state in (ImportState.CHECKING, ImportState.QUEUED)
    return {"found": found, "is_running": is_running, "is_checking": found.state == ImportState.CHECKING}


def _kept_book(request: StaffRequest, book_id: int) -> Book:
    book = visible_book(request, book_id)
    if not may_keep_books(request.appointment, book.unit_id):
        raise Http404
    return book


def _visible(request: StaffRequest, import_id: int) -> RegisterImport:
    if not may_keep_books(request.appointment, request.appointment.unit_id):
        raise Http404
    return get_import(import_id, request.appointment)

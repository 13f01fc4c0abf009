"""Screens of the list of files."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_beside, refusals_told
from dinh.kernel.tables import ENDINGS
from dinh.records.forms.file_lists import EntryForm
from dinh.records.operations.file_lists import add_entry, approve_list, copy_list, remove_entry
from dinh.records.queries.file_lists import entries_of, list_of, years_of_lists
from dinh.records.rules import may_approve_list, may_keep_list


@require_GET
@signed_in
def file_list_now(request: StaffRequest) -> HttpResponse:
    """This year's list."""
    return redirect("records:file_list", timezone.localdate().year)


@require_http_methods(["GET", "POST"])
@signed_in
def file_list(request: StaffRequest, year: int) -> HttpResponse:
    """The unit's list of files of a year; a clerk writes lines, the head approves."""
    today, clerk = timezone.localdate(), request.appointment
    form = EntryForm(request.POST or None, clerk=clerk, on=today) if may_keep_list(clerk) else None
    if request.method == "POST" and form is not None and form.is_valid():
        with refusals_beside(form):
            add_entry(clerk=clerk, year=year, entry=form.new_entry(), at=timezone.now())
            return redirect("records:file_list", year)
    context = {
        "year": year,
        "years": years_of_lists(clerk, this_year=today.year),
        "list": list_of(clerk, year),
        "entries": entries_of(clerk, year),
        "form": form,
        "may_approve": may_approve_list(clerk),
        "may_open": year == today.year,
        "endings": ENDINGS,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "records/file_list.html", context, status=status)


@require_POST
@signed_in
def entry_remove(request: StaffRequest, year: int, entry_id: int) -> HttpResponse:
    """Take a line out."""
    with refusals_told(request):
        remove_entry(clerk=request.appointment, entry_id=entry_id, at=timezone.now())
    return page_after(request, "records:file_list", year)


@require_POST
@signed_in
def file_list_copy(request: StaffRequest, year: int) -> HttpResponse:
    """Begin with last year's lines."""
    with refusals_told(request):
        amount = copy_list(clerk=request.appointment, from_year=year - 1, to_year=year, at=timezone.now())
        told = ngettext("%(count)d line is taken over.", "%(count)d lines are taken over.", amount)
        messages.success(request, told % {"count": amount})
    return page_after(request, "records:file_list", year)


@require_POST
@signed_in
def file_list_approve(request: StaffRequest, year: int) -> HttpResponse:
    """Put the list into force."""
    with refusals_told(request):
        approve_list(leader=request.appointment, year=year, at=timezone.now())
        messages.success(request, _("The list of files is approved."))
    return page_after(request, "records:file_list", year)

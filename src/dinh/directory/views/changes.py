"""Changes of the tree that are recorded, and merging many units in one go."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dinh.directory.access import allowed
from dinh.directory.forms.changes import ReorganisationForm
from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.journal import withdraw_change
from dinh.directory.operations.reorganising import check_reorganisation, reorganise
from dinh.directory.queries.changes import changes_visible_to
from dinh.directory.rules import keeps_directory
from dinh.directory.views.form_page import form_page
from dinh.kernel.errors import DomainError
from dinh.kernel.refusals import add_faults

PAGE = 50


@require_GET
@allowed(keeps_directory)
def changes(request: StaffRequest) -> HttpResponseBase:
    page = Paginator(changes_visible_to(request.appointment), PAGE).get_page(request.GET.get("page"))
    return render(request, "directory/changes.html", {"page": page, "today": timezone.localdate()})


@require_http_methods(["GET", "POST"])
@allowed(keeps_directory)
def reorganisation(request: StaffRequest) -> HttpResponseBase:
    """A list is checked first, line by line; only then the page offers to carry it out."""
    form = ReorganisationForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _form(request, form, 422 if form.is_bound else 200)
    try:
        return _carry_out(request, form) if "carry_out" in request.POST else _check(request, form)
    except DomainError as refusal:
        add_faults(form, refusal)
        return _form(request, form, 422)


@require_http_methods(["GET", "POST"])
@allowed(keeps_directory)
def withdraw(request: StaffRequest, change_id: int) -> HttpResponse:
    change = get_object_or_404(changes_visible_to(request.appointment), pk=change_id)

    def act(_given: dict[str, Any]) -> str:
        withdraw_change(change_id=change.pk, actor=request.appointment, at=timezone.now())
        return _("The change is withdrawn; everything stays as it was before.")

    return form_page(
        request,
        form=Form(request.POST or None),
        act=act,
        heading=_("Withdraw the change"),
        subject=change.title,
        notice=_("All that this change made is undone, as if it had not been entered."),
        submit=_("Withdraw the change"),
        back=reverse("directory:changes"),
        is_final=True,
    )


def _check(request: StaffRequest, form: ReorganisationForm) -> HttpResponse:
    wanted = form.wanted()
    outlook = check_reorganisation(wanted=wanted, actor=request.appointment)
    kept = ReorganisationForm(initial=wanted.__dict__)
    del kept.fields["file"]
    for field in kept.fields.values():
        field.widget = field.hidden_widget()
    context = {"outlook": outlook, "wanted": wanted, "form": kept}
    return render(request, "directory/reorganisation_check.html", context)


def _carry_out(request: StaffRequest, form: ReorganisationForm) -> HttpResponse:
    reorganise(wanted=form.wanted(), actor=request.appointment, at=timezone.now())
    messages.success(request, _("The reorganisation is entered."))
    return redirect("directory:changes")


def _form(request: StaffRequest, form: ReorganisationForm, status: int) -> HttpResponse:
    return render(request, "directory/reorganisation.html", {"form": form}, status=status)

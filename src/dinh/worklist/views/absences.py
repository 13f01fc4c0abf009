from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.refusals import page_after, refusals_beside, refusals_told
from dinh.kernel.text import fold
from dinh.worklist.forms.absence import AbsenceForm
from dinh.worklist.kinds import label_of
from dinh.worklist.models import Absence
from dinh.worklist.operations.absences import cancel_absence, record_absence
from dinh.worklist.queries.delegations import (
    absences_managed_by,
    absences_visible_to,
    people_managed_by,
    possible_delegates,
)
from dinh.worklist.rules import looks_after_absences

SHOWN = 20


@require_http_methods(["GET", "POST"])
@signed_in
def absences(request: StaffRequest) -> HttpResponseBase:
    """Vắng mặt, ủy quyền: one's own absences, and a form for the next."""
    own = current_appointments(person_id=request.appointment.person_id, today=timezone.localdate())
    form = _form(request, list(own))
    if _recorded(request, form, person_id=request.appointment.person_id):
        messages.success(request, _("Your absence is recorded."))
        return redirect("worklist:absences")
    context = {
        "form": form,
        "rows": _rows(absences_visible_to(request.appointment)),
        "today": timezone.localdate(),
        "looks_after": looks_after_absences(request.appointment),
    }
    return render(request, "worklist/absences.html", context, status=422 if form.is_bound else 200)


@require_GET
@allowed(looks_after_absences)
def absences_of_others(request: StaffRequest) -> HttpResponseBase:
    """Whose absences one looks after, found by name, and who of them is away now or will be."""
    today = timezone.localdate()
    people = people_managed_by(request.appointment, today=today).order_by("person__name_key", "pk")
    words = request.GET.get("q", "").replace("\0", "").strip()[:80]
    if words:
        people = people.filter(person__search_name__contains=fold(words))
    coming = absences_managed_by(request.appointment, today=today).filter(
        cancelled_at=None, end_date__gte=today
    )
    context = {
        "words": words,
        "people": people[:SHOWN],
        "rows": _rows(coming.order_by("start_date", "pk")),
        "today": today,
    }
    return render(request, "worklist/absences_of_others.html", context)


@require_http_methods(["GET", "POST"])
@allowed(looks_after_absences)
def absence_of(request: StaffRequest, person_id: int) -> HttpResponseBase:
    """The absences of somebody whom one looks after, and a form for the next."""
    today = timezone.localdate()
    held = list(people_managed_by(request.appointment, today=today).filter(person_id=person_id))
    if not held:
        raise Http404
    form = _form(request, held)
    if _recorded(request, form, person_id=person_id):
        messages.success(
            request, _("The absence is recorded; %(name)s is notified.") % {"name": held[0].person}
        )
        return redirect("worklist:absence_of", person_id)
    rows = absences_managed_by(request.appointment, today=today).filter(person_id=person_id)
    context = {"form": form, "rows": _rows(rows), "today": today, "person": held[0].person}
    return render(request, "worklist/absences.html", context, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def cancel(request: StaffRequest, absence_id: int) -> HttpResponseBase:
    """End an absence of one's own, or of somebody whom one looks after."""
    managed = absences_managed_by(request.appointment, today=timezone.localdate())
    other = managed.filter(pk=absence_id).first()
    back = ("worklist:absence_of", other.person_id) if other else ("worklist:absences",)
    with refusals_told(request):
        cancel_absence(absence_id=absence_id, actor=request.appointment, at=timezone.now())
        done = _("The absence is cancelled; your work comes to you again.")
        messages.success(request, _("The absence is cancelled.") if other else done)
    return page_after(request, *back)


def _rows(found: QuerySet[Absence]) -> list[tuple[Absence, list[tuple[object, list[str]]]]]:
    return [
        (one, [(each, [label_of(kind) for kind in each.kinds]) for each in one.delegations.all()])
        for one in found[:SHOWN]
    ]


def _form(request: StaffRequest, held: list[Appointment]) -> AbsenceForm:
    candidates = list(possible_delegates(held, today=timezone.localdate()))
    return AbsenceForm(request.POST or None, own=held, candidates=candidates)


def _recorded(request: StaffRequest, form: AbsenceForm, *, person_id: int) -> bool:
    """Whether the form was sent and taken; a refusal stands beside its field."""
    if not form.is_valid():
        return False
    with refusals_beside(form):
        record_absence(
            actor=request.appointment,
            person_id=person_id,
            start_date=form.cleaned_data["start_date"],
            end_date=form.cleaned_data["end_date"],
            reason=form.cleaned_data["reason"],
            delegations=form.delegations(),
            at=timezone.now(),
        )
        return True
    return False

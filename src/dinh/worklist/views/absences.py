from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.forms.faults import show_refusal
from dinh.directory.middleware import StaffRequest
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError
from dinh.worklist.forms.absence import AbsenceForm
from dinh.worklist.kinds import label_of
from dinh.worklist.operations.absences import cancel_absence, record_absence
from dinh.worklist.queries.delegations import absences_visible_to, possible_delegates

SHOWN = 20


@require_http_methods(["GET", "POST"])
@signed_in
def absences(request: StaffRequest) -> HttpResponseBase:
    """Vắng mặt, uỷ quyền: one's own absences, and a form for the next."""
    form = _form(request)
    if form.is_valid():
        try:
            _record(request, form)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your absence is recorded."))
            return redirect("worklist:absences")
    rows = [
        (one, [(d, [label_of(kind) for kind in d.kinds]) for d in one.delegations.all()])
        for one in absences_visible_to(request.appointment)[:SHOWN]
    ]
    context = {"form": form, "rows": rows, "today": timezone.localdate()}
    return render(request, "worklist/absences.html", context, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def cancel(request: StaffRequest, absence_id: int) -> HttpResponseBase:
    try:
        cancel_absence(absence_id=absence_id, actor=request.appointment, at=timezone.now())
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The absence is cancelled; you act yourself again."))
    return redirect("worklist:absences")


def _form(request: StaffRequest) -> AbsenceForm:
    today = timezone.localdate()
    own = list(current_appointments(person_id=request.appointment.person_id, today=today))
    candidates = list(possible_delegates(own, today=today))
    return AbsenceForm(request.POST or None, own=own, candidates=candidates)


def _record(request: StaffRequest, form: AbsenceForm) -> None:
    record_absence(
        actor=request.appointment,
        start_date=form.cleaned_data["start_date"],
        end_date=form.cleaned_data["end_date"],
        reason=form.cleaned_data["reason"],
        delegations=form.delegations(),
        at=timezone.now(),
    )

"""What is done with a document that arrived: one route for each act, each one operation."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.forms.incoming import (
    DirectionsForm,
    ExtendForm,
    PassOnForm,
    ReasonForm,
    ResultForm,
    TextForm,
    end_of_day,
)
from dinh.documents.operations.assigning import (
    WrongAssignee,
    assign_incoming,
    change_assignments,
    extend_deadline,
    pass_on,
    withdraw_assignment,
)
from dinh.documents.operations.handling import add_note, complete_incoming, finish_part, start_handling
from dinh.documents.operations.recall import report_deleted
from dinh.documents.operations.receiving import refuse_incoming, register_incoming
from dinh.documents.operations.undoing import reopen_incoming, reopen_part
from dinh.documents.operations.verifying import verify_again
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.people import assignees_of
from dinh.documents.views.incoming import incoming_page
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.kernel.refusals import refusals_kept, shown_again


@require_POST
@signed_in
def incoming_act(request: StaffRequest, incoming_id: int, act: str) -> HttpResponse:
    """One act on a document; a refusal stands beside its fields on the document's page."""
    if act not in ACTS:
        raise Http404
    with refusals_kept(request, act):
        get_incoming(incoming_id, request.appointment)
        done = ACTS[act](request, incoming_id) or DONE[act]
        messages.success(request, done)
        return redirect("documents:incoming", incoming_id)
    return shown_again(incoming_page(request, incoming_id))


def _given(*parts: forms.Form) -> dict[str, Any]:
    """What was typed in, or all its faults at once."""
    faults = [
        FieldFault(name, str(words)) for part in parts for name, many in part.errors.items() for words in many
    ]
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
    return {name: value for part in parts for name, value in part.cleaned_data.items()}


def _register(request: StaffRequest, incoming_id: int) -> str:
    incoming = register_incoming(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())
    return _("Registered with incoming number %(number)d.") % {"number": incoming.number or 0}


def _deleted(request: StaffRequest, incoming_id: int) -> None:
    report_deleted(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())


def _refuse(request: StaffRequest, incoming_id: int) -> None:
    reason = _given(ReasonForm(request.POST))["reason"]
    refuse_incoming(incoming_id=incoming_id, actor=request.appointment, reason=reason, at=timezone.now())


def _directions(request: StaffRequest) -> DirectionsForm:
    unit_id = request.appointment.unit_id
    return DirectionsForm(request.POST, choices=assignees_of(unit_id, timezone.localdate()))


def _assign(request: StaffRequest, incoming_id: int) -> None:
    form = _directions(request)
    _given(form)
    assign_incoming(
        incoming_id=incoming_id, actor=request.appointment, directions=form.directions(), at=timezone.now()
    )


def _change(request: StaffRequest, incoming_id: int) -> None:
    form = _directions(request)
    reason = _given(form, ReasonForm(request.POST))["reason"]
    change_assignments(
        incoming_id=incoming_id,
        actor=request.appointment,
        directions=form.directions(),
        reason=reason,
        at=timezone.now(),
    )


def _withdraw(request: StaffRequest, incoming_id: int) -> None:
    reason = _given(ReasonForm(request.POST))["reason"]
    actor, part = request.appointment, _part(request)
    withdraw_assignment(assignment_id=part, actor=actor, reason=reason, at=timezone.now())


def _pass(request: StaffRequest, incoming_id: int) -> None:
    choices = assignees_of(request.appointment.unit_id, timezone.localdate())
    form = PassOnForm(request.POST, choices=choices)
    given = _given(form)
    to = choices[given["to"]]
    if not isinstance(to, Appointment):
        raise WrongAssignee(form.fields["to"].error_messages["required"], field="to")
    pass_on(
        assignment_id=given["part"],
        actor=request.appointment,
        to=to,
        instruction=given["passed_instruction"],
        at=timezone.now(),
    )


def _extend(request: StaffRequest, incoming_id: int) -> None:
    given = _given(ExtendForm(request.POST))
    extend_deadline(
        incoming_id=incoming_id,
        actor=request.appointment,
        due_at=end_of_day(given["due"]),
        reason=given["reason"],
        at=timezone.now(),
    )


def _start(request: StaffRequest, incoming_id: int) -> None:
    start_handling(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())


def _note(request: StaffRequest, incoming_id: int) -> None:
    text = _given(TextForm(request.POST))["text"]
    add_note(incoming_id=incoming_id, actor=request.appointment, text=text, at=timezone.now())


def _finish(request: StaffRequest, incoming_id: int) -> None:
    result = _given(ResultForm(request.POST))["result"]
    actor, part = request.appointment, _part(request)
    finish_part(assignment_id=part, actor=actor, result=result, at=timezone.now())


def _complete(request: StaffRequest, incoming_id: int) -> None:
    result = _given(ResultForm(request.POST))["result"]
    complete_incoming(incoming_id=incoming_id, actor=request.appointment, result=result, at=timezone.now())


def _reopen(request: StaffRequest, incoming_id: int) -> None:
    reason = _given(ReasonForm(request.POST))["reason"]
    reopen_incoming(incoming_id=incoming_id, actor=request.appointment, reason=reason, at=timezone.now())


def _resume(request: StaffRequest, incoming_id: int) -> None:
    reopen_part(assignment_id=_part(request), actor=request.appointment, at=timezone.now())


def _verify(request: StaffRequest, incoming_id: int) -> None:
    verify_again(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())


def _part(request: StaffRequest) -> int:
    text = request.POST.get("part", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


DONE = {
    "deleted": _("Reported to the sender."),
    "refuse": _("Refused. Its sender sees the reason."),
    "assign": _("Assigned."),
    "change": _("Assigned anew."),
    "withdraw": _("The part is withdrawn."),
    "pass": _("Passed on."),
    "extend": _("The deadline is extended."),
    "start": _("You are handling it now."),
    "note": _("Your note is saved."),
    "finish": _("Your part is done."),
    "complete": _("The document is completed."),
    "reopen": _("It is being handled again."),
    "resume": _("Your part is open again."),
    "verify": _("The signatures are checked again."),
}
"""What is told after an act that says nothing of its own."""
ACTS: dict[str, Callable[[StaffRequest, int], str | None]] = {
    "deleted": _deleted,
    "register": _register,
    "refuse": _refuse,
    "assign": _assign,
    "change": _change,
    "withdraw": _withdraw,
    "pass": _pass,
    "extend": _extend,
    "start": _start,
    "note": _note,
    "finish": _finish,
    "complete": _complete,
    "reopen": _reopen,
    "resume": _resume,
    "verify": _verify,
}

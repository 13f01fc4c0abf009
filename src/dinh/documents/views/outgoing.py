"""Screens of documents that are drafted and go out."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dinh.audit.api import trace_of
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.models import Outgoing, Step, Version
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.recipients import replies_to
from dinh.documents.rules import may_edit_draft, may_number
from dinh.signing.api import can_sign
from dinh.storage.api import blob_response

PAGE_SIZE = 50
# A true copy has no path; its seal is its signature.
SEALED = {OutgoingState.SEALED, OutgoingState.ISSUED}
CLERK_ACTS = {
    OutgoingState.SIGNED: {"issue", "number"},
    OutgoingState.NUMBERED: {"issue", "seal", "void"},
    OutgoingState.SEALED: {"send", "void"},
}
TRACE = {
    "documents.document.drafted": _("Drafted"),
    "documents.document.revised": _("Revised"),
    "documents.document.submitted": _("Submitted"),
    "documents.document.returned": _("Returned"),
    "documents.document.passed": _("Passed on"),
    "documents.document.initialled": _("Initialled"),
    "documents.document.signed": _("Signed"),
    "documents.document.numbered": _("Numbered"),
    "documents.document.sealed": _("Sealed"),
    "documents.document.dispatched": _("Sent"),
    "documents.document.voided": _("Number voided"),
    "documents.document.copy_made": _("Copy made, sealed and numbered"),
    "documents.document.copied": _("Copied"),
    "documents.document.recalled": _("Recalled"),
    "documents.document.evidence_exported": _("Evidence exported"),
}


@require_GET
@signed_in
def outgoing_list(request: StaffRequest) -> HttpResponse:
    """What the appointment may see of its unit's letters, the last changed first."""
    rows = outgoing_visible_to(request.appointment).order_by("-updated_at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "documents/outgoing/list.html", {"page": page})


@require_GET
@signed_in
def outgoing_detail(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """One document, its letter, its path and what may be done with it."""
    outgoing = _visible(request, outgoing_id)
    people = Step.objects.select_related("appointment__person", "appointment__position")
    steps = list(people.filter(outgoing=outgoing))
    version = outgoing.versions.last()
    context = {
        "outgoing": outgoing,
        "document": outgoing.document,
        "steps": steps,
        "recipients": outgoing.recipients.all(),
        "replies": replies_to(outgoing, request.appointment)[:20],
        "version": version,
        "signed": any(step.signed for step in steps) or outgoing.state in SEALED,
        "has_letter": outgoing.document.content_id or (version and version.pdf_id),
        "acts": _acts(outgoing, steps, request.appointment),
        "trace": [(entry, TRACE.get(entry.action, entry.action)) for entry in trace_of(outgoing)],
        "today": timezone.localdate(),
    }
    return render(request, "documents/outgoing/detail.html", context)


def _acts(outgoing: Outgoing, steps: list[Step], actor: Appointment) -> set[str]:
    """What this appointment may do with the document as it stands; names of `outgoing_acts.ACTS`."""
    if may_edit_draft(actor, outgoing):
        return {"submit"}
    if may_number(actor, outgoing) and outgoing.state in CLERK_ACTS:
        return CLERK_ACTS[OutgoingState(outgoing.state)]
    waiting = next((each for each in steps if each.state == StepState.WAITING), None)
    if waiting is None or waiting.appointment_id != actor.pk:
        return set()
    signs = bool(waiting.field_name) and can_sign(actor)
    return {"return"} | ({"sign"} if signs else set() if waiting.kind == StepKind.SIGN else {"pass"})


@require_GET
@signed_in
def outgoing_pdf(request: StaffRequest, outgoing_id: int) -> HttpResponseBase:
    """The letter as signed so far, else the last version laid out, for those who see the document."""
    outgoing = _visible(request, outgoing_id)
    last = Version.objects.filter(outgoing=outgoing).order_by("-number").first()
    letter = outgoing.document.content_id or (last.pdf_id if last else None)
    if letter is None:
        raise Http404
    name = outgoing.document.code.replace("/", "-") or str(outgoing.pk)
    return blob_response(request, letter, filename=f"{name}.pdf", inline=True)


def _visible(request: StaffRequest, outgoing_id: int) -> Outgoing:
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id).first()
    if outgoing is None:
        raise Http404
    return outgoing

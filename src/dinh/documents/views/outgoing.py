"""Screens of documents that are drafted and go out."""

from datetime import datetime

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dinh.audit.api import TraceEntry, note_access, trace_of
from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.letters import mark
from dinh.documents.models import Outgoing, Step, Version
from dinh.documents.operations.approval import issue_by
from dinh.documents.operations.counterparty import waits_for_outsider
from dinh.documents.paging import CappedPaginator
from dinh.documents.queries.outgoing import (
    ORDERS,
    OutgoingFilter,
    found_among,
    next_letter,
    outgoing_box,
    outgoing_open_to,
    state_counts,
)
from dinh.documents.queries.parties import party_of
from dinh.documents.queries.recipients import replies_to
from dinh.documents.rules import may_edit_draft, may_number, may_scan, may_withdraw
from dinh.documents.standing_in import IN_OWN_NAME, behalf_told, does_work_of
from dinh.signing.api import can_seal, can_sign
from dinh.storage.api import blob_response

PAGE_SIZE = 50
# A true copy has no path; its seal is its signature.
SEALED = {OutgoingState.SEALED, OutgoingState.ISSUED}
CLERK_ACTS = {
    OutgoingState.SIGNED: {"issue", "number", "return"},
    OutgoingState.NUMBERED: {"issue", "seal", "void"},
    OutgoingState.SEALED: {"send", "void"},
}
SECRET_ACTS = {
    OutgoingState.SIGNED: {"number", "return"},
    OutgoingState.NUMBERED: {"seal", "paper", "void"},
    OutgoingState.SEALED: {"paper", "void"},
}
TRACE = {
    "documents.document.drafted": _("Drafted"),
    "documents.outgoing.described": _("Metadata completed"),
    "documents.document.revised": _("Revised"),
    "documents.document.submitted": _("Submitted"),
    "documents.document.returned": _("Returned"),
    "documents.document.passed": _("Passed on"),
    "documents.document.initialled": _("Initialled"),
    "documents.document.cosigned": _("Signed by the secretary"),
    "documents.document.signed": _("Signed"),
    "documents.document.signed_by_party": _("Signed by the other party"),
    "documents.document.sealed_by_party": _("Sealed by the other party"),
    "documents.document.numbered": _("Numbered"),
    "documents.document.sealed": _("Sealed"),
    "documents.document.dispatched": _("Sent"),
    "documents.document.annex_signed": _("Annex signed"),
    "documents.document.proven": _("Timestamp and proofs added"),
    "documents.document.voided": _("Number voided"),
    "documents.document.copy_made": _("Copy made, sealed and numbered"),
    "documents.document.copied": _("Copied"),
    "documents.document.recalled": _("Recalled"),
    "documents.document.evidence_exported": _("Evidence exported"),
    "documents.document.deleted": _("Deleted"),
    "documents.document.commented": _("Commented"),
    "documents.document.attached": _("File attached"),
    "documents.document.detached": _("File removed"),
    "documents.document.places_set": _("Places marked"),
    "documents.document.reminded": _("Reminded"),
    "documents.document.withdrawn": _("Taken back by the drafter"),
    "documents.document.registered_on_paper": _("Registered, issued on paper"),
    "documents.document.issued_on_paper": _("Issued on paper"),
    "documents.document.posted": _("Confirmed as sent"),
    "documents.document.replaced": _("Replaced"),
    "documents.outgoing.scanned": _("Scan added"),
}


@require_GET
@signed_in
def outgoing_list(request: StaffRequest) -> HttpResponse:
    """Letters of the unit: a chip per state, search, order; the last changed first."""
    wanted = wanted_letters(request)
    page = CappedPaginator(outgoing_box(request.appointment, wanted), PAGE_SIZE)
    context = {
        "wanted": wanted,
        "page": page.get_page(request.GET.get("page")),
        "chips": _chips(request, wanted),
        "columns": _columns(request, wanted),
        "may_issue": request.appointment.has_role(Role.CLERK),
    }
    return render(request, "documents/outgoing/list.html", context)


def wanted_letters(request: StaffRequest) -> OutgoingFilter:
    """What cannot be read does not narrow the list."""
    state, order = request.GET.get("state", ""), request.GET.get("sort", "")
    return OutgoingFilter(
        state=state if state in OutgoingState.values else "",
        words=request.GET.get("q", "").strip()[:200],
        order=order if order in ORDERS else "changed",
    )


def _chips(request: StaffRequest, wanted: OutgoingFilter) -> list[dict[str, object]]:
    counts = state_counts(request.appointment)
    states = [("", _("All")), *OutgoingState.choices]
    return [
        {
            "url": _address(request, state=state),
            "label": label,
            "is_on": state == wanted.state,
            "count": counts.get(state) if state else None,
        }
        for state, label in states
    ]


def _columns(request: StaffRequest, wanted: OutgoingFilter) -> list[dict[str, object]]:
    """Heads of the columns that order the list; a second click turns the order round."""
    names = {"number": _("Number and notation"), "dated": _("Date"), "changed": _("Last changed")}
    return [
        {
            "url": _address(request, sort=f"-{name}" if wanted.order == name else name),
            "label": label,
            "sorted": {name: "descending", f"-{name}": "ascending"}.get(wanted.order, "none"),
        }
        for name, label in names.items()
    ]


def _address(request: StaffRequest, **changes: str) -> str:
    """The list's address with these changes, from its first page."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


@require_GET
@signed_in
def outgoing_detail(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """One document, its letter, its path and what may be done with it."""
    return outgoing_page(request, outgoing_id)


def outgoing_page(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The page; an act that was refused shows it again, with what was typed."""
    outgoing = _visible(request, outgoing_id)
    document = outgoing.document
    people = Step.objects.select_related("appointment__person", "appointment__position")
    steps = list(people.filter(outgoing=outgoing))
    version = outgoing.versions.last()
    is_own = outgoing.unit_id == request.appointment.unit_id
    note_access(target=outgoing, actor=request.appointment, what="page", at=timezone.now())
    context = {
        "outgoing": outgoing,
        "document": document,
        "steps": steps,
        # The other party of an agreement sees the letter and its signatures, not how it was drafted.
        "is_own": is_own,
        "party": party_of(outgoing),
        "recipients": outgoing.recipients.all(),
        "attachments": outgoing.document.attachments.select_related("blob"),
        "replaced_by": Outgoing.objects.filter(replaces=outgoing).select_related("document"),
        "issue_by": _issue_by(outgoing),
        "coming": next_letter(request.appointment, outgoing),
        "replies": replies_to(outgoing, request.appointment)[:20] if is_own else [],
        "version": version,
        "signed": document.content_id and (any(step.signed for step in steps) or _is_sealed(outgoing)),
        "may_scan": may_scan(request.appointment, outgoing),
        "has_letter": outgoing.document.content_id or (version and version.pdf_id),
        "acts": _acts(outgoing, steps, request.appointment),
        "trace": [_happened(entry) for entry in trace_of(outgoing)] if is_own else [],
        "circulation": mark("circulation", document.circulation).mark if document.circulation else "",
        "now": timezone.now(),
        "dated": request.POST.get("dated") or timezone.localdate().isoformat(),
    }
    return render(request, "documents/outgoing/detail.html", context)


def _is_sealed(outgoing: Outgoing) -> bool:
    """The scan of a letter signed by hand bears no signature that could be judged."""
    return outgoing.state in SEALED and outgoing.sealed_at is not None


def _issue_by(outgoing: Outgoing) -> datetime | None:
    """Until when a signed letter is to go out; None where it waits for nobody's hand at the clerk's office."""
    if outgoing.signed_at is None or outgoing.state not in CLERK_ACTS:
        return None
    return issue_by(signed_at=outgoing.signed_at, urgency=outgoing.document.urgency)


def _happened(entry: TraceEntry) -> dict[str, object]:
    """One line of the time line, as `kernel/components/timeline.html` asks for it."""
    told = [str(entry.details.get(key) or "") for key in ("reason", "name", "note")]
    return {
        "at": entry.recorded_at,
        "label": TRACE.get(entry.action, entry.action),
        "actor": ", ".join(filter(None, (entry.person_name, entry.position))),
        "note": " · ".join(filter(None, (*told, behalf_told(entry.details)))),
    }


def _acts(outgoing: Outgoing, steps: list[Step], actor: Appointment) -> set[str]:
    """What this appointment may do with the document as it stands; names of `outgoing_acts.ACTS`."""
    if may_edit_draft(actor, outgoing):
        return {"submit"}
    if may_number(actor, outgoing) and outgoing.state in CLERK_ACTS:
        acts = SECRET_ACTS if outgoing.document.secrecy else CLERK_ACTS
        returned = {"return"} if outgoing.document.number is not None else set()
        return acts[OutgoingState(outgoing.state)] - returned
    if outgoing.state in (OutgoingState.ISSUED, OutgoingState.RECALLED):
        return {"replace"} if not outgoing.document.copy_kind else set()
    mine = {"withdraw"} if may_withdraw(actor, outgoing) else set()
    return mine | _acts_on_path(steps, actor) | _acts_with_party(outgoing, actor)


def _acts_with_party(outgoing: Outgoing, actor: Appointment) -> set[str]:
    """The seal of the other party's unit, or what an outsider signed."""
    party = party_of(outgoing)
    if party is None or not actor.has_role(Role.CLERK):
        return set()
    if may_number(actor, outgoing) and waits_for_outsider(outgoing, party):
        return {"party"}
    seals = party.unit_id == actor.unit_id and party.signed_at and not party.sealed_at
    return {"counterseal"} if seals and can_seal(actor) else set()


def _acts_on_path(steps: list[Step], actor: Appointment) -> set[str]:
    waiting = next((each for each in steps if each.state == StepState.WAITING), None)
    if waiting is None or not does_work_of(actor, waiting.appointment_id, f"documents.{waiting.kind}"):
        return set()
    if waiting.appointment_id != actor.pk and waiting.kind not in IN_OWN_NAME:
        return {"return"} if waiting.kind != StepKind.PARTY else set()
    signs = bool(waiting.field_name) and can_sign(actor)
    must_sign = waiting.kind in (StepKind.COSIGN, StepKind.SIGN, StepKind.PARTY)
    return {"return"} | ({"sign"} if signs else set() if must_sign else {"pass"})


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
    note_access(target=outgoing, actor=request.appointment, what="file", at=timezone.now())
    return blob_response(request, letter, filename=f"{name}.pdf", inline=True)


def _visible(request: StaffRequest, outgoing_id: int) -> Outgoing:
    return found_among(outgoing_open_to(request.appointment), outgoing_id)

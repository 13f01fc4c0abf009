"""Screens of documents that are drafted and go out."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from dinh.audit.api import trace_of
from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment, Unit, UnitGroup
from dinh.documents.enums import OutgoingState, StepKind, StepState, Urgency
from dinh.documents.letters import document_types
from dinh.documents.models import Incoming, Outgoing, Step, Version
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.recipients import replies_to
from dinh.documents.rules import may_edit_draft, may_number
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.signing.api import can_sign
from dinh.storage.api import blob_response

PAGE_SIZE = 50
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
    "documents.document.recalled": _("Recalled"),
}


@require_GET
@signed_in
def outgoing_list(request: StaffRequest) -> HttpResponse:
    """What the appointment may see of its unit's letters, the last changed first."""
    rows = outgoing_visible_to(request.appointment).order_by("-updated_at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "documents/outgoing/list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@signed_in
def outgoing_new(request: StaffRequest) -> HttpResponse:
    """A new draft; a refusal is told above the form, which keeps what was written."""
    if request.method == "POST":
        try:
            outgoing = _create(request)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            _lay_out(request, outgoing)
            return redirect("documents:outgoing", outgoing.pk)
    try:
        context = _choices(request)
    except NotFound as missing:
        raise Http404 from missing
    return render(request, "documents/outgoing/new.html", context)


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


def _lay_out(request: StaffRequest, outgoing: Outgoing) -> None:
    last = outgoing.versions.last()
    if last is None or last.pdf_id is not None:
        return
    try:
        render_version(last)
    except DomainError as refusal:
        messages.error(request, str(refusal))


def _create(request: StaffRequest) -> Outgoing:
    given = request.POST
    people = {str(person.pk): person for person in _colleagues(request)}
    leader = people.get(given.get("leader", ""))
    if leader is None:
        raise InvalidInput(_("Choose who signs."), field="leader")
    return create_draft(
        drafter=request.appointment,
        type_code=given.get("type_code", ""),
        subject=given.get("subject", ""),
        paragraphs=given.get("text", "").splitlines(),
        recipients=_recipients(request),
        urgency=_whole(given.get("urgency", "0")),
        leader=leader,
        reviewer=people.get(given.get("reviewer", "")),
        at=timezone.now(),
        reply_to=_replied(request),
    )


def _replied(request: StaffRequest) -> Incoming | None:
    """The document that the draft answers (`reply_to`), None where it answers none."""
    given = request.POST.get("reply_to") or request.GET.get("reply_to", "")
    return get_incoming(_whole(given), request.appointment) if given else None


def _recipients(request: StaffRequest) -> list[int]:
    chosen = [_whole(value) for value in request.POST.getlist("units")]
    wanted = [_whole(value) for value in request.POST.getlist("groups")]
    for group in _groups(request).filter(pk__in=wanted):
        chosen += [unit.pk for unit in _members(group) if unit.pk != request.appointment.unit_id]
    return chosen


def _members(group: UnitGroup) -> list[Unit]:
    members = list(group.members.all())
    if members or not (group.level or group.bloc):
        return members
    rule = {key: value for key, value in (("level", group.level), ("bloc", group.bloc)) if value}
    return list(Unit.objects.filter(dissolved_date=None, **rule))


def _groups(request: StaffRequest) -> QuerySet[UnitGroup]:
    own = Q(owner=None) | Q(owner=request.appointment.unit_id)
    return UnitGroup.objects.filter(own).prefetch_related("members")


def _colleagues(request: StaffRequest) -> list[Appointment]:
    today = timezone.localdate()
    holds = Q(end_date=None) | Q(end_date__gte=today)
    people = Appointment.objects.filter(holds, unit=request.appointment.unit_id, start_date__lte=today)
    return list(people.select_related("person", "position"))


def _choices(request: StaffRequest) -> dict[str, Any]:
    people = _colleagues(request)
    leaders = [each for each in people if each.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY)]
    leaders.sort(key=lambda each: not each.has_role(Role.UNIT_HEAD))
    own = request.appointment.unit
    replied = _replied(request)
    return {
        "types": document_types(bloc=own.bloc, on=timezone.localdate()),
        "urgencies": Urgency.choices,
        "leaders": leaders,
        "reviewers": [each for each in people if each.pk != request.appointment.pk],
        "groups": _groups(request),
        "units": Unit.objects.filter(dissolved_date=None).exclude(pk=own.pk),
        "given": request.POST,
        "chosen_units": request.POST.getlist("units") or _asking_unit(replied),
        "replied": replied,
        "chosen_groups": request.POST.getlist("groups"),
    }


def _asking_unit(replied: Incoming | None) -> list[str]:
    return [str(replied.document.issuer_id)] if replied and replied.document.issuer_id else []


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise InvalidInput(_("Choose from the lists."), field="recipients")
    return int(text)

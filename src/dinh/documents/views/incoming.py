"""Screens of documents that arrived."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.forms import CharField
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from dinh.audit.api import trace_of
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.forms.incoming import AssignForm
from dinh.documents.models import Incoming
from dinh.documents.operations.assigning import assign_incoming
from dinh.documents.operations.handling import complete_incoming, start_handling
from dinh.documents.operations.receiving import possible_duplicates, refuse_incoming, register_incoming
from dinh.documents.queries.incoming import get_incoming, incoming_visible_to
from dinh.documents.queries.search import search_documents
from dinh.documents.rules_incoming import may_complete, may_direct, may_register
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.storage.api import blob_response

PAGE_SIZE = 50
TRACE = {
    "documents.incoming.registered": _("Registered"),
    "documents.incoming.refused": _("Refused"),
    "documents.incoming.assigned": _("Assigned"),
    "documents.incoming.started": _("Started"),
    "documents.incoming.done": _("Completed"),
}


@require_GET
@signed_in
def incoming_list(request: StaffRequest) -> HttpResponse:
    """The inbox, one tab per state, newest first."""
    state = request.GET.get("state", IncomingState.ARRIVED)
    rows = incoming_visible_to(request.appointment).filter(state=state).order_by("-arrived_at", "-pk")
    page = Paginator(rows.select_related("document"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "documents/incoming/list.html",
        {"page": page, "state": state, "states": IncomingState.choices, "hidden": IncomingState.RECALLED},
    )


@require_GET
@signed_in
def incoming_detail(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """One document that arrived, what may be done with it, and its trace."""
    incoming = _visible(request, incoming_id)
    acts = _acts(incoming, request.appointment)
    context = {
        "incoming": incoming,
        "acts": acts,
        "hidden": incoming.state == IncomingState.RECALLED,
        "trace": [(entry, TRACE.get(entry.action, entry.action)) for entry in trace_of(incoming)],
        "duplicates": possible_duplicates(incoming) if "register" in acts else [],
        "people": _people(request.appointment) if "assign" in acts else [],
    }
    return render(request, "documents/incoming/detail.html", context)


@require_GET
@signed_in
def incoming_of(request: StaffRequest, document_id: int) -> HttpResponse:
    """Leads to the arrival of a letter at one's own unit: one address for what is told to many units."""
    arrivals = incoming_visible_to(request.appointment).filter(document_id=document_id)
    newest = arrivals.order_by("-arrived_at").first()
    if newest is None:
        raise Http404
    return redirect("documents:incoming", newest.pk)


@require_GET
@signed_in
def incoming_content(request: StaffRequest, incoming_id: int) -> HttpResponseBase:
    """The letter itself, unless its sender has recalled it."""
    incoming = _visible(request, incoming_id)
    content = incoming.document.content_id
    if content is None or incoming.state == IncomingState.RECALLED:
        raise Http404
    name = incoming.document.code.replace("/", "-") or str(incoming.pk)
    return blob_response(request, content, filename=f"{name}.pdf", inline=True)


@require_POST
@signed_in
def incoming_act(request: StaffRequest, incoming_id: int, act: str) -> HttpResponse:
    """Register, refuse, assign, start or complete; a refusal is told on the document's page."""
    if act not in ACTS:
        raise Http404
    try:
        ACTS[act](request, incoming_id)
    except NotFound as missing:
        raise Http404 from missing
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("documents:incoming", incoming_id)


@require_GET
@signed_in
def search(request: StaffRequest) -> HttpResponse:
    """Letters of the unit, in and out, by their words."""
    words = request.GET.get("q", "")
    page = Paginator(search_documents(words, request.appointment), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "documents/incoming/search.html", {"page": page, "words": words})


def _visible(request: StaffRequest, incoming_id: int) -> Incoming:
    try:
        return get_incoming(incoming_id, request.appointment)
    except NotFound as missing:
        raise Http404 from missing


def _acts(incoming: Incoming, actor: Appointment) -> set[str]:
    state = incoming.state
    if state == IncomingState.ARRIVED:
        return {"register", "refuse"} if may_register(actor, incoming) else set()
    if state not in (IncomingState.RECEIVED, IncomingState.ASSIGNED, IncomingState.IN_PROGRESS):
        return set()
    lead = incoming.assignments.filter(role=AssignmentRole.LEAD, withdrawn_at=None).first()
    acts = {"complete"} if may_complete(actor, incoming, lead) else set()
    if state == IncomingState.ASSIGNED and acts:
        acts.add("start")
    if state == IncomingState.RECEIVED and may_direct(actor, incoming):
        acts.add("assign")
    return acts


def _people(actor: Appointment) -> "QuerySet[Appointment]":
    """Whoever holds an appointment of the unit today."""
    today = timezone.localdate()
    holds = Q(end_date=None) | Q(end_date__gte=today)
    of_unit = Appointment.objects.filter(holds, unit_id=actor.unit_id, start_date__lte=today)
    return of_unit.select_related("person", "position")


def _text(request: StaffRequest, name: str, limit: int) -> str:
    try:
        return str(CharField(max_length=limit, required=False).clean(request.POST.get(name, "")))
    except ValidationError as wrong:
        raise InvalidInput(" ".join(wrong.messages), field=name) from wrong


def _register(request: StaffRequest, incoming_id: int) -> None:
    register_incoming(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())


def _refuse(request: StaffRequest, incoming_id: int) -> None:
    reason = _text(request, "reason", 500)
    refuse_incoming(incoming_id=incoming_id, actor=request.appointment, reason=reason, at=timezone.now())


def _assign(request: StaffRequest, incoming_id: int) -> None:
    actor = request.appointment
    form = AssignForm(request.POST, _people(actor))
    if not form.is_valid():
        get_incoming(incoming_id, actor)
        raise InvalidInput(_("Choose who leads, and give the deadline as a date."), field="lead")
    assign_incoming(
        incoming_id=incoming_id,
        actor=actor,
        lead=form.cleaned_data["lead"],
        instruction=form.cleaned_data["instruction"],
        due_at=form.due_at(),
        at=timezone.now(),
    )


def _start(request: StaffRequest, incoming_id: int) -> None:
    start_handling(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())


def _complete(request: StaffRequest, incoming_id: int) -> None:
    result = _text(request, "result", 2000)
    complete_incoming(incoming_id=incoming_id, actor=request.appointment, result=result, at=timezone.now())


ACTS: dict[str, Callable[[StaffRequest, int], None]] = {
    "register": _register,
    "refuse": _refuse,
    "assign": _assign,
    "start": _start,
    "complete": _complete,
}

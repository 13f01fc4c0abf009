"""Screens of documents that arrived."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dinh.audit.api import trace_of
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import IncomingState
from dinh.documents.operations.handling import complete_incoming, start_handling
from dinh.documents.operations.receiving import possible_duplicates, refuse_incoming, register_incoming
from dinh.documents.queries.incoming import get_incoming, incoming_visible_to
from dinh.documents.queries.search import search_documents
from dinh.documents.rules_incoming import may_register
from dinh.kernel.errors import DomainError, NotFound

PAGE_SIZE = 50


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
        {"page": page, "state": state, "states": IncomingState.choices},
    )


@require_GET
@signed_in
def incoming_detail(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """One document that arrived, what may be done with it, and its trace."""
    try:
        incoming = get_incoming(incoming_id, request.appointment)
    except NotFound as missing:
        raise Http404 from missing
    waits = incoming.state == IncomingState.ARRIVED and may_register(request.appointment, incoming)
    hidden = incoming.state == IncomingState.RECALLED
    context = {"incoming": incoming, "waits": waits, "hidden": hidden, "trace": trace_of(incoming)}
    context["duplicates"] = possible_duplicates(incoming) if waits else []
    return render(request, "documents/incoming/detail.html", context)


@require_POST
@signed_in
def incoming_act(request: StaffRequest, incoming_id: int, act: str) -> HttpResponse:
    """Register, refuse, start or complete; a refusal is told on the document's page."""
    actor, at = request.appointment, timezone.now()
    try:
        if act == "register":
            register_incoming(incoming_id=incoming_id, actor=actor, at=at)
        elif act == "refuse":
            reason = request.POST.get("reason", "")
            refuse_incoming(incoming_id=incoming_id, actor=actor, reason=reason, at=at)
        elif act == "start":
            start_handling(incoming_id=incoming_id, actor=actor, at=at)
        elif act == "complete":
            result = request.POST.get("result", "")
            complete_incoming(incoming_id=incoming_id, actor=actor, result=result, at=at)
        else:
            raise Http404
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

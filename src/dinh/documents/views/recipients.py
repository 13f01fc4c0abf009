"""Who got a letter and how far they are: a part of the letter's page that renews itself."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import IncomingState, OutgoingState, Purpose
from dinh.documents.models import Outgoing
from dinh.documents.operations.dispatch import send_further
from dinh.documents.operations.on_paper import confirm_posted
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.reminding import remind_recipients
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.recipients import (
    arrivals_of,
    counts_by_state,
    recipients_on_paper,
    units_to_add,
)
from dinh.documents.rules_incoming import may_dispatch
from dinh.kernel.errors import InvalidInput
from dinh.kernel.refusals import page_after, refusals_kept, refusals_told, shown_again

PAGE_SIZE = 15
_MOVING = (
    IncomingState.ARRIVED,
    IncomingState.RECEIVED,
    IncomingState.ASSIGNED,
    IncomingState.IN_PROGRESS,
)


@require_GET
@signed_in
def recipient_states(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """
    Counts by state and the recipients of one state, 15 a page, to be filtered by name.

    With HTMX only the part itself; what renews itself asks for the states alone.
    """
    return _recipients(request, outgoing_id)


def _recipients(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    outgoing = _visible(request, outgoing_id)
    states = _states(request, outgoing)
    if request.headers.get("HX-Target") == "recipient-states":
        return render(request, "documents/recipients/states.html", states)
    name = "part" if "HX-Request" in request.headers else "page"
    return render(request, f"documents/recipients/{name}.html", states | _acts(request, outgoing, states))


@require_POST
@signed_in
def recall(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Take the letter back from whoever is not done with it."""
    reason = request.POST.get("reason", "").replace("\0", "")[:500]
    with refusals_kept(request, "recall"):
        recall_document(outgoing_id=outgoing_id, actor=request.appointment, reason=reason, at=timezone.now())
        messages.success(request, _("The document is recalled."))
        return redirect("documents:outgoing", outgoing_id)
    return shown_again(_recipients(request, outgoing_id))


@require_POST
@signed_in
def posted(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Confirm that paper or e-mail went out to the chosen recipients."""
    chosen = [int(value) for value in request.POST.getlist("recipients") if _is_key(value)]
    note = request.POST.get("note", "").replace("\0", "")
    with refusals_kept(request, "posted"):
        amount = confirm_posted(
            clerk=request.appointment,
            outgoing_id=outgoing_id,
            recipient_ids=chosen,
            note=note,
            at=timezone.now(),
        )
        told = ngettext("%(count)d recipient is confirmed.", "%(count)d recipients are confirmed.", amount)
        messages.success(request, told % {"count": amount})
        return redirect("documents:outgoing", outgoing_id)
    return shown_again(_recipients(request, outgoing_id))


@require_POST
@signed_in
def remind(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Remind those who have not received the letter."""
    with refusals_told(request):
        amount = remind_recipients(outgoing_id=outgoing_id, actor=request.appointment, at=timezone.now())
        told = ngettext("%(count)d recipient is reminded.", "%(count)d recipients are reminded.", amount)
        messages.success(request, told % {"count": amount})
    return page_after(request, "documents:outgoing", outgoing_id)


@require_http_methods(["GET", "POST"])
@signed_in
def further(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Choose more units for an issued letter, and send it to them."""
    outgoing = _visible(request, outgoing_id)
    if not may_dispatch(request.appointment, outgoing):
        raise Http404
    if request.method == "POST":
        with refusals_kept(request, "further"):
            _send_further(request, outgoing_id)
            messages.success(request, _("The document is sent to the units that you added."))
            return redirect("documents:outgoing", outgoing_id)
    words = request.GET.get("q", "")
    units = Paginator(units_to_add(outgoing, words=words), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"outgoing": outgoing, "page": units, "words": words, "request_key": uuid4().hex}
    page = render(request, "documents/recipients/further.html", context | {"purposes": Purpose.choices})
    return page if request.method == "GET" else shown_again(page)


def _send_further(request: StaffRequest, outgoing_id: int) -> None:
    units = [int(value) for value in request.POST.getlist("units") if _is_key(value)]
    purpose = request.POST.get("purpose", Purpose.ACT)
    if not units or purpose not in Purpose.values:
        raise InvalidInput(_("Choose at least one unit."), field="units")
    send_further(
        outgoing_id=outgoing_id,
        actor=request.appointment,
        units=units,
        purpose=Purpose(purpose),
        request_key=request.POST.get("request_key", "").replace("\0", "")[:64] or uuid4().hex,
        at=timezone.now(),
    )


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 10


def _visible(request: StaffRequest, outgoing_id: int) -> Outgoing:
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id).first()
    if not isinstance(outgoing, Outgoing):
        raise Http404
    return outgoing


def _states(request: StaffRequest, outgoing: Outgoing) -> dict[str, Any]:
    state, words = request.GET.get("state", ""), request.GET.get("q", "")[:80]
    state = state if state in IncomingState.values else ""
    rows = arrivals_of(outgoing.pk, request.appointment, state=state, words=words)
    counts = counts_by_state(outgoing.pk, request.appointment)
    return {
        "outgoing": outgoing,
        "state": state,
        "words": words,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": [(value, label, counts.get(value, 0)) for value, label in IncomingState.choices],
        "total": sum(counts.values()),
        "is_moving": any(counts.get(value) for value in _MOVING),
        "unreceived": counts.get(IncomingState.ARRIVED, 0),
    }


def _acts(request: StaffRequest, outgoing: Outgoing, states: dict[str, Any]) -> dict[str, Any]:
    sends = may_dispatch(request.appointment, outgoing) and outgoing.state == OutgoingState.ISSUED
    on_paper = list(recipients_on_paper(outgoing))
    return {
        "may_send": sends,
        # What was signed on paper, or is secret, goes to nobody by this way.
        "may_add": sends and outgoing.sealed_at is not None and not outgoing.document.secrecy,
        "may_remind": sends and states["unreceived"] > 0,
        "may_post": may_dispatch(request.appointment, outgoing),
        "on_paper": on_paper,
        "unposted": sum(each.sent_at is not None and each.posted_at is None for each in on_paper),
        "dispatch": outgoing.dispatches.order_by("-sent_at").first(),
    }

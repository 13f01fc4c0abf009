"""Who got a letter and how far they are: a part of the letter's page that renews itself."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import IncomingState
from dinh.documents.models import Outgoing
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.recipients import arrivals_of, counts_by_state

PAGE_SIZE = 15


@require_GET
@signed_in
def recipient_states(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Counts by state and the recipients of one state, 15 a page; with HTMX only the part itself."""
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id).first()
    if not isinstance(outgoing, Outgoing):
        raise Http404
    state = request.GET.get("state", "")
    rows = arrivals_of(outgoing_id, request.appointment, state=state)
    counts = counts_by_state(outgoing_id, request.appointment)
    context = {
        "outgoing": outgoing,
        "state": state,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": [(value, label, counts.get(value, 0)) for value, label in IncomingState.choices],
        "total": sum(counts.values()),
        "is_moving": any(counts.get(value) for value in _MOVING),
        "on_paper": outgoing.recipients.filter(channel="paper").count(),
    }
    part = "HX-Request" in request.headers
    name = "documents/recipients/part.html" if part else "documents/recipients/page.html"
    return render(request, name, context)


_MOVING = (
    IncomingState.ARRIVED,
    IncomingState.RECEIVED,
    IncomingState.ASSIGNED,
    IncomingState.IN_PROGRESS,
)

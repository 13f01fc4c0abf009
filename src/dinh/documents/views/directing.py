"""The leader's tray: each letter with the likely people to handle it, two touches a letter on a phone."""

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.incoming import DirectionsForm
from dinh.documents.models import Incoming
from dinh.documents.operations.assigning import assign_incoming
from dinh.documents.queries.directing import letters_to_direct, likely_leads
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.people import assignees_of
from dinh.documents.rules_incoming import directs
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.kernel.refusals import refusals_kept, shown_again

PAGE_SIZE = 50


@require_GET
@signed_in
def directing_tray(request: StaffRequest) -> HttpResponse:
    """Letters that wait for directions, the most urgent first."""
    if not directs(request.appointment):
        raise Http404
    return _tray(request)


def _tray(request: StaffRequest) -> HttpResponse:
    page = Paginator(letters_to_direct(request.appointment), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "documents/directing/tray.html", {"page": page} | _whom(request))


@require_POST
@signed_in
def direct(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Charge the chosen one; with HTMX the letter's card alone is answered."""
    incoming = _visible(request, incoming_id)
    with refusals_kept(request, "direct"):
        return _answer(request, incoming, lead=_directed(request, incoming_id))
    if "HX-Request" in request.headers:
        return shown_again(_card(request, incoming))
    return shown_again(_tray(request))


def _directed(request: StaffRequest, incoming_id: int) -> str:
    """The name of whoever leads now. :raises DomainError: what is missing, or what the letter's state forbids"""
    given = request.POST.copy()
    given["lead"] = given.get("lead") or given.get("other", "")
    form = DirectionsForm(given, choices=assignees_of(request.appointment.unit_id, timezone.localdate()))
    if not form.is_valid():
        faults = [FieldFault(name, str(words)) for name, many in form.errors.items() for words in many]
        raise InvalidInput(faults[0].message, faults=faults)
    directions = form.directions()
    assign_incoming(
        incoming_id=incoming_id, actor=request.appointment, directions=directions, at=timezone.now()
    )
    return str(getattr(directions.lead, "person", directions.lead))


def _answer(request: StaffRequest, incoming: Incoming, *, lead: str) -> HttpResponse:
    if "HX-Request" in request.headers:
        return _card(request, incoming, assigned_to=lead)
    return redirect("documents:directing_tray")


def _card(request: StaffRequest, incoming: Incoming, **told: str) -> HttpResponse:
    context = {"row": incoming, "is_alone": True, **told}
    return render(request, "documents/directing/card.html", context | _whom(request))


def _whom(request: StaffRequest) -> dict[str, object]:
    today: date = timezone.localdate()
    likely, others = likely_leads(request.appointment, now=timezone.now(), today=today)
    return {"likely": likely, "others": others, "today": today}


def _visible(request: StaffRequest, incoming_id: int) -> Incoming:
    return get_incoming(incoming_id, request.appointment)

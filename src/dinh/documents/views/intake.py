"""Screens by which a clerk takes in letters on paper and by e-mail, and prints the ĐẾN stamp."""

from datetime import date
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.audit.api import note_access
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Unit
from dinh.documents.enums import Channel, IncomingState
from dinh.documents.forms.intake import CorrectionForm, IntakeForm
from dinh.documents.letters import render_arrival_stamp
from dinh.documents.models import Incoming, Intake
from dinh.documents.operations.intake import (
    CHANNELS,
    KeptScan,
    PossibleDuplicate,
    arrival_stamp,
    correct_taken_in,
    take_in,
)
from dinh.documents.operations.later_scans import scan_incoming
from dinh.documents.queries.drafting import units_matching
from dinh.documents.queries.incoming import get_incoming, incoming_visible_to
from dinh.documents.queries.intake import Likeness, arrivals_alike, issuer_named
from dinh.documents.rules import may_keep_books
from dinh.documents.rules_incoming import may_correct
from dinh.documents.views.incoming import incoming_page
from dinh.documents.views.scans import given_scan, scan_if_any, shown_scan, warn_of_coarse_scan
from dinh.kernel.errors import DomainError
from dinh.kernel.refusals import add_faults, refusals_beside, refusals_kept, shown_again
from dinh.storage.api import PDF, blob_response

CORRECTED = (
    "issuer_name", "code", "issued_date", "type_code", "subject", "signer_name", "signer_position", "urgency",
    "page_count", "reply_due_date",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def intake_new(request: StaffRequest) -> HttpResponse:
    """Write a letter down and register it; a refusal keeps what was written, the scan too."""
    _require_clerk(request)
    today = timezone.localdate()
    if request.method == "GET":
        channel = request.GET.get("channel", "")
        begun = {"channel": channel if channel in CHANNELS else Channel.PAPER}
        form = IntakeForm(on=today, initial={"request_key": uuid4().hex, **begun})
        return render(request, "documents/intake/new.html", {"form": form, "goes_on": bool(channel)})
    form = IntakeForm(request.POST, request.FILES, on=today)
    is_valid, scan = form.is_valid(), _scan(request, form)
    alike: list[Incoming] = []
    if is_valid and not form.errors:
        try:
            return _registered(request, form, scan)
        except PossibleDuplicate as duplicate:
            alike = _arrivals(request, duplicate.arrivals)
        except DomainError as refusal:
            add_faults(form, refusal)
    context = {"form": form, "alike": alike, "issuer": _issuer(request), **shown_scan(request, scan)}
    return render(request, "documents/intake/new.html", context, status=409 if alike else 422)


@require_GET
@signed_in
def intake_issuers(request: StaffRequest) -> HttpResponse:
    """Units found by words of their names: a part of the form."""
    _require_clerk(request)
    words = request.GET.get("issuer_name", "")[:200]
    units = units_matching(words, sender=request.appointment.unit) if words.strip() else []
    return render(request, "documents/intake/issuers.html", {"units": units, "words": words})


@require_GET
@signed_in
def intake_alike(request: StaffRequest) -> HttpResponse:
    """A warning while the form is filled in: the letter seems to be here already."""
    _require_clerk(request)
    issuer, name = _issuer(request), request.GET.get("issuer_name", "").strip()
    likeness = Likeness(
        issuer_id=issuer.pk if issuer else None,
        issuer_name=issuer.name if issuer else name,
        code=" ".join(request.GET.get("code", "").split()),
        issued_date=_day(request.GET.get("issued_date", "")),
    )
    alike = arrivals_alike(likeness, request.appointment)
    return render(request, "documents/intake/alike.html", {"alike": alike})


@require_GET
@signed_in
def intake_panel(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """How the letter came, its scan and its stamp: a part of the letter's page that renews itself."""
    incoming = _visible(request, incoming_id)
    intake = Intake.objects.filter(incoming=incoming).first()
    is_preparing = intake is not None and intake.original_id is not None and intake.prepared_at is None
    may_scan = (
        intake is not None
        and incoming.document.content_id is None
        and not incoming.document.secrecy
        and may_keep_books(request.appointment, incoming.unit_id)
    )
    context = {
        "incoming": incoming,
        "intake": intake,
        "is_preparing": is_preparing,
        "may_scan": may_scan,
        "may_correct": may_correct(request.appointment, incoming),
    }
    response = render(request, "documents/intake/panel.html", context)
    if "awaited" in request.GET and not is_preparing:
        response["HX-Refresh"] = "true"  # the letter itself is shown with its stamp now
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def intake_correct(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Correct what was written down of a letter; its incoming number stays."""
    incoming = _visible(request, incoming_id)
    if not may_correct(request.appointment, incoming):
        raise Http404
    initial = {name: getattr(incoming.document, name) for name in CORRECTED}
    form = CorrectionForm(request.POST or None, on=timezone.localdate(), initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            correct_taken_in(
                clerk=request.appointment,
                incoming_id=incoming_id,
                letter=form.letter(),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
            messages.success(request, _("The entry is corrected."))
            return redirect("documents:incoming", incoming_id)
    context = {"incoming": incoming, "form": form}
    return render(request, "documents/intake/correct.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def intake_scan(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Bring the scan of a letter that was written down without one."""
    _require_clerk(request)
    _intake(request, incoming_id)
    with refusals_kept(request, "scan"):
        scan = given_scan(request)
        scan_incoming(clerk=request.appointment, incoming_id=incoming_id, scan=scan, at=timezone.now())
        messages.success(request, _("The letter carries its scan."))
        return redirect("documents:incoming", incoming_id)
    return shown_again(incoming_page(request, incoming_id))


@require_GET
@signed_in
def intake_original(request: StaffRequest, incoming_id: int) -> HttpResponseBase:
    """The scan as it was uploaded."""
    intake = _intake(request, incoming_id)
    if intake.original_id is None:
        raise Http404
    note_access(target=intake.incoming, actor=request.appointment, what="file", at=timezone.now())
    return blob_response(request, intake.original_id, filename=intake.file_name)


@require_GET
@signed_in
def intake_stamped(request: StaffRequest, incoming_id: int) -> HttpResponseBase:
    """The copy of the scan that bears the stamp."""
    intake = _intake(request, incoming_id)
    if intake.stamped_id is None:
        raise Http404
    note_access(target=intake.incoming, actor=request.appointment, what="file", at=timezone.now())
    name = _("incoming-%(number)s.pdf") % {"number": intake.incoming.number}
    return blob_response(request, intake.stamped_id, filename=name, inline=True)


@require_GET
@signed_in
def intake_stamp(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """The stamp alone on a sheet, to be printed on the paper; an electronic original is never touched."""
    incoming = _visible(request, incoming_id)
    if incoming.number is None or incoming.state == IncomingState.RECALLED:
        raise Http404
    pdf = render_arrival_stamp(arrival_stamp(incoming))
    disposition = f'inline; filename="dau-den-{incoming.number}.pdf"'
    return HttpResponse(pdf, content_type=PDF, headers={"Content-Disposition": disposition})


def _registered(request: StaffRequest, form: IntakeForm, scan: KeptScan | None) -> HttpResponse:
    given = form.cleaned_data
    incoming = take_in(
        clerk=request.appointment,
        letter=form.letter(),
        scan=scan,
        request_key=given["request_key"],
        at=timezone.now(),
        despite_duplicate=given["despite_duplicate"],
    )
    told = _("Registered with incoming number %(number)d. Write it on the paper.")
    messages.success(request, told % {"number": incoming.number or 0})
    warn_of_coarse_scan(request, scan)
    if request.POST.get("then") == "next":
        return redirect(f"{reverse('documents:intake_new')}?{urlencode({'channel': incoming.channel})}")
    return redirect("documents:incoming", incoming.pk)


def _scan(request: StaffRequest, form: IntakeForm) -> KeptScan | None:
    """The upload, or the one kept before; a refusal stands beside the field."""
    try:
        return scan_if_any(request)
    except DomainError as refusal:
        add_faults(form, refusal)
        return None


def _arrivals(request: StaffRequest, ids: tuple[int, ...]) -> list[Incoming]:
    found = incoming_visible_to(request.appointment).filter(pk__in=ids)
    return list(found.select_related("document").order_by("-arrived_at"))


def _issuer(request: StaffRequest) -> Unit | None:
    """The unit that was chosen, or the one of the name that was written."""
    given = request.POST or request.GET
    chosen = given.get("issuer", "")
    if chosen.isdecimal() and len(chosen) < 10:
        return Unit.objects.filter(pk=int(chosen)).first()
    return issuer_named(given.get("issuer_name", ""), request.appointment)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _intake(request: StaffRequest, incoming_id: int) -> Intake:
    incoming = _visible(request, incoming_id)
    intake = Intake.objects.filter(incoming=incoming).select_related("incoming").first()
    if intake is None:
        raise Http404
    return intake


def _visible(request: StaffRequest, incoming_id: int) -> Incoming:
    return get_incoming(incoming_id, request.appointment)


def _require_clerk(request: StaffRequest) -> None:
    if not may_keep_books(request.appointment, request.appointment.unit_id):
        raise Http404

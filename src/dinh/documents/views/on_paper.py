"""The clerk writes down what was signed by hand: number, book and recipients, no electronic sending."""

from datetime import date
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import Secrecy, Urgency
from dinh.documents.forms.drafting import Row, request_key, rows_given, type_named, wanted_of
from dinh.documents.forms.letter_form import form_given, shown_form, shown_given
from dinh.documents.letters import document_types
from dinh.documents.operations.intake import KeptScan
from dinh.documents.operations.later_scans import scan_outgoing
from dinh.documents.operations.letter_form import PLAIN_FORM, councils_of, may_be_normative
from dinh.documents.operations.on_paper import SIGNERS, PaperLetter, register_on_paper
from dinh.documents.queries.drafting import groups_for
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.people import staff_of
from dinh.documents.rules import may_number
from dinh.documents.views.outgoing import outgoing_page
from dinh.documents.views.picking import is_picking, picker
from dinh.documents.views.scans import given_scan, scan_if_any, shown_scan, warn_of_coarse_scan
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput
from dinh.kernel.refusals import refusals_kept, shown_again

_TEXTS = ("type_code", "subject", "dated", "signer", "urgency", "secrecy")


@require_http_methods(["GET", "POST"])
@signed_in
def outgoing_on_paper(request: StaffRequest) -> HttpResponse:
    """Number a letter that was signed by hand; a refusal stands beside its field."""
    if not request.appointment.has_role(Role.CLERK):
        raise Http404
    if request.method != "POST":
        return _page(request, rows=[])
    try:
        scan = scan_if_any(request)
    except DomainError as refusal:
        return _page_again(request, refusal)
    if is_picking(request):
        return _page_again(request, scan=scan)
    try:
        outgoing = register_on_paper(
            clerk=request.appointment,
            letter=_letter(request),
            scan=scan,
            at=timezone.now(),
            request_key=request_key(request.POST),
        )
    except DomainError as refusal:
        return _page_again(request, refusal, scan=scan)
    messages.success(request, _("Registered as %(code)s.") % {"code": outgoing.document.code})
    warn_of_coarse_scan(request, scan)
    return redirect("documents:outgoing", outgoing.pk)


@require_POST
@signed_in
def outgoing_scan(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Bring the scan of a letter that was registered on paper."""
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id).first()
    if outgoing is None or not may_number(request.appointment, outgoing):
        raise Http404
    with refusals_kept(request, "scan"):
        scan = given_scan(request)
        scan_outgoing(clerk=request.appointment, outgoing_id=outgoing_id, scan=scan, at=timezone.now())
        messages.success(request, _("The letter carries its scan."))
        return redirect("documents:outgoing", outgoing_id)
    return shown_again(outgoing_page(request, outgoing_id))


def _letter(request: StaffRequest) -> PaperLetter:
    given, own = request.POST, request.appointment.unit
    groups = groups_for(own)
    signers = {str(each.pk): each for each in _signers(request)}
    if given.get("signer", "") not in signers:
        raise InvalidInput(_("Choose who signs."), field="signer")
    return PaperLetter(
        type_code=type_named(
            given.get("type_code", ""), document_types(bloc=own.bloc, on=timezone.localdate())
        ),
        subject=given.get("subject", ""),
        signer=signers[given["signer"]],
        dated=_day(given.get("dated", "")),
        recipients=wanted_of(rows_given(given, groups), groups),
        secrecy=_chosen(given.get("secrecy", "0"), Secrecy.values, "secrecy"),
        urgency=_chosen(given.get("urgency", "0"), Urgency.values, "urgency"),
        form=form_given(given),
    )


def _page_again(
    request: StaffRequest, refusal: DomainError | None = None, *, scan: KeptScan | None = None
) -> HttpResponse:
    try:
        rows = rows_given(request.POST, groups_for(request.appointment.unit))
    except InvalidInput as wrong:
        rows, refusal = [], refusal or wrong
    told = list(refusal.faults) or [FieldFault("", str(refusal))] if refusal else []
    return _page(request, rows=rows, faults=told, scan=scan)


def _page(
    request: StaffRequest,
    *,
    rows: list[Row],
    faults: list[FieldFault] | None = None,
    scan: KeptScan | None = None,
) -> HttpResponse:
    own, today = request.appointment.unit, timezone.localdate()
    defaults = {"dated": today.isoformat(), "urgency": "0", "secrecy": "0"}
    values: dict[str, object] = {name: request.POST.get(name, defaults.get(name, "")) for name in _TEXTS}
    values["form"] = shown_given(request.POST) if request.method == "POST" else shown_form(PLAIN_FORM)
    types = document_types(bloc=own.bloc, on=today)
    context = picker(request, rows) | {
        "values": values,
        "type_name": next(
            (each.name for each in types if each.code == values["type_code"]), values["type_code"]
        ),
        "faults": faults or [],
        "faulty": {each.field: each.message for each in faults or []},
        "types": types,
        "signers": [(str(each.pk), each) for each in _signers(request)],
        "urgencies": [(str(value), label) for value, label in Urgency.choices],
        "secrecies": [(str(value), label) for value, label in Secrecy.choices],
        "councils": councils_of(own, year=today.year),
        "makes_law": may_be_normative(own, "QĐ"),
        "request_key": request.POST.get("request_key") or uuid4(),
        **shown_scan(request, scan),
    }
    return render(request, "documents/outgoing/on_paper.html", context, status=422 if faults else 200)


def _signers(request: StaffRequest) -> list[Appointment]:
    people = staff_of([request.appointment.unit_id], timezone.localdate()).select_related("unit")
    return [each for each in people if each.has_role(*SIGNERS)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise InvalidInput(_("Give the date of the letter as a date."), field="dated") from wrong


def _chosen(text: str, values: list[int], name: str) -> int:
    if text not in map(str, values):
        raise InvalidInput(_("Choose from the lists."), field=name)
    return int(text)

"""Writing the documents that go out: the form of a draft, its preview and its recipients."""

from base64 import b64encode
from collections.abc import Mapping
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import Secrecy, Urgency
from dinh.documents.forms.drafting import (
    Row,
    is_key,
    last_text,
    plan_given,
    request_key,
    rows_given,
    rows_of,
    rows_still_there,
    type_named,
    values_given,
    values_of,
)
from dinh.documents.letters import document_types, marks, profile_for, starter_text, variant_of
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.authority import AUTHORITIES
from dinh.documents.operations.draft_plan import DraftPlan
from dinh.documents.operations.drafting import create_draft, lay_out_version, revise_draft
from dinh.documents.operations.letter_form import councils_of, may_be_normative
from dinh.documents.operations.previewing import pictures_of, preview_letter
from dinh.documents.operations.replacing import replaceable
from dinh.documents.queries.blank_forms import blank_form
from dinh.documents.queries.drafting import groups_for, units_matching
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.queries.parties import signers_found
from dinh.documents.queries.people import staff_of
from dinh.documents.rules import may_edit_draft
from dinh.documents.views.picking import PICKING, chosen, picker
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound
from dinh.kernel.refusals import refusals_told, shown_again

_SIGNERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
_SHOWN_AGAIN = (*PICKING, "add_annex", "remove_annex", "starter", "find_party")
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_http_methods(["GET", "POST"])
@signed_in
def outgoing_new(request: StaffRequest) -> HttpResponse:
    """A new draft; a refusal stands beside its field, and the form keeps what was written."""
    try:
        replied, replaced = _replied(request), _replaced(request)
    except DomainError as missing:
        raise Http404 from missing
    if request.method != "POST":
        return _first_form(request, replied, replaced)
    if any(name in request.POST for name in _SHOWN_AGAIN):
        return _form_again(request, replied=replied, replaced=replaced)
    try:
        outgoing = create_draft(
            drafter=request.appointment,
            plan=_plan(request),
            at=timezone.now(),
            reply_to=replied,
            replaces=replaced,
            request_key=request_key(request.POST),
        )
    except DomainError as refusal:
        return _form_again(request, refusal, replied=replied, replaced=replaced)
    lay_out(request, outgoing)
    return redirect("documents:outgoing_draft", outgoing.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def draft_edit(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Change a draft; a saved text is its next version."""
    outgoing = _editable(request, outgoing_id)
    if request.method != "POST":
        groups = groups_for(request.appointment.unit)
        return _form(request, values=values_of(outgoing), rows=rows_of(outgoing, groups), outgoing=outgoing)
    if any(name in request.POST for name in _SHOWN_AGAIN):
        return _form_again(request, outgoing=outgoing)
    try:
        revised = revise_draft(
            outgoing_id=outgoing.pk, drafter=request.appointment, plan=_plan(request), at=timezone.now()
        )
    except DomainError as refusal:
        return _form_again(request, refusal, outgoing=outgoing)
    lay_out(request, revised)
    messages.success(request, _("The draft is saved."))
    return redirect("documents:outgoing_draft", outgoing.pk)


@require_POST
@signed_in
def draft_preview(request: StaffRequest) -> HttpResponse:
    """The letter as it would be laid out: pictures for the page, the PDF where there is no script."""
    try:
        pdf = preview_letter(drafter=request.appointment, plan=_plan(request), at=timezone.now())
    except DomainError as refusal:
        return shown_again(render(request, "documents/drafting/preview.html", {"faults": _told(refusal)}))
    if "HX-Request" not in request.headers:
        return HttpResponse(pdf, content_type="application/pdf")
    pictures = [b64encode(each).decode() for each in pictures_of(pdf)]
    return render(request, "documents/drafting/preview.html", {"pictures": pictures})


@require_POST
@signed_in
def draft_recipients(request: StaffRequest) -> HttpResponse:
    """The chosen recipients after one was added or taken away: a part of the form."""
    rows, fault = _rows_kept(request)
    context = chosen(request, rows) | ({"fault": fault} if fault else {})
    page = render(request, "documents/drafting/recipients.html", context)
    return shown_again(page) if fault or "group_fault" in context else page


def _rows_kept(request: StaffRequest) -> tuple[list[Row], str]:
    """The chosen recipients, without the groups that somebody took away meanwhile; and what is to be said of it."""
    groups = groups_for(request.appointment.unit)
    try:
        return rows_given(request.POST, groups), ""
    except InvalidInput as wrong:
        return rows_still_there(request.POST, groups), str(wrong)


@require_GET
@signed_in
def draft_units(request: StaffRequest) -> HttpResponse:
    """Units found by words of their names: a part of the form."""
    words = request.GET.get("words", "")[:80]
    units = units_matching(words, sender=request.appointment.unit) if words.strip() else []
    return render(request, "documents/drafting/units.html", {"units": units, "words": words})


@require_GET
@signed_in
def draft_signers(request: StaffRequest) -> HttpResponse:
    """Who may sign for the units that the name of another party may mean: a part of the form."""
    found = _signers(request, {"party": request.GET.get("party", "")[:200]})
    return render(request, "documents/drafting/signers.html", {"party_signers": found})


def _signers(request: StaffRequest, values: Mapping[str, object]) -> list[tuple[str, Appointment]]:
    """Who is chosen, or could be, to sign for the other party, by key in the page."""
    words, chosen = str(values.get("party", "")), str(values.get("party_signer", ""))
    found = signers_found(
        words.replace("\0", ""),
        chosen=int(chosen) if is_key(chosen) else None,
        sender=request.appointment.unit,
    )
    return [(str(each.pk), each) for each in found]


@require_GET
@signed_in
def draft_template(request: StaffRequest, type_code: str) -> HttpResponse:
    """The blank Word form of a type in the form of the unit's bloc (tải mẫu)."""
    content = blank_form(request.appointment, type_code, on=timezone.localdate())
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type=DOCX_TYPE)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="mau-{request.appointment.unit.bloc}-{_ascii(type_code)}.docx"'
    )
    return response


def lay_out(request: StaffRequest, outgoing: Outgoing) -> None:
    """Lay the last version out where that is still to be done; a refusal is told on the next page."""
    last = outgoing.versions.last()
    if last is not None:
        with refusals_told(request):
            lay_out_version(last)


def _plan(request: StaffRequest) -> DraftPlan:
    return plan_given(
        request.POST,
        sender=request.appointment.unit,
        people=_colleagues(request),
        types=document_types(bloc=request.appointment.unit.bloc, on=timezone.localdate()),
        groups=groups_for(request.appointment.unit),
    )


def _form_again(
    request: StaffRequest,
    refusal: DomainError | None = None,
    *,
    outgoing: Outgoing | None = None,
    replied: Incoming | None = None,
    replaced: Outgoing | None = None,
) -> HttpResponse:
    try:
        rows = rows_given(request.POST, groups_for(request.appointment.unit))
    except InvalidInput as wrong:
        rows, refusal = [], refusal or wrong
    values = values_given(request.POST)
    if "starter" in request.POST:
        begun = (str(values["text"]).strip(), _starter(request, str(values["type_code"])))
        values["text"] = "\n".join(filter(None, begun))
    return _form(
        request,
        values=values,
        rows=rows,
        outgoing=outgoing,
        replied=replied,
        replaced=replaced,
        faults=_told(refusal),
    )


def _form(
    request: StaffRequest,
    *,
    values: dict[str, object],
    rows: list[Row],
    outgoing: Outgoing | None = None,
    replied: Incoming | None = None,
    replaced: Outgoing | None = None,
    faults: list[FieldFault] | None = None,
) -> HttpResponse:
    own, people = request.appointment.unit, _colleagues(request)
    leaders = [each for each in people if each.has_role(*_SIGNERS)]
    leaders.sort(key=lambda each: (not each.has_role(Role.UNIT_HEAD), not each.has_role(Role.UNIT_DEPUTY)))
    initials = values.get("initials")
    filled = initials if isinstance(initials, list) else []
    types = document_types(bloc=own.bloc, on=timezone.localdate())
    code = values.get("type_code")
    context = picker(request, rows) | {
        "outgoing": outgoing,
        "replied": replied,
        "replaced": replaced,
        "values": values,
        "type_name": next((each.name for each in types if each.code == code), code),
        "faults": faults or [],
        "faulty": {each.field: each.message for each in faults or []},
        "types": types,
        "rule": profile_for(
            bloc=own.bloc,
            variant=variant_of(bloc=own.bloc, issuer=own.name),
            on=timezone.localdate(),
        ),
        "urgencies": [(str(value), label) for value, label in Urgency.choices],
        "secrecies": [(str(value), label) for value, label in Secrecy.choices],
        "authorities": AUTHORITIES.items(),
        "party_signers": _signers(request, values),
        "circulations": [(each.code, each.mark) for each in marks("circulation")],
        "councils": councils_of(own, year=timezone.localdate().year),
        "makes_law": may_be_normative(own, "QĐ"),
        "leaders": [(str(each.pk), each) for each in leaders],
        "staff": [(str(each.pk), each) for each in people],
        "colleagues": [(str(each.pk), each) for each in people if each.pk != request.appointment.pk],
        "initial_places": [*filled, *[""] * max(1, 3 - len(filled))],
        "request_key": request.POST.get("request_key") or uuid4(),
    }
    return render(request, "documents/drafting/form.html", context, status=422 if faults else 200)


def _told(refusal: DomainError | None) -> list[FieldFault]:
    if refusal is None:
        return []
    return list(refusal.faults) or [FieldFault("", str(refusal))]


def _first_form(request: StaffRequest, replied: Incoming | None, replaced: Outgoing | None) -> HttpResponse:
    if replaced is None:
        return _form(request, values=_first_values(replied), rows=_first_rows(replied), replied=replied)
    groups = groups_for(request.appointment.unit)
    values = values_of(replaced) | {"text": last_text(replaced), "secrecy": "0", "reply_due_date": ""}
    return _form(request, values=values, rows=rows_of(replaced, groups), replaced=replaced)


def _starter(request: StaffRequest, type_code: str) -> str:
    """The fixed words of the type's form, nothing where the type is not known."""
    own, day = request.appointment.unit, timezone.localdate()
    types = document_types(bloc=own.bloc, on=day)
    code = type_named(type_code, types)
    if code not in {each.code for each in types}:
        return ""
    return starter_text(type_code=code, bloc=own.bloc, on=day, issuing_agency=own.name)


def _first_values(replied: Incoming | None) -> dict[str, object]:
    values: dict[str, object] = {"type_code": "CV", "urgency": "0", "secrecy": "0"}
    if replied is None:
        return values
    document = replied.document
    subject = _("Reply to document %(code)s") % {"code": document.code} if document.code else document.subject
    return values | {"subject": subject}


def _first_rows(replied: Incoming | None) -> list[Row]:
    if replied is None:
        return []
    document = replied.document
    if document.issuer is not None:
        return [Row(f"unit:{document.issuer_id}", document.issuer.name)]
    return [Row("paper", document.issuer_name, name=document.issuer_name)]


def _replied(request: StaffRequest) -> Incoming | None:
    """The document that the draft answers (`reply_to`), None where it answers none."""
    given = request.POST.get("reply_to") or request.GET.get("reply_to", "")
    if not given:
        return None
    if not given.isdecimal() or len(given) > 9:
        raise NotFound(_("There is no such document."))
    return get_incoming(int(given), request.appointment)


def _replaced(request: StaffRequest) -> Outgoing | None:
    """The issued document that the draft replaces (`replaces`), None where it replaces none."""
    given = request.POST.get("replaces") or request.GET.get("replaces", "")
    if not given:
        return None
    if not given.isdecimal() or len(given) > 9:
        raise NotFound(_("There is no such document."))
    return replaceable(int(given), request.appointment)


def _editable(request: StaffRequest, outgoing_id: int) -> Outgoing:
    outgoing = found_among(outgoing_visible_to(request.appointment), outgoing_id)
    if not may_edit_draft(request.appointment, outgoing):
        raise Http404
    return outgoing


def _colleagues(request: StaffRequest) -> list[Appointment]:
    return list(staff_of([request.appointment.unit_id], timezone.localdate()).select_related("unit"))


def _ascii(code: str) -> str:
    return code.replace("Đ", "D").replace("đ", "d")

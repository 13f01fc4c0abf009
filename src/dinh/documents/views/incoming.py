"""Screens of documents that arrived: the list, the document, its file, search."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dinh.audit.api import note_access
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, Channel, IncomingState, Purpose, Urgency
from dinh.documents.forms.incoming import InboxForm
from dinh.documents.models import Assignment, Dispatch, Incoming
from dinh.documents.operations.receiving import possible_duplicates
from dinh.documents.operations.receiving_several import register_several
from dinh.documents.queries.handling_slip import handling_slip
from dinh.documents.queries.inbox import ALL, LATE, first_tab, inbox_pages, tab_counts
from dinh.documents.queries.incoming import get_incoming, incoming_visible_to, replacement_of
from dinh.documents.queries.intake import shown_content
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.people import assignees_of, staff_of
from dinh.documents.rules import may_keep_books
from dinh.documents.rules_incoming import OPEN_STATES, handles, may_pass_on, may_register, open_acts
from dinh.documents.templatetags import incoming_marks
from dinh.documents.views.incoming_trace import trace_lines
from dinh.kernel.refusals import page_after, tell_refused
from dinh.storage.api import PDF, blob_response

PAGE_SIZE = 50
_TAB_ORDER = ("01", "03", "04", "05", LATE, "06", "02", "15", ALL)
_WORDS = {
    name: dict(choices.choices)
    for name, choices in {"state": IncomingState, "urgency": Urgency, "purpose": Purpose}.items()
}
_FILTERS = ("q", "sender", "urgency", "purpose", "verdict", "since", "until")


@require_GET
@signed_in
def incoming_list(request: StaffRequest) -> HttpResponse:
    """The inbox: a tab per state, filters, order; with HTMX only the part that changes."""
    now, first = timezone.now(), first_tab(request.appointment)
    form = InboxForm(request.GET)
    wanted = form.wanted(tab=first)
    pages = inbox_pages(request.appointment, wanted, now=now, per_page=PAGE_SIZE)
    context = {
        "form": form,
        "wanted": wanted,
        "page": pages.get_page(request.GET.get("page")),
        "tabs": _tabs(tab_counts(request.appointment, now=now)),
        "chips": _chips(form),
        "hidden": IncomingState.RECALLED,
        "may_register": wanted.tab == IncomingState.ARRIVED and first == IncomingState.ARRIVED,
        "open_states": OPEN_STATES,
        "marks": incoming_marks,
        "words": _WORDS,
        "takes_in": may_keep_books(request.appointment, request.appointment.unit_id),
    }
    is_part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    name = "inbox" if is_part else "list"
    return render(request, f"documents/incoming/{name}.html", context)


@require_POST
@signed_in
def incoming_register_several(request: StaffRequest) -> HttpResponse:
    """Register what was chosen in the list, each by itself."""
    chosen = [int(text) for text in request.POST.getlist("chosen")[:PAGE_SIZE] if text.isdecimal()]
    outcomes = register_several(incoming_ids=chosen, actor=request.appointment, at=timezone.now())
    numbers = [each.number for each in outcomes if each.number is not None]
    if numbers:
        words = ngettext("%(count)d document registered.", "%(count)d documents registered.", len(numbers))
        span = _("Incoming numbers %(first)d to %(last)d.") % {"first": min(numbers), "last": max(numbers)}
        messages.success(request, f"{words % {'count': len(numbers)}} {span}")
    tell = messages.error if numbers else tell_refused
    for refusal in dict.fromkeys(each.refusal for each in outcomes if each.refusal):
        tell(request, refusal)
    if not outcomes:
        tell_refused(request, _("Choose at least one document."))
    return page_after(request, "documents:incoming_list")


@require_GET
@signed_in
def incoming_detail(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """One document that arrived, what may be done with it, and its trace."""
    return incoming_page(request, incoming_id)


def incoming_page(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """The page; an act that was refused shows it again, with what was typed."""
    incoming = _visible(request, incoming_id)
    parts = _parts(incoming)
    acts = open_acts(request.appointment, incoming, parts, on=timezone.localdate())
    hidden = incoming.state == IncomingState.RECALLED
    _looked(request, incoming, "page")
    context = {
        "incoming": incoming,
        "acts": acts,
        "hidden": hidden,
        "is_open": incoming.state in OPEN_STATES,
        "is_signed": incoming.channel == Channel.ELECTRONIC and incoming.document.content_id is not None,
        "parts": parts,
        "resumable": {each.pk for each in parts if "resume" in acts and handles(request.appointment, each)},
        "trace": [] if hidden else trace_lines(incoming),
        "recalled": Dispatch.objects.filter(arrivals=incoming).select_related("sender").first(),
        "duplicates": possible_duplicates(incoming) if "register" in acts else [],
        "replies": outgoing_visible_to(request.appointment).filter(replies_to=incoming),
        "may_report_deleted": hidden and may_register(request.appointment, incoming),
        "replaced_by": replacement_of(incoming),
        "due_day": timezone.localdate(incoming.due_at).isoformat() if incoming.due_at else "",
        "attachments": [] if hidden else list(incoming.document.attachments.all()),
    }
    return render(
        request, "documents/incoming/detail.html", context | _choices(request.appointment, parts, acts)
    )


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
    content = shown_content(incoming)
    if content is None or incoming.state == IncomingState.RECALLED:
        raise Http404
    name = incoming.document.code.replace("/", "-") or str(incoming.pk)
    _looked(request, incoming, "file")
    return blob_response(request, content, filename=f"{name}.pdf", inline=True)


@require_GET
@signed_in
def incoming_attachment(request: StaffRequest, incoming_id: int, attachment_id: int) -> HttpResponseBase:
    """A file that came with the letter, unless its sender has recalled it."""
    incoming = _visible(request, incoming_id)
    if incoming.state == IncomingState.RECALLED:
        raise Http404
    found = incoming.document.attachments.filter(pk=attachment_id).first()
    if found is None:
        raise Http404
    _looked(request, incoming, "attachment")
    return blob_response(request, found.blob_id, filename=found.name)


@require_GET
@signed_in
def incoming_slip(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """The handling slip, to be printed (phiếu giải quyết văn bản đến), unless the sender has recalled the letter."""
    incoming = _visible(request, incoming_id)
    if incoming.state == IncomingState.RECALLED:
        raise Http404
    _looked(request, incoming, "slip")
    headers = {"Content-Disposition": f'inline; filename="phieu-giai-quyet-{incoming.pk}.pdf"'}
    return HttpResponse(handling_slip(incoming, made_at=timezone.now()), content_type=PDF, headers=headers)


def _looked(request: StaffRequest, incoming: Incoming, what: str) -> None:
    note_access(target=incoming, actor=request.appointment, what=what, at=timezone.now())


def _visible(request: StaffRequest, incoming_id: int) -> Incoming:
    return get_incoming(incoming_id, request.appointment)


def _tabs(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Name, label and amount of each tab: what asks for work first."""
    labels = {str(value): str(label) for value, label in IncomingState.choices}
    labels |= {LATE: _("Late"), ALL: _("All")}
    return [(name, labels[name], counts.get(name, 0)) for name in _TAB_ORDER]


def _chips(form: InboxForm) -> list[tuple[str, str, str]]:
    """Filters in force: name of the field, its label, what was chosen in words."""
    labels = {
        "q": _("Keywords"),
        "sender": _("Sender"),
        "urgency": _("Urgency"),
        "purpose": _("Purpose"),
        "verdict": _("Signatures"),
        "since": _("From"),
        "until": _("To"),
    }
    given = form.cleaned_data
    chips = []
    for name in _FILTERS:
        if (value := given.get(name)) not in (None, ""):
            choices = dict(getattr(form.fields[name], "choices", ()))
            words = value.strftime("%d/%m/%Y") if name in ("since", "until") else choices.get(value, value)
            chips.append((name, labels[name], str(words)))
    return chips


def _parts(incoming: Incoming) -> list[Assignment]:
    rows = incoming.assignments.filter(withdrawn_at=None).order_by("pk")
    return list(rows.select_related("appointment__person", "appointment__position", "division"))


def _choices(actor: Appointment, parts: list[Assignment], acts: frozenset[str]) -> dict[str, Any]:
    """What the forms of the page offer; each is asked for only where its form is shown."""
    is_open = [part for part in parts if part.done_at is None]
    mine = [part for part in is_open if handles(actor, part)]
    to_pass = [part for part in is_open if may_pass_on(actor, part) and part.role != AssignmentRole.INFORM]
    return {
        "leads": any(part.role == AssignmentRole.LEAD for part in mine),
        "to_finish": next((part for part in mine if part.role == AssignmentRole.SUPPORT), None),
        "to_pass": to_pass[0] if to_pass else None,
        "to_pass_key": f"a{to_pass[0].appointment_id}" if to_pass else "",
        "open_supports": sum(part.role == AssignmentRole.SUPPORT for part in is_open),
        "members": _members(actor) if "pass" in acts else [],
        "choices": _assignees(actor, parts) if acts & {"assign", "change"} else [],
    }


def _members(actor: Appointment) -> list[tuple[str, Appointment]]:
    people = staff_of([actor.unit_id], timezone.localdate()).filter(division=actor.division)
    return [(f"a{each.pk}", each) for each in people]


def _assignees(actor: Appointment, parts: list[Assignment]) -> list[dict[str, object]]:
    roles = {_key(part): part.role for part in parts}
    return [
        {
            "key": key,
            "name": each.person.full_name if isinstance(each, Appointment) else each.name,
            "title": each.position.name if isinstance(each, Appointment) else "",
            "leads": roles.get(key) == AssignmentRole.LEAD,
            "supports": roles.get(key) == AssignmentRole.SUPPORT,
            "informed": roles.get(key) == AssignmentRole.INFORM,
        }
        for key, each in assignees_of(actor.unit_id, timezone.localdate()).items()
        if key != f"a{actor.pk}"
    ]


def _key(part: Assignment) -> str:
    """Of whoever the leader named: the division, even if it passed its part on."""
    return f"d{part.division_id}" if part.division_id is not None else f"a{part.appointment_id}"

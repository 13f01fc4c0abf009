"""Documents that arrived, for programs. Every act answers with the document as it stands then."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from dinh.audit.api import note_access
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, Channel, IncomingState, Purpose, Urgency
from dinh.documents.models import Assignment, Incoming, Note
from dinh.documents.operations.assigning import (
    Assignee,
    Directions,
    WrongAssignee,
    assign_incoming,
    change_assignments,
    extend_deadline,
    pass_on,
    withdraw_assignment,
)
from dinh.documents.operations.handling import add_note, complete_incoming, finish_part, start_handling
from dinh.documents.operations.recall import report_deleted
from dinh.documents.operations.receiving import possible_duplicates, refuse_incoming, register_incoming
from dinh.documents.operations.undoing import reopen_incoming, reopen_part
from dinh.documents.operations.verifying import verify_again
from dinh.documents.queries.handling_slip import handling_slip
from dinh.documents.queries.inbox import InboxFilter, inbox, inbox_pages
from dinh.documents.queries.incoming import get_incoming, replacement_of
from dinh.documents.queries.people import assignees_of
from dinh.documents.registers.lists import incoming_file
from dinh.documents.rules_incoming import open_acts
from dinh.kernel.errors import FieldFault, NotFound
from dinh.kernel.rest import NO_NUL, Row
from dinh.storage.api import PDF, blob_response

PAGE = 50
_PLAIN: Final = ("state", "purpose", "channel", "number", "arrived_at", "registered_at", "due_at", "done_at")
router = Router(tags=["incoming"])


class DocumentOut(Row):
    """The letter; `code` is its number and notation, `issuer_id` the unit that issued it, to be answered."""

    id: int
    type_code: str
    code: str
    subject: str
    issuer_id: int | None
    issuer_name: str
    issuer_code: str
    issued_date: date | None
    urgency: Urgency
    signer_name: str


class IncomingOut(Row):
    """
    A document at the caller's unit; `document` is missing once its sender recalled it.

    `number` is the incoming number; `verdict` is valid, invalid, indeterminate, or empty while pending.
    """

    id: int
    state: IncomingState
    purpose: Purpose
    channel: Channel
    number: int | None
    arrived_at: datetime
    registered_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None
    verdict: str
    document: DocumentOut | None


class IncomingPage(Schema):
    """One page of the list; `count` stops a thousand rows past the page."""

    count: int
    items: list[IncomingOut]


class PartOut(Schema):
    """Who handles the document in which role: a person, a division, or a person for a division."""

    id: int
    role: AssignmentRole
    appointment: int | None
    division: int | None
    name: str
    due_at: datetime | None
    started_at: datetime | None
    done_at: datetime | None
    result: str


class NoteOut(Schema):
    author: str
    text: str
    created_at: datetime


class IncomingDetail(IncomingOut):
    """
    With everything that its page shows; `acts` are those open to the caller now; `letter_sha256` of the letter or its
    scan, null where it is kept on paper or recalled; `duplicates`: registered arrivals that may be the same letter;
    `replaced_by`: code of the letter that its sender put in its place.
    """

    refusal_reason: str
    direction_text: str
    result_text: str
    verified_at: datetime | None
    verdict_details: dict[str, object] | None
    letter_sha256: str | None
    parts: list[PartOut]
    notes: list[NoteOut]
    acts: list[str]
    duplicates: list[int]
    replaced_by: str | None


class Reason(Schema):
    reason: Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class Result(Schema):
    result: Annotated[str, Field(max_length=2000, pattern=NO_NUL)] = ""


class NoteIn(Schema):
    text: Annotated[str, Field(max_length=2000, pattern=NO_NUL)]


class PartIn(Schema):
    """A person by appointment or a division of the caller's unit; exactly one of the two."""

    appointment: int | None = None
    division: int | None = None


class DirectionsIn(Schema):
    lead: PartIn
    supports: list[PartIn] = []
    informed: list[PartIn] = []
    instruction: Annotated[str, Field(max_length=2000, pattern=NO_NUL)] = ""
    due_at: datetime | None = None


class ChangeIn(DirectionsIn):
    reason: Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class Extension(Schema):
    due_at: datetime
    reason: Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class PassOn(Schema):
    appointment: int
    instruction: Annotated[str, Field(max_length=2000, pattern=NO_NUL)] = ""


Tab = Literal["all", "late", "01", "02", "03", "04", "05", "06", "15"]
Order = Literal[
    "arrived",
    "-arrived",
    "number",
    "-number",
    "due",
    "-due",
    "urgency",
    "-urgency",
    "sender",
    "-sender",
    "code",
    "-code",
]


class Wanted(Schema):
    """Filters of the list; `tab` is a state, `late` or `all`."""

    tab: Tab = "all"
    q: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    sender: Annotated[str, Field(max_length=120, pattern=NO_NUL)] = ""
    urgency: Urgency | None = None
    purpose: Purpose | None = None
    verdict: Literal["", "valid", "invalid", "indeterminate"] = ""
    since: date | None = None
    until: date | None = None
    sort: Order = "arrived"

    def filter(self) -> InboxFilter:
        return InboxFilter(
            tab=self.tab,
            words=self.q,
            sender=self.sender,
            urgency=self.urgency,
            purpose=self.purpose or "",
            verdict=self.verdict,
            since=self.since,
            until=self.until,
            order=self.sort,
        )


@router.get("/incoming", response=IncomingPage)
def list_incoming(
    request: HttpRequest, wanted: Query[Wanted], page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> IncomingPage:
    """What the caller may see of its unit's arrivals, 50 a page."""
    pages = inbox_pages(_actor(request), wanted.filter(), now=timezone.now(), per_page=PAGE)
    found = pages.get_page(page)
    return IncomingPage(count=found.paginator.count, items=[_listed(row) for row in found.object_list])


@router.get("/incoming.{ending}", url_name="incoming_list_file")
def incoming_as_file(
    request: HttpRequest, ending: Literal["pdf", "docx", "xlsx"], wanted: Query[Wanted]
) -> HttpResponseBase:
    """The list as a file, with the same filters, all its pages."""
    actor = _actor(request)
    return incoming_file(inbox(actor, wanted.filter(), now=timezone.now()), unit=actor.unit, ending=ending)


@router.get("/incoming/{int:incoming_id}", response=IncomingDetail)
def read_incoming(request: HttpRequest, incoming_id: int) -> IncomingDetail:
    """One document with its assignments, notes and verdict."""
    shown = _detail(incoming_id, _actor(request))
    note_access(target=Incoming(pk=incoming_id), actor=_actor(request), what="page", at=timezone.now())
    return shown


@router.get("/incoming/{int:incoming_id}/content", url_name="incoming_letter")
def content(request: HttpRequest, incoming_id: int) -> HttpResponseBase:
    """The letter as it was sent; 404 once recalled."""
    incoming = get_incoming(incoming_id, _actor(request))
    if incoming.document.content_id is None:
        raise NotFound(_("There is no such document here. Go back to the list."))
    note_access(target=incoming, actor=_actor(request), what="file", at=timezone.now())
    return blob_response(request, incoming.document.content_id, filename=f"{incoming.pk}.pdf", inline=False)


@router.get("/incoming/{int:incoming_id}/slip.pdf", url_name="incoming_slip")
def slip(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """The handling slip (Annex IV, part VII): directions, notes and results; 404 once recalled."""
    incoming = get_incoming(incoming_id, _actor(request))
    if incoming.state == IncomingState.RECALLED:
        raise NotFound(_("There is no such document here. Go back to the list."))
    note_access(target=incoming, actor=_actor(request), what="slip", at=timezone.now())
    return HttpResponse(handling_slip(incoming, made_at=timezone.now()), content_type=PDF)


@router.post("/incoming/{int:incoming_id}/register", response=IncomingDetail)
def register(request: HttpRequest, incoming_id: int) -> IncomingDetail:
    """Give it its incoming number; once only, however often it is asked."""
    register_incoming(incoming_id=incoming_id, actor=_actor(request), at=timezone.now())
    return _detail(incoming_id, _actor(request))


@router.post("/incoming/{int:incoming_id}/refuse", response=IncomingDetail)
def refuse(request: HttpRequest, incoming_id: int, body: Reason) -> IncomingDetail:
    """Send it back with a reason."""
    actor = _actor(request)
    refuse_incoming(incoming_id=incoming_id, actor=actor, reason=body.reason, at=timezone.now())
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/deleted", response=IncomingDetail)
def deleted(request: HttpRequest, incoming_id: int) -> IncomingDetail:
    """Report to the sender that what it recalled was deleted here."""
    actor = _actor(request)
    report_deleted(incoming_id=incoming_id, actor=actor, at=timezone.now())
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/assign", response=IncomingDetail)
def assign(request: HttpRequest, incoming_id: int, body: DirectionsIn) -> IncomingDetail:
    """Say who leads, supports and knows, until when."""
    actor = _actor(request)
    given = _directions(body, actor)
    assign_incoming(incoming_id=incoming_id, actor=actor, directions=given, at=timezone.now())
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/change", response=IncomingDetail)
def change(request: HttpRequest, incoming_id: int, body: ChangeIn) -> IncomingDetail:
    """Assign anew, with a reason."""
    actor = _actor(request)
    change_assignments(
        incoming_id=incoming_id,
        actor=actor,
        directions=_directions(body, actor),
        reason=body.reason,
        at=timezone.now(),
    )
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/extend", response=IncomingDetail)
def extend(request: HttpRequest, incoming_id: int, body: Extension) -> IncomingDetail:
    """Give the handling more time, with a reason."""
    actor = _actor(request)
    extend_deadline(
        incoming_id=incoming_id, actor=actor, due_at=body.due_at, reason=body.reason, at=timezone.now()
    )
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/start", response=IncomingDetail)
def start(request: HttpRequest, incoming_id: int) -> IncomingDetail:
    """Begin to work on it."""
    start_handling(incoming_id=incoming_id, actor=_actor(request), at=timezone.now())
    return _detail(incoming_id, _actor(request))


@router.post("/incoming/{int:incoming_id}/note", response=IncomingDetail)
def note(request: HttpRequest, incoming_id: int, body: NoteIn) -> IncomingDetail:
    """Write down how far it is."""
    add_note(incoming_id=incoming_id, actor=_actor(request), text=body.text, at=timezone.now())
    return _detail(incoming_id, _actor(request))


@router.post("/incoming/{int:incoming_id}/complete", response=IncomingDetail)
def complete(request: HttpRequest, incoming_id: int, body: Result) -> IncomingDetail:
    """Close it with its result."""
    actor = _actor(request)
    complete_incoming(incoming_id=incoming_id, actor=actor, result=body.result, at=timezone.now())
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/reopen", response=IncomingDetail)
def reopen(request: HttpRequest, incoming_id: int, body: Reason) -> IncomingDetail:
    """Go on with what was completed by mistake, with a reason."""
    actor = _actor(request)
    reopen_incoming(incoming_id=incoming_id, actor=actor, reason=body.reason, at=timezone.now())
    return _detail(incoming_id, actor)


@router.post("/incoming/{int:incoming_id}/verify", response=IncomingDetail)
def verify(request: HttpRequest, incoming_id: int) -> IncomingDetail:
    """Judge its signatures again."""
    verify_again(incoming_id=incoming_id, actor=_actor(request), at=timezone.now())
    return _detail(incoming_id, _actor(request))


@router.post("/incoming/parts/{int:part_id}/pass", response=IncomingDetail)
def pass_part_on(request: HttpRequest, part_id: int, body: PassOn) -> IncomingDetail:
    """Let a member of one's division handle the part that the division got."""
    actor = _actor(request)
    to = _assignees(actor).get(f"a{body.appointment}")
    if not isinstance(to, Appointment):
        raise WrongAssignee(_("Choose somebody of your own division."), field="appointment")
    part = pass_on(assignment_id=part_id, actor=actor, to=to, instruction=body.instruction, at=timezone.now())
    return _detail(part.incoming_id, actor)


@router.post("/incoming/parts/{int:part_id}/withdraw", response=IncomingDetail)
def withdraw_part(request: HttpRequest, part_id: int, body: Reason) -> IncomingDetail:
    """Take a supporting or informed part back, with a reason."""
    actor = _actor(request)
    part = withdraw_assignment(assignment_id=part_id, actor=actor, reason=body.reason, at=timezone.now())
    return _detail(part.incoming_id, actor)


@router.post("/incoming/parts/{int:part_id}/finish", response=IncomingDetail)
def finish(request: HttpRequest, part_id: int, body: Result) -> IncomingDetail:
    """Close one's own supporting part."""
    actor = _actor(request)
    part = finish_part(assignment_id=part_id, actor=actor, result=body.result, at=timezone.now())
    return _detail(part.incoming_id, actor)


@router.post("/incoming/parts/{int:part_id}/resume", response=IncomingDetail)
def resume(request: HttpRequest, part_id: int) -> IncomingDetail:
    """Go on with one's own supporting part that was closed too early."""
    actor = _actor(request)
    part = reopen_part(assignment_id=part_id, actor=actor, at=timezone.now())
    return _detail(part.incoming_id, actor)


def _actor(request: HttpRequest) -> Appointment:
    return cast("StaffRequest", request).appointment


def _assignees(actor: Appointment) -> dict[str, Assignee]:
    return assignees_of(actor.unit_id, timezone.localdate())


def _directions(body: DirectionsIn, actor: Appointment) -> Directions:
    known = _assignees(actor)
    given = {"lead": [body.lead], "supports": body.supports, "informed": body.informed}
    words = _("Name a person or a division of your own unit.")
    wrong = [name for name, parts in given.items() if any(_key(part) not in known for part in parts)]
    if wrong:
        raise WrongAssignee(words, faults=[FieldFault(name, words) for name in wrong])
    return Directions(
        lead=known[_key(body.lead)],
        supports=_named(body.supports, known),
        informed=_named(body.informed, known),
        instruction=body.instruction,
        due_at=body.due_at,
    )


def _named(parts: Sequence[PartIn], known: dict[str, Assignee]) -> list[Assignee]:
    return [known[_key(part)] for part in parts]


def _key(part: PartIn) -> str:
    if (part.appointment is None) == (part.division is None):
        return ""
    return f"a{part.appointment}" if part.appointment is not None else f"d{part.division}"


def _listed(row: Any) -> IncomingOut:
    """:param row: of `queries.inbox.inbox_pages`"""
    letter = {name: getattr(row, f"document__{name}", row.document_id) for name in DocumentOut.model_fields}
    return IncomingOut.model_validate(_fields(row, letter))


def _fields(incoming: Any, letter: object) -> dict[str, object]:
    """What a list tells of an arrival, which may be a row of `inbox_pages`."""
    is_recalled = incoming.state == IncomingState.RECALLED
    return {
        "id": incoming.pk,
        **{name: getattr(incoming, name) for name in _PLAIN},
        "verdict": "" if is_recalled else incoming.verdict,
        "document": None if is_recalled else letter,
    }


def _detail(incoming_id: int, actor: Appointment) -> IncomingDetail:
    incoming = get_incoming(incoming_id, actor)
    is_recalled = incoming.state == IncomingState.RECALLED
    rows = incoming.assignments.filter(withdrawn_at=None).order_by("pk")
    parts = list(rows.select_related("appointment__person", "division"))
    notes = [] if is_recalled else list(incoming.notes.select_related("author__person"))
    acts, replaced = open_acts(actor, incoming, parts, on=timezone.localdate()), replacement_of(incoming)
    plain = ("refusal_reason", "direction_text", "result_text", "verified_at", "verdict_details")
    return IncomingDetail.model_validate(
        {
            **_fields(incoming, incoming.document),
            **{name: getattr(incoming, name) for name in plain},
            "letter_sha256": None if is_recalled else incoming.document.content_id,
            "parts": [_part(part) for part in parts],
            "notes": [_note(each) for each in notes],
            "acts": sorted(acts),
            "duplicates": [each.pk for each in possible_duplicates(incoming)] if "register" in acts else [],
            "replaced_by": replaced.code if replaced else None,
        }
    )


def _part(part: Assignment) -> PartOut:
    names = [part.division.name] if part.division else []
    names += [part.appointment.person.full_name] if part.appointment else []
    return PartOut(
        id=part.pk,
        role=AssignmentRole(part.role),
        appointment=part.appointment_id,
        division=part.division_id,
        name=", ".join(names),
        due_at=part.due_at,
        started_at=part.started_at,
        done_at=part.done_at,
        result=part.result_text,
    )


def _note(each: Note) -> NoteOut:
    return NoteOut(author=each.author.person.full_name, text=each.text, created_at=each.created_at)

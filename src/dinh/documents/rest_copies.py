"""Copies of documents, for programs."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.documents.enums import CopyKind, OutgoingState
from dinh.documents.models import Outgoing, TrueCopy
from dinh.documents.operations.copies import Source, WantedCopy, copy_form, make_copy
from dinh.documents.operations.copies_on_device import begin_copy, finish_copy
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.queries.copies import copies_of, who_decides
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.rest_devices import Answer, BegunOut, begun_out
from dinh.documents.rest_drafting import RecipientIn
from dinh.kernel.errors import InvalidInput
from dinh.signing.api import device_answer
from dinh.storage.api import PDF

COPIES_SHOWN = 50
router = Router(tags=["copies"])


class CopyIn(Schema):
    """
    `kind`: SY (sao y), TrS (trích sao, with `pages` such as 1-2,5) or SL (sao lục).

    `decided_by`: appointment of a leader of the unit. Without recipients the copy is kept or handed out.
    A repeated `request_key` answers with the first copy.
    """

    kind: CopyKind
    decided_by: int
    pages: str = ""
    recipients: list[RecipientIn] = Field(default_factory=list, max_length=1000)
    request_key: str


class CopyOut(Schema):
    """A copy as an outgoing document of the unit; `sha256` of its sealed file."""

    id: int
    kind: CopyKind
    code: str
    issued_date: date | None
    subject: str
    state: OutgoingState
    sha256: str | None


@router.get("/incoming/{int:incoming_id}/copies", response=list[CopyOut])
def list_of_incoming(request: HttpRequest, incoming_id: int) -> list[CopyOut]:
    """The last 50 copies of what arrived."""
    return _list(request, get_incoming(incoming_id, _actor(request)))


@router.post("/incoming/{int:incoming_id}/copies", response={201: CopyOut})
def copy_incoming(request: HttpRequest, incoming_id: int, body: CopyIn) -> Status[CopyOut]:
    """Copy what the unit registered: seal, number and send the copy."""
    return _copy(request, get_incoming(incoming_id, _actor(request)), body)


@router.get("/outgoing/{int:outgoing_id}/copies", response=list[CopyOut])
def list_of_outgoing(request: HttpRequest, outgoing_id: int) -> list[CopyOut]:
    """The last 50 copies of what was issued."""
    return _list(request, _outgoing(request, outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/copies", response={201: CopyOut})
def copy_outgoing(request: HttpRequest, outgoing_id: int, body: CopyIn) -> Status[CopyOut]:
    """Copy what the unit issued: seal, number and send the copy."""
    return _copy(request, _outgoing(request, outgoing_id), body)


@router.post("/incoming/{int:incoming_id}/copies/begin", response={201: BegunOut})
def begin_of_incoming(request: HttpRequest, incoming_id: int, body: CopyIn) -> Status[BegunOut]:
    """Begin a copy of what the unit registered, where the seal is in a token; it gets no number yet."""
    return _begin(request, get_incoming(incoming_id, _actor(request)), body)


@router.post("/outgoing/{int:outgoing_id}/copies/begin", response={201: BegunOut})
def begin_of_outgoing(request: HttpRequest, outgoing_id: int, body: CopyIn) -> Status[BegunOut]:
    """Begin a copy of what the unit issued, where the seal is in a token; it gets no number yet."""
    return _begin(request, _outgoing(request, outgoing_id), body)


@router.post("/copies/finish", response={201: CopyOut})
def finish_begun(request: HttpRequest, body: Answer) -> Status[CopyOut]:
    """Make the copy of what the token sealed, once; the same answer again gives the same copy."""
    copy = finish_copy(
        session_id=body.session,
        clerk=_actor(request),
        signature=device_answer(body.signature, field="signature"),
        cms=device_answer(body.cms, field="cms"),
        pdf=device_answer(body.pdf, field="pdf"),
    )
    return Status(201, _shown(copy))


@router.get("/outgoing/{int:outgoing_id}/copy-foot", url_name="copy_foot")
def foot(request: HttpRequest, outgoing_id: int) -> HttpResponse:
    """The foot of a copy on paper, as PDF."""
    outgoing = _outgoing(request, outgoing_id)
    if not TrueCopy.objects.filter(outgoing=outgoing).exists():
        raise Http404
    return HttpResponse(copy_form(outgoing), content_type=PDF)


def _copy(request: HttpRequest, source: Source, body: CopyIn) -> Status[CopyOut]:
    made = make_copy(
        clerk=_actor(request),
        source=source,
        wanted=_wanted(request, body),
        request_key=body.request_key,
        at=timezone.now(),
    )
    return Status(201, _shown(made))


def _begin(request: HttpRequest, source: Source, body: CopyIn) -> Status[BegunOut]:
    wanted = _wanted(request, body)
    _begun, session = begin_copy(
        clerk=_actor(request), source=source, wanted=wanted, request_key=body.request_key
    )
    return Status(201, begun_out(session))


def _wanted(request: HttpRequest, body: CopyIn) -> WantedCopy:
    actor = _actor(request)
    leaders = {each.pk: each for each in who_decides(actor.unit_id, timezone.localdate())}
    if body.decided_by not in leaders:
        raise InvalidInput(_("Choose a leader of your own unit."), field="decided_by")
    return WantedCopy(
        kind=body.kind,
        decided_by=leaders[body.decided_by],
        pages=body.pages,
        recipients=[WantedRecipient(**each.dict()) for each in body.recipients],
    )


def _list(request: HttpRequest, source: Source) -> list[CopyOut]:
    return [_shown(each) for each in copies_of(source, _actor(request))[:COPIES_SHOWN]]


def _actor(request: HttpRequest) -> Appointment:
    actor: Appointment = request.appointment  # type: ignore[attr-defined]
    return actor


def _outgoing(request: HttpRequest, outgoing_id: int) -> Outgoing:
    visible = outgoing_visible_to(_actor(request)).select_related("unit__parent")
    return found_among(visible, outgoing_id)


def _shown(copy: Outgoing) -> CopyOut:
    document = copy.document
    return CopyOut(
        id=copy.pk,
        kind=CopyKind(document.copy_kind),
        code=document.code,
        issued_date=document.issued_date,
        subject=document.subject,
        state=OutgoingState(Outgoing.objects.values_list("state", flat=True).get(pk=copy.pk)),
        sha256=document.content_id,
    )

"""Who initials and signs a letter, what waits, and the files that go with it, for programs."""

from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from dinh.documents.enums import IncomingState, StepKind, StepState
from dinh.documents.models import Attachment, Document, Step
from dinh.documents.operations.receiving_several import register_several
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import letters_to_issue, letters_to_sign
from dinh.documents.rest_outgoing import PAGE, OutgoingOut, actor_of, opened, shown, visible
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.storage.api import blob_response

router = Router(tags=["outgoing"])


class StepOut(Schema):
    """One person's step; `signed` tells a digital signature from a mere passing on."""

    kind: StepKind
    state: StepState
    appointment: int
    person: str
    position: str
    decided_at: datetime | None
    signed: bool
    comment: str


class FileOut(Schema):
    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    is_annex: bool


class ChosenArrivals(Schema):
    ids: list[int]


class RegisteredOut(Schema):
    """`number` is the incoming number, null with the reason in `refusal`."""

    id: int
    number: int | None
    refusal: str


@router.get("/outgoing/to-sign", response=list[OutgoingOut])
def to_sign(request: HttpRequest) -> list[OutgoingOut]:
    """The first 50 letters that wait for the caller's initials or signature, the most urgent first."""
    return [shown(each) for each in letters_to_sign(actor_of(request))[:PAGE]]


@router.get("/outgoing/to-issue", response=list[OutgoingOut])
def to_issue(request: HttpRequest) -> list[OutgoingOut]:
    """The first 50 letters that wait for the clerk: number, seal, dispatch."""
    return [shown(each) for each in letters_to_issue(actor_of(request))[:PAGE]]


@router.get("/outgoing/{int:outgoing_id}/path", response=list[StepOut])
def path(request: HttpRequest, outgoing_id: int) -> list[StepOut]:
    """The drafting path of a letter, in order."""
    steps = visible(request, outgoing_id).steps
    return [_step(each) for each in steps.select_related("appointment__person", "appointment__position")]


@router.get("/outgoing/{int:outgoing_id}/files", response=list[FileOut])
def outgoing_files(request: HttpRequest, outgoing_id: int) -> list[FileOut]:
    """Annexes and attachments of a letter."""
    return _files(opened(request, outgoing_id).document)


@router.get("/outgoing/{int:outgoing_id}/files/{int:file_id}", url_name="outgoing_file")
def outgoing_file(request: HttpRequest, outgoing_id: int, file_id: int) -> HttpResponseBase:
    """One of them, with ranges."""
    return _file(request, opened(request, outgoing_id).document, file_id)


@router.get("/incoming/{int:incoming_id}/files", response=list[FileOut], tags=["incoming"])
def incoming_files(request: HttpRequest, incoming_id: int) -> list[FileOut]:
    """Annexes and attachments of a letter that arrived; 404 once recalled."""
    return _files(_arrived(request, incoming_id))


@router.get("/incoming/{int:incoming_id}/files/{int:file_id}", url_name="incoming_file", tags=["incoming"])
def incoming_file(request: HttpRequest, incoming_id: int, file_id: int) -> HttpResponseBase:
    """One of them, with ranges."""
    return _file(request, _arrived(request, incoming_id), file_id)


@router.post("/incoming/register", response=list[RegisteredOut], tags=["incoming"])
def register_chosen(request: HttpRequest, body: ChosenArrivals) -> list[RegisteredOut]:
    """Register several arrivals in the given order, each by itself."""
    if len(body.ids) > PAGE:
        raise InvalidInput(_("Register at most 50 documents in one go."), field="ids")
    outcomes = register_several(incoming_ids=body.ids, actor=actor_of(request), at=timezone.now())
    return [RegisteredOut(id=each.incoming_id, number=each.number, refusal=each.refusal) for each in outcomes]


def _arrived(request: HttpRequest, incoming_id: int) -> Document:
    incoming = get_incoming(incoming_id, actor_of(request))
    if incoming.state == IncomingState.RECALLED:
        raise NotFound(_("There is no such document here. Go back to the list."))
    return incoming.document


def _files(document: Document) -> list[FileOut]:
    return [
        FileOut(
            id=each.pk,
            name=each.name,
            media_type=each.blob.media_type,
            size=each.blob.size,
            sha256=each.blob_id,
            is_annex=each.is_annex,
        )
        for each in document.attachments.select_related("blob")
    ]


def _file(request: HttpRequest, document: Document, file_id: int) -> HttpResponseBase:
    found: Attachment | None = document.attachments.filter(pk=file_id).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return blob_response(request, found.blob_id, filename=found.name)


def _step(step: Step) -> StepOut:
    return StepOut(
        kind=StepKind(step.kind),
        state=StepState(step.state),
        appointment=step.appointment_id,
        person=step.appointment.person.full_name,
        position=step.appointment.position.name,
        decided_at=step.decided_at,
        signed=step.signed,
        comment=step.comment,
    )

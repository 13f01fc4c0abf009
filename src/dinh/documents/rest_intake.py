"""Letters on paper and by e-mail, for programs (scanning stations)."""

from datetime import date, datetime
from typing import Annotated, BinaryIO, Literal, cast
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.letters import render_arrival_stamp
from dinh.documents.models import Incoming, Intake
from dinh.documents.operations.intake import PaperLetter, arrival_stamp, correct_taken_in, keep_scan, take_in
from dinh.documents.operations.later_scans import scan_incoming
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.rules import may_keep_books
from dinh.kernel.errors import NotPermitted
from dinh.kernel.rest import NO_NUL
from dinh.storage.api import PDF, blob_response

Text = Annotated[str, Field(pattern=NO_NUL)]
router = Router(tags=["intake"])


class PaperLetterIn(Schema):
    """
    What stands on the letter; `issuer_id` of a unit of the province, or `issuer_name` of anybody else.

    A repeated `request_key` (or header `Idempotency-Key`) answers with what the first request registered.
    `despite_duplicate`: register although a letter of the same issuer, number and date is here.
    """

    channel: Literal["paper", "email"] = "paper"
    issuer_id: int | None = None
    issuer_name: str = ""
    code: str = ""
    issued_date: date | None = None
    type_code: str = "CV"
    subject: str = ""
    urgency: int = 0
    secrecy: int = 0
    signer_name: str = ""
    signer_position: str = ""
    page_count: int | None = None
    reply_due_date: date | None = None
    request_key: str = ""
    despite_duplicate: bool = False


class CorrectionIn(Schema):
    """What stands on the letter, all of it, and why it is corrected; `issuer_id` or `issuer_name` as when taken in."""

    issuer_id: int | None = None
    issuer_name: Text = ""
    code: Text = ""
    issued_date: date | None = None
    type_code: Text = "CV"
    subject: Text
    urgency: int = 0
    signer_name: Text = ""
    signer_position: Text = ""
    page_count: int | None = None
    reply_due_date: date | None = None
    reason: Text


class IntakeOut(Schema):
    """`id` of the incoming document; `prepared_at` is null until the scan is stamped and read."""

    id: int
    number: int | None
    book_id: int | None
    registered_at: datetime | None
    file_name: str
    original_sha256: str | None
    stamped_sha256: str | None
    prepared_at: datetime | None
    text_note: str


@router.post("/incoming/intake", response={201: IntakeOut})
def take(
    request: HttpRequest, letter: Form[PaperLetterIn], file: File[UploadedFile | None] = None
) -> Status[IntakeOut]:
    """Write a letter down and register it; `file` is its scan: PDF, JPEG, PNG or TIFF."""
    clerk, given = _actor(request), letter.dict()
    given_key, despite = given.pop("request_key"), given.pop("despite_duplicate")
    key = given_key or request.headers.get("Idempotency-Key", "")[:64] or uuid4().hex
    if not may_keep_books(clerk, clerk.unit_id):
        raise NotPermitted(_("Only a clerk of the unit registers documents."))
    scan = keep_scan(stream=cast("BinaryIO", file.file), name=file.name or "") if file else None
    incoming = take_in(
        clerk=clerk,
        letter=PaperLetter(**given),
        scan=scan,
        request_key=key,
        at=timezone.now(),
        despite_duplicate=despite,
    )
    return Status(201, _shown(Intake.objects.select_related("incoming").get(incoming=incoming)))


@router.get("/incoming/{int:incoming_id}/intake", response=IntakeOut)
def read(request: HttpRequest, incoming_id: int) -> IntakeOut:
    """How a letter on paper was taken in; 404 for what came electronically."""
    return _shown(_intake(request, incoming_id))


@router.post("/incoming/{int:incoming_id}/intake/correct", response=IntakeOut)
def correct(request: HttpRequest, incoming_id: int, body: CorrectionIn) -> IntakeOut:
    """Correct what was written down; number, channel and secrecy stay."""
    given = body.dict()
    reason = given.pop("reason")
    correct_taken_in(
        clerk=_actor(request),
        incoming_id=incoming_id,
        letter=PaperLetter(**given),
        reason=reason,
        at=timezone.now(),
    )
    return _shown(_intake(request, incoming_id))


@router.get("/incoming/{int:incoming_id}/scan")
def original(request: HttpRequest, incoming_id: int) -> HttpResponseBase:
    """The scan as it was uploaded."""
    intake = _intake(request, incoming_id)
    return _file(request, intake.original_id, intake.file_name)


@router.post("/incoming/{int:incoming_id}/scan", response=IntakeOut)
def bring_scan(request: HttpRequest, incoming_id: int, file: File[UploadedFile]) -> IntakeOut:
    """The scan of a letter that was registered without one: PDF, JPEG, PNG or TIFF."""
    clerk = _actor(request)
    _intake(request, incoming_id)
    if not may_keep_books(clerk, clerk.unit_id):
        raise NotPermitted(_("Only a clerk of the unit registers documents."))
    scan = keep_scan(stream=cast("BinaryIO", file.file), name=file.name or "")
    scan_incoming(clerk=clerk, incoming_id=incoming_id, scan=scan, at=timezone.now())
    return _shown(_intake(request, incoming_id))


@router.get("/incoming/{int:incoming_id}/stamped")
def stamped(request: HttpRequest, incoming_id: int) -> HttpResponseBase:
    """The copy of the scan with the ĐẾN stamp."""
    intake = _intake(request, incoming_id)
    return _file(request, intake.stamped_id, f"{intake.incoming.number}.pdf")


@router.get("/incoming/{int:incoming_id}/stamp")
def stamp(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """The ĐẾN stamp alone on a sheet, to be printed on the paper."""
    incoming = get_incoming(incoming_id, _actor(request))
    if incoming.number is None or incoming.state == IncomingState.RECALLED:
        raise Http404
    return HttpResponse(render_arrival_stamp(arrival_stamp(incoming)), content_type=PDF)


def _actor(request: HttpRequest) -> Appointment:
    actor: Appointment = request.appointment  # type: ignore[attr-defined]
    return actor


def _intake(request: HttpRequest, incoming_id: int) -> Intake:
    incoming = get_incoming(incoming_id, _actor(request))
    intake = Intake.objects.select_related("incoming").filter(incoming_id=incoming.pk).first()
    if intake is None:
        raise Http404
    return intake


def _file(request: HttpRequest, sha256: str | None, name: str) -> HttpResponseBase:
    if sha256 is None:
        raise Http404
    return blob_response(request, sha256, filename=name)


def _shown(intake: Intake) -> IntakeOut:
    incoming: Incoming = intake.incoming
    return IntakeOut(
        id=incoming.pk,
        number=incoming.number,
        book_id=incoming.book_id,
        registered_at=incoming.registered_at,
        file_name=intake.file_name,
        original_sha256=intake.original_id,
        stamped_sha256=intake.stamped_id,
        prepared_at=intake.prepared_at,
        text_note=intake.text_note,
    )

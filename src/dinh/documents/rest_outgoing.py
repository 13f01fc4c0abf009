"""Documents on their way out, for programs. Every act answers with the document as it stands then."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, BinaryIO, Literal, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, File, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.audit.api import note_access
from dinh.directory.models import Appointment
from dinh.directory.rules import administers_anything
from dinh.documents.enums import OutgoingState
from dinh.documents.forms.scans import scan_of, scan_token
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import pass_initial, return_draft, submit_draft, withdraw_draft
from dinh.documents.operations.counterparty import seal_as_party, take_in_from_party
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.intake import KeptScan, keep_scan
from dinh.documents.operations.issuing import issue_document
from dinh.documents.operations.later_scans import scan_outgoing
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.on_paper import PaperLetter, issue_on_paper, register_on_paper
from dinh.documents.operations.proving import try_proofs_again
from dinh.documents.operations.sealing import seal_document
from dinh.documents.operations.signing import sign_several, sign_step
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.outgoing import (
    OutgoingFilter,
    found_among,
    outgoing_box,
    outgoing_open_to,
    outgoing_visible_to,
)
from dinh.documents.queries.people import staff_of
from dinh.documents.queries.proofs import letters_awaiting_proofs, units_awaiting_proofs, with_proofs
from dinh.documents.registers.lists import outgoing_file
from dinh.documents.rest_drafting import FormIn, RecipientIn, form_from, wanted_from
from dinh.documents.rules import may_keep_books, may_number, sees_awaited_proofs
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.kernel.rest import NO_NUL
from dinh.storage.api import blob_response

PAGE = 50
router = Router(tags=["outgoing"])


class OutgoingOut(Schema):
    """
    A letter; `code` is its number and notation, empty until numbered; `void_reason` why its number was voided;
    `replaces` the letter in whose place it stands; `letter_sha256` of its file as signed or
    scanned, null while it is a draft or kept on paper.
    """

    id: int
    state: OutgoingState
    type_code: str
    code: str
    issued_date: date | None
    subject: str
    urgency: int
    secrecy: int
    signer: str
    void_reason: str
    replaces: int | None
    letter_sha256: str | None
    signed_at: datetime | None
    numbered_at: datetime | None
    sealed_at: datetime | None
    issued_at: datetime | None
    updated_at: datetime


class OutgoingPage(Schema):
    count: int
    items: list[OutgoingOut]


class Reason(Schema):
    reason: str


class Dated(Schema):
    """The date that the letter bears; today where none is given."""

    dated: date | None = None


class Chosen(Schema):
    ids: list[int]


class SignedOut(Schema):
    id: int
    refusal: str


@router.get("/outgoing", response=OutgoingPage)
def list_outgoing(
    request: HttpRequest,
    state: OutgoingState | None = None,
    q: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    sort: Literal["changed", "-changed", "number", "-number", "dated", "-dated"] = "changed",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> dict[str, object]:
    """What the caller may see of its unit's letters, filtered and ordered as the page does, 50 a page."""
    wanted = OutgoingFilter(state=state or "", words=q, order=sort)
    found = Paginator(outgoing_box(actor_of(request), wanted), PAGE).get_page(page)
    return {"count": found.paginator.count, "items": [shown(row) for row in found]}


class AwaitedLetterOut(Schema):
    """`notes`: what the letter or an annex of it still lacks, in words."""

    id: int
    code: str
    since: datetime
    next_try_at: datetime
    notes: list[str]


class AwaitedOut(Schema):
    """`letters`: the clerk's, the first fifty; `units`: an administrator's counts by unit id."""

    count: int
    letters: list[AwaitedLetterOut]
    units: dict[int, int]


class RetriedOut(Schema):
    """How many files are tried again now."""

    files: int


@router.get("/outgoing/awaited-proofs", response=AwaitedOut)
def awaited(request: HttpRequest) -> AwaitedOut:
    """Signed letters that lack a timestamp or revocation answers, since a server was silent."""
    own = _proofs_seer(request)
    found = letters_awaiting_proofs(own)
    units = units_awaiting_proofs(own) if administers_anything(own) else []
    letters = [
        AwaitedLetterOut(
            id=each.outgoing.pk,
            code=each.outgoing.document.code,
            since=each.since,
            next_try_at=min(proof.next_try_at for proof in each.proofs),
            notes=[note for proof in each.proofs for note in proof.notes],
        )
        for each in with_proofs(list(found.order_by("sealed_at", "pk")[:PAGE]))
    ]
    return AwaitedOut(
        count=found.count(), letters=letters, units={each.unit.pk: each.letters for each in units}
    )


@router.post("/outgoing/awaited-proofs/retry", response=RetriedOut)
def retry_proofs(request: HttpRequest) -> RetriedOut:
    """Ask the servers again now, for all that one sees."""
    return RetriedOut(files=try_proofs_again(actor=_proofs_seer(request), at=timezone.now()))


def _proofs_seer(request: HttpRequest) -> Appointment:
    actor = actor_of(request)
    if not sees_awaited_proofs(actor):
        raise NotFound(_("There is no such document."))
    return actor


@router.get("/outgoing.{ending}", url_name="outgoing_list_file")
def outgoing_as_file(
    request: HttpRequest,
    ending: Literal["pdf", "docx", "xlsx"],
    state: OutgoingState | None = None,
    q: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    sort: Literal["changed", "-changed", "number", "-number", "dated", "-dated"] = "changed",
) -> HttpResponseBase:
    """The list as a file, with the same filters, all its pages."""
    actor = actor_of(request)
    wanted = OutgoingFilter(state=state or "", words=q, order=sort)
    return outgoing_file(outgoing_box(actor, wanted), unit=actor.unit, ending=ending)


@router.get("/outgoing/{int:outgoing_id}", response=OutgoingOut)
def read_outgoing(request: HttpRequest, outgoing_id: int) -> OutgoingOut:
    """One letter."""
    outgoing = opened(request, outgoing_id)
    note_access(target=outgoing, actor=actor_of(request), what="page", at=timezone.now())
    return shown(outgoing)


@router.get("/outgoing/{int:outgoing_id}/letter", url_name="outgoing_letter")
def letter(request: HttpRequest, outgoing_id: int) -> HttpResponseBase:
    """The PDF as signed so far, or as last laid out."""
    outgoing = opened(request, outgoing_id)
    last = outgoing.versions.last()
    content = outgoing.document.content_id or (last.pdf_id if last else None)
    if content is None:
        raise NotFound(_("The text is not laid out yet. Lay it out, then submit again."))
    note_access(target=outgoing, actor=actor_of(request), what="file", at=timezone.now())
    return blob_response(request, content, filename=f"{outgoing.pk}.pdf", inline=False)


class PaperLetterIn(Schema):
    """
    A letter signed by hand; `signer` is an appointment of the unit. `request_key` makes it safe to repeat; `scan`:
    as `/outgoing/scans` answered.
    """

    type_code: str
    subject: str
    signer: int
    dated: date
    recipients: list[RecipientIn] = Field(default_factory=list, max_length=1000)
    secrecy: int = 0
    urgency: int = 0
    form: FormIn = Field(default_factory=FormIn)
    request_key: UUID | None = None
    scan: str = ""


class ScanOut(Schema):
    """`scan`: names the upload for a day, for whom uploaded it; `dpi`: 0 where it is not known."""

    scan: str
    pages: int
    dpi: int


@router.post("/outgoing/scans", response={201: ScanOut})
def upload_scan(request: HttpRequest, file: File[UploadedFile]) -> Status[ScanOut]:
    """Upload the scan of a letter that is then registered by `/outgoing/on-paper`: PDF, JPEG, PNG or TIFF."""
    clerk = actor_of(request)
    if not may_keep_books(clerk, clerk.unit_id):
        raise NotPermitted(_("Only a clerk of the unit gives numbers."))
    scan = keep_scan(stream=cast("BinaryIO", file.file), name=file.name or "")
    return Status(201, ScanOut(scan=scan_token(scan, clerk_id=clerk.pk), pages=scan.pages, dpi=scan.dpi))


@router.post("/outgoing/on-paper", response={201: OutgoingOut})
def register_paper(request: HttpRequest, body: PaperLetterIn) -> Status[OutgoingOut]:
    """Give a letter that was signed by hand its number; it stands as issued on paper."""
    clerk = actor_of(request)
    outgoing = register_on_paper(
        clerk=clerk,
        letter=_paper_letter(body, clerk),
        scan=_scan_named(body.scan, clerk),
        at=timezone.now(),
        request_key=body.request_key,
    )
    return Status(201, shown(outgoing))


def _scan_named(token: str, clerk: Appointment) -> KeptScan | None:
    scan = scan_of(token, clerk_id=clerk.pk)
    if token and scan is None:
        raise InvalidInput(_("Upload the scan again."), field="scan")
    return scan


def _paper_letter(body: PaperLetterIn, clerk: Appointment) -> PaperLetter:
    people = staff_of([clerk.unit_id], timezone.localdate()).select_related("unit")
    signer = people.filter(pk=body.signer).first()
    if signer is None:
        raise InvalidInput(_("Choose people of your own unit."), field="signer")
    return PaperLetter(
        type_code=body.type_code,
        subject=body.subject,
        signer=signer,
        dated=body.dated,
        recipients=wanted_from(body.recipients),
        secrecy=body.secrecy,
        urgency=body.urgency,
        form=form_from(body.form),
    )


@router.post("/outgoing/{int:outgoing_id}/scan", response=OutgoingOut)
def bring_scan(request: HttpRequest, outgoing_id: int, file: File[UploadedFile]) -> OutgoingOut:
    """The scan of a letter that was registered on paper: PDF, JPEG, PNG or TIFF."""
    refused = NotPermitted(_("Only a clerk of the unit brings the scan of a letter on paper."))
    clerk, scan = _brought(request, outgoing_id, file, refused=refused)
    scan_outgoing(clerk=clerk, outgoing_id=outgoing_id, scan=scan, at=timezone.now())
    return shown(visible(request, outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/party", response=OutgoingOut)
def take_in_party(request: HttpRequest, outgoing_id: int, file: File[UploadedFile]) -> OutgoingOut:
    """
    What the other party of an agreement, from outside the province, sent back: the PDF with its signature added, or the
    scan of the paper that it signed (PDF, JPEG, PNG or TIFF).
    """
    refused = NotPermitted(_("Only a clerk of the unit accepts what the other party signed."))
    clerk, scan = _brought(request, outgoing_id, file, refused=refused)
    take_in_from_party(clerk=clerk, outgoing_id=outgoing_id, scan=scan, at=timezone.now())
    return shown(visible(request, outgoing_id))


def _brought(
    request: HttpRequest, outgoing_id: int, file: UploadedFile, *, refused: NotPermitted
) -> tuple[Appointment, KeptScan]:
    """The clerk, and the file, which nobody else may even send."""
    clerk = actor_of(request)
    if not may_number(clerk, visible(request, outgoing_id)):
        raise refused
    return clerk, keep_scan(stream=cast("BinaryIO", file.file), name=file.name or "")


@router.post("/outgoing/sign", response=list[SignedOut])
def sign_chosen(request: HttpRequest, body: Chosen) -> list[SignedOut]:
    """Sign several letters that wait for the caller; each by itself, `refusal` is empty where signed."""
    if len(body.ids) > PAGE:
        raise InvalidInput(_("Sign at most 50 letters in one go."), field="ids")
    outcomes = sign_several(outgoing_ids=body.ids, actor=actor_of(request))
    return [SignedOut(id=each.outgoing_id, refusal=each.refusal) for each in outcomes]


@router.post("/outgoing/{int:outgoing_id}/return", response=OutgoingOut)
def return_outgoing(request: HttpRequest, outgoing_id: int, body: Reason) -> OutgoingOut:
    """Give a letter back to its drafter, with the reason."""
    letter = shown(opened(request, outgoing_id))
    returned = return_draft(
        outgoing_id=outgoing_id, actor=actor_of(request), reason=body.reason, at=timezone.now()
    )
    # Whom the other party returned it to is seen by its own unit alone.
    return letter.model_copy(update={"state": OutgoingState(returned.state), "letter_sha256": None})


@router.post("/outgoing/{int:outgoing_id}/number", response=OutgoingOut)
def number_outgoing(request: HttpRequest, outgoing_id: int, body: Dated) -> OutgoingOut:
    """Give a signed letter its number and date."""
    at = timezone.now()
    number_document(
        clerk=actor_of(request),
        outgoing_id=outgoing_id,
        dated=body.dated or timezone.localdate(at),
        at=at,
    )
    return shown(visible(request, outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/issue", response=OutgoingOut)
def issue_outgoing(request: HttpRequest, outgoing_id: int, body: Dated) -> OutgoingOut:
    """Number, seal and send a signed letter, from wherever it stands."""
    at = timezone.now()
    issue_document(
        clerk=actor_of(request),
        outgoing_id=outgoing_id,
        dated=body.dated or timezone.localdate(at),
        at=at,
    )
    return shown(visible(request, outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/void", response=OutgoingOut)
def void_outgoing(request: HttpRequest, outgoing_id: int, body: Reason) -> OutgoingOut:
    """Void the number of a letter not yet issued."""
    void_number(clerk=actor_of(request), outgoing_id=outgoing_id, reason=body.reason)
    return shown(visible(request, outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/{act}", response=OutgoingOut)
def act_on_outgoing(
    request: HttpRequest, outgoing_id: int, act: Annotated[str, Path(pattern="^[a-z]+$")]
) -> OutgoingOut:
    """
    `submit`, `withdraw`, `pass`, `sign`, `counterseal`, `seal`, `send` or `paper`; a repeated act changes nothing or
    says so.
    """
    if act not in ACTS:
        raise NotFound(_("There is no such document."))
    ACTS[act](actor_of(request), outgoing_id)
    return shown(opened(request, outgoing_id))


def _submit(actor: Appointment, outgoing_id: int) -> None:
    submit_draft(outgoing_id=outgoing_id, drafter=actor, at=timezone.now())


def _pass(actor: Appointment, outgoing_id: int) -> None:
    pass_initial(outgoing_id=outgoing_id, actor=actor, at=timezone.now())


def _sign(actor: Appointment, outgoing_id: int) -> None:
    sign_step(outgoing_id=outgoing_id, actor=actor)


def _seal(actor: Appointment, outgoing_id: int) -> None:
    seal_document(clerk=actor, outgoing_id=outgoing_id)


def _counterseal(actor: Appointment, outgoing_id: int) -> None:
    seal_as_party(clerk=actor, outgoing_id=outgoing_id)


def _send(actor: Appointment, outgoing_id: int) -> None:
    key = f"issue-{outgoing_id}"
    dispatch_document(outgoing_id=outgoing_id, actor=actor, request_key=key, at=timezone.now())


def _withdraw(actor: Appointment, outgoing_id: int) -> None:
    withdraw_draft(outgoing_id=outgoing_id, drafter=actor, at=timezone.now())


def _paper(actor: Appointment, outgoing_id: int) -> None:
    issue_on_paper(clerk=actor, outgoing_id=outgoing_id, at=timezone.now())


ACTS: dict[str, Callable[[Appointment, int], None]] = {
    "submit": _submit,
    "pass": _pass,
    "sign": _sign,
    "counterseal": _counterseal,
    "seal": _seal,
    "send": _send,
    "withdraw": _withdraw,
    "paper": _paper,
}


def actor_of(request: HttpRequest) -> Appointment:
    """In whose position the caller acts."""
    actor = request.appointment  # type: ignore[attr-defined]
    assert isinstance(actor, Appointment)  # noqa: S101 both ways to sign in set it
    return actor


def visible(request: HttpRequest, outgoing_id: int) -> Outgoing:
    """A letter of the caller's unit that the caller sees. :raises NotFound: missing or not visible"""
    return found_among(outgoing_visible_to(actor_of(request)), outgoing_id)


def opened(request: HttpRequest, outgoing_id: int) -> Outgoing:
    """The same, or an agreement with the caller's unit as its other party. :raises NotFound: missing or not open"""
    return found_among(outgoing_open_to(actor_of(request)), outgoing_id)


def shown(outgoing: Outgoing) -> OutgoingOut:
    """A letter as every call answers it."""
    document = outgoing.document
    return OutgoingOut(
        id=outgoing.pk,
        state=OutgoingState(outgoing.state),
        type_code=document.type_code,
        code=document.code,
        issued_date=document.issued_date,
        subject=document.subject,
        urgency=document.urgency,
        secrecy=document.secrecy,
        signer=document.signer_name,
        void_reason=outgoing.void_reason,
        replaces=outgoing.replaces_id,
        letter_sha256=document.content_id,
        signed_at=outgoing.signed_at,
        numbered_at=outgoing.numbered_at,
        sealed_at=outgoing.sealed_at,
        issued_at=outgoing.issued_at,
        updated_at=outgoing.updated_at,
    )

"""Signatures, for programs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.audit.api import trace_of
from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.signing import rest_custody
from dinh.signing.exports import list_of_credentials
from dinh.signing.forms import holder_of_code, uploaded_pdf
from dinh.signing.models import Credential, CredentialState
from dinh.signing.operations.credentials import (
    MAX_CERTIFICATE_BYTES,
    MAX_IMAGE_BYTES,
    NewCredential,
    register_credential,
    replace_image,
    resume_credential,
    revoke_credential,
    suspend_credential,
)
from dinh.signing.queries.credentials import (
    credentials_matching,
    credentials_visible_to,
    image_seen,
    own_credentials,
)
from dinh.signing.queries.verdicts import holder_in
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import blob_response

PAGE = 50

router = Router(tags=["signing"])
router.add_router("", rest_custody.router)


@router.post("/signing/verify", url_name="verify_signatures")
def verify_signatures(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """Judge the signatures of a PDF (multipart field `file`); nothing of it is kept."""
    return verification_of(pdf=uploaded_pdf(file), offline=False).as_json()


class CredentialOut(Schema):
    """A registered certificate. `fingerprint` is SHA-256 in hex; exactly one of `person_id` and `unit_id` is set."""

    id: int
    person_id: int | None
    unit_id: int | None
    holder: str
    subject_name: str
    issuer_name: str
    serial_number: str
    fingerprint: str
    provider: str
    valid_from: datetime
    valid_to: datetime
    state: CredentialState
    has_image: bool


class CredentialPage(Schema):
    count: int
    page: int
    items: list[CredentialOut]


class HappenedOut(Schema):
    """One line of a certificate's trace; `action` as in the log."""

    action: str
    at: datetime
    person: str
    reason: str


class CredentialDetail(CredentialOut):
    """With its trace, the oldest first."""

    trace: list[HappenedOut]


class Why(Schema):
    reason: str


@router.get("/signing/credentials.{ending}")
def credentials_file(
    request: HttpRequest, ending: Literal["pdf", "docx", "xlsx"], q: str = "", state: str = ""
) -> HttpResponseBase:
    """The list as a file, with the filters of `/signing/credentials`, of what the caller sees there."""
    return list_of_credentials(_own(request), words=q, state=state, ending=ending, at=timezone.now())


@router.get("/signing/credentials", response=CredentialPage)
def list_credentials(request: HttpRequest, q: str = "", state: str = "", page: int = 1) -> CredentialPage:
    """Certificates that the appointment keeps, or one's own; `state` may be `expiring` (within 30 days)."""
    rows = credentials_visible_to(_own(request))
    return _page(credentials_matching(rows, text=q, state=state, at=timezone.now()), page)


@router.get("/signing/credentials/mine", response=CredentialPage)
def list_own_credentials(request: HttpRequest, page: int = 1) -> CredentialPage:
    return _page(own_credentials(_own(request)), page)


@router.get("/signing/credentials/{int:credential_id}", response=CredentialDetail)
def read_credential(request: HttpRequest, credential_id: int) -> CredentialDetail:
    """One certificate that the caller sees, with what happened to it."""
    row = credentials_visible_to(_own(request)).filter(pk=credential_id).first()
    if row is None:
        raise NotFound(_("There is no such certificate."))
    trace = [
        HappenedOut(
            action=entry.action,
            at=entry.recorded_at,
            person=entry.person_name,
            reason=str(entry.details.get("reason") or ""),
        )
        for entry in trace_of(row)
    ]
    return CredentialDetail(trace=trace, **_credential(row).dict())


@router.post("/signing/credentials", response={201: CredentialOut})
def register(
    request: HttpRequest,
    certificate: File[UploadedFile],
    holder: Form[str],
    provider: Form[str],
    provider_ref: Form[str] = "",
    appearance: File[UploadedFile | None] = None,
) -> Status[CredentialOut]:
    """
    Register a certificate (PEM or DER) for the official or the unit of this code.

    `appearance`: PNG of the signature (blue) or the seal (red) with a transparent background.
    """
    person_id, unit_id = holder_of_code(holder)
    new = NewCredential(
        certificate=certificate.read(MAX_CERTIFICATE_BYTES + 1),
        provider=provider,
        person_id=person_id,
        unit_id=unit_id,
        provider_ref=provider_ref,
        appearance=appearance.read(MAX_IMAGE_BYTES + 1) if appearance else b"",
    )
    return Status(201, _credential(register_credential(new=new, actor=_own(request), at=timezone.now())))


@router.get("/signing/credentials/{credential_id}/image")
def credential_image(request: HttpRequest, credential_id: int) -> HttpResponseBase:
    """The image of the signature or the seal (PNG); 404 where there is none."""
    kept = image_seen(_own(request), credential_id)
    return blob_response(request, kept, filename="chu-ky.png", inline=True)


@router.post("/signing/credentials/{credential_id}/image", response=CredentialOut)
def new_image(request: HttpRequest, credential_id: int, appearance: File[UploadedFile]) -> CredentialOut:
    """Another image (PNG) for what is signed from now on."""
    data = appearance.read(MAX_IMAGE_BYTES + 1)
    return _credential(
        replace_image(credential_id=credential_id, image=data, actor=_own(request), at=timezone.now())
    )


@router.post("/signing/credentials/{credential_id}/suspend", response=CredentialOut)
def suspend(request: HttpRequest, credential_id: int, why: Why) -> CredentialOut:
    return _moved(suspend_credential, request, credential_id, why)


@router.post("/signing/credentials/{credential_id}/resume", response=CredentialOut)
def resume(request: HttpRequest, credential_id: int, why: Why) -> CredentialOut:
    return _moved(resume_credential, request, credential_id, why)


@router.post("/signing/credentials/{credential_id}/revoke", response=CredentialOut)
def revoke(request: HttpRequest, credential_id: int, why: Why) -> CredentialOut:
    return _moved(revoke_credential, request, credential_id, why)


def _moved(
    operation: Callable[..., Credential], request: HttpRequest, credential_id: int, why: Why
) -> CredentialOut:
    moved = operation(credential_id=credential_id, reason=why.reason, actor=_own(request), at=timezone.now())
    return _credential(moved)


def _page(rows: QuerySet[Credential], number: int) -> CredentialPage:
    at = Paginator(rows, PAGE).get_page(number)
    return CredentialPage(count=at.paginator.count, page=at.number, items=[_credential(row) for row in at])


def _credential(row: Credential) -> CredentialOut:
    names = [field for field in CredentialOut.model_fields if field not in ("holder", "has_image")]
    told = {name: getattr(row, name) for name in names}
    return CredentialOut(holder=holder_in(row).name, has_image=row.appearance_id is not None, **told)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

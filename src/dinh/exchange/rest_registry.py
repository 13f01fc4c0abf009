"""What the platform's keeper and the owners of systems register, for programs: members, certificates, catalogues."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.directory.models import Appointment
from dinh.exchange.forms import ITEMS_MAX_BYTES, read_items
from dinh.exchange.models import Member, ServiceVersion, System, SystemCertificate
from dinh.exchange.operations import credentials, services
from dinh.exchange.operations.dictionaries import publish_dictionary
from dinh.exchange.operations.disposal import order_disposal
from dinh.exchange.queries.registry import systems_visible_to, versions_visible_to
from dinh.exchange.rest_fields import Id, Text, own_of
from dinh.exchange.rules import keeps_exchange, looks_after
from dinh.kernel.errors import InvalidInput, NotFound

CERTIFICATE_MAX_BYTES = 64 * 1024
router = Router(tags=["exchange"])


class MemberIn(Schema):
    """`unit_id`: the unit of the province that it is, if one; the identifier is `instance/member_class/code`."""

    instance: Text
    member_class: Text
    code: Text
    name: Text
    unit_id: Id | None = None
    valid_from: date


class MemberOut(Schema):
    """`valid_to`: the last day, if one is set."""

    id: int
    identifier: str
    name: str
    state: str
    valid_from: date
    valid_to: date | None


class VersionOut(Schema):
    """`trial_url`: where calls with trial keys go; empty if the version cannot be tried."""

    id: int
    version: str
    state: str
    sunset_date: date | None
    trial_url: str


class SunsetIn(Schema):
    """`sunset_date`: the day from which callers must reckon with its end, if one is known."""

    sunset_date: date | None = None


class CertificateOut(Schema):
    id: int
    fingerprint: str
    subject_name: str
    issuer_name: str
    valid_from: datetime
    valid_to: datetime
    revoked_at: datetime | None


class DictionaryIn(Schema):
    """A known `code`: its next version."""

    code: Text
    name: Text
    legal_basis: Text = ""
    valid_from: date


class DictionaryOut(Schema):
    code: str
    version: int
    valid_from: date


class DisposalIn(Schema):
    """`upto`: number of the last volume that may go; `reason`: the decision that this rests on."""

    upto: int
    reason: Text


class DisposalOut(Schema):
    volumes: int


def member_out(row: Member) -> dict[str, Any]:
    """A member as programs see it."""
    return {name: getattr(row, name) for name in MemberOut.model_fields}


@router.get("/exchange/systems/{system_id}/certificates", response=list[CertificateOut])
def list_certificates(request: HttpRequest, system_id: int) -> list[SystemCertificate]:
    """Those of a system that the caller looks after, revoked ones too."""
    return list(_system(request, system_id).certificates.order_by("pk"))


@router.post("/exchange/systems/{system_id}/certificates", response={201: CertificateOut})
def add_certificate(
    request: HttpRequest, system_id: int, certificate: File[UploadedFile]
) -> Status[SystemCertificate]:
    """Register a certificate of a system, PEM or DER, at most 64 kB."""
    system = _system(request, system_id)
    made = credentials.add_certificate(
        system_id=system.pk,
        data=certificate.read(CERTIFICATE_MAX_BYTES + 1),
        actor=own_of(request),
        at=timezone.now(),
    )
    return Status(201, made)


@router.post("/exchange/systems/{system_id}/certificates/{certificate_id}/revoke", response={204: None})
def end_certificate(request: HttpRequest, system_id: int, certificate_id: int) -> Status[None]:
    """Trust it no longer."""
    credentials.revoke_certificate(
        system_id=_system(request, system_id).pk,
        certificate_id=certificate_id,
        actor=own_of(request),
        at=timezone.now(),
    )
    return Status(204, None)


@router.post("/exchange/versions/{version_id}/deprecate", response=VersionOut)
def deprecate(request: HttpRequest, version_id: int, given: SunsetIn) -> ServiceVersion:
    """Tell callers that a version will end; it still answers."""
    own = owner_of(request, version_id)
    return services.deprecate_version(
        version_id=version_id, sunset_date=given.sunset_date, actor=own, at=timezone.now()
    )


@router.post("/exchange/versions/{version_id}/retire", response=VersionOut)
def retire(request: HttpRequest, version_id: int) -> ServiceVersion:
    """Withdraw a version: it answers 404 from then on."""
    own = owner_of(request, version_id)
    return services.retire_version(version_id=version_id, actor=own, at=timezone.now())


@router.post("/exchange/dictionaries", response={201: DictionaryOut})
def publish(
    request: HttpRequest, given: Form[DictionaryIn], items: File[UploadedFile]
) -> Status[dict[str, Any]]:
    """
    Publish a shared catalogue from a day on; the platform's keeper's. `items`: CSV in UTF-8, code, name, then any
    columns, which the first line names; at most 10 MB.
    """
    own = keeper_of(request)
    if (items.size or 0) > ITEMS_MAX_BYTES:
        raise InvalidInput(_("The file is larger than 10 MB."), field="items")
    columns, rows = read_items(items.read())
    made = publish_dictionary(**given.dict(), columns=columns, items=rows, actor=own, at=timezone.now())
    return Status(201, {"code": made.dictionary.code, "version": made.number, "valid_from": made.valid_from})


@router.post("/exchange/archive/disposal", response=DisposalOut)
def dispose(request: HttpRequest, given: DisposalIn) -> dict[str, int]:
    """Let the archive's volumes go whose retention is over; the platform's keeper's."""
    return {
        "volumes": order_disposal(
            upto=given.upto, reason=given.reason, actor=own_of(request), at=timezone.now()
        )
    }


def keeper_of(request: HttpRequest) -> Appointment:
    """:raises NotFound: for everybody but the platform's keeper"""
    own = own_of(request)
    if not keeps_exchange(own):
        raise NotFound(_("There is no such page."))
    return own


def _system(request: HttpRequest, system_id: int) -> System:
    """A system that the caller looks after. :raises NotFound:"""
    own = own_of(request)
    system: System | None = systems_visible_to(own).filter(pk=system_id).first()
    if system is None or not looks_after(own, system):
        raise NotFound(_("There is no such system."))
    return system


def owner_of(request: HttpRequest, version_id: int) -> Appointment:
    """Who calls, if that is an owner of the version. :raises NotFound:"""
    own = own_of(request)
    version = versions_visible_to(own).filter(pk=version_id).first()
    if version is None or not looks_after(own, version.service.system):
        raise NotFound(_("There is no such version."))
    return own

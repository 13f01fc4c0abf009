"""Signing letters that are kept as blobs: what other modules may call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.errors import NotPermitted
from dinh.pki import api as pki
from dinh.signing.keys import PROVIDER, signer_of
from dinh.signing.models import Credential
from dinh.signing.models.credential import CredentialState
from dinh.signing.operations.timestamps import extend_pdf, timestamp_client
from dinh.signing.queries.verdicts import DocumentVerdict, SignatureSummary, verdict_of
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import PDF, read_blob, store_bytes

__all__ = [
    "DocumentVerdict", "ExtendedPdf", "SignatureSummary", "SignedPdf", "add_fields", "can_seal", "can_sign",
    "extend", "fill_text_fields", "has_valid_authorised_signature", "sign_pdf", "verdict_of",
]  # fmt: skip

_AUTHORISED = [Role.UNIT_HEAD, Role.UNIT_DEPUTY]


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """The kept result: its SHA-256, level ("B-B" or "B-T"), claimed time, and what could not be had."""

    sha256: str
    level: str
    signed_at: datetime
    notes: tuple[str, ...] = ()


def sign_pdf(
    *,
    sha256: str,
    field_name: str,
    as_: Literal["person", "unit"],
    appointment: Appointment,
    certify: bool = False,
    lock_fields: tuple[str, ...] = (),
) -> SignedPdf:
    """
    Sign a kept PDF in its field and keep the result. Never inside a transaction.

    With a timestamp where the timestamp server (DINH_TIMESTAMP_URL) gives one; else without, and a note.

    :param as_: with the person's own certificate, or with the seal of the appointment's unit
    :raises NotPermitted: if the appointment has no usable certificate of that kind
    :raises PkiError, InvalidInput: as `dinh.pki.api.sign`
    """
    with transaction.atomic(durable=True):
        credential = _person_credential(appointment) if as_ == "person" else _unit_credential(appointment)
    if credential is None:
        raise NotPermitted(_refusal(as_))
    moment = timezone.now()
    image = pki.ImageAppearance(read_blob(credential.appearance_id)) if credential.appearance_id else None
    signed = pki.sign(
        pdf=read_blob(sha256),
        field=field_name,
        signer=signer_of(credential.fingerprint),
        claims=pki.SignatureClaims(claimed_at=moment, name=credential.subject_name),
        appearance=image,
        certify=certify,
        locks=lock_fields,
        timestamp=timestamp_client(),
    )
    return SignedPdf(_keep(signed.pdf), signed.level, moment, signed.notes)


@dataclass(frozen=True, slots=True)
class ExtendedPdf:
    """The kept result: its SHA-256 (the same where nothing could be added), and what could not be had."""

    sha256: str
    notes: tuple[str, ...] = ()


def extend(*, sha256: str) -> ExtendedPdf:
    """
    Add to a kept, signed PDF what proves its signatures years later: a timestamp where signing had none, and
    revocation answers (B-LT). The signatures stay as they are. For a task, never inside a transaction: it asks
    authorities over the net. Safe to repeat; run it again later while `notes` is not empty.

    :raises UnreadablePdf: if the PDF cannot be read
    """
    extended = extend_pdf(pdf=read_blob(sha256), at=timezone.now())
    return ExtendedPdf(_keep(extended.pdf), extended.notes)


def add_fields(*, sha256: str, fields: Sequence[pki.FieldSpec]) -> str:
    """SHA-256 of the kept PDF with these empty fields added; errors as `dinh.pki.api.add_fields`."""
    return _keep(pki.add_fields(pdf=read_blob(sha256), fields=fields))


def fill_text_fields(
    *, sha256: str, values: Mapping[str, str], font: Path, fonts: Mapping[str, Path] | None = None
) -> str:
    """SHA-256 of the kept letter with these text fields filled; as `dinh.pki.api.fill_text_fields`."""
    return _keep(pki.fill_text_fields(pdf=read_blob(sha256), values=values, font=font, fonts=fonts))


def has_valid_authorised_signature(*, sha256: str, unit_id: int) -> bool:
    """
    Whether a head or deputy of the unit has signed, by a registered certificate in use of a trusted
    authority, and nothing forbidden was changed since. Does not ask authorities over the net: where the
    file does not prove that the certificate was not revoked, its state in the registry decides.
    """
    report = verification_of(pdf=read_blob(sha256), offline=True)
    return any(_is_sound(item) and _is_authorised(item, unit_id) for item in report.signatures)


def can_sign(appointment: Appointment) -> bool:
    """Whether the person of the appointment has a certificate in use."""
    return _person_credential(appointment) is not None


def can_seal(appointment: Appointment) -> bool:
    """Whether the appointment is that of a clerk whose unit has a seal in use."""
    return _unit_credential(appointment) is not None


def _person_credential(appointment: Appointment) -> Credential | None:
    return _usable(appointment, Q(person_id=appointment.person_id))


def _unit_credential(appointment: Appointment) -> Credential | None:
    if not appointment.has_role(Role.CLERK):
        return None
    return _usable(appointment, Q(unit_id=appointment.unit_id))


def _usable(appointment: Appointment, holder: Q) -> Credential | None:
    if not appointment.is_current(timezone.localdate()):
        return None
    now = timezone.now()
    valid = Q(state=CredentialState.ACTIVE, provider=PROVIDER, valid_from__lte=now, valid_to__gte=now)
    return Credential.objects.filter(holder & valid).order_by("-valid_from", "-pk").first()


def _refusal(as_: Literal["person", "unit"]) -> str:
    if as_ == "person":
        return _("You have no certificate in use. Ask the administrator to register one.")
    return _("Only a clerk may seal, and only with a seal of the unit that is in use.")


def _is_sound(report: pki.SignatureReport) -> bool:
    # Revocation cannot be asked offline; the state of the credential in the registry stands in for it.
    grave = {r.code for r in report.reasons if r.severity in (pki.Severity.DOUBT, pki.Severity.FAILURE)}
    return (
        grave <= {"revocation.unknown"}
        and report.integrity is pki.Integrity.INTACT
        and report.trust in (pki.Trust.TRUSTED, pki.Trust.UNKNOWN)
        and report.later_changes in (pki.LaterChanges.NONE, pki.LaterChanges.PERMITTED)
    )


def _is_authorised(report: pki.SignatureReport, unit_id: int) -> bool:
    if report.signer is None or report.signed_at is None:
        return False
    person = Credential.objects.filter(
        fingerprint=report.signer.fingerprint, state=CredentialState.ACTIVE, person__isnull=False
    ).values("person_id")
    held = Appointment.objects.filter(unit_id=unit_id, person_id__in=person, roles__overlap=_AUTHORISED)
    day = timezone.localdate(report.signed_at)
    return any(appointment.is_current(day) for appointment in held)


def _keep(pdf: bytes) -> str:
    return store_bytes(pdf, accept=frozenset({PDF})).sha256

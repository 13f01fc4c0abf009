"""Signing letters that are kept as blobs: what other modules may call."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.db.models import Q, QuerySet
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.pki import api as pki
from dinh.signing.models import Credential
from dinh.signing.models.credential import CredentialState
from dinh.signing.operations.answers import DeviceAnswer, read_answer
from dinh.signing.operations.proofs import try_now
from dinh.signing.operations.returned import check_countersigned, check_no_copy
from dinh.signing.operations.sessions import (
    ChangedMeanwhile,
    SessionExpired,
    SessionFinished,
    SessionInfo,
    begin_signing,
    cancel_signing,
    device_answer,
    finish_signing,
    open_sessions,
    signed_in_session,
)
from dinh.signing.operations.signing import ExtendedPdf, SignedPdf, TextMark, extend, keep, sign_pdf
from dinh.signing.providers import SignOnDevice
from dinh.signing.queries.pending import AwaitedProofs, awaited_proofs, hashes_awaiting_proofs
from dinh.signing.queries.verdicts import DocumentVerdict, SignatureSummary, judge_anew, verdict_of
from dinh.signing.queries.verification import verification_of
from dinh.signing.remote import StillWaiting
from dinh.signing.rules import As, can_seal, can_sign, signs_on_device
from dinh.storage.api import read_blob

__all__ = [
    "As",
    "AwaitedProofs",
    "ChangedMeanwhile",
    "DeviceAnswer",
    "DocumentVerdict",
    "ExtendedPdf",
    "SessionExpired",
    "SessionFinished",
    "SessionInfo",
    "SignOnDevice",
    "SignatureSummary",
    "SignedPdf",
    "StillWaiting",
    "TextMark",
    "add_fields",
    "awaited_proofs",
    "begin_signing",
    "can_seal",
    "can_sign",
    "cancel_signing",
    "check_countersigned",
    "check_no_copy",
    "device_answer",
    "extend",
    "fill_text_fields",
    "finish_signing",
    "has_valid_authorised_signature",
    "hashes_awaiting_proofs",
    "judge_anew",
    "open_sessions",
    "read_answer",
    "sign_pdf",
    "signed_in_session",
    "signs_on_device",
    "try_now",
    "verdict_of",
]  # fmt: skip

_AUTHORISED = [Role.UNIT_HEAD, Role.UNIT_DEPUTY]
_DELEGATES = [Role.DIVISION_HEAD, Role.DIVISION_DEPUTY]


def add_fields(*, sha256: str, fields: Sequence[pki.FieldSpec]) -> str:
    """SHA-256 of the kept PDF with these empty fields added; errors as `dinh.pki.api.add_fields`."""
    return keep(pki.add_fields(pdf=read_blob(sha256), fields=fields))


def fill_text_fields(
    *, sha256: str, values: Mapping[str, str], font: Path, fonts: Mapping[str, Path] | None = None
) -> str:
    """SHA-256 of the kept letter with these text fields filled; as `dinh.pki.api.fill_text_fields`."""
    return keep(pki.fill_text_fields(pdf=read_blob(sha256), values=values, font=font, fonts=fonts))


def has_valid_authorised_signature(*, sha256: str, unit_id: int, delegate_id: int | None = None) -> bool:
    """
    Whether a head or deputy of the unit has signed, by a registered certificate in use of a trusted
    authority, and nothing forbidden was changed since. Does not ask authorities over the net: where the
    file does not prove that the certificate was not revoked, its state in the registry decides.

    :param delegate_id: the appointment to whom the head gave the signature of this letter (TL., TUQ.; Decree
        30/2020, Art. 13(3), (4)); counts as the head's own if it leads a division of the unit
    """
    report = verification_of(pdf=read_blob(sha256), offline=True)
    may_sign = Q(roles__overlap=_AUTHORISED) | Q(pk=delegate_id, roles__overlap=_DELEGATES)
    signers = Appointment.objects.filter(may_sign, unit_id=unit_id)
    return any(_is_sound(item) and _is_of(item, signers) for item in report.signatures)


def _is_sound(report: pki.SignatureReport) -> bool:
    # Revocation cannot be asked offline; the state of the credential in the registry stands in for it.
    grave = {r.code for r in report.reasons if r.severity in (pki.Severity.DOUBT, pki.Severity.FAILURE)}
    return (
        grave <= {"revocation.unknown"}
        and report.integrity is pki.Integrity.INTACT
        and report.trust in (pki.Trust.TRUSTED, pki.Trust.UNKNOWN)
        and report.later_changes in (pki.LaterChanges.NONE, pki.LaterChanges.PERMITTED)
    )


def _is_of(report: pki.SignatureReport, signers: QuerySet[Appointment]) -> bool:
    """Whether one of these, in office on the day of signing, made the signature."""
    if report.signer is None or report.signed_at is None:
        return False
    person = Credential.objects.filter(
        fingerprint=report.signer.fingerprint, state=CredentialState.ACTIVE, person__isnull=False
    ).values("person_id")
    day = timezone.localdate(report.signed_at)
    return any(appointment.is_current(day) for appointment in signers.filter(person_id__in=person))

"""Keys and certificates of systems (khóa ứng dụng, chứng thư số)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.enums import PartyState
from dinh.exchange.models import ClientSecret, System, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.members import NotInThatState, locked_system, saved
from dinh.exchange.sealing import seal
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.pki.certificates import common_name, fingerprint

SECRET_LIFE: Final = timedelta(days=365)
TRIAL_LIFE: Final = timedelta(days=90)
MOST_SECRETS: Final = 5
_MAX_CERTIFICATE: Final = 64 * 1024


@transaction.atomic
def issue_secret(*, system_id: int, label: str, actor: Appointment, at: datetime) -> tuple[ClientSecret, str]:
    """
    A new consumer key with its secret, for a year; at most five are in use beside each other.

    Writes an audit entry and tells the gateways.

    :returns: the key, and the secret in clear: it is kept nowhere
    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    system = locked_system(system_id, actor)
    return _issued(system, label, actor, at, is_trial=False)


@transaction.atomic
def issue_trial_secret(
    *, system_id: int, label: str, actor: Appointment, at: datetime
) -> tuple[ClientSecret, str]:
    """
    A key that reaches addresses for trials only, without a grant, for 90 days; at most five beside each other.

    Its secret is kept sealed too, so that the trial page can call with it. Writes an audit entry, tells the gateways.

    :returns: the key, and the secret in clear
    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    system = locked_system(system_id, actor)
    return _issued(system, label, actor, at, is_trial=True)


def _issued(
    system: System, label: str, actor: Appointment, at: datetime, *, is_trial: bool
) -> tuple[ClientSecret, str]:
    if not label.strip():
        raise InvalidInput(_("Name the key, e.g. after the server that uses it."), field="label")
    in_use = system.secrets.filter(revoked_at=None, expires_at__gt=at, is_trial=is_trial)
    if in_use.count() >= MOST_SECRETS:
        raise NotInThatState(_("Five keys are in use already. Revoke one first."))
    plain = secrets.token_urlsafe(32)
    row = ClientSecret.objects.create(
        system=system,
        consumer_key=secrets.token_urlsafe(18),
        digest=hashlib.sha256(plain.encode()).hexdigest(),
        label=label.strip()[:80],
        is_trial=is_trial,
        sealed=seal(plain.encode(), secret=settings.SECRET_KEY) if is_trial else None,
        created_at=at,
        expires_at=at + (TRIAL_LIFE if is_trial else SECRET_LIFE),
    )
    details = {"consumer_key": row.consumer_key, "label": row.label, "trial": is_trial}
    record("exchange.secret.issued", target=system, actor=actor, at=at, details=details)
    tell_gateways()
    return row, plain


def system_with(*, consumer_key: str, secret: str, at: datetime) -> System | None:
    """The system that a key and its secret belong to, if both are in use; keys for trials belong to none."""
    rows = ClientSecret.objects.filter(
        is_trial=False,
        revoked_at=None,
        expires_at__gt=at,
        system__state=PartyState.ACTIVE,
        system__member__state=PartyState.ACTIVE,
    ).select_related("system__member__unit")
    row = None if "\0" in consumer_key else rows.filter(consumer_key=consumer_key).first()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return row.system if row and secrets.compare_digest(digest, row.digest) else None


@transaction.atomic
def revoke_secret(*, system_id: int, secret_id: int, actor: Appointment, at: datetime) -> None:
    """
    End a key; tokens that were given for it end with it. Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, NotInThatState:
    """
    system = locked_system(system_id, actor)
    row = system.secrets.filter(pk=secret_id).first()
    if row is None:
        raise NotFound(_("There is no such key."))
    if not system.secrets.filter(pk=secret_id, revoked_at=None).update(revoked_at=at):
        raise NotInThatState(_("This key was revoked already."))
    details = {"consumer_key": row.consumer_key, "label": row.label}
    record("exchange.secret.revoked", target=system, actor=actor, at=at, details=details)
    tell_gateways()


@transaction.atomic
def add_certificate(*, system_id: int, data: bytes, actor: Appointment, at: datetime) -> SystemCertificate:
    """
    Register a certificate (PEM or DER) of a system. Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, InvalidInput, AlreadyThere:
    """
    system = locked_system(system_id, actor)
    certificate = _loaded(data)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise InvalidInput(_("This certificate is not valid today."), field="certificate")
    row = _row(system, certificate, at)
    saved(row, field="certificate", refusal=_("This certificate is registered already."))
    _note_registered(row, actor, at)
    return row


@transaction.atomic
def follow_certificate(
    *, present: str, following: x509.Certificate, at: datetime
) -> SystemCertificate | None:
    """
    Register the next certificate of one of our own gateways wherever its present one is registered, as the gateway of a
    peer that shares this registry is: nobody needs to type what both of them can read here. Writes an audit entry
    without an actor and tells the gateways. Safe to repeat.

    :param present: fingerprint of the certificate in use
    :returns: None if the present one is not registered (any more), or the next one is already
    """
    systems = System.objects.select_for_update(of=("self",), no_key=True)
    system = systems.filter(certificates__fingerprint=present, certificates__revoked_at=None).first()
    known = SystemCertificate.objects.filter(fingerprint=fingerprint(following))
    if system is None or known.exists():
        return None
    row = _row(system, following, at)
    row.save()
    _note_registered(row, None, at)
    return row


def _row(system: System, certificate: x509.Certificate, at: datetime) -> SystemCertificate:
    return SystemCertificate(
        system=system,
        certificate=certificate.public_bytes(Encoding.DER),
        fingerprint=fingerprint(certificate),
        subject_name=common_name(certificate)[:200],
        issuer_name=certificate.issuer.rfc4514_string()[:200],
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        created_at=at,
    )


def _note_registered(row: SystemCertificate, actor: Appointment | None, at: datetime) -> None:
    details = {"certificate": row.fingerprint}
    record("exchange.certificate.registered", target=row.system, actor=actor, at=at, details=details)
    tell_gateways()


@transaction.atomic
def revoke_certificate(*, system_id: int, certificate_id: int, actor: Appointment, at: datetime) -> None:
    """
    Trust a certificate no longer. Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, NotInThatState:
    """
    system = locked_system(system_id, actor)
    row = system.certificates.filter(pk=certificate_id).first()
    if row is None:
        raise NotFound(_("There is no such certificate."))
    if not system.certificates.filter(pk=certificate_id, revoked_at=None).update(revoked_at=at):
        raise NotInThatState(_("This certificate was revoked already."))
    details = {"certificate": row.fingerprint}
    record("exchange.certificate.revoked", target=system, actor=actor, at=at, details=details)
    tell_gateways()


def _loaded(data: bytes) -> x509.Certificate:
    if not 0 < len(data) <= _MAX_CERTIFICATE:
        raise InvalidInput(_("Choose a certificate file of at most 64 kB."), field="certificate")
    try:
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        return load(data)
    except ValueError as error:
        raise InvalidInput(_("This file holds no certificate (PEM or DER)."), field="certificate") from error

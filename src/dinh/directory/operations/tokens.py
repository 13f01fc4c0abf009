"""Tokens of the JSON API."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dinh.audit import api as audit
from dinh.directory.models import Account, ApiToken, Appointment
from dinh.directory.queries.appointments import current_appointments

LIFETIME = timedelta(days=90)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def issue_token(*, appointment: Appointment, label: str, at: datetime) -> str:
    """A new token for one appointment, valid for 90 days. It is shown once and cannot be read again."""
    token = f"dinh_{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        appointment=appointment, label=label, digest=digest_of(token), expires_at=at + LIFETIME
    )
    audit.record("directory.token.issued", target=row, actor=appointment, at=at, details={"label": label})
    return token


@transaction.atomic
def revoke_token(*, token_id: int, appointment: Appointment, at: datetime) -> None:
    """End one's own token; what is already ended, or another's, stays as it is."""
    own = ApiToken.objects.select_for_update().filter(pk=token_id, appointment=appointment, revoked_at=None)
    row = own.first()
    if row is None:
        return
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    audit.record("directory.token.revoked", target=row, actor=appointment, at=at)


def bearer_of(token: str, *, at: datetime) -> tuple[Account, Appointment] | None:
    """Whom a token speaks for: None if it is unknown, ended, or its account or appointment has ended."""
    valid = ApiToken.objects.filter(digest=digest_of(token), revoked_at=None, expires_at__gt=at)
    row = valid.select_related("appointment").first()
    if row is None:
        return None
    person_id = row.appointment.person_id
    account = Account.objects.filter(person_id=person_id, is_active=True).first()
    own = current_appointments(person_id=person_id, today=timezone.localdate(at))
    appointment = own.filter(pk=row.appointment_id).first()
    return (account, appointment) if account and appointment else None

"""Tokens of the JSON API."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, ApiToken, Appointment
from dinh.directory.queries.appointments import current_appointments
from dinh.directory.queries.tokens import tokens_of
from dinh.kernel.errors import InvalidInput, NotFound

LIFETIME = timedelta(days=90)
LIFETIMES_DAYS = (7, 30, 90, 180, 365)
MOST = 20
_LABEL_MAX = 80


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def issue_token(*, appointment: Appointment, label: str, at: datetime, lifetime: timedelta = LIFETIME) -> str:
    """A new token for one appointment. It is shown once and cannot be read again."""
    token = f"dinh_{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        appointment=appointment, label=label, digest=digest_of(token), expires_at=at + lifetime
    )
    audit.record("directory.token.issued", target=row, actor=appointment, at=at, details={"label": label})
    return token


@transaction.atomic
def make_own_token(*, appointment: Appointment, label: str, days: int, at: datetime) -> str:
    """
    A token that a person makes for the position held now. A name is given once, so that a form that is sent twice
    makes one.

    :param days: one of `LIFETIMES_DAYS`
    :returns: the token, shown this once
    :raises InvalidInput: naming the field
    """
    label = " ".join(label.split())
    # Two requests at once: the second waits here, then finds the name taken.
    Account.objects.select_for_update(of=("self",), no_key=True).filter(person=appointment.person_id).first()
    if not 0 < len(label) <= _LABEL_MAX:
        raise InvalidInput(_("Give the token a name of at most 80 characters."), field="label")
    if days not in LIFETIMES_DAYS:
        raise InvalidInput(_("Choose how long the token is valid."), field="days")
    live = tokens_of(person_id=appointment.person_id).filter(revoked_at=None, expires_at__gt=at)
    if live.filter(label__iexact=label).exists():
        told = _(
            "You have a token of this name. Its secret is not shown again: revoke it, or choose another name."
        )
        raise InvalidInput(told, field="label")
    if live.count() >= MOST:
        raise InvalidInput(_("You have 20 tokens. Revoke one that you do not need."), field="label")
    return issue_token(appointment=appointment, label=label, at=at, lifetime=timedelta(days=days))


@transaction.atomic
def revoke_token(*, token_id: int, appointment: Appointment, at: datetime) -> None:
    """
    End one of one's own tokens, of whichever position; what has ended already stays as it is.

    :raises NotFound: if it is not one's own
    """
    own = tokens_of(person_id=appointment.person_id).select_for_update(of=("self",))
    row = own.filter(pk=token_id).first()
    if row is None:
        raise NotFound(_("You have no such token."))
    if row.revoked_at is not None:
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

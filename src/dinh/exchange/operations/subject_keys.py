"""The keys that persons' numbers are hashed with in the log: made, changed, sealed anew, given up."""

import secrets
from datetime import datetime
from typing import Final

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.exchange.models import SubjectKey
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.queries.accesses import opened
from dinh.exchange.sealing import seal, unseal
from dinh.kernel.errors import DomainError, InvalidInput, NotFound

_BYTES: Final = 32


class WrongSecret(DomainError):
    """Some key is sealed with neither of the two secrets."""


@transaction.atomic
def ensure_subject_key(*, at: datetime) -> SubjectKey:
    """
    The key in use; a new one if there is none, or if that is one that an earlier release derived from the secret.

    Writes an audit entry for a new one, and tells the gateways. Safe to repeat.
    """
    current = _current()
    return current if current and not current.is_derived else _follow(current, at)


@transaction.atomic
def rotate_subject_key(*, at: datetime) -> SubjectKey:
    """Put a new key into use; with the older ones calls are still found. Writes an audit entry, tells the gateways."""
    return _follow(_current(), at)


@transaction.atomic
def reseal_subject_keys(*, old_secret: str, at: datetime) -> int:
    """
    Seal the keys with the installation's secret of now, after that was changed. Safe to repeat.

    :param old_secret: what they are sealed with so far
    :returns: how many were sealed anew
    :raises WrongSecret: if a key opens with neither secret; then nothing is changed
    """
    rows = SubjectKey.objects.select_for_update(no_key=True).filter(lost_at=None).order_by("pk")
    foreign = [row for row in rows if opened(row) is None]
    for row in foreign:
        try:
            plain = unseal(bytes(row.sealed), secret=old_secret)
        except InvalidToken as error:
            raise WrongSecret(
                _("Key %(key)s is not sealed with this secret. Give the secret of the time before.")
                % {"key": row.pk}
            ) from error
        row.sealed = seal(plain, secret=settings.SECRET_KEY)
        row.save(update_fields=["sealed"])
        record("exchange.subject_key.resealed", target=row, actor=None, at=at)
    if foreign:
        tell_gateways()
    return len(foreign)


@transaction.atomic
def give_up_subject_key(*, key_id: int, reason: str, at: datetime) -> None:
    """
    Ask no more for what was logged under a key that nobody can open any more. Writes an audit entry with the reason.

    :raises NotFound: if there is no such key, or it was given up before
    :raises InvalidInput: without a reason, or if the key can be opened
    """
    row = SubjectKey.objects.select_for_update(no_key=True).filter(pk=key_id, lost_at=None).first()
    if row is None:
        raise NotFound(_("There is no such key."))
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    if opened(row) is not None:
        raise InvalidInput(_("This key can be opened. Calls are found with it."), field="key_id")
    row.lost_at, row.retired_at = at, row.retired_at or at
    row.save(update_fields=["lost_at", "retired_at"])
    record(
        "exchange.subject_key.given_up",
        target=row,
        actor=None,
        at=at,
        details={"reason": reason.strip()[:300]},
    )
    tell_gateways()


def _current() -> SubjectKey | None:
    return SubjectKey.objects.select_for_update().filter(retired_at=None).first()


def _follow(current: SubjectKey | None, at: datetime) -> SubjectKey:
    if current:
        current.retired_at = at
        current.save(update_fields=["retired_at"])
    plain = secrets.token_bytes(_BYTES)
    made = SubjectKey.objects.create(sealed=seal(plain, secret=settings.SECRET_KEY), created_at=at)
    record("exchange.subject_key.made", target=made, actor=None, at=at)
    tell_gateways()
    return made

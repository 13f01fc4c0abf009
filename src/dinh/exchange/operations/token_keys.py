"""The keys that tokens are signed with: made, sealed, rotated (khóa ký mã truy cập)."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from dinh.audit.api import record
from dinh.exchange.models import TokenKey
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.sealing import seal

ROTATED_AFTER: Final = timedelta(days=30)
PUBLISHED_BEFORE: Final = timedelta(days=1)
"""How long a new key is known to all before it signs: gateways, and whoever keeps the published keys."""
PUBLISHED_AFTER_RETIREMENT: Final = timedelta(days=2)
"""Longer than any token lives."""


@transaction.atomic
def rotate_token_keys(*, at: datetime) -> TokenKey | None:
    """
    Make a new key if there is none or the newest is 30 days old.

    The one before signs for a day more, then retires, and verifies for two days more. Writes an audit entry. Safe to
    repeat.

    :returns: the new key, None if none was due
    """
    newest = TokenKey.objects.select_for_update().filter(retired_at=None).first()
    if newest and newest.created_at > at - ROTATED_AFTER:
        return None
    TokenKey.objects.filter(retired_at=None).update(retired_at=at + PUBLISHED_BEFORE)
    TokenKey.objects.filter(retired_at__lt=at - PUBLISHED_AFTER_RETIREMENT).update(sealed_private_key=b"")
    key = Ed25519PrivateKey.generate()
    made = TokenKey.objects.create(
        kid=secrets.token_urlsafe(12),
        public_key=key.public_key().public_bytes_raw(),
        sealed_private_key=seal(key.private_bytes_raw(), secret=settings.SECRET_KEY),
        created_at=at,
    )
    record("exchange.token_key.made", target=made, actor=None, at=at, details={"kid": made.kid})
    tell_gateways()
    return made

"""Codes of six figures that change every 30 seconds (RFC 6238), and how their secrets are kept."""

import base64
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings

STEP: Final = 30
TOLERANCE: Final = 1
"""Steps before and after the present one that are taken too, for clocks that differ (RFC 6238, 5.2)."""
_SECRET_BYTES: Final = 20


def new_secret() -> bytes:
    """160 bits, as RFC 4226 (R6) recommends."""
    return secrets.token_bytes(_SECRET_BYTES)


def matching_step(*, secret: bytes, code: str, after: int, at: datetime) -> int | None:
    """
    The time step that a code belongs to.

    :param after: last step that was used; it and earlier ones are refused, so that no code works twice
    :returns: None if the code fits no step within the tolerance
    """
    # SHA-1 is what every code generator knows; HMAC does not rest on its resistance to collisions.
    generator = TOTP(secret, 6, SHA1(), STEP)  # noqa: S303
    present = int(at.timestamp()) // STEP
    for step in range(max(present - TOLERANCE, after + 1), present + TOLERANCE + 1):
        if bytes_eq(generator.generate(step * STEP), code.encode()):
            return step
    return None


def enrolment_uri(*, secret: bytes, username: str) -> str:
    """The address that a code generator reads from the QR code."""
    label = quote(f"Đình:{username}")
    return f"otpauth://totp/{label}?{urlencode({'secret': as_text(secret), 'issuer': 'Đình'})}"


def as_text(secret: bytes) -> str:
    return base64.b32encode(secret).decode()


def seal(secret: bytes) -> bytes:
    """Encrypt a secret, so that a copy of the database alone opens nothing."""
    return _fernet().encrypt(secret)


def unseal(sealed: bytes | memoryview) -> bytes:
    """:raises cryptography.fernet.InvalidToken: if `DINH_SECRET_KEY` has changed since"""
    return _fernet().decrypt(bytes(sealed))


def _fernet() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"directory.second-factor")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))

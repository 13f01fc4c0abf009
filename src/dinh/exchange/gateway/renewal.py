"""
The gateway's next key and certificate: made beside the present ones, so that other gateways can register them first,
and put into use on their day.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.exchange.gateway.identity import CERTIFICATE_FILE, KEY_FILE, load_identity, make_identity
from dinh.exchange.gateway.settings import BadSetting, GatewaySettings

NEXT_CERTIFICATE: Final = "next-certificate.pem"
_NEXT_KEY: Final = "next-key.pem"
_SINCE: Final = "next-from"
_LOOK_EVERY: Final = 5.0
log = logging.getLogger("dinh.exchange.gateway")


@dataclass(frozen=True, slots=True)
class Next:
    """What is used from a moment on."""

    certificate: x509.Certificate
    since: datetime


def make_next(folder: Path, *, name: str, since: datetime) -> Next:
    """
    Make a key and its certificate for a gateway.

    :param name: of the gateway
    :param since: when the gateway goes over to them
    :raises OSError:
    """
    # The certificate comes last: without it there is no next one.
    (folder / _SINCE).write_text(since.astimezone(UTC).isoformat())
    make_identity(folder / _NEXT_KEY, folder / NEXT_CERTIFICATE, name=f"Đình gateway {name}")
    found = next_of(folder)
    assert found is not None  # noqa: S101 just written
    return found


def next_of(folder: Path) -> Next | None:
    """None if there is none, or it cannot be read."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / NEXT_CERTIFICATE).read_bytes())
        return Next(certificate, datetime.fromisoformat((folder / _SINCE).read_text()))
    except (OSError, ValueError):
        return None


def go_over(folder: Path, *, at: datetime) -> bool:
    """
    Put the next key and certificate into use if their day has come; at the gateway's start only.

    Those that do not fit together, such as of two made at once, are taken away: the present ones stay in use.

    :returns: whether they were
    :raises OSError:
    """
    found = next_of(folder)
    if found is None or found.since > at:
        return False
    # A start that ended between these two is made good by the next one.
    key_file = folder / _NEXT_KEY if (folder / _NEXT_KEY).exists() else folder / KEY_FILE
    try:
        load_identity(key_file, folder / NEXT_CERTIFICATE)
    except BadSetting as error:
        log.error("The next key is not used, and another is to be made: %s", error)
        _take_away(folder)
        return False
    if key_file.name == _NEXT_KEY:
        key_file.rename(folder / KEY_FILE)
    (folder / NEXT_CERTIFICATE).rename(folder / CERTIFICATE_FILE)
    (folder / _SINCE).unlink(missing_ok=True)
    return True


def _take_away(folder: Path) -> None:
    # The certificate first: without it there is no next one.
    for name in (NEXT_CERTIFICATE, _NEXT_KEY, _SINCE):
        (folder / name).unlink(missing_ok=True)


def make_as_wanted(settings: GatewaySettings, *, since: datetime) -> None:
    """
    Make the next key that the platform wants, unless there is one; of a gateway whose key is its own only.

    Not for a moment that has gone by, since nobody could register it before: the platform then names another.
    """
    if settings.key_file is not None or since <= datetime.now(UTC) or next_of(settings.folder) is not None:
        return
    try:
        make_next(settings.folder, name=settings.name, since=since)
        log.warning("The next key and certificate are made; this gateway goes over to them at %s.", since)
    except OSError as error:
        log.error("The next key cannot be written: %s", error)


def keys_told(settings: GatewaySettings) -> dict[str, Any]:
    """For the gateway's beats: whether it makes its keys by itself, and the next certificate (PEM) with its moment."""
    found = next_of(settings.folder)
    told: dict[str, Any] = {"makes_keys": settings.key_file is None}
    if found is not None:
        pem = found.certificate.public_bytes(Encoding.PEM).decode()
        told["next"] = {"certificate": pem, "since": found.since.isoformat()}
    return told


async def day_of_next(folder: Path) -> None:
    """Returns when there is a next certificate whose day has come."""
    while (found := next_of(folder)) is None or found.since > datetime.now(UTC):
        await asyncio.sleep(_LOOK_EVERY)

"""
The gateway's next key and certificate: made beside the present ones, so that other gateways can register them first,
and put into use on their day.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from dinh.exchange.gateway.enrolment import NotEnrolled, enrolled, new_key
from dinh.exchange.gateway.identity import (
    CERTIFICATE_FILE,
    KEY_FILE,
    SigningKey,
    files_of,
    load_identity,
    make_identity,
    write_key,
)
from dinh.exchange.gateway.settings import BadSetting, GatewaySettings

NEXT_CERTIFICATE: Final = "next-certificate.pem"
_NEXT_KEY: Final = "next-key.pem"
_SINCE: Final = "next-from"
_LOOK_EVERY: Final = 5.0
_ASKED_EVERY: Final = 3600.0
"""Seconds between two questions to an authority that gave no certificate."""
log = logging.getLogger("dinh.exchange.gateway")


@dataclass(frozen=True, slots=True)
class Next:
    """What is used from a moment on; `pem` has the certificate and its issuers."""

    certificate: x509.Certificate
    since: datetime
    pem: bytes


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


def enrol_next(settings: GatewaySettings, *, since: datetime) -> Next:
    """
    Make a key, and have the issuer of the present certificate (`est_url`) give one for it. Waits for the issuer; asked
    again, it is asked for the same key.

    :raises NotEnrolled, BadSetting, OSError:
    """
    folder, present = settings.folder, load_identity(*files_of(settings))
    key = _kept_key(folder / _NEXT_KEY)
    if key is None:
        key = new_key(present.key)
        write_key(folder / _NEXT_KEY, key)
    certificates = enrolled(url=settings.est_url, present=present, key=key, since=since)
    (folder / _SINCE).write_text(since.astimezone(UTC).isoformat())
    _write_whole(folder / NEXT_CERTIFICATE, _pem(certificates))
    found = next_of(folder)
    assert found is not None  # noqa: S101 just written
    return found


def _kept_key(file: Path) -> SigningKey | None:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, SigningKey) else None


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def next_of(folder: Path) -> Next | None:
    """None if there is none, or it cannot be read."""
    try:
        pem = (folder / NEXT_CERTIFICATE).read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        return Next(certificate, datetime.fromisoformat((folder / _SINCE).read_text()), pem)
    except (OSError, ValueError):
        return None


def go_over(folder: Path, *, at: datetime, files: tuple[Path, Path] | None = None) -> bool:
    """
    Put the next key and certificate into use if their day has come; at the gateway's start only.

    Those that do not fit together, such as of two made at once, are taken away: the present ones stay in use.

    :param files: of the present key and certificate, unless they are the gateway's own
    :returns: whether they were
    :raises OSError:
    """
    found = next_of(folder)
    if found is None or found.since > at:
        return False
    key_file, certificate_file = files or (folder / KEY_FILE, folder / CERTIFICATE_FILE)
    # A start that ended between these two is made good by the next one.
    new_key = folder / _NEXT_KEY if (folder / _NEXT_KEY).exists() else key_file
    try:
        load_identity(new_key, folder / NEXT_CERTIFICATE)
    except BadSetting as error:
        log.error("The next key is not used, and another is to be made: %s", error)
        _take_away(folder)
        return False
    if new_key != key_file:
        _write_whole(key_file, new_key.read_bytes(), mode=0o600)
        new_key.unlink()
    _write_whole(certificate_file, found.pem)
    (folder / NEXT_CERTIFICATE).unlink()
    (folder / _SINCE).unlink(missing_ok=True)
    return True


def _take_away(folder: Path) -> None:
    # The certificate first: without it there is no next one.
    for name in (NEXT_CERTIFICATE, _NEXT_KEY, _SINCE):
        (folder / name).unlink(missing_ok=True)


def _write_whole(file: Path, content: bytes, *, mode: int = 0o644) -> None:
    """All or nothing, on disk when this returns; the configured files may lie on another disk than the folder."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(new, file)


class Renewing:
    """Makes the next key when the platform wants it, beside the calls; of a gateway that can do so by itself only."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self._asked_at = -_ASKED_EVERY
        self._thread: threading.Thread | None = None

    def make(self, since: datetime) -> None:
        """
        Unless there is one already, or one is being asked for; called at each beat while one is wanted.

        Not for a moment that has gone by, since nobody could register it before: the platform then names another.
        """
        settings, now = self.settings, time.monotonic()
        is_busy = self._thread is not None and self._thread.is_alive()
        if not settings.renews_itself or is_busy or now - self._asked_at < _ASKED_EVERY:
            return
        if since <= datetime.now(UTC):
            return
        if next_of(settings.folder) is None:
            self._asked_at = now
            self._thread = threading.Thread(target=self._make, args=(since,), daemon=True)
            self._thread.start()

    def _make(self, since: datetime) -> None:
        settings = self.settings
        try:
            if settings.est_url:
                enrol_next(settings, since=since)
            else:
                make_next(settings.folder, name=settings.name, since=since)
        except (NotEnrolled, BadSetting, OSError) as failure:
            log.error("There is no next certificate yet, it is asked for again in an hour: %s", failure)
        else:
            log.warning("The next key and certificate are made; this gateway goes over to them at %s.", since)


def keys_told(settings: GatewaySettings) -> dict[str, Any]:
    """For the gateway's beats: whether it gets its keys by itself, and the next certificate (PEM) with its moment."""
    found = next_of(settings.folder)
    told: dict[str, Any] = {"makes_keys": settings.renews_itself}
    if found is not None:
        told["next"] = {"certificate": found.pem.decode(), "since": found.since.isoformat()}
    return told


async def day_of_next(folder: Path) -> None:
    """Returns when there is a next certificate whose day has come."""
    while (found := next_of(folder)) is None or found.since > datetime.now(UTC):
        await asyncio.sleep(_LOOK_EVERY)

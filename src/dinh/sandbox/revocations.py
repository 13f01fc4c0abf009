"""Which certificates the demo's authority has revoked: one small file in the data folder."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from cryptography import x509

from dinh.sandbox.files import keep

REASONS: Final = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "certificate_hold": x509.ReasonFlags.certificate_hold,
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """
    One revoked certificate.

    :param issuer: file name of its authority: root or ca
    :param reason: a key of REASONS (RFC 5280, 5.3.1)
    """

    issuer: str
    serial: int
    revoked_at: datetime
    reason: str

    def as_dict(self) -> dict[str, str]:
        """For programs: the serial number in hexadecimal, the moment in ISO 8601."""
        return {
            "issuer": self.issuer,
            "serial": f"{self.serial:x}",
            "revoked_at": self.revoked_at.isoformat(),
            "reason": self.reason,
        }


class Revocations:
    """The registry; safe for threads, kept over restarts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def all(self) -> list[Revocation]:
        """In the order of revocation."""
        with self._lock:
            return self._read()

    def of(self, issuer: str) -> list[Revocation]:
        return [item for item in self.all() if item.issuer == issuer]

    def find(self, *, issuer: str, serial: int) -> Revocation | None:
        return next((item for item in self.of(issuer) if item.serial == serial), None)

    def add(self, *, issuer: str, serial: int, reason: str, at: datetime) -> Revocation:
        """Revoke; a second time changes nothing. :returns: what counts"""
        with self._lock:
            known = self._read()
            for item in known:
                if (item.issuer, item.serial) == (issuer, serial):
                    return item
            added = Revocation(issuer, serial, at.astimezone(UTC).replace(microsecond=0), reason)
            self._write([*known, added])
            return added

    def remove(self, *, issuer: str, serial: int) -> None:
        """Take a revocation back, as if it had never been: for demonstrations only."""
        with self._lock:
            self._write([item for item in self._read() if (item.issuer, item.serial) != (issuer, serial)])

    def _read(self) -> list[Revocation]:
        if not self._path.exists():
            return []
        rows = json.loads(self._path.read_text())
        return [
            Revocation(
                row["issuer"],
                int(row["serial"], 16),
                datetime.fromisoformat(row["revoked_at"]),
                row["reason"],
            )
            for row in rows
        ]

    def _write(self, items: list[Revocation]) -> None:
        keep(self._path, json.dumps([item.as_dict() for item in items], indent=1).encode())

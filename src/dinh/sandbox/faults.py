"""Misbehaviour on request: so that what depends on outside services can be tried where they fail."""

import enum
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final


class Mode(enum.StrEnum):
    DOWN = "down"
    SLOW = "slow"
    GARBAGE = "garbage"
    WRONG_SIGNATURE = "wrong_signature"
    STALE = "stale"
    WRONG_DIGEST = "wrong_digest"
    ERROR = "error"
    REPLAY = "replay"
    EXPIRED = "expired"
    TRUNCATED = "truncated"
    DUPLICATES = "duplicates"
    LOST = "lost"
    REFUSED_100 = "refused_100"
    REFUSED_101 = "refused_101"
    REFUSED_108 = "refused_108"


class HangUp(Exception):
    """Close the connection without an answer."""


_TRANSPORT: Final = frozenset({Mode.DOWN, Mode.SLOW, Mode.GARBAGE})
_OUTSIDE: Final = _TRANSPORT | {Mode.ERROR, Mode.TRUNCATED, Mode.DUPLICATES, Mode.LOST}
REFUSALS: Final = {Mode.REFUSED_100: "100", Mode.REFUSED_101: "101", Mode.REFUSED_108: "108"}
"""Codes of the owner's that no request brings about by itself."""
_SIGNED: Final = _TRANSPORT | {Mode.WRONG_SIGNATURE, Mode.STALE}
MODES: Final = {
    "ca": _TRANSPORT,
    "crl": _SIGNED,
    "ocsp": _SIGNED,
    "tsa": _SIGNED,
    "csc": _TRANSPORT,
    "est": _TRANSPORT,
    "national": frozenset(
        {Mode.DOWN, Mode.SLOW, Mode.WRONG_SIGNATURE, Mode.WRONG_DIGEST, Mode.ERROR, Mode.REPLAY, Mode.EXPIRED}
    ),
    "security_server": _TRANSPORT | {Mode.ERROR},
    "civil_status": _OUTSIDE | frozenset(REFUSALS),
    "criminal_records": _OUTSIDE,
    "social_insurance": _OUTSIDE,
    "enterprises": _OUTSIDE,
    "catalogues": _OUTSIDE,
    "portal": _OUTSIDE,
    "post": _OUTSIDE,
}


@dataclass(slots=True)
class _Fault:
    mode: Mode
    left: int | None
    ends_at: float | None


class Faults:
    """
    The faults in force, one per service, in memory only: a new start behaves well. Safe for threads.

    :param clock: seconds that never run backwards
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._faults: dict[str, _Fault] = {}

    def set(
        self, service: str, mode: Mode, *, count: int | None = None, seconds: float | None = None
    ) -> None:
        """Misbehave for so many requests, or so long, or (neither given) until `clear`."""
        ends_at = None if seconds is None else self._clock() + seconds
        with self._lock:
            self._faults[service] = _Fault(mode, count, ends_at)

    def clear(self, service: str) -> None:
        with self._lock:
            self._faults.pop(service, None)

    def take(self, service: str) -> Mode | None:
        """How to answer the request that has just come for the service; None is well."""
        with self._lock:
            self._drop_spent()
            fault = self._faults.get(service)
            if fault is None:
                return None
            if fault.left is not None:
                fault.left -= 1
            return fault.mode

    def in_force(self) -> dict[str, Mode]:
        with self._lock:
            self._drop_spent()
            return {service: fault.mode for service, fault in self._faults.items()}

    def _drop_spent(self) -> None:
        now = self._clock()
        for service, fault in list(self._faults.items()):
            if fault.left == 0 or (fault.ends_at is not None and fault.ends_at <= now):
                del self._faults[service]

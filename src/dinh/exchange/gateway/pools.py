"""The connections to one provider: how many, which of them are free, and whether it is worth asking."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from dinh.exchange.gateway.refusals import unavailable
from dinh.exchange.gateway.talk import Connection

_IDLE_SECONDS: Final = 30.0
_LARGEST_POOL: Final = 256
_MOST_UPLOADS: Final = 128
"""Of a pool's connections, those that large bodies may hold while they are sent."""
_FAILURES_TO_OPEN: Final = 5
_OPEN_SECONDS: Final = 5.0
_WANTED_SECONDS: Final = 600.0


class Places:
    """A bounded number of places, which costs next to nothing while there are free ones."""

    def __init__(self, most: int) -> None:
        self.free = most
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, seconds: float) -> None:
        """Wait for a place if there is none. :raises Refusal: 503 if none comes free in time"""
        if self.free:
            self.free -= 1
            return
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(coming)
        try:
            async with asyncio.timeout(seconds):
                await coming
        except BaseException as failure:
            if coming.done() and not coming.cancelled():
                self.give()
            if isinstance(failure, TimeoutError):
                raise unavailable(
                    "provider-busy", "Too many calls wait for this provider.", seconds=5
                ) from failure
            raise

    def give(self) -> None:
        """To who has waited longest, if somebody waits still."""
        while self._waiting:
            coming = self._waiting.popleft()
            if not coming.done():
                coming.set_result(None)
                return
        self.free += 1


@dataclass(slots=True)
class Pool:
    """Connections to one address, and whether it is worth asking."""

    _idle: list[Connection] = field(default_factory=list)
    places: Places = field(default_factory=lambda: Places(_LARGEST_POOL))
    uploads: Places = field(default_factory=lambda: Places(_MOST_UPLOADS))
    failures: int = 0
    why: str = ""
    open_until: float = 0.0
    open_since: float = 0.0
    is_probing: bool = False

    def check(self, now: float) -> bool:
        """
        Let a call through, or fail at once while the provider is known to be away.

        :returns: whether this call is the probe that may close the circuit
        :raises Refusal: 503
        """
        if self.failures < _FAILURES_TO_OPEN:
            return False
        if now < self.open_until or self.is_probing:
            seconds = max(1, round(self.open_until - now))
            raise unavailable(
                "provider-away", "The provider has been failing; try again later.", seconds=seconds
            )
        self.is_probing = True
        return True

    def opened(self, now: float) -> dict[str, object]:
        """Whether the circuit is open; since when, if somebody wanted the provider lately."""
        is_open = self.failures >= _FAILURES_TO_OPEN
        is_wanted = is_open and now - self.open_until < _WANTED_SECONDS
        return {"open": is_open, "since": round(self.open_since) if is_wanted else 0}

    def note_failure(self, now: float, why: str) -> None:
        self.failures += 1
        self.why = why
        if self.failures == _FAILURES_TO_OPEN:
            self.open_since = time.time()
        if self.failures >= _FAILURES_TO_OPEN:
            self.open_until = now + _OPEN_SECONDS

    def kept(self, now: float) -> Connection | None:
        """A connection that served before and is free, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_broken and connection.idle_since > now - _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    def take_back(self, connection: Connection, now: float) -> None:
        """The exchange on it is over; it is closed if the answer was not read to its end."""
        self.places.give()
        connection.end()
        if connection.is_broken or not connection.is_complete:
            connection.close()
            return
        connection.idle_since = now
        self._idle.append(connection)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

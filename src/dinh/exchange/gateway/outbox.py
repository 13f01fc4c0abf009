"""
What one turn of the loop writes leaves together, at its end, or after a moment if that takes longer.

A write to a socket wakes whoever waits at the other end; one that comes while it still works on the one before costs
neither end anything. So a provider or caller that gets many messages is woken once for all of them.
"""

import asyncio
import time
from typing import Final, Protocol

_MOMENT: Final = 0.0003
"""Seconds. In a turn of costly calls, as signed ones are, the other end is to begin before the turn ends."""


class Held(Protocol):
    """A connection with something to send."""

    def flush(self) -> None:
        """Write what waits, if anything does."""


class Outbox:
    """Of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: list[Held] = []
        self._since = 0.0
        self._is_coming = False

    def add(self, connection: Held) -> None:
        """It is flushed soon."""
        now = time.monotonic()
        if not self._held:
            self._since = now
            if not self._is_coming:
                self._is_coming = True
                self._loop.call_soon(self._at_the_end)
        self._held.append(connection)
        if now - self._since > _MOMENT:
            self._flush()

    def _at_the_end(self) -> None:
        self._is_coming = False
        self._flush()

    def _flush(self) -> None:
        held, self._held = self._held, []
        for connection in held:
            connection.flush()

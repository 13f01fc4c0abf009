"""
What one turn of the loop writes leaves together, at its end.

A write to a socket wakes whoever waits at the other end; one that comes while it still works on the one before costs
neither end anything. So a provider or caller that gets many messages is woken once for all of them.
"""

import asyncio
from typing import Protocol


class Held(Protocol):
    """A connection with something to send."""

    def flush(self) -> None:
        """Write what waits, if anything does."""


class Outbox:
    """Of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: list[Held] = []

    def add(self, connection: Held) -> None:
        """It is flushed at the end of this turn of the loop."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(connection)

    def _flush(self) -> None:
        held, self._held = self._held, []
        for connection in held:
            connection.flush()

"""Ports for servers that tests start."""

import contextlib
import random
import socket
from typing import Final

_BELOW_THOSE_OF_CALLERS: Final = range(15_000, 32_000)
"""Linux gives outgoing connections ports from 32768 on: one of those may be taken before the server has begun."""


def free_port(*, following: int = 0) -> int:
    """A port of this machine that is free, with so many after it."""
    while True:
        first = random.SystemRandom().choice(_BELOW_THOSE_OF_CALLERS)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for port in range(first, first + following + 1):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first

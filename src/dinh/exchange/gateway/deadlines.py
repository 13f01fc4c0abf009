"""What waits for somebody else until a moment: looked at a few times a second, in the place of a timer for each."""

import asyncio
import math
from typing import Final, Protocol

_LOOK_EVERY: Final = 0.1
NEVER: Final = math.inf


class Waiting(Protocol):
    """:ivar deadline: by the loop's time; NEVER while nobody is waited for"""

    deadline: float

    def expire(self) -> None:
        """The deadline has passed."""


class Deadlines:
    """Of all that was added and not discarded; late by a tenth of a second at most."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: set[Waiting] = set()
        self._timer = self.loop.call_later(_LOOK_EVERY, self._look)

    def end(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now = self.loop.time()
        for each in [each for each in self.waiting if each.deadline < now]:
            each.expire()
        self._timer = self.loop.call_later(_LOOK_EVERY, self._look)

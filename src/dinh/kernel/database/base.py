"""
A connection that is looked at before each request, not asked.

Django asks `SELECT 1` before the first statement of every request, a twentieth of what a list costs. A server that
ended a connection has closed its line, and that can be seen without a round trip: there is something to read on it.
"""

import select
import time
from typing import Any, Final

from django.db.backends.postgresql import base

LOOKED_AT_FOR: Final = 30.0
"""Seconds after the last question within which a quiet line is taken for a good one; a cut cable closes no line."""


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's own, in all else."""

    health_check_enabled: bool
    health_check_done: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._asked_at = 0.0

    def close_if_health_check_failed(self) -> None:
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        if now - self._asked_at < LOOKED_AT_FOR and _is_quiet(self.connection.fileno()):
            self.health_check_done = True
            return
        super().close_if_health_check_failed()
        self._asked_at = now


def _is_quiet(line: int) -> bool:
    looked = select.poll()
    looked.register(line, select.POLLIN | select.POLLPRI)
    return not looked.poll(0)

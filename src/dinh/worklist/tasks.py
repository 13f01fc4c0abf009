"""What the worker does for the list of work."""

from datetime import datetime
from typing import Final, Protocol

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.worklist.operations.reminding import (
    BATCH,
    escalate_late_work,
    remind_of_late_work,
    tell_of_orphaned_work,
    warn_of_deadlines,
)


class Telling(Protocol):
    def __call__(self, *, at: datetime) -> int: ...


_STEPS: Final[tuple[Telling, ...]] = (
    warn_of_deadlines,
    remind_of_late_work,
    escalate_late_work,
    tell_of_orphaned_work,
)


@app.periodic(cron="*/10 * * * *")
@task(queue="worklist")
def remind(*, timestamp: int) -> None:
    """Every ten minutes; batch after batch, until nothing is left untold."""
    for step in _STEPS:
        while step(at=timezone.now()) == BATCH:
            pass

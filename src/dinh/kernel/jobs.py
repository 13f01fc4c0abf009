"""Work done later, in the worker: deferred in the caller's transaction, run at least once."""

from collections.abc import Callable
from typing import Any, Final

import structlog
from asgiref.sync import async_to_sync
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

MOST_LIVES: Final = 10
log = structlog.stdlib.get_logger("dinh.jobs")
PATIENT: Final = RetryStrategy(max_attempts=25, exponential_wait=2)
"""For work that waits for something outside: backs off up to months, and is never dropped silently."""
BRIEF: Final = RetryStrategy(max_attempts=5, linear_wait=2)
"""For work within the house: what fails five times is an error to be looked at."""


def task(
    *, queue: str, retry: RetryStrategy = BRIEF, name: str | None = None
) -> Callable[[Callable[..., None]], Any]:
    """
    Declare a task: keyword-only ids, safe to run twice, one operation.

    Its `.defer(...)` takes part in the current database transaction.
    """

    def declare(function: Callable[..., None]) -> Any:
        return app.task(queue=queue, retry=retry, name=name or _task_name(function))(function)

    return declare


def _task_name(function: Callable[..., None]) -> str:
    module = function.__module__.removeprefix("dinh.")
    return f"{module}.{function.__name__}"


def revive_stalled_jobs() -> int:
    """
    Put jobs back whose worker died in the middle of them: its heartbeat is missing for 30 seconds. Tasks may run twice.

    A job that outlives ten workers is given up, so that one that kills its worker does not do so for ever.

    :returns: how many were put back
    """
    stalled = list(async_to_sync(app.job_manager.get_stalled_jobs)())
    lost = [job for job in stalled if job.attempts >= MOST_LIVES]
    for job in lost:
        log.error("job given up: its workers died", task=job.task_name, job=job.id, attempts=job.attempts)
        async_to_sync(app.job_manager.finish_job)(job, Status.FAILED, delete_job=False)
    for job in stalled:
        if job not in lost:
            log.warning("job put back: its worker died", task=job.task_name, job=job.id)
            async_to_sync(app.job_manager.retry_job)(job)
    return len(stalled) - len(lost)


def forget_old_jobs() -> None:
    """Delete the rows of jobs that succeeded more than a week ago."""
    async_to_sync(app.job_manager.delete_old_jobs)(nb_hours=7 * 24)

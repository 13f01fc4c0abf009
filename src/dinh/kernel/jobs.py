"""Work done later, in the worker: deferred in the caller's transaction, run at least once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import connection
from django.db.models import Q
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

log = structlog.stdlib.get_logger(__name__)

PATIENT: Final = RetryStrategy(max_attempts=25, exponential_wait=2)
"""For work that waits for something outside: backs off up to months, and is never dropped silently."""
BRIEF: Final = RetryStrategy(max_attempts=5, linear_wait=2)
"""For work within the house: what fails five times is an error to be looked at."""

DEAD_AFTER: Final = timedelta(seconds=45)
"""Workers beat every ten seconds; a machine under load may miss some."""
MOST_RESCUES: Final = 5
KEPT: Final = timedelta(days=7)


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


def rescue_stalled_jobs(*, at: datetime) -> list[int]:
    """
    Queue again the jobs whose worker died on them (killed, or its machine stopped), so that no event is lost.

    A job that was on its worker when it died for the fifth time is likely to be what kills it: it is left as it is and
    told in the log as an error.

    :returns: ids of the jobs that were queued again
    """
    dead = ProcrastinateWorker.objects.filter(last_heartbeat__lt=at - DEAD_AFTER)
    stalled = ProcrastinateJob.objects.filter(Q(worker=None) | Q(worker__in=dead), status="doing")
    rescued = []
    for job in stalled.order_by("id"):
        if job.attempts >= MOST_RESCUES:
            log.error("job stalled too often", job=job.pk, task=job.task_name)
            continue
        app.job_manager.retry_job_by_id(job_id=job.pk, retry_at=at)
        log.warning("stalled job queued again", job=job.pk, task=job.task_name)
        rescued.append(job.pk)
    return rescued


def forget_finished_jobs(*, at: datetime) -> int:
    """Delete jobs that ended well more than a week ago; what failed stays, to be looked at. :returns: how many"""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [at - KEPT])
        return int(cursor.rowcount)


_FORGET: Final = """
DELETE FROM procrastinate_jobs job WHERE status IN ('succeeded', 'cancelled') AND NOT EXISTS (
    SELECT FROM procrastinate_events event WHERE event.job_id = job.id AND event.at >= %s)
"""

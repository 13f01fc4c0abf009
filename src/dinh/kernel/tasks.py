"""What the worker does for the kernel's own plumbing."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.idempotency import forget_old_answers
from dinh.kernel.jobs import forget_old_jobs, revive_stalled_jobs, task


@app.periodic(cron="20 3 * * *")
@task(queue="kernel")
def forget_answers(*, timestamp: int) -> None:
    """Every night: answers kept for retries that nobody sends any more, and jobs done long ago."""
    forget_old_answers(at=timezone.now())
    forget_old_jobs()


@app.periodic(cron="* * * * *")
@task(queue="kernel")
def revive_jobs(*, timestamp: int) -> None:
    """Every minute: jobs whose worker was killed are done by another."""
    revive_stalled_jobs()

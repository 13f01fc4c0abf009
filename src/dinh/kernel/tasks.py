"""What the worker does for the kernel's own plumbing."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.idempotency import forget_old_answers
from dinh.kernel.jobs import forget_finished_jobs, rescue_stalled_jobs, task


@app.periodic(cron="20 3 * * *")
@task(queue="kernel")
def forget_answers(*, timestamp: int) -> None:
    """Every night: answers kept for retries that nobody sends any more."""
    forget_old_answers(at=timezone.now())


@app.periodic(cron="40 3 * * *")
@task(queue="kernel")
def forget_jobs(*, timestamp: int) -> None:
    """Every night: jobs that ended well a week ago."""
    forget_finished_jobs(at=timezone.now())


@app.periodic(cron="* * * * *")
@task(queue="kernel")
def rescue_jobs(*, timestamp: int) -> None:
    """Every minute: jobs whose worker died on them."""
    rescue_stalled_jobs(at=timezone.now())

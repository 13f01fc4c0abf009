"""What the worker does for the kernel's own plumbing."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.idempotency import forget_old_answers
from dinh.kernel.jobs import task


@app.periodic(cron="20 3 * * *")
@task(queue="kernel")
def forget_answers(*, timestamp: int) -> None:
    """Every night: answers kept for retries that nobody sends any more."""
    forget_old_answers(at=timezone.now())

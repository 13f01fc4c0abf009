from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from dinh.kernel.jobs import PATIENT, task
from dinh.notify.operations.digests import SETTLED, choices_due, send_digest


@task(queue="notify", retry=PATIENT)
def tell(*, choice_id: int, until: str) -> None:
    send_digest(choice_id=choice_id, until=datetime.fromisoformat(until))


@app.periodic(cron="*/5 * * * *")
@task(queue="notify")
def send_digests(timestamp: int) -> None:
    """Every five minutes a job for each person whose digest is due, unless one waits already."""
    now = timezone.now()
    for choice_id in choices_due(at=now).values_list("pk", flat=True):
        lock = f"notify.{choice_id}"
        try:
            tell.configure(queueing_lock=lock, lock=lock).defer(
                choice_id=choice_id, until=(now - SETTLED).isoformat()
            )
        except AlreadyEnqueued:
            continue

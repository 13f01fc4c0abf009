"""What the worker does for the list of work."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.worklist.operations.reminding import BATCH, remind_of_late_work


@app.periodic(cron="*/10 * * * *")
@task(queue="worklist")
def remind(*, timestamp: int) -> None:
    """Every ten minutes; batch after batch, until nothing late is left untold."""
    while remind_of_late_work(at=timezone.now()) == BATCH:
        pass

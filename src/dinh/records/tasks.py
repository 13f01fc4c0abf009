"""What the worker does for case files."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.records.operations.handing_over import BATCH, warn_of_hand_over


@app.periodic(cron="15 6 * * *")
@task(queue="records")
def warn(*, timestamp: int) -> None:
    """Each morning, until nobody is left who is to be told of a hand-over."""
    while warn_of_hand_over(at=timezone.now()) == BATCH:
        pass

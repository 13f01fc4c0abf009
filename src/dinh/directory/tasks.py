from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.directory.operations.failures import forget_addresses
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.timeline import lock_structure
from dinh.kernel.jobs import task


@app.periodic(cron="1 * * * *")
@task(queue="directory")
def take_effect(timestamp: int) -> None:
    """Shortly after midnight, what was recorded for the new day takes effect; hourly, should a night be missed."""
    with transaction.atomic():
        lock_structure()
        bring_up_to_date(today=timezone.localdate())


@app.periodic(cron="41 2 * * *")
@task(queue="directory")
def forget_failures(timestamp: int) -> None:
    """Addresses from which nobody failed to sign in for a day."""
    forget_addresses(at=timezone.now())

"""What the worker does for blobs."""

from datetime import timedelta

from django.conf import settings
from django.core.files.storage import storages
from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.storage.orphans import delete_orphans
from dinh.storage.streams import forget_unfinished


@app.periodic(cron="10 3 * * *")
@task(queue="storage")
def clear_unfinished(*, timestamp: int) -> None:
    """Every night: what was being written when its process was killed, a day ago or longer."""
    forget_unfinished(storages["blobs"], before=timezone.now() - timedelta(days=1))


@app.periodic(cron="40 3 * * *")
@task(queue="storage")
def clear_orphans(*, timestamp: int) -> None:
    """Every night: what no record has referred to for `DINH_ORPHANS_KEPT_DAYS`."""
    delete_orphans(before=timezone.now() - timedelta(days=settings.ORPHANS_KEPT_DAYS))

"""What the worker does for blobs."""

from datetime import timedelta

from django.core.files.storage import storages
from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.storage.streams import forget_unfinished


@app.periodic(cron="10 3 * * *")
@task(queue="storage")
def clear_unfinished(*, timestamp: int) -> None:
    """Every night: what was being written when its process was killed, a day ago or longer."""
    forget_unfinished(storages["blobs"], before=timezone.now() - timedelta(days=1))

"""Telling people: what other modules may call, from a receiver or a task."""

from collections.abc import Iterable
from datetime import datetime


def notify(
    *, appointment_ids: Iterable[int], kind: str, text: str, url: str, at: datetime, dedupe_key: str
) -> None:
    """
    Tell each of these appointments once; a repeated call with the same key adds nothing.
    """
    from dinh.notify.models import Notification

    Notification.objects.bulk_create(
        (
            Notification(
                appointment_id=appointment_id,
                kind=kind,
                text=text[:500],
                url=url,
                created_at=at,
                dedupe_key=dedupe_key,
            )
            for appointment_id in appointment_ids
        ),
        ignore_conflicts=True,
    )

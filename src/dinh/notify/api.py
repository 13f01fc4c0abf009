"""Telling people: what other modules may call, from a receiver or a task."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["News", "notify", "notify_all"]


@dataclass(frozen=True, kw_only=True)
class News:
    """
    Something to tell.

    :param kind: `module.what`
    :param url: path of the page that it leads to
    :param dedupe_key: each appointment is told once per key
    """

    appointment_ids: Iterable[int]
    kind: str
    text: str
    url: str
    dedupe_key: str


def notify(
    *, appointment_ids: Iterable[int], kind: str, text: str, url: str, at: datetime, dedupe_key: str
) -> None:
    """
    Tell each of these appointments once; a repeated call with the same key adds nothing.
    """
    news = News(appointment_ids=appointment_ids, kind=kind, text=text, url=url, dedupe_key=dedupe_key)
    notify_all([news], at=at)


def notify_all(news: Iterable[News], *, at: datetime) -> None:
    """
    Tell of several things in one statement; each as `notify`.
    """
    from dinh.notify.models import Notification

    Notification.objects.bulk_create(
        (
            Notification(
                appointment_id=appointment_id,
                kind=one.kind,
                text=one.text[:500],
                url=one.url,
                created_at=at,
                dedupe_key=one.dedupe_key,
            )
            for one in news
            for appointment_id in one.appointment_ids
        ),
        ignore_conflicts=True,
    )

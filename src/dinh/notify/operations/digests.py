"""Telling people outside the page: several things together, at the pace that each has chosen."""

from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from dinh.directory.models import Account
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.calendar import is_working_day
from dinh.notify.channels import Notice, channels
from dinh.notify.models import ChannelChoice, Notification, Pace

SETTLED: Final = timedelta(minutes=2)
"""Younger notifications wait for the next time: their transactions may still be open beside us."""
MORNING: Final = time(7, 30)
MOST: Final = 100
"""Notices in one digest; the page shows the rest."""


def choices_due(*, at: datetime) -> QuerySet[ChannelChoice]:
    """Choices of channels that are set up, and whose next digest is due."""
    ready = [name for name, channel in channels.items() if channel.is_ready()]
    due = Q(pace=Pace.SOON, told_until__lt=at - SETTLED)
    today = timezone.localdate(at)
    morning = timezone.make_aware(datetime.combine(today, MORNING))
    if is_working_day(day=today) and at >= morning + SETTLED:
        due |= Q(pace=Pace.DAILY, told_until__lt=morning)
    return ChannelChoice.objects.filter(due, channel__in=ready)


def send_digest(*, choice_id: int, until: datetime) -> int:
    """
    Tell a person by a channel of all that is unread and happened since the last time. Safe to run twice, except
    that a crash right after sending sends the same digest, with the same key, again.

    Runs outside any transaction, since it waits for a server.

    :returns: of how many things was told; 0 also if it was told of already, or the person cannot sign in any more
    """
    choice = ChannelChoice.objects.select_related("person").filter(pk=choice_id).first()
    if choice is None or choice.pace == Pace.OFF or choice.told_until >= until:
        return 0
    channel, since = channels[choice.channel], choice.told_until
    notices = _notices(choice, until) if channel.address_of(choice.person) else []
    if notices:
        channel.send(choice.person, notices, f"notify.{choice.pk}.{since.timestamp():.6f}")
    ChannelChoice.objects.filter(pk=choice.pk, told_until=since).update(told_until=until)
    return len(notices)


def _notices(choice: ChannelChoice, until: datetime) -> list[Notice]:
    if not Account.objects.filter(person_id=choice.person_id, is_active=True).exists():
        return []
    held = current_appointments(person_id=choice.person_id, today=timezone.localdate(until))
    rows = Notification.objects.filter(
        appointment__in=held.values("pk"),
        read_at=None,
        created_at__gt=choice.told_until,
        created_at__lte=until,
    )
    return [
        Notice(row.text, row.url, timezone.localtime(row.created_at)) for row in rows.order_by("id")[:MOST]
    ]

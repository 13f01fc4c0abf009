from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from dinh.directory.models import Appointment
from dinh.kernel.compiled import CompiledRead
from dinh.notify.models import ChannelChoice, Notification

MOST_COUNTED = 100
"""The bell says 99+ beyond; counting further would read rows for nothing."""


_UNREAD: Final[CompiledRead[int]] = CompiledRead(
    lambda appointment: Notification.objects.filter(appointment=appointment, read_at=None).values_list(
        "pk", flat=True
    )[:MOST_COUNTED],
    appointment=-1,
)


def notifications_visible_to(appointment: Appointment) -> QuerySet[Notification]:
    """What the appointment was told, the latest first."""
    return Notification.objects.filter(appointment=appointment).order_by("-created_at", "-id")


def amount_unread(appointment: Appointment) -> int:
    """How many are unread, at most 100; one query over a partial index."""
    return len(_UNREAD.rows(appointment=appointment.pk))


def unread_for_bell(request: HttpRequest) -> int:
    return amount_unread(request.appointment)  # type: ignore[attr-defined]


def paces_of(appointment: Appointment) -> dict[str, str]:
    """How often the person wants to be told, by channel; channels without a choice are left out."""
    own = ChannelChoice.objects.filter(person=appointment.person_id)
    return dict(own.values_list("channel", "pace"))

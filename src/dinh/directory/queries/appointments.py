from datetime import date

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from dinh.directory.models import Appointment


def current_appointments(*, person_id: int, today: date) -> QuerySet[Appointment]:
    """A person's appointments that hold on a day, highest position first, with unit, division and position."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    return Appointment.objects.filter(holds, person_id=person_id, start_date__lte=today).select_related(
        "person", "unit", "division", "position"
    )


def positions_of(request: HttpRequest) -> list[Appointment]:
    """The positions that the signed-in person may switch between today."""
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return list(current_appointments(person_id=appointment.person_id, today=timezone.localdate()))

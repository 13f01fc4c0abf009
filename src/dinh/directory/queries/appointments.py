from datetime import date
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from dinh.directory.models import Appointment
from dinh.kernel.compiled import CompiledRead


def current_appointments(*, person_id: int, today: date) -> QuerySet[Appointment]:
    """A person's appointments that hold on a day, highest position first, with unit, division and position."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    return Appointment.objects.filter(holds, person_id=person_id, start_date__lte=today).select_related(
        "person", "unit", "division", "position"
    )


_OF_PERSON: Final[CompiledRead[Appointment]] = CompiledRead(
    lambda person_id, today: current_appointments(person_id=person_id, today=today),
    person_id=-1,
    today=date.min,
)


def appointments_of(*, person_id: int, today: date) -> list[Appointment]:
    """The same, read on every page."""
    return _OF_PERSON.rows(person_id=person_id, today=today)


def positions_of(request: HttpRequest) -> list[Appointment]:
    """The positions that the signed-in person may switch between today, as the middleware found them."""
    found: list[Appointment] = getattr(request, "own_appointments", [])
    return found

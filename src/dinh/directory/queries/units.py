from datetime import date

from django.db.models import Q, QuerySet

from dinh.directory.models import Appointment, Unit
from dinh.kernel.text import fold


def units_visible_to(appointment: Appointment) -> QuerySet[Unit]:
    """All units: whoever holds a position may see whom one can write to."""
    return Unit.objects.select_related("parent") if appointment.pk else Unit.objects.none()


def units_matching(units: QuerySet[Unit], text: str) -> QuerySet[Unit]:
    """Units whose name or code has all the words, with or without diacritics."""
    for word in fold(text).split():
        units = units.filter(Q(search_name__contains=word) | Q(identifiers__value__istartswith=word))
    return units.distinct() if text else units


def people_of(unit: Unit, today: date) -> QuerySet[Appointment]:
    """Who holds a position in a unit on a day, highest first, then by given name."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    people = unit.appointments.filter(holds, start_date__lte=today)
    return people.select_related("person", "position", "division")

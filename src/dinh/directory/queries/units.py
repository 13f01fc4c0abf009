from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from dinh.directory.models import Appointment, Unit, UnitVersion
from dinh.kernel.text import fold


def units_visible_to(appointment: Appointment) -> QuerySet[Unit]:
    """All units: whoever holds a position may see whom one can write to."""
    return Unit.objects.select_related("parent") if appointment.pk else Unit.objects.none()


def units_matching(units: QuerySet[Unit], text: str) -> QuerySet[Unit]:
    """Units whose name or code has all the words, with or without diacritics."""
    for word in fold(text).split():
        units = units.filter(Q(search_name__contains=word) | Q(identifiers__value__istartswith=word))
    return units.distinct() if text else units


def versions_as_of(unit_ids: Iterable[int], day: date) -> dict[int, UnitVersion]:
    """What each unit was called, and under whom it stood, on a day; without those that did not exist."""
    holds = Q(valid_to=None) | Q(valid_to__gte=day)
    versions = UnitVersion.objects.filter(holds, unit_id__in=list(unit_ids), valid_from__lte=day)
    return {version.unit_id: version for version in versions.select_related("parent")}


def people_of(unit: Unit, today: date) -> QuerySet[Appointment]:
    """Who holds a position in a unit on a day, highest first, then by given name."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    people = unit.appointments.filter(holds, start_date__lte=today)
    return people.select_related("person", "position", "division")

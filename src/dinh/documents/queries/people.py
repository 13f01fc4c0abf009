"""Who works in a unit today, as far as handling documents asks for it."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, QuerySet

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Division


def staff_of(unit_ids: Collection[int], today: date) -> "QuerySet[Appointment]":
    """Appointments of these units that hold on a day, highest position first, with person and position."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    people = Appointment.objects.filter(holds, unit_id__in=unit_ids, start_date__lte=today)
    return people.select_related("person", "position", "division")


def clerks_of(unit_ids: Collection[int], today: date) -> "QuerySet[Appointment]":
    """The clerks of these units."""
    return staff_of(unit_ids, today).filter(roles__contains=[Role.CLERK])


def heads_of(division_ids: Collection[int], unit_id: int, today: date) -> "QuerySet[Appointment]":
    """Heads and deputies of these divisions of the unit."""
    heads = staff_of([unit_id], today).filter(division_id__in=division_ids)
    return heads.filter(roles__overlap=[Role.DIVISION_HEAD, Role.DIVISION_DEPUTY])


def divisions_of(unit_id: int) -> "QuerySet[Division]":
    """The unit's divisions in use, in their order."""
    return Division.objects.filter(unit_id=unit_id, is_active=True)


def assignees_of(unit_id: int, today: date) -> dict[str, Appointment | Division]:
    """Divisions, then people of a unit, whom its leaders may charge with a document, by key in a page."""
    divisions = {f"d{each.pk}": each for each in divisions_of(unit_id)}
    return {**divisions, **{f"a{each.pk}": each for each in staff_of([unit_id], today)}}

"""Lists of files and what stands in them."""

from django.db.models import Count, QuerySet

from dinh.directory.models import Appointment
from dinh.records.models import FileList, ListEntry


def list_of(appointment: Appointment, year: int) -> FileList | None:
    """The own unit's list of a year; everybody of the unit may see it."""
    lists = FileList.objects.filter(unit_id=appointment.unit_id, year=year)
    return lists.select_related("approved_by__person").first()


def entries_of(appointment: Appointment, year: int) -> "QuerySet[ListEntry]":
    """Its lines by heading and code, each with `opened`, how many case files were opened from it."""
    entries = ListEntry.objects.filter(file_list__unit_id=appointment.unit_id, file_list__year=year)
    return entries.select_related("responsible__person").annotate(opened=Count("case_files"))


def years_of_lists(appointment: Appointment, *, this_year: int) -> list[int]:
    """Years to choose from: those that have a list, this one and the next; the newest first."""
    known = FileList.objects.filter(unit_id=appointment.unit_id).values_list("year", flat=True)
    return sorted({*known, this_year, this_year + 1}, reverse=True)

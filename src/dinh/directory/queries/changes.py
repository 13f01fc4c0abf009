"""Changes of the tree as they were entered."""

from datetime import date

from django.db.models import QuerySet

from dinh.directory.models import Appointment, StructureChange
from dinh.directory.rules import keeps_directory


def changes_visible_to(appointment: Appointment) -> QuerySet[StructureChange]:
    """All of them, for those who keep the directory: the latest day first."""
    if not keeps_directory(appointment):
        return StructureChange.objects.none()
    return StructureChange.objects.select_related("entered_by__person").defer("journal")


def planned(changes: QuerySet[StructureChange], *, today: date) -> QuerySet[StructureChange]:
    """Those whose day has not come and that were not withdrawn, the nearest first."""
    return changes.filter(effective_date__gt=today, withdrawn_at=None).order_by("effective_date", "id")

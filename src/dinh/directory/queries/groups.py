from django.db.models import Q, QuerySet

from dinh.directory.models import Appointment, UnitGroup


def groups_visible_to(appointment: Appointment) -> QuerySet[UnitGroup]:
    """The province's groups and those of one's own unit."""
    return UnitGroup.objects.filter(Q(owner=None) | Q(owner=appointment.unit_id)).select_related("owner")

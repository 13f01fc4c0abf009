from django.db.models import F, Q, QuerySet

from dinh.directory.models import Appointment
from dinh.worklist.models import WorkItem


def items_visible_to(appointment: Appointment) -> QuerySet[WorkItem]:
    """What waits for this appointment, or for a role that it carries in its unit; most pressing first."""
    mine = Q(appointment=appointment)
    by_role = Q(unit_id=appointment.unit_id, role__in=appointment.roles, appointment=None)
    waiting = WorkItem.objects.filter(mine | by_role, done_at=None)
    return waiting.order_by(F("due_at").asc(nulls_last=True), "-urgency", "created_at", "id")

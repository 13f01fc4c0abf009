"""Outgoing documents as far as somebody may see them."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import Secrecy
from dinh.documents.models import Outgoing, Step


def outgoing_visible_to(appointment: Appointment) -> QuerySet[Outgoing]:
    """
    The unit's outgoing documents that this appointment may see; never another unit's.

    The drafter, whoever stands on the path, clerks, head and deputies of the unit; a division's head sees
    its division's. What is secret only the path, clerks, head and deputies see.
    """
    on_path = Exists(Step.objects.filter(outgoing=OuterRef("pk"), appointment=appointment))
    seen = Q(drafter=appointment, document__secrecy=Secrecy.NONE) | Q(on_path)
    if appointment.has_role(Role.CLERK, Role.UNIT_HEAD, Role.UNIT_DEPUTY):
        seen = Q()
    elif appointment.has_role(Role.DIVISION_HEAD) and appointment.division_id is not None:
        seen |= Q(division=appointment.division_id, document__secrecy=Secrecy.NONE)
    return Outgoing.objects.filter(seen, unit=appointment.unit_id).select_related("document")

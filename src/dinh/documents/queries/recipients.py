"""How far the recipients of a sending are, for its sender."""

from django.db.models import Count, QuerySet

from dinh.directory.models import Appointment
from dinh.documents.models import Incoming


def arrivals_of(outgoing_id: int, appointment: Appointment, *, state: str = "") -> "QuerySet[Incoming]":
    """Arrivals of a document that the appointment's unit sent, by unit; none for other units."""
    arrivals = Incoming.objects.filter(
        dispatch__outgoing_id=outgoing_id, dispatch__sender_id=appointment.unit_id
    )
    if state:
        arrivals = arrivals.filter(state=state)
    return arrivals.select_related("unit").order_by("unit__sort_order", "unit_id")


def counts_by_state(outgoing_id: int, appointment: Appointment) -> dict[str, int]:
    """How many recipients stand in each state (`IncomingState`)."""
    counted = arrivals_of(outgoing_id, appointment).order_by().values("state").annotate(amount=Count("pk"))
    return {row["state"]: row["amount"] for row in counted}

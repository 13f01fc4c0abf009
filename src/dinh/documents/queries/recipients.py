"""How far the recipients of a sending are, for its sender."""

from django.db.models import Count, OuterRef, QuerySet, Subquery

from dinh.directory.models import Appointment
from dinh.documents.models import Incoming, Outgoing


def arrivals_of(outgoing_id: int, appointment: Appointment, *, state: str = "") -> "QuerySet[Incoming]":
    """
    Arrivals of a document that the appointment's unit sent, by unit; none for other units.

    `reply_id` is the arrival at the sender's own unit of the letter by which the recipient replied.
    """
    arrivals = Incoming.objects.filter(
        dispatch__outgoing_id=outgoing_id, dispatch__sender_id=appointment.unit_id
    )
    if state:
        arrivals = arrivals.filter(state=state)
    replies = Incoming.objects.filter(
        unit_id=appointment.unit_id, document__outgoing__replies_to=OuterRef("pk")
    )
    reply = Subquery(replies.order_by("arrived_at").values("pk")[:1])
    return arrivals.annotate(reply_id=reply).select_related("unit").order_by("unit__sort_order", "unit_id")


def counts_by_state(outgoing_id: int, appointment: Appointment) -> dict[str, int]:
    """How many recipients stand in each state (`IncomingState`)."""
    arrivals = Incoming.objects.filter(
        dispatch__outgoing_id=outgoing_id, dispatch__sender_id=appointment.unit_id
    )
    counted = arrivals.order_by().values("state").annotate(amount=Count("pk"))
    return {row["state"]: row["amount"] for row in counted}


def replies_to(outgoing: Outgoing, appointment: Appointment) -> "QuerySet[Incoming]":
    """Letters by which recipients replied, as they arrived at the sender's unit."""
    answers = Incoming.objects.filter(
        unit_id=appointment.unit_id, document__outgoing__replies_to__dispatch__outgoing=outgoing
    )
    return answers.select_related("document").order_by("arrived_at", "pk").distinct()

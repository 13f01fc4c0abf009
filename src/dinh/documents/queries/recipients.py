"""How far the recipients of a sending are, for its sender."""

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import Channel
from dinh.documents.models import Incoming, Outgoing, Recipient
from dinh.documents.queries.units import units_in_being
from dinh.kernel.text import fold


def arrivals_of(
    outgoing_id: int, appointment: Appointment, *, state: str = "", words: str = ""
) -> "QuerySet[Incoming]":
    """
    Arrivals of a document that the appointment's unit sent, by unit; none for other units.

    `reply_id` is the arrival at the sender's own unit of the letter by which the recipient replied.

    :param words: words of the unit's name, with or without diacritics
    """
    arrivals = _sent(outgoing_id, appointment)
    if state:
        arrivals = arrivals.filter(state=state)
    for word in fold(words).split():
        arrivals = arrivals.filter(unit__search_name__contains=word)
    replies = Incoming.objects.filter(
        unit_id=appointment.unit_id, document__outgoing__replies_to=OuterRef("pk")
    )
    reply = Subquery(replies.order_by("arrived_at").values("pk")[:1])
    return arrivals.annotate(reply_id=reply).select_related("unit").order_by("unit__sort_order", "unit_id")


def counts_by_state(outgoing_id: int, appointment: Appointment) -> dict[str, int]:
    """How many recipients stand in each state (`IncomingState`)."""
    counted = _sent(outgoing_id, appointment).order_by().values("state").annotate(amount=Count("pk"))
    return {row["state"]: row["amount"] for row in counted}


def recipients_on_paper(outgoing: Outgoing) -> "QuerySet[Recipient]":
    """Recipients who get the document on paper: not connected, or no unit of the province."""
    return outgoing.recipients.filter(Q(channel=Channel.PAPER) | Q(unit=None))


def units_to_add(outgoing: Outgoing, *, words: str = "") -> "QuerySet[Unit]":
    """Units that exist, do not have the document yet, and are not its sender."""
    known = outgoing.recipients.exclude(unit=None).values("unit_id")
    units = units_in_being(timezone.localdate()).exclude(pk=outgoing.unit_id).exclude(pk__in=known)
    for word in fold(words).split():
        units = units.filter(search_name__contains=word)
    return units


def replies_to(outgoing: Outgoing, appointment: Appointment) -> "QuerySet[Incoming]":
    """Letters by which recipients replied, as they arrived at the sender's unit."""
    answers = Incoming.objects.filter(
        unit_id=appointment.unit_id, document__outgoing__replies_to__dispatch__outgoing=outgoing
    )
    return answers.select_related("document").order_by("arrived_at", "pk").distinct()


def _sent(outgoing_id: int, appointment: Appointment) -> "QuerySet[Incoming]":
    return Incoming.objects.filter(dispatch__outgoing_id=outgoing_id, dispatch__sender_id=appointment.unit_id)

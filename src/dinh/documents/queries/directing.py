"""What waits for a leader's directions, and whom he usually charges."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, QuerySet

from dinh.directory.models import Appointment, Division
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.people import assignees_of
from dinh.documents.rules_incoming import directs

SUGGESTED: Final = 4
_LOOKED_BACK: Final = timedelta(days=90)


def letters_to_direct(appointment: Appointment) -> "QuerySet[Incoming]":
    """Registered letters without directions, the most urgent first, then the oldest; none for others."""
    if not directs(appointment):
        return Incoming.objects.none()
    waiting = incoming_visible_to(appointment).filter(state=IncomingState.RECEIVED)
    rows = waiting.select_related("document").defer(
        "document__search_text", "document__search_vector", "verdict_details"
    )
    return rows.order_by("-document__urgency", "registered_at", "pk")


def likely_leads(
    appointment: Appointment, *, now: datetime, today: date
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """
    Keys and names of whom the unit's leaders charge: the likely ones first, then all others.

    Likely are those who led most often in the last 90 days, else the first divisions; three queries.
    """
    people = assignees_of(appointment.unit_id, today)
    names = {key: _name(each) for key, each in people.items() if key != f"a{appointment.pk}"}
    often = [key for key in _often(appointment, now) if key in names]
    likely = list(dict.fromkeys([*often, *names]))[:SUGGESTED]
    return [(key, names[key]) for key in likely], [pair for pair in names.items() if pair[0] not in likely]


def _often(appointment: Appointment, now: datetime) -> list[str]:
    led = Assignment.objects.filter(
        incoming__unit_id=appointment.unit_id,
        role=AssignmentRole.LEAD,
        withdrawn_at=None,
        assigned_at__gte=now - _LOOKED_BACK,
    )
    counted = led.order_by().values("division_id", "appointment_id").annotate(amount=Count("pk"))
    amounts: dict[str, int] = {}
    for row in counted:
        key = f"d{row['division_id']}" if row["division_id"] else f"a{row['appointment_id']}"
        amounts[key] = amounts.get(key, 0) + row["amount"]
    return sorted(amounts, key=lambda key: -amounts[key])


def _name(each: Appointment | Division) -> str:
    return each.person.full_name if isinstance(each, Appointment) else each.name

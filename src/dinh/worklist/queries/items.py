from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import cache
from typing import Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.compiled import CompiledRead
from dinh.worklist.models import WorkItem
from dinh.worklist.queries.delegations import StandIn, stand_ins_of

DIVISION_HEADS: Final = (Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
LATE: Final = "late"
TODAY: Final = "today"
WEEK: Final = "week"
LATER: Final = "later"
OPEN: Final = "open"
"""No deadline."""


def items_visible_to(
    appointment: Appointment, *, stand_ins: Iterable[StandIn] | None = None
) -> QuerySet[WorkItem]:
    """
    What waits for this appointment, for a role that it carries in its unit, or for somebody whom it stands
    in for; the most pressing first.

    A deputy does not see what waits for the head's role, unless the head delegated it.

    :param stand_ins: where they are known already, which saves their query
    """
    if stand_ins is None:
        stand_ins = stand_ins_of(appointment, today=timezone.localdate())
    waits = _waits_for(appointment.pk, appointment.unit_id, appointment.roles)
    for other in stand_ins:
        passed = _waits_for(other.appointment_id, other.unit_id, other.roles)
        waits |= passed & Q(kind__in=other.kinds)
    return WorkItem.objects.filter(waits, done_at=None).order_by(
        F("due_at").asc(nulls_last=True), "-urgency", "created_at", "id"
    )


def late_of_others(appointment: Appointment) -> QuerySet[WorkItem]:
    """
    Open work of others of which superiors were told: late by a working day, or left by who no longer holds the
    position; the latest first. The head of the unit sees all of it, heads of a division its specialists'.
    """
    told = WorkItem.objects.filter(unit=appointment.unit_id, done_at=None).exclude(escalated_at=None)
    told = told.exclude(appointment=appointment).select_related("appointment__person")
    if not appointment.has_role(Role.UNIT_HEAD):
        if appointment.division_id is None or not appointment.has_role(*DIVISION_HEADS):
            return told.none()
        told = told.filter(appointment__division=appointment.division_id)
        told = told.exclude(appointment__roles__overlap=list(DIVISION_HEADS))
    return told.order_by(F("due_at").asc(nulls_last=True), "-urgency", "id")


def holder_of(item: WorkItem) -> str:
    """Whom it waits for: a person by name, or a role."""
    return item.appointment.person.full_name if item.appointment else str(Role(item.role).label)


def group_of(item: WorkItem, *, now: datetime) -> str:
    """late, today, week (until Sunday), later, or open (no deadline)."""
    if item.due_at is None:
        return OPEN
    if item.due_at < now:
        return LATE
    ends = (_end_of_day(now, 0), _end_of_day(now, 6 - timezone.localtime(now).weekday()))
    return TODAY if item.due_at < ends[0] else WEEK if item.due_at < ends[1] else LATER


def within_group(items: QuerySet[WorkItem], group: str, *, now: datetime) -> QuerySet[WorkItem]:
    """Only the items of one group; all if the group is none of ours."""
    tonight, sunday = _end_of_day(now, 0), _end_of_day(now, 6 - timezone.localtime(now).weekday())
    bounds = {
        LATE: Q(due_at__lt=now),
        TODAY: Q(due_at__gte=now, due_at__lt=tonight),
        WEEK: Q(due_at__gte=tonight, due_at__lt=sunday),
        LATER: Q(due_at__gte=sunday),
        OPEN: Q(due_at=None),
    }
    return items.filter(bounds.get(group, Q()))


def amounts_waiting(
    appointment: Appointment, *, stand_ins: Iterable[StandIn] | None = None
) -> dict[str, int]:
    """
    How many things of each kind wait for this appointment.

    Read once for all entries of a page's menu: the answer stays with the appointment of the request.
    """
    known: dict[str, int] | None = vars(appointment).get("_amounts_waiting")
    if known is None:
        if stand_ins is None:
            stand_ins = stand_ins_of(appointment, today=timezone.localdate())
        known = _amounts(appointment, tuple(stand_ins))
        vars(appointment)["_amounts_waiting"] = known
    return known


def _amounts(appointment: Appointment, stand_ins: tuple[StandIn, ...]) -> dict[str, int]:
    if stand_ins or not appointment.roles:
        return dict(_by_kind(items_visible_to(appointment, stand_ins=stand_ins)))
    roles = {f"role_{place}": role for place, role in enumerate(appointment.roles)}
    own = _own_by_kind(len(roles))
    return dict(own.rows(appointment_id=appointment.pk, unit_id=appointment.unit_id, **roles))


@cache
def _own_by_kind(amount_of_roles: int) -> CompiledRead[tuple[str, int]]:
    """Of somebody with so many roles who stands in for nobody: what nearly every page asks."""

    def build(appointment_id: int, unit_id: int, **roles: str) -> QuerySet[WorkItem, tuple[str, int]]:
        waits = _waits_for(appointment_id, unit_id, roles.values())
        return _by_kind(WorkItem.objects.filter(waits, done_at=None))

    examples = {f"role_{place}": f"role {place}" for place in range(amount_of_roles)}
    return CompiledRead(build, appointment_id=-1, unit_id=-2, **examples)


def _by_kind(items: QuerySet[WorkItem]) -> QuerySet[WorkItem, tuple[str, int]]:
    return items.order_by("kind").values_list("kind").annotate(amount=Count("pk"))


def on_behalf_of(item: WorkItem, own: Appointment, others: Iterable[StandIn]) -> str:
    """The name of whom one stands in for; empty for one's own work."""
    if item.appointment_id == own.pk or (item.role in own.roles and item.unit_id == own.unit_id):
        return ""
    for other in others:
        by_role = item.role in other.roles and item.unit_id == other.unit_id
        if item.appointment_id == other.appointment_id or by_role:
            return other.person_name
    return ""


def _waits_for(appointment_id: int, unit_id: int, roles: Iterable[str]) -> Q:
    by_role = Q(unit_id=unit_id, role__in=list(roles), appointment=None)
    return Q(appointment_id=appointment_id) | by_role


def _end_of_day(now: datetime, days: int) -> datetime:
    day = timezone.localdate(now) + timedelta(days=days + 1)
    return timezone.make_aware(datetime.combine(day, time.min))

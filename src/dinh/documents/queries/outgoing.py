"""Outgoing documents as far as somebody may see them."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, UnitGroup
from dinh.documents.enums import OutgoingState, Secrecy, StepState
from dinh.documents.models import Outgoing, Step
from dinh.documents.queries.units import units_in_being

NAMED_SINGLY = 10
TO_ISSUE = (OutgoingState.SIGNED, OutgoingState.NUMBERED, OutgoingState.SEALED)


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


def letters_to_sign(appointment: Appointment) -> QuerySet[Outgoing]:
    """Letters whose path waits for this appointment's initials or signature, the most urgent first."""
    waiting = Step.objects.filter(outgoing=OuterRef("pk"), appointment=appointment, state=StepState.WAITING)
    mine = outgoing_visible_to(appointment).filter(Exists(waiting.exclude(field_name="")))
    return mine.select_related("drafter__person").order_by("-document__urgency", "updated_at", "pk")


def letters_to_issue(appointment: Appointment) -> QuerySet[Outgoing]:
    """Letters of the clerk's unit from the leader's signature to dispatch; none for others."""
    if not appointment.has_role(Role.CLERK):
        return Outgoing.objects.none()
    waiting = outgoing_visible_to(appointment).filter(state__in=TO_ISSUE)
    amount = Count("recipients")
    return waiting.annotate(recipient_amount=amount).order_by("-document__urgency", "signed_at", "pk")


def addressed_as(outgoing: Outgoing) -> tuple[str, ...]:
    """
    Whom a letter addresses: each recipient by name, or from eleven on by the named groups that they fill.

    A group counts only if every one of its members receives the letter.
    """
    left = dict(outgoing.recipients.values_list("pk", "name"))
    if len(left) <= NAMED_SINGLY:
        return tuple(left.values())
    units = dict(outgoing.recipients.exclude(unit=None).values_list("unit_id", "pk"))
    names = []
    for group in UnitGroup.objects.filter(owner=None).prefetch_related("members"):
        members = _members(group)
        if members and members <= units.keys() and any(units[unit] in left for unit in members):
            names.append(group.name)
            for unit in members:
                left.pop(units[unit], None)
    return (*names, *left.values())


def _members(group: UnitGroup) -> set[int]:
    if group.level or group.bloc:
        given = {"level": group.level, "bloc": group.bloc}
        wanted = {name: value for name, value in given.items() if value}
        return set(units_in_being(timezone.localdate()).filter(**wanted).values_list("pk", flat=True))
    return {unit.pk for unit in group.members.all()}

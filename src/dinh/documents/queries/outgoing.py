"""Outgoing documents as far as somebody may see them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, UnitGroup
from dinh.documents.enums import OutgoingState, Purpose, Secrecy, StepKind, StepState
from dinh.documents.models import Outgoing, Step
from dinh.documents.queries.units import units_in_being
from dinh.documents.queries.words import with_words
from dinh.documents.rules import DRAFT_STATES
from dinh.documents.standing_in import drafted_for, steps_of
from dinh.kernel.errors import NotFound
from dinh.kernel.text import fold

NAMED_SINGLY = 10
_ORDERS: dict[str, OrderBy] = {
    "changed": F("updated_at").desc(),
    "-changed": F("updated_at").asc(),
    "number": F("document__number").desc(nulls_last=True),
    "-number": F("document__number").asc(nulls_last=True),
    "dated": F("document__issued_date").desc(nulls_last=True),
    "-dated": F("document__issued_date").asc(nulls_last=True),
}
ORDERS = tuple(_ORDERS)
_CLOSED = (OutgoingState.ISSUED, OutgoingState.VOIDED, OutgoingState.RECALLED, OutgoingState.REPLACED)
_WHOLE_UNIT = (Role.CLERK, Role.UNIT_HEAD, Role.UNIT_DEPUTY)
TO_ISSUE = (OutgoingState.SIGNED, OutgoingState.NUMBERED, OutgoingState.SEALED)


def outgoing_visible_to(appointment: Appointment) -> QuerySet[Outgoing]:
    """
    The unit's outgoing documents that this appointment may see; never another unit's.

    The drafter, whoever stands on the path, clerks, head and deputies of the unit, and who stands in for somebody for
    whom it waits; a division's head sees its division's. What is secret only the path, clerks, head and deputies see.
    """
    return Outgoing.objects.filter(_of_own_unit(appointment)).select_related("document")


def outgoing_open_to(appointment: Appointment) -> QuerySet[Outgoing]:
    """
    What this appointment may open: its own unit's as `outgoing_visible_to`, and agreements of others from when their
    leader signed, for the clerks, head and deputies of the unit that is their other party; not what came back to its
    drafter since.
    """
    asked = Step.objects.filter(
        outgoing=OuterRef("pk"), kind=StepKind.PARTY, state__in=(StepState.WAITING, StepState.DONE)
    )
    if appointment.has_role(*_WHOLE_UNIT):
        asked = asked.filter(appointment__unit=appointment.unit_id)
    else:
        asked = asked.filter(appointment=appointment)
    open_to_party = Q(Exists(asked)) & ~Q(state__in=DRAFT_STATES)
    return Outgoing.objects.filter(_of_own_unit(appointment) | open_to_party).select_related("document")


def found_among(rows: QuerySet[Outgoing], outgoing_id: int) -> Outgoing:
    """
    The one of these rows that is asked for.

    :raises NotFound: not among them
    """
    try:
        # Not `first()`: its order is compared with all columns of the joined tables.
        return rows.get(pk=outgoing_id)
    except Outgoing.DoesNotExist:
        raise NotFound(_("There is no such document.")) from None


def _of_own_unit(appointment: Appointment) -> Q:
    of_unit = Q(unit=appointment.unit_id)
    if appointment.has_role(*_WHOLE_UNIT):
        return of_unit
    on_path = Exists(Step.objects.filter(outgoing=OuterRef("pk"), appointment=appointment))
    passed = Exists(
        Step.objects.filter(steps_of(appointment), outgoing=OuterRef("pk"), state=StepState.WAITING)
    )
    returned = drafted_for(appointment) & Q(state=OutgoingState.RETURNED)
    standing_in = (passed | returned) & Q(document__secrecy=Secrecy.NONE)
    seen = Q(drafter=appointment, document__secrecy=Secrecy.NONE) | Q(on_path) | standing_in
    if appointment.has_role(Role.DIVISION_HEAD) and appointment.division_id is not None:
        seen |= Q(division=appointment.division_id, document__secrecy=Secrecy.NONE)
    return of_unit & seen


@dataclass(frozen=True, slots=True)
class OutgoingFilter:
    """
    What is asked of the list; what is empty does not narrow it.

    :param state: an `OutgoingState`
    :param words: of a numbered letter's text, with or without diacritics; of a draft's subject; or a number
    :param order: one of `ORDERS`; a minus sign turns it round
    """

    state: str = ""
    words: str = ""
    order: str = "changed"


def outgoing_box(appointment: Appointment, wanted: OutgoingFilter) -> QuerySet[Outgoing]:
    """Letters visible to the appointment that the filter wants, in its order, with their documents."""
    rows = outgoing_visible_to(appointment)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if words := fold(wanted.words):
        # The words of a letter are kept from its numbering on; before, its subject is what there is.
        unnumbered = Q(document__number=None, document__subject__icontains=wanted.words.strip())
        found = with_words(wanted.words, reader=appointment.unit_id) | unnumbered
        rows = rows.filter(found | Q(document__number=int(words)) if _is_number(words) else found)
    rows = rows.defer("document__search_text", "document__search_vector")
    return rows.order_by(_ORDERS.get(wanted.order, _ORDERS["changed"]), "-pk")


def state_counts(appointment: Appointment) -> dict[str, int]:
    """How many letters stand in each state, but for those that are out; one query."""
    open_letters = outgoing_visible_to(appointment).exclude(state__in=_CLOSED).select_related(None)
    rows = open_letters.order_by().values_list("state").annotate(amount=Count("pk"))
    return dict(rows)


def letters_to_sign(appointment: Appointment) -> QuerySet[Outgoing]:
    """Letters whose path waits for this appointment's initials or signature, the most urgent first."""
    mine = steps_of(appointment, [StepKind.INITIAL])
    waiting = Step.objects.filter(mine, outgoing=OuterRef("pk"), state=StepState.WAITING)
    letters = outgoing_open_to(appointment).filter(Exists(waiting.exclude(field_name="")))
    return letters.select_related("drafter__person").order_by("-document__urgency", "updated_at", "pk")


def letters_to_issue(appointment: Appointment) -> QuerySet[Outgoing]:
    """Letters of the clerk's unit from the leader's signature to dispatch; none for others."""
    if not appointment.has_role(Role.CLERK):
        return Outgoing.objects.none()
    waiting = outgoing_visible_to(appointment).filter(state__in=TO_ISSUE)
    return waiting.order_by("-document__urgency", "signed_at", "pk")


def next_letter(appointment: Appointment, outgoing: Outgoing) -> Outgoing | None:
    """The next letter that waits for the appointment's signature, or at its clerk's office; one query."""
    tray = letters_to_issue if appointment.has_role(Role.CLERK) else letters_to_sign
    return tray(appointment).exclude(pk=outgoing.pk).first()


def addressed_as(outgoing: Outgoing, *, purposes: Collection[str] = Purpose.values) -> tuple[str, ...]:
    """
    Whom a letter addresses: each recipient by name, or from eleven on by the named groups that they fill.

    A group counts only if every one of its members receives the letter for one of the purposes.
    """
    recipients = outgoing.recipients.filter(purpose__in=purposes)
    left = dict(recipients.values_list("pk", "name"))
    if len(left) <= NAMED_SINGLY:
        return tuple(left.values())
    units = dict(recipients.exclude(unit=None).values_list("unit_id", "pk"))
    names = []
    known = UnitGroup.objects.filter(Q(owner=None) | Q(owner=outgoing.unit_id))
    for group in known.prefetch_related("members"):
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


def _is_number(words: str) -> bool:
    return words.isdecimal() and len(words) < 10

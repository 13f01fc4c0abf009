"""Leaders direct who handles an incoming document (cho ý kiến, phân công; Decree 30/2020, Art. 24)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment, Division
from dinh.documents.arrival_deadlines import DIRECT
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.events import IncomingAssigned
from dinh.documents.models import Assignment, Incoming
from dinh.documents.operations.dispatch import incoming_url
from dinh.documents.operations.receiving import (
    ReasonMissing,
    WrongIncomingState,
    locked_incoming,
    tell_state,
)
from dinh.documents.queries.incoming import IncomingNotFound
from dinh.documents.queries.people import heads_of
from dinh.documents.rules_incoming import may_direct, may_pass_on
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.kernel.events import publish
from dinh.worklist.api import NewWork, add_work, finish_work, move_deadline

Assignee = Appointment | Division
HANDLE, PASS_ON = "documents.handle", "documents.pass_on"
_UNDER_WAY = (IncomingState.ASSIGNED, IncomingState.IN_PROGRESS)


class WrongAssignee(InvalidInput):
    """Somebody of another unit, the same one twice, or a division without a head."""


class WrongDeadline(InvalidInput):
    """In the past, or not later than the one that holds."""


class AssignmentNotFound(NotFound):
    pass


@dataclass(frozen=True, slots=True)
class Directions:
    """
    What a leader orders: who leads, who supports, who is to know, what is to be done, until when.

    People and divisions of the leader's own unit, each named once.
    """

    lead: Assignee
    supports: Sequence[Assignee] = ()
    informed: Sequence[Assignee] = ()
    instruction: str = ""
    due_at: datetime | None = None

    def parts(self) -> list[tuple[AssignmentRole, Assignee]]:
        return [
            (AssignmentRole.LEAD, self.lead),
            *((AssignmentRole.SUPPORT, each) for each in self.supports),
            *((AssignmentRole.INFORM, each) for each in self.informed),
        ]


@transaction.atomic
def assign_incoming(
    *, incoming_id: int, actor: Appointment, directions: Directions, at: datetime
) -> Incoming:
    """
    Let a person or division lead and others support the handling, until a moment; others are told.

    The heads of a division that is named are asked to pass its part on.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a leader of the unit
    :raises WrongAssignee: somebody of another unit, named twice, or a division without a head
    :raises WrongDeadline: in the past
    :raises WrongIncomingState: not registered yet, or assigned already
    """
    incoming = _directed(incoming_id, actor)
    if incoming.state != IncomingState.RECEIVED:
        raise WrongIncomingState(_("Only a registered document can be assigned, and once. Reload the page."))
    _check(incoming, directions, at)
    finish_work(incoming, at=at, kinds=[DIRECT])
    _assign(incoming, actor, directions, at)
    record("documents.incoming.assigned", target=incoming, actor=actor, at=at, details=_named(directions))
    tell_state(incoming)
    return incoming


@transaction.atomic
def change_assignments(
    *, incoming_id: int, actor: Appointment, directions: Directions, reason: str, at: datetime
) -> Incoming:
    """
    Replace who handles a document, saying why: all open parts are withdrawn and given anew.

    :raises IncomingNotFound, NotPermitted, WrongAssignee, WrongDeadline: as `assign_incoming`
    :raises ReasonMissing: no reason
    :raises WrongIncomingState: not assigned, or done
    """
    incoming = _directed(incoming_id, actor)
    _require_reason(reason)
    if incoming.state not in _UNDER_WAY:
        raise WrongIncomingState(_("Only what is being handled can be assigned anew. Reload the page."))
    _check(incoming, directions, at)
    _withdraw(incoming.assignments.filter(withdrawn_at=None, done_at=None), reason, at)
    finish_work(incoming, at=at)
    _assign(incoming, actor, directions, at)
    details = {**_named(directions), "reason": reason.strip()}
    record("documents.incoming.reassigned", target=incoming, actor=actor, at=at, details=details)
    tell_state(incoming)
    return incoming


@transaction.atomic
def withdraw_assignment(*, assignment_id: int, actor: Appointment, reason: str, at: datetime) -> Assignment:
    """
    Take one supporting or informed part back. A second withdrawal changes nothing.

    :raises AssignmentNotFound: missing or not visible
    :raises NotPermitted: not a leader of the unit
    :raises ReasonMissing: no reason
    :raises WrongAssignee: the part leads; somebody else must be named instead
    """
    assignment = locked_assignment(assignment_id, actor)
    if not may_direct(actor, assignment.incoming):
        raise NotPermitted(_("Only the leaders of the unit assign documents."))
    _require_reason(reason)
    if assignment.withdrawn_at is not None or assignment.done_at is not None:
        return assignment
    if assignment.role == AssignmentRole.LEAD:
        raise WrongAssignee(_("Somebody must lead. Assign anew and name who leads instead."), field="lead")
    _withdraw(Assignment.objects.filter(pk=assignment.pk), reason, at)
    _finish_part(assignment, at)
    details = {"name": _name(assignment.appointment or assignment.division), "reason": reason.strip()}
    target = assignment.incoming
    record("documents.incoming.withdrawn", target=target, actor=actor, at=at, details=details)
    assignment.refresh_from_db()
    return assignment


@transaction.atomic
def pass_on(
    *, assignment_id: int, actor: Appointment, to: Appointment, instruction: str = "", at: datetime
) -> Assignment:
    """
    Let a member of the division handle the part that the division got; again, to choose another member.

    :raises AssignmentNotFound: missing or not visible
    :raises NotPermitted: not a head or deputy of the division
    :raises WrongAssignee: not a member of the division
    :raises WrongIncomingState: done or withdrawn
    """
    assignment = locked_assignment(assignment_id, actor)
    if not may_pass_on(actor, assignment):
        raise NotPermitted(_("Only the head of the division passes its part on."))
    if assignment.done_at is not None or assignment.withdrawn_at is not None:
        raise WrongIncomingState(_("This part is closed already. Reload the page."))
    if to.division_id != assignment.division_id or not to.is_current(timezone.localdate(at)):
        raise WrongAssignee(_("Choose somebody of your own division."), field="to")
    if assignment.appointment_id == to.pk:
        return assignment
    _finish_part(assignment, at)
    assignment.appointment, assignment.passed_by, assignment.passed_at = to, actor, at
    assignment.passed_instruction = instruction.strip()
    assignment.save(update_fields=["appointment", "passed_by", "passed_at", "passed_instruction"])
    add_work([_work(assignment.incoming, to.pk, HANDLE, assignment.due_at, at)])
    details = {"name": _name(to), "instruction": assignment.passed_instruction}
    record("documents.incoming.passed_on", target=assignment.incoming, actor=actor, at=at, details=details)
    return assignment


@transaction.atomic
def extend_deadline(
    *, incoming_id: int, actor: Appointment, due_at: datetime, reason: str, at: datetime
) -> Incoming:
    """
    Give the handling more time, saying why. Parts with an earlier deadline of their own get it, too.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a leader of the unit
    :raises ReasonMissing: no reason
    :raises WrongDeadline: in the past, or before the one that holds
    :raises WrongIncomingState: not being handled
    """
    incoming = _directed(incoming_id, actor)
    _require_reason(reason)
    if incoming.state not in _UNDER_WAY:
        raise WrongIncomingState(_("Only what is being handled has a deadline to extend. Reload the page."))
    before = incoming.due_at
    if before == due_at:
        return incoming
    if due_at < at or (before is not None and due_at < before):
        raise WrongDeadline(_("Choose a day after the present deadline."), field="due")
    incoming.due_at = due_at
    incoming.save(update_fields=["due_at"])
    incoming.assignments.filter(done_at=None, withdrawn_at=None).update(due_at=due_at)
    move_deadline(incoming, due_at=due_at)
    old = _day(before)
    details = {"before": old, "due": _day(due_at), "reason": reason.strip()}
    record("documents.incoming.extended", target=incoming, actor=actor, at=at, details=details)
    return incoming


def locked_assignment(assignment_id: int, actor: Appointment) -> Assignment:
    """The part of a visible document, locked after its document; AssignmentNotFound otherwise."""
    found = Assignment.objects.filter(pk=assignment_id).values_list("incoming_id", flat=True).first()
    try:
        locked_incoming(found or 0, actor)
    except IncomingNotFound as missing:
        words = _("There is no such assignment here. Go back to the list.")
        raise AssignmentNotFound(words) from missing
    rows = Assignment.objects.select_related("incoming__document", "appointment__person", "division")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=assignment_id)


def _directed(incoming_id: int, actor: Appointment) -> Incoming:
    incoming = locked_incoming(incoming_id, actor)
    if not may_direct(actor, incoming):
        raise NotPermitted(_("Only the leaders of the unit assign documents."))
    return incoming


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(_("Say why this is changed."), field="reason")


def _check(incoming: Incoming, directions: Directions, at: datetime) -> None:
    named = [each for _role, each in directions.parts()]
    if any(each.unit_id != incoming.unit_id for each in named):
        raise WrongAssignee(_("Choose people of your own unit."), field="lead")
    today = timezone.localdate(at)
    if any(isinstance(each, Appointment) and not each.is_current(today) for each in named):
        raise WrongAssignee(_("Choose people who hold a position today."), field="lead")
    if len({(type(each), each.pk) for each in named}) != len(named):
        raise WrongAssignee(_("Each person can be named only once."), field="supports")
    if directions.due_at is not None and directions.due_at < at:
        raise WrongDeadline(_("Choose a deadline that is not past."), field="due")


def _assign(incoming: Incoming, actor: Appointment, directions: Directions, at: datetime) -> None:
    incoming.state, incoming.due_at = IncomingState.ASSIGNED, directions.due_at
    incoming.direction_text = directions.instruction
    incoming.save(update_fields=["state", "direction_text", "due_at"])
    made = Assignment.objects.bulk_create(
        Assignment(
            incoming=incoming,
            role=role,
            appointment=each if isinstance(each, Appointment) else None,
            division=each if isinstance(each, Division) else None,
            instruction=directions.instruction,
            due_at=directions.due_at,
            assigned_by=actor,
            assigned_at=at,
        )
        for role, each in directions.parts()
    )
    wait_for_parts(incoming, [each for each in made if each.role != AssignmentRole.INFORM], at)
    publish(IncomingAssigned(incoming.pk, incoming.unit_id, at))


def wait_for_parts(incoming: Incoming, parts: Iterable[Assignment], at: datetime) -> None:
    """Let open parts wait for their people, or the heads of their divisions. :raises WrongAssignee: without a head"""
    people = [part.appointment_id for part in parts if part.appointment_id is not None]
    divisions = {part.division_id for part in parts if part.appointment_id is None and part.division_id}
    heads = list(heads_of(divisions, incoming.unit_id, timezone.localdate(at)))
    if divisions - {head.division_id for head in heads}:
        raise WrongAssignee(_("A division without a head cannot be named. Choose a person."), field="lead")
    add_work(
        [
            *(_work(incoming, pk, HANDLE, incoming.due_at, at) for pk in people),
            *(_work(incoming, head.pk, PASS_ON, incoming.due_at, at) for head in heads),
        ]
    )


def _finish_part(assignment: Assignment, at: datetime) -> None:
    """Whoever the part waits for is asked no more: its person, or the heads of its division."""
    incoming = assignment.incoming
    if assignment.appointment_id is not None:
        finish_work(incoming, at=at, kinds=[HANDLE], appointment_id=assignment.appointment_id)
    elif assignment.division_id is not None:
        for head in heads_of([assignment.division_id], incoming.unit_id, timezone.localdate(at)):
            finish_work(incoming, at=at, kinds=[PASS_ON], appointment_id=head.pk)


def _withdraw(parts: QuerySet[Assignment], reason: str, at: datetime) -> None:
    parts.update(withdrawn_at=at, withdrawn_reason=reason.strip()[:500])


def _work(
    incoming: Incoming, appointment_id: int, kind: str, due_at: datetime | None, at: datetime
) -> NewWork:
    return NewWork(
        kind=kind,
        unit_id=incoming.unit_id,
        target_type="documents.incoming",
        target_id=incoming.pk,
        title=incoming.document.subject,
        url=incoming_url(incoming.pk),
        created_at=at,
        appointment_id=appointment_id,
        due_at=due_at,
        urgency=incoming.document.urgency,
    )


def _named(directions: Directions) -> dict[str, object]:
    """The directions in words that stay true when people move on, for the log."""
    return {
        "lead": _name(directions.lead),
        "supports": [_name(each) for each in directions.supports],
        "informed": [_name(each) for each in directions.informed],
        "instruction": directions.instruction,
        "due": _day(directions.due_at),
    }


def _name(assignee: Assignee | None) -> str:
    if isinstance(assignee, Appointment):
        return assignee.person.full_name
    return assignee.name if assignee is not None else ""


def _day(moment: datetime | None) -> str:
    return timezone.localtime(moment).date().isoformat() if moment else ""

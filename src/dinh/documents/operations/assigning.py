"""Leaders direct who handles an incoming document (cho ý kiến, phân công)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming
from dinh.documents.operations.dispatch import incoming_url
from dinh.documents.operations.receiving import WrongIncomingState, locked_incoming, tell_state
from dinh.documents.rules_incoming import may_direct
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.worklist.api import NewWork, add_work, finish_work


class WrongAssignee(InvalidInput):
    """Somebody of another unit, or the same person twice."""


@transaction.atomic
def assign_incoming(
    *,
    incoming_id: int,
    actor: Appointment,
    lead: Appointment,
    supports: Sequence[Appointment] = (),
    instruction: str,
    due_at: datetime | None,
    at: datetime,
) -> Incoming:
    """
    Let one person lead and others support the handling, until a moment.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a leader of the unit
    :raises WrongAssignee: somebody of another unit, or named twice
    :raises WrongIncomingState: not registered yet, or assigned already
    """
    incoming = locked_incoming(incoming_id, actor)
    if not may_direct(actor, incoming):
        raise NotPermitted(_("Only the leaders of the unit assign documents."))
    if incoming.state != IncomingState.RECEIVED:
        raise WrongIncomingState(_("Only a registered document can be assigned, and once. Reload the page."))
    people = [lead, *supports]
    _require_own(people, incoming)
    roles = [AssignmentRole.LEAD, *(AssignmentRole.SUPPORT for _support in supports)]
    Assignment.objects.bulk_create(
        Assignment(
            incoming=incoming,
            role=role,
            appointment=person,
            instruction=instruction,
            due_at=due_at,
            assigned_by=actor,
            assigned_at=at,
        )
        for role, person in zip(roles, people, strict=True)
    )
    incoming.state, incoming.direction_text, incoming.due_at = IncomingState.ASSIGNED, instruction, due_at
    incoming.save(update_fields=["state", "direction_text", "due_at"])
    finish_work(incoming, at=at, kinds=["documents.direct"])
    add_work(_work(incoming, person, at) for person in people)
    details = {"lead": lead.pk, "supports": [person.pk for person in supports]}
    record("documents.incoming.assigned", target=incoming, actor=actor, at=at, details=details)
    tell_state(incoming)
    return incoming


def _require_own(people: Sequence[Appointment], incoming: Incoming) -> None:
    if any(person.unit_id != incoming.unit_id for person in people):
        raise WrongAssignee(_("Choose people of your own unit."), field="lead")
    if len({person.pk for person in people}) != len(people):
        raise WrongAssignee(_("Each person can be named only once."), field="supports")


def _work(incoming: Incoming, person: Appointment, at: datetime) -> NewWork:
    return NewWork(
        kind="documents.handle",
        unit_id=incoming.unit_id,
        target_type="documents.incoming",
        target_id=incoming.pk,
        title=incoming.document.subject,
        url=incoming_url(incoming.pk),
        created_at=at,
        appointment_id=person.pk,
        due_at=incoming.due_at,
        urgency=incoming.document.urgency,
    )

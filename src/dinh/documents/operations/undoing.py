"""Take back what was closed by mistake: a part, or the handling of a document (mở lại việc giải quyết)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming
from dinh.documents.operations.assigning import locked_assignment, wait_for_parts
from dinh.documents.operations.receiving import (
    ReasonMissing,
    WrongIncomingState,
    await_directions,
    locked_incoming,
    tell_state,
)
from dinh.documents.rules_incoming import OPEN_STATES, handles, may_complete
from dinh.kernel.errors import NotPermitted


@transaction.atomic
def reopen_incoming(*, incoming_id: int, actor: Appointment, reason: str, at: datetime) -> Incoming:
    """
    Go on with a document that was completed, saying why; its sender sees that it is handled again.

    The parts that were closed with it wait again for those who had them; without any, it waits for directions.
    Repeated, it changes nothing.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: neither the one who led nor a leader of the unit
    :raises ReasonMissing: no reason
    :raises WrongIncomingState: not completed
    """
    incoming = locked_incoming(incoming_id, actor)
    parts = incoming.assignments.filter(withdrawn_at=None)
    if not may_complete(actor, incoming, parts.filter(role=AssignmentRole.LEAD).first()):
        raise NotPermitted(_("Only the one who leads the handling does this."))
    if incoming.state in OPEN_STATES:
        return incoming
    if incoming.state != IncomingState.DONE:
        raise WrongIncomingState(_("Only a completed document is reopened. Reload the page."))
    if not reason.strip():
        raise ReasonMissing(_("Say why this is changed."), field="reason")
    parts.filter(done_at=incoming.done_at).update(done_at=None)
    _go_on(incoming, at)
    details = {"reason": reason.strip()[:500]}
    record("documents.incoming.reopened", target=incoming, actor=actor, at=at, details=details)
    tell_state(incoming)
    return incoming


@transaction.atomic
def reopen_part(*, assignment_id: int, actor: Appointment, at: datetime) -> Assignment:
    """
    Go on with one's own supporting part that was closed too early; repeated, it changes nothing.

    :raises AssignmentNotFound: missing or not visible
    :raises NotPermitted: somebody else's part
    :raises WrongIncomingState: withdrawn, or the document is not handled any more
    """
    part = locked_assignment(assignment_id, actor)
    if not handles(actor, part):
        raise NotPermitted(_("Only the one who was asked for this part closes it."))
    if part.done_at is None:
        return part
    if part.withdrawn_at is not None or part.incoming.state not in OPEN_STATES:
        raise WrongIncomingState(_("The document is not being handled any more. Reload the page."))
    part.done_at, part.result_text = None, ""
    part.save(update_fields=["done_at", "result_text"])
    wait_for_parts(part.incoming, [part], at)
    record("documents.incoming.part_reopened", target=part.incoming, actor=actor, at=at)
    return part


def _go_on(incoming: Incoming, at: datetime) -> None:
    open_parts = list(incoming.assignments.filter(withdrawn_at=None, done_at=None))
    waiting = [part for part in open_parts if part.role != AssignmentRole.INFORM]
    is_begun = any(part.started_at for part in waiting)
    under_way = IncomingState.IN_PROGRESS if is_begun else IncomingState.ASSIGNED
    incoming.state = under_way if waiting else IncomingState.RECEIVED
    incoming.done_at, incoming.result_text = None, ""
    incoming.save(update_fields=["state", "done_at", "result_text"])
    today = timezone.localdate(at)
    # Whoever has left waits for nothing any more: the leader assigns anew.
    current = [part for part in waiting if part.appointment is None or part.appointment.is_current(today)]
    wait_for_parts(incoming, current, at)
    if not waiting:
        await_directions(incoming, at)

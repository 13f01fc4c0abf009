"""Handle an incoming document, up to its result (giải quyết văn bản đến)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming
from dinh.documents.operations.receiving import WrongIncomingState, locked_incoming, tell_state
from dinh.documents.rules_incoming import may_complete
from dinh.kernel.errors import NotPermitted
from dinh.worklist.api import finish_work


@transaction.atomic
def start_handling(*, incoming_id: int, actor: Appointment, at: datetime) -> Incoming:
    """
    Begin to work on an assigned document. A second start changes nothing.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not the one who leads
    :raises WrongIncomingState: not assigned
    """
    incoming, lead = _led(incoming_id, actor)
    if incoming.state == IncomingState.IN_PROGRESS:
        return incoming
    if incoming.state != IncomingState.ASSIGNED or lead is None:
        raise WrongIncomingState(_("Only an assigned document can be begun. Reload the page."))
    lead.started_at = at
    lead.save(update_fields=["started_at"])
    incoming.state = IncomingState.IN_PROGRESS
    incoming.save(update_fields=["state"])
    record("documents.incoming.started", target=incoming, actor=actor, at=at)
    tell_state(incoming)
    return incoming


@transaction.atomic
def complete_incoming(*, incoming_id: int, actor: Appointment, result: str, at: datetime) -> Incoming:
    """
    Close an incoming document with its result. A second completion changes nothing.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: neither the one who leads nor a leader of the unit
    :raises WrongIncomingState: not registered, refused or recalled
    """
    incoming, _lead = _led(incoming_id, actor)
    if incoming.state == IncomingState.DONE:
        return incoming
    if incoming.state not in (IncomingState.RECEIVED, IncomingState.ASSIGNED, IncomingState.IN_PROGRESS):
        raise WrongIncomingState(_("The document cannot be completed in its state. Reload the page."))
    incoming.assignments.filter(done_at=None, withdrawn_at=None).update(done_at=at)
    incoming.state, incoming.done_at, incoming.result_text = IncomingState.DONE, at, result
    incoming.save(update_fields=["state", "done_at", "result_text"])
    finish_work(incoming, at=at)
    record("documents.incoming.done", target=incoming, actor=actor, at=at, details={"result": result})
    tell_state(incoming)
    return incoming


def _led(incoming_id: int, actor: Appointment) -> tuple[Incoming, Assignment | None]:
    incoming = locked_incoming(incoming_id, actor)
    lead = incoming.assignments.filter(role=AssignmentRole.LEAD, withdrawn_at=None).first()
    if not may_complete(actor, incoming, lead):
        raise NotPermitted(_("Only the one who leads the handling does this."))
    return incoming, lead

"""Handle an incoming document, up to its result (giải quyết văn bản đến)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming, Note
from dinh.documents.operations.assigning import locked_assignment
from dinh.documents.operations.receiving import WrongIncomingState, locked_incoming, tell_state
from dinh.documents.rules_incoming import OPEN_STATES, handles, may_complete, may_direct, may_note
from dinh.documents.standing_in import on_behalf
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.worklist.api import finish_work

_SAME_NOTE = timedelta(minutes=5)


class TextMissing(InvalidInput):
    pass


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
    details = _for_lead(actor, incoming, lead)
    record("documents.incoming.started", target=incoming, actor=actor, at=at, details=details)
    tell_state(incoming)
    return incoming


@transaction.atomic
def finish_part(*, assignment_id: int, actor: Appointment, result: str, at: datetime) -> Assignment:
    """
    Close one's own supporting part; the document stays open. A second time changes nothing.

    :raises AssignmentNotFound: missing or not visible
    :raises NotPermitted: somebody else's part
    :raises TextMissing: no result
    :raises WrongIncomingState: the part leads or was withdrawn
    """
    part = locked_assignment(assignment_id, actor)
    if not handles(actor, part):
        raise NotPermitted(_("Only the one who was asked for this part closes it."))
    if part.done_at is not None:
        return part
    if part.role != AssignmentRole.SUPPORT or part.withdrawn_at is not None:
        raise WrongIncomingState(_("Only a supporting part is closed by itself. Reload the page."))
    part.done_at, part.result_text = at, _required(result, "result")
    part.save(update_fields=["done_at", "result_text"])
    finish_work(part.incoming, at=at, appointment_id=part.appointment_id or actor.pk)
    details = {"result": part.result_text} | on_behalf(actor, part.appointment)
    record("documents.incoming.part_done", target=part.incoming, actor=actor, at=at, details=details)
    return part


@transaction.atomic
def add_note(*, incoming_id: int, actor: Appointment, text: str, at: datetime) -> Note:
    """
    Write down how far the handling is. The same words of the same person within minutes count once.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: neither handles the document nor directs it
    :raises TextMissing: no words
    :raises WrongIncomingState: not being handled
    """
    incoming = locked_incoming(incoming_id, actor)
    parts = list(incoming.assignments.filter(withdrawn_at=None))
    if not may_note(actor, incoming, parts):
        raise NotPermitted(_("Only those who handle the document report progress."))
    words = _required(text, "text")
    if incoming.state not in OPEN_STATES:
        raise WrongIncomingState(_("The document is not being handled any more. Reload the page."))
    same = incoming.notes.filter(author=actor, text=words, created_at__gte=at - _SAME_NOTE).first()
    if same is not None:
        return same
    note = Note.objects.create(incoming=incoming, author=actor, text=words, created_at=at)
    details = {"text": words}
    record("documents.incoming.noted", target=incoming, actor=actor, at=at, details=details)
    return note


@transaction.atomic
def complete_incoming(*, incoming_id: int, actor: Appointment, result: str, at: datetime) -> Incoming:
    """
    Close an incoming document with its result. A second completion changes nothing.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: neither the one who leads nor a leader of the unit
    :raises WrongIncomingState: not registered, refused or recalled
    """
    incoming, lead = _led(incoming_id, actor)
    if incoming.state == IncomingState.DONE:
        return incoming
    if incoming.state not in OPEN_STATES:
        raise WrongIncomingState(_("The document cannot be completed in its state. Reload the page."))
    incoming.assignments.filter(done_at=None, withdrawn_at=None).update(done_at=at)
    incoming.state, incoming.done_at, incoming.result_text = IncomingState.DONE, at, result
    incoming.save(update_fields=["state", "done_at", "result_text"])
    finish_work(incoming, at=at)
    details = {"result": result} | _for_lead(actor, incoming, lead)
    record("documents.incoming.done", target=incoming, actor=actor, at=at, details=details)
    tell_state(incoming)
    return incoming


def _for_lead(actor: Appointment, incoming: Incoming, lead: Assignment | None) -> dict[str, str]:
    """Leaders complete in their own right, whoever leads the handling."""
    if lead is None or may_direct(actor, incoming):
        return {}
    return on_behalf(actor, lead.appointment)


def _led(incoming_id: int, actor: Appointment) -> tuple[Incoming, Assignment | None]:
    incoming = locked_incoming(incoming_id, actor)
    lead = incoming.assignments.filter(role=AssignmentRole.LEAD, withdrawn_at=None).first()
    if not may_complete(actor, incoming, lead):
        raise NotPermitted(_("Only the one who leads the handling does this."))
    return incoming, lead


def _required(text: str, field: str) -> str:
    if not text.strip():
        raise TextMissing(_("Write at least a few words."), field=field)
    return text.strip()

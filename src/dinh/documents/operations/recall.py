"""Take back what was sent (thu hồi văn bản; Decree 30/2020, Art. 18)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.arrival_deadlines import DELETED, arrival_due
from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.events import DispatchRecalled
from dinh.documents.models import Dispatch, Incoming, Outgoing
from dinh.documents.operations.dispatch import incoming_url, locked_outgoing
from dinh.documents.operations.receiving import ReasonMissing
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.rules_incoming import may_register
from dinh.kernel.errors import DomainError, NotFound, NotPermitted
from dinh.kernel.events import publish
from dinh.worklist.api import NewWork, add_same_work, finish_work, finish_work_of

_ENDED = (IncomingState.DONE, IncomingState.REFUSED, IncomingState.RECALLED)


class NotRecallable(DomainError):
    """The document was never issued."""


@transaction.atomic
def recall_document(*, outgoing_id: int, actor: Appointment, reason: str, at: datetime) -> Outgoing:
    """
    Recall an issued document from all recipients that are not done with it, whatever sending brought it.

    Its receivers keep the incoming number that they gave, but read the letter no more; the sender's copy is
    frozen. A second recall changes nothing.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises ReasonMissing: no reason
    :raises NotRecallable: not issued
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    if not reason.strip():
        raise ReasonMissing(_("Say why the document is recalled."), field="reason")
    if outgoing.state == OutgoingState.RECALLED:
        return outgoing
    if outgoing.state != OutgoingState.ISSUED:
        raise NotRecallable(_("Only an issued document can be recalled. Void its number instead."))
    outgoing.state, outgoing.updated_at = OutgoingState.RECALLED, at
    outgoing.save(update_fields=["state", "updated_at"])
    dispatches = list(outgoing.dispatches.filter(recalled_at=None))
    outgoing.dispatches.filter(recalled_at=None).update(recalled_at=at, recall_reason=reason.strip())
    taken = _withdraw(outgoing, dispatches, at)
    details = {"reason": reason.strip(), "recipients": taken}
    record("documents.document.recalled", target=outgoing, actor=actor, at=at, details=details)
    for dispatch in dispatches:
        publish(DispatchRecalled(dispatch.pk, dispatch.document_id))
    return outgoing


@transaction.atomic
def report_deleted(*, incoming_id: int, actor: Appointment, at: datetime) -> Incoming:
    """
    Report to the sender that what it recalled was deleted here (Art. 18(3)); repeated, it changes nothing.

    :raises NotFound: missing, or not visible
    :raises NotPermitted: not a clerk of the unit
    :raises NotRecallable: the document was not recalled
    """
    seen = incoming_visible_to(actor).select_for_update(of=("self",), no_key=True)
    incoming = seen.filter(pk=incoming_id).first()
    if incoming is None:
        raise NotFound(_("There is no such document."))
    if not may_register(actor, incoming):
        raise NotPermitted(_("Only a clerk of the unit reports this."))
    if incoming.state != IncomingState.RECALLED:
        raise NotRecallable(_("The sender has not recalled this document."))
    if incoming.recall_reported_at is not None:
        return incoming
    incoming.recall_reported_at, incoming.recall_reported_by = at, actor
    incoming.save(update_fields=["recall_reported_at", "recall_reported_by"])
    finish_work(incoming, at=at, kinds=[DELETED])
    record("documents.incoming.deletion_reported", target=incoming, actor=actor, at=at)
    return incoming


def _withdraw(outgoing: Outgoing, dispatches: list[Dispatch], at: datetime) -> int:
    arrivals = Incoming.objects.filter(dispatch__in=dispatches).exclude(state__in=_ENDED)
    locked = arrivals.select_for_update(of=("self",), no_key=True).order_by("pk")
    waiting = list(locked.values_list("unit_id", "pk"))
    ids = [pk for _unit, pk in waiting]
    finish_work_of(Incoming, ids, at=at)
    work = NewWork(
        kind=DELETED,
        unit_id=outgoing.unit_id,
        target_type="documents.incoming",
        target_id=0,
        title=outgoing.document.subject,
        url=incoming_url(0),
        created_at=at,
        role=Role.CLERK,
        due_at=arrival_due(DELETED, at=at, urgency=outgoing.document.urgency),
        urgency=outgoing.document.urgency,
    )
    add_same_work(work, waiting=waiting)
    return Incoming.objects.filter(pk__in=ids).update(state=IncomingState.RECALLED)

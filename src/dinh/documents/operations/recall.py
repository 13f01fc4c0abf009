"""Take back what was sent (thu hồi văn bản; Decree 30/2020, Art. 18)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.events import DispatchRecalled
from dinh.documents.models import Dispatch, Incoming, Outgoing
from dinh.documents.operations.dispatch import locked_outgoing
from dinh.documents.operations.receiving import ReasonMissing
from dinh.kernel.errors import DomainError
from dinh.kernel.events import publish
from dinh.worklist.api import finish_work_of

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
    taken = _withdraw(dispatches, at)
    details = {"reason": reason.strip(), "recipients": taken}
    record("documents.document.recalled", target=outgoing, actor=actor, at=at, details=details)
    for dispatch in dispatches:
        publish(DispatchRecalled(dispatch.pk, dispatch.document_id))
    return outgoing


def _withdraw(dispatches: list[Dispatch], at: datetime) -> int:
    arrivals = Incoming.objects.filter(dispatch__in=dispatches).exclude(state__in=_ENDED)
    locked = arrivals.select_for_update(of=("self",), no_key=True).order_by("pk")
    ids = list(locked.values_list("pk", flat=True))
    finish_work_of(Incoming, ids, at=at)
    return Incoming.objects.filter(pk__in=ids).update(state=IncomingState.RECALLED)

"""Take back what was sent (thu hồi văn bản)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.events import DispatchRecalled
from dinh.documents.models import Dispatch, Incoming, Outgoing
from dinh.documents.operations.receiving import ReasonMissing
from dinh.documents.rules_incoming import may_dispatch
from dinh.kernel.errors import NotFound
from dinh.kernel.events import publish
from dinh.worklist.api import finish_work


class DispatchNotFound(NotFound):
    pass


@transaction.atomic
def recall_dispatch(*, dispatch_id: int, actor: Appointment, reason: str, at: datetime) -> Dispatch:
    """
    Recall a sending from all recipients that are not done with it. A second recall changes nothing.

    :raises DispatchNotFound: missing, or not of the clerk's unit
    :raises ReasonMissing: no reason
    """
    rows = Dispatch.objects.select_for_update(of=("self",)).select_related("outgoing", "document")
    dispatch = rows.filter(pk=dispatch_id).first()
    if dispatch is None or dispatch.outgoing is None or not may_dispatch(actor, dispatch.outgoing):
        raise DispatchNotFound(_("There is no such sending here. Go back to the list."))
    if not reason.strip():
        raise ReasonMissing(_("Say why the document is recalled."), field="reason")
    if dispatch.recalled_at is not None:
        return dispatch
    dispatch.recalled_at, dispatch.recall_reason = at, reason.strip()
    dispatch.save(update_fields=["recalled_at", "recall_reason"])
    _withdraw(dispatch, at)
    Outgoing.objects.filter(dispatches=dispatch).update(state=OutgoingState.RECALLED, updated_at=at)
    record(
        "documents.document.recalled",
        target=dispatch.outgoing,
        actor=actor,
        at=at,
        details={"reason": dispatch.recall_reason},
    )
    publish(DispatchRecalled(dispatch.pk, dispatch.document_id))
    return dispatch


def _withdraw(dispatch: Dispatch, at: datetime) -> None:
    ended = (IncomingState.DONE, IncomingState.REFUSED)
    arrivals = Incoming.objects.filter(dispatch=dispatch).exclude(state__in=ended)
    for arrival in arrivals.select_for_update(of=("self",)):
        finish_work(arrival, at=at)
    arrivals.update(state=IncomingState.RECALLED)

"""A number given by mistake is voided with its reason; it is never given again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.rules import VOIDABLE, may_number
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.worklist.api import finish_work


class NothingToVoid(DomainError):
    """No number was given, or the document has been issued."""


@transaction.atomic
def void_number(*, clerk: Appointment, outgoing_id: int, reason: str) -> Outgoing:
    """
    Void the number of a document not yet issued; repeated, it changes nothing.

    :raises InvalidInput: without a reason
    :raises NotFound: if the clerk does not see the document
    :raises NotPermitted: if the appointment is not a clerk of the unit
    :raises NothingToVoid: without a number, or once issued
    """
    if not reason.strip():
        raise InvalidInput(_("Say why the number is voided."), field="reason")
    outgoing = found_among(outgoing_visible_to(clerk).select_for_update(of=("self",)), outgoing_id)
    if not may_number(clerk, outgoing):
        raise NotPermitted(_("Only a clerk of the unit voids numbers."))
    if outgoing.state == OutgoingState.VOIDED:
        return outgoing
    outgoing.document.refresh_from_db()
    if outgoing.state not in VOIDABLE or outgoing.document.number is None:
        raise NothingToVoid(_("Only a number of a document not yet issued is voided. Recall it instead."))
    now = timezone.now()
    outgoing.state, outgoing.void_reason, outgoing.updated_at = OutgoingState.VOIDED, reason.strip(), now
    outgoing.save(update_fields=["state", "void_reason", "updated_at"])
    finish_work(outgoing, at=now)
    record("documents.document.voided", target=outgoing, actor=clerk, details={"reason": reason.strip()})
    return outgoing

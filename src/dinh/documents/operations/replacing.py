"""A wrong document is replaced by another of the same rank (thay thế văn bản; Decree 30/2020, Art. 18)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.kernel.errors import DomainError, InvalidInput


class NotReplaceable(DomainError):
    """Only an issued document is replaced, once."""


def replaceable(outgoing_id: int, drafter: Appointment) -> Outgoing:
    """
    An issued document of the drafter's unit that nothing has replaced.

    :raises NotFound: missing, or not visible
    :raises NotReplaceable: not issued, or recalled or replaced meanwhile
    """
    found = found_among(outgoing_visible_to(drafter), outgoing_id)
    if found.state not in (OutgoingState.ISSUED, OutgoingState.RECALLED):
        raise NotReplaceable(_("Only an issued document is replaced by another."))
    return found


def require_same_rank(old: Outgoing, type_code: str) -> None:
    """:raises InvalidInput: if the new document is of another type than what it replaces"""
    if old.document.type_code != type_code:
        raise InvalidInput(
            _("A document is replaced by one of the same type. Choose the type of the replaced document."),
            field="type_code",
        )


def close_replaced(outgoing: Outgoing, *, actor: Appointment, at: datetime) -> None:
    """The issue of a document ends the one that it replaces; the caller holds the transaction."""
    if outgoing.replaces_id is None:
        return
    ended = Outgoing.objects.filter(pk=outgoing.replaces_id, state=OutgoingState.ISSUED)
    if ended.update(state=OutgoingState.REPLACED, updated_at=at):
        details = {"reason": outgoing.document.code}
        old = Outgoing.objects.get(pk=outgoing.replaces_id)
        record("documents.document.replaced", target=old, actor=actor, at=at, details=details)

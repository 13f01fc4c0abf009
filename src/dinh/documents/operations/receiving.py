"""Take in documents that arrived: register them, or refuse them (tiếp nhận, đăng ký văn bản đến)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.arrival_deadlines import DIRECT, REGISTER, arrival_due
from dinh.documents.enums import IncomingState
from dinh.documents.events import ArrivalRefused, IncomingStateChanged
from dinh.documents.models import Document, Incoming
from dinh.documents.operations.books import incoming_book
from dinh.documents.operations.dispatch import incoming_url
from dinh.documents.queries.incoming import arrived_among, incoming_visible_to
from dinh.documents.rules_incoming import may_register
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.kernel.events import publish
from dinh.kernel.numbering import next_number, open_series
from dinh.worklist.api import NewWork, add_work, finish_work


class WrongIncomingState(DomainError):
    """Somebody else has gone on with the document already."""


class ReasonMissing(InvalidInput):
    pass


@transaction.atomic
def register_incoming(*, incoming_id: int, actor: Appointment, at: datetime) -> Incoming:
    """
    Give an arrived document its number in the unit's incoming book of the year (Decree 30/2020, Art. 22).

    A document registered already is answered as it is.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a clerk of the unit
    :raises WrongIncomingState: refused or recalled meanwhile
    """
    incoming = locked_incoming(incoming_id, actor)
    if not may_register(actor, incoming):
        raise NotPermitted(_("Only a clerk of the unit registers documents."))
    if incoming.number is not None and incoming.state != IncomingState.RECALLED:
        return incoming
    _require_arrived(incoming)
    incoming.state, incoming.registered_at, incoming.registered_by = IncomingState.RECEIVED, at, actor
    incoming.book = incoming_book(
        unit_id=actor.unit_id, year=timezone.localtime(at).year, secrecy=incoming.document.secrecy
    )
    finish_work(incoming, at=at, kinds=[REGISTER])
    await_directions(incoming, at)
    open_series(incoming.book.series, last_number=incoming.book.opening_number)
    tell_state(incoming)
    incoming.number = next_number(incoming.book.series)
    incoming.save(update_fields=["state", "registered_at", "registered_by", "book", "number"])
    details = {"number": incoming.number, "sha256": incoming.document.content_id or ""}
    record("documents.incoming.registered", target=incoming, actor=actor, at=at, details=details)
    return incoming


@transaction.atomic
def refuse_incoming(*, incoming_id: int, actor: Appointment, reason: str, at: datetime) -> Incoming:
    """
    Send an arrived document back to its sender, saying why.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a clerk of the unit
    :raises ReasonMissing: no reason
    :raises WrongIncomingState: not waiting any more
    """
    incoming = locked_incoming(incoming_id, actor)
    if not may_register(actor, incoming):
        raise NotPermitted(_("Only a clerk of the unit refuses documents."))
    if not reason.strip():
        raise ReasonMissing(_("Say why the document is refused."), field="reason")
    _require_arrived(incoming)
    incoming.state, incoming.refusal_reason = IncomingState.REFUSED, reason.strip()
    incoming.save(update_fields=["state", "refusal_reason"])
    finish_work(incoming, at=at)
    record("documents.incoming.refused", target=incoming, actor=actor, at=at, details={"reason": reason})
    tell_state(incoming)
    publish(ArrivalRefused(incoming.pk, at))
    return incoming


def possible_duplicates(incoming: Incoming) -> list[Incoming]:
    """Other documents of the same issuer and code that the unit has registered."""
    document = incoming.document
    if not document.code:
        return []
    same = Document.objects.filter(code=document.code, issuer_name=document.issuer_name)
    others = Incoming.objects.filter(unit_id=incoming.unit_id, number__isnull=False, document__in=same)
    return list(others.exclude(pk=incoming.pk).order_by("-registered_at")[:5])


def locked_incoming(incoming_id: int, actor: Appointment) -> Incoming:
    """The visible row, locked until the end of the transaction; IncomingNotFound otherwise."""
    rows = incoming_visible_to(actor).select_for_update(of=("self",)).select_related("document")
    return arrived_among(rows, incoming_id)


def tell_state(incoming: Incoming) -> None:
    """Let the sender see the state at once."""
    publish(IncomingStateChanged(incoming.pk, incoming.dispatch_id, incoming.unit_id, incoming.state))


def _require_arrived(incoming: Incoming) -> None:
    if incoming.state != IncomingState.ARRIVED:
        raise WrongIncomingState(_("The document is no longer waiting to be received. Reload the page."))


def await_directions(incoming: Incoming, at: datetime) -> None:
    """Let a registered document wait for the unit's head."""
    work = NewWork(
        kind=DIRECT,
        unit_id=incoming.unit_id,
        target_type="documents.incoming",
        target_id=incoming.pk,
        title=incoming.document.subject,
        url=incoming_url(incoming.pk),
        created_at=at,
        role=Role.UNIT_HEAD,
        due_at=arrival_due(DIRECT, at=at, urgency=incoming.document.urgency),
        urgency=incoming.document.urgency,
    )
    add_work([work])

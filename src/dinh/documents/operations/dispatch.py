"""Send documents to their recipients (phát hành, gửi văn bản)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.arrival_deadlines import REGISTER, arrival_due
from dinh.documents.enums import OutgoingState, Purpose, Secrecy
from dinh.documents.events import DocumentDispatched
from dinh.documents.models import Dispatch, Outgoing, Recipient
from dinh.documents.operations.delivery import deliver
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.replacing import close_replaced
from dinh.documents.queries.units import units_in_being
from dinh.documents.rules_incoming import may_dispatch
from dinh.kernel.addresses import addresses
from dinh.kernel.compiled import CompiledRead
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.kernel.events import publish
from dinh.worklist.api import NewWork, add_same_work

_SENT = (
    "unit", "state", "replaces", "sealed_at", "document__code", "document__content", "document__search_vector",
    "document__secrecy", "document__subject", "document__urgency",
)  # fmt: skip
"""What a sending asks of the letter; the rest, its whole text among it, is read when it is asked for."""
_LOCKED: Final[CompiledRead[Outgoing]] = CompiledRead(
    lambda pk: (
        Outgoing.objects.select_for_update(of=("self",)).select_related("document").only(*_SENT).filter(pk=pk)
    ),
    pk=-1,
)


class NotDispatchable(DomainError):
    """The document is not sealed, or is secret."""


class NoRecipients(InvalidInput):
    pass


class OutgoingNotFound(NotFound):
    pass


class RequestKeyUsed(DomainError):
    """The unit used this key for another sending."""


@transaction.atomic
def dispatch_document(*, outgoing_id: int, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    """
    Send a sealed document to all its recipients, once.

    A repeated request answers with the first sending. Units that are not connected get it on paper.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NotDispatchable: not sealed, or secret
    :raises RequestKeyUsed: the key belongs to the sending of another document
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    if outgoing.state != OutgoingState.SEALED:
        return _earlier(outgoing)
    _refuse_secret(outgoing)
    dispatch = _send(outgoing, actor, request_key, at)
    if outgoing.document.search_vector is None:
        index_document(outgoing.document)
    close_replaced(outgoing, actor=actor, at=at)
    return dispatch


def _earlier(outgoing: Outgoing) -> Dispatch:
    earlier = outgoing.dispatches.order_by("pk").first()
    if earlier is None:
        raise NotDispatchable(_("Only a sealed document can be sent. Have it sealed first."))
    return earlier


@transaction.atomic
def send_further(
    *,
    outgoing_id: int,
    actor: Appointment,
    units: Sequence[int] = (),
    purpose: Purpose = Purpose.ACT,
    request_key: str,
    at: datetime,
) -> Dispatch:
    """
    Send an issued document to more units, and to recipients that were added since.

    :param units: primary keys; who is a recipient already is left alone
    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NotDispatchable: not issued yet, recalled, secret, or signed on paper, whose scan bears no signature
        (Decree 30/2020, Annex I)
    :raises NoRecipients: everybody has it already, or a unit does not exist
    :raises RequestKeyUsed: the key belongs to the sending of another document
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    earlier = outgoing.dispatches.filter(request_key=request_key).first()
    if earlier is not None:
        return earlier
    if outgoing.state != OutgoingState.ISSUED:
        raise NotDispatchable(_("Only an issued document can be sent to more units."))
    if outgoing.sealed_at is None:
        told = _("A letter signed on paper goes on paper. Make a copy of it (sao y): that can be sent.")
        raise NotDispatchable(told)
    _refuse_secret(outgoing)
    _add_recipients(outgoing, set(units), purpose)
    return _send(outgoing, actor, request_key, at)


def locked_outgoing(outgoing_id: int, actor: Appointment) -> Outgoing:
    """The unit's document, locked until the end of the transaction; OutgoingNotFound for who may not send."""
    outgoing = next(iter(_LOCKED.rows(pk=outgoing_id)), None)
    if outgoing is None or not may_dispatch(actor, outgoing):
        raise OutgoingNotFound(_("There is no such document here. Go back to the list."))
    return outgoing


def _refuse_secret(outgoing: Outgoing) -> None:
    if outgoing.document.secrecy != Secrecy.NONE:
        raise NotDispatchable(_("Secret documents are never sent electronically. Send it on paper."))


def _send(outgoing: Outgoing, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    document = outgoing.document
    sent = deliver(
        outgoing_id=outgoing.pk,
        document_id=document.pk,
        sender_id=outgoing.unit_id,
        sent_by_id=actor.pk,
        request_key=request_key,
        at=at,
    )
    if sent.dispatch_id is None:
        words = _("The request key “%(key)s” was used for another document. Send again with a new key.")
        raise RequestKeyUsed(words % {"key": request_key}, field="request_key")
    if not sent.arrivals and not sent.on_paper:
        raise NoRecipients(_("There is nobody to send to. Add recipients first."), field="recipients")
    add_same_work(_work(outgoing, at), waiting=sent.arrivals, ends=outgoing)
    details = {"to": sent.to, "on_paper": sent.on_paper, "sha256": document.content_id or ""}
    record("documents.document.dispatched", target=outgoing, actor=actor, at=at, details=details)
    publish(DocumentDispatched(sent.dispatch_id, document.pk, outgoing.unit_id))
    return Dispatch(
        pk=sent.dispatch_id,
        document=document,
        outgoing=outgoing,
        sender_id=outgoing.unit_id,
        sent_by=actor,
        sent_at=at,
        request_key=request_key,
    )


def _add_recipients(outgoing: Outgoing, unit_ids: set[int], purpose: Purpose) -> None:
    units = units_in_being(timezone.localdate()).filter(pk__in=unit_ids).exclude(pk=outgoing.unit_id)
    if len(units) != len(unit_ids):
        raise NoRecipients(_("Choose the recipients from the list."), field="units")
    known = set(outgoing.recipients.exclude(unit=None).values_list("unit_id", flat=True))
    last = outgoing.recipients.count()
    Recipient.objects.bulk_create(
        Recipient(outgoing=outgoing, unit=unit, name=unit.name, purpose=purpose, sort_order=last + place)
        for place, unit in enumerate(units)
        if unit.pk not in known
    )


def _work(outgoing: Outgoing, at: datetime) -> NewWork:
    """What waits for the clerks of each receiving unit; unit and target stand beside it."""
    return NewWork(
        kind=REGISTER,
        unit_id=outgoing.unit_id,
        target_type="documents.incoming",
        target_id=0,
        title=outgoing.document.subject,
        url=incoming_url(0),
        created_at=at,
        role=Role.CLERK,
        due_at=arrival_due(REGISTER, at=at, urgency=outgoing.document.urgency),
        urgency=outgoing.document.urgency,
    )


def incoming_url(incoming_id: int) -> str:
    """Path of the page of a document that arrived."""
    return addresses("documents:incoming")(incoming_id)

"""Send documents to their recipients (phát hành, gửi văn bản)."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.postgres.search import SearchVector
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import Channel, OutgoingState, Purpose, Secrecy
from dinh.documents.events import DocumentDispatched
from dinh.documents.models import Dispatch, Document, Incoming, Outgoing, Recipient
from dinh.documents.rules_incoming import may_dispatch
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.kernel.events import publish
from dinh.kernel.text import fold
from dinh.worklist.api import NewWork, add_work, finish_work

_REACHED = {"unit__isnull": False, "unit__is_connected": True, "channel": Channel.ELECTRONIC}


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
    earlier = outgoing.dispatches.order_by("pk").first()
    if earlier is not None:
        return earlier
    if outgoing.state != OutgoingState.SEALED:
        raise NotDispatchable(_("Only a sealed document can be sent. Have it sealed first."))
    _refuse_secret(outgoing)
    dispatch = _send(outgoing, actor, request_key, at)
    index_document(outgoing.document)
    outgoing.state, outgoing.issued_at, outgoing.updated_at = OutgoingState.ISSUED, at, at
    outgoing.save(update_fields=["state", "issued_at", "updated_at"])
    finish_work(outgoing, at=at)
    return dispatch


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
    :raises NotDispatchable: not issued yet, recalled, or secret
    :raises NoRecipients: everybody has it already, or a unit does not exist
    :raises RequestKeyUsed: the key belongs to the sending of another document
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    earlier = outgoing.dispatches.filter(request_key=request_key).first()
    if earlier is not None:
        return earlier
    if outgoing.state != OutgoingState.ISSUED:
        raise NotDispatchable(_("Only an issued document can be sent to more units."))
    _refuse_secret(outgoing)
    _add_recipients(outgoing, set(units), purpose)
    return _send(outgoing, actor, request_key, at)


def index_document(document: Document) -> None:
    """Make the letter findable by its folded words."""
    words = " ".join(
        (document.subject, document.code, document.issuer_name, document.signer_name, document.search_text)
    )
    vector = SearchVector(Value(fold(words)), config="simple")
    Document.objects.filter(pk=document.pk).update(search_vector=vector)


def locked_outgoing(outgoing_id: int, actor: Appointment) -> Outgoing:
    """The unit's document, locked until the end of the transaction; OutgoingNotFound for who may not send."""
    rows = Outgoing.objects.select_for_update(of=("self",)).select_related("document")
    outgoing = rows.filter(pk=outgoing_id).first()
    if outgoing is None or not may_dispatch(actor, outgoing):
        raise OutgoingNotFound(_("There is no such document here. Go back to the list."))
    return outgoing


def _refuse_secret(outgoing: Outgoing) -> None:
    if outgoing.document.secrecy != Secrecy.NONE:
        raise NotDispatchable(_("Secret documents are never sent electronically. Send it on paper."))


def _send(outgoing: Outgoing, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    waiting = outgoing.recipients.filter(sent_at=None)
    rows = waiting.filter(**_REACHED).values_list("unit_id", "purpose")
    reached = [(unit_id, purpose) for unit_id, purpose in rows if unit_id is not None]
    on_paper = waiting.exclude(**_REACHED).update(channel=Channel.PAPER, sent_at=at)
    if not reached and not on_paper:
        raise NoRecipients(_("There is nobody to send to. Add recipients first."), field="recipients")
    dispatch = _begin(outgoing, actor, request_key, at)
    _deliver(dispatch, reached)
    _mark_sent(waiting, at)
    details = {"electronic": len(reached), "paper": on_paper}
    record("documents.document.dispatched", target=outgoing, actor=actor, at=at, details=details)
    publish(DocumentDispatched(dispatch.pk, dispatch.document_id, dispatch.sender_id))
    return dispatch


def _begin(outgoing: Outgoing, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    try:
        with transaction.atomic():
            return Dispatch.objects.create(
                document=outgoing.document,
                outgoing=outgoing,
                sender_id=outgoing.unit_id,
                sent_by=actor,
                sent_at=at,
                request_key=request_key,
            )
    except IntegrityError as taken:
        words = _("The request key “%(key)s” was used for another document. Send again with a new key.")
        raise RequestKeyUsed(words % {"key": request_key}, field="request_key") from taken


def _add_recipients(outgoing: Outgoing, unit_ids: set[int], purpose: Purpose) -> None:
    units = Unit.objects.filter(pk__in=unit_ids, dissolved_date=None).exclude(pk=outgoing.unit_id)
    if len(units) != len(unit_ids):
        raise NoRecipients(_("Choose the recipients from the list."), field="units")
    known = set(outgoing.recipients.exclude(unit=None).values_list("unit_id", flat=True))
    last = outgoing.recipients.count()
    Recipient.objects.bulk_create(
        Recipient(outgoing=outgoing, unit=unit, name=unit.name, purpose=purpose, sort_order=last + place)
        for place, unit in enumerate(units)
        if unit.pk not in known
    )


def _deliver(dispatch: Dispatch, reached: list[tuple[int, str]]) -> None:
    arrivals = Incoming.objects.bulk_create(
        Incoming(
            unit_id=unit_id,
            document_id=dispatch.document_id,
            dispatch=dispatch,
            purpose=purpose,
            arrived_at=dispatch.sent_at,
        )
        for unit_id, purpose in reached
    )
    add_work(_work(arrival, dispatch) for arrival in arrivals)


def _mark_sent(waiting: "QuerySet[Recipient]", at: datetime) -> None:
    waiting.filter(**_REACHED).update(sent_at=at)


def _work(arrival: Incoming, dispatch: Dispatch) -> NewWork:
    return NewWork(
        kind="documents.register",
        unit_id=arrival.unit_id,
        target_type="documents.incoming",
        target_id=arrival.pk,
        title=dispatch.document.subject,
        url=incoming_url(arrival.pk),
        created_at=dispatch.sent_at,
        role=Role.CLERK,
        urgency=dispatch.document.urgency,
    )


def incoming_url(incoming_id: int) -> str:
    """Path of the page of a document that arrived."""
    try:
        return reverse("documents:incoming", args=[incoming_id])
    except NoReverseMatch:
        return f"/documents/incoming/{incoming_id}/"

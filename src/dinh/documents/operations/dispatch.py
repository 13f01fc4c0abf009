"""Send documents to their recipients (phát hành, gửi văn bản)."""

from datetime import datetime

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import QuerySet, Value
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import Channel, OutgoingState, Secrecy
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


@transaction.atomic
def dispatch_document(*, outgoing_id: int, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    """
    Send a sealed document to all its recipients, once.

    A repeated request answers with the first sending. Units that are not connected get it on paper.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NotDispatchable: not sealed, or secret
    """
    outgoing = _locked(outgoing_id, actor)
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
def send_further(*, outgoing_id: int, actor: Appointment, request_key: str, at: datetime) -> Dispatch:
    """
    Send an issued document to the recipients that were added since.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NotDispatchable: not issued yet, or secret
    :raises NoRecipients: everybody has it already
    """
    outgoing = _locked(outgoing_id, actor)
    earlier = outgoing.dispatches.filter(request_key=request_key).first()
    if earlier is not None:
        return earlier
    if outgoing.state != OutgoingState.ISSUED:
        raise NotDispatchable(_("Only an issued document can be sent to more units."))
    _refuse_secret(outgoing)
    return _send(outgoing, actor, request_key, at)


def index_document(document: Document) -> None:
    """Make the letter findable by its folded words."""
    words = " ".join(
        (document.subject, document.code, document.issuer_name, document.signer_name, document.search_text)
    )
    vector = SearchVector(Value(fold(words)), config="simple")
    Document.objects.filter(pk=document.pk).update(search_vector=vector)


def _locked(outgoing_id: int, actor: Appointment) -> Outgoing:
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
    dispatch = Dispatch.objects.create(
        document=outgoing.document,
        outgoing=outgoing,
        sender_id=outgoing.unit_id,
        sent_by=actor,
        sent_at=at,
        request_key=request_key,
    )
    _deliver(dispatch, reached)
    _mark_sent(waiting, at)
    details = {"electronic": len(reached), "paper": on_paper}
    record("documents.document.dispatched", target=outgoing, actor=actor, at=at, details=details)
    publish(DocumentDispatched(dispatch.pk, dispatch.document_id, dispatch.sender_id))
    return dispatch


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

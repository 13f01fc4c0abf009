"""What documents do when they hear of an event."""

from dinh.documents.events import (
    ArrivalRefused,
    DispatchRecalled,
    DocumentDispatched,
    IncomingAssigned,
    RecipientsReminded,
)
from dinh.documents.operations.answering import close_answered
from dinh.documents.operations.counting import count_pages
from dinh.documents.operations.proving import keep_proven
from dinh.documents.operations.telling import tell_clerks_reminded, tell_informed, tell_recalled, tell_refused
from dinh.documents.operations.verifying import verify_arrivals
from dinh.kernel.events import receives
from dinh.signing.events import ProofsAdded


@receives(DocumentDispatched, queue="documents")
def complete_what_was_answered(event: DocumentDispatched) -> None:
    """A reply that went out closes the requests that it answers."""
    close_answered(dispatch_id=event.dispatch_id)


@receives(DocumentDispatched, queue="documents")
def judge_signatures(event: DocumentDispatched) -> None:
    """
    Clerks see at once whether the signatures of what arrived hold; registers tell how many pages it has.

    Both in one job: each one more costs a sending a ninth of all that it costs.
    """
    count_pages(document_id=event.document_id)
    verify_arrivals(document_id=event.document_id)


@receives(ArrivalRefused, queue="documents")
def tell_of_refusal(event: ArrivalRefused) -> None:
    """The sender learns that a letter came back, and why."""
    tell_refused(incoming_id=event.incoming_id, refused_at=event.refused_at)


@receives(DispatchRecalled, queue="documents")
def tell_of_recall(event: DispatchRecalled) -> None:
    """Who had the document learns why it is gone."""
    tell_recalled(dispatch_id=event.dispatch_id)


@receives(RecipientsReminded, queue="documents")
def tell_of_reminder(event: RecipientsReminded) -> None:
    """Clerks learn what still waits at their unit."""
    tell_clerks_reminded(outgoing_id=event.outgoing_id, reminded_at=event.reminded_at)


@receives(IncomingAssigned, queue="documents")
def tell_who_is_to_know(event: IncomingAssigned) -> None:
    """Who has nothing to do with a document but to know of it."""
    tell_informed(incoming_id=event.incoming_id, assigned_at=event.assigned_at)


@receives(ProofsAdded, queue="documents")
def keep_what_was_proven(event: ProofsAdded) -> None:
    """A letter that was signed while the timestamp server was silent has its timestamp now."""
    keep_proven(before=event.before, after=event.after)

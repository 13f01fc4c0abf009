"""What documents do when they hear of an event."""

from dinh.documents.events import DispatchRecalled, DocumentDispatched, RecipientsReminded
from dinh.documents.operations.answering import close_answered
from dinh.documents.operations.telling import tell_clerks_reminded, tell_recalled
from dinh.kernel.events import receives


@receives(DocumentDispatched, queue="documents")
def complete_what_was_answered(event: DocumentDispatched) -> None:
    """A reply that went out closes the requests that it answers."""
    close_answered(dispatch_id=event.dispatch_id)


@receives(DispatchRecalled, queue="documents")
def tell_of_recall(event: DispatchRecalled) -> None:
    """Who had the document learns why it is gone."""
    tell_recalled(dispatch_id=event.dispatch_id)


@receives(RecipientsReminded, queue="documents")
def tell_of_reminder(event: RecipientsReminded) -> None:
    """Clerks learn what still waits at their unit."""
    tell_clerks_reminded(outgoing_id=event.outgoing_id, reminded_at=event.reminded_at)

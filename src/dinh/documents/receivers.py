"""What documents do when they hear of an event."""

from dinh.documents.events import DocumentDispatched
from dinh.documents.operations.answering import close_answered
from dinh.kernel.events import receives


@receives(DocumentDispatched, queue="documents")
def complete_what_was_answered(event: DocumentDispatched) -> None:
    """A reply that went out closes the requests that it answers."""
    close_answered(dispatch_id=event.dispatch_id)

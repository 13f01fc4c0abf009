"""What happens to documents, for those who listen. One event per act, not per row."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DocumentDispatched:
    """A document was sent; its arrivals at connected units exist already."""

    dispatch_id: int
    document_id: int
    sender_id: int


@dataclass(frozen=True)
class IncomingStateChanged:
    """A document at one recipient took another state (a value of `IncomingState`)."""

    incoming_id: int
    dispatch_id: int | None
    unit_id: int
    state: str


@dataclass(frozen=True)
class ArrivalRefused:
    """A recipient sent a document back."""

    incoming_id: int
    refused_at: datetime


@dataclass(frozen=True)
class DispatchRecalled:
    """A sending was recalled by its sender."""

    dispatch_id: int
    document_id: int


@dataclass(frozen=True)
class RecipientsReminded:
    """The sender asked those who have not received a document to do so."""

    outgoing_id: int
    reminded_at: datetime


@dataclass(frozen=True)
class IncomingAssigned:
    """Leaders said who handles a document at their unit, and who is to know of it."""

    incoming_id: int
    unit_id: int
    assigned_at: datetime

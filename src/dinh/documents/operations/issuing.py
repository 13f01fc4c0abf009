"""The clerk's office issues letters: number, seal and dispatch, each step once (phát hành; Art. 14-18)."""

from dataclasses import dataclass
from datetime import date, datetime

from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.sealing import seal_document
from dinh.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class IssueOutcome:
    """What became of one letter of several: issued, or why it stopped where it did."""

    outgoing_id: int
    refusal: str = ""


def issue_document(*, clerk: Appointment, outgoing_id: int, dated: date, at: datetime) -> Outgoing:
    """
    Take a signed letter through number, seal and dispatch, from wherever it stands.

    What stops on the way stays at its last completed step, and the next call goes on from there; an issued
    letter is answered as it is. Never inside a transaction.

    :raises DomainError: as `number_document`, `seal_document`, `dispatch_document`
    """
    number_document(clerk=clerk, outgoing_id=outgoing_id, dated=dated, at=at)
    state = Outgoing.objects.values_list("state", flat=True).get(pk=outgoing_id)
    if state == OutgoingState.NUMBERED:
        seal_document(clerk=clerk, outgoing_id=outgoing_id)
    key = f"issue-{outgoing_id}"
    dispatch_document(outgoing_id=outgoing_id, actor=clerk, request_key=key, at=at)
    return Outgoing.objects.select_related("document").get(pk=outgoing_id)


def issue_several(
    *, clerk: Appointment, outgoing_ids: list[int], dated: date, at: datetime
) -> list[IssueOutcome]:
    """Issue each letter by itself, in the given order; one that stops does not hold up the others."""
    return [_tried(clerk, outgoing_id, dated, at) for outgoing_id in dict.fromkeys(outgoing_ids)]


def _tried(clerk: Appointment, outgoing_id: int, dated: date, at: datetime) -> IssueOutcome:
    try:
        issue_document(clerk=clerk, outgoing_id=outgoing_id, dated=dated, at=at)
    except DomainError as refusal:
        return IssueOutcome(outgoing_id, str(refusal))
    return IssueOutcome(outgoing_id)

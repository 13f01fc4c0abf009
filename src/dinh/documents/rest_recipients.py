"""Who got a letter and how far they are, for its sender's programs."""

from datetime import datetime
from typing import Annotated, cast

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.documents.enums import Channel, IncomingState, Purpose
from dinh.documents.models import Incoming, Recipient
from dinh.documents.operations.dispatch import send_further
from dinh.documents.operations.on_paper import confirm_posted
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.reminding import remind_recipients
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.queries.recipients import arrivals_of, counts_by_state, recipients_on_paper
from dinh.kernel.rest import NO_NUL

PAGE = 50
router = Router(tags=["recipients"])


class RecipientOut(Schema):
    """One unit that got the letter; `number` is its incoming number there."""

    unit: int
    name: str
    state: IncomingState
    number: int | None
    registered_at: datetime | None
    done_at: datetime | None
    deletion_reported_at: datetime | None
    refusal_reason: str
    reply: int | None


class PaperRecipientOut(Schema):
    """Who gets the letter on paper or by e-mail; `posted_at` once the clerk confirmed that it went out."""

    id: int
    name: str
    address: str
    channel: Channel
    sent_at: datetime | None
    posted_at: datetime | None
    posted_note: str


class Posted(Schema):
    """`recipients` are ids of `on_paper`; `note` a postal number, or who took it."""

    recipients: Annotated[list[int], Field(min_length=1, max_length=1000)]
    note: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class RecipientsPage(Schema):
    """`counts` by state over all; `count` and `items` as filtered; `paper` are names without a connection."""

    counts: dict[str, int]
    count: int
    items: list[RecipientOut]
    paper: list[str]
    on_paper: list[PaperRecipientOut]


class Reason(Schema):
    reason: Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class Further(Schema):
    """`request_key` makes the sending safe to repeat."""

    units: Annotated[list[int], Field(min_length=1, max_length=1000)]
    purpose: Purpose = Purpose.ACT
    request_key: Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]


class Reminded(Schema):
    units: int


@router.get("/outgoing/{int:outgoing_id}/recipients", response=RecipientsPage)
def recipients(
    request: HttpRequest,
    outgoing_id: int,
    state: IncomingState | None = None,
    q: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> RecipientsPage:
    """States of the recipients, 50 a page."""
    return _page(request, outgoing_id, state=state or "", words=q, page=page)


@router.post("/outgoing/{int:outgoing_id}/recall", response=RecipientsPage)
def recall(request: HttpRequest, outgoing_id: int, body: Reason) -> RecipientsPage:
    """Take the letter back from whoever is not done with it."""
    recall_document(outgoing_id=outgoing_id, actor=_actor(request), reason=body.reason, at=timezone.now())
    return _page(request, outgoing_id)


@router.post("/outgoing/{int:outgoing_id}/posted", response=RecipientsPage)
def posted(request: HttpRequest, outgoing_id: int, body: Posted) -> RecipientsPage:
    """Confirm that paper or e-mail went out."""
    confirm_posted(
        clerk=_actor(request),
        outgoing_id=outgoing_id,
        recipient_ids=body.recipients,
        note=body.note,
        at=timezone.now(),
    )
    return _page(request, outgoing_id)


@router.post("/outgoing/{int:outgoing_id}/remind", response=Reminded)
def remind(request: HttpRequest, outgoing_id: int) -> Reminded:
    """Remind those who have not received it, at most once an hour."""
    amount = remind_recipients(outgoing_id=outgoing_id, actor=_actor(request), at=timezone.now())
    return Reminded(units=amount)


@router.post("/outgoing/{int:outgoing_id}/send-further", response=RecipientsPage)
def further(request: HttpRequest, outgoing_id: int, body: Further) -> RecipientsPage:
    """Send an issued letter to more units."""
    send_further(
        outgoing_id=outgoing_id,
        actor=_actor(request),
        units=body.units,
        purpose=body.purpose,
        request_key=body.request_key,
        at=timezone.now(),
    )
    return _page(request, outgoing_id)


def _actor(request: HttpRequest) -> Appointment:
    return cast("StaffRequest", request).appointment


def _page(
    request: HttpRequest, outgoing_id: int, *, state: str = "", words: str = "", page: int = 1
) -> RecipientsPage:
    actor = _actor(request)
    outgoing = found_among(outgoing_visible_to(actor), outgoing_id)
    found = Paginator(arrivals_of(outgoing_id, actor, state=state, words=words), PAGE).get_page(page)
    on_paper = list(recipients_on_paper(outgoing))
    return RecipientsPage(
        counts=counts_by_state(outgoing_id, actor),
        count=found.paginator.count,
        items=[_recipient(row) for row in found],
        paper=[each.name for each in on_paper],
        on_paper=[_on_paper(each) for each in on_paper],
    )


def _on_paper(row: Recipient) -> PaperRecipientOut:
    return PaperRecipientOut(
        id=row.pk,
        name=row.name,
        address=row.address,
        channel=Channel(row.channel),
        sent_at=row.sent_at,
        posted_at=row.posted_at,
        posted_note=row.posted_note,
    )


def _recipient(row: Incoming) -> RecipientOut:
    return RecipientOut(
        unit=row.unit_id,
        name=row.unit.name,
        state=IncomingState(row.state),
        number=row.number,
        registered_at=row.registered_at,
        done_at=row.done_at,
        deletion_reported_at=row.recall_reported_at,
        refusal_reason=row.refusal_reason,
        reply=getattr(row, "reply_id", None),
    )

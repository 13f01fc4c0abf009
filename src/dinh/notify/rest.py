"""What one was told, for programs."""

from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.notify.channels import channels
from dinh.notify.models import Notification, Pace
from dinh.notify.operations.choosing import choose_pace
from dinh.notify.operations.reading import mark_all_read, mark_read
from dinh.notify.queries.notifications import notifications_visible_to, paces_of

PAGE = 50
router = Router(tags=["notifications"])


class NotificationOut(Schema):
    id: int
    kind: str
    text: str
    url: str
    created_at: datetime
    read_at: datetime | None


class NotificationPage(Schema):
    count: int
    page: int
    items: list[NotificationOut]


class ChoiceOut(Schema):
    """`is_ready`: whether the operator has set the channel up; `pace`: off, soon or daily."""

    channel: str
    is_ready: bool
    address: str
    pace: str


class ChoiceIn(Schema):
    pace: Pace


class Marked(Schema):
    marked: int


@router.get("/notifications", response=NotificationPage)
def notifications(request: HttpRequest, unread: bool = False, page: int = 1) -> NotificationPage:
    told = notifications_visible_to(_own(request))
    at = Paginator(told.filter(read_at=None) if unread else told, PAGE).get_page(page)
    items = [NotificationOut.from_orm(row) for row in at]
    return NotificationPage(count=at.paginator.count, page=at.number, items=items)


@router.post("/notifications/read", response=Marked)
def read_all(request: HttpRequest) -> Marked:
    return Marked(marked=mark_all_read(actor=_own(request), at=timezone.now()))


@router.post("/notifications/{notification_id}/read", response=NotificationOut)
def read_one(request: HttpRequest, notification_id: int) -> Notification:
    mark_read(notification_id=notification_id, actor=_own(request), at=timezone.now())
    return notifications_visible_to(_own(request)).get(pk=notification_id)


@router.get("/notifications/choices", response=list[ChoiceOut])
def choices(request: HttpRequest) -> list[ChoiceOut]:
    """How one is told outside the page, by channel."""
    own = _own(request)
    chosen = paces_of(own)
    return [
        ChoiceOut(
            channel=name,
            is_ready=channel.is_ready(),
            address=channel.address_of(own.person),
            pace=chosen.get(name, Pace.OFF),
        )
        for name, channel in channels.items()
    ]


@router.post("/notifications/choices/{channel}", response={204: None})
def choose(request: HttpRequest, channel: str, body: ChoiceIn) -> Status[None]:
    choose_pace(channel=channel, pace=body.pace, actor=_own(request), at=timezone.now())
    return Status(204, None)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

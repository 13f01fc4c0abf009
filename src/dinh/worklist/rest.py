"""What waits for the caller, and being away, for programs."""

from datetime import date, datetime
from typing import Annotated, Literal, cast

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.worklist.kinds import label_of
from dinh.worklist.models import Absence, WorkItem
from dinh.worklist.operations.absences import NewDelegation, cancel_absence, record_absence
from dinh.worklist.queries.delegations import absences_visible_to
from dinh.worklist.queries.items import group_of, items_visible_to, within_group

PAGE = 50
NO_NUL = r"^[^\x00]*$"
router = Router(tags=["work"])


class WorkOut(Schema):
    """Something that waits; `target_type` and `target_id` name the record, `group` how pressing it is."""

    id: int
    kind: str
    label: str
    target_type: str
    target_id: int
    title: str
    urgency: int
    due_at: datetime | None
    created_at: datetime
    group: Literal["late", "today", "week", "later", "open"]


class WorkPage(Schema):
    count: int
    items: list[WorkOut]


class DelegationIn(Schema):
    """Who acts for one of the caller's appointments; no `kinds`: for all kinds of work."""

    appointment: int
    delegate: int
    kinds: list[str] = []


class AbsenceIn(Schema):
    """Away from a day to a day, both included."""

    start_date: date
    end_date: date
    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    delegations: list[DelegationIn] = []


class AbsenceOut(AbsenceIn):
    id: int
    recorded_at: datetime
    cancelled_at: datetime | None


@router.get("/work", response=WorkPage)
def work(
    request: HttpRequest,
    kind: Annotated[str, Query(max_length=60, pattern=NO_NUL)] = "",
    group: Literal["", "late", "today", "week", "later", "open"] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> WorkPage:
    """What waits for the caller, for the caller's roles, and for whom the caller stands in; 50 a page."""
    now = timezone.now()
    rows = within_group(items_visible_to(_own(request)), group, now=now)
    found = Paginator(rows.filter(kind=kind) if kind else rows, PAGE).get_page(page)
    return WorkPage(count=found.paginator.count, items=[_shown(each, now) for each in found])


@router.get("/absences", response=list[AbsenceOut])
def absences(request: HttpRequest) -> list[AbsenceOut]:
    """The caller's last 50 absences, the latest first."""
    return [_absence(each) for each in absences_visible_to(_own(request))[:PAGE]]


@router.post("/absences", response={201: AbsenceOut})
def record(request: HttpRequest, body: AbsenceIn) -> Status[AbsenceOut]:
    """Note that the caller is away, and who acts meanwhile; the same again answers with the first."""
    made = record_absence(
        actor=_own(request),
        start_date=body.start_date,
        end_date=body.end_date,
        reason=body.reason,
        delegations=[
            NewDelegation(each.appointment, each.delegate, tuple(each.kinds)) for each in body.delegations
        ],
        at=timezone.now(),
    )
    return Status(201, _absence(made))


@router.post("/absences/{int:absence_id}/cancel", response={204: None})
def cancel(request: HttpRequest, absence_id: int) -> Status[None]:
    """End an absence that has not run out; its delegations end with it."""
    cancel_absence(absence_id=absence_id, actor=_own(request), at=timezone.now())
    return Status(204, None)


def _own(request: HttpRequest) -> Appointment:
    return cast("StaffRequest", request).appointment


def _shown(item: WorkItem, now: datetime) -> WorkOut:
    return WorkOut(
        id=item.pk,
        kind=item.kind,
        label=label_of(item.kind),
        target_type=item.target_type,
        target_id=item.target_id,
        title=item.title,
        urgency=item.urgency,
        due_at=item.due_at,
        created_at=item.created_at,
        group=cast("Literal['late', 'today', 'week', 'later', 'open']", group_of(item, now=now)),
    )


def _absence(absence: Absence) -> AbsenceOut:
    return AbsenceOut(
        id=absence.pk,
        start_date=absence.start_date,
        end_date=absence.end_date,
        reason=absence.reason,
        recorded_at=absence.recorded_at,
        cancelled_at=absence.cancelled_at,
        delegations=[
            DelegationIn(appointment=each.appointment_id, delegate=each.delegate_id, kinds=each.kinds)
            for each in absence.delegations.all()
        ],
    )

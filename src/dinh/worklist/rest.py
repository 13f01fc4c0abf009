"""My work, absence and delegation, saved filters, for programs."""

from datetime import date, datetime
from typing import Annotated, Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.shortcuts import get_list_or_404, get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.kernel.rest import NO_NUL
from dinh.worklist.deadlines import hours_left, mark_of
from dinh.worklist.kinds import kinds, label_of
from dinh.worklist.models import Absence, SavedFilter
from dinh.worklist.operations.absences import NewDelegation, cancel_absence, record_absence
from dinh.worklist.operations.saved_filters import remove_filter, save_filter
from dinh.worklist.queries.delegations import (
    absences_managed_by,
    absences_visible_to,
    people_managed_by,
    stand_ins_of,
)
from dinh.worklist.queries.items import (
    group_of,
    holder_of,
    items_visible_to,
    late_of_others,
    on_behalf_of,
    within_group,
)
from dinh.worklist.queries.saved_filters import saved_filters_for
from dinh.worklist.rules import leads_others

PAGE = 50
router = Router(tags=["worklist"])


class WorkOut(Schema):
    """
    `group`: late, today, week, later or open; `mark`: red, yellow (at most a working day left), green or empty;
    `working_hours_left`: negative once late.
    """

    id: int
    kind: str
    title: str
    url: str
    urgency: int
    group: str
    mark: str
    due_at: datetime | None
    working_hours_left: float | None
    on_behalf_of: str
    target_type: str
    target_id: int


class WorkPage(Schema):
    count: int
    page: int
    items: list[WorkOut]


class LateWorkOut(Schema):
    """`holder`: whom it waits for, a person or a role; `due_at` null: left by who no longer holds the position."""

    id: int
    kind: str
    title: str
    url: str
    holder: str
    due_at: datetime | None
    target_type: str
    target_id: int


class LateWorkPage(Schema):
    count: int
    page: int
    items: list[LateWorkOut]


class KindOut(Schema):
    """`roles`: work of this kind passes only to who carries one of them; empty: to any colleague."""

    kind: str
    label: str
    is_signing: bool
    roles: list[str]


class DelegationOut(Schema):
    appointment_id: int
    delegate_id: int
    delegate: str
    kinds: list[str]


class AbsenceOut(Schema):
    """`recorded_by`: appointment of who recorded it for another; null where it is one's own."""

    id: int
    person_id: int
    recorded_by: int | None
    start_date: date
    end_date: date
    reason: str
    cancelled_at: datetime | None
    delegations: list[DelegationOut]


class SavedFilterIn(Schema):
    """`path`: address of the list's page, such as `/documents/search/`; `query`: its parameters, as in an address."""

    path: Annotated[str, Field(max_length=200, pattern=NO_NUL)]
    query: Annotated[str, Field(max_length=4000, pattern=NO_NUL)]
    name: str


class SavedFilterOut(Schema):
    id: int
    path: str
    query: str
    name: str
    created_at: datetime


class DelegationIn(Schema):
    """`kinds`: empty for all kinds of work."""

    appointment_id: int
    delegate_id: int
    kinds: Annotated[list[Annotated[str, Field(max_length=60, pattern=NO_NUL)]], Field(max_length=100)] = []


class AbsenceIn(Schema):
    """`person_id` null: one's own; another's for the head and the administrators of the unit."""

    person_id: int | None = None
    start_date: date
    end_date: date
    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    delegations: Annotated[list[DelegationIn], Field(max_length=50)] = []


@router.get("/work", response=WorkPage)
def work(
    request: HttpRequest,
    when: str = "",
    kind: Annotated[str, Field(max_length=60, pattern=NO_NUL)] = "",
    urgent: bool = False,
    page: int = 1,
) -> WorkPage:
    """What waits for one, the most pressing first; `when`: late, today, week, later or open."""
    own, now = _own(request), timezone.now()
    others = stand_ins_of(own, today=timezone.localdate(now))
    found = within_group(items_visible_to(own, stand_ins=others), when, now=now)
    if kind:
        found = found.filter(kind=kind)
    if urgent:
        found = found.filter(urgency__gt=0)
    at = Paginator(found, PAGE).get_page(page)
    items = [
        WorkOut(
            id=row.pk,
            kind=row.kind,
            title=row.title,
            url=row.url,
            urgency=row.urgency,
            group=group_of(row, now=now),
            mark=mark_of(row.due_at, now=now),
            due_at=row.due_at,
            working_hours_left=hours_left(row.due_at, now=now),
            on_behalf_of=on_behalf_of(row, own, others),
            target_type=row.target_type,
            target_id=row.target_id,
        )
        for row in at
    ]
    return WorkPage(count=at.paginator.count, page=at.number, items=items)


@router.get("/work/late-of-others", response=LateWorkPage)
def late_work(request: HttpRequest, page: int = 1) -> dict[str, Any]:
    """What others leave late by a working day, for their superiors; the latest first. 404 for whoever leads nobody."""
    own = _own(request)
    if not leads_others(own):
        raise NotFound(_("There is no such page."))
    at = Paginator(late_of_others(own), PAGE).get_page(page)
    names = ("id", "kind", "title", "url", "due_at", "target_type", "target_id")
    items = [{name: getattr(row, name) for name in names} | {"holder": holder_of(row)} for row in at]
    return {"count": at.paginator.count, "page": at.number, "items": items}


@router.get("/work/kinds", response=list[KindOut])
def work_kinds(request: HttpRequest) -> list[KindOut]:
    """Kinds of work that can be delegated."""
    return [
        KindOut(kind=name, label=label_of(name), is_signing=one.is_signing, roles=list(one.roles))
        for name, one in kinds.items()
    ]


@router.get("/absences", response=list[AbsenceOut])
def absences(request: HttpRequest, person_id: int | None = None) -> list[AbsenceOut]:
    """One's own absences, or those of a person whom one looks after, the latest first; the hundred last."""
    own = _own(request)
    if person_id is None or person_id == own.person_id:
        return [_absence(row) for row in absences_visible_to(own)[:100]]
    today = timezone.localdate()
    get_list_or_404(people_managed_by(own, today=today), person_id=person_id)
    return [_absence(row) for row in absences_managed_by(own, today=today).filter(person_id=person_id)[:100]]


@router.post("/absences", response={201: AbsenceOut})
def create_absence(request: HttpRequest, body: AbsenceIn) -> Status[AbsenceOut]:
    """Be away from a day to a day, both included, and say who acts for each of the positions meanwhile."""
    own = _own(request)
    made = record_absence(
        actor=own,
        person_id=body.person_id,
        start_date=body.start_date,
        end_date=body.end_date,
        reason=body.reason,
        delegations=[
            NewDelegation(one.appointment_id, one.delegate_id, tuple(one.kinds)) for one in body.delegations
        ],
        at=timezone.now(),
    )
    return Status(201, _absence(_seen(own, made.pk)))


@router.post("/absences/{absence_id}/cancel", response=AbsenceOut)
def absence_cancel(request: HttpRequest, absence_id: int) -> AbsenceOut:
    """End an absence of one's own, or of a person whom one looks after."""
    own = _own(request)
    cancel_absence(absence_id=absence_id, actor=own, at=timezone.now())
    return _absence(_seen(own, absence_id))


@router.get("/saved-filters", response=list[SavedFilterOut])
def saved_filters(
    request: HttpRequest, path: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
) -> list[SavedFilter]:
    """One's own, of one list where its `path` is given."""
    return list(saved_filters_for(_own(request), path=path))


@router.post("/saved-filters", response={201: SavedFilterOut})
def saved_filter(request: HttpRequest, body: SavedFilterIn) -> Status[SavedFilter]:
    """Keep a view of a list; the same name again for the same list replaces it."""
    return Status(201, save_filter(actor=_own(request), at=timezone.now(), **body.dict()))


@router.delete("/saved-filters/{filter_id}", response={204: None})
def saved_filter_remove(request: HttpRequest, filter_id: int) -> Status[None]:
    remove_filter(filter_id=filter_id, actor=_own(request))
    return Status(204, None)


def _seen(own: Appointment, absence_id: int) -> Absence:
    found = absences_visible_to(own).filter(pk=absence_id).first()
    managed = absences_managed_by(own, today=timezone.localdate())
    return found or get_object_or_404(managed, pk=absence_id)


def _absence(row: Absence) -> AbsenceOut:
    return AbsenceOut(
        id=row.pk,
        person_id=row.person_id,
        recorded_by=row.recorded_by_id,
        start_date=row.start_date,
        end_date=row.end_date,
        reason=row.reason,
        cancelled_at=row.cancelled_at,
        delegations=[
            DelegationOut(
                appointment_id=one.appointment_id,
                delegate_id=one.delegate_id,
                delegate=one.delegate.person.full_name,
                kinds=one.kinds,
            )
            for one in row.delegations.all()
        ],
    )


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

"""Units and people in detail, recorded changes of the tree, and merging by a list, for programs."""

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from dinh.directory.models import Account, Appointment, Position
from dinh.directory.operations.journal import withdraw_change
from dinh.directory.operations.reorganising import Reorganisation, check_reorganisation, reorganise
from dinh.directory.operations.signing_in import switch_appointment
from dinh.directory.queries.appointments import current_appointments
from dinh.directory.queries.changes import changes_visible_to
from dinh.directory.queries.people import history_of, people_visible_to
from dinh.directory.queries.tree import divisions_as_of
from dinh.directory.queries.units import units_visible_to
from dinh.kernel.errors import NotPermitted
from dinh.kernel.rest import NO_NUL

MOST_CHANGES = 200
Title = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]+$")]
Basis = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Table = Annotated[str, Field(max_length=2_000_000, pattern=NO_NUL)]


class AppointmentOut(Schema):
    id: int
    person_id: int
    person: str
    position: str
    kind: str
    unit_id: int
    division: str
    roles: list[str]
    start_date: date
    end_date: date | None


class PersonDetailOut(Schema):
    """A person with all appointments, past, present and to come, the last first."""

    id: int
    code: str
    full_name: str
    email: str
    phone: str
    appointments: list[AppointmentOut]


class IdentifierOut(Schema):
    id: int
    form: str
    value: str
    valid_from: date
    valid_to: date | None


class DivisionOut(Schema):
    id: int
    name: str
    abbreviation: str


class SuccessionOut(Schema):
    predecessor_id: int
    successor_id: int
    effective_date: date
    legal_basis: str


class PositionOut(Schema):
    id: int
    name: str
    rank: int
    is_active: bool


class ChangeOut(Schema):
    id: int
    kind: str
    title: str
    legal_basis: str
    effective_date: date
    entered_at: datetime
    withdrawn_at: datetime | None


class ReorganisationIn(Schema):
    """
    `content`: a CSV table with the columns new_commune_code, new_commune, old_commune_code, old_commune,
    old_district_code, old_district, note; one line for each old commune.
    """

    title: Title
    legal_basis: Basis = ""
    effective_date: date
    content: Table
    with_districts: bool = True
    carry_people: bool = True


class FindingOut(Schema):
    line: int | None
    verdict: str
    subject: str
    text: str


class OutlookOut(Schema):
    is_fit: bool
    founded: int
    moved: int
    ended: int
    people: int
    carried: int
    findings: list[FindingOut]


def appointment_out(row: Appointment) -> AppointmentOut:
    return AppointmentOut(
        id=row.pk,
        person_id=row.person_id,
        person=row.person.full_name,
        position=row.position.name,
        kind=row.kind,
        unit_id=row.unit_id,
        division=row.division.name if row.division else "",
        roles=row.roles,
        start_date=row.start_date,
        end_date=row.end_date,
    )


def identifiers(request: HttpRequest, unit_id: int) -> list[IdentifierOut]:
    """All codes that a unit has or had, in each form, the last first."""
    unit = get_object_or_404(units_visible_to(_own(request)), pk=unit_id)
    return [IdentifierOut.from_orm(row) for row in unit.identifiers.order_by("form", "-valid_from")]


def divisions(request: HttpRequest, unit_id: int, day: date | None = None) -> list[DivisionOut]:
    """The divisions of a unit as of a day; today if none is given."""
    unit = get_object_or_404(units_visible_to(_own(request)), pk=unit_id)
    rows = divisions_as_of(unit, day or timezone.localdate())
    return [DivisionOut(id=row.division_id, name=row.name, abbreviation=row.abbreviation) for row in rows]


def successions(request: HttpRequest, unit_id: int) -> list[SuccessionOut]:
    """Whose work a unit carries on, and who carries on its own."""
    unit = get_object_or_404(units_visible_to(_own(request)), pk=unit_id)
    rows = [*unit.precessions.order_by("pk"), *unit.successions.order_by("pk")]
    return [SuccessionOut.from_orm(row) for row in rows]


def positions(request: HttpRequest) -> list[PositionOut]:
    """All titles that can be held, the highest first."""
    return [PositionOut.from_orm(row) for row in Position.objects.all()]


def person(request: HttpRequest, person_id: int) -> PersonDetailOut:
    row = get_object_or_404(people_visible_to(_own(request)), pk=person_id)
    held = [appointment_out(one) for one in history_of(row).select_related("person")]
    return PersonDetailOut(
        id=row.pk,
        code=row.code,
        full_name=row.full_name,
        email=row.email,
        phone=row.phone,
        appointments=held,
    )


def own_appointments(request: HttpRequest) -> list[AppointmentOut]:
    """The positions that one holds today."""
    held = current_appointments(person_id=_own(request).person_id, today=timezone.localdate())
    return [appointment_out(row) for row in held]


def switch(request: HttpRequest, appointment_id: int) -> AppointmentOut:
    """Act in another of one's own positions from now on, in all of one's browsers."""
    if "Authorization" in request.headers:
        raise NotPermitted(_("A token acts in the position that it was issued for."))
    account = get_object_or_404(Account, person=_own(request).person_id)
    row = switch_appointment(account_id=account.pk, appointment_id=appointment_id, at=timezone.now())
    return appointment_out(row)


def changes(request: HttpRequest) -> list[ChangeOut]:
    """What was entered about the tree, the latest day first; for keepers of the directory."""
    return [ChangeOut.from_orm(row) for row in changes_visible_to(_own(request))[:MOST_CHANGES]]


def withdraw(request: HttpRequest, change_id: int) -> ChangeOut:
    """Undo a change whose day has not come."""
    return ChangeOut.from_orm(withdraw_change(change_id=change_id, actor=_own(request), at=timezone.now()))


def check(request: HttpRequest, body: ReorganisationIn) -> OutlookOut:
    """What a list would do, line by line. Changes nothing."""
    outlook = check_reorganisation(wanted=Reorganisation(**body.dict()), actor=_own(request))
    return OutlookOut.from_orm(outlook)


def carry_out(request: HttpRequest, body: ReorganisationIn) -> Status[ChangeOut]:
    """Carry out the whole list from its day on, or nothing of it."""
    wanted = Reorganisation(**body.dict())
    change = reorganise(wanted=wanted, actor=_own(request), at=timezone.now())
    return Status(201, ChangeOut.from_orm(change))


def install(router: Router) -> None:
    """Add these addresses to the directory's one router: an address with reads and changes must be one route."""
    router.get("/units/{unit_id}/identifiers", response=list[IdentifierOut])(identifiers)
    router.get("/units/{unit_id}/divisions", response=list[DivisionOut])(divisions)
    router.get("/units/{unit_id}/successions", response=list[SuccessionOut])(successions)
    router.get("/position-titles", response=list[PositionOut])(positions)
    router.get("/people/{person_id}", response=PersonDetailOut)(person)
    router.get("/me/appointments", response=list[AppointmentOut])(own_appointments)
    router.post("/me/appointments/{appointment_id}", response=AppointmentOut)(switch)
    router.get("/structure-changes", response=list[ChangeOut])(changes)
    router.post("/structure-changes/{change_id}/withdraw", response=ChangeOut)(withdraw)
    router.post("/reorganisations/check", response=OutlookOut)(check)
    router.post("/reorganisations", response={201: ChangeOut})(carry_out)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment

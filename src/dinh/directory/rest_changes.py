"""Changing the directory, for programs: the same operations as the pages, and the same rules."""

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from dinh.directory.enums import AppointmentKind, Bloc, IdentifierForm, Level, Role
from dinh.directory.models import Account, Appointment
from dinh.directory.operations.accounts import (
    HandedOut,
    open_account,
    reset_password,
    reset_second_factor,
    set_active,
    unlock_account,
)
from dinh.directory.operations.appointments import (
    PersonData,
    Terms,
    end_appointment,
    enter_person,
    give_appointment,
    set_roles,
)
from dinh.directory.operations.contacts import (
    PersonDetails,
    UnitContact,
    change_person,
    change_unit_contact,
)
from dinh.directory.operations.divisions import (
    add_position,
    change_division,
    close_division,
    found_division,
    retire_position,
)
from dinh.directory.operations.identifiers import end_identifier, give_identifier
from dinh.directory.operations.sessions import end_session, end_sessions
from dinh.directory.operations.structure import UnitNames, change_unit, dissolve_unit, found_unit
from dinh.directory.queries.sessions import live_sessions
from dinh.kernel.rest import NO_NUL

router = Router(tags=["directory"])

Line = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Short = Annotated[str, Field(max_length=80, pattern=NO_NUL)]
Brief = Annotated[str, Field(max_length=30, pattern=NO_NUL)]
Code = Annotated[str, Field(max_length=20, pattern=NO_NUL)]
Title = Annotated[str, Field(max_length=120, pattern=NO_NUL)]
Email = Annotated[str, Field(max_length=254, pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?$")]


class Made(Schema):
    id: int


class NamesIn(Schema):
    name: Line
    short_name: Short
    abbreviation: Brief
    parent_id: int | None = None
    valid_from: date
    legal_basis: Line = ""

    def names(self) -> UnitNames:
        return UnitNames(**self.dict(include={"name", "short_name", "abbreviation", "parent_id"}))


class NewUnitIn(NamesIn):
    bloc: Bloc
    level: Level
    place: Short


class DissolveIn(Schema):
    valid_from: date
    successor_ids: list[int] = []
    legal_basis: Line = ""


class IdentifierIn(Schema):
    form: IdentifierForm
    value: Short
    valid_from: date
    valid_to: date | None = None


class LastDayIn(Schema):
    last_day: date


class DivisionIn(Schema):
    name: Line
    abbreviation: Brief
    valid_from: date
    legal_basis: Line = ""


class FromDayIn(Schema):
    valid_from: date


class ContactIn(Schema):
    place: Short
    address: Line = ""
    phone: Brief = ""
    email: Email = ""
    is_connected: bool = True


class DetailsIn(Schema):
    full_name: Short
    is_female: bool
    birth_date: date | None = None
    email: Email = ""
    phone: Code = ""


class PositionIn(Schema):
    name: Title
    rank: Annotated[int, Field(ge=0, le=1000)]


class TermsIn(Schema):
    unit_id: int
    division_id: int | None = None
    position_id: int
    kind: AppointmentKind = AppointmentKind.REGULAR
    roles: list[Role]
    start_date: date
    end_date: date | None = None
    legal_basis: Title = ""

    def terms(self) -> Terms:
        return Terms(**{name: getattr(self, name) for name in Terms.__dataclass_fields__})


class PersonIn(Schema):
    code: Code
    full_name: Short
    is_female: bool
    birth_date: date | None = None
    email: Email = ""
    phone: Code = ""
    appointment: TermsIn


class RolesIn(Schema):
    roles: list[Role]


class AccountIn(Schema):
    username: Short


class ActiveIn(Schema):
    is_active: bool


class HandedOutOut(Schema):
    username: str
    password: str


class SessionOut(Schema):
    id: int
    device: str
    address: str | None
    started_at: datetime
    last_seen_at: datetime


@router.post("/units", response={201: Made})
def create_unit(request: HttpRequest, body: NewUnitIn) -> Status[Made]:
    unit = found_unit(
        names=body.names(),
        bloc=body.bloc,
        level=body.level,
        place=body.place,
        valid_from=body.valid_from,
        legal_basis=body.legal_basis,
        actor=_own(request),
        at=timezone.now(),
    )
    return Status(201, Made(id=unit.pk))


@router.post("/units/{unit_id}/changes", response={204: None})
def create_change(request: HttpRequest, unit_id: int, body: NamesIn) -> Status[None]:
    change_unit(
        unit_id=unit_id,
        names=body.names(),
        valid_from=body.valid_from,
        legal_basis=body.legal_basis,
        actor=_own(request),
        at=timezone.now(),
    )
    return Status(204, None)


@router.post("/units/{unit_id}/contact", response={204: None})
def create_contact(request: HttpRequest, unit_id: int, body: ContactIn) -> Status[None]:
    contact = UnitContact(**body.dict())
    change_unit_contact(unit_id=unit_id, contact=contact, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/units/{unit_id}/dissolution", response={204: None})
def create_dissolution(request: HttpRequest, unit_id: int, body: DissolveIn) -> Status[None]:
    dissolve_unit(unit_id=unit_id, **body.dict(), actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/units/{unit_id}/identifiers", response={201: Made})
def create_identifier(request: HttpRequest, unit_id: int, body: IdentifierIn) -> Status[Made]:
    made = give_identifier(unit_id=unit_id, **body.dict(), actor=_own(request), at=timezone.now())
    return Status(201, Made(id=made.pk))


@router.post("/identifiers/{identifier_id}/end", response={204: None})
def identifier_end(request: HttpRequest, identifier_id: int, body: LastDayIn) -> Status[None]:
    end_identifier(
        identifier_id=identifier_id, last_day=body.last_day, actor=_own(request), at=timezone.now()
    )
    return Status(204, None)


@router.post("/units/{unit_id}/divisions", response={201: Made})
def create_division(request: HttpRequest, unit_id: int, body: DivisionIn) -> Status[Made]:
    made = found_division(unit_id=unit_id, **body.dict(), actor=_own(request), at=timezone.now())
    return Status(201, Made(id=made.pk))


@router.post("/divisions/{division_id}/changes", response={204: None})
def create_division_change(request: HttpRequest, division_id: int, body: DivisionIn) -> Status[None]:
    change_division(division_id=division_id, **body.dict(), actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/divisions/{division_id}/close", response={204: None})
def division_close(request: HttpRequest, division_id: int, body: FromDayIn) -> Status[None]:
    close_division(division_id=division_id, **body.dict(), actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/position-titles", response={201: Made})
def create_position(request: HttpRequest, body: PositionIn) -> Status[Made]:
    made = add_position(**body.dict(), actor=_own(request), at=timezone.now())
    return Status(201, Made(id=made.pk))


@router.post("/position-titles/{position_id}/retire", response={204: None})
def position_retire(request: HttpRequest, position_id: int) -> Status[None]:
    retire_position(position_id=position_id, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/people", response={201: Made})
def create_person(request: HttpRequest, body: PersonIn) -> Status[Made]:
    data = PersonData(**body.dict(exclude={"appointment"}))
    made = enter_person(data=data, terms=body.appointment.terms(), actor=_own(request), at=timezone.now())
    return Status(201, Made(id=made.person_id))


@router.post("/people/{person_id}/changes", response={204: None})
def create_person_change(request: HttpRequest, person_id: int, body: DetailsIn) -> Status[None]:
    details = PersonDetails(**body.dict())
    change_person(person_id=person_id, details=details, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/people/{person_id}/appointments", response={201: Made})
def create_appointment(request: HttpRequest, person_id: int, body: TermsIn) -> Status[Made]:
    made = give_appointment(person_id=person_id, terms=body.terms(), actor=_own(request), at=timezone.now())
    return Status(201, Made(id=made.pk))


@router.post("/appointments/{appointment_id}/end", response={204: None})
def appointment_end(request: HttpRequest, appointment_id: int, body: LastDayIn) -> Status[None]:
    end_appointment(
        appointment_id=appointment_id, last_day=body.last_day, actor=_own(request), at=timezone.now()
    )
    return Status(204, None)


@router.post("/appointments/{appointment_id}/roles", response={204: None})
def appointment_roles(request: HttpRequest, appointment_id: int, body: RolesIn) -> Status[None]:
    set_roles(appointment_id=appointment_id, roles=body.roles, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/people/{person_id}/account", response={201: HandedOutOut})
def create_account(
    request: HttpRequest, response: HttpResponse, person_id: int, body: AccountIn
) -> Status[HandedOutOut]:
    made = open_account(person_id=person_id, username=body.username, actor=_own(request), at=timezone.now())
    return Status(201, _handed_out(made, response))


@router.post("/people/{person_id}/account/password", response=HandedOutOut)
def account_password(request: HttpRequest, response: HttpResponse, person_id: int) -> HandedOutOut:
    made = reset_password(account_id=_account(person_id), actor=_own(request), at=timezone.now())
    return _handed_out(made, response)


@router.post("/people/{person_id}/account/unlock", response={204: None})
def account_unlock(request: HttpRequest, person_id: int) -> Status[None]:
    unlock_account(account_id=_account(person_id), actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/people/{person_id}/account/second-factor/reset", response={204: None})
def account_second_factor(request: HttpRequest, person_id: int) -> Status[None]:
    reset_second_factor(account_id=_account(person_id), actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.post("/people/{person_id}/account/state", response={204: None})
def account_state(request: HttpRequest, person_id: int, body: ActiveIn) -> Status[None]:
    account_id = _account(person_id)
    set_active(account_id=account_id, is_active=body.is_active, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.get("/me/sessions", response=list[SessionOut])
def sessions(request: HttpRequest) -> list[SessionOut]:
    """Where one's account is signed in, last used first; the hundred last."""
    rows = live_sessions(account_id=_own_account(request).pk, at=timezone.now())[:100]
    return [SessionOut.from_orm(row) for row in rows]


@router.delete("/me/sessions/{session_id}", response={204: None})
def session_end(request: HttpRequest, session_id: int) -> Status[None]:
    account = _own_account(request)
    end_session(account_id=account.pk, session_id=session_id, actor=_own(request), at=timezone.now())
    return Status(204, None)


@router.delete("/me/sessions", response={204: None})
def sessions_end(request: HttpRequest) -> Status[None]:
    """Sign one's account out of all browsers, except the one that asks, if a browser asks."""
    key = request.session.session_key
    end_sessions(account=_own_account(request), actor=_own(request), at=timezone.now(), except_key=key)
    return Status(204, None)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment


def _own_account(request: HttpRequest) -> Account:
    return get_object_or_404(Account, person=_own(request).person_id)


def _account(person_id: int) -> int:
    return get_object_or_404(Account, person=person_id).pk


def _handed_out(made: HandedOut, response: HttpResponse) -> HandedOutOut:
    response["Cache-Control"] = "no-store"
    return HandedOutOut(username=made.account.username, password=made.password)

"""People and the positions they hold, from a day to a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.models import Appointment, Division, Person, Position, UnitVersion
from dinh.directory.operations.ending import sign_out_of
from dinh.directory.operations.timeline import lock_structure
from dinh.directory.periods import holds_on
from dinh.directory.rules import administers, administers_anything
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.kernel.text import fold, person_sort_key


class CodeOfPersonTaken(DomainError):
    """Another person has this code."""


class AppointmentExists(DomainError):
    """The person holds this position in this unit on a day of the period."""


class UnfitAppointment(InvalidInput):
    """Unit, division, position or days do not go together."""


@dataclass(frozen=True, kw_only=True)
class PersonData:
    code: str
    full_name: str
    is_female: bool
    birth_date: date | None
    email: str
    phone: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    What somebody is appointed to.

    :param kind: regular, acting (quyền) or deputising (phụ trách)
    :param roles: what it entitles to in the unit; at least one
    :param end_date: last day, None if it has no end yet
    :param legal_basis: number of the decision
    """

    unit_id: int
    division_id: int | None
    position_id: int
    kind: AppointmentKind
    roles: Collection[Role]
    start_date: date
    end_date: date | None
    legal_basis: str


@transaction.atomic
def enter_person(*, data: PersonData, terms: Terms, actor: Appointment, at: datetime) -> Appointment:
    """
    A new official, together with the first appointment.

    :raises NotFound: unless the actor administers the unit
    :raises CodeOfPersonTaken: if there is a person of this code, also when the same form comes twice
    :raises UnfitAppointment: as `give_appointment`
    """
    _authorise(actor, terms.unit_id)
    if Person.objects.filter(code=data.code).exists():
        raise CodeOfPersonTaken(_("A person with this code is entered already."), field="code")
    person = Person.objects.create(
        **data.__dict__,
        name_key=person_sort_key(data.full_name),
        search_name=fold(f"{data.full_name} {data.code}"),
    )
    audit.record(
        "directory.person.entered",
        target=person,
        actor=actor,
        at=at,
        details={"code": data.code, "full_name": data.full_name},
    )
    return give_appointment(person_id=person.pk, terms=terms, actor=actor, at=at)


@transaction.atomic
def give_appointment(*, person_id: int, terms: Terms, actor: Appointment, at: datetime) -> Appointment:
    """
    Appoint somebody to a position in a unit, from a day on.

    :raises NotFound: unless the actor administers the unit and there is such a person
    :raises UnfitAppointment: if the unit does not exist on that day, the division is another unit's or has
        ended, the position is given no more, no role is chosen, or the days are the wrong way round
    :raises AppointmentExists: if the person holds the same position there at that time
    """
    _authorise(actor, terms.unit_id)
    lock_structure()
    person = Person.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    if person is None:
        raise _missing()
    _check_terms(terms)
    _check_is_new(person, terms)
    appointment = Appointment.objects.create(person=person, **{**terms.__dict__, "roles": list(terms.roles)})
    details = {
        "person": person.full_name,
        "unit": terms.unit_id,
        "position": terms.position_id,
        "kind": terms.kind,
        "roles": list(terms.roles),
        "start_date": terms.start_date.isoformat(),
        "legal_basis": terms.legal_basis,
    }
    audit.record("directory.appointment.given", target=appointment, actor=actor, at=at, details=details)
    return appointment


@transaction.atomic
def end_appointment(*, appointment_id: int, last_day: date, actor: Appointment, at: datetime) -> None:
    """
    Let an appointment hold until a day, that day included. If the day is past, its tokens are revoked
    and whoever acts in it is signed out. The same day again changes nothing.

    :raises NotFound: unless the actor administers its unit
    :raises UnfitAppointment: if the day lies before its first
    """
    appointment = _administered(appointment_id, actor)
    if last_day < appointment.start_date:
        raise UnfitAppointment(_("The last day is before the first."), field="end_date")
    if appointment.end_date == last_day:
        return
    before = appointment.end_date
    appointment.end_date = last_day
    appointment.save(update_fields=["end_date"])
    details = {"end_date": [before.isoformat() if before else None, last_day.isoformat()]}
    audit.record("directory.appointment.ended", target=appointment, actor=actor, at=at, details=details)
    sign_out_of([appointment], actor=actor, at=at)


@transaction.atomic
def set_roles(*, appointment_id: int, roles: Collection[Role], actor: Appointment, at: datetime) -> None:
    """
    Say anew what an appointment entitles to; at once. The same roles again change nothing.

    :raises NotFound: unless the actor administers its unit
    :raises UnfitAppointment: if no role is chosen, or an administrator would give up the own role
    """
    appointment = _administered(appointment_id, actor)
    _check_has_role(roles)
    if set(roles) == set(appointment.roles):
        return
    if appointment.pk == actor.pk and Role.ADMINISTRATOR not in roles:
        raise UnfitAppointment(
            _("You cannot take the administrator's role from yourself. Ask another administrator."),
            field="roles",
        )
    details = {"roles": [list(appointment.roles), list(roles)]}
    appointment.roles = list(roles)
    appointment.save(update_fields=["roles"])
    audit.record("directory.appointment.roles_set", target=appointment, actor=actor, at=at, details=details)


def _authorise(actor: Appointment, unit_id: int) -> None:
    if not administers(actor, unit_id=unit_id):
        raise _missing()


def _administered(appointment_id: int, actor: Appointment) -> Appointment:
    appointment = Appointment.objects.select_for_update(no_key=True).filter(pk=appointment_id).first()
    if appointment is None or not administers_anything(actor):
        raise _missing()
    _authorise(actor, appointment.unit_id)
    return appointment


def _check_terms(terms: Terms) -> None:
    _check_has_role(terms.roles)
    if terms.end_date is not None and terms.end_date < terms.start_date:
        raise UnfitAppointment(_("The last day is before the first."), field="end_date")
    if not UnitVersion.objects.filter(holds_on(terms.start_date), unit=terms.unit_id).exists():
        raise UnfitAppointment(_("The unit does not exist on this day."), field="start_date")
    if not Position.objects.filter(pk=terms.position_id, is_active=True).exists():
        raise UnfitAppointment(_("This position is retired."), field="position_id")
    if terms.division_id is not None:
        divisions = Division.objects.filter(pk=terms.division_id, unit=terms.unit_id, is_active=True)
        if not divisions.exists():
            raise UnfitAppointment(_("The unit has no such division."), field="division_id")


def _check_has_role(roles: Collection[Role]) -> None:
    if not roles:
        raise UnfitAppointment(_("Choose at least one role."), field="roles")


def _check_is_new(person: Person, terms: Terms) -> None:
    """The same position in the same unit and division twice at once would be a slip or a double click."""
    begun = Q() if terms.end_date is None else Q(start_date__lte=terms.end_date)
    same = person.appointments.filter(
        begun, unit=terms.unit_id, position=terms.position_id, division=terms.division_id
    )
    if same.exclude(end_date__lt=terms.start_date).exists():
        raise AppointmentExists(_("This person holds this position here at that time."), field="position_id")


def _missing() -> NotFound:
    return NotFound(_("There is no such person or appointment that you may change."))

"""Who may act for whom."""

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.rules import keeps_directory

LEADERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)


def may_sign_for_others(appointment: Appointment) -> bool:
    """Heads and deputies sign in their own name; nobody else inherits a signature by delegation."""
    return appointment.has_role(*LEADERS)


def may_be_delegate(delegate: Appointment, absent: Appointment) -> bool:
    """Another person of the same unit."""
    return delegate.unit_id == absent.unit_id and delegate.person_id != absent.person_id


def looks_after_absences(appointment: Appointment) -> bool:
    """The unit's administrators, and its head, of people of the unit; keepers of the directory of all."""
    return appointment.has_role(Role.ADMINISTRATOR, Role.UNIT_HEAD)


def may_name_delegate(recorder: Appointment, delegate: Appointment) -> bool:
    """Who records another's absence takes no work over by it, except for the head of the unit, whose it is to give."""
    return delegate.person_id != recorder.person_id or recorder.has_role(Role.UNIT_HEAD)


def leads_others(appointment: Appointment) -> bool:
    """Who is told of what others leave late."""
    return appointment.has_role(Role.UNIT_HEAD, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)


def reaches_all_units(appointment: Appointment) -> bool:
    return keeps_directory(appointment)

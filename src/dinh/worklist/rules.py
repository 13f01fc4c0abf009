"""Who may act for whom."""

from dinh.directory.enums import Role
from dinh.directory.models import Appointment

LEADERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)


def may_sign_for_others(appointment: Appointment) -> bool:
    """Heads and deputies sign in their own name; nobody else inherits a signature by delegation."""
    return appointment.has_role(*LEADERS)


def may_be_delegate(delegate: Appointment, absent: Appointment) -> bool:
    """Another person of the same unit."""
    return delegate.unit_id == absent.unit_id and delegate.person_id != absent.person_id

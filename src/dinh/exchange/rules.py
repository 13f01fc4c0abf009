"""Who looks after the exchange, its systems and its grants."""

from typing import Final

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.rules import keeps_directory
from dinh.exchange.enums import GrantState
from dinh.exchange.models import AccessGrant, Member, System

SPEAKERS: Final = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.ADMINISTRATOR)
"""Of a unit: they look after its systems."""


def keeps_exchange(appointment: Appointment) -> bool:
    """Administrators of the unit that keeps the province's directory run the platform too."""
    return keeps_directory(appointment)


def speaks_for_unit(appointment: Appointment) -> bool:
    """Who looks after a unit's systems: its head, deputies and administrators."""
    return appointment.has_role(*SPEAKERS)


def looks_after_systems(appointment: Appointment) -> bool:
    return keeps_exchange(appointment) or speaks_for_unit(appointment)


def looks_after_member(appointment: Appointment, member: Member) -> bool:
    if keeps_exchange(appointment):
        return True
    return (
        member.unit_id is not None and member.unit_id == appointment.unit_id and speaks_for_unit(appointment)
    )


def is_keepers(system: System) -> bool:
    """Whether a system is one of the unit's that keeps the platform."""
    unit = system.member.unit
    return unit is not None and unit.keeps_directory


def looks_after(appointment: Appointment, system: System) -> bool:
    """Whether the appointment may change a system, hand out its keys, offer its services and ask in its name."""
    return looks_after_member(appointment, system.member)


def decides_on(appointment: Appointment, grant: AccessGrant) -> bool:
    """The owner of the service decides who may call it (Decree 47/2020/NĐ-CP)."""
    return looks_after(appointment, grant.version.service.system)


def may_decide(appointment: Appointment, grant: AccessGrant) -> bool:
    return grant.state == GrantState.ASKED and decides_on(appointment, grant)


def may_revoke(appointment: Appointment, grant: AccessGrant) -> bool:
    """Its owner; and whoever holds it may give it up."""
    if grant.state != GrantState.APPROVED:
        return False
    return decides_on(appointment, grant) or looks_after(appointment, grant.system)

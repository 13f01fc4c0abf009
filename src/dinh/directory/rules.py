"""Who may change the directory. Everybody who holds a position may read it."""

from collections.abc import Collection

from dinh.directory.enums import Role
from dinh.directory.models import Appointment


def keeps_directory(appointment: Appointment) -> bool:
    """Administrators of the unit that keeps the province's directory: units, codes, positions, everybody."""
    return appointment.has_role(Role.ADMINISTRATOR) and appointment.unit.keeps_directory


def administers(appointment: Appointment, *, unit_id: int) -> bool:
    """Administrators of a unit, for its own divisions and people."""
    is_own = appointment.has_role(Role.ADMINISTRATOR) and appointment.unit_id == unit_id
    return is_own or keeps_directory(appointment)


def administers_anything(appointment: Appointment) -> bool:
    return appointment.has_role(Role.ADMINISTRATOR)


def may_manage_person(appointment: Appointment, *, unit_ids: Collection[int]) -> bool:
    """
    Whether an administrator may change a person's data and account.

    :param unit_ids: the units in which the person holds positions now or later. All must be the
        administrator's own: otherwise a new password would open doors elsewhere.
    """
    if keeps_directory(appointment):
        return True
    return administers_anything(appointment) and set(unit_ids) == {appointment.unit_id}


def may_keep_group(appointment: Appointment, *, owner_id: int | None) -> bool:
    """Whoever writes letters in a unit keeps its groups; those of the whole province (no owner), the keeper."""
    return keeps_directory(appointment) if owner_id is None else appointment.unit_id == owner_id

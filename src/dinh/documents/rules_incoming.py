"""Who may do what with documents that arrived or are sent."""

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.models import Assignment, Incoming, Outgoing


def oversees_unit(appointment: Appointment) -> bool:
    """Clerks, heads and deputies see all that arrives at their unit."""
    return appointment.has_role(Role.CLERK, Role.UNIT_HEAD, Role.UNIT_DEPUTY)


def may_dispatch(appointment: Appointment, outgoing: Outgoing) -> bool:
    return appointment.has_role(Role.CLERK) and appointment.unit_id == outgoing.unit_id


def may_register(appointment: Appointment, incoming: Incoming) -> bool:
    return appointment.has_role(Role.CLERK) and appointment.unit_id == incoming.unit_id


def may_direct(appointment: Appointment, incoming: Incoming) -> bool:
    return appointment.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY) and appointment.unit_id == incoming.unit_id


def may_complete(appointment: Appointment, incoming: Incoming, lead: Assignment | None) -> bool:
    """Whoever leads the handling completes it, or the leader who directs it."""
    return may_direct(appointment, incoming) or (lead is not None and handles(appointment, lead))


def handles(appointment: Appointment, assignment: Assignment) -> bool:
    """An assignment to a person is that person's; one to a division is its members'."""
    if assignment.appointment_id is not None:
        return assignment.appointment_id == appointment.pk
    return appointment.division_id is not None and assignment.division_id == appointment.division_id

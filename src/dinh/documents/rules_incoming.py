"""Who may do what with documents that arrived or are sent."""

from collections.abc import Sequence
from datetime import date

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Incoming, Outgoing
from dinh.documents.standing_in import HANDLE, does_work_of

OPEN_STATES = (IncomingState.RECEIVED, IncomingState.ASSIGNED, IncomingState.IN_PROGRESS)


def oversees_unit(appointment: Appointment) -> bool:
    """Clerks, heads and deputies see all that arrives at their unit."""
    return appointment.has_role(Role.CLERK, Role.UNIT_HEAD, Role.UNIT_DEPUTY)


def may_dispatch(appointment: Appointment, outgoing: Outgoing) -> bool:
    return appointment.has_role(Role.CLERK) and appointment.unit_id == outgoing.unit_id


def may_register(appointment: Appointment, incoming: Incoming) -> bool:
    return appointment.has_role(Role.CLERK) and appointment.unit_id == incoming.unit_id


def may_correct(appointment: Appointment, incoming: Incoming) -> bool:
    """The clerk corrects what the unit itself wrote down; what came electronically stands as its issuer sent it."""
    is_own = incoming.document.transcribed_by_id == incoming.unit_id
    return is_own and may_register(appointment, incoming) and incoming.state != IncomingState.RECALLED


def directs(appointment: Appointment) -> bool:
    """Heads and deputies say who handles what arrives at their unit."""
    return appointment.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY)


def may_direct(appointment: Appointment, incoming: Incoming) -> bool:
    return directs(appointment) and appointment.unit_id == incoming.unit_id


def may_complete(appointment: Appointment, incoming: Incoming, lead: Assignment | None) -> bool:
    """Whoever leads the handling completes it, or the leader who directs it."""
    return may_direct(appointment, incoming) or (lead is not None and handles(appointment, lead))


def handles(appointment: Appointment, assignment: Assignment) -> bool:
    """A part given to a person is that person's, or a stand-in's; one of a division its head's, until passed on."""
    if assignment.appointment_id is not None:
        return does_work_of(appointment, assignment.appointment_id, HANDLE)
    return may_pass_on(appointment, assignment)


def may_pass_on(appointment: Appointment, assignment: Assignment) -> bool:
    """Heads and deputies of the division that a part was given to."""
    is_head = appointment.has_role(Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
    return (
        is_head and assignment.division_id is not None and assignment.division_id == appointment.division_id
    )


def may_note(appointment: Appointment, incoming: Incoming, parts: Sequence[Assignment]) -> bool:
    """Who directs the document, handles a part of it, or passed one on."""
    return may_direct(appointment, incoming) or any(
        handles(appointment, part) or may_pass_on(appointment, part) for part in parts
    )


def open_acts(
    appointment: Appointment, incoming: Incoming, parts: Sequence[Assignment], *, on: date
) -> frozenset[str]:
    """
    What the appointment may do now with a document that it sees, as names of the acts of screens and API.

    :param parts: the assignments that were not withdrawn
    """
    if incoming.state == IncomingState.ARRIVED:
        return frozenset({"register", "refuse"} if may_register(appointment, incoming) else ())
    lead = next((part for part in parts if part.role == AssignmentRole.LEAD), None)
    if incoming.state == IncomingState.DONE:
        return frozenset({"reopen"} if may_complete(appointment, incoming, lead) else ())
    if incoming.state not in OPEN_STATES or not appointment.is_current(on):
        return frozenset()
    acts = {"note"} if may_note(appointment, incoming, parts) else set()
    if may_complete(appointment, incoming, lead):
        acts |= {"complete", "start"} if incoming.state == IncomingState.ASSIGNED else {"complete"}
    if may_direct(appointment, incoming):
        acts |= {"assign"} if incoming.state == IncomingState.RECEIVED else {"change", "extend", "withdraw"}
    open_parts = [part for part in parts if part.done_at is None]
    if any(part.role == AssignmentRole.SUPPORT and handles(appointment, part) for part in open_parts):
        acts.add("finish")
    if any(part.done_at and handles(appointment, part) for part in parts):
        acts.add("resume")
    if any(may_pass_on(appointment, part) and part.role != AssignmentRole.INFORM for part in open_parts):
        acts.add("pass")
    return frozenset(acts)

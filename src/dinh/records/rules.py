"""Who may do what with case files: denied unless a predicate here allows it."""

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.records.models import CaseFile


def oversees_files(appointment: Appointment) -> bool:
    """Clerks, head and deputies see all case files of their unit."""
    return appointment.has_role(Role.CLERK, Role.UNIT_HEAD, Role.UNIT_DEPUTY)


def may_keep(appointment: Appointment, case_file: CaseFile) -> bool:
    """Whoever is responsible fills and closes the file, or a clerk of the unit."""
    if case_file.unit_id != appointment.unit_id:
        return False
    return case_file.responsible_id == appointment.pk or appointment.has_role(Role.CLERK)


def may_keep_list(appointment: Appointment) -> bool:
    """The clerk's office keeps the list of files (Decree 30/2020, Art. 28)."""
    return appointment.has_role(Role.CLERK)


def may_approve_list(appointment: Appointment) -> bool:
    return appointment.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY)

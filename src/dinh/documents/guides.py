"""The pages of the user guide that tell of documents, one for each kind of work."""

from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.guide import add_guide

_LEADERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)


def register_guides() -> None:
    """Called once, when the application is ready."""
    for order, (name, title, icon, is_for) in enumerate(
        (
            ("clerk", _("Clerks: registering, issuing, registers"), "inbox", _is_clerk),
            ("specialist", _("Specialists: drafting and handling documents"), "edit", _is_specialist),
            ("leader", _("Leaders: signing, directing, following"), "signature", _leads),
        )
    ):
        add_guide(name, title, of=__file__, icon=icon, order=order, is_for=is_for)


def _is_clerk(appointment: Appointment) -> bool:
    return appointment.has_role(Role.CLERK)


def _is_specialist(appointment: Appointment) -> bool:
    return appointment.has_role(Role.SPECIALIST, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)


def _leads(appointment: Appointment) -> bool:
    return appointment.has_role(*_LEADERS)

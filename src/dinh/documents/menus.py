"""What documents offer in the shell's menu, and how many wait there."""

from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.queries.found import letters_found
from dinh.documents.rules import sees_awaited_proofs
from dinh.documents.rules_incoming import directs
from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import SearchSource, search_sources
from dinh.worklist.api import amount_waiting


def register_menu() -> None:
    """Called once, when the application is ready."""
    search_sources.register("documents", SearchSource(_("Documents"), "documents:search", 10, letters_found))
    for name, label, icon, order, is_visible, count in (
        ("incoming_list", _("Incoming documents"), "inbox", 10, _everybody, _amount_arrived),
        ("directing_tray", _("To direct"), "users", 11, directs, _amount_to_direct),
        ("outgoing_list", _("Outgoing documents"), "send", 20, _everybody, None),
        ("book_list", _("Registers"), "book", 30, _everybody, None),
        ("report_list", _("Reports"), "list-check", 31, _everybody, None),
        ("group_list", _("Groups of recipients"), "users", 32, _everybody, None),
        ("signing_tray", _("To sign"), "signature", 21, _signs, _amount_to_sign),
        ("awaited_proofs", _("Proofs to come"), "history", 64, sees_awaited_proofs, None),
        ("issuing_tray", _("To issue"), "rubber-stamp", 22, _issues, _amount_to_issue),
    ):
        section = Section.SIGNATURES if name == "awaited_proofs" else Section.DOCUMENTS
        entry = MenuEntry(label, f"documents:{name}", icon, order, section, is_visible, count)
        menu.register(f"documents.{name}", entry)


def _everybody(appointment: Appointment) -> bool:
    return True


def _signs(appointment: Appointment) -> bool:
    return appointment.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD)


def _issues(appointment: Appointment) -> bool:
    return appointment.has_role(Role.CLERK)


def _amount_to_direct(appointment: Appointment) -> int:
    return amount_waiting(appointment, "documents.direct")


def _amount_arrived(appointment: Appointment) -> int:
    return amount_waiting(appointment, "documents.register", "documents.direct", "documents.handle")


def _amount_to_sign(appointment: Appointment) -> int:
    return amount_waiting(appointment, "documents.initial", "documents.cosign", "documents.sign")


def _amount_to_issue(appointment: Appointment) -> int:
    return amount_waiting(appointment, "documents.number", "documents.seal", "documents.dispatch")

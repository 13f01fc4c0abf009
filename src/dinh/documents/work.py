"""The kinds of work that documents give to people, by the names that lists and delegations show."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.worklist.api import WorkKind, kinds

_ANYBODY: Final[tuple[Role, ...]] = ()
_CLERKS: Final = (Role.CLERK,)
_LEADERS: Final = (Role.UNIT_HEAD, Role.UNIT_DEPUTY)


def register_kinds() -> None:
    """Called once, when the application is ready."""
    for name, label, is_signing, roles in (
        ("review", _("Review a draft"), False, _ANYBODY),
        ("initial", _("Initial a draft"), True, _ANYBODY),
        ("cosign", _("Sign minutes as their secretary"), True, _ANYBODY),
        ("sign", _("Sign a letter"), True, _ANYBODY),
        ("party", _("Sign an agreement for the other party"), True, _LEADERS),
        ("counterseal", _("Seal an agreement as its other party"), False, _CLERKS),
        ("party_file", _("Accept what the other party signed"), False, _CLERKS),
        ("revise", _("Revise a returned draft"), False, _ANYBODY),
        ("number", _("Number a letter"), False, _CLERKS),
        ("seal", _("Seal a letter"), False, _CLERKS),
        ("dispatch", _("Send a letter"), False, _CLERKS),
        ("register", _("Register an arrival"), False, _CLERKS),
        ("deleted", _("Report a recalled document deleted"), False, _CLERKS),
        ("direct", _("Direct an arrival"), False, _LEADERS),
        ("handle", _("Handle an arrival"), False, _ANYBODY),
    ):
        kinds.register(f"documents.{name}", WorkKind(label, is_signing, roles))

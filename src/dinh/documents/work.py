"""The kinds of work that documents give to people, by the names that lists and delegations show."""

from django.utils.translation import gettext_lazy as _

from dinh.worklist.api import WorkKind, kinds


def register_kinds() -> None:
    """Called once, when the application is ready."""
    for name, label, is_signing in (
        ("review", _("Review a draft"), False),
        ("initial", _("Initial a draft"), True),
        ("cosign", _("Sign minutes as their secretary"), True),
        ("sign", _("Sign a letter"), True),
        ("party", _("Sign an agreement for the other party"), True),
        ("counterseal", _("Seal an agreement as its other party"), False),
        ("party_file", _("Accept what the other party signed"), False),
        ("revise", _("Revise a returned draft"), False),
        ("number", _("Number a letter"), False),
        ("seal", _("Seal a letter"), False),
        ("dispatch", _("Send a letter"), False),
        ("register", _("Register an arrival"), False),
        ("deleted", _("Report a recalled document deleted"), False),
        ("direct", _("Direct an arrival"), False),
        ("handle", _("Handle an arrival"), False),
    ):
        kinds.register(f"documents.{name}", WorkKind(label, is_signing))

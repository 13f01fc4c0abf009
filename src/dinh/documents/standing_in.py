"""
Whose work with documents somebody does: the own, and that of colleagues who are away (ủy quyền, `worklist`).

Who stands in sees the letter, handles it, comments on a draft, initials and revises it, each in the own name. What a
letter's own text names, the signer and the secretary, nobody signs in their place: it is returned to its drafter.
"""

from collections.abc import Iterable, Mapping

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.documents.enums import StepKind
from dinh.worklist.api import acts_for, passed_to

HANDLE, REVISE = "documents.handle", "documents.revise"
IN_OWN_NAME = (StepKind.REVIEW, StepKind.INITIAL)
"""Steps of which the letter's text tells nothing."""
_KINDS = (*IN_OWN_NAME, StepKind.COSIGN, StepKind.SIGN)


def does_work_of(appointment: Appointment, holder_id: int | None, kind: str) -> bool:
    """Whether work of this kind that waits for the holder is this appointment's to do now."""
    if holder_id is None or holder_id == appointment.pk:
        return holder_id is not None
    return holder_id in _acts_for(appointment, kind)


def _acts_for(appointment: Appointment, kind: str) -> frozenset[int]:
    """Asked once of each instance, which lives as long as a request, for however many parts a letter has."""
    known: dict[str, frozenset[int]] = vars(appointment).setdefault("_does_work_of", {})
    if kind not in known:
        known[kind] = acts_for(appointment=appointment, at=timezone.now(), kind=kind)
    return known[kind]


def handled_by(appointment: Appointment) -> Q:
    """Parts of arrivals that are this appointment's to handle."""
    return Q(appointment_id=appointment.pk) | Q(appointment_id__in=passed_to(appointment, kind=HANDLE))


def steps_of(appointment: Appointment, kinds: Iterable[StepKind] = _KINDS) -> Q:
    """Steps of paths that are this appointment's, or pass to it while somebody is away."""
    found = Q(appointment=appointment)
    for kind in kinds:
        found |= Q(kind=kind, appointment__in=passed_to(appointment, kind=f"documents.{kind}"))
    return found


def drafted_for(appointment: Appointment) -> Q:
    """Returned drafts of those who are away, which this appointment revises."""
    return Q(drafter__in=passed_to(appointment, kind=REVISE))


def behalf_told(details: Mapping[str, object]) -> str:
    """What `on_behalf` noted, in words; empty if the work was the own."""
    name = details.get("on_behalf_of")
    return _("on behalf of %(name)s") % {"name": name} if name else ""


def on_behalf(actor: Appointment, holder: Appointment | None) -> dict[str, str]:
    """What the trace tells of work that was done for somebody else."""
    is_own = holder is None or holder.pk == actor.pk
    return {} if holder is None or is_own else {"on_behalf_of": holder.person.full_name}

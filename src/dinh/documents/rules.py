"""Who may do what with outgoing documents: denied unless a predicate here allows it."""

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.standing_in import REVISE, does_work_of, steps_of

VOIDABLE = frozenset({OutgoingState.SIGNED, OutgoingState.NUMBERED, OutgoingState.SEALED})
DRAFT_STATES = frozenset({OutgoingState.DRAFTING, OutgoingState.RETURNED})


def may_edit_draft(appointment: Appointment, outgoing: Outgoing) -> bool:
    """The drafter; of what was returned also who stands in for the drafter."""
    if outgoing.drafter_id == appointment.pk:
        return outgoing.state in DRAFT_STATES
    return outgoing.state == OutgoingState.RETURNED and does_work_of(appointment, outgoing.drafter_id, REVISE)


def may_mark_places(appointment: Appointment, outgoing: Outgoing) -> bool:
    """The drafter of a draft; and the unit's clerk, who knows where number and seal go, until somebody signs."""
    if may_edit_draft(appointment, outgoing):
        return True
    if not may_number(appointment, outgoing):
        return False
    # A step of a letter that came back keeps its mark until the letter is submitted anew.
    on_path = outgoing.state == OutgoingState.REVIEWING and not outgoing.steps.filter(signed=True).exists()
    return on_path or outgoing.state in DRAFT_STATES


def may_withdraw(appointment: Appointment, outgoing: Outgoing) -> bool:
    """The drafter takes back what its leader has not signed yet, or the other party of an agreement."""
    return outgoing.drafter_id == appointment.pk and outgoing.state == OutgoingState.REVIEWING


def may_number(appointment: Appointment, outgoing: Outgoing) -> bool:
    """Only the clerk's office of the unit numbers and seals (Decree 30/2020, Art. 15)."""
    return appointment.has_role(Role.CLERK) and appointment.unit_id == outgoing.unit_id


def may_keep_books(appointment: Appointment, unit_id: int) -> bool:
    return appointment.has_role(Role.CLERK) and appointment.unit_id == unit_id


def is_kept_on_paper(outgoing: Outgoing) -> bool:
    """Issued without a file: registered on paper, or taken over from an old register."""
    has_file = outgoing.document.content_id is not None or bool(outgoing.document.copy_kind)
    return outgoing.state == OutgoingState.ISSUED and not has_file and not outgoing.versions.exists()


def may_scan(appointment: Appointment, outgoing: Outgoing) -> bool:
    """The clerk brings the scan of what is kept on paper; secret letters are never scanned."""
    return may_number(appointment, outgoing) and is_kept_on_paper(outgoing) and not outgoing.document.secrecy


def sees_awaited_proofs(appointment: Appointment) -> bool:
    """Clerks see their letters that lack a proof, administrators how many there are."""
    return appointment.has_role(Role.CLERK, Role.ADMINISTRATOR)


def may_comment(appointment: Appointment, outgoing: Outgoing) -> bool:
    """The drafter and whoever stands on the path, until the leader has signed."""
    if outgoing.state not in DRAFT_STATES | {OutgoingState.REVIEWING}:
        return False
    return outgoing.drafter_id == appointment.pk or outgoing.steps.filter(steps_of(appointment)).exists()

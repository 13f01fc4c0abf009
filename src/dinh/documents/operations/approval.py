"""The drafting path up to the leader's signature (luồng trình ký)."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.models import Outgoing, Step
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.rules import may_edit_draft
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.worklist.api import NewWork, add_work, finish_work


class NotYourTurn(DomainError):
    """The step was decided already, or is not this person's."""


@transaction.atomic
def submit_draft(*, outgoing_id: int, drafter: Appointment, at: datetime) -> Outgoing:
    """
    Send a draft, or one that came back, on its path from the beginning.

    :raises NotFound: if the appointment does not see the document
    :raises NotPermitted: if somebody else drafted it
    :raises NotYourTurn: if it is on its path already, or its last version is not laid out
    """
    outgoing = locked_outgoing(outgoing_id, drafter)
    if outgoing.drafter_id != drafter.pk:
        raise NotPermitted(_("Only the drafter submits the document."))
    if not may_edit_draft(drafter, outgoing):
        raise NotYourTurn(_("The document was submitted already. Reload the page."))
    _require_pdf(outgoing)
    outgoing.steps.update(state=StepState.AHEAD, decided_at=None, decided_by=None, comment="")
    _set_state(outgoing, OutgoingState.REVIEWING, at)
    finish_work(outgoing, at=at)
    record("documents.document.submitted", target=outgoing, actor=drafter, at=at)
    _wait_for_next(outgoing, at)
    return outgoing


@transaction.atomic
def return_draft(*, outgoing_id: int, actor: Appointment, reason: str, at: datetime) -> Outgoing:
    """
    Give the document back to its drafter, with the reason.

    :raises InvalidInput: without a reason
    :raises NotYourTurn: if the path does not wait for this appointment
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the document is returned."), field="reason")
    _claim(outgoing, actor, StepState.RETURNED, at, comment=reason[:2000])
    _set_state(outgoing, OutgoingState.RETURNED, at)
    finish_work(outgoing, at=at)
    add_work([_work(outgoing, "documents.revise", outgoing.drafter_id, at)])
    details = {"reason": reason[:2000]}
    record("documents.document.returned", target=outgoing, actor=actor, at=at, details=details)
    return outgoing


@transaction.atomic
def pass_initial(*, outgoing_id: int, actor: Appointment, at: datetime) -> Outgoing:
    """
    Close the step of the one who comments or initials, and let the next wait; a leader's is not closed here.

    :raises NotYourTurn: if no such step waits for this appointment
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    _claim(outgoing, actor, StepState.DONE, at, kinds=(StepKind.REVIEW, StepKind.INITIAL))
    finish_work(outgoing, at=at)
    _set_state(outgoing, OutgoingState.REVIEWING, at)
    record("documents.document.initialled", target=outgoing, actor=actor, at=at)
    _wait_for_next(outgoing, at)
    return outgoing


def _claim(
    outgoing: Outgoing,
    actor: Appointment,
    state: StepState,
    at: datetime,
    *,
    comment: str = "",
    kinds: tuple[StepKind, ...] = tuple(StepKind),
) -> None:
    waiting = outgoing.steps.filter(state=StepState.WAITING, appointment=actor, kind__in=kinds)
    if not waiting.update(state=state, decided_at=at, decided_by=actor, comment=comment):
        raise NotYourTurn(_("The document does not wait for you. Reload the page."))


def _wait_for_next(outgoing: Outgoing, at: datetime) -> None:
    step = outgoing.steps.filter(state=StepState.AHEAD).order_by("position").first()
    if step is None or not Step.objects.filter(pk=step.pk, state=StepState.AHEAD).update(
        state=StepState.WAITING
    ):
        raise NotYourTurn(_("Nobody is left on the path. Reload the page."))
    add_work([_work(outgoing, f"documents.{step.kind}", step.appointment_id, at)])


def _require_pdf(outgoing: Outgoing) -> None:
    last = outgoing.versions.order_by("-number").first()
    if last is None or last.pdf_id is None:
        raise NotYourTurn(_("The text is not laid out yet. Lay it out, then submit again."))


def _set_state(outgoing: Outgoing, state: OutgoingState, at: datetime) -> None:
    outgoing.state, outgoing.updated_at = state, at
    outgoing.save(update_fields=["state", "updated_at"])


def _work(outgoing: Outgoing, kind: str, appointment_id: int, at: datetime) -> NewWork:
    return NewWork(
        kind=kind,
        unit_id=outgoing.unit_id,
        target_type=outgoing._meta.label_lower,
        target_id=outgoing.pk,
        title=outgoing.document.subject,
        url=outgoing_url(outgoing.pk),
        created_at=at,
        appointment_id=appointment_id,
        urgency=outgoing.document.urgency,
    )


def outgoing_url(outgoing_id: int) -> str:
    """Path of the document's page."""
    return reverse("documents:outgoing", args=[outgoing_id])

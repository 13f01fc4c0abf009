"""The drafting path up to the leader's signature (luồng trình ký)."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.docx import BLOCKING
from dinh.documents.enums import OutgoingState, StepKind, StepState, Urgency
from dinh.documents.letters import initials_field, signature_field
from dinh.documents.models import Document, Outgoing, Party, Step, Version
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.letter_content import fields_of
from dinh.documents.rules import may_edit_draft, may_number, may_withdraw
from dinh.documents.standing_in import IN_OWN_NAME, on_behalf, steps_of
from dinh.kernel.calendar import add_working_days, closing_time
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.pki.api import FieldSpec
from dinh.signing.api import add_fields
from dinh.worklist.api import NewWork, add_work, finish_work

_SIGNERS = {StepKind.SIGN: "leader", StepKind.COSIGN: "secretary", StepKind.PARTY: "second"}
"""Whose signature block each step fills."""
_AT_LEAST = timedelta(hours=1)


class NotYourTurn(DomainError):
    """The step was decided already, or is not this person's."""


class FormBlocked(DomainError):
    """The Word file would bring into the letter what nobody meant to write."""


def submit_draft(*, outgoing_id: int, drafter: Appointment, at: datetime) -> Outgoing:
    """
    Send a draft, or one that came back, on its path from the beginning.

    The letter gets its fields: for number and date, and one for each who signs. Never inside a transaction.

    :raises NotFound: if the appointment does not see the document
    :raises NotPermitted: if somebody else drafted it
    :raises NotYourTurn: if it is on its path already, or its last version is not laid out
    :raises FormBlocked: if the check of its Word file found what blocks
    :raises PlacesMissing: if the layout lacks a place that is needed
    """
    version, fields = _submittable(outgoing_id, drafter)
    content = add_fields(sha256=str(version.pdf_id), fields=fields)
    return _start_path(outgoing_id, drafter, version=version, content=content, at=at)


@transaction.atomic
def _submittable(outgoing_id: int, drafter: Appointment) -> tuple[Version, list[FieldSpec]]:
    outgoing = _own_draft(outgoing_id, drafter)
    version = _laid_out(outgoing)
    if blocking := [each["message"] for each in version.faults if each.get("severity") == BLOCKING]:
        raise FormBlocked(" ".join(blocking))
    return version, fields_of(version, version.places)


@transaction.atomic
def _start_path(
    outgoing_id: int, drafter: Appointment, *, version: Version, content: str, at: datetime
) -> Outgoing:
    outgoing = _own_draft(outgoing_id, drafter)
    if _laid_out(outgoing) != version:
        raise NotYourTurn(_("The text was changed meanwhile. Read it again, then submit."))
    Document.objects.filter(pk=outgoing.document_id).update(content=content)
    outgoing.document.content_id = content
    outgoing.steps.update(state=StepState.AHEAD, decided_at=None, decided_by=None, comment="", signed=False)
    _name_fields(outgoing)
    set_state(outgoing, OutgoingState.REVIEWING, at)
    finish_work(outgoing, at=at)
    details = {"version": version.number, "sha256": content}
    record("documents.document.submitted", target=outgoing, actor=drafter, at=at, details=details)
    wait_for_next(outgoing, at)
    return outgoing


@transaction.atomic
def return_draft(*, outgoing_id: int, actor: Appointment, reason: str, at: datetime) -> Outgoing:
    """
    Give the document back to its drafter, with the reason: who is on its path, or, once it is signed, the clerk
    whose check of its form finds a fault (Art. 12), as long as it has no number.

    :raises InvalidInput: without a reason
    :raises NotYourTurn: if the document does not wait for this appointment
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    reason = reason.replace("\0", "").strip()
    if not reason:
        raise InvalidInput(_("Say why the document is returned."), field="reason")
    holder = _waiting_holder(outgoing)
    if outgoing.state == OutgoingState.SIGNED:
        _claim_signed(outgoing, actor, at, comment=reason[:2000])
    else:
        _claim(outgoing, actor, StepState.RETURNED, at, comment=reason[:2000])
    _take_off_path(outgoing, at)
    add_work([_work(outgoing, "documents.revise", outgoing.drafter_id, at)])
    details = {"reason": reason[:2000]} | on_behalf(actor, holder)
    record("documents.document.returned", target=outgoing, actor=actor, at=at, details=details)
    return outgoing


@transaction.atomic
def withdraw_draft(*, outgoing_id: int, drafter: Appointment, at: datetime) -> Outgoing:
    """
    Take a document back from its path, to go on writing; signatures on it so far are given up.

    :raises NotPermitted: if somebody else drafted it
    :raises NotYourTurn: if it is not on its path, or all have signed it
    """
    outgoing = locked_outgoing(outgoing_id, drafter)
    if outgoing.drafter_id != drafter.pk:
        raise NotPermitted(_("Only the drafter takes the document back."))
    if not may_withdraw(drafter, outgoing):
        raise NotYourTurn(_("Only what is on its drafting path is taken back. Reload the page."))
    outgoing.steps.update(state=StepState.AHEAD, decided_at=None, decided_by=None, signed=False)
    _take_off_path(outgoing, at)
    record("documents.document.withdrawn", target=outgoing, actor=drafter, at=at)
    return outgoing


@transaction.atomic
def pass_initial(*, outgoing_id: int, actor: Appointment, at: datetime) -> Outgoing:
    """
    Close the step of the one who comments, or initials without a certificate, and let the next wait.

    A leader's step, that of minutes' secretary and that of another party's head are closed by signing alone
    (`signing.sign_step`).

    :raises NotYourTurn: if no such step waits for this appointment
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    holder = _waiting_holder(outgoing)
    _claim(outgoing, actor, StepState.DONE, at, kinds=IN_OWN_NAME)
    finish_work(outgoing, at=at)
    set_state(outgoing, OutgoingState.REVIEWING, at)
    details = on_behalf(actor, holder)
    record("documents.document.passed", target=outgoing, actor=actor, at=at, details=details)
    wait_for_next(outgoing, at)
    return outgoing


def _waiting_holder(outgoing: Outgoing) -> Appointment | None:
    """For whom the letter waits, by its path."""
    waiting = outgoing.steps.filter(state=StepState.WAITING).select_related("appointment__person").first()
    return waiting.appointment if waiting else None


def _claim(
    outgoing: Outgoing,
    actor: Appointment,
    state: StepState,
    at: datetime,
    *,
    comment: str = "",
    kinds: tuple[StepKind, ...] = tuple(StepKind),
) -> None:
    waiting = outgoing.steps.filter(steps_of(actor), state=StepState.WAITING, kind__in=kinds)
    if not waiting.update(state=state, decided_at=at, decided_by=actor, comment=comment):
        raise NotYourTurn(_("The document is not waiting for you. Reload the page."))


def _claim_signed(outgoing: Outgoing, actor: Appointment, at: datetime, *, comment: str) -> None:
    outgoing.document.refresh_from_db(fields=["number"])
    if not may_number(actor, outgoing) or outgoing.document.number is not None:
        raise NotYourTurn(_("The document is not waiting for you. Reload the page."))
    decided = {"state": StepState.RETURNED, "decided_at": at, "decided_by": actor, "comment": comment}
    outgoing.steps.filter(kind=StepKind.SIGN).update(**decided, signed=False)


def _take_off_path(outgoing: Outgoing, at: datetime) -> None:
    """The drafter writes again; who signs later signs anew."""
    unsigned = {"content": None, "signer_name": "", "signer_position": ""}
    Document.objects.filter(pk=outgoing.document_id).update(**unsigned)
    Party.objects.filter(outgoing=outgoing).update(signed_at=None, sealed_at=None)
    outgoing.signed_at = None
    outgoing.save(update_fields=["signed_at"])
    set_state(outgoing, OutgoingState.RETURNED, at)
    finish_work(outgoing, at=at)


def wait_for_next(outgoing: Outgoing, at: datetime) -> None:
    """Let the next step wait. :raises NotYourTurn: if nobody is left"""
    step = outgoing.steps.filter(state=StepState.AHEAD).order_by("position").first()
    if step is None or not Step.objects.filter(pk=step.pk, state=StepState.AHEAD).update(
        state=StepState.WAITING
    ):
        raise NotYourTurn(_("Nobody is left on the path. Reload the page."))
    work = _work(outgoing, f"documents.{step.kind}", step.appointment_id, at)
    add_work([replace(work, unit_id=step.appointment.unit_id)])


def _own_draft(outgoing_id: int, drafter: Appointment) -> Outgoing:
    outgoing = locked_outgoing(outgoing_id, drafter)
    if outgoing.drafter_id != drafter.pk and not may_edit_draft(drafter, outgoing):
        raise NotPermitted(_("Only the drafter submits the document."))
    if not may_edit_draft(drafter, outgoing):
        raise NotYourTurn(_("The document was submitted already. Reload the page."))
    return outgoing


def _laid_out(outgoing: Outgoing) -> Version:
    last = outgoing.versions.order_by("-number").first()
    if last is None or last.pdf_id is None:
        raise NotYourTurn(_("The text is not laid out yet. Lay it out, then submit again."))
    return last


def _name_fields(outgoing: Outgoing) -> None:
    for kind, key in _SIGNERS.items():
        outgoing.steps.filter(kind=kind).update(field_name=signature_field(key))
    initialling = outgoing.steps.filter(kind=StepKind.INITIAL).order_by("position")
    for order, step in enumerate(initialling, start=1):
        step.field_name = initials_field(order)
        step.save(update_fields=["field_name"])


def set_state(outgoing: Outgoing, state: OutgoingState, at: datetime) -> None:
    """Keep the state and the moment of the change."""
    outgoing.state, outgoing.updated_at = state, at
    outgoing.save(update_fields=["state", "updated_at"])


def party_work(outgoing: Outgoing, kind: str, at: datetime, *, unit_id: int) -> NewWork:
    """Work on an agreement for the clerks of a unit, its own or the other party's, before it has all signatures."""
    return replace(_work(outgoing, kind, None, at), role=Role.CLERK, unit_id=unit_id)


def office_work(outgoing: Outgoing, kind: str, role: Role, at: datetime) -> NewWork:
    """Work on the document for whoever holds the role in its unit, due as `issue_by` says."""
    signed_at = outgoing.signed_at or at
    due_at = issue_by(signed_at=signed_at, urgency=outgoing.document.urgency)
    return replace(_work(outgoing, kind, None, at), role=role, due_at=due_at)


def issue_by(*, signed_at: datetime, urgency: int) -> datetime:
    """
    Until when a signed letter goes out: the next working day, an urgent one the same day, at the earliest an hour
    after the signature (Art. 18).
    """
    day = timezone.localdate(signed_at)
    if urgency == Urgency.NORMAL:
        day = add_working_days(start=day, days=1)
    return max(closing_time(day=day), signed_at + _AT_LEAST)


def _work(outgoing: Outgoing, kind: str, appointment_id: int | None, at: datetime) -> NewWork:
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

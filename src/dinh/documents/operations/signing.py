"""Those on the drafting path sign: heads initial, the leader signs (ký nháy, ký ban hành; Art. 10, 13)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.models import Document, Outgoing, Party, Step
from dinh.documents.operations.approval import (
    NotYourTurn,
    office_work,
    party_work,
    set_state,
    wait_for_next,
)
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.queries.parties import party_of
from dinh.documents.standing_in import on_behalf, steps_of
from dinh.kernel.errors import DomainError
from dinh.signing.api import SignedPdf, sign_pdf
from dinh.worklist.api import add_work, finish_work

_ACTIONS = {
    StepKind.INITIAL: "initialled",
    StepKind.COSIGN: "cosigned",
    StepKind.SIGN: "signed",
    StepKind.PARTY: "signed_by_party",
}


class ChangedMeanwhile(DomainError):
    """The letter was returned or signed by somebody else while this signature was made."""


@dataclass(frozen=True, slots=True)
class WantedSignature:
    """A step's signature before it is made: its field, and the letter (SHA-256) that it is to stand on."""

    step_id: int
    field_name: str
    sha256: str
    certifies: bool
    subject: str


@dataclass(frozen=True, slots=True)
class SigningOutcome:
    """What became of one letter of several: signed, or why not."""

    outgoing_id: int
    refusal: str = ""


def sign_step(*, outgoing_id: int, actor: Appointment) -> Outgoing:
    """
    Sign the letter in the field of the step that waits for this appointment, and let the next one wait.

    The first signature certifies the letter (DocMDP 2). After the leader's the clerk's office numbers it; an agreement
    waits for its other party before.
    Never inside a transaction: the key may take its time.

    :raises NotFound: if the appointment does not see the document
    :raises NotYourTurn: if no step with a signature waits for this appointment
    :raises NotPermitted: without a certificate in use
    :raises ChangedMeanwhile: if the letter is not the one any more that was signed
    """
    wanted = wanted_signature(outgoing_id=outgoing_id, actor=actor)
    signed = sign_pdf(
        sha256=wanted.sha256,
        field_name=wanted.field_name,
        as_="person",
        appointment=actor,
        certify=wanted.certifies,
    )
    return close_step(step_id=wanted.step_id, actor=actor, before=wanted.sha256, signed=signed)


def sign_several(*, outgoing_ids: list[int], actor: Appointment) -> list[SigningOutcome]:
    """Sign each letter by itself; one that cannot be signed does not hold up the others."""
    return [_tried(outgoing_id, actor) for outgoing_id in dict.fromkeys(outgoing_ids)]


def _tried(outgoing_id: int, actor: Appointment) -> SigningOutcome:
    try:
        sign_step(outgoing_id=outgoing_id, actor=actor)
    except DomainError as refusal:
        return SigningOutcome(outgoing_id, str(refusal))
    return SigningOutcome(outgoing_id)


@transaction.atomic
def wanted_signature(*, outgoing_id: int, actor: Appointment) -> WantedSignature:
    """
    What the step that waits for this appointment needs signed.

    :raises NotFound: if the appointment does not see the document
    :raises NotYourTurn: if no step with a signature waits for this appointment
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    mine = steps_of(actor, [StepKind.INITIAL])
    waiting = outgoing.steps.filter(mine, state=StepState.WAITING).exclude(field_name="")
    step, content = waiting.first(), outgoing.document.content_id
    if step is None or content is None:
        raise NotYourTurn(_("The document is not waiting for your signature. Reload the page."))
    certifies, subject = not _has_signature(outgoing_id), outgoing.document.subject
    return WantedSignature(step.pk, step.field_name, content, certifies=certifies, subject=subject)


def _has_signature(outgoing_id: int) -> bool:
    done = Step.objects.filter(outgoing=outgoing_id, state=StepState.DONE, signed=True)
    return done.exists()


@transaction.atomic
def close_step(*, step_id: int, actor: Appointment, before: str, signed: SignedPdf) -> Outgoing:
    """
    Take the signed letter in the place of the one it was made from, close the step, let the next one wait.

    :param before: SHA-256 of the letter as it was when the signature began
    :raises ChangedMeanwhile: if the letter or the step is not as it was then
    """
    step = Step.objects.select_related("appointment__person").get(pk=step_id)
    outgoing = locked_outgoing(step.outgoing_id, actor)
    claimed = Step.objects.filter(pk=step_id, state=StepState.WAITING).update(
        state=StepState.DONE, decided_at=signed.signed_at, decided_by=actor, signed=True
    )
    if not claimed or not replace_content(outgoing.document, before=before, after=signed.sha256):
        raise ChangedMeanwhile(_("The document changed while you signed. Read it again, then sign."))
    finish_work(outgoing, at=signed.signed_at)
    action = _ACTIONS[StepKind(step.kind)]
    details = {"field": step.field_name, "sha256": signed.sha256, "level": signed.level}
    details |= on_behalf(actor, step.appointment)
    record(f"documents.document.{action}", target=outgoing, actor=actor, at=signed.signed_at, details=details)
    if step.kind == StepKind.SIGN:
        Document.objects.filter(pk=outgoing.document_id).update(
            signer_name=actor.person.full_name, signer_position=actor.position.name
        )
    _go_on(outgoing, StepKind(step.kind), signed.signed_at)
    return outgoing


def _go_on(outgoing: Outgoing, done: StepKind, at: datetime) -> None:
    """What waits next: another step; of an agreement the other party's hand; the number."""
    party = party_of(outgoing)
    if done == StepKind.SIGN and party is None:
        await_number(outgoing, at)
        return
    set_state(outgoing, OutgoingState.REVIEWING, at)
    if done == StepKind.SIGN and party and party.unit_id is None:
        add_work([party_work(outgoing, "documents.party_file", at, unit_id=outgoing.unit_id)])
    elif done == StepKind.PARTY and party and party.unit_id:
        Party.objects.filter(pk=party.pk).update(signed_at=at)
        add_work([party_work(outgoing, "documents.counterseal", at, unit_id=party.unit_id)])
    else:
        wait_for_next(outgoing, at)


def await_number(outgoing: Outgoing, at: datetime) -> None:
    """All have signed: the clerk's office gives number and date."""
    outgoing.signed_at = at
    outgoing.save(update_fields=["signed_at"])
    set_state(outgoing, OutgoingState.SIGNED, at)
    add_work([office_work(outgoing, "documents.number", Role.CLERK, at)])


def replace_content(document: Document, *, before: str | None, after: str) -> bool:
    """Put the next revision of the letter in the place of the one it was made from; False if that is gone."""
    replaced = Document.objects.filter(pk=document.pk, content=before).update(content=after)
    if replaced:
        document.content_id = after
    return bool(replaced)

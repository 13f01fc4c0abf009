"""The clerk puts the unit's digital seal on a letter that its leader signed (đóng dấu; Art. 26, 33)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind
from dinh.documents.models import Outgoing
from dinh.documents.operations.annexes import AnnexOutcome, keep_annexes, sign_annexes
from dinh.documents.operations.approval import office_work, set_state
from dinh.documents.operations.authority import DELEGATED
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.signing import ChangedMeanwhile, replace_content
from dinh.documents.rules import may_number
from dinh.kernel.errors import DomainError, NotPermitted
from dinh.pki.api import SEAL_FIELD
from dinh.signing.api import ExtendedPdf, SignedPdf, extend, has_valid_authorised_signature, sign_pdf
from dinh.worklist.api import add_work, finish_work


class NotNumbered(DomainError):
    """Only a numbered letter is sealed."""


class NoAuthorisedSignature(DomainError):
    """Nobody who may sign for the unit has validly signed the letter as it stands (Art. 32)."""


def seal_document(*, clerk: Appointment, outgoing_id: int) -> Outgoing:
    """
    Seal a numbered letter: its number and date are locked (FieldMDP). Repeated, it changes nothing.

    Its annexes in files of their own are signed with the seal's certificate too (Annex I, part I, III.1.d).

    The sealed letter also gets what proves its signatures years later (B-LT): timestamps and revocation
    answers, as far as they can be had now; what could not is noted in the trace.

    Never inside a transaction.

    :raises NotFound: if the clerk does not see the document
    :raises NotPermitted: if the appointment is not a clerk of the unit, or has no seal in use
    :raises NotNumbered: in any other state
    :raises NoAuthorisedSignature: if no valid signature stands on it of the unit's head or deputy, or of who was to
        sign it by order or by delegation (TL., TUQ.)
    :raises ChangedMeanwhile: if another clerk seals it at the same moment
    """
    outgoing, sha256 = sealable(clerk=clerk, outgoing_id=outgoing_id)
    if sha256 is None:
        return outgoing
    signed = sign_pdf(sha256=sha256, field_name=SEAL_FIELD, as_="unit", appointment=clerk)
    annexes = sign_annexes(document=outgoing.document, clerk=clerk)
    proven = extend(sha256=signed.sha256)
    return keep_sealed(
        outgoing_id=outgoing_id, clerk=clerk, before=sha256, signed=signed, proven=proven, annexes=annexes
    )


def sealable(*, clerk: Appointment, outgoing_id: int) -> tuple[Outgoing, str | None]:
    """
    The letter, and the SHA-256 of what the seal goes on; None if it is sealed already.

    Never inside a transaction, for it judges the leader's signature.

    :raises NotFound, NotPermitted, NotNumbered, NoAuthorisedSignature: as `seal_document`
    """
    outgoing, sha256 = _numbered(outgoing_id, clerk)
    if sha256 is None or has_valid_authorised_signature(
        sha256=sha256, unit_id=outgoing.unit_id, delegate_id=_delegate_of(outgoing)
    ):
        return outgoing, sha256
    raise NoAuthorisedSignature(
        _("No valid signature of the unit's leader stands on the letter. It cannot be sealed.")
    )


def _delegate_of(outgoing: Outgoing) -> int | None:
    """Who signs in the head's place, if the letter says that somebody does."""
    if outgoing.document.signer_authority not in DELEGATED:
        return None
    return outgoing.steps.get(kind=StepKind.SIGN).appointment_id


@transaction.atomic
def _numbered(outgoing_id: int, clerk: Appointment) -> tuple[Outgoing, str | None]:
    outgoing = locked_outgoing(outgoing_id, clerk)
    if not may_number(clerk, outgoing):
        raise NotPermitted(_("Only a clerk of the unit seals documents."))
    if outgoing.state == OutgoingState.SEALED:
        return outgoing, None
    if outgoing.state == OutgoingState.VOIDED:
        raise NotNumbered(_("The number of this document was voided. It takes a new draft."))
    if outgoing.state != OutgoingState.NUMBERED or outgoing.document.content_id is None:
        raise NotNumbered(_("The document has no number yet. Give it one, then seal it."))
    return outgoing, outgoing.document.content_id


@transaction.atomic
def keep_sealed(
    *,
    outgoing_id: int,
    clerk: Appointment,
    before: str,
    signed: SignedPdf,
    proven: ExtendedPdf,
    annexes: AnnexOutcome,
) -> Outgoing:
    """
    Take the sealed letter in the place of the numbered one, which lets it be sent.

    :param before: SHA-256 of the letter as it was when the seal began
    :raises ChangedMeanwhile: if the letter is not as it was then
    """
    outgoing = locked_outgoing(outgoing_id, clerk)
    replaced = replace_content(outgoing.document, before=before, after=proven.sha256)
    if outgoing.state != OutgoingState.NUMBERED or not replaced:
        raise ChangedMeanwhile(_("The letter is being sealed already. Reload the page."))
    at: datetime = signed.signed_at
    outgoing.sealed_at = at
    outgoing.save(update_fields=["sealed_at"])
    set_state(outgoing, OutgoingState.SEALED, at)
    finish_work(outgoing, at=at)
    add_work([office_work(outgoing, "documents.dispatch", Role.CLERK, at)])
    if not keep_annexes(annexes.signed):
        raise ChangedMeanwhile(_("An annex changed while you signed. Read it again, then seal."))
    details = {"sha256": proven.sha256, "level": signed.level, "notes": list(proven.notes)}
    if annexes.signed or annexes.unsigned:
        details["annexes"] = [annex.after for annex in annexes.signed]
        details["annexes_unsigned"] = annexes.unsigned
    record("documents.document.sealed", target=outgoing, actor=clerk, at=at, details=details)
    return outgoing

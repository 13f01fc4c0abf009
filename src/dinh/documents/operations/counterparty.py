"""
What the other party of an agreement does after the own leader signed, and before number and date are given.

A unit of the province signs and seals here: its head, or who signs for the head, in the step `party`, then its clerk.
From outside comes the PDF with a signature more, or a paper that was signed by hand, which stands as a scan beside the
letter.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.letters import seal_field, signature_field
from dinh.documents.models import Attachment, Outgoing, Party
from dinh.documents.operations.authority import DELEGATED
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.intake import KeptScan
from dinh.documents.operations.sealing import NoAuthorisedSignature
from dinh.documents.operations.signing import ChangedMeanwhile, await_number, replace_content
from dinh.documents.queries.parties import party_of
from dinh.documents.rules import may_number
from dinh.kernel.errors import DomainError, NotPermitted
from dinh.signing.api import (
    SignedPdf,
    check_countersigned,
    check_no_copy,
    has_valid_authorised_signature,
    sign_pdf,
)
from dinh.storage.api import read_blob
from dinh.worklist.api import finish_work

PARTY_SEAL_FIELD = seal_field("second")


class NotWithParty(DomainError):
    """The agreement does not wait for this act of its other party."""


def seal_as_party(*, clerk: Appointment, outgoing_id: int) -> Outgoing:
    """
    Put the seal of the other party's unit beside its signer's signature; the agreement then waits for its number.

    Repeated, it changes nothing. Never inside a transaction.

    :raises NotFound: if the clerk does not see the agreement
    :raises NotPermitted: if the appointment is no clerk of the other party's unit, or has no seal in use
    :raises NotWithParty: if nobody signed for the unit yet
    :raises NoAuthorisedSignature: if no valid signature of the unit's head or deputy stands on it, or of whom the
        agreement names as signing by order or delegation of the head
    :raises ChangedMeanwhile: if another clerk seals it at the same moment, or it was taken back
    """
    outgoing, sha256 = counterseal_wanted(clerk=clerk, outgoing_id=outgoing_id)
    if sha256 is None:
        return outgoing
    signed = sign_pdf(sha256=sha256, field_name=PARTY_SEAL_FIELD, as_="unit", appointment=clerk)
    return keep_countersealed(outgoing_id=outgoing_id, clerk=clerk, before=sha256, signed=signed)


def counterseal_wanted(*, clerk: Appointment, outgoing_id: int) -> tuple[Outgoing, str | None]:
    """
    The agreement, and the SHA-256 of what the other party's seal goes on; None if it is there already.

    Never inside a transaction, for it judges the signer's signature.

    :raises DomainError: as `seal_as_party`
    """
    outgoing, sha256 = _countersigned(outgoing_id, clerk)
    if sha256 is None or has_valid_authorised_signature(
        sha256=sha256, unit_id=clerk.unit_id, delegate_id=_delegate_of(outgoing)
    ):
        return outgoing, sha256
    raise NoAuthorisedSignature(
        _("No valid signature of your unit's leader stands on the agreement. It cannot be sealed.")
    )


def _delegate_of(outgoing: Outgoing) -> int | None:
    """Who signs in the place of the head of the other party's unit, if the agreement says that somebody does."""
    if outgoing.party.authority not in DELEGATED:
        return None
    return outgoing.steps.get(kind=StepKind.PARTY).appointment_id


@transaction.atomic
def _countersigned(outgoing_id: int, clerk: Appointment) -> tuple[Outgoing, str | None]:
    outgoing = locked_outgoing(outgoing_id, clerk)
    party = _own_party(outgoing, clerk)
    if party.sealed_at is not None:
        return outgoing, None
    if party.signed_at is None or outgoing.state != OutgoingState.REVIEWING:
        raise NotWithParty(_("Nobody has signed the agreement for your unit yet."))
    return outgoing, outgoing.document.content_id


def _own_party(outgoing: Outgoing, clerk: Appointment) -> Party:
    party = party_of(outgoing)
    if party is None or party.unit_id != clerk.unit_id or not clerk.has_role(Role.CLERK):
        raise NotPermitted(_("Only a clerk of the other party's unit puts its seal on the agreement."))
    return party


@transaction.atomic
def keep_countersealed(*, outgoing_id: int, clerk: Appointment, before: str, signed: SignedPdf) -> Outgoing:
    """
    Take the agreement with the other party's seal in the place of the one before.

    :param before: SHA-256 of the agreement as it was when the seal began
    :raises ChangedMeanwhile: if it is not as it was then
    """
    outgoing = locked_outgoing(outgoing_id, clerk)
    party = _own_party(outgoing, clerk)
    replaced = replace_content(outgoing.document, before=before, after=signed.sha256)
    if party.sealed_at is not None or not replaced:
        raise ChangedMeanwhile(_("The agreement was sealed or taken back meanwhile. Reload the page."))
    at = signed.signed_at
    Party.objects.filter(pk=party.pk).update(sealed_at=at)
    finish_work(outgoing, at=at)
    details = {"field": PARTY_SEAL_FIELD, "sha256": signed.sha256, "level": signed.level}
    record("documents.document.sealed_by_party", target=outgoing, actor=clerk, at=at, details=details)
    await_number(outgoing, at)
    return outgoing


def take_in_from_party(*, clerk: Appointment, outgoing_id: int, scan: KeptScan, at: datetime) -> Outgoing:
    """
    Take in what an outsider sent back: the PDF with its signature added becomes the letter; the scan of a paper signed
    by hand stands beside it. The agreement then waits for its number. The same file again changes nothing.

    Never inside a transaction, for it judges signatures.

    :raises NotFound: if the clerk does not see the agreement
    :raises NotPermitted: if the appointment is not a clerk of the unit that drafted it
    :raises NotWithParty: if it waits for no outsider
    :raises NotOurRevision: if the PDF goes on from the letter, and is not that with a sound signature more; or is a
        copy of it that a program wrote anew
    :raises ChangedMeanwhile: if it was taken back meanwhile
    """
    outgoing, before = _awaiting_outsider(outgoing_id, clerk, scan)
    if before is None:
        return outgoing
    letter, returned = read_blob(before), read_blob(scan.original)
    is_letter = returned.startswith(letter)
    if is_letter:
        check_countersigned(before=letter, returned=returned, field=signature_field("second"))
    else:
        check_no_copy(before=letter, returned=returned)
    return _keep_from_party(outgoing_id, clerk, before=before, scan=scan, is_letter=is_letter, at=at)


@transaction.atomic
def _awaiting_outsider(outgoing_id: int, clerk: Appointment, scan: KeptScan) -> tuple[Outgoing, str | None]:
    """The agreement, and what it waits with; None if this file was taken in already."""
    outgoing = locked_outgoing(outgoing_id, clerk)
    if not may_number(clerk, outgoing):
        raise NotPermitted(_("Only a clerk of the unit accepts what the other party signed."))
    party, document = party_of(outgoing), outgoing.document
    kept = document.content_id == scan.original or document.attachments.filter(blob=scan.original).exists()
    if party and party.signed_at and kept:
        return outgoing, None
    if not waits_for_outsider(outgoing, party):
        raise NotWithParty(_("The document is not waiting for another party from outside. Reload the page."))
    return outgoing, document.content_id


def waits_for_outsider(outgoing: Outgoing, party: Party | None) -> bool:
    """Whether the own leader signed, and somebody from outside is still to sign."""
    if party is None or party.unit_id is not None or party.signed_at is not None:
        return False
    ahead = outgoing.steps.exclude(state=StepState.DONE)
    return outgoing.state == OutgoingState.REVIEWING and not ahead.exists()


@transaction.atomic
def _keep_from_party(
    outgoing_id: int, clerk: Appointment, *, before: str, scan: KeptScan, is_letter: bool, at: datetime
) -> Outgoing:
    outgoing = locked_outgoing(outgoing_id, clerk)
    party = party_of(outgoing)
    after = scan.original if is_letter else before
    if (
        party is None
        or not waits_for_outsider(outgoing, party)
        or not replace_content(outgoing.document, before=before, after=after)
    ):
        raise ChangedMeanwhile(_("The agreement was changed or taken back meanwhile. Reload the page."))
    if not is_letter:
        last = outgoing.document.attachments.count()
        Attachment.objects.create(
            document=outgoing.document, blob_id=scan.original, name=scan.name, sort_order=last
        )
    Party.objects.filter(pk=party.pk).update(signed_at=at)
    finish_work(outgoing, at=at)
    details = {"name": scan.name, "sha256": scan.original, "on_paper": not is_letter}
    record("documents.document.signed_by_party", target=outgoing, actor=clerk, at=at, details=details)
    await_number(outgoing, at)
    return outgoing

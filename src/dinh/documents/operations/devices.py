"""
Signatures and seals whose keys are in people's own tokens: begun here, made by the device, finished here.

Between the two phases anything may happen: a reload, a restart, a return of the letter. What the device made for
a letter that is no longer the same is refused, and nothing of the letter is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import OutgoingState
from dinh.documents.models import DeviceSignature, Outgoing
from dinh.documents.operations.annexes import (
    ANNEX_FIELD,
    AnnexOutcome,
    SignedAnnex,
    UnsignedAnnex,
    keep_annexes,
    unsigned_annexes,
)
from dinh.documents.operations.counterparty import (
    PARTY_SEAL_FIELD,
    counterseal_wanted,
    keep_countersealed,
)
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.sealing import keep_sealed, sealable
from dinh.documents.operations.signing import ChangedMeanwhile, SigningOutcome, close_step, wanted_signature
from dinh.kernel.errors import DomainError, NotFound
from dinh.pki.api import SEAL_FIELD
from dinh.signing.api import (
    ExtendedPdf,
    SessionInfo,
    SignedPdf,
    begin_signing,
    extend,
    finish_signing,
    signed_in_session,
)


class AnnexesFirst(DomainError):
    """The seal ends the letter, so its annexes are signed before."""


class SealedAlready(DomainError):
    """The letter has its seal; nothing is left to do."""


@dataclass(frozen=True, slots=True)
class DeviceBatch:
    """Letters whose signatures were begun together, by the id of their page, and those that could not be."""

    id: UUID = field(default_factory=uuid4)
    begun: list[int] = field(default_factory=list)
    refused: list[SigningOutcome] = field(default_factory=list)


Begin = Callable[..., tuple[DeviceSignature, SessionInfo]]


def begin_step(
    *, outgoing_id: int, actor: Appointment, batch: UUID | None = None
) -> tuple[DeviceSignature, SessionInfo]:
    """
    Begin the signature of the step that waits for this appointment. Nothing of the letter changes yet.

    Never inside a transaction. Beginning anew is harmless.

    :raises NotFound, NotYourTurn: as `signing.sign_step`
    :raises NotPermitted: without a certificate in use
    """
    wanted = wanted_signature(outgoing_id=outgoing_id, actor=actor)
    session = begin_signing(
        sha256=wanted.sha256,
        field_name=wanted.field_name,
        as_="person",
        appointment=actor,
        certify=wanted.certifies,
        about={"Subject": wanted.subject},
    )
    begun = DeviceSignature(outgoing_id=outgoing_id, step_id=wanted.step_id, before_id=wanted.sha256)
    return _keep(begun, actor, session, batch), session


def begin_seal(
    *, outgoing_id: int, actor: Appointment, batch: UUID | None = None
) -> tuple[DeviceSignature, SessionInfo]:
    """
    Begin the seal of a numbered letter, and before it the agency's signatures on its annexes in files of their own, all
    in one batch; otherwise as `begin_step`.

    :raises SealedAlready: if it is sealed
    :raises NotFound, NotPermitted, NotNumbered, NoAuthorisedSignature: as `sealing.seal_document`
    """
    outgoing, sha256 = sealable(clerk=actor, outgoing_id=outgoing_id)
    if sha256 is None:
        raise SealedAlready(_("The document is sealed already. Reload the page."))
    batch = batch or uuid4()
    for annex in unsigned_annexes(outgoing.document):
        _begin_annex(outgoing, annex, actor, batch)
    session = begin_signing(
        sha256=sha256, field_name=SEAL_FIELD, as_="unit", appointment=actor, about=_about(outgoing)
    )
    begun = DeviceSignature(outgoing_id=outgoing_id, before_id=sha256)
    return _keep(begun, actor, session, batch), session


def begin_counterseal(
    *, outgoing_id: int, actor: Appointment, batch: UUID | None = None
) -> tuple[DeviceSignature, SessionInfo]:
    """
    Begin the seal of the other party on an agreement; otherwise as `begin_step`.

    :raises SealedAlready: if it is sealed
    :raises DomainError: as `counterparty.seal_as_party`
    """
    outgoing, sha256 = counterseal_wanted(clerk=actor, outgoing_id=outgoing_id)
    if sha256 is None:
        raise SealedAlready(_("The document is sealed already. Reload the page."))
    about = {"Subject": outgoing.document.subject}
    session = begin_signing(
        sha256=sha256, field_name=PARTY_SEAL_FIELD, as_="unit", appointment=actor, about=about
    )
    begun = DeviceSignature(outgoing_id=outgoing_id, before_id=sha256)
    return _keep(begun, actor, session, batch), session


def _begin_annex(outgoing: Outgoing, annex: UnsignedAnnex, actor: Appointment, batch: UUID) -> None:
    session = begin_signing(
        sha256=annex.source,
        field_name=ANNEX_FIELD,
        as_="unit",
        appointment=actor,
        certify=annex.certifies,
        mark=annex.mark,
        about=_about(outgoing),
    )
    begun = DeviceSignature(outgoing=outgoing, annex_id=annex.attachment_id, before_id=annex.before)
    _keep(begun, actor, session, batch)


def _about(outgoing: Outgoing) -> dict[str, str]:
    """What is shown of the letter where its key is released."""
    day = outgoing.document.issued_date
    document = outgoing.document
    issued = {"DocNumber": document.code, "IssuedDate": day.isoformat() if day else ""}
    return issued | {"Subject": document.subject}


def begin_issue(
    *, outgoing_id: int, actor: Appointment, dated: date, at: datetime, batch: UUID | None = None
) -> tuple[DeviceSignature, SessionInfo]:
    """
    Give a signed letter its number and date, where it has none, and begin its seal.

    :raises DomainError: as `numbering.number_document` and `begin_seal`
    """
    number_document(clerk=actor, outgoing_id=outgoing_id, dated=dated, at=at)
    return begin_seal(outgoing_id=outgoing_id, actor=actor, batch=batch)


def _keep(
    begun: DeviceSignature, actor: Appointment, session: SessionInfo, batch: UUID | None
) -> DeviceSignature:
    begun.actor, begun.session_id, begun.batch = actor, session.id, batch or uuid4()
    begun.save()
    return begun


def begin_several(*, outgoing_ids: list[int], actor: Appointment, begin: Begin) -> DeviceBatch:
    """Begin for each letter by itself; one that cannot be signed does not hold up the others."""
    batch = DeviceBatch()
    for outgoing_id in dict.fromkeys(outgoing_ids):
        try:
            begin(outgoing_id=outgoing_id, actor=actor, batch=batch.id)
            batch.begun.append(outgoing_id)
        except DomainError as refusal:
            batch.refused.append(SigningOutcome(outgoing_id, str(refusal)))
    return batch


def finish_on_device(
    *,
    session_id: UUID,
    actor: Appointment,
    signature: bytes | None = None,
    cms: bytes | None = None,
    pdf: bytes | None = None,
    outgoing_id: int | None = None,
) -> Outgoing:
    """
    Put what the device made into the letter, once; the same answer again changes nothing.

    Never inside a transaction.

    :param signature: raw signature of the signed attributes, or
    :param cms: whole CMS that the device assembled, or
    :param pdf: the whole letter as a program at the holder's computer signed it; none where
        a session was finished and then interrupted
    :param outgoing_id: the letter that is meant, where the caller names it besides
    :raises NotFound: if this appointment has begun no such signature
    :raises ChangedMeanwhile: if the letter was returned, changed or signed meanwhile
    :raises AnnexesFirst: if the seal comes before the signatures on the annexes
    :raises DomainError: as `signing.api.finish_signing`
    """
    begun = _own(session_id, actor)
    if outgoing_id not in (None, begun.outgoing_id):
        raise _missing()
    if _is_seal(begun) and not begun.finished_at and unsigned_annexes(begun.outgoing.document):
        raise AnnexesFirst(_("An annex is not signed yet. Sign the annexes, then seal the letter."))
    signed = _signed(begun, actor, signature=signature, cms=cms, pdf=pdf)
    # A finished session answers again; only the first finish, or one after a crash, still has to be taken over.
    if begun.finished_at:
        return begun.outgoing
    # Before number and date are given nothing is proven for good yet.
    ends = begun.step_id is None and not _is_of_party(begun)
    proven = extend(sha256=signed.sha256) if ends else None
    return _taken_over(begun.pk, actor, signed, proven)


def _signed(begun: DeviceSignature, actor: Appointment, **answer: bytes | None) -> SignedPdf:
    session_id = begun.session_id
    if not any(answer.values()):
        kept = signed_in_session(session_id=session_id, appointment=actor)
        if kept is not None:
            return kept
    return finish_signing(session_id=session_id, appointment=actor, sha256=_as_it_is(begun), **answer)


def _as_it_is(begun: DeviceSignature) -> str:
    """SHA-256 of what the signature would go on now."""
    if begun.annex is None:
        return begun.outgoing.document.content_id or ""
    return begun.session.source_id if begun.annex.blob_id == begun.before_id else begun.annex.blob_id


def _is_seal(begun: DeviceSignature) -> bool:
    return begun.step_id is None and begun.annex_id is None and not _is_of_party(begun)


def _is_of_party(begun: DeviceSignature) -> bool:
    """Whether a clerk of the other party's unit seals an agreement of this one."""
    return begun.step_id is None and begun.actor.unit_id != begun.outgoing.unit_id


def _own(session_id: UUID, actor: Appointment) -> DeviceSignature:
    own = DeviceSignature.objects.select_related("outgoing__document", "annex", "session", "actor")
    begun = own.filter(session=session_id, actor=actor).first()
    if begun is None:
        raise _missing()
    return begun


def _missing() -> NotFound:
    return NotFound(_("There is no such signature. Start signing again."))


@transaction.atomic
def _taken_over(pk: int, actor: Appointment, signed: SignedPdf, proven: ExtendedPdf | None) -> Outgoing:
    # In this order everywhere: the signature on its device, then the letter.
    begun = DeviceSignature.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if begun.finished_at:
        return begun.outgoing
    outgoing = _closed(begun, actor, signed, proven)
    begun.finished_at = timezone.now()
    begun.save(update_fields=["finished_at"])
    return outgoing


def _closed(
    begun: DeviceSignature, actor: Appointment, signed: SignedPdf, proven: ExtendedPdf | None
) -> Outgoing:
    before = begun.before_id
    if begun.step_id is not None:
        return close_step(step_id=begun.step_id, actor=actor, before=before, signed=signed)
    if _is_of_party(begun):
        return keep_countersealed(outgoing_id=begun.outgoing_id, clerk=actor, before=before, signed=signed)
    proven = proven or ExtendedPdf(signed.sha256)
    if begun.annex_id is not None:
        return _keep_annex(begun, actor, signed, proven)
    return keep_sealed(
        outgoing_id=begun.outgoing_id,
        clerk=actor,
        before=before,
        signed=signed,
        proven=proven,
        annexes=AnnexOutcome(),
    )


def _keep_annex(
    begun: DeviceSignature, actor: Appointment, signed: SignedPdf, proven: ExtendedPdf
) -> Outgoing:
    outgoing = locked_outgoing(begun.outgoing_id, actor)
    annex = SignedAnnex(begun.annex_id or 0, begun.before_id, proven.sha256)
    if outgoing.state != OutgoingState.NUMBERED or not keep_annexes([annex]):
        raise ChangedMeanwhile(_("The document changed while you signed. Read it again, then sign."))
    details = {"before": begun.before_id, "sha256": proven.sha256, "level": signed.level}
    at = signed.signed_at
    record("documents.document.annex_signed", target=outgoing, actor=actor, at=at, details=details)
    return outgoing

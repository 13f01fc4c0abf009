"""One signature on a kept PDF: prepared from the registry's certificate, finished with what its key gave."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import NotPermitted
from dinh.pki import api as pki
from dinh.pki.der import read_tlv
from dinh.signing.models import Credential
from dinh.signing.operations.proofs import await_proofs
from dinh.signing.operations.timestamps import extend_pdf, timestamp_client
from dinh.signing.providers import KeyPlace, providers
from dinh.signing.rules import As, usable_credential
from dinh.storage.api import PDF, read_blob, store_bytes


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """The kept result: its SHA-256, level ("B-B" or "B-T"), claimed time, and what could not be had."""

    sha256: str
    level: str
    signed_at: datetime
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextMark:
    """
    A signature that shows text in a box of its own, not the holder's image (copies: Decree 30/2020, Annex I).

    :param lines: the text, from the signing time
    :param font: TrueType file
    """

    box: pki.Box
    lines: Callable[[datetime], tuple[str, ...]]
    font: Path


@dataclass(frozen=True, slots=True)
class ExtendedPdf:
    """The kept result: its SHA-256 (the same where nothing could be added), and what could not be had."""

    sha256: str
    notes: tuple[str, ...] = ()


def sign_pdf(
    *,
    sha256: str,
    field_name: str,
    as_: As,
    appointment: Appointment,
    certify: bool = False,
    lock_fields: tuple[str, ...] = (),
    mark: TextMark | None = None,
) -> SignedPdf:
    """
    Sign a kept PDF in its field and keep the result, by a key that the server reaches. Never inside a transaction.

    With a timestamp where the timestamp server (DINH_TIMESTAMP_URL) gives one; else without, and a note.

    :param as_: with the person's own certificate, or with the seal of the appointment's unit
    :param mark: makes the field where the form has none, and shows its text there
    :raises NotPermitted: if the appointment has no usable certificate of that kind
    :raises SignOnDevice: if only the holder's device reaches the key; `begin_signing` is the way then
    :raises PkiError, InvalidInput: as `dinh.pki.api.prepare` and `finish`
    """
    credential, moment = chosen_credential(appointment, as_), timezone.now()
    prepared = prepare_signature(
        credential, sha256=sha256, field=field_name, at=moment, certify=certify, locks=lock_fields, mark=mark
    )
    signature = providers[credential.provider].sign(key_place(credential), prepared.attributes)
    return kept(with_signature(prepared, signature), moment)


def extend(*, sha256: str) -> ExtendedPdf:
    """
    Add to a kept, signed PDF what proves its signatures years later: a timestamp where signing had none, and
    revocation answers (B-LT). The signatures stay as they are. For a task, never inside a transaction: it asks
    authorities over the net. Safe to repeat. What could not be had is tried again by a task until it can; then
    `ProofsAdded` tells which file takes the place of which.

    :raises UnreadablePdf: if the PDF cannot be read
    """
    at = timezone.now()
    extended = extend_pdf(pdf=read_blob(sha256), at=at)
    kept_as = keep(extended.pdf)
    if extended.notes:
        await_proofs(sha256=kept_as, notes=extended.notes, at=at)
    return ExtendedPdf(kept_as, extended.notes)


def chosen_credential(appointment: Appointment, as_: As) -> Credential:
    """
    The certificate to sign with.

    :raises NotPermitted: if there is none in use
    """
    with transaction.atomic(durable=True):
        credential = usable_credential(appointment, as_)
    if credential is None:
        raise NotPermitted(no_credential(as_))
    return credential


def no_credential(as_: As) -> str:
    if as_ == "person":
        return _("You have no certificate in use. Ask the administrator to register one.")
    return _("Only a clerk may seal, and only with a seal of the unit that is in use.")


def prepare_signature(
    credential: Credential,
    *,
    sha256: str,
    field: str,
    at: datetime,
    certify: bool,
    locks: tuple[str, ...],
    mark: TextMark | None = None,
) -> pki.PreparedSignature:
    """The kept PDF with room for a signature by this certificate, showing the holder's image or the mark."""
    return pki.prepare(
        pdf=read_blob(sha256),
        field=field,
        certificates=(bytes(credential.certificate), *issuers_of(credential)),
        claims=pki.SignatureClaims(claimed_at=at, name=credential.subject_name),
        appearance=_appearance(credential, at, mark),
        box=mark.box if mark else None,
        certify=certify,
        locks=locks,
    )


def _appearance(credential: Credential, at: datetime, mark: TextMark | None) -> pki.Appearance | None:
    if mark is not None:
        return pki.TextAppearance(mark.lines(at), mark.font)
    return pki.ImageAppearance(read_blob(credential.appearance_id)) if credential.appearance_id else None


def issuers_of(credential: Credential) -> tuple[bytes, ...]:
    """Certificates (DER) of the authorities above, as registered."""
    chain, certificates, place = bytes(credential.chain), [], 0
    while place < len(chain):
        _tag, _start, end = read_tlv(chain, place)
        certificates.append(chain[place:end])
        place = end
    return tuple(certificates)


def key_place(credential: Credential) -> KeyPlace:
    return KeyPlace(credential.fingerprint, credential.provider_ref)


def with_signature(prepared: pki.PreparedSignature, signature: bytes) -> pki.SignedPdf:
    """Put a raw signature in, with a timestamp where one can be had."""
    return pki.finish(prepared=prepared, signature=signature, timestamp=timestamp_client())


def kept(signed: pki.SignedPdf, at: datetime) -> SignedPdf:
    return SignedPdf(keep(signed.pdf), signed.level, at, signed.notes)


def keep(pdf: bytes) -> str:
    """SHA-256 of the PDF, now a blob."""
    return store_bytes(pdf, accept=frozenset({PDF})).sha256

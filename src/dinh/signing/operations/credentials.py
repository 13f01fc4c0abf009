"""The registry of certificates: registered once proved, suspended, resumed, revoked (chứng thư số)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment, Person, Unit
from dinh.kernel.errors import DomainError, InvalidInput, NotFound, NotPermitted
from dinh.pki.api import Ink, UnusableImage, check_image
from dinh.pki.certificates import common_name, der_of, fingerprint, may_sign_documents
from dinh.pki.trust import UnusableAnchor, load_certificates
from dinh.signing.models import Credential, CredentialState
from dinh.signing.providers import providers
from dinh.signing.queries.credentials import credential_seen, credentials_visible_to
from dinh.signing.queries.verification import trust_store
from dinh.signing.rules import keeps_holder, keeps_this_certificate, may_suspend
from dinh.storage.api import PNG, store_bytes

MAX_CERTIFICATE_BYTES: Final = 64 * 1024
MAX_CERTIFICATES: Final = 8
MAX_IMAGE_BYTES: Final = 1024 * 1024
_RSA_BITS = 2048


class AlreadyRegistered(DomainError):
    """The certificate is somebody's already."""


class NotInThatState(DomainError):
    """The certificate's state does not allow this, or somebody else was first."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """
    A certificate as it was handed in, and whose it shall be: exactly one of person and unit.

    :param certificate: PEM or DER; issuers may follow in PEM
    :param provider: name in the registry of providers
    :param provider_ref: where the provider finds the key; "token label/key label" for `pkcs11`
    :param appearance: transparent PNG of the handwritten signature or the seal; without it signatures show nothing on
        the page, unless the holder's own program draws them
    """

    certificate: bytes
    provider: str
    person_id: int | None = None
    unit_id: int | None = None
    provider_ref: str = ""
    appearance: bytes = b""


def register_credential(*, new: NewCredential, actor: Appointment, at: datetime) -> Credential:
    """
    Say whose a certificate is. Writes an audit entry.

    :raises NotPermitted: if the actor does not keep the certificates of this holder
    :raises InvalidInput: naming the field, if it is no certificate that may sign, of a trusted authority, valid now, or
        if the image may not stand on a letter (`pki.check_image`)
    :raises AlreadyRegistered: if it is in the registry
    """
    _check_holder(new)
    if not keeps_holder(actor, person_id=new.person_id, unit_id=new.unit_id):
        raise NotPermitted(_("You do not keep the certificates of this holder."))
    if providers.get(new.provider) is None:
        raise InvalidInput(_("Choose where the key is kept."), field="provider")
    own, *issuers = _proved(new.certificate, at)
    image = _kept_image(new.appearance, new.unit_id) if new.appearance else None
    credential = Credential(
        person_id=new.person_id,
        unit_id=new.unit_id,
        provider=new.provider,
        provider_ref=new.provider_ref,
        certificate=der_of(own),
        chain=b"".join(der_of(issuer) for issuer in issuers),
        fingerprint=fingerprint(own),
        subject_name=common_name(own)[:200],
        serial_number=f"{own.serial_number:x}"[:64],
        issuer_name=common_name(issuers[0] if issuers else own)[:200],
        valid_from=own.not_valid_before_utc,
        valid_to=own.not_valid_after_utc,
        appearance_id=image,
    )
    return _registered(credential, actor, at)


def replace_image(*, credential_id: int, image: bytes, actor: Appointment, at: datetime) -> Credential:
    """
    Give a certificate another image of the signature or the seal; what was signed before keeps the old one.

    Writes an audit entry with the hashes of both.

    :raises NotFound: if the actor does not see it
    :raises NotPermitted: if the actor does not keep the certificates of this holder
    :raises NotInThatState: if it is revoked
    :raises InvalidInput: if the image may not stand on a letter (`pki.check_image`)
    """
    seen = credential_seen(actor, credential_id)
    _check_keeper(actor, seen)
    return _with_image(credential_id, _kept_image(image, seen.unit_id), actor, at)


@transaction.atomic
def _with_image(credential_id: int, sha256: str, actor: Appointment, at: datetime) -> Credential:
    credential = _locked(credential_id, actor)
    if credential.state == CredentialState.REVOKED:
        raise NotInThatState(_("The certificate is not in a state for this. Reload the page."))
    before, credential.appearance_id = credential.appearance_id, sha256
    credential.save(update_fields=["appearance"])
    details = {"before": before, "sha256": credential.appearance_id}
    record("signing.credential.image_replaced", target=credential, actor=actor, at=at, details=details)
    return credential


@transaction.atomic
def suspend_credential(*, credential_id: int, reason: str, actor: Appointment, at: datetime) -> Credential:
    """
    Take a certificate out of use for now; its holder may do so too, e.g. while the token is missing.

    Writes an audit entry.

    :raises NotFound: if the actor does not see it
    :raises InvalidInput: without a reason
    :raises NotInThatState: unless it is in use
    """
    credential = _locked(credential_id, actor)
    if not may_suspend(actor, credential):
        raise NotPermitted(_("You do not keep the certificates of this holder."))
    return _moved(credential, {CredentialState.ACTIVE}, CredentialState.SUSPENDED, reason, actor, at)


@transaction.atomic
def resume_credential(*, credential_id: int, reason: str, actor: Appointment, at: datetime) -> Credential:
    """
    Put a suspended certificate back in use. Writes an audit entry; errors as `suspend_credential`.
    """
    credential = _locked(credential_id, actor)
    _check_keeper(actor, credential)
    return _moved(credential, {CredentialState.SUSPENDED}, CredentialState.ACTIVE, reason, actor, at)


@transaction.atomic
def revoke_credential(*, credential_id: int, reason: str, actor: Appointment, at: datetime) -> Credential:
    """
    Take a certificate out of use for good. Writes an audit entry; errors as `suspend_credential`.

    Only here: the authority that issued it must be told besides.
    """
    credential = _locked(credential_id, actor)
    _check_keeper(actor, credential)
    before = {CredentialState.ACTIVE, CredentialState.SUSPENDED}
    return _moved(credential, before, CredentialState.REVOKED, reason, actor, at)


def _kept_image(png: bytes, unit_id: int | None) -> str:
    """SHA-256 of the image: blue for a person, red for a unit."""
    if not 0 < len(png) <= MAX_IMAGE_BYTES:
        raise InvalidInput(_("Choose a PNG file of at most 1 MB."), field="appearance")
    try:
        check_image(png, ink=Ink.RED if unit_id else Ink.BLUE)
    except UnusableImage as refusal:
        raise InvalidInput(str(refusal), field="appearance") from refusal
    return store_bytes(png, accept=frozenset({PNG})).sha256


def _check_holder(new: NewCredential) -> None:
    people = Person.objects.filter(pk=new.person_id).exists() if new.person_id else False
    units = Unit.objects.filter(pk=new.unit_id).exists() if new.unit_id else False
    if people == units or (new.person_id and new.unit_id):
        raise InvalidInput(_("Choose one holder: a person or a unit."), field="holder")


def _proved(data: bytes, at: datetime) -> tuple[x509.Certificate, ...]:
    """The uploaded certificate, then its issuers up to a trusted one."""
    own, *others = _loaded(data)
    _check_key(own)
    if not may_sign_documents(own):
        raise InvalidInput(_("This certificate is not meant for signing documents."), field="certificate")
    if not own.not_valid_before_utc <= at <= own.not_valid_after_utc:
        raise InvalidInput(_("This certificate is not valid today."), field="certificate")
    chain = trust_store().chain_of(own, others)
    if chain is None or len(chain) < 2:
        raise InvalidInput(
            _(
                "This certificate does not come from a trusted authority. Add the certificates of its issuers."
            ),
            field="certificate",
        )
    return chain


def _loaded(data: bytes) -> list[x509.Certificate]:
    if not 0 < len(data) <= MAX_CERTIFICATE_BYTES:
        raise InvalidInput(_("Choose a certificate file of at most 64 kB."), field="certificate")
    try:
        found = load_certificates(data)
    except UnusableAnchor as error:
        raise InvalidInput(str(error), field="certificate") from error
    if len(found) > MAX_CERTIFICATES:
        raise InvalidInput(_("The file holds too many certificates."), field="certificate")
    return found


def _check_key(certificate: x509.Certificate) -> None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(
            _("The key of this certificate is of no use here."), field="certificate"
        ) from error
    is_strong_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS
    if not (is_strong_rsa or isinstance(key, ec.EllipticCurvePublicKey)):
        raise InvalidInput(_("The key must be RSA of 2048 bits or more, or ECDSA."), field="certificate")


@transaction.atomic
def _registered(credential: Credential, actor: Appointment, at: datetime) -> Credential:
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
    except IntegrityError as error:
        refusal = _("This certificate is registered already.")
        raise AlreadyRegistered(refusal, field="certificate") from error
    details = {
        "certificate": credential.fingerprint,
        "provider": credential.provider,
        "person": credential.person_id,
        "unit": credential.unit_id,
    }
    record("signing.credential.registered", target=credential, actor=actor, at=at, details=details)
    return credential


def _locked(credential_id: int, actor: Appointment) -> Credential:
    visible = credentials_visible_to(actor).select_for_update(of=("self",), no_key=True)
    credential = visible.filter(pk=credential_id).first()
    if credential is None:
        raise NotFound(_("There is no such certificate."))
    return credential


def _check_keeper(actor: Appointment, credential: Credential) -> None:
    if not keeps_this_certificate(actor, credential):
        raise NotPermitted(_("You do not keep the certificates of this holder."))


def _moved(
    credential: Credential,
    before: set[CredentialState],
    after: CredentialState,
    reason: str,
    actor: Appointment,
    at: datetime,
) -> Credential:
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    if credential.state not in before:
        raise NotInThatState(_("The certificate is not in a state for this. Reload the page."))
    details = {"from": credential.state, "to": str(after), "reason": reason.strip()[:500]}
    credential.state = after
    credential.save(update_fields=["state"])
    record("signing.credential.moved", target=credential, actor=actor, at=at, details=details)
    return credential

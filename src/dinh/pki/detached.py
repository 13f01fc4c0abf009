"""Detached CMS signatures over any bytes: seals of the audit log, members of evidence containers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms as asn1_cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.translation import gettext as _

from . import cms
from .certificates import may_stamp_time
from .errors import TimestampUnavailable, WrongSignature
from .signed_data import BadSignedData, SignedData, read_signed_data, read_timestamp
from .signers import DigestSigner
from .timestamps import TimestampClient
from .trust import TrustStore, chain_fault


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """
    A detached signature whose mathematics hold; whether to trust its signer is another question.

    :param certificates: DER, the signer's first
    :param stamped_at: what its timestamp says, None without
    :param stamped_by: certificates that came with the timestamp, DER, its signer's first
    """

    certificates: tuple[bytes, ...]
    stamped_at: datetime | None
    stamped_by: tuple[bytes, ...] = ()

    @property
    def has_timestamp(self) -> bool:
        return self.stamped_at is not None


def sign_detached(*, data: bytes, signer: DigestSigner, timestamp: TimestampClient | None = None) -> bytes:
    """
    A detached CAdES-B signature over the data, DER; with a timestamp if the server answers.

    Blocks for the key and the timestamp server: never call it inside a transaction.
    """
    attributes = cms.signed_attributes(
        certificate=signer.certificates[0], digest=hashlib.sha256(data).digest()
    )
    signature = signer.sign(attributes)
    token = None
    if timestamp is not None:
        try:
            token = timestamp.stamp(hashlib.sha256(signature).digest())
        except TimestampUnavailable:
            token = None
    return cms.assemble(
        certificates=signer.certificates, attributes=attributes, signature=signature, timestamp=token
    )


def verify_detached(*, data: bytes, content: bytes) -> CheckedSignature:
    """
    Check a detached CMS against the data.

    :raises WrongSignature: if it does not sign exactly this data
    """
    return verify_detached_digest(content=content, digest=hashlib.sha256(data).digest())


def verify_detached_digest(*, content: bytes, digest: bytes) -> CheckedSignature:
    """
    As `verify_detached`, for data of this SHA-256 digest.

    :raises WrongSignature:
    """
    message = _("The signature does not belong to this data.")
    try:
        signed = read_signed_data(content)
        holds = signed.signature_ok and signed.hash_name == "sha256" and signed.message_digest == digest
        token = read_timestamp(signed.timestamp, stamped=signed.signature) if signed.timestamp else None
    except BadSignedData as error:
        raise WrongSignature(message) from error
    if not holds or signed.content is not None or signed.certificate_bound is False:
        raise WrongSignature(message)
    if token is not None and not token.intact:
        raise WrongSignature(message)
    if token is None:
        return CheckedSignature(_encoded(signed), None)
    return CheckedSignature(_encoded(signed), token.stamped_at, _encoded(token.signed))


def add_timestamp(*, content: bytes, timestamp: TimestampClient) -> bytes:
    """
    A detached signature with a timestamp over it, which the server had not given when it was made.

    Blocks for the timestamp server: never call it inside a transaction.

    :raises TimestampUnavailable: if the server does not answer
    """
    signed = read_signed_data(content)
    signer = asn1_cms.ContentInfo.load(content)["content"]["signer_infos"][0]
    # Written anew, not changed in place: asn1crypto encodes a changed tree in exponential time.
    return cms.assemble(
        certificates=_encoded(signed),
        attributes=b"\x31" + signer["signed_attrs"].dump()[1:],
        signature=signed.signature,
        timestamp=timestamp.stamp(hashlib.sha256(signed.signature).digest()),
    )


@dataclass(frozen=True, slots=True)
class CheckedStamp:
    """
    A timestamp by itself whose mathematics hold; whether to trust its server is another question.

    :param certificates: DER, the server's first
    """

    stamped_at: datetime
    certificates: tuple[bytes, ...]

    def is_trusted_by(self, trust: TrustStore) -> bool:
        """Whether it comes from a timestamp server under an anchor."""
        return _vouches(self.certificates, self.stamped_at, trust)


def verify_timestamp(*, data: bytes, token: bytes) -> CheckedStamp:
    """
    Check an RFC 3161 token against what it stamps.

    :raises WrongSignature: if it does not stamp exactly this data
    """
    message = _("The timestamp does not belong to this data.")
    try:
        read = read_timestamp(token, stamped=data)
    except BadSignedData as error:
        raise WrongSignature(message) from error
    if not read.intact:
        raise WrongSignature(message)
    return CheckedStamp(read.stamped_at, _encoded(read.signed))


def trusted_by(*, certificates: Sequence[bytes], trust: TrustStore, at: datetime) -> bool:
    """Whether the first certificate leads to an anchor, and all on the way to it were valid at the moment."""
    chain = _chain(certificates, trust)
    return bool(chain) and all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in chain)


def stamp_trusted_by(*, checked: CheckedSignature, trust: TrustStore) -> bool:
    """Whether the signature's timestamp comes from a timestamp server under an anchor."""
    return checked.stamped_at is not None and _vouches(checked.stamped_by, checked.stamped_at, trust)


def _vouches(certificates: Sequence[bytes], stamped_at: datetime, trust: TrustStore) -> bool:
    if not may_stamp_time(x509.load_der_x509_certificate(certificates[0])):
        return False
    return trusted_by(certificates=certificates, trust=trust, at=stamped_at)


def _chain(certificates: Sequence[bytes], trust: TrustStore) -> tuple[x509.Certificate, ...]:
    first, *others = (x509.load_der_x509_certificate(item) for item in certificates)
    chain = trust.chain_of(first, others) or ()
    return () if chain_fault(chain) else chain


def _encoded(signed: SignedData) -> tuple[bytes, ...]:
    others = (item for item in signed.certificates if item != signed.certificate)
    return tuple(item.public_bytes(Encoding.DER) for item in (signed.certificate, *others))

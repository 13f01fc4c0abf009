"""Detached CMS signatures over any bytes: seals of the audit log, members of evidence containers."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.translation import gettext as _

from . import cms
from .errors import TimestampUnavailable, WrongSignature
from .signed_data import BadSignedData, read_signed_data, read_timestamp
from .signers import DigestSigner
from .timestamps import TimestampClient


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """
    A detached signature whose mathematics hold; whether to trust its signer is another question.

    :param certificates: DER, the signer's first
    :param stamped_at: what its timestamp says, None without
    """

    certificates: tuple[bytes, ...]
    stamped_at: datetime | None

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
    others = (item for item in signed.certificates if item != signed.certificate)
    encoded = tuple(item.public_bytes(Encoding.DER) for item in (signed.certificate, *others))
    return CheckedSignature(encoded, token.stamped_at if token else None)

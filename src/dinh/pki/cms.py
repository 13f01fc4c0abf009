"""
CMS signatures written by hand (RFC 5652, ETSI EN 319 122-1 CAdES-B).

Signed attributes: content type, message digest, ESS signing certificate version 2 (RFC 5035). No signing time:
in PAdES the claimed time stands in the signature dictionary (ETSI EN 319 142-1, 5.3).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.kernel.wording import translated as _

from .der import NULL, OCTETS, integer, oid, seq, set_of, tlv
from .errors import UnusableKey, WrongSignature

_DATA = oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_SHA256 = seq(oid("2.16.840.1.101.3.4.2.1"), NULL)
_RSA_SHA256 = seq(oid("1.2.840.113549.1.1.11"), NULL)
_ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
_CONTENT_TYPE = seq(oid("1.2.840.113549.1.9.3"), set_of(_DATA))
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
_TIMESTAMP_TOKEN = oid("1.2.840.113549.1.9.16.2.14")


@dataclass(frozen=True, slots=True)
class _Signer:
    """What a certificate contributes to every signature made with it."""

    sid: bytes
    ess_attribute: bytes
    algorithm: bytes
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@lru_cache(maxsize=4096)
def _signer(certificate: bytes) -> _Signer:
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key = parsed.public_key()
    except ValueError as error:
        raise UnusableKey(_("The signer's certificate cannot be read."), field="certificate") from error
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise UnusableKey(_("Only RSA and ECDSA keys can sign."), field="certificate")
    ess = seq(seq(seq(tlv(OCTETS, hashlib.sha256(certificate).digest()))))
    return _Signer(
        sid=seq(parsed.issuer.public_bytes(), integer(parsed.serial_number)),
        ess_attribute=seq(_SIGNING_CERTIFICATE_V2, set_of(ess)),
        algorithm=_RSA_SHA256 if isinstance(key, rsa.RSAPublicKey) else _ECDSA_SHA256,
        key=key,
    )


def signed_attributes(*, certificate: bytes, digest: bytes) -> bytes:
    """
    DER of the attributes to sign with RSA PKCS#1 v1.5 or ECDSA over SHA-256.

    :param certificate: the signer's, DER
    :param digest: SHA-256 of what is signed
    """
    message_digest = seq(_MESSAGE_DIGEST, set_of(tlv(OCTETS, digest)))
    return set_of(_CONTENT_TYPE, message_digest, _signer(certificate).ess_attribute)


def assemble(
    *, certificates: Sequence[bytes], attributes: bytes, signature: bytes, timestamp: bytes | None = None
) -> bytes:
    """
    The detached CMS (ContentInfo with SignedData), DER.

    :param certificates: DER, the signer's first
    :param attributes: as `signed_attributes` gave them
    :param timestamp: an RFC 3161 token over the signature, put in as unsigned attribute (B-T)
    """
    signer = _signer(certificates[0])
    info = [
        integer(1),
        signer.sid,
        _SHA256,
        b"\xa0" + attributes[1:],
        signer.algorithm,
        tlv(OCTETS, signature),
    ]
    if timestamp is not None:
        info.append(tlv(0xA1, seq(_TIMESTAMP_TOKEN, set_of(timestamp))))
    data = seq(integer(1), set_of(_SHA256), seq(_DATA), tlv(0xA0, *sorted(certificates)), set_of(seq(*info)))
    return seq(_SIGNED_DATA, tlv(0xA0, data))


def check_signature(*, certificate: bytes, attributes: bytes, signature: bytes) -> None:
    """
    Refuse a signature that the certificate's key has not made over these attributes.

    :raises WrongSignature:
    """
    key = _signer(certificate).key
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, attributes, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        message = _("The signature does not match the prepared document. Start signing again.")
        raise WrongSignature(message) from error


def to_der(certificates: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates)

"""Reading X.509 certificates: names, purposes, whether one issued another (RFC 5280)."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

_T = TypeVar("_T", bound=x509.ExtensionType)

_KNOWN_CRITICAL = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
}
# The government's certificates for officials carry clientAuth, emailProtection and smartcardLogon only.
_SIGNING_PURPOSES = {
    Eku.CLIENT_AUTH,
    Eku.EMAIL_PROTECTION,
    Eku.ANY_EXTENDED_KEY_USAGE,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
    x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),
    x509.ObjectIdentifier("1.2.840.113583.1.1.5"),
}


@lru_cache(maxsize=4096)
def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(der_of(certificate)).hexdigest()


def name_parts(name: x509.Name) -> dict[str, str]:
    """Short attribute name to value; several of one kind are joined by commas."""
    parts: dict[str, str] = {}
    for attribute in name:
        key = attribute.rfc4514_attribute_name
        key = {"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID"}.get(key, key)
        value = str(attribute.value)
        parts[key] = f"{parts[key]}, {value}" if key in parts else value
    return parts


def common_name(certificate: x509.Certificate) -> str:
    parts = name_parts(certificate.subject)
    return parts.get("CN") or certificate.subject.rfc4514_string()


@lru_cache(maxsize=16_384)
def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate, under the issuer's name."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


@lru_cache(maxsize=4096)
def _extensions(certificate: x509.Certificate) -> x509.Extensions | None:
    try:
        return certificate.extensions
    except (ValueError, x509.DuplicateExtension):
        return None


def authority_fault(certificate: x509.Certificate, below: int) -> str:
    """
    Why the certificate cannot be an authority above so many others; empty if it can.
    """
    extensions = _extensions(certificate)
    if extensions is None:
        return "extensions"
    constraints = _value(extensions, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return "basicConstraints"
    if constraints.path_length is not None and below > constraints.path_length:
        return "pathLenConstraint"
    usage = _value(extensions, x509.KeyUsage)
    return "keyUsage" if usage is not None and not usage.key_cert_sign else ""


def unknown_critical(certificate: x509.Certificate) -> bool:
    """Whether a critical extension stands in it that is not understood here, such as name constraints."""
    extensions = _extensions(certificate)
    return extensions is None or any(e.critical and e.oid not in _KNOWN_CRITICAL for e in extensions)


def may_sign_documents(certificate: x509.Certificate) -> bool:
    extensions = _extensions(certificate)
    if extensions is None:
        return False
    usage = _value(extensions, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return False
    purposes = _value(extensions, x509.ExtendedKeyUsage)
    return purposes is None or not _SIGNING_PURPOSES.isdisjoint(purposes)


def may_stamp_time(certificate: x509.Certificate) -> bool:
    extensions = _extensions(certificate)
    purposes = _value(extensions, x509.ExtendedKeyUsage) if extensions else None
    return purposes is not None and list(purposes) == [Eku.TIME_STAMPING]


def may_sign_ocsp(certificate: x509.Certificate) -> bool:
    extensions = _extensions(certificate)
    purposes = _value(extensions, x509.ExtendedKeyUsage) if extensions else None
    return purposes is not None and Eku.OCSP_SIGNING in purposes


def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where lists of revoked certificates lie, HTTP only."""
    extensions = _extensions(certificate)
    points = _value(extensions, x509.CRLDistributionPoints) if extensions else None
    names = (name for point in points or () for name in point.full_name or ())
    return _http(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where the certificate's status can be asked for, HTTP only."""
    extensions = _extensions(certificate)
    access = _value(extensions, x509.AuthorityInformationAccess) if extensions else None
    wanted = AuthorityInformationAccessOID.OCSP
    places = (item.access_location for item in access or () if item.access_method == wanted)
    return _http(p.value for p in places if isinstance(p, x509.UniformResourceIdentifier))


def _http(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(url for url in urls if url.startswith(("http://", "https://")))


def _value(extensions: x509.Extensions, kind: type[_T]) -> _T | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None

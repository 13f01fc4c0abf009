"""
The demo's certification authority, read from the data folder, and the certificates of its two services.

The root and the issuing authority are made where the demo's signers get theirs; here they are only used. Timestamps
and status answers have keys of their own, as RFC 3161 (2.3) demands and RFC 6960 (4.2.2.2) advises.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dinh.sandbox.files import keep

_LIFE = timedelta(days=1825)
_FILES = ("root.pem", "root-key.pem", "ca.pem", "ca-key.pem")
_making = Lock()


class AuthorityMissing(Exception):
    """The data folder holds no certification authority. The message says how to get one."""


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @cached_property
    def asn1_certificate(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.der)

    @cached_property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        secret = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(secret)

    def with_foreign_key(self) -> "Identity":
        """The same certificate with a key that is not its own: whatever it signs is wrong."""
        return replace(self, key=_foreign_key())


@dataclass(frozen=True, slots=True)
class Authority:
    """Root and issuing authority, and what the issuing authority certified for the services."""

    root: Identity
    ca: Identity
    tsa: Identity
    ocsp: Identity

    def issuer(self, name: str) -> Identity | None:
        """An authority by its file name: root or ca."""
        return {"root": self.root, "ca": self.ca}.get(name)


def load_authority(folder: Path, *, address: str) -> Authority:
    """
    Read the authority; make the services' certificates where they are missing or no longer fit.

    :param folder: where root.pem, ca.pem and their keys lie
    :param address: of the sandbox, without a slash at its end; stands in the services' certificates
    :raises AuthorityMissing: if the demo has made no authority yet
    """
    stamps = tuple(_changed_at(folder / name) for name in _FILES)
    with _making:
        return _load(folder, address, stamps)


@lru_cache(maxsize=8)
def _load(folder: Path, address: str, _stamps: tuple[int, ...]) -> Authority:
    root, ca = _read(folder, "root"), _read(folder, "ca")
    tsa = _service(folder, "tsa", "Demo TSA", ca, ExtendedKeyUsageOID.TIME_STAMPING, address)
    ocsp = _service(folder, "ocsp", "Demo OCSP", ca, ExtendedKeyUsageOID.OCSP_SIGNING, address)
    return Authority(root, ca, tsa, ocsp)


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        remedy = "load the demo's data (`dinh up --demo`, or `dinh load_demo` with DINH_DEMO=1)"
        raise AuthorityMissing(f"{path} is missing: {remedy}.") from error


def _read(folder: Path, stem: str) -> Identity:
    key = load_pem_private_key((folder / f"{stem}-key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 the demo makes no others
    return Identity(x509.load_pem_x509_certificate((folder / f"{stem}.pem").read_bytes()), key)


def _service(
    folder: Path, stem: str, name: str, ca: Identity, purpose: x509.ObjectIdentifier, address: str
) -> Identity:
    if (folder / f"{stem}.pem").exists():
        known = _read(folder, stem)
        if _fits(known.certificate, ca, address):
            return known
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certify(name, key, ca, purpose, address)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    keep(folder / f"{stem}-key.pem", secret)
    keep(folder / f"{stem}.pem", certificate.public_bytes(Encoding.PEM))
    return Identity(certificate, key)


def _fits(certificate: x509.Certificate, ca: Identity, address: str) -> bool:
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    key = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (
        points == _list_place(address)
        and key == _issuer_key(ca)
        and certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30)
    )


def enrol(authority: Authority, request: x509.CertificateSigningRequest, *, address: str) -> x509.Certificate:
    """
    A certificate of a year for the key of a request, with the names in it.

    :raises ValueError: if the request is not signed by its key
    """
    if not request.is_signature_valid:
        raise ValueError("The request is not signed by its own key.")
    now, own, ca = datetime.now(UTC), request.public_key(), authority.ca
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder(
        subject_name=request.subject,
        issuer_name=ca.certificate.subject,
        public_key=own,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(minutes=5),
        not_valid_after=min(now + timedelta(days=365), ca.certificate.not_valid_after_utc),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(_issuer_key(ca), critical=False)
    builder = builder.add_extension(_list_place(address), critical=False)
    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(ca.key, hashes.SHA256())


def _certify(
    name: str, key: rsa.RSAPrivateKey, ca: Identity, purpose: x509.ObjectIdentifier, address: str
) -> x509.Certificate:
    now, own = datetime.now(UTC), key.public_key()
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder(
        subject_name=x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        issuer_name=ca.certificate.subject,
        public_key=own,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=min(now + _LIFE, ca.certificate.not_valid_after_utc),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    # RFC 3161 (2.3): one purpose only, and critical.
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    builder = builder.add_extension(_issuer_key(ca), critical=False)
    builder = builder.add_extension(_list_place(address), critical=False)
    if purpose == ExtendedKeyUsageOID.OCSP_SIGNING:
        # RFC 6960 (4.2.2.2.1): nobody asks a responder for the status of its own certificate.
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    else:
        builder = builder.add_extension(_access(address), critical=False)
    return builder.sign(ca.key, hashes.SHA256())


def _issuer_key(ca: Identity) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())


def _list_place(address: str) -> x509.CRLDistributionPoints:
    place = x509.UniformResourceIdentifier(f"{address}/ca/ca.crl")
    return x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)])


def _access(address: str) -> x509.AuthorityInformationAccess:
    places = {Access.OCSP: f"{address}/ocsp", Access.CA_ISSUERS: f"{address}/ca/ca.cer"}
    return x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
            for method, url in places.items()
        ]
    )


@lru_cache(maxsize=1)
def _foreign_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)

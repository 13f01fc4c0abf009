"""
The gateway's own key and certificate: for the log's batches and for what it sends to other gateways.

The files that DINH_GATEWAY_KEY and DINH_GATEWAY_CERTIFICATE name; else a P-256 key of its own, made at the first start
and kept in the gateway's folder (mode 600).
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from dinh.exchange.gateway.settings import BadSetting, GatewaySettings
from dinh.pki.certificates import fingerprint
from dinh.pki.signers import Pkcs12Signer

KEY_FILE: Final = "key.pem"
CERTIFICATE_FILE: Final = "certificate.pem"
_LIFE: Final = timedelta(days=1095)
SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """
    A key with its certificate, issuers after it.

    :param key_file: PEM, as TLS reads it
    :param certificate_file: PEM
    """

    key: SigningKey
    certificates: tuple[x509.Certificate, ...]
    key_file: Path
    certificate_file: Path

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex: how others name the key."""
        return fingerprint(self.certificates[0])

    @cached_property
    def signer(self) -> Pkcs12Signer:
        encoded = (each.public_bytes(serialization.Encoding.DER) for each in self.certificates)
        return Pkcs12Signer(self.key, tuple(encoded))

    @cached_property
    def pem(self) -> bytes:
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in self.certificates)


def identity_of(settings: GatewaySettings) -> Identity:
    """
    The configured identity, or the gateway's own.

    :raises BadSetting: if the files cannot be read or do not fit together
    """
    key_file, certificate_file = files_of(settings)
    if settings.key_file is None and not certificate_file.exists():
        make_identity(key_file, certificate_file, name=f"Đình gateway {settings.name}")
    return load_identity(key_file, certificate_file)


def files_of(settings: GatewaySettings) -> tuple[Path, Path]:
    """Of the gateway's key and its certificate: the configured ones, or its own."""
    if settings.key_file is None or settings.certificate_file is None:
        return own_files(settings.folder)
    return settings.key_file, settings.certificate_file


def own_files(folder: Path) -> tuple[Path, Path]:
    """Where a gateway keeps the key and the certificate that it made itself."""
    return folder / KEY_FILE, folder / CERTIFICATE_FILE


def load_identity(key_file: Path, certificate_file: Path) -> Identity:
    """:raises BadSetting:"""
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificates = x509.load_pem_x509_certificates(certificate_file.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting(
            f"The gateway's key {key_file} or its certificate cannot be read: {error}"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise BadSetting(f"The gateway's key {key_file} must be of RSA or ECDSA.")
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(key.curve, ec.SECP256R1):
        raise BadSetting(f"The gateway's key {key_file} must be of the curve P-256.")
    if certificates[0].public_key() != key.public_key():
        raise BadSetting(f"The gateway's key {key_file} is not its certificate's.")
    return Identity(key, tuple(certificates), key_file, certificate_file)


def make_identity(
    key_file: Path,
    certificate_file: Path,
    *,
    name: str,
    key: SigningKey | None = None,
    since: datetime | None = None,
    life: timedelta = _LIFE,
) -> None:
    """A key (P-256 unless one is given) and a certificate that it signs itself; the certificate is written last."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = since or datetime.now(UTC) - timedelta(minutes=5)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_key(key_file, key)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def write_key(file: Path, key: SigningKey) -> None:
    """PEM, readable by the gateway's account only."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(private)

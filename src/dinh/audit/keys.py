"""
The key that seals the log: the one that DINH_SEAL_KEY and DINH_SEAL_CERTIFICATE name, issued under the installation's
authority; else its own, made at the first start, kept in the data folder (mode 600).
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput
from dinh.pki.api import Pkcs12Signer, load_certificates

_VALIDITY = timedelta(days=3650)


class UnusableSealKey(InvalidInput):
    """The configured sealing key cannot be read, or is not the certificate's."""


def sealing_signer() -> Pkcs12Signer:
    """
    The signer of seals, with its certificate and the issuers' after it.

    :raises UnusableSealKey: if the configured files do not fit together
    """
    key_file, certificate_file = _files()
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificates = load_certificates(certificate_file.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(key_file) from error
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise _unusable(key_file)
    if certificates[0].public_key() != key.public_key():
        raise _unusable(key_file)
    return Pkcs12Signer(key, tuple(c.public_bytes(serialization.Encoding.DER) for c in certificates))


def pinned_certificates() -> frozenset[bytes]:
    """Whose seals count, in DER: the present key's, and those of keys used before (`audit/earlier/*.pem`)."""
    earlier = sorted((Path(settings.DATA_DIR) / "audit" / "earlier").glob("*.pem"))
    certificates = [certificate for path in earlier for certificate in load_certificates(path.read_bytes())]
    encoded = (certificate.public_bytes(serialization.Encoding.DER) for certificate in certificates)
    return frozenset({sealing_signer().certificates[0], *encoded})


def _unusable(path: Path) -> UnusableSealKey:
    text = _(
        "The sealing key %(path)s cannot be used: it must be an RSA or EC key in PEM that fits its certificate."
    )
    return UnusableSealKey(text % {"path": path}, field="DINH_SEAL_KEY")


def _files() -> tuple[Path, Path]:
    if settings.SEAL_KEY:
        return Path(settings.SEAL_KEY), Path(settings.SEAL_CERTIFICATE)
    folder = Path(settings.DATA_DIR) / "audit"
    key_file, certificate_file = folder / "seal-key.pem", folder / "seal-certificate.pem"
    if not key_file.exists():
        _make_key(key_file, certificate_file)
    return key_file, certificate_file


def _make_key(key_file: Path, certificate_file: Path) -> None:
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Đình: niêm phong nhật ký")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALIDITY)
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(private)

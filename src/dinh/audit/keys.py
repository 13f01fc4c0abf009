"""The key that seals the log: its own, made at the first start, kept in the data folder (mode 600)."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from dinh.pki.api import Pkcs12Signer

_VALIDITY = timedelta(days=3650)


def sealing_signer() -> Pkcs12Signer:
    """The signer of seals; its certificate is `audit/seal-certificate.pem` in the data folder."""
    folder = Path(settings.DATA_DIR) / "audit"
    key_file, certificate_file = folder / "seal-key.pem", folder / "seal-certificate.pem"
    if not key_file.exists():
        _make_key(key_file, certificate_file)
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{key_file} must hold an elliptic curve key")
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return Pkcs12Signer(key, (certificate.public_bytes(serialization.Encoding.DER),))


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

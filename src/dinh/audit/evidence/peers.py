"""
Judges what the other end of a recorded message signed (RFC 9421), by its certificate.

The record names that certificate (`peer_key`) and holds signature base and signature (`peer_proof`), so the batch's
signature covers them.
"""

import base64
import binascii
import hashlib
import zipfile
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.translation import gettext as _

from dinh.audit.evidence.findings import Findings, read_member
from dinh.audit.evidence.layout import PEER_CERTIFICATE, RECORD
from dinh.audit.evidence.report import PeerReport
from dinh.pki.api import TrustStore, load_certificates, trusted_by
from dinh.pki.http_signatures import BadMessageSignature, KeptSignature, read_content_digest, read_kept

_REQUEST = (("@method", "method"), ("x-road-client", "client"), ("x-road-id", "message_id"))
_ANSWER = (("@status", "status"), ("x-road-id", "message_id"))


def check_peer(
    archive: zipfile.ZipFile, record: dict[str, str], trust: TrustStore, found: Findings
) -> PeerReport | None:
    """None if the record holds no signature of another end, or its certificate is not there."""
    if not record.get("peer_proof"):
        return None
    if PEER_CERTIFICATE not in archive.NameToInfo:
        found.note("peer-unknown", _("The other gateway's certificate is not in the bundle: not judged."))
        return None
    certificate = load_certificates(read_member(archive, PEER_CERTIFICATE))[0]
    encoded = certificate.public_bytes(Encoding.DER)
    fingerprint = hashlib.sha256(encoded).hexdigest()
    kept = _kept(record, certificate, fingerprint)
    if kept is None or not _is_about(record, kept):
        text = _("The other gateway's signature is not of its certificate over this exchange.")
        found.fail("peer-signature", text, member=RECORD)
    signed_at = datetime.fromtimestamp(kept.created if kept else 0, UTC)
    trusted = kept is not None and trusted_by(certificates=(encoded,), trust=trust, at=signed_at)
    if kept is not None and not trusted:
        found.note("peer-untrusted", _("Nobody you trust vouches for the other gateway's key."))
    return PeerReport(
        signer=certificate.subject.rfc4514_string(),
        fingerprint=fingerprint,
        signed_at=signed_at.isoformat(),
        signed=kept is not None,
        trusted=trusted,
    )


def _kept(record: dict[str, str], certificate: x509.Certificate, fingerprint: str) -> KeptSignature | None:
    key = certificate.public_key()
    if fingerprint != record.get("peer_key") or not isinstance(
        key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ):
        return None
    base, _dot, value = record["peer_proof"].partition(".")
    try:
        return read_kept(
            base64.b64decode(base, validate=True), base64.b64decode(value, validate=True), key=key
        )
    except (BadMessageSignature, binascii.Error):
        return None


def _is_about(record: dict[str, str], kept: KeptSignature) -> bool:
    """Whether the message that was signed is the record's request, or its answer."""
    told = {name.strip('"'): value for name, value in kept.components.items()}
    is_request = "@method" in told
    digest = record.get("request_sha256" if is_request else "response_sha256", "")
    try:
        if read_content_digest(told.get("content-digest", "").encode()).hex() != digest:
            return False
    except BadMessageSignature:
        return False
    pairs = _REQUEST if is_request else _ANSWER
    return all(_agree(told[name], record.get(field, "")) for name, field in pairs if name in told)


def _agree(said: str, logged: str) -> bool:
    """What a record keeps only in part, or not as it was written, cannot be compared; the digest counts anyway."""
    is_plain = said.isascii() and said.isprintable() and not set(said) & {"\\", "%"} and len(said) <= 100
    return said == logged if is_plain and logged else True

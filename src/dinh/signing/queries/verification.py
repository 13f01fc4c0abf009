"""The verdict on a signed document, with the holders from the registry."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings

from dinh.pki.revocation import DirectoryRevocationCache, HttpRevocationFetcher
from dinh.pki.trust import TrustStore
from dinh.pki.verify.report import HolderKind, VerificationReport
from dinh.pki.verify.verdict import verify_pdf
from dinh.signing.models import Credential


def verification_of(*, pdf: bytes, offline: bool) -> VerificationReport:
    """
    Judge a PDF against the configured anchors (DINH_TRUST_ANCHORS). Asks authorities over the net unless
    offline, so never call it inside a transaction.
    """
    return verify_pdf(
        source=pdf,
        trust=trust_store(),
        offline=offline,
        cache=revocation_cache(),
        fetcher=HttpRevocationFetcher(),
        holder_of=holder_kind,
    )


def holder_kind(certificate: bytes) -> HolderKind:
    """Whether the registry knows a certificate (DER) as a person's or a unit's; never guessed."""
    fingerprint = hashlib.sha256(certificate).hexdigest()
    credential = (
        Credential.objects.filter(fingerprint=fingerprint).values_list("person_id", "unit_id").first()
    )
    if credential is None:
        return HolderKind.UNKNOWN
    return HolderKind.PERSON if credential[0] else HolderKind.UNIT


def trust_store() -> TrustStore:
    """The configured anchors; in the demo its own root besides."""
    return _trust(anchor_files())


def revocation_cache() -> DirectoryRevocationCache:
    """Where this installation keeps authorities' answers, so that it can judge without asking."""
    return DirectoryRevocationCache(Path(settings.DATA_DIR) / "revocation")


def demo_root() -> Path:
    """Where the demo's own root certificate lies (PEM)."""
    return Path(settings.DATA_DIR) / "pki" / "root.pem"


def anchor_files() -> tuple[str, ...]:
    """Files of the root certificates that signatures are judged by."""
    demo = [str(demo_root())] if settings.DEMO and demo_root().exists() else []
    return (*settings.TRUST_ANCHORS, *demo)


@cache
def _trust(anchors: tuple[str, ...]) -> TrustStore:
    return TrustStore.of(anchors=[Path(name).read_bytes() for name in anchors])

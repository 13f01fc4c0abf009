"""The timestamp server of the installation, and what signatures lack that could not be had when signing."""

from datetime import datetime
from functools import cache

from django.conf import settings

from dinh.pki.api import (
    ExtendedPdf,
    HttpRevocationFetcher,
    HttpTimestampClient,
    RevocationSources,
    SignatureReport,
    TimestampUnavailable,
    add_document_timestamp,
    extend_to_lt,
    verify_pdf,
)
from dinh.signing.queries.verification import revocation_cache, trust_store

_UNKNOWN = {"revocation.unknown", "revocation.unknown_accepted", "revocation.authority_unknown"}


def timestamp_client() -> HttpTimestampClient | None:
    """Whoever stamps signatures here; None where none is configured."""
    return _client(settings.TIMESTAMP_URL) if settings.TIMESTAMP_URL else None


@cache
def _client(url: str) -> HttpTimestampClient:
    # One per process: it remembers for a while that a server was silent.
    return HttpTimestampClient(url)


def extend_pdf(*, pdf: bytes, at: datetime) -> ExtendedPdf:
    """
    Add what a signed PDF lacks to be judged years later: a timestamp over signatures that have none, then the
    revocation answers of all (EN 319 142-1, B-LT), as incremental updates. Asks authorities over the net: never
    inside a transaction. Safe to repeat: what is in the file already is not added again.

    :raises UnreadablePdf: if the PDF cannot be read
    """
    lacking = _lacking(pdf)
    stamped = _stamped(pdf) if "time" in lacking else ExtendedPdf(pdf)
    if stamped.pdf is pdf and "revocation" not in lacking:
        return stamped
    sources = RevocationSources(cache=revocation_cache(), fetcher=HttpRevocationFetcher())
    extended = extend_to_lt(pdf=stamped.pdf, trust=trust_store(), sources=sources, at=at)
    return ExtendedPdf(extended.pdf, stamped.notes + extended.notes)


def _stamped(pdf: bytes) -> ExtendedPdf:
    client = timestamp_client()
    if client is None:
        return ExtendedPdf(pdf)
    try:
        return ExtendedPdf(add_document_timestamp(pdf=pdf, timestamp=client))
    except TimestampUnavailable as refusal:
        return ExtendedPdf(pdf, (str(refusal),))


def _lacking(pdf: bytes) -> set[str]:
    """What the file alone, without any cache, does not prove of its signatures: "time", "revocation"."""
    report = verify_pdf(source=pdf, trust=trust_store())
    return set().union(*(_lacking_of(signature) for signature in report.signatures))


def _lacking_of(signature: SignatureReport) -> set[str]:
    codes = {reason.code for reason in signature.reasons}
    lacking = {"time"} if "time.missing" in codes and "time.later_proof" not in codes else set()
    return lacking | ({"revocation"} if codes & _UNKNOWN else set())

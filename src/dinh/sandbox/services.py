"""
What the authority's services answer: revocation lists (RFC 5280), status (RFC 6960) and timestamps (RFC 3161).

Status answers and timestamps are assembled by certomancer; lists are not, since it writes the times of lists as
GeneralizedTime, where RFC 5280 (5.1.2.4) asks for UTCTime until 2049.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from asn1crypto import core, crl, ocsp, tsp
from certomancer.services import (
    RevocationInfoInterface,
    SimpleOCSPResponder,
    TimeStamper,
    choose_signed_digest,
    issuer_match,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.sandbox.authority import Authority, Identity
from dinh.sandbox.revocations import REASONS, Revocation, Revocations

LIST_LIFE: Final = timedelta(days=1)
STATUS_LIFE: Final = timedelta(minutes=10)
# ISO's arc for examples; nobody relies on the demo's policy.
_POLICY: Final = tsp.ObjectIdentifier("2.999.1")
_IMPRINTS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}


def revocation_list(issuer: Identity, revoked: list[Revocation], *, at: datetime) -> bytes:
    """The authority's list as of a moment, DER, good for LIST_LIFE."""
    key = issuer.certificate.public_key()
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=issuer.certificate.subject, last_update=at, next_update=at + LIST_LIFE
    )
    # Numbers must grow (RFC 5280, 5.2.3), over restarts too: seconds do.
    builder = builder.add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(key),  # type: ignore[arg-type]  # RSA, as all here
        critical=False,
    )
    for item in revoked:
        entry = x509.RevokedCertificateBuilder(item.serial, item.revoked_at)
        if item.reason != "unspecified":
            entry = entry.add_extension(x509.CRLReason(REASONS[item.reason]), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


class _Register(RevocationInfoInterface):
    """Tells certomancer what the registry knows about one authority's certificates."""

    def __init__(self, issuer: Identity, revoked: list[Revocation]) -> None:
        self._issuer = issuer
        self._revoked = {item.serial: item for item in revoked}

    def get_issuer_cert(self) -> object:
        return self._issuer.asn1_certificate

    def check_revocation_status(
        self, cid: ocsp.CertId, at_time: datetime
    ) -> tuple[ocsp.CertStatus, list[object]]:
        found = self._revoked.get(cid["serial_number"].native)
        if found is None:
            return ocsp.CertStatus("good", core.Null()), []
        told = {"revocation_time": found.revoked_at, "revocation_reason": crl.CRLReason(found.reason)}
        return ocsp.CertStatus("revoked", ocsp.RevokedInfo(told)), []


def status(
    authority: Authority, revocations: Revocations, body: bytes, *, at: datetime, is_forged: bool
) -> bytes:
    """
    The answer to a status request, DER; also to one that cannot be read or asks about others' certificates.

    :param is_forged: signed by a key that is not the responder's
    """
    try:
        request = ocsp.OCSPRequest.load(body, strict=True)
        asked = request["tbs_request"]["request_list"][0]["req_cert"]
        name = next((n for n in ("ca", "root") if _is_from(asked, authority.issuer(n))), "")
    except (ValueError, TypeError, IndexError, NotImplementedError):
        return _refusal("malformed_request")
    issuer = authority.issuer(name)
    if issuer is None:
        return _refusal("unauthorized")
    responder = authority.ocsp if name == "ca" else authority.root
    answering = SimpleOCSPResponder(
        responder.asn1_certificate,
        (responder.with_foreign_key() if is_forged else responder).asn1_key,
        choose_signed_digest("sha256", responder.asn1_certificate.public_key),
        at,
        _Register(issuer, revocations.of(name)),
        validity=STATUS_LIFE,
    )
    answer: bytes = answering.build_ocsp_response(request).dump()
    return answer


def _is_from(asked: ocsp.CertId, issuer: Identity | None) -> bool:
    return issuer is not None and bool(issuer_match(asked, issuer.asn1_certificate))


def _refusal(reason: str) -> bytes:
    answer: bytes = ocsp.OCSPResponse({"response_status": reason}).dump()
    return answer


def timestamp(authority: Authority, body: bytes, *, at: datetime, is_forged: bool, is_stale: bool) -> bytes:
    """
    The answer to a timestamp request, DER; a refusal (RFC 3161, 2.4.2) where it cannot be read or served.

    :param is_forged: signed by a key that is not the server's
    :param is_stale: the answer to somebody else's request
    """
    try:
        request = tsp.TimeStampReq.load(body, strict=True)
        imprint = request["message_imprint"]
        size = _IMPRINTS.get(imprint["hash_algorithm"]["algorithm"].native)
        digest = imprint["hashed_message"].native
    except (ValueError, TypeError):
        return _rejection("bad_data_format")
    if size is None:
        return _rejection("bad_alg")
    if len(digest) != size:
        return _rejection("bad_data_format")
    server = authority.tsa.with_foreign_key() if is_forged else authority.tsa
    stamper = TimeStamper(
        server.asn1_certificate,
        server.asn1_key,
        certs_to_embed=[authority.ca.asn1_certificate],
        fixed_dt=at,
        policy=_POLICY,
    )
    answer: bytes = stamper.request_tsa_response(_another() if is_stale else request).dump()
    return answer


def _another() -> tsp.TimeStampReq:
    digest = hashlib.sha256(b"another request").digest()
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    return tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": 1})


class _Rejection(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """asn1crypto's own answer cannot be without a token."""

    _fields = [("status", tsp.PKIStatusInfo)]


def _rejection(failure: str) -> bytes:
    answer: bytes = _Rejection({"status": {"status": "rejection", "fail_info": {failure}}}).dump()
    return answer

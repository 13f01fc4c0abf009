"""
Whether a certificate was revoked: lists (RFC 5280, 5) and status answers (RFC 6960), from the file, cache or net.

An answer counts for the moment T that is asked about, if it was fresh at T or was given after it. An absent entry
says nothing once the certificate had expired before the list was made.
"""

import enum
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.utils.translation import gettext as _

from .certificates import crl_urls, der_of, issued, may_sign_ocsp, ocsp_urls
from .errors import RevocationUnavailable
from .net import http_client

MAX_ANSWER = 64 * 1024 * 1024
# An answer without an end of validity is taken as fresh for so long.
DEFAULT_LIFE = timedelta(days=1)


class RevocationCache(Protocol):
    """
    Keeps the last good answer per key. Keys are "crl:" and the list's address, or "ocsp:", the issuer's
    fingerprint, ":" and the serial number in hex.
    """

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, data: bytes, fresh_until: datetime) -> None: ...


@dataclass
class MemoryRevocationCache:
    """In this process only."""

    entries: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.entries.get(key)

    def put(self, key: str, data: bytes, fresh_until: datetime) -> None:
        self.entries[key] = data


@dataclass(frozen=True)
class DirectoryRevocationCache:
    """A file per answer in a folder that processes and threads share."""

    folder: Path

    def _path(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()

    def get(self, key: str) -> bytes | None:
        path = self._path(key)
        return path.read_bytes() if path.exists() else None

    def put(self, key: str, data: bytes, fresh_until: datetime) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # A name for this writing alone: threads of a web process ask about the same certificate at the same time.
        part = self._path(key).with_suffix(f".{uuid4().hex}")
        part.write_bytes(data)
        part.replace(self._path(key))


@dataclass(frozen=True, slots=True)
class _Layered:
    """A cache that also keeps whatever passed through it."""

    behind: RevocationCache | None
    kept: MemoryRevocationCache

    def get(self, key: str) -> bytes | None:
        data = self.behind.get(key) if self.behind else None
        if data is not None:
            self.kept.entries[key] = data
        return data

    def put(self, key: str, data: bytes, fresh_until: datetime) -> None:
        self.kept.entries[key] = data
        if self.behind:
            self.behind.put(key, data, fresh_until)


class RevocationFetcher(Protocol):
    """Asks authorities over the net. Never inside a transaction."""

    def crl(self, url: str) -> bytes:
        """
        :raises RevocationUnavailable:
        """
        ...

    def ocsp(self, url: str, request: bytes) -> bytes:
        """
        :raises RevocationUnavailable:
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpRevocationFetcher:
    """
    Over HTTP, with a time limit per request. A host that cannot be reached, and an address that does not answer,
    are not asked again for `pause` seconds, so that a letter of many signatures waits once and not once per
    certificate.
    """

    seconds: float = 5.0
    transport: httpx.BaseTransport | None = None
    pause: float = 60.0
    _silent: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def crl(self, url: str) -> bytes:
        return self._fetch("GET", url, None)

    def ocsp(self, url: str, request: bytes) -> bytes:
        return self._fetch("POST", url, request)

    def _fetch(self, method: str, url: str, body: bytes | None) -> bytes:
        message = _("The revocation source %(url)s does not answer.") % {"url": url}
        headers = {"Content-Type": "application/ocsp-request"} if body else {}
        host = urlsplit(url).netloc
        if max(self._silent.get(host, 0.0), self._silent.get(url, 0.0)) > time.monotonic():
            raise RevocationUnavailable(message)
        data = bytearray()
        try:
            with (
                http_client(url, seconds=self.seconds, transport=self.transport) as client,
                client.stream(method, url, content=body, headers=headers) as response,
            ):
                response.raise_for_status()
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > MAX_ANSWER:
                        raise RevocationUnavailable(message)
        except httpx.TransportError as error:
            is_unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            self._silent[host if is_unreachable else url] = time.monotonic() + self.pause
            raise RevocationUnavailable(message) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RevocationUnavailable(message) from error
        return bytes(data)


class Status(enum.StrEnum):
    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationStatus:
    """
    :param is_final: the answer was given after the moment asked about, so that no later one can differ
    """

    status: Status
    revoked_at: datetime | None = None
    is_final: bool = False


UNKNOWN = RevocationStatus(Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RevocationSources:
    """
    Where to look, in this order: what came with the file, the cache, and the net if there is a fetcher.

    An answer in the cache that is stale, or was given before the moment that matters, is asked for anew; a
    failing source leaves the status to the others.
    """

    crls: Sequence[bytes] = ()
    ocsps: Sequence[bytes] = ()
    cache: RevocationCache | None = None
    fetcher: RevocationFetcher | None = None

    def status(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, moment: datetime, at: datetime
    ) -> RevocationStatus:
        """
        Whether the certificate stood revoked.

        :param moment: the time that matters: proven time of signing, or `at`
        :param at: the time of verification
        """
        statuses = [_by_crl(data, certificate, issuer, moment) for data in self.crls]
        statuses += [_by_ocsp(data, certificate, issuer, moment) for data in self.ocsps]
        found = _worst(statuses)
        if found.status is not Status.UNKNOWN:
            return found
        return _worst(self._elsewhere(certificate, issuer, moment, at))

    def evidence(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, moment: datetime, at: datetime
    ) -> tuple[str, tuple[bytes]] | None:
        """
        The answer that tells the status at `moment`, as key of a document's security store and bytes (DER).
        """
        kept = MemoryRevocationCache()
        asked = RevocationSources(cache=_Layered(self.cache, kept), fetcher=self.fetcher)
        asked.status(certificate, issuer, moment=moment, at=at)
        # What was asked for last is newest, and tells more than what the cache had.
        for key, data in reversed(kept.entries.items()):
            judge = _by_crl if key.startswith("crl:") else _by_ocsp
            if judge(data, certificate, issuer, moment).status is not Status.UNKNOWN:
                return ("CRLs" if judge is _by_crl else "OCSPs"), (data,)
        return None

    def _elsewhere(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime, at: datetime
    ) -> list[RevocationStatus]:
        kept = [self._cached_crl(url, certificate, issuer, moment) for url in crl_urls(certificate)]
        kept.append(self._cached_ocsp(certificate, issuer, moment))
        found = _worst(kept)
        if self.fetcher is None or found.status is Status.REVOKED or found.is_final:
            return kept
        # What was kept is fresh but older than the signature, so it cannot know of a revocation in between: a
        # status answer costs less than a list. Where nothing was kept, the list serves all the others too.
        ways = [self._fetched_lists, self._asked]
        for way in reversed(ways) if found.status is Status.GOOD else ways:
            status = way(certificate, issuer, moment, at)
            if status.status is not Status.UNKNOWN:
                return [status]
        return kept

    def _cached_crl(
        self, url: str, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> RevocationStatus:
        data = self.cache.get(f"crl:{url}") if self.cache else None
        return _by_crl(data, certificate, issuer, moment) if data else UNKNOWN

    def _cached_ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> RevocationStatus:
        data = self.cache.get(_ocsp_key(certificate, issuer)) if self.cache else None
        return _by_ocsp(data, certificate, issuer, moment) if data else UNKNOWN

    def _fetched_lists(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime, at: datetime
    ) -> RevocationStatus:
        return _worst(
            [self._fetched_crl(url, certificate, issuer, moment, at) for url in crl_urls(certificate)]
        )

    def _fetched_crl(
        self,
        url: str,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        moment: datetime,
        at: datetime,
    ) -> RevocationStatus:
        assert self.fetcher is not None  # noqa: S101 asked by the caller
        try:
            data = self.fetcher.crl(url)
        except RevocationUnavailable:
            return UNKNOWN
        crl = _trusted_crl(data, issuer)
        if crl is None:
            return UNKNOWN
        if self.cache:
            self.cache.put(f"crl:{url}", data, crl.next_update_utc or at + DEFAULT_LIFE)
        return _by_crl(data, certificate, issuer, moment)

    def _asked(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime, at: datetime
    ) -> RevocationStatus:
        assert self.fetcher is not None  # noqa: S101 asked by the caller
        request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()  # noqa: S303 RFC 6960's usual identifier
        for url in ocsp_urls(certificate):
            try:
                data = self.fetcher.ocsp(url, request.public_bytes(Encoding.DER))
            except RevocationUnavailable:
                continue
            status = _by_ocsp(data, certificate, issuer, moment)
            if status.status is not Status.UNKNOWN:
                if self.cache:
                    self.cache.put(_ocsp_key(certificate, issuer), data, at + DEFAULT_LIFE)
                return status
        return UNKNOWN


def _ocsp_key(certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    return f"ocsp:{hashlib.sha256(der_of(issuer)).hexdigest()}:{certificate.serial_number:x}"


def _worst(statuses: Iterable[RevocationStatus]) -> RevocationStatus:
    found = UNKNOWN
    for status in statuses:
        if status.status is Status.REVOKED:
            return status
        if status.status is Status.GOOD and not found.is_final:
            found = status
    return found


def _counts(made_at: datetime, fresh_until: datetime | None, moment: datetime) -> bool:
    return made_at >= moment or (fresh_until or made_at + DEFAULT_LIFE) >= moment


def _good(made_at: datetime, moment: datetime) -> RevocationStatus:
    # Whole seconds: a revocation may lie between two moments of the same one.
    return RevocationStatus(Status.GOOD, is_final=made_at > moment)


def _by_crl(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> RevocationStatus:
    crl = _trusted_crl(data, issuer)
    if crl is None:
        return UNKNOWN
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        return RevocationStatus(Status.REVOKED, entry.revocation_date_utc)
    if not _counts(crl.last_update_utc, crl.next_update_utc, moment):
        return UNKNOWN
    if crl.last_update_utc > certificate.not_valid_after_utc:
        return UNKNOWN
    return _good(crl.last_update_utc, moment)


@lru_cache(maxsize=64)
def _trusted_crl(data: bytes, issuer: x509.Certificate) -> x509.CertificateRevocationList | None:
    """The list, if this issuer signed it and it speaks of all its certificates for all reasons."""
    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        if crl.issuer != issuer.subject or not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
            return None
        known = (x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid)
        if any(extension.critical and extension.oid not in known for extension in crl.extensions):
            return None
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return None
    return crl


def _by_ocsp(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> RevocationStatus:
    response = _trusted_ocsp(data, issuer)
    if response is None:
        return UNKNOWN
    for single in response.responses:
        if not _is_about(single, certificate, issuer):
            continue
        if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            return RevocationStatus(Status.REVOKED, single.revocation_time_utc)
        good = single.certificate_status is ocsp.OCSPCertStatus.GOOD
        if good and _counts(single.this_update_utc, single.next_update_utc, moment):
            return _good(single.this_update_utc, moment)
    return UNKNOWN


def _is_about(
    single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    if single.serial_number != certificate.serial_number:
        return False
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, single.hash_algorithm).build()
    return request.issuer_key_hash == single.issuer_key_hash


@lru_cache(maxsize=512)
def _trusted_ocsp(data: bytes, issuer: x509.Certificate) -> ocsp.OCSPResponse | None:
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        delegates = [c for c in response.certificates if may_sign_ocsp(c) and issued(c, issuer)]
        signed = any(_signed_by(response, item) for item in (issuer, *delegates))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return response if signed else None


def _signed_by(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    key, algorithm = certificate.public_key(), response.signature_hash_algorithm
    if algorithm is None:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True

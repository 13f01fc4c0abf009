"""
Verifying a signed PDF (after ETSI EN 319 102-1): each signature by structure, mathematics, later changes, chain, time.

Nothing here touches a database; the net is asked only where the caller gives a fetcher and does not say offline.
"""

import hashlib
import itertools
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ..certificates import (
    common_name,
    der_of,
    fingerprint,
    may_sign_documents,
    may_stamp_time,
    name_parts,
)
from ..fields import docmdp_level
from ..pdf.document import Budget, PdfFile
from ..pdf.objects import Dict, PdfDamaged, PdfEncrypted, PdfTooComplex, Stream
from ..pdf.syntax import Buffer
from ..revocation import RevocationCache, RevocationFetcher, RevocationSources, Status
from ..signed_data import BadSignedData, SignedData, TimestampToken, read_signed_data, read_timestamp
from ..trust import TrustStore, UnusableAnchor, chain_fault, load_certificates
from .differences import Comparison, Findings, References
from .report import (
    CertificateInfo,
    HolderKind,
    Integrity,
    LaterChanges,
    Reason,
    Severity,
    SignatureReport,
    TimeSource,
    Trust,
    VerificationReport,
)
from .structure import Site, signature_sites
from .times import parse_pdf_date

HolderLookup = Callable[[bytes], HolderKind]
_SUPPORTED = ("adbe.pkcs7.detached", "ETSI.CAdES.detached", "adbe.pkcs7.sha1")
_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """
    What the law and the installation decide.

    :param sha1_accepted_until: signatures proven to be older may rest on SHA-1 (letters of 2016-2020 do)
    :param min_rsa_bits: shorter keys count as weak
    :param accept_unknown_revocation: a signer whose revocation is not known gets a warning, not a doubt
    :param seconds: bound of the time to judge one file
    :param max_bytes: larger files are not judged
    """

    sha1_accepted_until: datetime = datetime(2021, 1, 1, tzinfo=UTC)
    min_rsa_bits: int = 2048
    accept_unknown_revocation: bool = False
    seconds: float = 20.0
    max_bytes: int = 512 * 1024 * 1024


DEFAULT_POLICY = VerificationPolicy()


def verify_pdf(
    *,
    source: bytes | Path,
    trust: TrustStore,
    offline: bool = True,
    at: datetime | None = None,
    cache: RevocationCache | None = None,
    fetcher: RevocationFetcher | None = None,
    crls: Sequence[bytes] = (),
    holder_of: HolderLookup | None = None,
    policy: VerificationPolicy = DEFAULT_POLICY,
) -> VerificationReport:
    """
    The verdict on a PDF. Any bytes get one: never an exception for what the file holds, and bounded in time.

    :param source: the bytes, or a path (read by memory map)
    :param offline: ask nobody, even with a fetcher
    :param at: when to judge, now by default
    :param crls: revocation lists at hand, DER or PEM, besides those of cache and file
    :param holder_of: tells from a certificate (DER) whether a person or a unit holds it; the subject never tells
    """
    moment = at or datetime.now(UTC)
    context = _Context(
        trust=trust,
        at=moment,
        cache=cache,
        fetcher=None if offline else fetcher,
        crls=tuple(crls),
        holder_of=holder_of or _unknown_holder,
        policy=policy,
    )
    if isinstance(source, bytes):
        return _verify(source, context)
    with source.open("rb") as file:
        if not source.stat().st_size:
            return _failed("document.damaged")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _verify(data, context)


def _unknown_holder(_certificate: bytes) -> HolderKind:
    return HolderKind.UNKNOWN


def _failed(code: str) -> VerificationReport:
    return VerificationReport((), (Reason(code),))


@dataclass(frozen=True, slots=True)
class _Context:
    trust: TrustStore
    at: datetime
    cache: RevocationCache | None
    fetcher: RevocationFetcher | None
    crls: tuple[bytes, ...]
    holder_of: HolderLookup
    policy: VerificationPolicy


def _verify(data: Buffer, context: _Context) -> VerificationReport:
    if len(data) > context.policy.max_bytes:
        return _failed("document.too_complex")
    try:
        pdf = PdfFile(data, budget=Budget(seconds=context.policy.seconds))
        return _Document(pdf, context).report()
    except PdfEncrypted:
        return _failed("document.encrypted")
    except PdfTooComplex:
        return _failed("document.too_complex")
    except PdfDamaged:
        return _failed("document.damaged")


@dataclass(slots=True)
class _Stamp:
    """A trusted timestamp, and the end of the revision that it proves."""

    stamped_at: datetime
    covers: int


@dataclass(slots=True)
class _Draft:
    """A signature while it is judged."""

    site: Site
    reasons: list[Reason] = field(default_factory=list)
    signed: SignedData | None = None
    token: TimestampToken | None = None
    stamp: _Stamp | None = None
    chain: tuple[x509.Certificate, ...] | None = None
    integrity: Integrity = Integrity.UNKNOWN
    trust: Trust = Trust.UNKNOWN
    changes: LaterChanges = LaterChanges.UNKNOWN

    def add(self, code: str, what: str = "", when: datetime | None = None, form: str = "") -> None:
        reason = Reason(code, what, when, form)
        if reason not in self.reasons:
            self.reasons.append(reason)


class _Document:
    """One file under judgement."""

    def __init__(self, pdf: PdfFile, context: _Context) -> None:
        self.pdf, self.context = pdf, context
        self.sites = signature_sites(pdf)
        self.links = References(pdf) if self.sites else None
        self.extra = self._security_store()

    def report(self) -> VerificationReport:
        drafts = [self._read(site) for site in self.sites if not site.is_timestamp]
        if not drafts:
            return _failed("document.unsigned")
        stamps = [draft.stamp for draft in drafts if draft.stamp] + self._document_stamps()
        self._judge_changes(drafts)
        return VerificationReport(tuple(self._judge(draft, stamps) for draft in drafts))

    # Validation data in the file

    def _security_store(self) -> Dict:
        store: Dict = {"Certs": [], "CRLs": [], "OCSPs": []}
        holder = self.pdf.resolve(self.pdf.catalog.get("DSS"))
        if not isinstance(holder, dict):
            return store
        for key in store:
            streams = [self.pdf.resolve(item) for item in self.pdf.list_of(holder.get(key))[:500]]
            store[key] = [self.pdf.decode(item) for item in streams if isinstance(item, Stream)]
        return store

    def _data(self, key: str) -> list[bytes]:
        values = self.extra[key]
        assert isinstance(values, list)  # noqa: S101 made by _security_store
        return [item for item in values if isinstance(item, bytes)]

    def _sources(self, signed: SignedData) -> RevocationSources:
        return RevocationSources(
            crls=(*self.context.crls, *self._data("CRLs"), *signed.crls),
            ocsps=(*self._data("OCSPs"), *signed.ocsps),
            cache=self.context.cache,
            fetcher=self.context.fetcher,
        )

    def _others(self, signed: SignedData) -> list[x509.Certificate]:
        others = list(signed.certificates)
        for data in self._data("Certs"):
            try:
                others += load_certificates(data)
            except UnusableAnchor:
                continue
        return others

    # Mathematics

    def _read(self, site: Site) -> _Draft:
        draft = _Draft(site)
        self.pdf.budget.check_time()
        if site.fault:
            draft.add(site.fault)
            draft.integrity = Integrity.ALTERED
            return draft
        if site.form not in _SUPPORTED:
            draft.add("signature.unsupported", form=site.form)
            return draft
        try:
            draft.signed = read_signed_data(site.content)
        except BadSignedData:
            draft.add("signature.unreadable")
            return draft
        self._check_integrity(draft, draft.signed)
        self._read_token(draft, draft.signed)
        return draft

    def _check_integrity(self, draft: _Draft, signed: SignedData) -> None:
        if not self._digest_matches(draft.site, signed):
            draft.add("integrity.digest")
        if not signed.signature_ok:
            draft.add("integrity.signature")
        if signed.certificate_bound is False:
            draft.add("integrity.certificate")
        if signed.certificate_bound is None and draft.site.form == "ETSI.CAdES.detached":
            draft.add("signature.unbound")
        failed = any(reason.severity is Severity.FAILURE for reason in draft.reasons)
        draft.integrity = Integrity.ALTERED if failed else Integrity.INTACT

    def _digest_matches(self, site: Site, signed: SignedData) -> bool:
        if site.form == "adbe.pkcs7.sha1":
            # The digest of the file is itself the signed content (ISO 32000-1, 12.8.3.3.1).
            content = signed.content or b""
            inner = hashlib.new(signed.hash_name, content).digest() == signed.message_digest
            return inner and content == site.digest(self.pdf.data, "sha1")
        detached = signed.content is None and signed.content_type == "data"
        return detached and site.digest(self.pdf.data, signed.hash_name) == signed.message_digest

    # Time

    def _read_token(self, draft: _Draft, signed: SignedData) -> None:
        if signed.timestamp is None:
            return
        try:
            draft.token = read_timestamp(signed.timestamp, stamped=signed.signature)
        except BadSignedData:
            draft.add("time.broken")
            return
        if not draft.token.intact:
            draft.add("time.broken")
            draft.token = None
        elif self._is_trusted_stamp(draft.token):
            draft.stamp = _Stamp(draft.token.stamped_at, draft.site.end)
        else:
            draft.add("time.untrusted")

    def _is_trusted_stamp(self, token: TimestampToken) -> bool:
        server = token.signed.certificate
        moment = token.stamped_at
        if not may_stamp_time(server) or moment > self.context.at + _SKEW:
            return False
        if self._is_weak(token.hash_name, moment) or self._is_weak(token.signed.hash_name, moment):
            return False
        chain = self.context.trust.chain_of(server, self._others(token.signed))
        if chain is None or chain_fault(chain):
            return False
        if not all(c.not_valid_before_utc <= moment <= c.not_valid_after_utc for c in chain):
            return False
        sources = self._sources(token.signed)
        for certificate, issuer in itertools.pairwise(chain):
            status = sources.status(certificate, issuer, moment=moment, at=self.context.at)
            if status.status is Status.REVOKED and status.revoked_at and status.revoked_at <= moment:
                return False
        return True

    def _is_weak(self, hash_name: str, moment: datetime) -> bool:
        return hash_name == "sha1" and moment >= self.context.policy.sha1_accepted_until

    def _document_stamps(self) -> list[_Stamp]:
        stamps = []
        for site in self.sites:
            if not site.is_timestamp or site.fault:
                continue
            try:
                token = read_timestamp(site.content)
                digest = site.digest(self.pdf.data, token.hash_name)
                token = read_timestamp(site.content, digest=digest)
            except BadSignedData:
                continue
            if token.intact and self._is_trusted_stamp(token):
                stamps.append(_Stamp(token.stamped_at, site.end))
        return stamps

    # Later changes

    def _judge_changes(self, drafts: list[_Draft]) -> None:
        findings = [self._changes_since(draft) for draft in drafts]
        for draft, found in zip(drafts, findings, strict=True):
            self._note_changes(draft, found, last=draft is drafts[-1])

    def _changes_since(self, draft: _Draft) -> Findings | None:
        signed = draft.site.signed
        if signed is None or self.links is None:
            return None
        try:
            return Comparison(signed, self.pdf, self.links).run(permissions=self._permissions(signed))
        except PdfTooComplex:
            raise
        except PdfDamaged:
            draft.add("changes.unknown")
            return None

    def _permissions(self, signed: PdfFile) -> int | None:
        levels = []
        for item in signed.fields():
            value = signed.resolve(item.dict.get("V")) if item.kind == "Sig" else None
            if isinstance(value, dict):
                levels.append(docmdp_level(signed, value))
        return min((level for level in levels if level is not None), default=None)

    def _note_changes(self, draft: _Draft, found: Findings | None, *, last: bool) -> None:
        if found is None:
            return
        draft.reasons += [reason for reason in found.reasons if reason not in draft.reasons]
        if found.filled and last:
            assert draft.site.signed is not None  # noqa: S101 found is not None
            permitted = (self._permissions(draft.site.signed) or 0) >= 2
            code = "changes.filled" if permitted else "changes.filled_unpermitted"
            draft.add(code, ", ".join(found.filled))
        if any(reason.severity is Severity.FAILURE for reason in found.reasons):
            draft.changes = LaterChanges.FORBIDDEN
        elif found.permitted:
            draft.changes = LaterChanges.PERMITTED
            draft.add("changes.permitted")
        else:
            draft.changes = LaterChanges.NONE
            draft.add("changes.none")

    # Trust

    def _judge(self, draft: _Draft, stamps: list[_Stamp]) -> SignatureReport:
        signed = draft.signed
        proofs = [stamp.stamped_at for stamp in stamps if stamp.covers >= draft.site.end]
        proven = min(proofs, default=None)
        if signed is not None:
            self._note_time(draft, proven)
            self._judge_chain(draft, signed, proven)
            self._judge_algorithms(draft, signed, proven)
        return self._finish(draft, proven)

    def _note_time(self, draft: _Draft, proven: datetime | None) -> None:
        if draft.stamp is None and draft.token is None:
            draft.add("time.missing")
        if draft.stamp is None and proven is not None:
            draft.add("time.later_proof", when=proven)

    def _judge_chain(self, draft: _Draft, signed: SignedData, proven: datetime | None) -> None:
        certificate = signed.certificate
        draft.chain = self.context.trust.chain_of(certificate, self._others(signed))
        if not may_sign_documents(certificate):
            draft.add("chain.purpose")
        if draft.chain is None:
            draft.add("chain.unknown")
            draft.trust = Trust.UNTRUSTED
            return
        if fault := chain_fault(draft.chain):
            draft.add("chain.faulty", fault)
        moment = proven or self.context.at
        for item in draft.chain:
            if not item.not_valid_before_utc <= moment <= item.not_valid_after_utc:
                draft.add("chain.expired", common_name(item), when=moment)
        self._judge_revocation(draft, signed, draft.chain, proven)
        codes = {reason.code for reason in draft.reasons}
        if codes & {"chain.revoked", "chain.revoked_unproven"}:
            draft.trust = Trust.REVOKED
        elif codes & {"chain.expired", "chain.faulty", "chain.purpose", "revocation.unknown"}:
            draft.trust = Trust.UNKNOWN
        else:
            draft.trust = Trust.TRUSTED

    def _judge_revocation(
        self,
        draft: _Draft,
        signed: SignedData,
        chain: tuple[x509.Certificate, ...],
        proven: datetime | None,
    ) -> None:
        sources = self._sources(signed)
        moment = proven or self.context.at
        for certificate, issuer in itertools.pairwise(chain):
            found = sources.status(certificate, issuer, moment=moment, at=self.context.at)
            if found.status is Status.REVOKED and found.revoked_at:
                self._note_revoked(draft, certificate, found.revoked_at, proven)
            elif found.status is Status.UNKNOWN:
                self._note_unknown(draft, certificate, is_signer=certificate is chain[0])

    def _note_revoked(
        self, draft: _Draft, certificate: x509.Certificate, revoked_at: datetime, proven: datetime | None
    ) -> None:
        claimed = self._claimed_at(draft)
        if proven is not None and proven < revoked_at:
            code = "chain.revoked_later"
        elif proven is not None or (claimed is not None and claimed >= revoked_at):
            code = "chain.revoked"
        else:
            code = "chain.revoked_unproven"
        if revoked_at <= self.context.at or code != "chain.revoked_later":
            draft.add(code, common_name(certificate), when=revoked_at)

    def _note_unknown(self, draft: _Draft, certificate: x509.Certificate, *, is_signer: bool) -> None:
        if not is_signer:
            draft.add("revocation.authority_unknown", common_name(certificate))
        elif self.context.policy.accept_unknown_revocation:
            draft.add("revocation.unknown_accepted")
        else:
            draft.add("revocation.unknown")

    def _judge_algorithms(self, draft: _Draft, signed: SignedData, proven: datetime | None) -> None:
        weak = ["SHA-1"] if signed.hash_name == "sha1" or draft.site.form == "adbe.pkcs7.sha1" else []
        for certificate in (draft.chain or (signed.certificate,))[: -1 if draft.chain else None]:
            algorithm = certificate.signature_hash_algorithm
            if algorithm is not None and algorithm.name == "md5":
                draft.add("algorithm.broken", "MD5")
            if algorithm is not None and algorithm.name == "sha1" and "SHA-1" not in weak:
                weak.append("SHA-1")
        key = signed.certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < self.context.policy.min_rsa_bits:
            draft.add("algorithm.weak", f"RSA {key.key_size}")
        then = proven is not None and proven < self.context.policy.sha1_accepted_until
        for what in weak:
            draft.add("algorithm.weak_then" if then else "algorithm.weak", what)

    # The result

    def _claimed_at(self, draft: _Draft) -> datetime | None:
        claimed = parse_pdf_date(draft.site.dict.get("M"))
        return claimed or (draft.signed.claimed_at if draft.signed else None)

    def _finish(self, draft: _Draft, proven: datetime | None) -> SignatureReport:
        signed, claimed = draft.signed, self._claimed_at(draft)
        document_stamp = proven if draft.stamp is None and claimed is None else None
        stamped = draft.stamp.stamped_at if draft.stamp else document_stamp
        source = TimeSource.TIMESTAMP if stamped else TimeSource.CLAIMED if claimed else TimeSource.NONE
        chain = draft.chain or ((signed.certificate,) if signed else ())
        return SignatureReport(
            field=draft.site.field.name,
            signer=_info(signed.certificate) if signed else None,
            holder_kind=self.context.holder_of(der_of(signed.certificate)) if signed else HolderKind.UNKNOWN,
            chain=tuple(_info(item) for item in chain),
            signed_at=stamped or claimed,
            time_source=source,
            integrity=draft.integrity,
            trust=draft.trust,
            later_changes=draft.changes,
            reasons=tuple(draft.reasons),
            certifies=docmdp_level(self.pdf, draft.site.dict) is not None,
            level=self._level(draft),
        )

    def _level(self, draft: _Draft) -> str:
        if draft.token is None:
            return "B-B"
        return "B-LT" if self._data("CRLs") or self._data("OCSPs") else "B-T"


def _info(certificate: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        subject=name_parts(certificate.subject),
        issuer=name_parts(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        fingerprint=fingerprint(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        der=der_of(certificate),
    )

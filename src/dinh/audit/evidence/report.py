"""The verdict on an evidence bundle, for people and for programs."""

import enum
import json
from dataclasses import asdict, dataclass, field


class Severity(enum.StrEnum):
    """A failure makes the bundle invalid, a doubt indeterminate; notes change nothing."""

    FAILURE = "failure"
    DOUBT = "doubt"
    NOTE = "note"


class Verdict(enum.StrEnum):
    """As for signatures (ETSI EN 319 102-1, 5.1.3)."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that does not hold or is not known, and where: member of the bundle, entry, seal."""

    code: str
    severity: Severity
    message: str
    member: str = ""
    entry: int | None = None
    seal: int | None = None


@dataclass(frozen=True, kw_only=True)
class SealReport:
    """A seal whose signature was checked; `stamped_at` only from a timestamp server that is trusted."""

    number: int
    sealed_at: str
    stamped_at: str | None
    signed: bool
    trusted: bool


@dataclass(frozen=True, kw_only=True)
class DocumentReport:
    """
    A document of the bundle.

    :param named_by: entries of the trace that name its SHA-256
    :param signatures: the verdict on its own signatures, None if it is no PDF; see `dinh verify` for the reasons
    """

    name: str
    sha256: str
    named_by: tuple[int, ...]
    signatures: str | None


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """
    The signed batch that a record belongs to; `stamped_at` only from a timestamp server that is trusted.

    :param signer: subject of the certificate that signed
    :param fingerprint: of that certificate, SHA-256 in hex
    """

    batch: str
    signed_at: str
    stamped_at: str | None
    signed: bool
    trusted: bool
    signer: str
    fingerprint: str


@dataclass(frozen=True)
class PeerReport:
    """
    What the other end of a recorded message signed; `signed_at` by its own clock.

    :param signer: subject of its certificate
    :param fingerprint: of that certificate, SHA-256 in hex
    """

    signer: str
    fingerprint: str
    signed_at: str
    signed: bool
    trusted: bool


@dataclass(frozen=True, kw_only=True)
class EvidenceReport:
    """
    What was found in a bundle; `proved` of `entries` lead to a trusted seal, or the one record to a trusted batch.

    :param record: fields of the one record by name, where the bundle is about one
    """

    reasons: tuple[Reason, ...]
    target: str = ""
    entries: int = 0
    proved: int = 0
    seals: tuple[SealReport, ...] = ()
    documents: tuple[DocumentReport, ...] = ()
    batch: BatchReport | None = None
    record: dict[str, str] = field(default_factory=dict)
    peer: PeerReport | None = None
    signer: str = ""
    fingerprint: str = ""
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        found = {reason.severity for reason in self.reasons}
        verdict = Verdict.VALID
        if Severity.FAILURE in found:
            verdict = Verdict.INVALID
        elif Severity.DOUBT in found:
            verdict = Verdict.INDETERMINATE
        object.__setattr__(self, "verdict", verdict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

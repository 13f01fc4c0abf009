"""
The verdict on a file, for people and for programs.

A verdict follows from the reasons alone: a failure makes it invalid, else a doubt makes it indeterminate, else it
is valid; warnings and notes change nothing (the three outcomes are those of ETSI EN 319 102-1, 5.1.3).
"""

import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..pades import VIETNAM


class Verdict(enum.StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class HolderKind(enum.StrEnum):
    PERSON = "person"
    UNIT = "unit"
    UNKNOWN = "unknown"


class TimeSource(enum.StrEnum):
    TIMESTAMP = "timestamp"
    CLAIMED = "claimed"
    NONE = "none"


class Integrity(enum.StrEnum):
    INTACT = "intact"
    ALTERED = "altered"
    UNKNOWN = "unknown"


class Trust(enum.StrEnum):
    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class LaterChanges(enum.StrEnum):
    NONE = "none"
    PERMITTED = "permitted"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Severity(enum.StrEnum):
    NOTE = "note"
    WARNING = "warning"
    DOUBT = "doubt"
    FAILURE = "failure"


_N, _W, _D, _F = Severity.NOTE, Severity.WARNING, Severity.DOUBT, Severity.FAILURE

REASONS: Mapping[str, tuple[Severity, str | Promise]] = {
    "document.unsigned": (_D, _("The document carries no digital signature.")),
    "document.damaged": (_D, _("The file is damaged, cut off or no PDF; it cannot be judged.")),
    "document.encrypted": (_D, _("The file is encrypted; it cannot be judged.")),
    "document.too_complex": (_D, _("The file is too large or too complex to be judged.")),
    "signature.byte_range": (_F, _("The signature does not cover the file as it must.")),
    "signature.contents": (_F, _("The signature does not stand where the signed range leaves room for it.")),
    "signature.unreadable": (_F, _("The signature is empty or broken.")),
    "signature.unsupported": (_D, _("The form of the signature, %(form)s, is not supported.")),
    "signature.unbound": (_D, _("The signature does not name its certificate, as its form requires.")),
    "integrity.digest": (_F, _("The signed content has been altered.")),
    "integrity.signature": (_F, _("The signature was not made with the key of its certificate.")),
    "integrity.certificate": (_F, _("The signature names another certificate than the one it carries.")),
    "changes.none": (_N, _("The document has not been changed since this signature.")),
    "changes.permitted": (
        _N,
        _("Since this signature only permitted changes were made, such as signatures."),
    ),
    "changes.filled": (_W, _("Fields were filled in after the last signature: %(what)s.")),
    "changes.filled_unpermitted": (
        _D,
        _("Fields were filled in after the last signature without its permission: %(what)s."),
    ),
    "changes.comments": (_D, _("Comments were added after signing; look at them before trusting the page.")),
    "changes.large": (
        _D,
        _("A signature added later covers much of page %(what)s; compare with the signed version."),
    ),
    "changes.shown": (
        _D,
        _(
            "A field that showed something when this was signed was filled in later: %(what)s. Compare with then."
        ),
    ),
    "changes.locked": (_F, _("A locked field was changed after signing: %(what)s.")),
    "changes.value": (_F, _("The value of a field was changed after signing: %(what)s.")),
    "changes.appearance": (_F, _("What a field shows was changed after signing: %(what)s.")),
    "changes.field": (_F, _("A form field was added, removed or rebuilt after signing: %(what)s.")),
    "changes.signature": (_F, _("A signature was removed or altered after signing: %(what)s.")),
    "changes.annotation": (_F, _("Something was laid over or taken off page %(what)s after signing.")),
    "changes.page": (_F, _("Pages or their content were changed after signing: %(what)s.")),
    "changes.document": (_F, _("The document was changed after signing: %(what)s.")),
    "changes.not_allowed": (_F, _("The signature allows no change, yet the document was changed.")),
    "changes.unknown": (_D, _("Whether the document was changed after signing cannot be told.")),
    "chain.unknown": (_D, _("The signer's certificate does not lead to a trusted authority.")),
    "chain.faulty": (_D, _("A certificate of the chain breaks its rules: %(what)s.")),
    "chain.expired": (_D, _("The certificate was not valid at %(when)s: %(what)s.")),
    "chain.purpose": (_D, _("The certificate is not meant for signing documents.")),
    "chain.revoked": (_F, _("The certificate had been revoked before signing, on %(when)s: %(what)s.")),
    "chain.revoked_unproven": (
        _D,
        _("The certificate was revoked on %(when)s, and nothing proves that it signed before: %(what)s."),
    ),
    "chain.revoked_later": (_W, _("The certificate was revoked on %(when)s, after signing: %(what)s.")),
    "revocation.unknown": (_D, _("Whether the signer's certificate was revoked is not known.")),
    "revocation.unknown_accepted": (
        _W,
        _("Whether the signer's certificate was revoked is not known; the settings accept this."),
    ),
    "revocation.authority_unknown": (
        _W,
        _("Whether an authority's certificate was revoked is not known: %(what)s."),
    ),
    "time.missing": (_W, _("The signature has no timestamp; its time is only claimed.")),
    "time.later_proof": (_N, _("A later timestamp proves that the signature existed at %(when)s.")),
    "time.untrusted": (_W, _("The timestamp is not from a trusted server; the time is only claimed.")),
    "time.broken": (_D, _("The timestamp does not belong to the signature.")),
    "algorithm.weak": (_D, _("The signature relies on %(what)s, which is no longer secure.")),
    "algorithm.weak_then": (_W, _("The signature relies on %(what)s, which was accepted at its time.")),
    "algorithm.broken": (_F, _("The signature relies on %(what)s, which proves nothing.")),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding: a stable code, and what it is about."""

    code: str
    what: str = ""
    when: datetime | None = None
    form: str = ""

    @property
    def severity(self) -> Severity:
        return REASONS[self.code][0]

    @property
    def message(self) -> str:
        """In the active language."""
        when = self.when.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S") if self.when else ""
        return str(REASONS[self.code][1]) % {"what": self.what, "when": when, "form": self.form}


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """A certificate as people read it. The fingerprint is SHA-256 in hex; `der` the whole."""

    subject: Mapping[str, str]
    issuer: Mapping[str, str]
    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    der: bytes = field(repr=False)

    @property
    def common_name(self) -> str:
        return self.subject.get("CN", "")


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """
    The verdict on one signature.

    :param field: full name of its form field
    :param chain: the signer's certificate first, up to the trust anchor if one was reached
    :param signed_at: by the timestamp if it can be trusted, else as claimed
    :param level: "B-B", "B-T" or "B-LT" by what the file carries
    """

    field: str
    signer: CertificateInfo | None
    holder_kind: HolderKind
    chain: tuple[CertificateInfo, ...]
    signed_at: datetime | None
    time_source: TimeSource
    integrity: Integrity
    trust: Trust
    later_changes: LaterChanges
    reasons: tuple[Reason, ...]
    certifies: bool = False
    level: str = "B-B"

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reasons)

    def as_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "signer": _certificate_json(self.signer) if self.signer else None,
            "holder_kind": str(self.holder_kind),
            "chain": [_certificate_json(item) for item in self.chain],
            "signed_at": self.signed_at.astimezone(VIETNAM).isoformat() if self.signed_at else None,
            "time_source": str(self.time_source),
            "integrity": str(self.integrity),
            "trust": str(self.trust),
            "later_changes": str(self.later_changes),
            "verdict": str(self.verdict),
            "reasons": [reason.message for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The verdict on a file: its signatures in the order they were made, and findings on the file itself."""

    signatures: tuple[SignatureReport, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Valid if there are signatures and all are; the worst of them otherwise."""
        verdicts = {item.verdict for item in self.signatures} | {verdict_of(self.reasons)}
        return next(v for v in (Verdict.INVALID, Verdict.INDETERMINATE, Verdict.VALID) if v in verdicts)

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": str(self.verdict),
            "reasons": [reason.message for reason in self.reasons],
            "signatures": [item.as_json() for item in self.signatures],
        }

    def to_json(self) -> str:
        return json.dumps(self.as_json(), ensure_ascii=False, indent=2)


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    severities = {reason.severity for reason in reasons}
    if Severity.FAILURE in severities:
        return Verdict.INVALID
    return Verdict.INDETERMINATE if Severity.DOUBT in severities else Verdict.VALID


def _certificate_json(info: CertificateInfo) -> dict[str, Any]:
    return {
        "common_name": info.common_name,
        "subject": dict(info.subject),
        "issuer": dict(info.issuer),
        "serial": info.serial,
        "fingerprint": info.fingerprint,
        "not_before": info.not_before.isoformat(),
        "not_after": info.not_after.isoformat(),
    }

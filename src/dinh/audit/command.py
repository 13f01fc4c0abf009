"""
`dinh evidence verify FILE [--trust CA.pem ...] [--json]`

Needs no database, no settings and no network. Without --trust the anchors are the files named by DINH_TRUST_ANCHORS.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.audit.evidence.report import BatchReport, EvidenceReport, PeerReport, Reason, Severity, Verdict
from dinh.audit.evidence.verification import verify_evidence
from dinh.kernel.errors import DomainError
from dinh.pki.api import TrustStore

EXIT_CODES = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.INDETERMINATE: 2}
USAGE_ERROR = 3


def evidence_main(argv: Sequence[str]) -> int:
    """
    Judge an evidence bundle and print what holds and what does not.

    :returns: 0 valid, 1 invalid, 2 indeterminate, 3 if the file or an anchor cannot be read
    """
    options = _parser().parse_args(argv)
    _configure()
    with override(os.environ.get("DINH_LANGUAGE", "vi")):
        try:
            report = _judge(options)
        except (OSError, DomainError) as error:
            sys.stderr.write(f"{error}\n")
            return USAGE_ERROR
        sys.stdout.write(f"{report.to_json() if options.json else _as_text(report)}\n")
    return EXIT_CODES[report.verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dinh evidence", description="Check an exported evidence bundle.")
    parser.add_argument("act", choices=["verify"])
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--trust", type=Path, action="append", default=[], metavar="CA.pem")
    parser.add_argument("--json", action="store_true")
    return parser


def _configure() -> None:
    # Only texts are needed of Django; the installation's settings may be missing where an outsider checks.
    if not settings.configured:
        package = Path(__file__).resolve().parents[1]
        paths = [str(package / module / "locale") for module in ("audit", "pki")]
        settings.configure(USE_I18N=True, LANGUAGE_CODE="vi", LOCALE_PATHS=paths)
    if not apps.ready:
        django.setup()


def _judge(options: argparse.Namespace) -> EvidenceReport:
    named = os.environ.get("DINH_TRUST_ANCHORS", "").split(os.pathsep)
    anchors = options.trust or [Path(name) for name in named if name]
    trust = TrustStore.of(anchors=[path.read_bytes() for path in anchors])
    with options.file.open("rb") as handle:
        return verify_evidence(data=handle, trust=trust)


def _as_text(report: EvidenceReport) -> str:
    words = {
        Verdict.VALID: _("valid"),
        Verdict.INVALID: _("INVALID"),
        Verdict.INDETERMINATE: _("indeterminate"),
    }
    lines = [_("Verdict: %(verdict)s") % {"verdict": words[report.verdict]}]
    lines += [_line(reason) for reason in report.reasons]
    if report.batch:
        return "\n".join([*lines, *_about_batch(report.batch, report.record), *_about_peer(report.peer)])
    counts = {"proved": report.proved, "entries": report.entries, "seals": len(report.seals)}
    lines.append(_("Acts proved: %(proved)s of %(entries)s, under %(seals)s seals") % counts)
    for document in report.documents:
        signatures = words[Verdict(document.signatures)] if document.signatures else "–"
        what = {"name": document.name, "sha256": document.sha256, "signatures": signatures}
        lines.append(_("Document %(name)s, SHA-256 %(sha256)s, its signatures: %(signatures)s") % what)
    if report.signer:
        who = {"signer": report.signer, "sha256": report.fingerprint}
        lines.append(_("Sealed by %(signer)s, SHA-256 of the certificate: %(sha256)s") % who)
    return "\n".join(lines)


def _about_batch(batch: BatchReport, record: dict[str, str]) -> list[str]:
    who = {"signer": batch.signer, "sha256": batch.fingerprint}
    when = batch.stamped_at or batch.signed_at
    return [
        _("Signed by %(signer)s, SHA-256 of the certificate: %(sha256)s") % who,
        (_("Timestamp: %(when)s") if batch.stamped_at else _("Signed at, by its own clock: %(when)s"))
        % {"when": when},
        *(f"  {name}: {value}" for name, value in record.items()),
    ]


def _about_peer(peer: PeerReport | None) -> list[str]:
    if peer is None or not peer.signed:
        return []
    who = {"signer": peer.signer, "sha256": peer.fingerprint, "when": peer.signed_at}
    return [
        _("The other gateway signed it: %(signer)s, SHA-256 %(sha256)s, at %(when)s by its own clock") % who
    ]


def _line(reason: Reason) -> str:
    sign = {Severity.FAILURE: "✗", Severity.DOUBT: "?", Severity.NOTE: "·"}[reason.severity]
    places = [_("seal %(number)s") % {"number": reason.seal}] if reason.seal is not None else []
    places += [_("entry %(number)s") % {"number": reason.entry}] if reason.entry is not None else []
    places += [reason.member] if reason.member else []
    return f"  {sign} {reason.message}" + (f" ({', '.join(places)})" if places else "")

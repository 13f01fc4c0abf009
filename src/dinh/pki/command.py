"""
`dinh verify FILE.pdf [--trust CA.pem ...] [--crl FILE ...] [--offline] [--json]`

Needs no database. Without --trust the anchors are the files named by DINH_TRUST_ANCHORS (separated as PATH is).
Revocation answers are kept in DINH_REVOCATION_DIR, by default a folder of the user's cache.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from cryptography.x509 import Certificate
from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.kernel.errors import DomainError

from .pades import VIETNAM
from .revocation import DirectoryRevocationCache, HttpRevocationFetcher
from .trust import TrustStore, UnusableAnchor, load_certificates
from .verify.report import SignatureReport, Verdict, VerificationReport
from .verify.verdict import verify_pdf

EXIT_CODES = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.INDETERMINATE: 2}
USAGE_ERROR = 3


def verify_main(argv: Sequence[str]) -> int:
    """
    Judge a file and print the verdict.

    :returns: 0 valid, 1 invalid, 2 indeterminate, 3 if the file or an anchor cannot be read
    """
    options = _parser().parse_args(argv)
    _configure()
    with override(os.environ.get("DINH_LANGUAGE", "vi")):
        try:
            report = _judge(options)
        except (OSError, DomainError) as error:
            print(_told(error), file=sys.stderr)  # noqa: T201 a command's output
            return USAGE_ERROR
        print(report.to_json() if options.json else _as_text(report))  # noqa: T201 a command's output
    return EXIT_CODES[report.verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dinh verify", description="Verify the signatures of a PDF.")
    parser.add_argument("file", type=Path, metavar="FILE.pdf")
    parser.add_argument("--trust", type=Path, action="append", default=[], metavar="CA.pem")
    parser.add_argument("--crl", type=Path, action="append", default=[], metavar="LIST.crl")
    parser.add_argument("--offline", action="store_true", help="ask no authority over the net")
    parser.add_argument("--json", action="store_true")
    return parser


def _configure() -> None:
    # Only texts are needed of Django; the installation's settings may be incomplete where this runs.
    if not settings.configured:
        locale = Path(__file__).parent / "locale"
        settings.configure(USE_I18N=True, LANGUAGE_CODE="vi", LOCALE_PATHS=[str(locale)])
    if not apps.ready:
        django.setup()


def _judge(options: argparse.Namespace) -> VerificationReport:
    named = os.environ.get("DINH_TRUST_ANCHORS", "").split(os.pathsep)
    anchors = options.trust or [Path(name) for name in named if name]
    cache = os.environ.get("DINH_REVOCATION_DIR") or Path.home() / ".cache" / "dinh" / "revocation"
    return verify_pdf(
        source=options.file,
        trust=TrustStore(tuple(each for path in anchors for each in _anchors_in(path))),
        offline=options.offline,
        cache=DirectoryRevocationCache(Path(cache)),
        fetcher=HttpRevocationFetcher(),
        crls=[path.read_bytes() for path in options.crl],
    )


def _anchors_in(path: Path) -> list[Certificate]:
    try:
        return load_certificates(path.read_bytes())
    except UnusableAnchor as fault:
        raise UnusableAnchor(f"{path}: {fault}") from fault


def _told(error: OSError | DomainError) -> str:
    """What went wrong with which file; the system's own words are English."""
    if isinstance(error, FileNotFoundError):
        return _("There is no file %(name)s.") % {"name": error.filename}
    if isinstance(error, OSError) and error.filename:
        return _("%(name)s cannot be read. Check that it is a file and that you may read it.") % {
            "name": error.filename
        }
    return str(error)


def _as_text(report: VerificationReport) -> str:
    words = {
        Verdict.VALID: _("valid"),
        Verdict.INVALID: _("INVALID"),
        Verdict.INDETERMINATE: _("indeterminate"),
    }
    lines = [_("Verdict: %(verdict)s") % {"verdict": words[report.verdict]}]
    lines += [f"  - {reason.message}" for reason in report.reasons]
    for signature in report.signatures:
        lines.append(f"{_title(signature)}: {words[signature.verdict]}")
        lines += [f"  - {reason.message}" for reason in signature.reasons]
    return "\n".join(lines)


def _title(signature: SignatureReport) -> str:
    name = signature.signer.common_name if signature.signer else "?"
    when = signature.signed_at
    moment = f", {when.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}" if when else ""
    return f"{signature.field} ({name}{moment})"

"""What piles up while a bundle is read, and how its JSON is read."""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dinh.audit.evidence.report import Reason, Severity
from dinh.pki.api import CheckedSignature, load_certificates

MAX_JSON = 64 * 1024 * 1024


class BrokenBundle(ValueError):
    """The bundle cannot be read as far as is needed."""


@dataclass
class Findings:
    """What piles up while a bundle is read."""

    reasons: list[Reason] = field(default_factory=list)

    def fail(self, code: str, message: str, **where: Any) -> None:
        self.reasons.append(Reason(code=code, severity=Severity.FAILURE, message=message, **where))

    def doubt(self, code: str, message: str, **where: Any) -> None:
        self.reasons.append(Reason(code=code, severity=Severity.DOUBT, message=message, **where))

    def note(self, code: str, message: str, **where: Any) -> None:
        self.reasons.append(Reason(code=code, severity=Severity.NOTE, message=message, **where))


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """:raises BrokenBundle: if it is missing or too large"""
    if name not in archive.NameToInfo:
        raise BrokenBundle(_("%(name)s is missing.") % {"name": name})
    if archive.getinfo(name).file_size > MAX_JSON:
        raise BrokenBundle(_("It is too large."))
    return archive.read(name)


def read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """:raises BrokenBundle, ValueError:"""
    content = json.loads(read_member(archive, name))
    if not isinstance(content, dict):
        raise BrokenBundle(_("%(name)s is not of the form expected.") % {"name": name})
    return content


def signer_of(checked: CheckedSignature | None) -> tuple[str, str]:
    """The signer's name and the SHA-256 of its certificate, hex; both empty without a signature that holds."""
    if checked is None:
        return "", ""
    certificate = load_certificates(checked.certificates[0])[0]
    return certificate.subject.rfc4514_string(), hashlib.sha256(checked.certificates[0]).hexdigest()

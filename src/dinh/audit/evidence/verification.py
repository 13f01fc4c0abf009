"""Checks an evidence bundle: container, seals, chain, proofs, documents. Hostile files get a verdict like others."""

import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dinh.audit.canonical import canonical_json, seal_digest
from dinh.audit.evidence.findings import MAX_JSON, BrokenBundle, Findings, read_json, signer_of
from dinh.audit.evidence.layout import DOCUMENTS, KNOWN_VERSIONS, PROOF, SEALS, TRACE, signature_name
from dinh.audit.evidence.records import check_record
from dinh.audit.evidence.report import DocumentReport, EvidenceReport, SealReport
from dinh.audit.merkle import leaf_hash, root_from_path
from dinh.pki.api import (
    CheckedSignature,
    TrustStore,
    UnreadableContainer,
    WrongSignature,
    open_container,
    stamp_trusted_by,
    trusted_by,
    verify_asice,
    verify_detached,
    verify_pdf,
)

MAX_BUNDLE = 512 * 1024 * 1024
MAX_MEMBERS = 10_000
_CHUNK = 1024 * 1024
_HEX = re.compile(r"(?=([0-9a-f]{64}))")


@dataclass(frozen=True)
class _Seal:
    number: int
    sealed_at: datetime
    entry_count: int
    root: bytes
    previous: bytes
    digest: bytes


def verify_evidence(*, data: bytes | BinaryIO, trust: TrustStore) -> EvidenceReport:
    """
    The verdict on a bundle. Any bytes get one; asks no network and no database. Of a stream never more than the trace
    and a piece of a document is in memory; each PDF lies in a temporary file while it is judged.

    :param data: the bytes, or a seekable stream that stays open

    :param trust: authorities, or sealing certificates themselves, that the reader trusts; without any the
        verdict is at best indeterminate
    """
    found = Findings()
    try:
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        if source.seek(0, io.SEEK_END) > MAX_BUNDLE:
            raise BrokenBundle(_("It is too large."))
        with open_container(source) as archive:
            signer = _check_container(source, archive, found)
            if PROOF in archive.NameToInfo:
                return check_record(archive, trust, signer, found)
            return _check_contents(archive, trust, signer, found)
    except (BrokenBundle, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        found.fail("unreadable", _("The bundle cannot be read: %(why)s") % {"why": str(error)[:200]})
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        found.fail("unreadable", _("The bundle cannot be read: %(why)s") % {"why": str(error)[:200]})
    return EvidenceReport(reasons=tuple(found.reasons))


def _check_container(source: BinaryIO, archive: zipfile.ZipFile, found: Findings) -> CheckedSignature | None:
    if len(archive.infolist()) > MAX_MEMBERS:
        raise BrokenBundle(_("It is too large."))
    try:
        return verify_asice(data=source).signatures[0].checked
    except UnreadableContainer as error:
        raise BrokenBundle(str(error)) from error
    except WrongSignature as error:
        found.fail("container-altered", str(error))
        return None


def _check_contents(
    archive: zipfile.ZipFile, trust: TrustStore, container: CheckedSignature | None, found: Findings
) -> EvidenceReport:
    trace = read_json(archive, TRACE)
    if trace["version"] not in KNOWN_VERSIONS:
        raise BrokenBundle(_("Its version is not known here."))
    seals = _seals(read_json(archive, SEALS))
    reports = _check_seals(archive, seals, {item["seal"] for item in trace["entries"]}, trust, found)
    proved = _check_entries(trace["entries"], {seal.number: seal for seal in seals}, reports, found)
    if container is not None and not _container_trusted(container, trust, seals):
        found.doubt(
            "container-signer", _("Nobody you trust vouches for the key that signed the bundle itself.")
        )
    signer, fingerprint = signer_of(container)
    return EvidenceReport(
        reasons=tuple(found.reasons),
        target=str(trace["target"]),
        entries=len(trace["entries"]),
        proved=proved,
        seals=tuple(report for __, report in sorted(reports.items())),
        documents=tuple(_documents(archive, trace["entries"], trust)),
        signer=signer,
        fingerprint=fingerprint,
    )


def _seals(content: dict[str, Any]) -> list[_Seal]:
    return [
        _Seal(
            int(item["number"]),
            datetime.fromisoformat(item["sealed_at"]),
            int(item["entry_count"]),
            bytes.fromhex(item["root"]),
            bytes.fromhex(item["previous"]),
            seal_digest(item),
        )
        for item in content["seals"]
    ]


def _check_seals(
    archive: zipfile.ZipFile,
    seals: Sequence[_Seal],
    needed: set[int | None],
    trust: TrustStore,
    found: Findings,
) -> dict[int, SealReport]:
    _check_chain(seals, found)
    present = {seal.number: seal for seal in seals}
    reports = {}
    for number in sorted(number for number in needed if number is not None):
        if number not in present:
            found.fail("seal-missing", _("A seal that an entry refers to is missing."), seal=number)
            continue
        reports[number] = _check_seal(archive, present[number], trust, found)
    return reports


def _check_chain(seals: Sequence[_Seal], found: Findings) -> None:
    for earlier, later in pairwise(seals):
        if later.number <= earlier.number:
            found.fail("chain-order", _("The seals do not stand in order."), seal=later.number)
        elif later.number > earlier.number + 1:
            text = _(
                "Seals between this one and the one before were left out; each is proved by its own signature."
            )
            found.note("chain-gap", text, seal=later.number)
        elif later.previous != earlier.digest:
            found.fail("chain-broken", _("The seal does not follow the one before it."), seal=later.number)


def _check_seal(archive: zipfile.ZipFile, seal: _Seal, trust: TrustStore, found: Findings) -> SealReport:
    checked = _signature(archive, seal, found)
    trusted, stamped_at = False, None
    if checked is not None:
        if stamp_trusted_by(checked=checked, trust=trust):
            stamped_at = checked.stamped_at
        elif checked.has_timestamp:
            text = _("The timestamp comes from a server that you do not trust.")
            found.note("timestamp-untrusted", text, seal=seal.number)
        moment = stamped_at or seal.sealed_at
        trusted = trusted_by(certificates=checked.certificates, trust=trust, at=moment)
        if not trusted:
            text = _("Nobody you trust vouches for the key of this seal.")
            found.doubt("seal-untrusted", text, seal=seal.number)
    return SealReport(
        number=seal.number,
        sealed_at=seal.sealed_at.isoformat(),
        stamped_at=stamped_at.isoformat() if stamped_at else None,
        signed=checked is not None,
        trusted=trusted,
    )


def _signature(archive: zipfile.ZipFile, seal: _Seal, found: Findings) -> CheckedSignature | None:
    name = signature_name(seal.number)
    if name not in archive.NameToInfo or archive.getinfo(name).file_size > MAX_JSON:
        found.fail(
            "seal-signature-missing", _("The seal's signature is missing."), seal=seal.number, member=name
        )
        return None
    try:
        return verify_detached(data=seal.digest, content=archive.read(name))
    except WrongSignature:
        found.fail("seal-signature", _("The seal's signature is not valid."), seal=seal.number, member=name)
        return None


def _check_entries(
    items: Sequence[dict[str, Any]], seals: dict[int, _Seal], reports: dict[int, SealReport], found: Findings
) -> int:
    if not items:
        found.doubt("trace-empty", _("The bundle proves no act: its trace is empty."), member=TRACE)
    seen: set[int] = set()
    proved = 0
    for item in items:
        entry = int(item["entry"]["id"])
        if entry in seen:
            found.fail("entry-twice", _("An entry stands in the trace twice."), entry=entry)
        seen.add(entry)
        proved += _is_proved(item, entry, seals, reports, found)
    return proved


def _is_proved(
    item: dict[str, Any],
    entry: int,
    seals: dict[int, _Seal],
    reports: dict[int, SealReport],
    found: Findings,
) -> bool:
    number = item["seal"]
    if number is None:
        found.doubt(
            "entry-unsealed", _("This entry was not sealed yet when the bundle was made."), entry=entry
        )
        return False
    seal = seals.get(number)
    if seal is None:
        return False
    path = [bytes.fromhex(sibling) for sibling in item["path"]]
    leaf = leaf_hash(canonical_json(item["entry"]))
    root = root_from_path(leaf, path, position=int(item["position"]), count=seal.entry_count)
    if root != seal.root:
        text = _("This entry or its proof was changed: it does not lead to its seal.")
        found.fail("entry-changed", text, entry=entry, seal=number)
        return False
    report = reports[number]
    return report.signed and report.trusted


def _container_trusted(container: CheckedSignature, trust: TrustStore, seals: Sequence[_Seal]) -> bool:
    moment = container.stamped_at if stamp_trusted_by(checked=container, trust=trust) else None
    moment = moment or max((seal.sealed_at for seal in seals), default=None)
    return moment is not None and trusted_by(certificates=container.certificates, trust=trust, at=moment)


def _documents(
    archive: zipfile.ZipFile, items: Sequence[dict[str, Any]], trust: TrustStore
) -> Iterator[DocumentReport]:
    judged = [_judged(archive, name, trust) for name in archive.namelist() if name.startswith(DOCUMENTS)]
    naming = _entries_by_digest(items, {digest for _name, digest, _verdict in judged})
    for name, digest, verdict in judged:
        yield DocumentReport(
            name=name.removeprefix(DOCUMENTS),
            sha256=digest,
            named_by=tuple(naming[digest]),
            signatures=verdict,
        )


def _judged(archive: zipfile.ZipFile, name: str, trust: TrustStore) -> tuple[str, str, str | None]:
    """Name, SHA-256 in hex and, of a PDF, the verdict on its own signatures."""
    if archive.getinfo(name).file_size > MAX_BUNDLE:
        raise BrokenBundle(_("It is too large."))
    with archive.open(name) as member, tempfile.NamedTemporaryFile(prefix="dinh-evidence-") as kept:
        hasher, is_pdf = hashlib.sha256(), None
        while piece := member.read(_CHUNK):
            hasher.update(piece)
            is_pdf = piece.startswith(b"%PDF-") if is_pdf is None else is_pdf
            if is_pdf:
                kept.write(piece)
        kept.flush()
        verdict = (
            verify_pdf(source=Path(kept.name), trust=trust, offline=True).verdict.value if is_pdf else None
        )
    return name, hasher.hexdigest(), verdict


def _entries_by_digest(items: Sequence[dict[str, Any]], digests: set[str]) -> dict[str, list[int]]:
    """Which entries name which of these files."""
    found: dict[str, list[int]] = {digest: [] for digest in digests}
    for item in items:
        written = canonical_json(item["entry"]).decode()
        for digest in {hit[1] for hit in _HEX.finditer(written)} & digests:
            found[digest].append(int(item["entry"]["id"]))
    return found

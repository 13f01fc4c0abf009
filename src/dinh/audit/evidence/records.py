"""
Checks the evidence of one record that was signed in a batch with others: record, path, signature, timestamp.

What the record is about does not matter here: its fields come with their names.
"""

import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms as asn1_cms
from django.utils.translation import gettext as _

from dinh.audit.evidence.findings import BrokenBundle, Findings, read_json, read_member, signer_of
from dinh.audit.evidence.layout import (
    BATCH,
    BATCH_SIGNATURE,
    FIELDS,
    PROOF,
    RECORD,
    STAMP,
    STAMP_TOKEN,
)
from dinh.audit.evidence.peers import check_peer
from dinh.audit.evidence.report import BatchReport, EvidenceReport
from dinh.audit.merkle import leaf_hash, root_from_path
from dinh.pki.api import (
    CheckedSignature,
    CheckedStamp,
    TrustStore,
    WrongSignature,
    stamp_trusted_by,
    trusted_by,
    verify_detached,
    verify_timestamp,
)

VERSION = 1
BATCH_VERSIONS = frozenset({1, 2})
"""From version 2 on a batch names the root of the one before it in its chain."""


@dataclass(frozen=True)
class _Place:
    """Where a leaf stands in a tree, and the way to its root."""

    position: int
    path: tuple[bytes, ...]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "_Place":
        return cls(int(told["position"]), tuple(bytes.fromhex(each) for each in told["path"]))

    def leads_to(self, root: bytes, leaf: bytes, *, count: int) -> bool:
        return root_from_path(leaf, self.path, position=self.position, count=count) == root


def check_record(
    archive: zipfile.ZipFile, trust: TrustStore, container: CheckedSignature | None, found: Findings
) -> EvidenceReport:
    """
    The verdict on a bundle about one record.

    :raises BrokenBundle, ValueError, KeyError, TypeError: if it cannot be read as far as is needed
    """
    proof, batch = read_json(archive, PROOF), read_json(archive, BATCH)
    if proof["version"] != VERSION or batch["version"] not in BATCH_VERSIONS:
        raise BrokenBundle(_("Its version is not known here."))
    place = _Place.of(proof)
    is_whole = place.leads_to(
        bytes.fromhex(batch["root"]), leaf_hash(read_member(archive, RECORD)), count=int(batch["count"])
    )
    if not is_whole:
        text = _("The record or its proof was changed: it does not lead to the root of its batch.")
        found.fail("record-changed", text, member=RECORD)
    fields = _fields(archive, found)
    checked = _signature(archive, found)
    report = _batch(archive, proof, batch, checked, trust, found)
    peer = check_peer(archive, fields, trust, found)
    _check_container(container, report, trust, found)
    signer, fingerprint = signer_of(container)
    return EvidenceReport(
        reasons=tuple(found.reasons),
        target=f"{proof['kind']}:{next(iter(fields.values()), '')}",
        entries=1,
        proved=int(is_whole and report.signed and report.trusted),
        batch=report,
        record=fields,
        peer=peer,
        signer=signer,
        fingerprint=fingerprint,
    )


def _fields(archive: zipfile.ZipFile, found: Findings) -> dict[str, str]:
    """The record by names, once they are shown to be the record's own."""
    pairs = [(str(name), str(value)) for name, value in read_json(archive, FIELDS)["fields"]]
    if "\t".join(value for _name, value in pairs).encode() != read_member(archive, RECORD):
        text = _("The fields shown are not those of the record that was signed.")
        found.fail("record-fields", text, member=FIELDS)
        return {}
    return dict(pairs)


def _signature(archive: zipfile.ZipFile, found: Findings) -> CheckedSignature | None:
    if BATCH_SIGNATURE not in archive.NameToInfo:
        text = _("The batch's signature is missing.")
        found.fail("batch-signature-missing", text, member=BATCH_SIGNATURE)
        return None
    try:
        return verify_detached(
            data=read_member(archive, BATCH), content=read_member(archive, BATCH_SIGNATURE)
        )
    except WrongSignature:
        text = _("The batch's signature is not valid.")
        found.fail("batch-signature", text, member=BATCH_SIGNATURE)
        return None


def _batch(
    archive: zipfile.ZipFile,
    proof: dict[str, Any],
    batch: dict[str, Any],
    checked: CheckedSignature | None,
    trust: TrustStore,
    found: Findings,
) -> BatchReport:
    signed_at = datetime.fromisoformat(batch["signed_at"])
    stamped_at, trusted = None, False
    if checked is not None:
        stamped_at = _stamped_at(archive, proof, trust, found)
        trusted = trusted_by(certificates=checked.certificates, trust=trust, at=stamped_at or signed_at)
        if not trusted:
            text = _("Nobody you trust vouches for the key that signed the batch.")
            found.doubt("batch-untrusted", text, member=BATCH_SIGNATURE)
    signer, fingerprint = signer_of(checked)
    return BatchReport(
        batch=str(batch["batch"]),
        signed_at=signed_at.isoformat(),
        stamped_at=stamped_at.isoformat() if stamped_at else None,
        signed=checked is not None,
        trusted=trusted,
        signer=signer,
        fingerprint=fingerprint,
    )


def _stamped_at(
    archive: zipfile.ZipFile, proof: dict[str, Any], trust: TrustStore, found: Findings
) -> datetime | None:
    if proof["stamp"] is None:
        text = _("No timestamp: when it was signed is what the gateway's own clock said.")
        found.note("stamp-missing", text)
        return None
    stamp = _stamp(archive, proof["stamp"], found)
    if stamp is None:
        return None
    if not stamp.is_trusted_by(trust):
        found.note("stamp-untrusted", _("The timestamp comes from a server that you do not trust."))
        return None
    return stamp.stamped_at


def _stamp(archive: zipfile.ZipFile, told: dict[str, Any], found: Findings) -> CheckedStamp | None:
    signed = read_json(archive, STAMP)
    leaf = leaf_hash(_bare_signature(read_member(archive, BATCH_SIGNATURE)))
    if not _Place.of(told).leads_to(bytes.fromhex(signed["root"]), leaf, count=int(signed["count"])):
        text = _("The batch's signature does not lead to the root that was timestamped.")
        found.fail("stamp-changed", text, member=STAMP)
        return None
    try:
        return verify_timestamp(data=read_member(archive, STAMP), token=read_member(archive, STAMP_TOKEN))
    except WrongSignature as error:
        found.fail("stamp-signature", str(error), member=STAMP_TOKEN)
        return None


def _bare_signature(content: bytes) -> bytes:
    signer = asn1_cms.ContentInfo.load(content)["content"]["signer_infos"][0]
    return bytes(signer["signature"].native)


def _check_container(
    container: CheckedSignature | None, report: BatchReport, trust: TrustStore, found: Findings
) -> None:
    """Whoever packed the container vouches for nothing more than the batch's signature does: a note suffices."""
    if container is None:
        return
    stamped = container.stamped_at if stamp_trusted_by(checked=container, trust=trust) else None
    moment = stamped or datetime.fromisoformat(report.signed_at)
    if not trusted_by(certificates=container.certificates, trust=trust, at=moment):
        text = _("Nobody you trust vouches for the key that signed the bundle itself.")
        found.note("container-signer", text)

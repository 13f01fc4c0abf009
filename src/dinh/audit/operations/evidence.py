"""Evidence bundles: a record's documents and trace with all that proves them."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import models

from dinh.audit.api import ProvedPlace, ProvedRecord
from dinh.audit.canonical import canonical_json, entry_content, seal_content
from dinh.audit.evidence.layout import (
    BATCH,
    BATCH_CERTIFICATE,
    BATCH_SIGNATURE,
    CERTIFICATE,
    DOCUMENTS,
    FIELDS,
    PEER_CERTIFICATE,
    PROOF,
    README,
    README_TEXT,
    RECORD,
    RECORD_README_TEXT,
    SEALS,
    STAMP,
    STAMP_TOKEN,
    TRACE,
    VERSION,
    signature_name,
)
from dinh.audit.evidence.records import VERSION as RECORD_VERSION
from dinh.audit.keys import sealing_signer
from dinh.audit.operations.sealing import seal_all
from dinh.audit.queries.proofs import Proof, proofs_of, seals_with_links
from dinh.pki.api import HttpTimestampClient, Member, load_certificates, write_asice_to

_IN_MEMORY = 4 * 1024 * 1024


def make_evidence_bundle(
    *, targets: Sequence[models.Model], documents: Mapping[str, Member], at: datetime
) -> BinaryIO:
    """
    A signed container (ASiC-E) with documents, trace, Merkle proofs, seals and their signatures, in a temporary file.

    Seals what waits first, and asks the timestamp server: never call it inside a transaction.
    """
    seal_all(at=at)
    proofs = proofs_of(targets)
    covering = {proof.seal for proof in proofs if proof.seal is not None}
    seals = seals_with_links(covering)
    versions = {seal.number: seal.version for seal in seals}
    title = ", ".join(f"{target._meta.label_lower}:{target.pk}" for target in targets)
    signer = sealing_signer()
    members: dict[str, Member] = {
        README: _readme(title, at, signer.certificates[0]).encode(),
        TRACE: canonical_json(
            {"version": VERSION, "target": title, "entries": [_written(p, versions) for p in proofs]}
        ),
        SEALS: canonical_json({"version": VERSION, "seals": [seal_content(seal) for seal in seals]}),
        CERTIFICATE: _pem(signer.certificates),
    }
    for seal in seals:
        if seal.number in covering and seal.signature is not None:
            members[signature_name(seal.number)] = bytes(seal.signature)
    members |= {f"{DOCUMENTS}{name}": content for name, content in documents.items()}
    return _container(members)


def make_record_bundle(*, record: ProvedRecord, at: datetime) -> BinaryIO:
    """
    A signed container (ASiC-E) with one record, its way to its signed batch, signature and timestamp.

    May ask the timestamp server: never call it inside a transaction.
    """
    place, stamp = record.place, record.stamp
    proof = {
        "version": RECORD_VERSION,
        "kind": record.kind,
        **_written_place(place),
        "stamp": _written_place(stamp.place) if stamp else None,
    }
    certificate = load_certificates(record.certificates)[0].public_bytes(Encoding.DER)
    readme = RECORD_README_TEXT.format(
        target=f"{record.kind}:{record.fields[0][1]}",
        made_at=at.astimezone(UTC).isoformat(timespec="seconds"),
        fingerprint=hashlib.sha256(certificate).hexdigest(),
    )
    members: dict[str, Member] = {
        README: readme.encode(),
        RECORD: "\t".join(value for _name, value in record.fields).encode(),
        FIELDS: canonical_json({"fields": [list(pair) for pair in record.fields]}),
        PROOF: canonical_json(proof),
        BATCH: record.statement,
        BATCH_SIGNATURE: record.signature,
        BATCH_CERTIFICATE: record.certificates,
    }
    if record.peer_certificate:
        members[PEER_CERTIFICATE] = record.peer_certificate
    if stamp:
        members |= {STAMP: stamp.statement, STAMP_TOKEN: stamp.token}
    return _container(members)


def _written_place(place: ProvedPlace) -> dict[str, object]:
    return {"position": place.position, "path": [sibling.hex() for sibling in place.path]}


def _container(members: Mapping[str, Member]) -> BinaryIO:
    client = HttpTimestampClient(settings.TIMESTAMP_URL) if settings.TIMESTAMP_URL else None
    bundle = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 the caller closes it
    write_asice_to(target=bundle, members=members, signer=sealing_signer(), timestamp=client)
    bundle.seek(0)
    return bundle


def _readme(title: str, at: datetime, certificate: bytes) -> str:
    return README_TEXT.format(
        target=title,
        made_at=at.astimezone(UTC).isoformat(timespec="seconds"),
        fingerprint=hashlib.sha256(certificate).hexdigest(),
    )


def _written(proof: Proof, versions: Mapping[int, int]) -> dict[str, object]:
    version = VERSION if proof.seal is None else versions[proof.seal]
    return {
        "entry": entry_content(proof.entry, version=version),
        "seal": proof.seal,
        "position": proof.position,
        "path": [sibling.hex() for sibling in proof.path],
    }


def _pem(certificates: Sequence[bytes]) -> bytes:
    loaded = (load_certificates(item)[0] for item in certificates)
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in loaded)

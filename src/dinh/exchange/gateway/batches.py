"""
Batches of the log: what was written together has one Merkle root (RFC 6962, 2.1), and the gateway's key signs it.

A leaf is a line of the log as it was written. The signature is that of a CMS over the batch's statement, a small JSON
file, so that any program that knows CMS can check it; only the bare signature is kept, the rest follows from it.
"""

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.records import new_id
from dinh.pki.cms import assemble, signed_attributes

MARK: Final = b"batch\t"
"""How the record of a batch begins; lines of exchanges begin with an id."""
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What is signed of the lines before it.

    :param signed_us: when, microseconds since 1970
    :param certificate: SHA-256 of the signer's certificate, hex
    :param signature: over the CMS attributes: ECDSA (DER) or RSA PKCS#1 v1.5, SHA-256
    """

    id: str
    signed_us: int
    count: int
    root: bytes
    certificate: str
    signature: bytes

    def record(self) -> bytes:
        """As it stands in a segment, after its lines."""
        signature = base64.b64encode(self.signature).decode()
        return (
            MARK
            + "\t".join(
                (self.id, str(self.signed_us), str(self.count), self.root.hex(), self.certificate, signature)
            ).encode()
        )

    @classmethod
    def read(cls, record: bytes) -> "Batch":
        identity, moment, count, root, certificate, signature = record.decode().split("\t")[1:]
        return cls(
            identity, int(moment), int(count), bytes.fromhex(root), certificate, base64.b64decode(signature)
        )


def statement(*, batch_id: str, gateway: str, signed_at: datetime, count: int, root: bytes) -> bytes:
    """The file that is signed for a batch: JSON with sorted keys, no white space, UTF-8."""
    content = {
        "version": VERSION,
        "batch": batch_id,
        "gateway": gateway,
        "signed_at": signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "count": count,
        "root": root.hex(),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def stamp_statement(*, count: int, root: bytes) -> bytes:
    """The file that is timestamped for many batches together, written as `statement` is."""
    content = {"version": VERSION, "count": count, "root": root.hex()}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def moment_of(microseconds: int) -> datetime:
    whole, part = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=part)


class BatchSigner:
    """Signs batches; called by the log's own thread, never by the loop's."""

    def __init__(self, identity: Identity, *, gateway: str) -> None:
        self.identity, self.gateway = identity, gateway

    def seal(self, lines: Sequence[bytes]) -> bytes:
        """The record that follows these lines."""
        root = tree_hash([leaf_hash(line) for line in lines])
        batch_id, now_us = new_id(), time.time_ns() // 1000
        signed = statement(
            batch_id=batch_id, gateway=self.gateway, signed_at=moment_of(now_us), count=len(lines), root=root
        )
        signature = self.identity.signer.sign(_attributes(self.identity.signer.certificates[0], signed))
        batch = Batch(batch_id, now_us, len(lines), root, self.identity.fingerprint, signature)
        return batch.record()


def cms_of(*, signed: bytes, signature: bytes, certificates: Sequence[bytes]) -> bytes:
    """
    The detached CMS over a statement, from what the log kept.

    :param certificates: DER, the signer's first
    """
    attributes = _attributes(certificates[0], signed)
    return assemble(certificates=certificates, attributes=attributes, signature=signature)


def _attributes(certificate: bytes, signed: bytes) -> bytes:
    return signed_attributes(certificate=certificate, digest=hashlib.sha256(signed).digest())

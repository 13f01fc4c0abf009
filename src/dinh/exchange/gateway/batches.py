"""
Batches of the log: what was written together has one Merkle root (RFC 6962, 2.1), and the gateway's key signs it.

Batches of a gateway form a chain: each names the root of the one before and its own number in the chain, so that none
can be left out, changed or put between without a trace. A gateway whose folder was lost begins a new chain.

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

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.records import new_id
from dinh.pki.cms import assemble, signed_attributes

MARK: Final = b"batch\t"
"""How the record of a batch begins; lines of exchanges begin with an id."""
VERSION: Final = 2
UNCHAINED: Final = 1
"""Version of the statements of earlier releases, which named no batch before."""


@dataclass(frozen=True, slots=True)
class Link:
    """
    A batch's place in its gateway's chain.

    :param number: from 1 on
    :param previous: root of the batch before; empty for the first
    """

    chain: str
    number: int
    previous: bytes

    def next(self, root: bytes) -> "Link":
        return Link(self.chain, self.number + 1, root)


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What is signed of the lines before it.

    :param signed_us: when, microseconds since 1970
    :param link: None in batches of earlier releases
    :param certificate: SHA-256 of the signer's certificate, hex
    :param signature: over the CMS attributes: ECDSA (DER) or RSA PKCS#1 v1.5, SHA-256
    """

    id: str
    signed_us: int
    count: int
    root: bytes
    certificate: str
    signature: bytes
    link: Link | None

    def record(self) -> bytes:
        """As it stands in a segment, after its lines."""
        signature = base64.b64encode(self.signature).decode()
        return (
            MARK
            + "\t".join(
                (
                    self.id,
                    str(self.signed_us),
                    str(self.count),
                    self.root.hex(),
                    self.certificate,
                    signature,
                    *self._written_link(),
                )
            ).encode()
        )

    def _written_link(self) -> tuple[str, ...]:
        link = self.link
        return (link.chain, str(link.number), link.previous.hex()) if link else ()

    @classmethod
    def read(cls, record: bytes) -> "Batch":
        identity, moment, count, root, certificate, signature, *link = record.decode().split("\t")[1:]
        return cls(
            identity, int(moment), int(count), bytes.fromhex(root), certificate, base64.b64decode(signature),
            Link(link[0], int(link[1]), bytes.fromhex(link[2])) if link else None,
        )  # fmt: skip


def statement(
    *, batch_id: str, gateway: str, signed_at: datetime, count: int, root: bytes, link: Link | None
) -> bytes:
    """The file that is signed for a batch: JSON with sorted keys, no white space, UTF-8."""
    content = {
        "version": VERSION if link else UNCHAINED,
        "batch": batch_id,
        "gateway": gateway,
        "signed_at": signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "count": count,
        "root": root.hex(),
    }
    if link:
        content |= {"chain": link.chain, "number": link.number, "previous": link.previous.hex()}
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def stamp_statement(*, count: int, root: bytes) -> bytes:
    """The file that is timestamped for many batches together, written as `statement` is."""
    content = {"version": UNCHAINED, "count": count, "root": root.hex()}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def moment_of(microseconds: int) -> datetime:
    whole, part = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=part)


class BatchSigner:
    """
    Signs batches; the keeper's work, never the loop's.

    :param link: of the next batch; None begins a chain
    """

    def __init__(self, identity: Identity, *, gateway: str, link: Link | None = None) -> None:
        self.identity, self.gateway = identity, gateway
        self._link = link or Link(new_id(), 1, b"")
        self._next = self._link

    def seal(self, lines: Sequence[bytes], *, now_us: int = 0) -> bytes:
        """The record that follows these lines; signed now, or at that moment (microseconds since 1970)."""
        root = tree_hash([leaf_hash(line) for line in lines])
        batch_id, now_us, link = new_id(), now_us or time.time_ns() // 1000, self._link
        signed = statement(
            batch_id=batch_id, gateway=self.gateway, signed_at=moment_of(now_us), count=len(lines), root=root,
            link=link,
        )  # fmt: skip
        signature = self.identity.signer.sign(_attributes(self.identity.signer.certificates[0], signed))
        self._next = link.next(root)
        return Batch(batch_id, now_us, len(lines), root, self.identity.fingerprint, signature, link).record()

    def kept(self) -> None:
        """What was sealed last is on disk: the next batch follows it."""
        self._link = self._next


def cms_of(*, signed: bytes, signature: bytes, certificates: Sequence[bytes]) -> bytes:
    """
    The detached CMS over a statement, from what the log kept.

    :param certificates: DER, the signer's first
    """
    attributes = _attributes(certificates[0], signed)
    return assemble(certificates=certificates, attributes=attributes, signature=signature)


def _attributes(certificate: bytes, signed: bytes) -> bytes:
    return signed_attributes(certificate=certificate, digest=hashlib.sha256(signed).digest())


def is_signed(*, certificate: x509.Certificate, signed: bytes, signature: bytes) -> bool:
    """Whether a batch's signature is of this certificate's key over this statement; quicker than by its CMS."""
    key = certificate.public_key()
    attributes = _attributes(certificate.public_bytes(Encoding.DER), signed)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, attributes, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True

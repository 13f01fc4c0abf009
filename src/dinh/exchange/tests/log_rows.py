"""Exchanges in the log with the batch that a gateway would have signed for them."""

import uuid
from dataclasses import dataclass

from dinh.exchange.gateway.batches import Batch as Sealed
from dinh.exchange.gateway.batches import BatchSigner, moment_of
from dinh.exchange.gateway.identity import Identity, load_identity, make_identity
from dinh.exchange.gateway.records import line_of
from dinh.exchange.gateway.shipper import _batch_row
from dinh.exchange.models import Batch, Exchange, GatewayCertificate

FIELDS = {
    "gateway": "g", "front": "xroad", "duration_us": 900, "upstream_us": 700, "service": "kho",
    "version": "1.0", "operation": "GET /small", "grant_id": 7, "method": "GET", "path": "/small",
    "message_id": "m-1", "user_id": "VN012", "issue": "HS-1", "status": 200, "outcome": "delivered", "reason": "",
    "request_bytes": 0, "response_bytes": 3, "request_sha256": "e3b0", "response_sha256": "ba78",
    "peer_key": "", "peer_proof": "",
    "started_at": moment_of(1790000000123456),
}  # fmt: skip


def make_exchange(**more: object) -> Exchange:
    """One exchange without a batch."""
    return Exchange.objects.create(
        **{**FIELDS, "client": "VN/GOV/H03.1/A", "provider": "VN/GOV/H03.2/B", **more}
    )


@dataclass
class SignedLog:
    identity: Identity
    exchanges: list[Exchange]


def signed_log(folder, *, client: str, provider: str, count: int = 3) -> SignedLog:
    make_identity(folder / "key.pem", folder / "certificate.pem", name="Cổng thử")
    identity = load_identity(folder / "key.pem", folder / "certificate.pem")
    rows = [
        Exchange(id=uuid.uuid4(), client=client, provider=provider, leaf_index=index, **FIELDS)
        for index in range(count)
    ]
    lines = [line_of(vars(row)) for row in rows]
    sealed = Sealed.read(BatchSigner(identity, gateway="g").seal(lines))
    names = ("id", "gateway", "signed_at", "root", "leaves", "certificate", "signature")
    Batch.objects.create(**dict(zip(names, _batch_row(lines, sealed, "g"), strict=True)))
    GatewayCertificate.objects.create(
        fingerprint=identity.fingerprint, gateway="g", chain=identity.pem, first_seen_at=FIELDS["started_at"]
    )
    for row in rows:
        row.batch_id = uuid.UUID(sealed.id)
    return SignedLog(identity, Exchange.objects.bulk_create(rows))

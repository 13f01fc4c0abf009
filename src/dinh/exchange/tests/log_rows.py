"""Exchanges in the log with the batch that a gateway would have signed for them."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.batches import Batch as Sealed
from dinh.exchange.gateway.batches import BatchSigner, moment_of, stamp_statement
from dinh.exchange.gateway.identity import Identity, load_identity, make_identity
from dinh.exchange.gateway.records import line_of
from dinh.exchange.gateway.shipment import _batch_row
from dinh.exchange.gateway.totals import adding, by_minute
from dinh.exchange.models import Batch, BatchStamp, Exchange, GatewayCertificate
from dinh.exchange.tests.running import eventually
from dinh.pki.tests.authority import Authority

FIELDS = {
    "gateway": "g", "front": "xroad", "duration_us": 900, "upstream_us": 700, "service": "kho",
    "version": "1.0", "operation": "GET /small", "grant_id": 7, "method": "GET", "path": "/small",
    "message_id": "m-1", "user_id": "VN012", "issue": "HS-1", "status": 200, "outcome": "delivered", "reason": "",
    "request_bytes": 0, "response_bytes": 3, "request_sha256": "e3b0", "response_sha256": "ba78",
    "peer_key": "", "peer_proof": "",
    "started_at": moment_of(1790000000123456),
}  # fmt: skip

_NAMES = (
    "id",
    "gateway",
    "signed_at",
    "root",
    "leaves",
    "certificate",
    "signature",
    "chain",
    "number",
    "previous",
)


def sum_up() -> None:
    """What the shipper sums up when it takes exchanges in."""
    with connection.cursor() as cursor:
        cursor.execute(adding(f"({by_minute('exchange_exchange')}) AS ended"), [])


def make_exchange(**more: object) -> Exchange:
    """One exchange without a batch."""
    return Exchange.objects.create(
        **{**FIELDS, "client": "VN/GOV/H03.1/A", "provider": "VN/GOV/H03.2/B", **more}
    )


@dataclass
class SignedLog:
    identity: Identity
    exchanges: list[Exchange]


def signed_log(folder, *, client: str, provider: str, count: int = 3, **more: object) -> SignedLog:
    make_identity(folder / "key.pem", folder / "certificate.pem", name="Cổng thử")
    identity = load_identity(folder / "key.pem", folder / "certificate.pem")
    rows = [
        Exchange(id=uuid.uuid4(), client=client, provider=provider, leaf_index=index, **{**FIELDS, **more})
        for index in range(count)
    ]
    lines = [line_of(vars(row)) for row in rows]
    sealed = Sealed.read(BatchSigner(identity, gateway="g").seal(lines))
    Batch.objects.create(**dict(zip(_NAMES, _batch_row(lines, sealed, "g"), strict=True)))
    GatewayCertificate.objects.create(
        fingerprint=identity.fingerprint, gateway="g", chain=identity.pem, first_seen_at=FIELDS["started_at"]
    )
    for row in rows:
        row.batch_id = uuid.UUID(sealed.id)
    return SignedLog(identity, Exchange.objects.bulk_create(rows))


@dataclass
class ChainedLog:
    """:param batches: ids in the order of the chain"""

    identity: Identity
    batches: list[uuid.UUID]

    def batch(self, index):
        return Batch.objects.filter(pk=self.batches[index])

    def rows(self, index):
        return Exchange.objects.filter(batch_id=self.batches[index]).order_by("leaf_index")

    def add(self, index):
        row = self.rows(index)[0]
        row.pk, row.leaf_index = uuid.uuid4(), 3
        row.save(force_insert=True)

    def remove(self, index):
        self.rows(index).delete()
        self.batch(index).delete()

    def forge(self, index):
        """A row changed, and its batch made to fit, but for the signature."""
        self.rows(index).filter(leaf_index=0).update(status=500)
        leaves = [leaf_hash(line_of(vars(row))) for row in self.rows(index)]
        self.batch(index).update(leaves=b"".join(leaves), root=tree_hash(leaves))

    def swap(self, one, two):
        first, second = self.batch(one).get(), self.batch(two).get()
        names = ("number", "previous")
        mine, others = ({name: getattr(row, name) for name in names} for row in (first, second))
        self.batch(one).update(**others)
        self.batch(two).update(**mine)


def chained_log(
    folder, *, batches: int, lines: int = 3, since=FIELDS["started_at"], every=timedelta(0), **more: object
) -> ChainedLog:
    """Batches of one gateway, each of so many exchanges that began so long after those of the one before."""
    make_identity(
        folder / "key.pem", folder / "certificate.pem", name="Cổng thử", since=since - timedelta(days=1)
    )
    identity = load_identity(folder / "key.pem", folder / "certificate.pem")
    signer, made = BatchSigner(identity, gateway="g"), []
    GatewayCertificate.objects.create(
        fingerprint=identity.fingerprint, gateway="g", chain=identity.pem, first_seen_at=FIELDS["started_at"]
    )
    for number in range(batches):
        at = since + every * number
        rows = [_row(at, index, **more) for index in range(lines)]
        written = [line_of(vars(row)) for row in rows]
        sealed = Sealed.read(signer.seal(written, now_us=int(at.timestamp() * 1e6)))
        signer.kept()
        Batch.objects.create(**dict(zip(_NAMES, _batch_row(written, sealed, "g"), strict=True)))
        for row in rows:
            row.batch_id = uuid.UUID(sealed.id)
        Exchange.objects.bulk_create(rows)
        made.append(uuid.UUID(sealed.id))
    return ChainedLog(identity, made)


def _row(at, index, **more) -> Exchange:
    given = FIELDS | {"started_at": at} | more
    pk = uuid.UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | secrets.randbits(60))
    return Exchange(id=pk, client="VN/GOV/A/A", provider="VN/GOV/B/B", leaf_index=index, **given)


def stamp_all(log: ChainedLog) -> BatchStamp:
    """All batches under one timestamp."""
    signatures = [bytes(Batch.objects.get(pk=pk).signature) for pk in log.batches]
    leaves = [leaf_hash(signature) for signature in signatures]
    root = tree_hash(leaves)
    signed = stamp_statement(count=len(leaves), root=root)
    token = Authority().stamper(FIELDS["started_at"]).stamp(hashlib.sha256(signed).digest())
    made = BatchStamp.objects.create(
        stamped_at=FIELDS["started_at"], root=root, leaves=b"".join(leaves), token=token
    )
    for position, pk in enumerate(log.batches):
        Batch.objects.filter(pk=pk).update(stamp=made, stamp_position=position)
    return made


def row_of(answer):
    """What the log has of an answer."""
    found = eventually(lambda: Exchange.objects.filter(pk=answer.headers["x-exchange-id"]).count(), 1)
    assert found == 1
    return Exchange.objects.get(pk=answer.headers["x-exchange-id"])

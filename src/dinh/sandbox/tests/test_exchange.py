"""Timestamps over the batches of the exchange's log, from the sandbox's server."""

import hashlib
import uuid
from datetime import UTC, datetime

import pytest

from dinh.audit.merkle import inclusion_path, leaf_hash, root_from_path
from dinh.exchange.gateway.batches import stamp_statement
from dinh.exchange.models import Batch
from dinh.exchange.operations.stamping import stamp_batches
from dinh.exchange.tasks import stamp_what_was_signed
from dinh.pki.api import TimestampUnavailable, TrustStore, WrongSignature, verify_timestamp
from dinh.sandbox.faults import Mode

NOON = datetime(2026, 9, 1, 5, tzinfo=UTC)


def make_batches(count):
    rows = [
        Batch(
            id=uuid.UUID(int=number + 1), gateway="g", signed_at=NOON, root=b"", leaves=b"", certificate="",
            signature=hashlib.sha256(b"%d" % number).digest(),
        )
        for number in range(count)
    ]  # fmt: skip
    Batch.objects.bulk_create(rows)


@pytest.mark.django_db
def test_one_timestamp_proves_many_signatures(people, sandbox):
    make_batches(7)

    assert stamp_batches() == 7
    assert stamp_batches() == 0

    rows = Batch.objects.select_related("stamp")
    (stamp,) = {row.stamp for row in rows}
    data = bytes(stamp.leaves)
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    for row in rows:
        path = inclusion_path(leaves, row.stamp_position)
        leaf = leaf_hash(bytes(row.signature))
        assert root_from_path(leaf, path, position=row.stamp_position, count=7) == bytes(stamp.root)
    signed = stamp_statement(count=7, root=bytes(stamp.root))
    checked = verify_timestamp(data=signed, token=bytes(stamp.token))
    trust = TrustStore.of(anchors=[(sandbox.folder / "root.pem").read_bytes()])
    assert (checked.stamped_at, checked.is_trusted_by(trust)) == (stamp.stamped_at, True)
    assert not checked.is_trusted_by(TrustStore(()))
    with pytest.raises(WrongSignature):
        verify_timestamp(data=signed + b" ", token=bytes(stamp.token))


@pytest.mark.django_db
@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.GARBAGE, Mode.WRONG_SIGNATURE, Mode.STALE])
def test_without_a_good_timestamp_batches_wait_for_the_next_time(people, sandbox, mode):
    make_batches(2)
    sandbox.faults.set("tsa", mode, count=2)

    with pytest.raises(TimestampUnavailable):
        stamp_batches()
    stamp_what_was_signed(timestamp=0)
    assert Batch.objects.filter(stamp=None).count() == 2
    stamp_what_was_signed(timestamp=0)

    assert Batch.objects.filter(stamp=None).count() == 0


@pytest.mark.django_db
def test_without_a_server_nothing_is_stamped(settings):
    settings.TIMESTAMP_URL = ""
    make_batches(1)

    assert stamp_batches() == 0
    assert Batch.objects.filter(stamp=None).count() == 1

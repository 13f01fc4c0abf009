"""Timestamps (RFC 3161) over the signed batches of the exchange's log, many at a time."""

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.batches import stamp_statement
from dinh.exchange.models import Batch, BatchStamp
from dinh.exchange.operations.expiry import keepers
from dinh.kernel.text import moment_told
from dinh.notify.api import notify
from dinh.pki.api import HttpTimestampClient, TimestampClient, verify_timestamp

MOST: Final = 20_000
UNSTAMPED_AT_MOST: Final = timedelta(minutes=30)
_PLACE: Final = """
UPDATE exchange_batch SET stamp_id = %s, stamp_position = told.position
FROM unnest(%s::uuid[], %s::integer[]) AS told (id, position)
WHERE exchange_batch.id = told.id
"""
_Waiting = list[tuple[UUID, bytes]]
"""Batches without a timestamp, by id, with their signatures."""


def stamp_batches() -> int:
    """
    Put all batches that wait under timestamps, the oldest first. Never call it inside a transaction.

    Batches are signed at once and stamped when the server answers; nothing waits for the server. Safe to repeat, and
    beside another one that does the same.

    :returns: how many were stamped; 0 without a server (DINH_TIMESTAMP_URL)
    :raises TimestampUnavailable: if the server does not answer; what was stamped before stays
    """
    if not settings.TIMESTAMP_URL:
        return 0
    client, stamped = HttpTimestampClient(settings.TIMESTAMP_URL), 0
    while waiting := _waiting():
        stamped += _stamp(waiting, client)
    return stamped


def warn_of_missing_stamps(*, at: datetime) -> bool:
    """
    Tell the platform's keepers if signatures of the log wait for a timestamp for longer than half an hour, at most once
    an hour; after a try to stamp them, so that what was shipped late is no reason. Safe to repeat.

    :returns: whether some do; never without a server (DINH_TIMESTAMP_URL)
    """
    oldest = Batch.objects.filter(stamp=None).order_by("id").first() if settings.TIMESTAMP_URL else None
    if oldest is None or oldest.signed_at > at - UNSTAMPED_AT_MOST:
        return False
    text = _(
        "Signatures of the log have no timestamps since %(moment)s: the timestamp server does not answer as it should "
        "(DINH_TIMESTAMP_URL). The log goes on; they are stamped once it does."
    )
    today = timezone.localdate(at)
    notify(
        appointment_ids=[each.pk for each in keepers() if each.is_current(today)],
        kind="exchange.stamps",
        text=text % {"moment": moment_told(oldest.signed_at)},
        url=reverse("exchange:dashboard"),
        at=at,
        dedupe_key=f"exchange.stamps:{at:%Y%m%d%H}",
    )
    return True


def _waiting() -> _Waiting:
    rows = Batch.objects.filter(stamp=None).order_by("id").values_list("id", "signature")[:MOST]
    return [(each, bytes(signature)) for each, signature in rows]


def _stamp(waiting: _Waiting, client: TimestampClient) -> int:
    """How many were stamped: none, if another one has stamped some of them meanwhile."""
    leaves = [leaf_hash(signature) for _id, signature in waiting]
    root = tree_hash(leaves)
    signed = stamp_statement(count=len(leaves), root=root)
    token = client.stamp(hashlib.sha256(signed).digest())
    stamped_at = verify_timestamp(data=signed, token=token).stamped_at
    stamp = BatchStamp(stamped_at=stamped_at, root=root, leaves=b"".join(leaves), token=token)
    return len(waiting) if _keep(stamp, [each for each, _signature in waiting]) else 0


@transaction.atomic
def _keep(stamp: BatchStamp, batches: list[UUID]) -> bool:
    """
    All of a timestamp's batches or none: one that has fewer batches than it was made about says that some were cut off.
    """
    free = Batch.objects.select_for_update(no_key=True).filter(pk__in=batches, stamp=None).order_by("id")
    if len(free.values_list("pk")) < len(batches):
        return False
    stamp.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [stamp.pk, batches, list(range(len(batches)))])
    return True

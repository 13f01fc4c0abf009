"""The sealer: builds a tree over what committed, chains its root, signs it."""

from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection, models, transaction

from dinh.audit.canonical import VERSION, entry_bytes, seal_content, seal_digest
from dinh.audit.heads import note_heads, noted_otherwise
from dinh.audit.keys import sealing_signer
from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.audit.queries.horizon import BeyondAllTransactions, sealable_below
from dinh.pki.api import (
    HttpTimestampClient,
    TimestampUnavailable,
    add_timestamp,
    sign_detached,
    verify_detached,
)

_SEALER_LOCK = 0x0D1A4A17
BATCH = 20_000
log = structlog.stdlib.get_logger("dinh.audit")


@transaction.atomic
def seal_entries(*, at: datetime) -> Seal | None:
    """
    Seal the entries of all transactions that ended since the seal before; None if there are none.

    Entries carry the number of their transaction: whatever stands below the oldest transaction still
    running has ended, so no entry can appear behind the seal, and no writer ever waits for the sealer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return None
    horizon = sealable_below()
    last = Seal.objects.order_by("-number").first()
    entries, horizon = _unsealed(last, horizon)
    return _write_seal(entries, last, horizon, at) if entries else None


def sign_seals() -> int:
    """
    Note digests of seals that have no signature yet beside the database, and sign them, outside any transaction.

    A seal that was noted with another digest before was tampered with: it is never signed again, and `dinh audit
    verify` names it.

    :returns: how many were signed
    """
    signer = sealing_signer()
    unsigned = list(Seal.objects.filter(signature=None).order_by("-number")[:100])
    rewritten = noted_otherwise(unsigned)
    if rewritten:
        log.error("seals were rewritten and are not signed", seals=sorted(rewritten))
    waiting = [seal for seal in reversed(unsigned) if seal.number not in rewritten]
    note_heads(waiting)
    for seal in waiting:
        signature = sign_detached(data=bytes(seal.digest), signer=signer)
        Seal.objects.filter(pk=seal.pk, signature=None).update(signature=signature)
    return len(waiting)


def stamp_seals() -> int:
    """
    Add timestamps to signed seals that have none, the oldest first, outside any transaction.

    A seal is signed at once and stamped when the server answers; nothing waits for the server.

    :returns: how many were stamped; 0 without a server (DINH_TIMESTAMP_URL) or while it is silent
    """
    if not settings.TIMESTAMP_URL:
        return 0
    client = HttpTimestampClient(settings.TIMESTAMP_URL)
    signed = Seal.objects.filter(stamped_at=None).exclude(signature=None)
    waiting = list(signed.order_by("number")[:100])
    for stamped, seal in enumerate(waiting):
        try:
            signature = add_timestamp(content=bytes(seal.signature or b""), timestamp=client)
        except TimestampUnavailable:
            return stamped
        checked = verify_detached(data=bytes(seal.digest), content=signature)
        Seal.objects.filter(pk=seal.pk).update(signature=signature, stamped_at=checked.stamped_at)
    return len(waiting)


def seal_all(*, at: datetime) -> None:
    """Seal and sign until nothing waits."""
    while seal_entries(at=at):
        pass
    while sign_seals():
        pass


def _unsealed(last: Seal | None, horizon: int) -> tuple[list[Entry], int]:
    # Also of a database that was restored once: its numbers come by those of entries sealed long ago.
    ended = Entry.objects.filter(transaction_id__lt=horizon, leaf=None)
    if last is not None and last.horizon <= horizon:
        ended = ended.filter(transaction_id__gte=last.horizon)
    elif last is not None:
        # A restored database counts transactions anew: go by the entries not sealed yet, of its earlier life too.
        earlier = models.Q(transaction_id__gte=BeyondAllTransactions())
        ended = Entry.objects.filter(models.Q(transaction_id__lt=horizon) | earlier, leaf=None)
    entries = list(ended.order_by("transaction_id", "id")[: BATCH + 1])
    if len(entries) <= BATCH:
        return entries, horizon
    cut = entries[BATCH].transaction_id
    if cut > horizon:
        return list(ended.order_by("transaction_id", "id")), horizon
    whole = [entry for entry in entries if entry.transaction_id < cut]
    return (whole, cut) if whole else (list(ended.filter(transaction_id=cut).order_by("id")), cut + 1)


def _write_seal(entries: list[Entry], last: Seal | None, horizon: int, at: datetime) -> Seal:
    digests = [leaf_hash(entry_bytes(entry)) for entry in entries]
    root = tree_hash(digests)
    number = last.number + 1 if last else 1
    previous = bytes(last.digest) if last else b""
    seal = Seal(
        number=number,
        version=VERSION,
        sealed_at=at,
        entry_count=len(entries),
        horizon=horizon,
        root=root,
        previous=previous,
    )
    seal.digest = seal_digest(seal_content(seal))
    seal.save(force_insert=True)
    Leaf.objects.bulk_create(
        (
            Leaf(entry=entry, seal=seal, position=position, digest=digest)
            for position, (entry, digest) in enumerate(zip(entries, digests, strict=True))
        ),
        batch_size=5_000,
    )
    return seal

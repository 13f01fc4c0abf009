"""The sealer: builds a tree over what committed, chains its root, signs it."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from dinh.audit.canonical import entry_bytes, seal_digest
from dinh.audit.keys import sealing_signer
from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.pki.api import sign_detached

_SEALER_LOCK = 0x0D1A4A17
BATCH = 20_000


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
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon = cursor.fetchone()[0]
    last = Seal.objects.order_by("-number").first()
    entries, horizon = _unsealed(last, horizon)
    return _write_seal(entries, last, horizon, at) if entries else None


def sign_seals() -> int:
    """
    Sign seals that have no signature yet, outside any transaction, and note their digests beside the database.

    :returns: how many were signed
    """
    signer = sealing_signer()
    unsigned = list(Seal.objects.filter(signature=None)[:100])
    for seal in unsigned:
        signature = sign_detached(data=bytes(seal.digest), signer=signer)
        Seal.objects.filter(pk=seal.pk, signature=None).update(signature=signature)
    _note_heads(unsigned)
    return len(unsigned)


def heads_file() -> Path:
    """Seals' numbers and digests outside the database, so that a cut-off end of the chain shows."""
    return Path(settings.DATA_DIR) / "audit" / "heads.txt"


def _unsealed(last: Seal | None, horizon: int) -> tuple[list[Entry], int]:
    ended = Entry.objects.filter(transaction_id__lt=horizon)
    if last is not None and last.horizon <= horizon:
        ended = ended.filter(transaction_id__gte=last.horizon)
    elif last is not None:
        # A restored database counts transactions anew: go by the entries not sealed yet.
        ended = ended.filter(leaf=None)
    entries = list(ended.order_by("transaction_id", "id")[: BATCH + 1])
    if len(entries) <= BATCH:
        return entries, horizon
    cut = entries[BATCH].transaction_id
    whole = [entry for entry in entries if entry.transaction_id < cut]
    return (whole, cut) if whole else (list(ended.filter(transaction_id=cut).order_by("id")), cut + 1)


def _write_seal(entries: list[Entry], last: Seal | None, horizon: int, at: datetime) -> Seal:
    digests = [leaf_hash(entry_bytes(entry)) for entry in entries]
    root = tree_hash(digests)
    number = last.number + 1 if last else 1
    previous = bytes(last.digest) if last else b""
    seal = Seal.objects.create(
        number=number,
        sealed_at=at,
        entry_count=len(entries),
        horizon=horizon,
        root=root,
        previous=previous,
        digest=seal_digest(
            number=number, sealed_at=at, entry_count=len(entries), root=root, previous=previous
        ),
    )
    Leaf.objects.bulk_create(
        (
            Leaf(entry=entry, seal=seal, position=position, digest=digest)
            for position, (entry, digest) in enumerate(zip(entries, digests, strict=True))
        ),
        batch_size=5_000,
    )
    return seal


def _note_heads(seals: Iterable[Seal]) -> None:
    lines = "".join(f"{seal.number} {bytes(seal.digest).hex()}\n" for seal in seals)
    if not lines:
        return
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        handle.write(lines)

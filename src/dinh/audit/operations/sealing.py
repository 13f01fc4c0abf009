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
from dinh.audit.queries.horizon import sealable_below
from dinh.pki.api import (
    HttpTimestampClient,
    TimestampUnavailable,
    add_timestamp,
    sign_detached,
    verify_detached,
)

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
    horizon = sealable_below()
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

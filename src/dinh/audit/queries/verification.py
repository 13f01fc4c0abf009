"""Reading the whole log again, and telling where it was tampered with."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dinh.audit.canonical import entry_bytes, seal_digest
from dinh.audit.keys import pinned_certificates
from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.audit.operations.sealing import heads_file
from dinh.pki.api import WrongSignature, verify_detached


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the log; `seal` is the number of the seal that shows it."""

    seal: int | None
    entry: int | None
    code: str
    message: str


def verify_log() -> Iterator[Finding]:
    """
    Check every seal, its signature, its chain, and every entry under it, seal by seal in constant memory.
    """
    heads = _noted_heads()
    trusted = pinned_certificates()
    previous, expected, horizon = b"", 1, 0
    for seal in Seal.objects.order_by("number").iterator():
        if seal.number != expected:
            yield Finding(seal.number, None, "seal-missing", _("A seal before this one is missing."))
        yield from _check_seal(seal, previous, trusted, heads.pop(seal.number, None))
        yield from _check_entries(seal)
        previous, expected, horizon = bytes(seal.digest), seal.number + 1, seal.horizon
    for number in sorted(heads):
        yield Finding(number, None, "seal-missing", _("This seal was noted, but is gone from the database."))
    yield from _check_unsealed(horizon)


def _check_seal(
    seal: Seal, previous: bytes, trusted: frozenset[bytes], noted: str | None
) -> Iterator[Finding]:
    if bytes(seal.previous) != previous:
        yield Finding(seal.number, None, "chain-broken", _("The seal does not follow the one before it."))
    digest = seal_digest(
        number=seal.number,
        sealed_at=seal.sealed_at,
        entry_count=seal.entry_count,
        root=bytes(seal.root),
        previous=bytes(seal.previous),
    )
    if digest != bytes(seal.digest) or (noted is not None and noted != digest.hex()):
        yield Finding(seal.number, None, "seal-changed", _("The seal itself was changed."))
    if seal.signature is not None and not _signed_by(trusted, digest, bytes(seal.signature)):
        yield Finding(seal.number, None, "seal-signature", _("The seal's signature is not valid."))


def _signed_by(trusted: frozenset[bytes], digest: bytes, signature: bytes) -> bool:
    try:
        return verify_detached(data=digest, content=signature).certificates[0] in trusted
    except WrongSignature:
        return False


def _check_entries(seal: Seal) -> Iterator[Finding]:
    leaves = list(Leaf.objects.filter(seal=seal).order_by("position"))
    entries = Entry.objects.in_bulk([leaf.entry_id for leaf in leaves])
    for leaf in leaves:
        entry = entries.get(leaf.entry_id)
        if entry is None:
            yield Finding(seal.number, leaf.entry_id, "entry-removed", _("An entry was removed."))
        elif leaf_hash(entry_bytes(entry)) != bytes(leaf.digest):
            yield Finding(seal.number, entry.pk, "entry-changed", _("An entry was changed."))
    if len(leaves) != seal.entry_count:
        yield Finding(
            seal.number, None, "entry-count", _("Entries were inserted into the seal or taken out of it.")
        )
    if tree_hash([bytes(leaf.digest) for leaf in leaves]) != bytes(seal.root):
        yield Finding(
            seal.number, None, "root-differs", _("Entries were changed, inserted, removed or reordered.")
        )


def _check_unsealed(horizon: int) -> Iterator[Finding]:
    """Entries that claim a transaction already sealed, but stand in no seal, were slipped in afterwards."""
    late = Entry.objects.filter(transaction_id__lt=horizon, leaf=None)
    for entry in late.order_by("id").iterator():
        covering = Seal.objects.filter(horizon__gt=entry.transaction_id).order_by("number").first()
        yield Finding(
            covering.number if covering else None,
            entry.pk,
            "entry-inserted",
            _("An entry was inserted after its time had been sealed."),
        )


def _noted_heads() -> dict[int, str]:
    path = heads_file()
    if not path.exists():
        return {}
    pairs = (line.split() for line in path.read_text().splitlines())
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2}

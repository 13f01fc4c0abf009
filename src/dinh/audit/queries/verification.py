"""Reading the whole log again, and telling where it was tampered with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import TypeVar

from django.db import connection
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _

from dinh.audit.canonical import entry_bytes, seal_content, seal_digest
from dinh.audit.heads import noted_heads
from dinh.audit.keys import pinned_certificates
from dinh.audit.merkle import TreeHasher, leaf_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.audit.queries.horizon import BeyondAllTransactions, sealable_below
from dinh.pki.api import WrongSignature, verify_detached

UNSIGNED_FOR = timedelta(minutes=10)
"""A seal is signed within seconds; one that is not after this time was stripped, or the sealer has no key."""
GUARDS = frozenset(
    {
        "audit_entry_append_only", "audit_entry_not_emptied", "audit_leaf_append_only", "audit_leaf_not_emptied",
        "audit_seal_not_changed", "audit_seal_not_emptied", "audit_seal_not_removed",
    }
)  # fmt: skip
_BLOCK = 2_000
_Item = TypeVar("_Item")
_Place = tuple[Leaf, Entry | None]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the log; `seal` is the number of the seal that shows it."""

    seal: int | None
    entry: int | None
    code: str
    message: str


def verify_log(*, at: datetime) -> Iterator[Finding]:
    """
    Check every seal, its signature, its chain, every entry under it, and what guards them; in constant memory.

    May run beside writers and the sealer: what is sealed after it began is left for the next time.
    """
    yield from _check_guards()
    yield from _check_notes()
    last = Seal.objects.order_by("-number").first()
    if last is not None:
        yield from _check_seals(last.number, at)
        yield from _check_strays()
        yield from _check_unsealed(last.horizon)


def _check_guards() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND tgname = ANY(%s)",
            [sorted(GUARDS)],
        )
        present = {row[0] for row in cursor.fetchall()}
    for name in sorted(GUARDS - present):
        text = _("The database no longer refuses changes: its trigger %(name)s is gone or switched off.")
        yield Finding(None, None, "guard-missing", text % {"name": name})


def _check_notes() -> Iterator[Finding]:
    """The digests noted beside the database still stand in it."""
    for block in _blocks(noted_heads()):
        kept = Seal.objects.in_bulk({number for number, __ in block})
        for number, digest in block:
            if number not in kept:
                text = _("This seal was noted, but is gone from the database.")
                yield Finding(number, None, "seal-missing", text)
            elif bytes(kept[number].digest) != digest:
                text = _("The seal is another than the one noted outside the database.")
                yield Finding(number, None, "seal-rewritten", text)


def _check_seals(last: int, at: datetime) -> Iterator[Finding]:
    trusted = pinned_certificates()
    groups = groupby(_places(last), key=lambda place: place[0].seal_id)
    group = next(groups, None)
    previous, expected = b"", 1
    for seal in Seal.objects.filter(number__lte=last).order_by("number").iterator():
        if seal.number != expected:
            yield Finding(seal.number, None, "seal-missing", _("A seal before this one is missing."))
        yield from _check_seal(seal, previous, trusted, at)
        while group and group[0] < seal.number:
            group = next(groups, None)
        yield from _check_entries(seal, group[1] if group and group[0] == seal.number else ())
        previous, expected = bytes(seal.digest), seal.number + 1


def _check_seal(seal: Seal, previous: bytes, trusted: frozenset[bytes], at: datetime) -> Iterator[Finding]:
    if bytes(seal.previous) != previous:
        yield Finding(seal.number, None, "chain-broken", _("The seal does not follow the one before it."))
    digest = seal_digest(seal_content(seal))
    if digest != bytes(seal.digest):
        yield Finding(seal.number, None, "seal-changed", _("The seal itself was changed."))
    if seal.signature is None:
        if at - seal.sealed_at > UNSIGNED_FOR:
            yield Finding(seal.number, None, "seal-unsigned", _("The seal's signature is missing."))
    elif not _is_signed(seal, digest, trusted):
        yield Finding(seal.number, None, "seal-signature", _("The seal's signature is not valid."))


def _is_signed(seal: Seal, digest: bytes, trusted: frozenset[bytes]) -> bool:
    try:
        checked = verify_detached(data=digest, content=bytes(seal.signature or b""))
    except WrongSignature:
        return False
    return checked.certificates[0] in trusted and checked.stamped_at == seal.stamped_at


def _check_entries(seal: Seal, places: Iterable[_Place]) -> Iterator[Finding]:
    tree, count, is_in_order = TreeHasher(), 0, True
    for leaf, entry in places:
        is_in_order &= leaf.position == count
        tree.add(bytes(leaf.digest))
        count += 1
        if entry is None:
            yield Finding(seal.number, leaf.entry_id, "entry-removed", _("An entry was removed."))
        elif leaf_hash(entry_bytes(entry, version=seal.version)) != bytes(leaf.digest):
            yield Finding(seal.number, entry.pk, "entry-changed", _("An entry was changed."))
    if count != seal.entry_count:
        text = _("Entries were inserted into the seal or taken out of it.")
        yield Finding(seal.number, None, "entry-count", text)
    if tree.root() != bytes(seal.root) or not is_in_order:
        text = _("Entries were changed, inserted, removed or reordered.")
        yield Finding(seal.number, None, "root-differs", text)


def _check_strays() -> Iterator[Finding]:
    """An entry under a seal that never was would be counted as sealed, and looked at by nobody."""
    sealed = Seal.objects.filter(pk=OuterRef("seal_id"))
    strays = Leaf.objects.filter(~Exists(sealed)).values("seal_id").annotate(Count("pk"))
    for stray in strays.order_by("seal_id"):
        text = _("%(count)d entries stand under a seal that does not exist.")
        yield Finding(stray["seal_id"], None, "seal-missing", text % {"count": stray["pk__count"]})


def _check_unsealed(horizon: int) -> Iterator[Finding]:
    """Entries that claim a transaction already sealed, or one that never was, were slipped in afterwards."""
    if horizon > sealable_below():
        return  # A database that was just restored: the next seal takes what waits.
    late = Entry.objects.filter(transaction_id__lt=horizon, leaf=None)
    for entry in late.order_by("id").iterator():
        covering = Seal.objects.filter(horizon__gt=entry.transaction_id).order_by("number").first()
        text = _("An entry was inserted after its time had been sealed.")
        yield Finding(covering.number if covering else None, entry.pk, "entry-inserted", text)
    ahead = Entry.objects.filter(transaction_id__gte=BeyondAllTransactions(), leaf=None)
    for entry in ahead.order_by("id").iterator():
        text = _("An entry claims a transaction that never was, so that no seal would cover it.")
        yield Finding(None, entry.pk, "entry-unsealable", text)


def _places(last: int) -> Iterator[_Place]:
    """The leaves of all seals up to the last one in order, each with its entry if that is still there."""
    leaves = Leaf.objects.filter(seal_id__lte=last).order_by("seal_id", "position")
    for block in _blocks(leaves.iterator(chunk_size=_BLOCK)):
        entries = Entry.objects.in_bulk([leaf.entry_id for leaf in block])
        for leaf in block:
            yield leaf, entries.get(leaf.entry_id)


def _blocks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while block := list(islice(iterator, _BLOCK)):
        yield block

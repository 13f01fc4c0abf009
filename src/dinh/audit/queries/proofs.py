"""The entries of records, each with its way to its seal."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import models

from dinh.audit.merkle import inclusion_path
from dinh.audit.models import Entry, Leaf, Seal

MAX_LINKS = 20_000


@dataclass(frozen=True)
class Proof:
    """An entry and its inclusion proof; seal and position are None while it is not sealed."""

    entry: Entry
    seal: int | None
    position: int | None
    path: Sequence[bytes]


def entries_of(targets: Sequence[models.Model]) -> models.QuerySet[Entry]:
    """The entries of these records together, oldest first."""
    condition = models.Q(pk__in=[])
    for target in targets:
        condition |= models.Q(target_type=target._meta.label_lower, target_id=str(target.pk))
    return Entry.objects.filter(condition).order_by("id")


def proofs_of(targets: Sequence[models.Model]) -> list[Proof]:
    """Entries with their proofs, oldest first, in three queries."""
    entries = list(entries_of(targets))
    places = {
        entry: (seal, position)
        for entry, seal, position in Leaf.objects.filter(entry__in=entries).values_list(
            "entry_id", "seal_id", "position"
        )
    }
    trees: dict[int, list[bytes]] = defaultdict(list)
    leaves = Leaf.objects.filter(seal__in={seal for seal, __ in places.values()})
    for seal, digest in leaves.order_by("seal_id", "position").values_list("seal_id", "digest").iterator():
        trees[seal].append(bytes(digest))
    return [_proof(entry, places.get(entry.pk), trees) for entry in entries]


def seals_with_links(numbers: Collection[int]) -> list[Seal]:
    """
    These seals and those between them, by number, so that the chain can be followed.

    Beyond MAX_LINKS the ones between are left out: each seal has a signature of its own.
    """
    if not numbers:
        return []
    first, last = min(numbers), max(numbers)
    wanted = models.Q(number__in=numbers)
    if last - first < MAX_LINKS:
        wanted = models.Q(number__range=(first, last))
    return list(Seal.objects.filter(wanted).order_by("number"))


def _proof(entry: Entry, place: tuple[int, int] | None, trees: dict[int, list[bytes]]) -> Proof:
    if place is None:
        return Proof(entry, None, None, ())
    seal, position = place
    return Proof(entry, seal, position, inclusion_path(trees[seal], position))

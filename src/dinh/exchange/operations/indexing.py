"""What a volume of the archive holds is written beside it, so that it is found without reading all of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dinh.exchange.gateway.batches import moment_of
from dinh.exchange.gateway.records import SUBJECT, fields_of
from dinh.exchange.models import Archive, ArchivedContent, ArchivedSubject
from dinh.exchange.queries.archives import kept_volumes, shelves_of
from dinh.exchange.volumes import Shelf

_KINDS = ("client", "provider", "service", "outcome")


@dataclass(frozen=True, slots=True)
class VolumeIndex:
    """:param kinds: exchanges by client, provider, service and outcome"""

    first_at: datetime
    last_at: datetime
    kinds: Counter[tuple[str, ...]]
    subjects: frozenset[str]


def index_of(shelves: Iterable[Shelf]) -> VolumeIndex:
    rows = [fields_of(line) for shelf in shelves for line in shelf.lines]
    moments = [int(row["started_us"]) for row in rows]
    return VolumeIndex(
        moment_of(min(moments)),
        moment_of(max(moments)),
        Counter(tuple(row[name].replace("\\\\", "\\") for name in _KINDS) for row in rows),
        frozenset(row.get(SUBJECT, "") for row in rows) - {""},
    )


def write_index(archive: Archive, told: VolumeIndex) -> None:
    """In the transaction of the volume's row. Safe to repeat."""
    contents = (
        ArchivedContent(archive=archive, **dict(zip(_KINDS, kind, strict=True)), exchanges=number)
        for kind, number in told.kinds.items()
    )
    ArchivedContent.objects.bulk_create(contents, ignore_conflicts=True)
    subjects = (ArchivedSubject(archive=archive, subject=each) for each in told.subjects)
    ArchivedSubject.objects.bulk_create(subjects, ignore_conflicts=True)


def index_older_volumes() -> int:
    """
    Index the volumes of releases that wrote no index, each in a transaction of its own. Safe to repeat.

    :returns: how many
    :raises BrokenVolume, OSError: at a volume that cannot be read
    """
    waiting = list(kept_volumes().filter(first_at=None))
    for archive in waiting:
        _index(archive)
    return len(waiting)


@transaction.atomic
def _index(archive: Archive) -> None:
    told = index_of(shelves_of(archive))
    write_index(archive, told)
    archive.first_at, archive.last_at = told.first_at, told.last_at
    archive.save(update_fields=["first_at", "last_at"])

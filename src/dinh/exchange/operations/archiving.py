"""Old exchanges leave the log for files (lưu trữ nhật ký trao đổi), month by month."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.audit.merkle import leaf_hash
from dinh.exchange.enums import Grain
from dinh.exchange.gateway.records import line_of
from dinh.exchange.models import Archive, Batch, Beginning, Exchange, Spending, Total
from dinh.exchange.operations.indexing import index_of, write_index
from dinh.exchange.queries.chains import leaves_of, lines_of, statement_of
from dinh.exchange.queries.measures import HOURS_KEPT, MINUTES_KEPT
from dinh.exchange.volumes import Shelf, read_volume, write_volume
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import DomainError
from dinh.storage.api import BlobInfo, read_blob, store_bytes

LINES: Final = 20_000
"""About so many exchanges make a volume: what is read to find one again."""
_SPENDINGS_KEPT: Final = timedelta(days=35)
_HASH: Final = 32


class NotArchived(DomainError):
    """The log is not what was signed: it stays where it is, for people to look at."""


def archive_log(*, at: datetime) -> int:
    """
    Take the exchanges of all months that are older than DINH_EXCHANGE_LOG_MONTHS into files. Never call it inside a
    transaction.

    A file is written, synced, read again and checked against the signed batches; then its exchanges leave the log in
    the transaction that writes its row. Killed at any moment nothing is lost and nothing is there twice: a file without
    a row is deleted as any blob that no record refers to.

    :returns: how many exchanges; 0 if none is old enough, or with 0 months
    :raises NotArchived: at the first batch whose rows are not what was signed
    """
    before = _cut_off(at)
    if before is None:
        return 0
    total = 0
    while count := _archive_some(before, at):
        total += count
    return total


def forget_spendings(*, at: datetime) -> int:
    """Delete what gateways spent of quotas more than a month ago."""
    deleted, _by_model = Spending.objects.filter(day__lt=(at - _SPENDINGS_KEPT).date()).delete()
    return deleted


def forget_fine_totals(*, at: datetime) -> int:
    """Delete the sums of minutes and hours that no page asks for any more; those of days stay."""
    old = Q(grain=Grain.MINUTE, began_at__lt=at - MINUTES_KEPT) | Q(
        grain=Grain.HOUR, began_at__lt=at - HOURS_KEPT
    )
    deleted, _by_model = Total.objects.filter(old).delete()
    return deleted


def _cut_off(at: datetime) -> datetime | None:
    """The first moment of the oldest month that stays."""
    if not settings.EXCHANGE_LOG_MONTHS:
        return None
    today = at.astimezone(VIETNAM)
    months = today.year * 12 + today.month - 1 - settings.EXCHANGE_LOG_MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=VIETNAM)


def _archive_some(before: datetime, at: datetime) -> int:
    batches = _next_batches(before)
    until = min(before, _month_after(batches[-1].signed_at)) if batches else before
    strays = list(
        Exchange.objects.filter(batch_id=None, started_at__lt=until)
        .order_by("started_at", "id")
        .values()[:LINES]
    )
    if not batches and not strays:
        return 0
    shelves = [*_shelves(batches), *_unsigned(strays)]
    last = Archive.objects.order_by("-number").values_list("number", "sha256").first() or (0, "")
    data = write_volume(number=last[0] + 1, previous=last[1], shelves=shelves)
    kept = store_bytes(data)
    _check(kept, shelves, number=last[0] + 1, previous=last[1])
    month = (
        (batches[-1].signed_at if batches else strays[-1]["started_at"])
        .astimezone(VIETNAM)
        .date()
        .replace(day=1)
    )
    return _leave(
        Archive(
            number=last[0] + 1,
            previous=last[1],
            content_id=kept.sha256,
            sha256=kept.sha256,
            month=month,
            made_at=at,
        ),
        shelves,
        batches,
        [row["id"] for row in strays],
    )


def _next_batches(before: datetime) -> list[Batch]:
    """The oldest of one month, for about one volume; only with their timestamps, where there are such."""
    rows = Batch.objects.filter(archive=None, signed_at__lt=before)
    if settings.TIMESTAMP_URL:
        rows = rows.exclude(stamp=None)
    found: list[Batch] = []
    lines = 0
    for batch in rows.order_by("signed_at", "id").iterator(chunk_size=500):
        if found and (lines >= LINES or batch.signed_at >= _month_after(found[0].signed_at)):
            break
        found.append(batch)
        lines += len(batch.leaves) // _HASH
    return found


def _month_after(moment: datetime) -> datetime:
    first = moment.astimezone(VIETNAM).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def _shelves(batches: list[Batch]) -> Iterator[Shelf]:
    """:raises NotArchived:"""
    lines = lines_of([batch.pk for batch in batches])
    for batch in batches:
        leaves, found = leaves_of(batch.leaves), lines[batch.pk]
        told = tuple(found[index][1] if index in found else b"" for index in range(len(leaves)))
        if [leaf_hash(line) for line in told] != leaves or len(found) != len(leaves):
            raise NotArchived(
                _("Batch %(batch)s of the log is not what was signed. `dinh exchange verify` tells more.")
                % {"batch": batch.pk}
            )
        yield Shelf(
            gateway=batch.gateway,
            batch=str(batch.pk),
            statement=statement_of(batch, count=len(leaves)),
            signature=bytes(batch.signature),
            certificate=batch.certificate,
            lines=told,
        )


def _unsigned(rows: Iterable[Mapping[str, object]]) -> Iterator[Shelf]:
    for row in rows:
        yield Shelf(str(row["gateway"]), "", b"", b"", "", (line_of(row),))


def _check(kept: BlobInfo, shelves: list[Shelf], *, number: int, previous: str) -> None:
    """:raises NotArchived: unless the file gives back what went into it"""
    if list(read_volume(read_blob(kept.sha256), number=number, previous=previous)) != shelves:
        raise NotArchived(_("Volume %(number)s cannot be read as it was written.") % {"number": number})


@transaction.atomic
def _leave(archive: Archive, shelves: list[Shelf], batches: list[Batch], strays: list[UUID]) -> int:
    """The volume's row, and its exchanges out of the log."""
    ids = [UUID(line.split(b"\t", 1)[0].decode()) for shelf in shelves for line in shelf.lines]
    archive.exchanges, archive.smallest, archive.largest = len(ids), min(ids), max(ids)
    told = index_of(shelves)
    archive.first_at, archive.last_at = told.first_at, told.last_at
    # Another one that archives meanwhile has taken this number: its row makes this one fail.
    archive.save(force_insert=True)
    write_index(archive, told)
    known = [batch.pk for batch in batches]
    Batch.objects.filter(pk__in=known).update(archive=archive, leaves=b"")
    for rows in (
        Beginning.objects.filter(batch_id__in=known),
        Exchange.objects.filter(batch_id__in=known),
        Exchange.objects.filter(pk__in=strays, batch_id=None),
    ):
        rows.delete()
    record(
        "exchange.archive.made",
        target=archive,
        actor=None,
        at=archive.made_at,
        details={"month": f"{archive.month:%Y-%m}", "items": len(ids), "sha256": archive.sha256},
    )
    return len(ids)

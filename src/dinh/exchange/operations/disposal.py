"""Volumes of the archive past their retention go (tiêu hủy nhật ký hết thời hạn bảo quản), by the keeper's order."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.models import Archive, ArchivedSubject, Batch
from dinh.exchange.queries.archives import shelves_of
from dinh.exchange.queries.chains import DISPOSED
from dinh.exchange.queries.volumes import volumes_due
from dinh.exchange.retention import retention_of
from dinh.exchange.rules import keeps_exchange
from dinh.exchange.volumes import Shelf
from dinh.kernel.errors import DomainError, InvalidInput, NotFound


class NothingDue(DomainError):
    """No volume among those that were shown may go."""


class NotDisposable(DomainError):
    """A volume is not what was signed: it stays, for people to look at."""


@transaction.atomic
def order_disposal(*, upto: int, reason: str, actor: Appointment, at: datetime) -> int:
    """
    Let the volumes go whose retention is over: the platform's keeper's to order, with the decision that it rests on.
    A task then deletes one after the other.

    Writes an audit entry for each volume. Safe to repeat.

    :param upto: number of the last volume that was shown; none behind it goes
    :returns: how many volumes
    :raises NotFound: for everybody else
    :raises InvalidInput: without a reason
    :raises NothingDue:
    """
    from dinh.exchange.tasks import dispose_of_volumes

    if not keeps_exchange(actor):
        raise NotFound(_("There is no such page."))
    if not reason.strip():
        raise InvalidInput(_("Name the decision that this rests on."), field="reason")
    due = volumes_due(on=timezone.localdate(at)).filter(number__lte=upto)
    rows = list(due.select_for_update(no_key=True))
    if not rows:
        raise NothingDue(_("No volume is past its retention, or it was ordered already. Reload the page."))
    for row in rows:
        details = {**_details(row), "reason": reason.strip()[:300]}
        record("exchange.archive.disposal_ordered", target=row, actor=actor, at=at, details=details)
    Archive.objects.filter(pk__in=[row.pk for row in rows]).update(disposal_ordered_at=at)
    dispose_of_volumes.defer()
    return len(rows)


def dispose_of_ordered(*, at: datetime) -> int:
    """
    Delete the volumes that were ordered to go, each in a transaction of its own. Safe to repeat.

    :returns: how many
    :raises NotDisposable: at the first volume that is not as it was signed
    """
    waiting = Archive.objects.exclude(disposal_ordered_at=None).filter(disposed_at=None)
    numbers = list(waiting.order_by("number").values_list("pk", flat=True))
    return sum(_dispose(pk, at) for pk in numbers)


@transaction.atomic
def _dispose(archive_id: int, at: datetime) -> bool:
    """
    The file is referred to no more, so that it is deleted as other such blobs are; keyed hashes of persons go at once.
    Row, digest and the batches' signatures stay.
    """
    rows = Archive.objects.select_for_update(no_key=True).filter(pk=archive_id, disposed_at=None)
    archive = rows.first()
    if archive is None:
        return False
    counts = _counted(archive, list(shelves_of(archive)))
    for batch in counts:
        batch.count = len(counts[batch])
    Batch.objects.bulk_update(counts, ["count"], batch_size=500)
    ArchivedSubject.objects.filter(archive=archive).delete()
    archive.content, archive.disposed_at = None, at
    archive.save(update_fields=["content", "disposed_at"])
    record(DISPOSED, target=archive, actor=None, at=at, details=_details(archive))
    return True


def _counted(archive: Archive, shelves: list[Shelf]) -> dict[Batch, tuple[bytes, ...]]:
    """
    The batches of a volume with their lines, which are looked at a last time.

    :raises NotDisposable:
    """
    kept = {shelf.batch: shelf for shelf in shelves if shelf.batch}
    batches = list(archive.batches.all())
    for batch in batches:
        shelf = kept.get(str(batch.pk))
        if shelf is None or shelf.root() != bytes(batch.root):
            raise NotDisposable(
                _("Volume %(number)s is not what was signed. `dinh exchange verify` tells more.")
                % {"number": archive.number}
            )
    return {batch: kept[str(batch.pk)].lines for batch in batches}


def _details(archive: Archive) -> dict[str, object]:
    rule = retention_of(archive.month)
    return {
        "volume": archive.number,
        "month": f"{archive.month:%Y-%m}",
        "items": archive.exchanges,
        "sha256": archive.sha256,
        "rule": rule.source if rule else "",
    }

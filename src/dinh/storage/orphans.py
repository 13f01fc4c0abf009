"""Blobs that no record refers to: uploads that were never tied to one, or whose record is gone."""

import logging
from datetime import datetime

from django.core.files.storage import storages
from django.db import connection, transaction

from dinh.storage.models import Blob
from dinh.storage.names import blob_path
from dinh.storage.references import without_reference

AT_ONCE = 5_000
log = logging.getLogger("dinh.storage")


def delete_orphans(*, before: datetime) -> int:
    """
    Delete up to 5,000 blobs that no record refers to and that nobody stored since `before`.

    :returns: how many were deleted
    """
    old = without_reference(Blob.objects.filter(kept_at__lt=before))
    found = list(old.order_by("kept_at").values_list("pk", flat=True)[:AT_ONCE])
    deleted = sum(_delete(sha256, before) for sha256 in found)
    if deleted:
        log.info("orphans_deleted", extra={"blobs": deleted})
    return deleted


@transaction.atomic
def _delete(sha256: str, before: datetime) -> bool:
    """
    Row and file together, under the row's lock.

    Whoever stores the same bytes meanwhile waits in `api._note_kept` for this commit, then finds neither and keeps both
    anew: so the file goes inside the transaction, although it may lie in another machine. Whoever has tied a record to
    the row since the list was made is seen here, for this read is a later one; who does so from now on without storing
    the bytes again is refused by the foreign key.
    """
    row = Blob.objects.select_for_update(skip_locked=True).filter(pk=sha256, kept_at__lt=before).first()
    if row is None or not without_reference(Blob.objects.filter(pk=sha256)).exists():
        return False
    # Foreign keys speak at the end of a transaction otherwise, when the file would be gone.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    row.delete()
    storages["blobs"].delete(blob_path(sha256))
    return True

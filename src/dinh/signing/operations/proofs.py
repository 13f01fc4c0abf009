"""
Proofs that could not be had when a letter was signed, added once the silent server is back (B-B to B-LT).

What lacks something stands in a table, not in a job: an outage of days leaves one row for each letter, and the first
run after it takes them all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from dinh.kernel.events import publish
from dinh.signing.events import ProofsAdded
from dinh.signing.models import PendingProof
from dinh.signing.operations.timestamps import extend_pdf
from dinh.storage.api import PDF, read_blob, store_bytes

BATCH: Final = 200
LONGEST_WAIT: Final = timedelta(minutes=30)
GIVE_UP_AFTER: Final = timedelta(days=30)
_FIRST_WAIT: Final = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def await_proofs(*, sha256: str, notes: Sequence[str], at: datetime) -> None:
    """Remember that a kept, signed PDF lacks something; again changes nothing."""
    row = PendingProof(sha256=sha256, notes=list(notes), since=at, next_try_at=at + _FIRST_WAIT)
    PendingProof.objects.bulk_create([row], ignore_conflicts=True)


def add_missing_proofs(*, at: datetime) -> int:
    """
    Try again for every letter whose time has come; gives how many got something.

    Asks authorities over the net: for a task, never inside a transaction. Safe to run twice and beside itself.
    Publishes ProofsAdded for each.
    """
    due = PendingProof.objects.filter(next_try_at__lte=at).order_by("next_try_at")
    return sum(_tried(row, at) for row in due[:BATCH])


@transaction.atomic
def try_now(*, hashes: Collection[str], at: datetime) -> int:
    """
    Let what these files lack be asked for again at once, by the worker; as often as somebody presses.

    :returns: how many of them lack something
    """
    from dinh.signing.tasks import try_proofs_again

    amount = PendingProof.objects.filter(sha256__in=hashes).update(next_try_at=at)
    if amount:
        try_proofs_again.defer()
    return amount


def _tried(row: PendingProof, at: datetime) -> bool:
    extended = extend_pdf(pdf=read_blob(row.sha256), at=at)
    if extended.notes and set(row.notes) <= set(extended.notes):
        # Nothing that was missing has come. A fresher list of what is there already would only make the file grow.
        _wait_on(row, extended.notes, at)
        return False
    after = store_bytes(extended.pdf, accept=frozenset({PDF})).sha256
    return _replaced(row, after, extended.notes, at)


@transaction.atomic
def _replaced(row: PendingProof, after: str, notes: Sequence[str], at: datetime) -> bool:
    # Deleting claims it: of two runs at once, one tells.
    claimed, _by_model = PendingProof.objects.filter(pk=row.pk, sha256=row.sha256).delete()
    if not claimed or after == row.sha256:
        return False
    if notes:
        await_proofs(sha256=after, notes=notes, at=at)
    publish(ProofsAdded(before=row.sha256, after=after))
    return True


def _wait_on(row: PendingProof, notes: Sequence[str], at: datetime) -> None:
    if at - row.since > GIVE_UP_AFTER:
        log.warning("signing.proofs_given_up", sha256=row.sha256, notes=list(notes))
        PendingProof.objects.filter(pk=row.pk).delete()
        return
    wait = min(LONGEST_WAIT, _FIRST_WAIT * 2 ** min(row.attempts, 10))
    PendingProof.objects.filter(pk=row.pk).update(
        notes=list(notes), attempts=row.attempts + 1, next_try_at=at + wait
    )

"""What signed files still lack, for the modules that keep them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from dinh.signing.models import PendingProof


@dataclass(frozen=True, slots=True)
class AwaitedProofs:
    """
    What a kept, signed PDF lacks.

    :param notes: what is missing, in words
    :param next_try_at: when it is tried again
    """

    sha256: str
    notes: tuple[str, ...]
    since: datetime
    attempts: int
    next_try_at: datetime


def awaited_proofs(hashes: Collection[str]) -> dict[str, AwaitedProofs]:
    """Of these files those that lack something, by SHA-256."""
    return {
        row.sha256: AwaitedProofs(row.sha256, tuple(row.notes), row.since, row.attempts, row.next_try_at)
        for row in PendingProof.objects.filter(sha256__in=hashes)
    }


def hashes_awaiting_proofs() -> "QuerySet[PendingProof, str]":
    """SHA-256 of every file that lacks something, to look for by `__in`."""
    return PendingProof.objects.values_list("sha256", flat=True)

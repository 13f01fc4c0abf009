"""Signed letters that still lack a timestamp or revocation answers (chờ bổ sung bằng chứng)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from dinh.directory.models import Appointment, Unit
from dinh.directory.rules import keeps_directory
from dinh.documents.models import Attachment, Document, Outgoing
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.rules import may_keep_books
from dinh.signing.api import AwaitedProofs, awaited_proofs, hashes_awaiting_proofs


@dataclass(frozen=True, slots=True)
class UnitsAwaited:
    """How many letters of a unit lack proofs."""

    unit: Unit
    letters: int


@dataclass(frozen=True, slots=True)
class AwaitedLetter:
    """A letter with what it, or an annex of it, still lacks; the longest waiting first."""

    outgoing: Outgoing
    proofs: tuple[AwaitedProofs, ...]

    @property
    def since(self) -> datetime:
        return min(each.since for each in self.proofs)


def letters_awaiting_proofs(appointment: Appointment) -> QuerySet[Outgoing]:
    """Those that a clerk sees of the own unit; none for others."""
    if not may_keep_books(appointment, appointment.unit_id):
        return Outgoing.objects.none()
    return _awaiting(outgoing_visible_to(appointment))


def units_awaiting_proofs(appointment: Appointment) -> list[UnitsAwaited]:
    """Counts for an administrator, who sees no letters: of the own unit, or of all for keepers of the directory."""
    letters = _awaiting(Outgoing.objects.all())
    if not keeps_directory(appointment):
        letters = letters.filter(unit=appointment.unit_id)
    counts = dict(letters.order_by().values_list("unit").annotate(amount=Count("pk")))
    units = Unit.objects.filter(pk__in=counts).order_by("name")
    return [UnitsAwaited(unit, counts[unit.pk]) for unit in units]


def with_proofs(letters: Sequence[Outgoing]) -> list[AwaitedLetter]:
    """The letters with what each lacks; two queries."""
    annexes = dict[int, list[str]]()
    rows = Attachment.objects.filter(document__in=[each.document_id for each in letters])
    for document_id, sha256 in rows.values_list("document_id", "blob_id"):
        annexes.setdefault(document_id, []).append(sha256)
    files = {each.pk: [each.document.content_id, *annexes.get(each.document_id, [])] for each in letters}
    known = awaited_proofs({sha256 for every in files.values() for sha256 in every if sha256})
    found = [
        AwaitedLetter(each, tuple(known[sha256] for sha256 in files[each.pk] if sha256 in known))
        for each in letters
    ]
    return sorted((each for each in found if each.proofs), key=lambda each: each.since)


def files_awaiting_proofs(letters: QuerySet[Outgoing]) -> set[str]:
    """SHA-256 of the letters' files, annexes among them, that lack something."""
    wanted, documents = hashes_awaiting_proofs(), letters.order_by().values("document")
    own = Document.objects.filter(pk__in=documents, content__in=wanted).values_list("content", flat=True)
    annexes = Attachment.objects.filter(document__in=documents, blob__in=wanted)
    return {*own, *annexes.values_list("blob", flat=True)}


def _awaiting(letters: QuerySet[Outgoing]) -> QuerySet[Outgoing]:
    # From the few files to their letters, never over all letters.
    wanted = hashes_awaiting_proofs()
    own = Document.objects.filter(content__in=wanted).values("pk")
    annexes = Attachment.objects.filter(blob__in=wanted).order_by().values("document")
    return letters.filter(document__in=own.union(annexes))

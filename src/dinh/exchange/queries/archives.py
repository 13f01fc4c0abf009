"""Exchanges that left the log for the archive's files."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import QuerySet

from dinh.directory.models import Appointment
from dinh.exchange.gateway.batches import moment_of
from dinh.exchange.gateway.records import COLUMNS, fields_of
from dinh.exchange.models import Archive, Batch, Exchange
from dinh.exchange.queries.registry import exchanges_visible_to, identifiers_visible_to
from dinh.exchange.rules import keeps_exchange
from dinh.exchange.volumes import Shelf, read_volume
from dinh.storage.api import read_blob


def exchange_visible_to(appointment: Appointment, exchange_id: UUID) -> Exchange | None:
    """One exchange, from the log or from the archive; from there it is not saved anywhere."""
    found = exchanges_visible_to(appointment).filter(pk=exchange_id).first()
    if found is not None:
        return found
    archived = archived_exchange(exchange_id)
    if archived is None or keeps_exchange(appointment):
        return archived
    own = identifiers_visible_to(appointment)
    return archived if archived.client in own or archived.provider in own else None


def archived_exchange(exchange_id: UUID) -> Exchange | None:
    """Reads the one or two volumes that may hold it."""
    begun = None
    for archive in kept_volumes().filter(smallest__lte=exchange_id, largest__gte=exchange_id):
        for shelf in shelves_of(archive):
            for index, line in enumerate(shelf.lines):
                if not line.startswith(str(exchange_id).encode()):
                    continue
                found = exchange_of(line, shelf, index)
                if found.outcome != "begun":
                    return found
                begun = found
    return begun


def archived_about(subjects: Sequence[str]) -> Iterator[Exchange]:
    """
    Archived exchanges about a person; reads the volumes that hold such.

    :param subjects: keyed hashes of the one number, hex
    """
    wanted = frozenset(subject.encode() for subject in subjects)
    for archive in kept_volumes().filter(subjects__subject__in=subjects).distinct():
        for shelf in shelves_of(archive):
            for index, line in enumerate(shelf.lines):
                if line.count(b"\t") >= len(COLUMNS) and line.split(b"\t")[len(COLUMNS)] in wanted:
                    yield exchange_of(line, shelf, index)


def kept_volumes() -> QuerySet[Archive]:
    return Archive.objects.filter(disposed_at=None)


def shelves_of(archive: Archive) -> Iterator[Shelf]:
    """:raises BrokenVolume:"""
    return read_volume(read_blob(archive.sha256), number=archive.number, previous=archive.previous)


def archived_lines(batch: Batch) -> tuple[bytes, ...]:
    """The lines of a batch that was archived; empty if its volume lacks it."""
    if batch.archive is None or batch.archive.disposed_at:
        return ()
    return next((shelf.lines for shelf in shelves_of(batch.archive) if shelf.batch == str(batch.pk)), ())


def exchange_of(line: bytes, shelf: Shelf, index: int) -> Exchange:
    fields = fields_of(line)
    moment = moment_of(int(fields.pop("started_us")))
    values: dict[str, object] = {
        name: None if value == "\\N" else value.replace("\\\\", "\\") for name, value in fields.items()
    }
    for name in ("status", "request_bytes", "response_bytes", "duration_us", "upstream_us", "grant_id"):
        values[name] = None if values[name] is None else int(str(values[name]))
    place = {"batch_id": UUID(shelf.batch), "leaf_index": index} if shelf.batch else {}
    values["id"] = UUID(str(values["id"]))
    return Exchange(gateway=shelf.gateway, started_at=moment, **values, **place)

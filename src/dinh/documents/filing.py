"""Documents as records that can be filed (đưa vào hồ sơ)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.metadata import Metadata, incoming_metadata, outgoing_metadata
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.registers import named
from dinh.records.api import Fileable, FiledRecord, RecordDetail, RecordFile, fileables

_TOLD_BY_FILE: Final = ("FileCode/", "DocOrdinal")
INCOMING, OUTGOING = "documents.incoming", "documents.outgoing"


def register_fileables() -> None:
    """Called once, when the application is ready."""
    incoming = Fileable(label=_("Incoming document"), describe=_incoming, detail=_incoming_detail)
    outgoing = Fileable(label=_("Outgoing document"), describe=_outgoing, detail=_outgoing_detail)
    fileables.register(INCOMING, incoming)
    fileables.register(OUTGOING, outgoing)


def readable_arrivals(reader: Appointment) -> "QuerySet[Incoming]":
    """What was recalled is hidden from its receivers, here too."""
    return incoming_visible_to(reader).exclude(state=IncomingState.RECALLED)


def _incoming(ids: Sequence[int], reader: Appointment) -> Mapping[int, FiledRecord]:
    return _described(readable_arrivals(reader).filter(pk__in=ids), "documents:incoming")


def _outgoing(ids: Sequence[int], reader: Appointment) -> Mapping[int, FiledRecord]:
    return _described(outgoing_visible_to(reader).filter(pk__in=ids), "documents:outgoing")


def _described(rows: "QuerySet[Incoming] | QuerySet[Outgoing]", url_name: str) -> Mapping[int, FiledRecord]:
    letters = rows.select_related("document").defer("document__search_text", "document__search_vector")
    return {row.pk: _record(row.document, reverse(url_name, args=[row.pk])) for row in letters}


def _record(letter: Document, url: str) -> FiledRecord:
    return FiledRecord(
        code=letter.code,
        title=named(letter),
        day=letter.issued_date,
        url=url,
        issuer=letter.issuer_name,
        pages=letter.page_count,
    )


def _incoming_detail(ids: Sequence[int], reader: Appointment) -> Mapping[int, RecordDetail]:
    visible = readable_arrivals(reader)
    rows = visible.filter(pk__in=ids).select_related("document", "intake")
    return _detailed("Incoming", rows, incoming_metadata(ids, reader, visible))


def _outgoing_detail(ids: Sequence[int], reader: Appointment) -> Mapping[int, RecordDetail]:
    visible = outgoing_visible_to(reader)
    return _detailed("Outgoing", visible.filter(pk__in=ids), outgoing_metadata(ids, reader, visible))


def _detailed(element: str, rows: Any, known: Mapping[int, Metadata]) -> Mapping[int, RecordDetail]:
    """Which case file a record lies in, and where, is told by the case file that leaves."""
    return {
        row.pk: RecordDetail(
            element=element,
            day=known[row.pk].day,
            metadata=tuple(pair for pair in known[row.pk].pairs if not pair[0].startswith(_TOLD_BY_FILE)),
            files=tuple(_files(row)),
        )
        for row in rows.defer("document__search_text", "document__search_vector").prefetch_related(
            "document__attachments"
        )
        if row.pk in known
    }


def _files(row: Any) -> Iterator[RecordFile]:
    """The letter first, byte for byte; then its scan as uploaded and its stamped copy, then what is attached."""
    letter, intake = row.document, getattr(row, "intake", None)
    name = letter.code or str(row.pk)
    if letter.content_id:
        yield RecordFile(name=f"{name}.pdf", sha256=letter.content_id)
    if intake and intake.original_id and intake.original_id != letter.content_id:
        yield RecordFile(name=intake.file_name, sha256=intake.original_id)
    if intake and intake.stamped_id:
        yield RecordFile(name=f"{name}-den.pdf", sha256=intake.stamped_id)
    for each in letter.attachments.all():
        yield RecordFile(name=each.name, sha256=each.blob_id)

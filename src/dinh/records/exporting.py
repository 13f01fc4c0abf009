"""Case files leave the house: lists on paper and in sheets, XML, one PDF, or all in a container."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Final, cast

import pypdfium2
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from lxml import etree

from dinh.directory.models import Appointment
from dinh.kernel.errors import InvalidInput
from dinh.kernel.tables import TableColumn, TableShape
from dinh.kernel.tables.paper import print_table
from dinh.records.models import CaseFile, Filing
from dinh.records.queries.case_files import described
from dinh.records.queries.places import organ_id_of
from dinh.records.registry import RecordDetail, fileables
from dinh.storage.api import open_blob

MOST_RECORDS: Final = 500
_SPOOL_MEMORY: Final = 8 * 1024 * 1024
RECORD_LIST_COLUMNS: Final = (
    TableColumn(title=_("Ordinal"), share=6, align="center"),
    TableColumn(title=_("Number and notation"), share=14, align="center"),
    TableColumn(title=_("Date"), share=10, align="center"),
    TableColumn(title=_("Type and subject"), share=36),
    TableColumn(title=_("Author"), share=20),
    TableColumn(title=_("Number of pages"), share=6, align="center"),
    TableColumn(title=_("Note"), share=8),
)
FILE_LIST_COLUMNS: Final = (
    TableColumn(title=_("Number and code"), share=12, align="center"),
    TableColumn(title=_("Title"), share=36),
    TableColumn(title=_("From"), share=9, align="center"),
    TableColumn(title=_("To"), share=9, align="center"),
    TableColumn(title=_("Documents"), share=8, align="center"),
    TableColumn(title=_("Kept"), share=10, align="center"),
    TableColumn(title=_("Who is responsible"), share=16),
    TableColumn(title=_("Note"), share=10),
)
ENTRY_COLUMNS: Final = (
    TableColumn(title=_("Number and code"), share=12, align="center"),
    TableColumn(title=_("Heading"), share=16),
    TableColumn(title=_("Title"), share=38),
    TableColumn(title=_("Kept"), share=10, align="center"),
    TableColumn(title=_("Who opens it"), share=16),
    TableColumn(title=_("Note"), share=10),
)


class TooManyRecords(InvalidInput):
    """More records than one file to take home holds."""


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A record on its way out, in the order of its day."""

    ordinal: int
    detail: RecordDetail


def records_of(case_file: CaseFile, reader: Appointment) -> list[Leaving]:
    """
    What lies in the file and the reader may see, by the day each came to be, then by its place.

    :raises TooManyRecords: beyond 500
    """
    filings = list(case_file.filings.all()[: MOST_RECORDS + 1])
    if len(filings) > MOST_RECORDS:
        message = _(
            "A case file of more than %(most)d records must be exported in parts; ask the administrator."
        )
        raise TooManyRecords(message % {"most": MOST_RECORDS})
    found: list[Leaving] = []
    for kind in {each.target_type for each in filings}:
        found += _of_kind(kind, [each for each in filings if each.target_type == kind], reader)
    return sorted(found, key=lambda each: (each.detail.day or date.max, each.ordinal))


def record_lines(case_file: CaseFile, reader: Appointment) -> Iterator[tuple[str, ...]]:
    """The list of documents in a case file (mục lục văn bản), in their places."""
    for item in described(case_file.filings.all(), reader):
        shown = item.record
        if shown is None:
            yield str(item.filing.ordinal), "", "", _t("You may not see this record."), "", "", ""
            continue
        day, pages = day_text(shown.day), str(shown.pages or "")
        yield str(item.filing.ordinal), shown.code, day, shown.title, shown.issuer, pages, ""


def file_line(case_file: CaseFile, amount: int) -> tuple[str, ...]:
    """A line of the list of case files (mục lục hồ sơ)."""
    return (
        case_file.code,
        case_file.title,
        day_text(case_file.opened_date),
        day_text(case_file.closed_date),
        str(amount),
        kept_text(case_file.retention_years),
        case_file.responsible.person.full_name,
        case_file.note,
    )


def record_shape(case_file: CaseFile) -> TableShape:
    unit = case_file.unit
    return TableShape(
        title=_t("List of documents in the case file"),
        subtitle=f"{case_file.code} · {case_file.title}",
        columns=RECORD_LIST_COLUMNS,
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
    )


def as_xml(case_file: CaseFile, reader: Appointment) -> bytes:
    """
    The file and its records by the field names of Annex VI, in chronological order.

    Each record names its files with their SHA-256, so that the signed originals can be told again.
    """
    leaving, code = records_of(case_file, reader), organ_id_of(case_file.unit_id)
    root = etree.Element("File")
    _add(root, _file_metadata(case_file, leaving, code))
    documents = etree.SubElement(root, "Documents")
    for each in leaving:
        element = etree.SubElement(documents, each.detail.element)
        _add(element, (*_code(case_file, code), ("DocOrdinal", str(each.ordinal)), *each.detail.metadata))
        for name, file in _named(each):
            etree.SubElement(element, "File", name=name, sha256=file)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def as_pdf(case_file: CaseFile, reader: Appointment, *, made_at: datetime) -> BinaryIO:
    """
    The list of documents, then the documents themselves in chronological order. The caller closes the file.

    Joining takes the signatures off: the signed originals leave in the container (`as_container`).
    """
    shape, lines = record_shape(case_file), list(record_lines(case_file, reader))
    note = _t("The signed originals are exported in the container of the case file.")
    first = print_table(_with_note(shape, note), lines, made_at=made_at)
    with pypdfium2.PdfDocument.new() as whole:
        _append(whole, first)
        for each in records_of(case_file, reader):
            for file in each.detail.files[:1]:
                _append_blob(whole, file.sha256)
        written = _spool()
        whole.save(written)
    written.seek(0)
    return written


def as_container(case_file: CaseFile, reader: Appointment, *, made_at: datetime) -> BinaryIO:
    """A ZIP of the XML, the joined PDF and every file byte for byte. The caller closes it."""
    written = _spool()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("ho-so.xml", as_xml(case_file, reader))
        with as_pdf(case_file, reader, made_at=made_at) as joined:
            _copy(container, "ho-so.pdf", joined)
        for each in records_of(case_file, reader):
            for name, sha256 in _named(each):
                with open_blob(sha256) as stream:
                    _copy(container, name, stream)
    written.seek(0)
    return written


def day_text(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def kept_text(years: int | None) -> str:
    return _t("%(years)d years") % {"years": years} if years else _t("for ever")


def _of_kind(kind: str, filings: Sequence[Filing], reader: Appointment) -> list[Leaving]:
    fileable = fileables.get(kind)
    if fileable is None:
        return []
    ids = [each.target_id for each in filings]
    if fileable.detail is None:
        shown = fileable.describe(ids, reader)
        details = {
            pk: RecordDetail(element="Record", day=each.day, metadata=(("Subject", each.title),))
            for pk, each in shown.items()
        }
    else:
        details = dict(fileable.detail(ids, reader))
    return [
        Leaving(ordinal=each.ordinal, detail=details[each.target_id])
        for each in filings
        if each.target_id in details
    ]


def _code(case_file: CaseFile, organ_id: str) -> tuple[tuple[str, str], ...]:
    return (
        ("FileCode/OrganId", organ_id),
        ("FileCode/FileCatalog", str(case_file.year)),
        ("FileCode/FileNotation", case_file.code),
    )


def _file_metadata(
    case_file: CaseFile, leaving: Sequence[Leaving], organ_id: str
) -> tuple[tuple[str, str], ...]:
    """Section III of part II of Annex VI."""
    pages = [int(dict(each.detail.metadata).get("PageAmount") or 0) for each in leaving]
    return (
        *_code(case_file, organ_id),
        ("Title", case_file.title),
        ("Maintenance", kept_text(case_file.retention_years)),
        ("Rights", case_file.rights),
        ("Creator", case_file.responsible.person.full_name),
        ("Language", case_file.language),
        ("StartDate", day_text(case_file.opened_date)),
        ("EndDate", day_text(case_file.closed_date)),
        ("DocTotal", str(len(leaving))),
        ("PageTotal", str(sum(pages))),
        ("Description", case_file.note),
    )


def _add(parent: "etree._Element", pairs: Sequence[tuple[str, str]]) -> None:
    """Elements in their order; those of a path share their parent while they follow one another."""
    for path, text in pairs:
        above, at = parent, path.split("/")
        for name in at[:-1]:
            last = above[-1] if len(above) else None
            repeated = last is not None and last.find(at[-1]) is not None
            above = (
                last
                if last is not None and last.tag == name and not repeated
                else etree.SubElement(above, name)
            )
        etree.SubElement(above, at[-1]).text = _xml_text(text)


def _xml_text(text: str) -> str:
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")


def _named(each: Leaving) -> list[tuple[str, str]]:
    """Paths in the container: the record's place, then the file's name without what a path could abuse."""
    return [
        (f"van-ban/{each.ordinal:03d}-{index + 1:02d}-{_safe(file.name)}", file.sha256)
        for index, file in enumerate(each.detail.files)
    ]


def _safe(name: str) -> str:
    bare = "".join("-" if c in '/\\:*?"<>|' or c < " " else c for c in name).strip(". ")
    return bare[-120:] or "file"


def _with_note(shape: TableShape, note: str) -> TableShape:
    return TableShape(
        title=shape.title,
        columns=shape.columns,
        subtitle=shape.subtitle,
        agency=shape.agency,
        parent_agency=shape.parent_agency,
        note=note,
    )


def _append_blob(whole: pypdfium2.PdfDocument, sha256: str) -> None:
    """What is no PDF, or a broken one, leaves in the container alone."""
    with open_blob(sha256) as stream:
        try:
            _append(whole, stream.read())
        except pypdfium2.PdfiumError:
            return


def _append(whole: pypdfium2.PdfDocument, pdf: bytes) -> None:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        whole.import_pages(document)


def _spool() -> BinaryIO:
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_SPOOL_MEMORY))


def _copy(container: zipfile.ZipFile, name: str, stream: BinaryIO) -> None:
    with container.open(name, "w") as target:
        while chunk := stream.read(1024 * 1024):
            target.write(chunk)

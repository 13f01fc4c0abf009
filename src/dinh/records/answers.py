"""What pages and API answer with when a case file or a list is taken home."""

from datetime import datetime

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.kernel.tables import TableShape, table_response
from dinh.records.exporting import (
    ENTRY_COLUMNS,
    FILE_LIST_COLUMNS,
    as_container,
    as_pdf,
    as_xml,
    file_line,
    kept_text,
    record_lines,
    record_shape,
)
from dinh.records.models import CaseFile
from dinh.records.queries.case_files import case_files_visible_to, get_case_file, matching, with_amounts
from dinh.records.queries.file_lists import entries_of


class NoSuchFile(NotFound):
    """The list does not leave as such a file."""


def export_of(*, case_file_id: int, reader: Appointment, ending: str, at: datetime) -> HttpResponseBase:
    """
    A case file as `pdf`, `xml` or `zip` (both, with the signed originals); the log keeps who took it.

    :raises CaseFileNotFound: missing, or not visible
    :raises TooManyRecords: beyond what one file holds
    """
    case_file = get_case_file(case_file_id, reader)
    name = f"{_name(case_file)}.{ending}"
    if ending == "xml":
        response: HttpResponseBase = HttpResponse(as_xml(case_file, reader), content_type="application/xml")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    elif ending in ("pdf", "zip"):
        write, kind = {"pdf": (as_pdf, "application/pdf"), "zip": (as_container, "application/zip")}[ending]
        stream = write(case_file, reader, made_at=timezone.localtime(at))
        response = FileResponse(stream, as_attachment=True, filename=name, content_type=kind)
    else:
        raise NoSuchFile(_("Choose pdf, xml or zip."))
    record("records.case_file.exported", target=case_file, actor=reader, at=at, details={"as": ending})
    return response


def list_of_records(case_file: CaseFile, reader: Appointment, *, ending: str) -> HttpResponseBase:
    """The list of documents in a case file (mục lục văn bản trong hồ sơ)."""
    name = f"{_t('list-of-documents')}-{_name(case_file)}"
    return table_response(record_shape(case_file), record_lines(case_file, reader), ending=ending, name=name)


def list_of_case_files(reader: Appointment, *, words: str, closed: str, ending: str) -> HttpResponseBase:
    """The list of case files (mục lục hồ sơ): open ones, closed ones (`1`), or all (`all`)."""
    files = matching(case_files_visible_to(reader), words)
    if closed != "all":
        files = files.filter(closed_date__isnull=closed != "1")
    rows = with_amounts(files).reverse()
    lines = (file_line(each, each.amount) for each in rows)  # type: ignore[attr-defined]
    shape = _shape(reader, _t("List of case files"), FILE_LIST_COLUMNS)
    return table_response(shape, lines, ending=ending, name=_t("list-of-case-files"))


def list_of_entries(reader: Appointment, *, year: int, ending: str) -> HttpResponseBase:
    """The list of files of a year as it is approved (danh mục hồ sơ)."""
    lines = (
        (
            each.code,
            each.heading,
            each.title,
            kept_text(each.retention_years),
            each.responsible.person.full_name if each.responsible else "",
            each.note,
        )
        for each in entries_of(reader, year)
    )
    shape = _shape(reader, _t("List of files of the year %(year)d") % {"year": year}, ENTRY_COLUMNS)
    return table_response(shape, lines, ending=ending, name=f"{_t('list-of-files')}-{year}")


def _shape(reader: Appointment, title: str, columns: tuple[object, ...]) -> TableShape:
    parent = reader.unit.parent
    return TableShape(
        title=title,
        columns=columns,  # type: ignore[arg-type]
        agency=reader.unit.name,
        parent_agency=parent.name if parent else "",
    )


def _name(case_file: CaseFile) -> str:
    bare = "".join(c if c.isascii() and c.isalnum() else "-" for c in case_file.code)
    return f"{case_file.year}-{bare}-{case_file.pk}"

"""The outputs of Annex VI that are no book of numbers: the follow-up book and the settlement reports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.letters import RegisterCover, register, render_book
from dinh.documents.queries.registers import as_day, type_name
from dinh.documents.queries.settlement import (
    Period,
    followed_up,
    incoming_settlement,
    outgoing_settlement,
    posted_letters,
)
from dinh.kernel.errors import NotFound
from dinh.kernel.tables import TableColumn, TableShape, table_response
from dinh.kernel.tables.answers import bounded


class ReportNotFound(NotFound):
    pass


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """A row as it is shown; `url` leads to the document where the row is one."""

    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    A kind of report.

    :param rows: of a reader, period and moment: a list, or a query read as far as it is asked for
    :param book: of Annex IV as which it is printed, with a cover; its rows are documents
    :param has_progress: can be narrowed by how far the settlement is, and by who leads
    """

    code: str
    title: str | Promise
    columns: tuple[TableColumn, ...]
    rows: Callable[[Appointment, Period, datetime], Any]
    as_line: Callable[[Any, datetime], ReportLine]
    book: str = ""
    has_progress: bool = False

    @property
    def is_book(self) -> bool:
        return bool(self.book)


def get_report(code: str) -> Report:
    """:raises ReportNotFound: if there is none of that code"""
    found = next((each for each in reports() if each.code == code), None)
    if found is None:
        raise ReportNotFound(_("There is no such report. Go back to the list."))
    return found


def report_file(
    report: Report, *, reader: Appointment, wanted: Period, ending: str, now: datetime
) -> HttpResponseBase:
    """The report as `pdf`, `xlsx` or `docx`. :raises TooLongForPaper: beyond what such a file holds"""
    rows = report.rows(reader, wanted, now)
    lines = (report.as_line(row, now).cells for row in (rows.reverse() if report.is_book else rows))
    if report.is_book and ending == "pdf":
        return _book(report, reader, wanted, bounded(lines, ending), now)
    unit = reader.unit
    shape = TableShape(
        title=str(report.title),
        columns=report.columns,
        subtitle=period_text(wanted),
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
    )
    return table_response(shape, lines, ending=ending, name=_name(report))


def period_text(wanted: Period) -> str:
    """The period in words, empty if it is not narrowed."""
    if wanted.since and wanted.until:
        words = _t("From %(since)s to %(until)s")
        return words % {"since": as_day(wanted.since), "until": as_day(wanted.until)}
    if wanted.since:
        return _t("Since %(since)s") % {"since": as_day(wanted.since)}
    return _t("Until %(until)s") % {"until": as_day(wanted.until)} if wanted.until else ""


def reports() -> tuple[Report, ...]:
    """All kinds, in the order of the page."""
    return (_FOLLOW_UP, _INCOMING, _OUTGOING, _POSTAL)


def _follow_up_line(row: Any, now: datetime) -> ReportLine:
    letter = row.document
    issued = _t("of %(day)s,") % {"day": as_day(letter.issued_date)} if letter.issued_date else ""
    words = (type_name(letter), letter.code, issued, letter.issuer_name)
    return ReportLine(
        cells=(
            str(row.number),
            " ".join(part for part in words if part),
            ", ".join(row.holders),
            as_day(_local(row.due_at)),
            _progress(row, now),
            ", ".join(code for code in row.reply_codes if code),
            row.note,
        ),
        url=reverse("documents:incoming", args=[row.pk]),
    )


def _progress(row: Any, now: datetime) -> str:
    if row.state == IncomingState.DONE:
        done = f"{row.get_state_display()} {as_day(_local(row.done_at))}".strip()
        late = row.due_at and row.done_at and row.done_at > row.due_at
        return f"{done} ({_t('late')})" if late else done
    label = str(row.get_state_display())
    return f"{label} ({_t('late')})" if row.due_at and row.due_at < now else label


def _incoming_line(row: dict[str, Any], _now: datetime) -> ReportLine:
    ended, in_time = row["done_in_time"] + row["done_late"], row["done_in_time"] + row["open_in_time"]
    total = row["total"]
    amounts = (total, ended, row["done_in_time"], row["done_late"], row["open_in_time"], row["open_late"])
    share = f"{100 * in_time / total:.1f}".replace(".", ",") if total else ""
    return ReportLine(cells=(row["leader"] or _t("Not assigned yet"), *map(str, amounts), share))


def _outgoing_line(row: dict[str, Any], _now: datetime) -> ReportLine:
    names = (
        "under_way", "issued", "sendings", "unreceived", "refused", "received", "handled", "done", "recalled"
    )  # fmt: skip
    amounts = tuple(str(row.get(name, 0)) for name in names)
    return ReportLine(cells=(row["division__name"] or _t("No division"), *amounts))


def _postal_line(row: Any, _now: datetime) -> ReportLine:
    address = f"{row.name}, {row.address}" if row.address else row.name
    return ReportLine(
        cells=(as_day(_local(row.went_at)), row.outgoing.document.code, address, "1", "", row.posted_note),
        url=reverse("documents:outgoing", args=[row.outgoing_id]),
    )


def _summed(rows: list[dict[str, Any]], label: str) -> list[dict[str, Any]]:
    """The rows, and under more than one their sum."""
    if len(rows) < 2:
        return rows
    names = {name for row in rows for name in row if name != label}
    total = {name: sum(row.get(name, 0) for row in rows) for name in names}
    return [*rows, {label: _t("Total"), **total}]


def _book(
    report: Report, reader: Appointment, wanted: Period, lines: list[Any], now: datetime
) -> HttpResponse:
    unit, today = reader.unit, timezone.localdate(now)
    numbers = [line[0] for line in lines] if report is _FOLLOW_UP else []
    cover = RegisterCover(
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
        year=str((wanted.since or wanted.until or today).year),
        from_date=as_day(wanted.since) or "……",
        to_date=as_day(wanted.until) or as_day(today),
        from_number=numbers[0] if numbers else "……",
        to_number=numbers[-1] if numbers else "……",
    )
    pdf = render_book(code=report.book, cover=cover, rows=lines, made_at=now)
    disposition = content_disposition_header(as_attachment=False, filename=f"{_name(report)}.pdf")
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _name(report: Report) -> str:
    return f"{report.code}-{timezone.localdate():%Y-%m-%d}"


def _local(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None


def _columns(*told: tuple[str | Promise, float]) -> tuple[TableColumn, ...]:
    """The first to the left, amounts in the middle."""
    return tuple(
        TableColumn(title=title, share=share, align="center" if index else "left")
        for index, (title, share) in enumerate(told)
    )


def _of_book(code: str) -> tuple[TableColumn, ...]:
    """The columns that the decree gives a book."""
    columns = register(code).columns
    return tuple(TableColumn(title=each.title, share=each.share, align=each.align) for each in columns)


_FOLLOW_UP = Report(
    code="follow-up",
    title=_("Follow-up of the settlement of incoming documents"),
    columns=_of_book("follow_up"),
    rows=lambda reader, wanted, now: followed_up(reader, wanted, now=now),
    as_line=_follow_up_line,
    book="follow_up",
    has_progress=True,
)
_INCOMING = Report(
    code="incoming-settlement",
    title=_("Report on the settlement of incoming documents"),
    columns=_columns(
        (_("Division or person that leads"), 30),
        (_("Registered"), 10),
        (_("Settled documents"), 10),
        (_("Done in time"), 10),
        (_("Done late"), 10),
        (_("Open, in time"), 10),
        (_("Open, late"), 10),
        (_("In time, %"), 10),
    ),
    rows=lambda reader, wanted, now: _summed(incoming_settlement(reader, wanted, now=now), "leader"),
    as_line=_incoming_line,
)
_OUTGOING = Report(
    code="outgoing-settlement",
    title=_("Report on the settlement of outgoing documents"),
    columns=_columns(
        (_("Drafting division"), 26),
        (_("Under way now"), 9),
        (_("Issued"), 9),
        (_("Sent to recipients"), 9),
        (_("Not received yet"), 9),
        (_("Refused"), 8),
        (_("Received"), 9),
        (_("Being handled"), 9),
        (_("Done"), 8),
        (_("Recalled"), 8),
    ),
    rows=lambda reader, wanted, _now: _summed(outgoing_settlement(reader, wanted), "division__name"),
    as_line=_outgoing_line,
)
_POSTAL = Report(
    code="postal",
    title=_("Postal book of outgoing documents"),
    columns=_of_book("postal"),
    rows=lambda reader, wanted, _now: posted_letters(reader, wanted),
    as_line=_postal_line,
    book="postal",
)

"""A monthly report to take home: PDF/A and a workbook, from the same tables."""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from dinh.exchange.reporting.contents import MonthReport
from dinh.exchange.reporting.tables import ReportTable, day_text, percent, tables_of, told
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.pdf import render_pdf
from dinh.kernel.tables import Cell, Sheet, TableColumn, write_workbook

ENDINGS: Final = ("pdf", "xlsx")
MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def report_bytes(report: MonthReport, *, ending: str) -> bytes:
    """The report as `pdf` or `xlsx`. Takes a while: never inside a transaction."""
    if ending == "pdf":
        return _paper(report)
    with write_workbook(_sheets(report)) as workbook:
        return workbook.read()


def key_figures(report: MonthReport) -> list[tuple[str, Cell, Cell]]:
    """What stands above the tables: name, value, and what is said of it."""
    total = report.total
    against = (
        _("%(change)s %% against the month before (%(before)s)")
        % {"change": _signed(total.change_percent), "before": told(total.before)}
        if total.change_percent is not None
        else _("no calls in the month before")
    )
    share = told(percent(100 * total.failed / total.calls)) if total.calls else ""
    return [
        (_("Calls"), total.calls, against),
        (_("Answered"), total.answered, ""),
        (_("Calls that failed"), total.failed, f"{share} %" if share else ""),
        (_("Refused by the gateway"), total.refused, ""),
        (_("Available, %"), percent(total.available_percent), _("of the calls let through")),
        (_("Median (ms)"), total.median_ms, ""),
        (_("95th percentile (ms)"), total.slow_ms, ""),
        (_("99th percentile (ms)"), total.slowest_ms, ""),
    ]


def title_of(report: MonthReport) -> str:
    return _("Report on the exchange of data, month %(month)s") % {"month": f"{report.first_day:%m/%Y}"}


def coverage_of(report: MonthReport) -> str:
    """Which days it covers, and whether more will come."""
    days = {"first": f"{report.first_day:%d/%m/%Y}", "last": day_text(report.until)}
    text = _("From %(first)s to %(last)s") if report.is_over else _("So far: from %(first)s to %(last)s")
    return text % days


def notes() -> list[str]:
    """What the figures are made of."""
    return [
        _("Available: of the calls that the platform let through, the share that the provider answered."),
        _("What gateways hand over after a month was closed is not in its report; it is in the log."),
        _("Latencies come from sums in steps and are accurate to about a tenth. Trials are not counted."),
    ]


def _signed(value: float | None) -> str:
    rounded = round(value or 0.0, 1)
    return f"{'+' if rounded > 0 else ''}{told(rounded)}"


def _paper(report: MonthReport) -> bytes:
    data = {
        "title": title_of(report),
        "coverage": coverage_of(report),
        "unit": report.unit or _("The whole platform"),
        "figures": [[name, told(value), told(more)] for name, value, more in key_figures(report)],
        "tables": [_printed(table) for table in tables_of(report)],
        "notes": notes(),
        "made": f"{_made_at(report):%d/%m/%Y %H:%M}",
    }
    rendered = render_pdf(
        "exchange/report.typ", data, made_at=_made_at(report), replace_unprintable=True, tagged=False
    )
    return rendered.pdf


def _made_at(report: MonthReport) -> datetime:
    return datetime.fromisoformat(report.made_at).astimezone(VIETNAM)


def _printed(table: ReportTable) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": [
            {"title": str(each.title), "share": each.share, "align": each.align} for each in table.columns
        ],
        "rows": table.texts,
        "empty": table.empty,
    }


def _sheets(report: MonthReport) -> list[Sheet]:
    head = (TableColumn(title=title_of(report), share=40), *(_column() for _each in range(2)))
    about: list[tuple[Cell, Cell, Cell]] = [
        (report.unit or _("The whole platform"), "", ""),
        (coverage_of(report), "", ""),
        *key_figures(report),
        *((note, "", "") for note in notes()),
    ]
    first = Sheet(_("Overview"), head, [(row, False) for row in about])
    others = (
        Sheet(table.title, table.columns, [(row, False) for row in table.rows]) for table in tables_of(report)
    )
    return [first, *others]


def _column() -> TableColumn:
    return TableColumn(title="", share=16)

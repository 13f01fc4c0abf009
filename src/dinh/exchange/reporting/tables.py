"""The tables of a monthly report: the same on screen, on paper and in a workbook."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.exchange.enums import Result
from dinh.exchange.reasons import reason_text
from dinh.exchange.reporting.contents import Figures, MonthReport
from dinh.kernel.tables import Cell, TableColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """
    :param code: for anchors
    :param rows: numbers as numbers, so that a workbook can compute with them
    :param empty: what is said in the place of rows
    """

    code: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str

    @property
    def texts(self) -> list[list[str]]:
        """The rows as they are written for people."""
        return [[told(cell) for cell in row] for row in self.rows]

    @property
    def is_wide(self) -> bool:
        return len(self.columns) > 6

    @property
    def named(self) -> list[list[tuple[TableColumn, str]]]:
        return [list(zip(self.columns, row, strict=True)) for row in self.texts]


def told(cell: Cell) -> str:
    """Numbers with the language's signs, parts with one digit."""
    if isinstance(cell, str):
        return cell
    return number_format(cell, decimal_pos=0 if isinstance(cell, int) else 1, force_grouping=True)


def percent(value: float | None) -> Cell:
    return "" if value is None else round(value, 1)


def tables_of(report: MonthReport) -> list[ReportTable]:
    """All tables of the report, in the order of the page."""
    is_units = bool(report.unit)
    return [
        _figures("offered", _t("Services offered") if is_units else _t("By service"), report.offered, _("Service")),
        *([_figures("called", _t("Services called"), report.called, _("Service"))] if is_units else []),
        _figures("clients", _t("By client"), report.clients, _("Client system")),
        _days(report),
        _faults(report),
        *([] if is_units else [_peers(report)]),
        _grants(report),
        _endings(report),
        _alarms(report),
    ]  # fmt: skip


def _columns(*given: tuple[str | Promise, float]) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(title=title, share=share) for title, share in given)


def _amounts(*given: tuple[str | Promise, float]) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(title=title, share=share, align="right") for title, share in given)


_CALLS: Final = _amounts(
    (_("Calls"), 11), (_("Answered"), 11), (_("Calls that failed"), 9), (_("Refused by the gateway"), 10)
)
_LATENCIES: Final = _amounts(
    (_("Median (ms)"), 10), (_("95th percentile (ms)"), 11), (_("99th percentile (ms)"), 11)
)


def _figures(code: str, title: str, rows: Iterable[Figures], what: str | Promise) -> ReportTable:
    more = _amounts((_("Month before"), 11), (_("Available, %"), 10))
    return ReportTable(
        code=code,
        title=title,
        columns=(*_columns((what, 34)), *_CALLS, *more, *_LATENCIES),
        rows=tuple(
            (_party(row), *_counts(row), row.before, percent(row.available_percent), *_times(row))
            for row in rows
        ),
        empty=_t("No calls in this month."),
    )


def _party(row: Figures) -> str:
    if not row.name:
        return _t("All others")
    return _named(row.name, row.title)


def _named(name: str, title: str) -> str:
    return f"{title} ({name})" if title else name


def _counts(row: Figures) -> tuple[Cell, ...]:
    return row.calls, row.answered, row.failed, row.refused


def _times(row: Figures) -> tuple[Cell, ...]:
    return row.median_ms, row.slow_ms, row.slowest_ms


def _days(report: MonthReport) -> ReportTable:
    return ReportTable(
        code="days",
        title=_t("By day"),
        columns=(*_columns((_("Day"), 16)), *_CALLS, *_amounts((_("Available, %"), 10)), *_LATENCIES),
        rows=tuple(
            (day_text(row.name), *_counts(row), percent(row.available_percent), *_times(row))
            for row in report.days
        ),
        empty=_t("No calls in this month."),
    )


def _faults(report: MonthReport) -> ReportTable:
    results = dict(Result.choices)
    return ReportTable(
        code="faults",
        title=_t("Failures and refusals by kind"),
        columns=(*_columns((_("Cause"), 50), (_("Counts as"), 30)), *_amounts((_("Calls"), 20))),
        rows=tuple(
            (reason_text(row.code), str(results.get(Result(row.result), row.result)), row.calls)
            for row in report.faults
        ),
        empty=_t("Every call was answered."),
    )


def _peers(report: MonthReport) -> ReportTable:
    titles = (_("Calls to it"), 15), (_("Calls from it"), 15)
    return ReportTable(
        code="peers",
        title=_t("Other gateways"),
        columns=(
            *_columns((_("Gateway"), 35), (_("Address"), 25), (_("Ended"), 15)), *_amounts(*titles),
        ),
        rows=tuple(
            (row.system, row.address, day_text(row.ended_on), row.sent, row.received) for row in report.peers
        ),
        empty=_t("No other gateway was connected."),
    )  # fmt: skip


def _grants(report: MonthReport) -> ReportTable:
    moves = {"new": _t("New"), "revoked": _t("Revoked"), "expired": _t("Past its last day")}
    return ReportTable(
        code="grants",
        title=_t("Access granted and ended"),
        columns=_columns(
            (_("Day"), 12), (_("Change of access"), 15), (_("System"), 23), (_("Service"), 25),
            (_("Purpose or reason"), 25),
        ),
        rows=tuple(
            (day_text(row.day), moves.get(row.move, row.move), row.system, row.service, row.reason)
            for row in report.grants
        ),
        empty=_t("No access began or ended."),
    )  # fmt: skip


def _endings(report: MonthReport) -> ReportTable:
    kinds = {"certificate": _t("Certificate"), "key": _t("Key")}
    return ReportTable(
        code="endings",
        title=_t("Certificates and keys that end within 60 days"),
        columns=_columns((_("Ends on"), 14), (_("What ends"), 14), (_("System"), 36), (_("Name"), 36)),
        rows=tuple(
            (day_text(row.day), kinds.get(row.kind, row.kind), row.system, row.label)
            for row in report.endings
        ),
        empty=_t("None ends within 60 days."),
    )


def _alarms(report: MonthReport) -> ReportTable:
    return ReportTable(
        code="alarms",
        title=_t("Alarms"),
        columns=(
            *_columns((_("Service"), 45), (_("First"), 18), (_("Last"), 18)),
            *_amounts((_("Hours with an alarm"), 19)),
        ),
        rows=tuple(
            (_named(row.service, row.title), day_text(row.first_on), day_text(row.last_on), row.hours)
            for row in report.alarms
        ),
        empty=_t("No service failed often enough for an alarm."),
    )  # fmt: skip


def day_text(iso: str) -> str:
    return date.fromisoformat(iso).strftime("%d/%m/%Y") if iso else ""

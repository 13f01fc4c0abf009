"""The monthly report (báo cáo tháng): what it tells, and its tables on screen, on paper and as a workbook."""

from dinh.exchange.reporting.contents import (
    AlarmCount,
    Ending,
    FaultCount,
    Figures,
    GrantMove,
    MonthReport,
    PeerCount,
    read_report,
)
from dinh.exchange.reporting.files import (
    ENDINGS,
    MEDIA_TYPES,
    coverage_of,
    key_figures,
    notes,
    report_bytes,
    title_of,
)
from dinh.exchange.reporting.tables import ReportTable, tables_of, told

__all__ = [
    "ENDINGS", "MEDIA_TYPES", "AlarmCount", "Ending", "FaultCount", "Figures", "GrantMove", "MonthReport", "PeerCount",
    "ReportTable", "coverage_of", "key_figures", "notes", "read_report", "report_bytes", "tables_of", "title_of",
    "told",
]  # fmt: skip

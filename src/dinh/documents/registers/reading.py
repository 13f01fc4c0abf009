"""Read an old register from Excel: find its header, read its rows, within clear limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook

from dinh.documents.registers.columns import HEADER_ROWS, Header, find_header, header_at
from dinh.documents.registers.entries import EntryReader, OldEntry, RowFaults
from dinh.documents.registers.opening import opened_workbook
from dinh.kernel.errors import InvalidInput

MAX_ROWS = 30_000
MAX_COLUMNS = 40
_TOLD_EVERY = 1_000
_MAX_SHEETS = 20
_LAST_ROW = 1_048_576


class SheetUnusable(InvalidInput):
    """No header was found, or the sheet is longer than one import takes."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a workbook is read: the sheet, its header, and all sheets there are."""

    sheet_names: tuple[str, ...]
    sheet_name: str
    header: Header


def find_layout(stream: BinaryIO, *, direction: str) -> Layout:
    """
    The sheet and header that look most like a register of this direction.

    :raises WorkbookRefused: for what could harm
    :raises SheetUnusable: if no sheet names at least three of the columns
    """
    with opened_workbook(stream) as workbook:
        names = _sheet_names(workbook)
        found = [(name, find_header(direction, _top(workbook, name))) for name in names]
    usable = [(name, header) for name, header in found if header is not None]
    if not usable:
        raise SheetUnusable(
            _("No row with the names of the columns was found. Use the names of the sample sheet."),
            field="file",
        )
    name, header = max(usable, key=lambda each: len(each[1].columns))
    return Layout(sheet_names=names, sheet_name=name, header=header)


def layout_at(stream: BinaryIO, *, direction: str, sheet_name: str, header_row: int) -> Layout:
    """
    The layout with sheet and header row (from 1) as a person chose them.

    :raises SheetUnusable: if there is no such sheet or row
    """
    with opened_workbook(stream) as workbook:
        names = _sheet_names(workbook)
        if sheet_name not in names:
            raise SheetUnusable(_("There is no such sheet. Choose one from the list."), field="sheet_name")
        top = _top(workbook, sheet_name)
    if not 1 <= header_row <= len(top):
        raise SheetUnusable(
            _("The names of the columns stand in one of the first 30 rows."), field="header_row"
        )
    return Layout(sheet_names=names, sheet_name=sheet_name, header=header_at(direction, top, header_row))


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the rows below the header hold; headings are lines such as "Tháng 01", left out."""

    entries: Sequence[OldEntry]
    faulty: Sequence[RowFaults]
    heading_count: int


def read_entries(
    stream: BinaryIO,
    *,
    sheet_name: str,
    header_row: int,
    columns: Mapping[str, int],
    direction: str,
    year: int,
    bloc: str,
    progress: Callable[[int], object] = lambda amount: None,
) -> Reading:
    """
    Read all rows below the header, up to 30,000.

    :param progress: hears how many rows are read, every thousand
    :raises WorkbookRefused: for what could harm
    :raises SheetUnusable: beyond the limit
    """
    reader = EntryReader(direction=direction, year=year, bloc=bloc, columns=columns)
    entries: list[OldEntry] = []
    faulty: list[RowFaults] = []
    headings = 0
    with opened_workbook(stream) as workbook:
        for index, (number, cells) in enumerate(_rows(workbook, sheet_name, after=header_row)):
            if index % _TOLD_EVERY == 0:
                progress(index)
            if reader.is_heading(cells):
                headings += 1
                continue
            read = reader.read(number, cells)
            (entries if isinstance(read, OldEntry) else faulty).append(read)  # type: ignore[arg-type]
            if len(entries) + len(faulty) > MAX_ROWS:
                raise SheetUnusable(
                    _("The sheet has more than 30,000 rows. Split it by half-year."), field="file"
                )
    return Reading(entries=entries, faulty=faulty, heading_count=headings)


def _sheet_names(workbook: Workbook) -> tuple[str, ...]:
    return tuple(sheet.title for sheet in workbook.worksheets[:_MAX_SHEETS])


def _sheet(workbook: Workbook, name: str) -> Any:
    """The sheet, read to its real end: what it says of its own size is not believed, or rows would be lost."""
    sheet: Any = workbook[name]
    sheet.reset_dimensions()
    return sheet


def _top(workbook: Workbook, sheet_name: str) -> list[tuple[object, ...]]:
    rows = _sheet(workbook, sheet_name).iter_rows(max_row=HEADER_ROWS, max_col=MAX_COLUMNS, values_only=True)
    return list(islice(rows, HEADER_ROWS))


def _rows(workbook: Workbook, sheet_name: str, *, after: int) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Rows with something in them. A forged row number would have the reader count for ever, hence the end."""
    rows = _sheet(workbook, sheet_name).iter_rows(max_col=MAX_COLUMNS, values_only=True)
    for number, cells in enumerate(rows, start=1):
        if number > _LAST_ROW:
            raise SheetUnusable(
                _("The sheet has rows beyond Excel's last one, so it was refused."), field="file"
            )
        if number > after and any(cell is not None and str(cell).strip() for cell in cells):
            yield number, cells

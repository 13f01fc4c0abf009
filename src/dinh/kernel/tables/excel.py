"""Tables as Excel sheets that run nothing."""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, cast

from django.utils.functional import Promise
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from dinh.kernel.tables.shapes import writable

_SPOOL_MEMORY = 4 * 1024 * 1024
_VOID = Font(name="Times New Roman", size=11, strike=True)
_PLAIN = Font(name="Times New Roman", size=11)
_HEAD = Font(name="Times New Roman", size=11, bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")


Cell = str | int | float


class Titled(Protocol):
    """A column as far as a sheet needs it."""

    @property
    def title(self) -> str | Promise: ...
    @property
    def share(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """:param rows: each its cells, and whether it is struck"""

    title: str
    columns: Sequence[Titled]
    rows: Iterable[tuple[Sequence[Cell], bool]]


def write_sheet(
    title: str, columns: Sequence[Titled], rows: Iterable[tuple[Sequence[str], bool]]
) -> BinaryIO:
    """An Excel file of one sheet, as `write_workbook`."""
    return write_workbook([Sheet(title, columns, rows)])


def write_workbook(sheets: Iterable[Sheet]) -> BinaryIO:
    """
    An Excel file. The caller closes it.

    Texts are texts: what begins with = + - or @ is shown and never computed. Numbers can be computed with.
    """
    workbook = Workbook(write_only=True)
    taken: set[str] = set()
    for each in sheets:
        _fill(cast("Any", workbook.create_sheet(_free_name(each.title, taken))), each)
    written = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_SPOOL_MEMORY))  # noqa: SIM115 - the caller closes it
    workbook.save(written)
    written.seek(0)
    return written


def _free_name(title: str, taken: set[str]) -> str:
    """Excel takes 31 letters, and no name twice."""
    short = name = re.sub(r"[\\/*?:\[\]]", "-", title)[:31]
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{short[:28]} {number}"
    taken.add(name.lower())
    return name


def _fill(sheet: Any, given: Sheet) -> None:
    for index, column in enumerate(given.columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(column.share * 1.6, 8)
    sheet.freeze_panes = "A2"
    head, plain, void = (_styled(sheet, font) for font in (_HEAD, _PLAIN, _VOID))
    whole, part = (_styled(sheet, _PLAIN, number_format=each) for each in ("#,##0", "#,##0.0"))
    sheet.append([_cell(sheet, column.title, head) for column in given.columns])
    for cells, is_void in given.rows:
        sheet.append(
            [
                _cell(sheet, cell, void if is_void else plain)
                if isinstance(cell, str)
                else _number(sheet, cell, whole if isinstance(cell, int) else part)
                for cell in cells
            ]
        )


def _styled(sheet: Any, font: Font, *, number_format: str = "@") -> Any:
    """A cell whose style the others share: looking a style up for each cell takes most of the time."""
    cell: Any = WriteOnlyCell(sheet)
    cell.number_format = number_format
    cell.font, cell.alignment = font, _WRAPPED
    return cell


def _cell(sheet: Any, text: str | Promise, like: Any) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=writable(text))
    cell.data_type = "s"  # otherwise a text that begins with "=" would be written as a formula
    cell._style = like._style
    return cell


def _number(sheet: Any, number: float, like: Any) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=number)
    cell._style = like._style
    return cell

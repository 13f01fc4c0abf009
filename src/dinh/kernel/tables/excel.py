"""A table as an Excel sheet that runs nothing."""

import tempfile
from collections.abc import Iterable, Sequence
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


class Titled(Protocol):
    """A column as far as a sheet needs it."""

    @property
    def title(self) -> str | Promise: ...
    @property
    def share(self) -> float: ...


def write_sheet(
    title: str, columns: Sequence[Titled], rows: Iterable[tuple[Sequence[str], bool]]
) -> BinaryIO:
    """
    An Excel file; each row is its texts, and whether it is struck. The caller closes the file.

    Every cell is text: what begins with = + - or @ is shown and never computed.
    """
    workbook = Workbook(write_only=True)
    sheet = cast("Any", workbook.create_sheet(title.replace("/", "-")[:31]))
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(column.share * 1.6, 8)
    sheet.freeze_panes = "A2"
    head, plain, void = (_styled(sheet, font) for font in (_HEAD, _PLAIN, _VOID))
    sheet.append([_cell(sheet, column.title, head) for column in columns])
    for cells, is_void in rows:
        sheet.append([_cell(sheet, text, void if is_void else plain) for text in cells])
    written = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_SPOOL_MEMORY))  # noqa: SIM115 - the caller closes it
    workbook.save(written)
    written.seek(0)
    return written


def _styled(sheet: Any, font: Font) -> Any:
    """A cell whose style the others share: looking a style up for each cell takes most of the time."""
    cell: Any = WriteOnlyCell(sheet)
    cell.number_format = "@"
    cell.font, cell.alignment = font, _WRAPPED
    return cell


def _cell(sheet: Any, text: str | Promise, like: Any) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=writable(text))
    cell.data_type = "s"  # otherwise a text that begins with "=" would be written as a formula
    cell._style = like._style
    return cell

"""
Lines of a list of merged communes, as the General Statistics Office publishes them: one line for each old commune.

Columns (others are left aside): new_commune_code, new_commune, old_commune_code, old_commune, old_district_code,
old_district, note.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput
from dinh.kernel.text import fold

COLUMNS: Final = (
    "new_commune_code",
    "new_commune",
    "old_commune_code",
    "old_commune",
    "old_district_code",
    "old_district",
    "note",
)
MOST_LINES: Final = 20_000
"""The whole country had some 10,500 communes."""


class UnreadableList(InvalidInput):
    """The file is not a list of merged communes."""


@dataclass(frozen=True)
class Line:
    """
    :param number: in the file, the header being 1
    :param stays: the commune goes on as it is ("Giữ nguyên"); only what stands above it changes
    """

    number: int
    new_code: str
    new_name: str
    old_code: str
    old_name: str
    district_code: str
    district: str
    note: str

    @property
    def stays(self) -> bool:
        return fold(self.note).startswith("giu nguyen")


def read_lines(content: str) -> list[Line]:
    """
    :param content: CSV with a header, separated by comma, semicolon or tabulator
    :raises UnreadableList: if columns or values are missing, or there is no line; names the first faulty lines
    """
    reader = csv.DictReader(io.StringIO(content.lstrip("\ufeff").strip()), delimiter=_delimiter(content))
    try:
        rows = list(reader)
    except csv.Error as fault:
        raise UnreadableList(_("The file is not a CSV table."), field="content") from fault
    _check_header(reader.fieldnames or ())
    if not rows or len(rows) > MOST_LINES:
        raise UnreadableList(_("The list has no lines, or too many."), field="content")
    incomplete = [number for number, row in enumerate(rows, 2) if _is_incomplete(row)]
    if incomplete:
        text = _("Codes or names are missing in these lines: %(lines)s.")
        numbers = ", ".join(str(number) for number in incomplete[:10])
        raise UnreadableList(text % {"lines": numbers}, field="content")
    return [Line(number, *(row[column].strip() for column in COLUMNS)) for number, row in enumerate(rows, 2)]


def _delimiter(content: str) -> str:
    header = content.lstrip().splitlines()[0] if content.strip() else ""
    return max(",;\t", key=header.count)


def _check_header(header: Iterable[str]) -> None:
    missing = [column for column in COLUMNS if column not in set(header)]
    if missing:
        text = _("These columns are missing: %(columns)s.") % {"columns": ", ".join(missing)}
        raise UnreadableList(text, field="content")


def _is_incomplete(row: dict[str, str]) -> bool:
    return any(not (row.get(column) or "").strip() for column in COLUMNS[:-1]) or row.get("note") is None

"""A row of an old register read as a document, or told fault by fault."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _t
from openpyxl.utils.datetime import from_excel

from dinh.documents.enums import Direction
from dinh.documents.letters import document_types, parse_code
from dinh.kernel.errors import FieldFault
from dinh.kernel.text import fold, one_line

_DATE = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})(?:\s*[/.\-]\s*(\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_EXCEL_DAYS = range(20_000, 70_000)
_LIMITS = {
    "subject": 500,
    "issuer": 200,
    "signer": 80,
    "recipients": 500,
    "holder": 300,
    "note": 500,
    "code": 60,
}
_NOTATION = 40
_TOTALS = ("tong", "cong")
_IN_A_TOTAL = 3


@dataclass(frozen=True, kw_only=True)
class OldEntry:
    """A document as an old register has it; `row` counts from 1 in the sheet."""

    row: int
    number: int
    code: str
    notation: str
    type_code: str
    subject: str
    issued_date: date | None
    arrived_date: date | None = None
    issuer: str = ""
    signer: str = ""
    recipients: str = ""
    holder: str = ""
    copies: int = 0
    handed_date: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RowFaults:
    row: int
    faults: tuple[FieldFault, ...]


class EntryReader:
    """Reads rows of one book: its direction, year and bloc decide what a row may say."""

    def __init__(self, *, direction: str, year: int, bloc: str, columns: Mapping[str, int]) -> None:
        self.direction, self.year, self.columns = direction, year, columns
        types = document_types(bloc=bloc, on=date(year, 12, 31))
        self._by_name = {fold(each.name): each.code for each in types}
        self._by_mark = {each.abbreviation: each.code for each in types if each.abbreviation}
        self._letter = next((each.code for each in types if each.layout == "letter"), types[0].code)

    def read(self, row: int, cells: Sequence[object]) -> OldEntry | RowFaults:
        """One row as an entry, or all its faults with their remedies."""
        faults: list[FieldFault] = []
        texts = {field: self._text(field, cells, faults) for field in self.columns}
        dates = {
            field: self._date(field, cells, faults)
            for field in ("issued_date", "arrived_date", "handed_date")
        }
        numbered = self._number(texts, faults)
        copies = self._copies(texts, faults)
        self._check(texts, dates, faults)
        if faults or numbered is None:
            return RowFaults(row=row, faults=tuple(faults))
        number, code, notation = numbered
        return OldEntry(
            row=row,
            number=number,
            code=code,
            notation=notation,
            type_code=self._type(texts, notation),
            subject=texts["subject"],
            copies=copies,
            issued_date=dates["issued_date"],
            arrived_date=dates["arrived_date"],
            handed_date=dates["handed_date"],
            issuer=texts.get("issuer", ""),
            signer=texts.get("signer", ""),
            recipients=texts.get("recipients", ""),
            holder=texts.get("holder", ""),
            note=texts.get("note", ""),
        )

    def is_heading(self, cells: Sequence[object]) -> bool:
        """Lines between entries: "Tháng 01", totals, and the numbering of the columns (1) (2) (3)."""
        filled = [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()]
        if len(filled) <= 1:
            return True
        if len(filled) <= _IN_A_TOTAL and fold(filled[0]).startswith(_TOTALS):
            return True
        bare = [text.strip("()") for text in filled]
        return len(bare) > 2 and bare == [str(number) for number in range(1, len(bare) + 1)]

    def _cell(self, field: str, cells: Sequence[object]) -> object:
        index = self.columns.get(field)
        return cells[index] if index is not None and index < len(cells) else None

    def _text(self, field: str, cells: Sequence[object], faults: list[FieldFault]) -> str:
        cell = self._cell(field, cells)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        text = "" if cell is None else one_line(str(cell))
        limit = _LIMITS.get(field)
        if limit and len(text) > limit:
            remedy = _t("Longer than %(limit)d characters. Shorten it in the sheet.") % {"limit": limit}
            faults.append(FieldFault(field, remedy))
        return text

    def _date(self, field: str, cells: Sequence[object], faults: list[FieldFault]) -> date | None:
        cell = self._cell(field, cells)
        if cell is None or not str(cell).strip():
            return None
        found = _as_date(cell, self.year)
        if found is None:
            faults.append(
                FieldFault(
                    field, _t("“%(text)s” is no date. Write it as 31/12/2025.") % {"text": str(cell)[:40]}
                )
            )
        return found

    def _number(self, texts: Mapping[str, str], faults: list[FieldFault]) -> tuple[int, str, str] | None:
        if self.direction == Direction.INCOMING:
            number = _whole(texts.get("number", ""))
            if number is None:
                faults.append(FieldFault("number", _t("Give the incoming number as a whole number.")))
                return None
            parsed = parse_code(texts.get("code", ""))
            return number, texts.get("code", ""), parsed[1][:_NOTATION] if parsed else ""
        return self._outgoing_number(texts, faults)

    def _outgoing_number(
        self, texts: Mapping[str, str], faults: list[FieldFault]
    ) -> tuple[int, str, str] | None:
        parsed = parse_code(texts.get("code", ""))
        if parsed and len(parsed[1]) <= _NOTATION:
            return parsed[0], re.sub(r"^\s*Số\s*:?\s*", "", texts["code"], flags=re.IGNORECASE), parsed[1]
        number = _whole(texts.get("number", "") or texts.get("code", ""))
        notation = texts.get("notation", "")
        if number is None or len(notation) > _NOTATION:
            remedy = _t("Give number and notation such as 15/QĐ-UBND, or the number in a column of its own.")
            faults.append(FieldFault("code", remedy))
            return None
        written = f"{number:02d}/{notation}" if notation else f"{number:02d}"
        return number, written, notation

    def _copies(self, texts: Mapping[str, str], faults: list[FieldFault]) -> int:
        written = texts.get("copies", "")
        copies = _whole(written) if written else 0
        if copies is None:
            faults.append(
                FieldFault("copies", _t("Give the number of copies as a whole number, or leave it empty."))
            )
        return copies or 0

    def _check(
        self, texts: Mapping[str, str], dates: Mapping[str, date | None], faults: list[FieldFault]
    ) -> None:
        incoming = self.direction == Direction.INCOMING
        if not texts.get("subject"):
            faults.append(FieldFault("subject", _t("The subject is missing.")))
        if incoming and not texts.get("issuer"):
            faults.append(
                FieldFault("issuer", _t("The author is missing: which agency issued the document?"))
            )
        field = "arrived_date" if incoming else "issued_date"
        day, told = dates[field], {fault.field for fault in faults}
        if day is None and field not in told:
            faults.append(FieldFault(field, _t("The date is missing.")))
        if day is not None and day.year != self.year:
            remedy = _t("%(day)s is not in %(year)d, the year of this book. Import it into that year's book.")
            faults.append(FieldFault(field, remedy % {"day": day.strftime("%d/%m/%Y"), "year": self.year}))
        issued, arrived = dates["issued_date"], dates["arrived_date"]
        if issued and arrived and issued > arrived:
            faults.append(
                FieldFault(
                    "issued_date", _t("The document is dated after its arrival. Correct one of the two.")
                )
            )

    def _type(self, texts: Mapping[str, str], notation: str) -> str:
        named = self._by_name.get(fold(texts.get("type", "")))
        if named:
            return named
        mark = re.split(r"[-/]", re.sub(r"^\d{4}/", "", notation))[0]
        if mark in self._by_mark:
            return self._by_mark[mark]
        subject = fold(texts.get("subject", ""))
        starts = [name for name in self._by_name if subject.startswith(name + " ")]
        return self._by_name[max(starts, key=len)] if starts else self._letter


def _whole(text: str) -> int | None:
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdecimal() and 0 < len(bare) <= 6 and int(bare) > 0 else None


def _as_date(cell: object, year: int) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        day = from_excel(int(cell)) if int(cell) in _EXCEL_DAYS else None
        return day.date() if isinstance(day, datetime) else None
    return _written_date(str(cell).strip(), year)


def _written_date(text: str, year: int) -> date | None:
    iso, written = _ISO.fullmatch(text), _DATE.fullmatch(text)
    if iso:
        parts = (int(iso[1]), int(iso[2]), int(iso[3]))
    elif written:
        given = int(written[3]) if written[3] else year
        parts = (given + 2000 if given < 100 else given, int(written[2]), int(written[1]))
    else:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None

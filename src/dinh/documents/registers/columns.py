"""Which column of an old register is which: found by the names that offices use, with or without diacritics."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import Direction
from dinh.kernel.text import fold

HEADER_ROWS = 30
_LEAST_FOUND = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """
    A field of ours and the names that it goes by in sheets.

    :param names: folded, punctuation as spaces, the surest first
    """

    field: str
    label: str | Promise
    names: tuple[str, ...]
    is_needed: bool = False


_CODE = Column(
    field="code",
    label=_("Number and notation"),
    names=(
        "so ky hieu van ban",
        "so va ky hieu",
        "so ky hieu",
        "so hieu van ban",
        "so hieu",
        "so van ban",
        "so vb",
    ),
)
_ISSUED = Column(
    field="issued_date",
    label=_("Date of the document"),
    names=(
        "ngay thang van ban", "ngay thang nam van ban", "ngay van ban", "ngay vb", "ngay ban hanh",
        "ngay thang nam", "ngay thang", "ngay ky", "ngay",
    ),
)  # fmt: skip
_TYPE = Column(
    field="type", label=_("Type"), names=("loai van ban", "ten loai van ban", "ten loai", "loai vb", "loai")
)
_SUBJECT = Column(
    field="subject",
    label=_("Subject"),
    names=(
        "ten loai va trich yeu noi dung van ban", "ten loai va trich yeu noi dung", "trich yeu noi dung van ban",
        "trich yeu noi dung", "trich yeu van ban", "trich yeu", "noi dung van ban", "noi dung",
    ),
    is_needed=True,
)  # fmt: skip
_HANDED = Column(field="handed_date", label=_("Forwarded on"), names=("ngay chuyen", "ngay giao", "ngay gui"))
_NOTE = Column(field="note", label=_("Note"), names=("ghi chu", "luu y"))

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    Direction.OUTGOING: (
        _CODE,
        Column(field="number", label=_("Number"), names=("so di", "so thu tu van ban", "so")),
        Column(field="notation", label=_("Notation"), names=("ky hieu van ban", "ky hieu")),
        Column(**{**vars(_ISSUED), "is_needed": True}),
        _TYPE,
        _SUBJECT,
        Column(
            field="signer",
            label=_("Signer"),
            names=("nguoi ky van ban", "nguoi ky", "lanh dao ky", "ho ten nguoi ky"),
        ),
        Column(
            field="recipients",
            label=_("Recipients"),
            names=("noi nhan van ban", "noi nhan", "noi gui den", "don vi nhan", "co quan nhan"),
        ),
        Column(
            field="holder",
            label=_("Who keeps the stored copy"),
            names=("don vi nguoi nhan ban luu", "nguoi nhan ban luu", "noi luu", "don vi soan thao"),
        ),
        Column(field="copies", label=_("Copies"), names=("so luong ban", "so ban", "so luong")),
        _HANDED,
        _NOTE,
    ),
    Direction.INCOMING: (
        Column(
            field="arrived_date",
            label=_("Day of arrival"),
            names=("ngay thang den", "ngay den", "ngay nhan van ban", "ngay nhan"),
            is_needed=True,
        ),
        Column(
            field="number",
            label=_("Incoming number"),
            names=("so den", "so thu tu den", "so cong van den"),
            is_needed=True,
        ),
        Column(
            field="issuer",
            label=_("Author"),
            names=(
                "tac gia",
                "co quan ban hanh",
                "noi ban hanh",
                "don vi ban hanh",
                "co quan gui",
                "noi gui",
            ),
            is_needed=True,
        ),
        _CODE,
        _ISSUED,
        _TYPE,
        _SUBJECT,
        Column(
            field="holder",
            label=_("Receiving unit or person"),
            names=(
                "don vi hoac nguoi nhan",
                "don vi nguoi nhan",
                "nguoi nhan",
                "don vi nhan",
                "don vi xu ly",
                "nguoi xu ly",
            ),
        ),
        _HANDED,
        _NOTE,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Header:
    """Where the names of the columns stand (`row` from 1), their texts, and field -> column from 0."""

    row: int
    texts: tuple[str, ...]
    columns: Mapping[str, int]


def find_header(direction: str, rows: Sequence[Sequence[object]]) -> Header | None:
    """The row among the first ones that names most of our fields; None if none names at least three."""
    found = [header_at(direction, rows, number) for number in range(1, min(len(rows), HEADER_ROWS) + 1)]
    best = max(found, key=lambda header: len(header.columns), default=None)
    return best if best is not None and len(best.columns) >= _LEAST_FOUND else None


def header_at(direction: str, rows: Sequence[Sequence[object]], number: int) -> Header:
    """
    The given row (from 1) read as column names.

    A head of two rows, whose cells are merged downwards where a column has one name, is read at its second
    row: what is empty there has its name above.
    """
    below = [_name(cell) for cell in rows[number - 1]]
    above = [_name(cell) for cell in rows[number - 2]] if number > 1 else []
    if sum(map(bool, above)) < _LEAST_FOUND:  # a title, not names
        above = []
    texts = tuple(name or upper for name, upper in zip_longest(below, above, fillvalue=""))
    return Header(row=number, texts=texts, columns=_matched(direction, [plain_name(text) for text in texts]))


def _name(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())[:120]


def plain_name(text: str) -> str:
    """A column's name without case, diacritics and punctuation."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(text)).split())


def _matched(direction: str, names: Sequence[str]) -> dict[str, int]:
    """Exact names first, then longer headings that begin with one; a column serves one field."""
    columns: dict[str, int] = {}
    for fits in (str.__eq__, _begins):
        for column in COLUMNS[direction]:
            if column.field not in columns:
                free = [i for i, name in enumerate(names) if name and i not in columns.values()]
                index = next((i for known in column.names for i in free if fits(names[i], known)), None)
                if index is not None:
                    columns[column.field] = index
    return columns


def _begins(name: str, known: str) -> bool:
    return " " in known and name.startswith(known)

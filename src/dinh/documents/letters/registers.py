"""The books of Annex IV as PDF, a cover and a table, and their columns for other outputs."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pypdfium2
from django.utils.translation import gettext_lazy as _

from dinh.documents.letters.law import UnknownForm
from dinh.kernel.law import Lawbook, Rule, law_rows
from dinh.kernel.pdf import render_pdf

_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterColumn:
    """A column of a book: title, share of the width, `left` or `center`."""

    title: str
    share: float
    align: str = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCover:
    """The cover of a volume (Annex IV); dates and numbers as they are to be printed."""

    agency: str
    year: str
    title: str = ""
    parent_agency: str = ""
    from_date: str = "……"
    to_date: str = "……"
    from_number: str = "……"
    to_number: str = "……"
    volume: str = "01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Rule):
    """A kind of book: `incoming`, `outgoing`, `follow_up`, `postal`."""

    code: str
    title: str
    columns: tuple[RegisterColumn, ...]


def register(code: str, *, on: date = date.max) -> Register:
    """Return a kind of book as of a day, by default of now. :raises UnknownForm: if no rule knows that code"""
    found = next((each for each in REGISTERS.on(on) if each.code == code), None)
    if found is None:
        raise UnknownForm(_("There is no register %(code)s.") % {"code": code}, field="register")
    return found


def render_register(
    *,
    cover: RegisterCover,
    columns: Sequence[RegisterColumn],
    rows: Iterable[Sequence[str]],
    closing: str = "",
    made_at: datetime | None = None,
) -> bytes:
    """
    Print a book on landscape A4: cover, then the rows under titles repeated on each page.

    Rows are taken 2,000 at a time, so an iterator over a year's book needs little memory. `closing` is the
    line under the last row, such as the closing note at the end of the year. Up to 2,000 rows come out as
    PDF/A-2b; longer books are joined from several such parts and keep their embedded typeface, but lose the
    mark of PDF/A. Characters outside the typeface become "?".
    """
    remaining = iter(rows)
    chunk = list(islice(remaining, _ROWS_AT_ONCE))
    parts: list[bytes] = []
    pages = 0
    while True:
        following = list(islice(remaining, _ROWS_AT_ONCE))
        data = {
            "cover": asdict(cover),
            "columns": [asdict(each) for each in columns],
            "rows": [_filled(row, len(columns)) for row in chunk],
            "with-cover": not parts,
            "pages-before": pages,
            "closing": "" if following else closing,
        }
        part = render_pdf(
            "documents/register.typ", data, made_at=made_at, replace_unprintable=True, tagged=False
        ).pdf
        parts.append(part)
        if not following:
            return _joined(parts)
        pages += _page_count(part) - (len(parts) == 1)
        chunk = following


def render_book(
    *,
    code: str,
    cover: RegisterCover,
    rows: Iterable[Sequence[str]],
    closing: str = "",
    made_at: datetime | None = None,
) -> bytes:
    """Print one of the books of Annex IV with its own title and columns; rows in the order of the columns."""
    book = register(code)
    titled = RegisterCover(**{**asdict(cover), "title": cover.title or book.title})
    return render_register(cover=titled, columns=book.columns, rows=rows, closing=closing, made_at=made_at)


def _filled(row: Sequence[str], count: int) -> list[str]:
    return [*row[:count], *[""] * (count - len(row))]


def _page_count(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return len(document)


def _joined(parts: list[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    with pypdfium2.PdfDocument.new() as whole:
        for part in parts:
            with pypdfium2.PdfDocument(io.BytesIO(part)) as document:
                whole.import_pages(document)
        written = io.BytesIO()
        whole.save(written)
    return written.getvalue()


@lru_cache(maxsize=1)
def _registers() -> tuple[Register, ...]:
    rows = law_rows(Path(__file__).resolve().parent / "data" / "registers.toml")["register"]
    return tuple(_register(**row) for row in rows)


def _register(*, columns: Sequence[Mapping[str, Any]], **row: Any) -> Register:
    return Register(columns=tuple(RegisterColumn(**column) for column in columns), **row)


REGISTERS = Lawbook(
    label=_("Books of documents"),
    rules=_registers,
    matter=lambda rule: rule.code,
    title=lambda rule: rule.title.capitalize(),
)

"""The words of copies: what box 14 shows, and how a register names the document that was copied."""

import textwrap
from datetime import date, datetime

from dinh.documents.letters.formats import copy_mark_lines
from dinh.documents.letters.law import UnknownForm, document_type, mark

_LINE_LETTERS = 38
_SUBJECT_MAX = 500


def copy_mark_text(*, copy_code: str, agency: str, signed_at: datetime) -> tuple[str, ...]:
    """Return the lines of box 14, a long name of the agency on several lines (Annex I, part II, I.3.c)."""
    form, name, time = copy_mark_lines(copy_code=copy_code, agency=agency, signed_at=signed_at)
    return (form, *textwrap.wrap(name, _LINE_LETTERS), time)


def copy_subject(
    *, copy_code: str, type_code: str, bloc: str, code: str, issued_on: date | None, issuer: str, subject: str
) -> str:
    """Return `Sao y Quyết định số 15/QĐ-BNV ngày 05/01/2026 của Bộ Nội vụ: ...`, at most 500 characters."""
    words = [mark("copy", copy_code).name.removeprefix("Bản ").capitalize()]
    words.append(_type_name(type_code, bloc, issued_on))
    if code:
        words.append(f"số {code}")
    if issued_on is not None:
        words.append(f"ngày {issued_on:%d/%m/%Y}")
    return f"{' '.join(words)} của {issuer}: {subject}"[:_SUBJECT_MAX]


def _type_name(type_code: str, bloc: str, on: date | None) -> str:
    try:
        return document_type(type_code, bloc=bloc, on=on or date.max).name
    except UnknownForm:
        return "văn bản"

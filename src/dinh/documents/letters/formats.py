"""
The small texts of a letter: number and notation, date, authority, recipients, order letters.

Rules: Decree 30/2020/NĐ-CP, Annex I, part I, sections II.3, II.4, II.6.đ, II.7 and II.9; the Party's and the
mass organisations' forms from their own profiles. All come from dated data (`law`), none from branches here.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

from django.utils.translation import gettext_lazy as _

from dinh.documents.letters.law import FormProfile, UnknownForm, document_type, mark, profile_for

_VIETNAM = timezone(timedelta(hours=7))
_POINTS = "abcdđeghiklmnopqrstuvxy"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def notation_for(
    *,
    bloc: str,
    type_code: str,
    issuer: str,
    on: date,
    drafter: str = "",
    normative: bool = False,
    variant: str = "",
) -> str:
    """
    Return the notation that follows the number: `QĐ-BNV`, `BNV-VP`, `2026/QĐ-UBND`, Party `HD/VPTW`.

    `issuer` and `drafter` are the abbreviations that the head of the unit has laid down; without a drafter
    (or field of work) an official letter bears the issuer's alone.
    """
    profile = profile_for(bloc=bloc, on=on, variant=variant)
    kind = document_type(type_code, bloc=bloc, on=on)
    abbreviation = kind.abbreviation or profile.letter_abbreviation
    pattern = profile.notations[_notation_kind(kind.layout, normative=normative)]
    filled = pattern.format(type=abbreviation, issuer=issuer, drafter=drafter, year=on.year)
    return filled.strip("-/")


def copy_notation(*, bloc: str, copy_code: str, issuer: str, on: date, variant: str = "") -> str:
    """Return the notation of a paper copy, `SY-UBND` (Annex I, part II, II.1.c)."""
    pattern = profile_for(bloc=bloc, on=on, variant=variant).notations["copy"]
    return pattern.format(type=mark("copy", copy_code).code, issuer=issuer, year=on.year)


def format_number(*, bloc: str, number: int, on: date, variant: str = "") -> str:
    """Return the number alone, `05`, `36`, `1234`: below 10 with a leading zero."""
    return str(number).zfill(profile_for(bloc=bloc, on=on, variant=variant).number_least_digits)


def format_code(*, bloc: str, number: int, notation: str, on: date, variant: str = "") -> str:
    """Return number and notation as one text: `15/QĐ-BNV`, `05/BNV-VP`, Party `36-HD/VPTW`."""
    separator = profile_for(bloc=bloc, on=on, variant=variant).number_separator
    return format_number(bloc=bloc, number=number, on=on, variant=variant) + separator + notation


def parse_code(text: str) -> tuple[int, str] | None:
    """Split a written code (`Số: 05/BNV-VP`, `36-HD/VPTW`) into number and notation; None if it is none."""
    found = re.fullmatch(r"\s*(?:Số\s*:?\s*)?(\d{1,6})\s*[/-]\s*(\S.*?)\s*", text, re.IGNORECASE)
    return (int(found[1]), found[2]) if found else None


def date_parts(day: date, *, bloc: str, variant: str = "") -> tuple[str, str, str]:
    """Return day, month, year as written: days below 10 and months 1 and 2 with a zero, other months not."""
    profile = profile_for(bloc=bloc, on=day, variant=variant)
    written_day = f"{day.day:02d}" if day.day < profile.padded_days_below else str(day.day)
    written_month = f"{day.month:02d}" if day.month in profile.padded_months else str(day.month)
    return written_day, written_month, str(day.year)


def format_date_line(*, bloc: str, place: str, day: date, variant: str = "") -> str:
    """Return `Hà Nội, ngày 05 tháng 01 năm 2020`."""
    written_day, written_month, year = date_parts(day, bloc=bloc, variant=variant)
    line = profile_for(bloc=bloc, on=day, variant=variant).date_line
    return line.format(place=place, day=written_day, month=written_month, year=year)


def authority_lines(
    *,
    bloc: str,
    authority: str,
    on_behalf_of: str,
    position: str,
    head_position: str = "",
    on: date,
    variant: str = "",
) -> tuple[str, ...]:
    """
    Return the lines above a signature (boxes 7a).

    `authority`: `""` (the head in own right), `collective`, `acting_head`, `for_head`, `by_order`,
    `by_delegation`, or `collective_for_head` where a deputy signs for the collective's head.
    `on_behalf_of`: the collective (`ỦY BAN NHÂN DÂN`) or, by order and by delegation, the head's position.
    """
    prefixes = profile_for(bloc=bloc, on=on, variant=variant).authority
    if authority == "collective_for_head":
        lines: Sequence[str] = (
            f"{prefixes['collective']} {on_behalf_of}",
            f"{prefixes['for_head']} {head_position}",
            position,
        )
    elif authority == "":
        lines = (position,)
    elif authority == "acting_head":
        lines = (f"{prefixes['acting_head']} {position}",)
    elif authority in prefixes:
        lines = (f"{prefixes[authority]} {on_behalf_of or head_position}", position)
    else:
        raise UnknownForm(
            _("The signing authority %(code)s is not known.") % {"code": authority}, field="authority"
        )
    return tuple(line.upper() for line in lines if line)


def heading_above(profile: FormProfile, *, issuer: str, parent: str) -> str:
    """
    Return the name above the issuer's in box 2, its common phrases shortened; empty where nobody stands above.

    People's Councils and Committees stand alone (Annex I, part I, II.2.a: only a directly governing body).
    """
    if not parent or issuer.startswith(profile.heading_alone or ("\0",)):
        return ""
    for phrase, short in profile.abbreviated.items():
        parent = parent.replace(phrase, short)
    return parent


def archive_line(profile: FormProfile, *, unit: str = "", copies: int = 0) -> str:
    """Return the last line of the recipients, `Lưu: VT, CNTT (3).`"""
    places = ", ".join(each for each in (profile.archive_code, unit) if each)
    if copies:
        places += f" ({copies})"
    return profile.archive_line.format(places=places)


def point_letter(index: int) -> str:
    """Return the letter of the index-th point from 0: a, b, c, d, đ, e, g ...; after y comes aa."""
    wraps, rest = divmod(index, len(_POINTS))
    return (point_letter(wraps - 1) if wraps else "") + _POINTS[rest]


def roman(number: int) -> str:
    """Return a positive number in Roman numerals, for parts, chapters and annexes."""
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def format_signing_time(moment: datetime) -> str:
    """Return date, time and Vietnam's offset as ISO 8601 orders them: `2026-11-24 08:15:30 +07:00`."""
    return moment.astimezone(_VIETNAM).strftime("%Y-%m-%d %H:%M:%S") + " +07:00"


def copy_mark_lines(*, copy_code: str, agency: str, signed_at: datetime) -> tuple[str, str, str]:
    """Return the text of box 14: form of copy, copying agency, signing time (Annex I, part II, I.3.c)."""
    return (mark("copy", copy_code).mark, agency, format_signing_time(signed_at))


def annex_mark_lines(*, code: str, signed_at: datetime) -> tuple[str, str]:
    """Return the text on an annex in a file of its own: number and notation, signing time (II.8.b)."""
    return (f"Số: {code}", format_signing_time(signed_at))


def _notation_kind(layout: str, *, normative: bool) -> str:
    if normative:
        return "normative"
    return "letter" if layout in {"letter", "courtesy"} else "named"

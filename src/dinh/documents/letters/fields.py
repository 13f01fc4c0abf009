"""
The form fields of a letter, made from the places of its layout before anybody signs.

The clerk's number and date come after the leader's signature (Decree 30/2020/NĐ-CP, Art. 15): they are
text fields, which the seal locks. Everybody who is expected to sign has an empty signature field.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dinh.documents.letters.formats import date_parts
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.kernel.pdf import font_file
from dinh.pki.api import DATE_FIELD, NUMBER_FIELD, SEAL_FIELD, Box, FieldKind, FieldSpec

_SIGNATURE = "Signature."
INITIALS_FIELD = f"{_SIGNATURE}initials"
_TEXTS = {
    "number": NUMBER_FIELD,
    "day": f"{DATE_FIELD}.day",
    "month": f"{DATE_FIELD}.month",
    "year": f"{DATE_FIELD}.year",
}
_DATE = ("day", "month", "year")
PLACES = {
    "number": _("Number"),
    "day": _("Day"),
    "month": _("Month"),
    "year": _("Year"),
    "initials.1": _("Initials 1"),
    "initials.2": _("Initials 2"),
    "initials.3": _("Initials 3"),
    "initials.4": _("Initials 4"),
    "initials.5": _("Initials 5"),
    "initials.6": _("Initials 6"),
    "signature.secretary": _("Signature of the secretary"),
    "signature.leader": _("Signature"),
    "seal.leader": _("Seal"),
    "signature.second": _("Signature of the other party"),
    "seal.second": _("Seal of the other party"),
}
"""What people call the places of a letter."""


class PlacesMissing(InvalidInput):
    """The layout does not say where number, date, signature or seal go."""


def initials_field(order: int) -> str:
    """Name of the field of the n-th who initials, counted from 1."""
    return f"{INITIALS_FIELD}.{order}"


def signature_field(key: str) -> str:
    """Name of the field of a signature block by its key, such as `leader`."""
    return f"{_SIGNATURE}{key}"


def seal_field(key: str) -> str:
    """Name of the field of the seal that belongs to a signature block."""
    return SEAL_FIELD if key == "leader" else f"{_SIGNATURE}{key}_seal"


def is_letter_field(name: str) -> bool:
    """Whether a letter gets a field of this name as it is submitted."""
    return name in _TEXTS.values() or name == SEAL_FIELD or name.startswith(_SIGNATURE)


def letter_fields(
    places: Sequence[Mapping[str, Any]],
    *,
    initials: int,
    dated: bool = True,
    signers: Sequence[str] = ("leader",),
    other_seals: Sequence[str] = (),
) -> list[FieldSpec]:
    """
    The fields of a letter with so many who initial.

    :param places: as `kernel.pdf.Place`, plain
    :param dated: the form of its type has a date in the head; else the date's places are wanted only where one of them
        is there
    :param signers: keys of those who sign, in order; the seal goes with the leader's
    :param other_seals: keys of signers whose own unit seals beside it, before number and date are given
    :raises PlacesMissing: naming each place that is needed and not there
    """
    known = {place["name"]: place for place in places}
    date_places = _DATE if dated or any(name in known for name in _DATE) else ()
    initialled = {f"initials.{order}": initials_field(order) for order in range(1, initials + 1)}
    signed = {f"signature.{key}": signature_field(key) for key in signers}
    signed |= {f"seal.{key}": seal_field(key) for key in other_seals}
    expected = ["number", *date_places, *initialled, *signed, "seal.leader"]
    if missing := [name for name in expected if name not in known]:
        told = _("The letter has no place for: %(names)s. Mark it on the page.") % {
            "names": ", ".join(str(PLACES.get(name, name)) for name in missing)
        }
        raise PlacesMissing(told, faults=[FieldFault(name, told) for name in missing])
    texts = [_text(known[place], _TEXTS[place]) for place in ("number", *date_places)]
    signatures = [_signature(known[place], name) for place, name in (initialled | signed).items()]
    seal = _signature(known["seal.leader"], SEAL_FIELD, locks=tuple(each.name for each in texts))
    return [*texts, *signatures, seal]


def number_and_date(
    *, number: str, day: date, bloc: str, fields: Collection[str]
) -> tuple[dict[str, str], dict[str, Path]]:
    """
    Text of each field that the clerk fills, and the typeface of those that are not upright.

    :param fields: names of those that the letter has; minutes have none for the date
    """
    values = dict(zip(_TEXTS.values(), (number, *date_parts(day, bloc=bloc)), strict=True))
    italic = font_file(italic=True)
    filled = {name: value for name, value in values.items() if name in fields}
    return filled, dict.fromkeys(filled.keys() - {NUMBER_FIELD}, italic)


def _text(place: Mapping[str, Any], name: str) -> FieldSpec:
    font = font_file(italic=bool(place["italic"]))
    size = float(place["font_size"]) or 13.0
    return FieldSpec(name, _box(place), kind=FieldKind.TEXT, font=font, font_size=size)


def _signature(place: Mapping[str, Any], name: str, *, locks: tuple[str, ...] = ()) -> FieldSpec:
    return FieldSpec(name, _box(place), locks=locks)


def _box(place: Mapping[str, Any]) -> Box:
    left, bottom = float(place["x"]), float(place["y"])
    return Box(
        int(place["page"]), left, bottom, left + float(place["width"]), bottom + float(place["height"])
    )

"""The dated rules of form: which profile, types, marks and prefixes hold for a bloc on a day."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dinh.kernel.errors import InvalidInput

_DATA = Path(__file__).resolve().parent / "data"


class UnknownForm(InvalidInput):
    """No rule of form is known for this bloc, type or mark on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxStyle:
    """How the text of one box of the layout plan looks; sizes in points."""

    box: str
    least: float
    most: float
    size: float
    bold: bool = False
    italic: bool = False
    caps: bool = False
    underline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a rule allows, and what we use."""

    least: float
    most: float
    used: float

    def admits(self, value: float, *, slack: float = 0.0) -> bool:
        """True if the value lies within, up to `slack` outside."""
        return self.least - slack <= value <= self.most + slack


@dataclass(frozen=True, slots=True, kw_only=True)
class FormProfile:
    """The form of letters of one bloc in one era, with the rule it comes from."""

    code: str
    bloc: str
    variant: str
    valid_from: date
    valid_until: date | None
    source: str
    confirmed: bool
    heading_name: str
    heading_motto: str
    number_label: str
    number_separator: str
    number_least_digits: int
    notations: Mapping[str, str]
    date_line: str
    padded_days_below: int
    padded_months: tuple[int, ...]
    authority: Mapping[str, str]
    letter_abbreviation: str
    end_mark: str
    issuer_mark: str
    archive_line: str
    archive_code: str
    issuers: tuple[str, ...]
    heading_alone: tuple[str, ...]
    abbreviated: Mapping[str, str]
    margins: Mapping[str, Span]
    indent_mm: tuple[float, ...]
    paragraph_gap_pt: float
    line_spacing: Span
    boxes: Mapping[str, BoxStyle]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """
    A type of Article 7 (`ordinal` 1 to 29) or of another bloc's rule (`ordinal` 0).

    `addressed`: `always` with "Kính gửi", `upward` only to bodies above the issuer, `wired` as telegrams are.
    """

    code: str
    ordinal: int
    name: str
    abbreviation: str
    layout: str
    blocs: tuple[str, ...]
    source: str
    valid_from: date
    valid_until: date | None = None
    addressed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stamped word: form of copy, urgency, circulation; sizes in millimetres, 0 where it fits its text."""

    code: str
    mark: str
    name: str = ""
    width_mm: float = 0
    height_mm: float = 0
    rank: int = 0


def profile_for(*, bloc: str, on: date, variant: str = "") -> FormProfile:
    """
    Return the form of a bloc (`government`, `party`, `mass`) on a day.

    Documents older than the first rule known are read under that first rule. An organisation of its own
    form (`variant`, such as `youth`) falls back on its bloc's.

    :raises UnknownForm: if the bloc is not known
    """
    candidates = [each for each in _profiles() if each.bloc == bloc and each.variant == variant]
    if not candidates and variant:
        return profile_for(bloc=bloc, on=on)
    if not candidates:
        raise UnknownForm(
            _("No form of letters is known for the bloc %(bloc)s.") % {"bloc": bloc}, field="bloc"
        )
    current = [each for each in candidates if _holds(each, on)]
    return current[-1] if current else min(candidates, key=lambda each: each.valid_from)


def variant_of(*, bloc: str, issuer: str) -> str:
    """Return the variant of an organisation that has a form of its own within its bloc, else nothing."""
    own = (each for each in _profiles() if each.bloc == bloc and issuer.startswith(each.issuers or ("\0",)))
    return next((each.variant for each in own), "")


def document_types(*, bloc: str = "government", on: date) -> tuple[DocumentType, ...]:
    """Return the types that a bloc uses on a day, in the order of the rule."""
    known = [each for each in _types() if bloc in each.blocs]
    current = tuple(each for each in known if _holds(each, on))
    return current or tuple(known)


def document_type(code: str, *, bloc: str = "government", on: date) -> DocumentType:
    """Return one type. :raises UnknownForm: if the bloc has no such type on that day"""
    for each in document_types(bloc=bloc, on=on):
        if each.code == code:
            return each
    raise UnknownForm(
        _("The document type %(code)s is not known. Choose one from the list.") % {"code": code},
        field="type_code",
    )


def marks(kind: str) -> tuple[Mark, ...]:
    """Return the marks of a kind: `copy`, `urgency` or `circulation`."""
    fields = set(Mark.__dataclass_fields__)
    return tuple(Mark(**{k: v for k, v in row.items() if k in fields}) for row in _tables()[kind])


def mark(kind: str, code: str) -> Mark:
    """Return one mark. :raises UnknownForm: if there is none of that code"""
    for each in marks(kind):
        if each.code == code:
            return each
    raise UnknownForm(_("The mark %(code)s is not known.") % {"code": code}, field=kind)


def urgency_code(rank: int) -> str:
    """Return the code of the urgency mark of a rank (QCVN 102:2016: 0 none to 3 most urgent)."""
    return next((each.code for each in marks("urgency") if each.rank == rank), "")


def model_words(layout: str) -> Mapping[str, Any]:
    """Return the fixed words of a form of Annex III (`authority`, `order`, `subject_lead`, `body`)."""
    models = _read("models.toml")
    found: Mapping[str, Any] = models.get(layout, models["named"])
    return found


def _holds(rule: FormProfile | DocumentType, on: date) -> bool:
    return rule.valid_from <= on and (rule.valid_until is None or on < rule.valid_until)


@lru_cache(maxsize=8)
def _read(name: str) -> dict[str, Any]:
    with (_DATA / name).open("rb") as source:
        return tomllib.load(source)


def _tables() -> dict[str, Any]:
    return _read("types.toml")


@lru_cache(maxsize=1)
def _types() -> tuple[DocumentType, ...]:
    every = ("government", "party", "mass")
    source = _tables()["source"]
    return tuple(
        DocumentType(
            code=row["code"],
            ordinal=row["ordinal"],
            name=row["name"],
            abbreviation=row["abbreviation"],
            layout=row["layout"],
            blocs=tuple(row.get("blocs", every)),
            source=row.get("source", source),
            valid_from=row["valid_from"],
            valid_until=row.get("valid_until"),
            addressed=row.get("addressed", ""),
        )
        for row in _tables()["type"]
    )


@lru_cache(maxsize=1)
def _profiles() -> tuple[FormProfile, ...]:
    rows: dict[str, dict[str, Any]] = {}
    for row in _read("profiles.toml")["profile"]:
        base = rows.get(row.get("extends", ""), {})
        rows[row["code"]] = _merged(base, row)
    found = [_profile(row) for row in rows.values()]
    return tuple(sorted(found, key=lambda each: each.valid_from))


def _merged(base: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in row.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = {**base[key], **value} if both else value
    return merged


def _profile(row: Mapping[str, Any]) -> FormProfile:
    number = row["number"]
    when = row["date"]
    return FormProfile(
        code=row["code"],
        bloc=row["bloc"],
        variant=row["variant"],
        valid_from=row["valid_from"],
        valid_until=row.get("valid_until"),
        source=row["source"],
        confirmed=row["confirmed"],
        heading_name=row["heading"]["name"],
        heading_motto=row["heading"]["motto"],
        number_label=number["label"],
        number_separator=number["separator"],
        number_least_digits=number["least_digits"],
        notations={kind: number[kind] for kind in ("named", "letter", "normative", "copy")},
        date_line=when["line"],
        padded_days_below=when["padded_days_below"],
        padded_months=tuple(when["padded_months"]),
        authority=row["authority"],
        letter_abbreviation=row["letter_abbreviation"],
        end_mark=row["end_mark"],
        issuer_mark=row["issuer_mark"],
        archive_line=row["archive_line"],
        archive_code=row["archive_code"],
        issuers=tuple(row.get("issuers", ())),
        heading_alone=tuple(row.get("heading_alone", ())),
        abbreviated=row.get("abbreviated", {}),
        margins={side: _span(values) for side, values in row["margins"].items()},
        indent_mm=tuple(row["indent_mm"]),
        paragraph_gap_pt=row["paragraph_gap_pt"],
        line_spacing=_span(row["line_spacing"]),
        boxes={name: _box(values) for name, values in row["boxes"].items()},
    )


def _span(values: list[float]) -> Span:
    least, most, used = values
    return Span(least=least, most=most, used=used)


def _box(values: Mapping[str, Any]) -> BoxStyle:
    least, most, size = values["size"]
    flags = {key: values.get(key, False) for key in ("bold", "italic", "caps", "underline")}
    return BoxStyle(box=values["box"], least=least, most=most, size=size, **flags)

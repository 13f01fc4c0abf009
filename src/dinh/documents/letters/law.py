"""The dated rules of form: which profile, types, marks and words hold for a bloc on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc
from dinh.kernel.errors import InvalidInput
from dinh.kernel.law import Lawbook, Rule, governing, law_rows

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
class FormProfile(Rule):
    """The form of letters of one bloc in one era."""

    code: str
    bloc: str
    variant: str
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
class DocumentType(Rule):
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
    addressed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Rule):
    """A stamped word: form of copy, urgency, circulation; sizes in millimetres, 0 where it fits its text."""

    kind: str
    code: str
    mark: str
    name: str = ""
    width_mm: float = 0
    height_mm: float = 0
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWords(Rule):
    """
    The fixed words of a form of Annex III.

    :param body: one line a paragraph; "……" stands where the writer fills in, `{issuer}` for the agency
    :param order: the line between the legal bases and the articles
    :param has_authority: names the deciding authority
    :param is_dated: bears place and date in its head (box 4)
    :param signers: keys of the signature blocks from left to right: `leader`, whose is the seal; `secretary` of
        minutes; `second` of an agreement, who is the other party's
    """

    layout: str
    name: str
    body: str
    order: str = ""
    has_authority: bool = False
    is_dated: bool = True
    signers: tuple[str, ...] = ("leader",)

    @property
    def has_secretary(self) -> bool:
        """Whether somebody of the own unit signs beside the leader."""
        return "secretary" in self.signers

    @property
    def has_party(self) -> bool:
        """Whether somebody signs for another party."""
        return "second" in self.signers


def profile_for(*, bloc: str, on: date, variant: str = "") -> FormProfile:
    """
    Return the form of a bloc (`government`, `party`, `mass`) on a day.

    An organisation of its own form (`variant`, such as `youth`) falls back on its bloc's.

    :raises UnknownForm: if no rule of form governs that bloc on that day
    """
    eras = [each for each in _profiles() if each.bloc == bloc and each.variant == variant]
    if not eras and variant:
        return profile_for(bloc=bloc, on=on)
    found = governing(eras, on=on)
    if found is None:
        raise UnknownForm(
            _("No form of letters is known for the bloc %(bloc)s.") % {"bloc": bloc}, field="bloc"
        )
    return found


def variant_of(*, bloc: str, issuer: str) -> str:
    """Return the variant of an organisation that has a form of its own within its bloc, else nothing."""
    own = (each for each in _profiles() if each.bloc == bloc and issuer.startswith(each.issuers or ("\0",)))
    return next((each.variant for each in own), "")


@lru_cache(maxsize=2048)
def document_types(*, bloc: str = "government", on: date) -> tuple[DocumentType, ...]:
    """Return the types that a bloc uses on a day, in the order of the rule."""
    return tuple(each for each in TYPES.on(on) if bloc in each.blocs)


def document_type(code: str, *, bloc: str = "government", on: date) -> DocumentType:
    """Return one type. :raises UnknownForm: if the bloc has no such type on that day"""
    for each in document_types(bloc=bloc, on=on):
        if each.code == code:
            return each
    raise UnknownForm(
        _("The document type %(code)s is not known. Choose one from the list.") % {"code": code},
        field="type_code",
    )


def marks(kind: str, *, on: date = date.max) -> tuple[Mark, ...]:
    """Return the marks of a kind (`copy`, `urgency`, `circulation`) on a day, by default those of now."""
    return tuple(each for each in MARKS.on(on) if each.kind == kind)


def mark(kind: str, code: str, *, on: date = date.max) -> Mark:
    """Return one mark. :raises UnknownForm: if there is none of that code on that day"""
    for each in marks(kind, on=on):
        if each.code == code:
            return each
    raise UnknownForm(_("The mark %(code)s is not known.") % {"code": code}, field=kind)


def urgency_code(rank: int) -> str:
    """Return the code of the urgency mark of a rank (QCVN 102:2016: 0 none to 3 most urgent)."""
    return next((each.code for each in marks("urgency") if each.rank == rank), "")


def model_words(layout: str, *, on: date) -> ModelWords:
    """Return the fixed words of a form on a day; those of a letter with a name where it has none of its own."""
    words = {each.layout: each for each in MODELS.on(on)}
    return words.get(layout) or words["named"]


@lru_cache(maxsize=1)
def _types() -> tuple[DocumentType, ...]:
    content = law_rows(_DATA / "types.toml")
    given: dict[str, Any] = {"source": content["source"], "blocs": ("government", "party", "mass")}
    return tuple(
        DocumentType(**{**given, **row, "blocs": tuple(row.get("blocs", given["blocs"]))})
        for row in content["type"]
    )


@lru_cache(maxsize=1)
def _marks() -> tuple[Mark, ...]:
    content = law_rows(_DATA / "types.toml")
    kinds = ("copy", "urgency", "circulation")
    return tuple(
        Mark(**{"source": content["source"], **row, "kind": kind}) for kind in kinds for row in content[kind]
    )


@lru_cache(maxsize=1)
def _models() -> tuple[ModelWords, ...]:
    rows = law_rows(_DATA / "models.toml")["model"]
    return tuple(ModelWords(**row | {"signers": tuple(row.get("signers", ("leader",)))}) for row in rows)


@lru_cache(maxsize=1)
def _profiles() -> tuple[FormProfile, ...]:
    rows: dict[str, dict[str, Any]] = {}
    for row in law_rows(_DATA / "profiles.toml")["profile"]:
        base = rows.get(row.get("extends", ""), {})
        rows[row["code"]] = _merged(base, row)
    return tuple(_profile(row) for row in rows.values())


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


PROFILES = Lawbook(
    label=_("Form of letters"),
    rules=_profiles,
    matter=lambda rule: (rule.bloc, rule.variant),
    title=lambda rule: f"{Bloc(rule.bloc).label}: {rule.heading_name}",
)
TYPES = Lawbook(
    label=_("Types of documents"),
    rules=_types,
    matter=lambda rule: (rule.code, rule.blocs),
    title=lambda rule: rule.name,
)
MARKS = Lawbook(
    label=_("Marks on documents"),
    rules=_marks,
    matter=lambda rule: (rule.kind, rule.code),
    title=lambda rule: rule.mark,
)
MODELS = Lawbook(
    label=_("Words of the forms"),
    rules=_models,
    matter=lambda rule: rule.layout,
    title=lambda rule: rule.name,
)

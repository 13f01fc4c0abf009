"""
Form fields of a letter: empty signature fields, and text fields for what the clerk fills in after the leader.

Decree 30/2020/NĐ-CP, Art. 15 and Annex I: number and date are given after the authorised person has signed and
before the agency's seal; so they are form fields, filled by incremental update, and locked by the seal.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from .appearance import draw_text_form, empty_appearance
from .errors import FieldAlreadyUsed, SignatureNotAllowed, UnknownField, UnreadablePdf
from .fonts import embed_font, subset_font
from .pdf.document import FormField, PdfFile
from .pdf.objects import Dict, Name, Obj, PdfDamaged, PdfEncrypted, Ref, Stream, text_string, to_text_string
from .pdf.syntax import Buffer
from .pdf.update import Update

NUMBER_FIELD = "dinh.number"
DATE_FIELD = "dinh.date"
LEADER_FIELD = "Signature.leader"
SEAL_FIELD = "Signature.seal"
PRINT_FLAG = 4
_PRINTABLE = "".join(map(chr, range(32, 127)))


class FieldKind(enum.StrEnum):
    SIGNATURE = "signature"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page: pages from 1, points from the page's lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """
    A field to be made.

    :param locks: full names of the fields that signing here locks (FieldMDP, signature fields only)
    :param font: TrueType file (text fields only); the size is in points
    """

    name: str
    box: Box
    kind: FieldKind = FieldKind.SIGNATURE
    locks: tuple[str, ...] = ()
    font: Path | None = None
    font_size: float = 13.0


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field as it stands: `filled` tells whether it holds a signature or a value, `value` the text."""

    name: str
    kind: FieldKind
    filled: bool
    value: str
    box: Box | None


def open_pdf(data: Buffer) -> PdfFile:
    """
    The file for reading and signing.

    :raises UnreadablePdf: if it is damaged, encrypted or beyond the limits
    """
    try:
        pdf = PdfFile(data)
        pdf.fields()
    except PdfEncrypted as error:
        message = _("The PDF is encrypted. Save it without a password and upload it again.")
        raise UnreadablePdf(message, field="file") from error
    except PdfDamaged as error:
        message = _("The PDF is damaged and cannot be signed. Export it again from its source.")
        raise UnreadablePdf(message, field="file") from error
    return pdf


def read_fields(*, pdf: bytes) -> tuple[FieldState, ...]:
    """
    Signature and text fields of a PDF in the order of its form.

    :raises UnreadablePdf:
    """
    source = open_pdf(pdf)
    try:
        return field_states(source)
    except PdfDamaged as error:
        raise UnreadablePdf(_("The PDF is damaged."), field="file") from error


def field_states(pdf: PdfFile) -> tuple[FieldState, ...]:
    """As `read_fields`, of a file that is open."""
    places = _places(pdf)
    return tuple(_state(pdf, field, places) for field in pdf.fields() if field.kind in ("Sig", "Tx"))


def add_fields(*, pdf: bytes, fields: Sequence[FieldSpec]) -> bytes:
    """
    The PDF with these empty fields added by incremental update. Do it before the first signature.

    Widgets are printed, have an (empty) appearance and reuse the pages' annotation arrays.

    :raises UnreadablePdf: if the PDF cannot be read
    :raises UnknownField: if a box lies on a page that does not exist
    :raises FieldAlreadyUsed: if a field of that name exists
    """
    source = open_pdf(pdf)
    taken = {field.name for field in source.fields()}
    if clash := taken & {spec.name for spec in fields}:
        raise FieldAlreadyUsed(_("The form already has the field %(name)s.") % {"name": min(clash)})
    update = Update(source)
    form = form_of(update)
    default_font = _default_font(update, form, fields)
    for spec in fields:
        add_field(update, spec, form=form, default_font=default_font)
    return pdf + update.write()


def form_of(update: Update) -> Ref:
    """The AcroForm as an object of its own, made or moved out of the catalog where needed, to be edited."""
    root = update.base.root
    value = update.base.catalog.get("AcroForm")
    if isinstance(value, Ref) and update.base.get(value.num) is not None:
        form = value
    else:
        form = update.add(dict(value) if isinstance(value, dict) else {"Fields": []})
        update.edit(root)["AcroForm"] = form
    return form


def add_field(update: Update, spec: FieldSpec, *, form: Ref, default_font: str = "") -> Ref:
    """Write one widget field and hang it into the form and its page; gives the field's object."""
    page = page_of(update, spec.box.page)
    box = spec.box
    *groups, last = spec.name.split(".")
    owner, key = _group(update, form, groups)
    widget: Dict = {
        "Type": Name("Annot"),
        "Subtype": Name("Widget"),
        "T": to_text_string(last),
        "Rect": [box.left, box.bottom, box.right, box.top],
        "F": PRINT_FLAG,
        "P": page,
        "AP": {"N": empty_appearance(update, box.width, box.height)},
    }
    if spec.kind is FieldKind.SIGNATURE:
        widget |= {"FT": Name("Sig")}
        if spec.locks:
            widget["Lock"] = update.add(field_lock(spec.locks))
    else:
        widget |= {"FT": Name("Tx"), "DA": f"/{default_font} {spec.font_size:g} Tf 0 g".encode()}
    if key == "Kids":
        widget["Parent"] = owner
    ref = update.add(widget)
    update.append_to(page, "Annots", [ref])
    update.append_to(owner, key, [ref])
    if spec.kind is FieldKind.SIGNATURE:
        current = update.current(form)
        assert isinstance(current, dict)  # noqa: S101 form_of gives a dictionary
        if current.get("SigFlags") != 3:
            update.edit(form)["SigFlags"] = 3
    return ref


def _group(update: Update, form: Ref, names: Sequence[str]) -> tuple[Ref, str]:
    """The field node that groups these partial names, made where it is missing, and the key of its children."""
    owner, key = form, "Fields"
    for name in names:
        node = _child(update, owner, key, name)
        if node is None:
            entry: Dict = {"T": to_text_string(name), "Kids": []}
            if key == "Kids":
                entry["Parent"] = owner
            node = update.add(entry)
            update.append_to(owner, key, [node])
        owner, key = node, "Kids"
    return owner, key


def _child(update: Update, owner: Ref, key: str, name: str) -> Ref | None:
    holder = update.current(owner)
    value = holder.get(key) if isinstance(holder, dict) else None
    children = update.current(value) if isinstance(value, Ref) else value
    for ref in children if isinstance(children, list) else []:
        node = update.current(ref) if isinstance(ref, Ref) else None
        if isinstance(node, dict) and text_string(update.base.resolve(node.get("T"))) == name:
            return ref if isinstance(ref, Ref) else None
    return None


def field_lock(names: Sequence[str]) -> Dict:
    """Dictionary that says which fields a signature locks (ISO 32000-2, 12.7.5.5)."""
    return {
        "Type": Name("SigFieldLock"),
        "Action": Name("Include"),
        "Fields": [to_text_string(name) for name in names],
    }


def page_of(update: Update, number: int) -> Ref:
    """
    The object of page `number`, counted from 1.

    :raises UnknownField: if there is no such page
    """
    for index, (ref, _page) in enumerate(update.base.pages(), start=1):
        if index == number:
            return ref
    raise UnknownField(_("The document has no page %(page)d.") % {"page": number}, field="page")


def _default_font(update: Update, form: Ref, fields: Sequence[FieldSpec]) -> str:
    fonts = [spec.font for spec in fields if spec.kind is FieldKind.TEXT and spec.font]
    if not fonts:
        return "Helv"
    holder = update.edit(form)
    resources = dict(update.base.dict_of(holder["DR"])) if "DR" in holder else {}
    known = dict(update.base.dict_of(resources["Font"])) if "Font" in resources else {}
    known["Dinh"] = embed_font(update, subset_font(path=fonts[0], text=_PRINTABLE))
    holder["DR"] = {**resources, "Font": known}
    return "Dinh"


def fill_text_fields(
    *, pdf: bytes, values: Mapping[str, str], font: Path, fonts: Mapping[str, Path] | None = None
) -> bytes:
    """
    The PDF with these text fields filled by incremental update, each with an appearance of its own.

    Values are seen by viewers and by text extraction; the font is embedded as a subset.

    :param values: full field name to text
    :param font: TrueType file that has the texts' characters
    :param fonts: other files for some fields, by full field name
    :raises UnknownField: if a name is not that of a text field
    :raises FieldAlreadyUsed: if a field holds another value; the same value again changes nothing
    :raises SignatureNotAllowed: if a signature locks the field or the document
    """
    source = open_pdf(pdf)
    update = Update(source)
    known = {field.name: field for field in source.fields() if field.kind == "Tx"}
    for name, text in values.items():
        if name not in known:
            raise UnknownField(_("The form has no text field %(name)s.") % {"name": name}, field=name)
        current = text_string(source.resolve(known[name].dict.get("V")))
        if current == text:
            continue
        if current:
            raise FieldAlreadyUsed(_("The field %(name)s is filled in already.") % {"name": name}, field=name)
        if name in locked_fields(source):
            message = _("A signature locks the field %(name)s.") % {"name": name}
            raise SignatureNotAllowed(message, field=name)
        _fill(update, known[name], text, (fonts or {}).get(name, font))
    return pdf + update.write() if update.objects else pdf


def fill_number_and_date(
    *, pdf: bytes, number: str, date: str, font: Path, date_font: Path | None = None
) -> bytes:
    """
    The letter with its number and its day filled in (Decree 30/2020/NĐ-CP, Annex I, points 3 and 4).

    :param number: as it is shown, with its leading zero, e.g. "05"
    :param date: as it is shown, e.g. "05 tháng 02 năm 2026"
    :param date_font: italic typeface for the date, as the decree asks; `font` if none is given
    :raises UnknownField, FieldAlreadyUsed, SignatureNotAllowed: as `fill_text_fields`
    """
    values, fonts = {NUMBER_FIELD: number, DATE_FIELD: date}, {DATE_FIELD: date_font or font}
    return fill_text_fields(pdf=pdf, values=values, font=font, fonts=fonts)


def _fill(update: Update, field: FormField, text: str, font: Path) -> None:
    update.edit(Ref(field.num, 0))["V"] = to_text_string(text)
    size = _font_size(field.dict.get("DA"))
    for num in field.widgets:
        widget = update.edit(Ref(num, 0))
        left, bottom, right, top = rectangle(update.base, widget)
        # The number stands against the stroke that follows it, the date's parts between their words.
        shift = 1.0 if field.name == NUMBER_FIELD else 0.5
        form = draw_text_form(
            update, text=text, font=font, size=size, width=right - left, height=top - bottom, shift=shift
        )
        widget["AP"] = {"N": form}


def _font_size(appearance: Obj) -> float:
    tokens = appearance.split() if isinstance(appearance, bytes) else []
    try:
        return float(tokens[tokens.index(b"Tf") - 1]) or 12.0
    except (ValueError, IndexError):
        return 12.0


def rectangle(pdf: PdfFile, widget: Dict) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of an annotation in points; zeros if it has none."""
    numbers = [v for v in pdf.list_of(widget.get("Rect")) if isinstance(v, (int, float))]
    if len(numbers) != 4:
        return (0.0, 0.0, 0.0, 0.0)
    x1, y1, x2, y2 = map(float, numbers)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def locked_fields(pdf: PdfFile) -> frozenset[str]:
    """Full names of the fields that the signatures of this revision lock (FieldMDP)."""
    names = [field.name for field in pdf.fields()]
    locked: set[str] = set()
    for field in pdf.fields():
        value = pdf.resolve(field.dict.get("V")) if field.kind == "Sig" else None
        if isinstance(value, dict):
            locked |= locked_by(pdf, value, names)
    return frozenset(locked)


def locked_by(pdf: PdfFile, signature: Dict, names: Sequence[str]) -> set[str]:
    """Those of `names` that this signature locks."""
    for reference in pdf.list_of(signature.get("Reference")):
        entry = pdf.dict_of(reference)
        if entry.get("TransformMethod") != "FieldMDP":
            continue
        params = pdf.dict_of(entry.get("TransformParams"))
        listed = [text_string(pdf.resolve(item)) for item in pdf.list_of(params.get("Fields"))]
        covered = {n for n in names if any(n == item or n.startswith(item + ".") for item in listed)}
        action = params.get("Action")
        return set(names) if action == "All" else set(names) - covered if action == "Exclude" else covered
    return set()


def docmdp_level(pdf: PdfFile, signature: Dict) -> int | None:
    """The permissions (1 none, 2 forms and signatures, 3 also comments) that a signature certifies, if it does."""
    for reference in pdf.list_of(signature.get("Reference")):
        entry = pdf.dict_of(reference)
        if entry.get("TransformMethod") == "DocMDP":
            params = pdf.resolve(entry.get("TransformParams"))
            level = params.get("P", 2) if isinstance(params, dict) else 2
            return level if level in (1, 2, 3) and isinstance(level, int) else 1
    return None


def _places(pdf: PdfFile) -> dict[int, int]:
    return {
        ref.num: number
        for number, (_page, page) in enumerate(pdf.pages(), start=1)
        for ref in pdf.list_of(page.get("Annots"))
        if isinstance(ref, Ref)
    }


def _state(pdf: PdfFile, field: FormField, places: Mapping[int, int]) -> FieldState:
    value = pdf.resolve(field.dict.get("V"))
    num = field.widgets[0]
    page = places.get(num)
    box = Box(page, *rectangle(pdf, pdf.dict_of(Ref(num, 0)))) if page else None
    is_signature = field.kind == "Sig"
    return FieldState(
        name=field.name,
        kind=FieldKind.SIGNATURE if is_signature else FieldKind.TEXT,
        filled=value is not None and not (isinstance(value, bytes) and not value),
        value="" if is_signature or isinstance(value, Stream) else text_string(value),
        box=box,
    )

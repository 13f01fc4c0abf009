"""Compile a Typst template to PDF/A-2b and ask it where the blank places are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import typst
from django.utils.translation import gettext_lazy as _

from dinh.kernel.pdf.fonts import FONT_DIR, printable, unprintable_characters
from dinh.kernel.pdf.refusals import UnprintableText

_ROOT = Path(__file__).resolve().parents[2]
_NO_PACKAGES = FONT_DIR


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    A rectangle on a page that a later step fills: a form field, a signature, a stamp.

    Points (1/72 inch) counted from the bottom left corner of the page; `page` counts from 1.
    `font_size` in points and `italic` tell how a text put here must look; 0 where the place takes no text.
    """

    name: str
    page: int
    x: float
    y: float
    width: float
    height: float
    font_size: float = 0
    italic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPdf:
    """A PDF/A-2b file and its places, in the order of the text."""

    pdf: bytes
    places: tuple[Place, ...]

    def place(self, name: str) -> Place:
        """Return the first place of that name. :raises KeyError: if the template has none"""
        for place in self.places:
            if place.name == name:
                return place
        raise KeyError(name)


def render_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    images: Mapping[str, bytes] | None = None,
    made_at: datetime | None = None,
    replace_unprintable: bool = False,
    tagged: bool = True,
) -> RenderedPdf:
    """
    Render a module's template, `"documents/letter.typ"` for `dinh/documents/typst/letter.typ`.

    The data reach the template as JSON in `sys.inputs.data`, never as Typst source, so a text cannot become
    markup. Images (PNG, JPEG, SVG) reach it as arrays of bytes under `data.images`. The same input gives the
    same bytes: the file's date is `made_at`, or none. Nothing is read from the network or the system's fonts.

    :raises UnprintableText: unless `replace_unprintable`, which puts "?" for what the typeface lacks
    """
    prepared = _prepared({**data, "images": {}}, replace=replace_unprintable)
    prepared["images"] = {name: list(content) for name, content in (images or {}).items()}
    compiler = typst.Compiler(
        str(_template_path(template)),
        root=str(_ROOT),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(prepared, ensure_ascii=False)},
        package_path=str(_NO_PACKAGES),
        package_cache_path=str(_NO_PACKAGES),
    )
    pdf: Any = compiler.compile(
        format="pdf",
        pdf_standards=["a-2b"],
        timestamp=int(made_at.timestamp()) if made_at else 0,
        pdf_tags=tagged,
    )
    found = json.loads(compiler.query("<place>", field="value"))
    return RenderedPdf(pdf=cast("bytes", pdf), places=tuple(_place(each) for each in found))


def _template_path(template: str) -> Path:
    module, _slash, name = template.partition("/")
    path = (_ROOT / module / "typst" / name).resolve()
    if _ROOT not in path.parents or not path.is_file():
        raise FileNotFoundError(template)
    return path


@lru_cache(maxsize=1)
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONT_DIR)])


def _prepared(value: Any, *, replace: bool) -> Any:
    if isinstance(value, str):
        return _prepared_text(value, replace=replace)
    if isinstance(value, Mapping):
        return {str(key): _prepared(each, replace=replace) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_prepared(each, replace=replace) for each in value]
    return value


def _prepared_text(text: str, *, replace: bool) -> str:
    if not replace and (lacking := unprintable_characters(text)):
        raise UnprintableText(
            _("These characters cannot be printed in an official document: %(characters)s. Remove them.")
            % {"characters": " ".join(lacking)}
        )
    return printable(text)


def _place(found: dict[str, Any]) -> Place:
    return Place(
        name=found["name"],
        page=found["page"],
        x=round(found["x"], 2),
        y=round(found["page-height"] - found["top"] - found["height"], 2),
        width=round(found["width"], 2),
        height=round(found["height"], 2),
        font_size=found["size"],
        italic=found["italic"],
    )

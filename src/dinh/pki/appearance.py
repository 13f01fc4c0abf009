"""
What a signature shows on the page (Decree 30/2020/NĐ-CP, Annex I, Part I, point 8 and 13).

The leader's signature and the agency's seal are images and nothing else; copies and separate annexes show a
text block in upright black Times of size 10.
"""

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

from dinh.kernel.errors import InvalidInput

from .fonts import embed_font, subset_font
from .pdf.objects import Dict, Name, Ref, Stream
from .pdf.update import Update

MAX_PIXELS = 4_000_000
_SHOWN = 16


class UnusableImage(InvalidInput):
    """The image of a signature or seal is not a PNG of bearable size."""


@dataclass(frozen=True, slots=True)
class ImageAppearance:
    """
    A transparent PNG, centred in the field's box, never stretched. `png` holds the file's bytes.

    What of it is shown is as large as the box allows: empty margins do not count, so that a seal has its 35 mm.
    """

    png: bytes


@dataclass(frozen=True, slots=True)
class TextAppearance:
    """Lines of black text from the top of the box; `font` is a TrueType file, `size` in points."""

    lines: tuple[str, ...]
    font: Path
    size: float = 10.0


Appearance: TypeAlias = ImageAppearance | TextAppearance


@dataclass(frozen=True, slots=True)
class _Pixels:
    width: int
    height: int
    colour: bytes
    alpha: bytes


def empty_appearance(update: Update, width: float, height: float) -> Ref:
    """A form that shows nothing: PDF/A asks every widget for an appearance (ISO 19005-2, 6.3.3)."""
    return _form(update, width, height, b"", {})


def draw_appearance(update: Update, appearance: Appearance | None, width: float, height: float) -> Ref:
    """
    Write the appearance as a form of this size in points.

    :raises UnusableImage: if the image cannot be read
    """
    if isinstance(appearance, ImageAppearance):
        return _draw_image(update, appearance, width, height)
    if isinstance(appearance, TextAppearance):
        return _draw_text(update, appearance, width, height)
    return empty_appearance(update, width, height)


def _form(update: Update, width: float, height: float, content: bytes, resources: Dict) -> Ref:
    head: Dict = {
        "Type": Name("XObject"),
        "Subtype": Name("Form"),
        "BBox": [0, 0, width, height],
        "Resources": resources,
    }
    return update.add(Stream(head, content))


def draw_text_form(
    update: Update, *, text: str, font: Path, size: float, width: float, height: float, shift: float = 0.0
) -> Ref:
    """
    One line of text as the appearance of a text field, between the marks that viewers expect.

    :param shift: share of the room left over that stands before the text: 0 left, 0.5 centred, 1 right
    """
    subset = subset_font(path=font, text=text)
    left = max(0.0, (width - subset.width(text, size)) * shift)
    base = (height - (subset.ascent + subset.descent) * size / 1000) / 2
    line = _line(subset.encode(text), left, base)
    content = b"/Tx BMC\nq\nBT\n0 g\n/F %s Tf\n%sET\nQ\nEMC" % (_n(size), line)
    return _form(update, width, height, content, {"Font": {"F": embed_font(update, subset)}})


def _draw_text(update: Update, appearance: TextAppearance, width: float, height: float) -> Ref:
    subset = subset_font(path=appearance.font, text="".join(appearance.lines))
    size, leading = appearance.size, appearance.size * 1.2
    lines = b"".join(
        _line(subset.encode(line), 0.0, height - size - index * leading)
        for index, line in enumerate(appearance.lines)
    )
    content = b"q\nBT\n0 g\n/F %s Tf\n%sET\nQ" % (_n(size), lines)
    return _form(update, width, height, content, {"Font": {"F": embed_font(update, subset)}})


def _line(glyphs: bytes, x: float, y: float) -> bytes:
    return b"1 0 0 1 %s %s Tm\n<%s> Tj\n" % (_n(x), _n(y), glyphs.hex().encode())


def _n(number: float) -> bytes:
    return f"{number:.3f}".rstrip("0").rstrip(".").encode()


def _draw_image(update: Update, appearance: ImageAppearance, width: float, height: float) -> Ref:
    pixels = _pixels(appearance.png)
    head: Dict = {
        "Type": Name("XObject"),
        "Subtype": Name("Image"),
        "Width": pixels.width,
        "Height": pixels.height,
        "BitsPerComponent": 8,
        "Filter": Name("FlateDecode"),
    }
    mask = update.add(Stream({**head, "ColorSpace": Name("DeviceGray")}, pixels.alpha))
    image = update.add(Stream({**head, "ColorSpace": Name("DeviceRGB"), "SMask": mask}, pixels.colour))
    scale = min(width / pixels.width, height / pixels.height)
    w, h = pixels.width * scale, pixels.height * scale
    place = (_n(w), _n(h), _n((width - w) / 2), _n((height - h) / 2))
    content = b"q\n%s 0 0 %s %s %s cm\n/Im Do\nQ" % place
    return _form(update, width, height, content, {"XObject": {"Im": image}})


def read_image(png: bytes) -> Image.Image:
    """
    The image in RGBA.

    :raises UnusableImage: if it is no PNG, or has more than 4 million pixels
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnusableImage(_("The image is too large: at most 2000 by 2000 pixels."), field="image")
            return image.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UnusableImage(_("The image is not a readable PNG file."), field="image") from error


@lru_cache(maxsize=512)
def _pixels(png: bytes) -> _Pixels:
    whole = read_image(png)
    faint = [255 if value >= _SHOWN else 0 for value in range(256)]
    rgba = whole.crop(whole.getchannel("A").point(faint).getbbox())
    colour, alpha = rgba.convert("RGB").tobytes(), rgba.getchannel("A").tobytes()
    return _Pixels(rgba.width, rgba.height, zlib.compress(colour), zlib.compress(alpha))

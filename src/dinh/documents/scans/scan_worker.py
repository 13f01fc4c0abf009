"""
Run by `working` in a process of its own: read, stamp or cut a file that may be hostile.

`read FILE OUT` writes a picture as PDF to OUT and prints pages and resolution as JSON; of a PDF it only prints.
`stamp FILE STAMP OUT LEFT TOP` draws page 1 of STAMP on page 1 of FILE, so many points from its left and top.
`corner FILE WIDTH HEIGHT RIGHT TOP` prints the sides of a box in the upper right corner of page 1.
`pages FILE OUT 1,2,5` writes these pages, counted from 1.

Ends with 3 for what is damaged, 4 for a password, 5 beyond the limits, 6 where there are fewer pages.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

DAMAGED, LOCKED, BEYOND, FEWER = 3, 4, 5, 6
_MAX_PAGES = 500
_MAX_PIXELS = 120_000_000
_A4_INCHES = (8.27, 11.69)
_A4_WIDTH = 595.0
_PASSWORD = pdfium.FPDF_ERR_PASSWORD
_Numbers = tuple[float, ...]
_TURNS: dict[int, Callable[[float, float, float, float], _Numbers]] = {
    0: lambda x0, y0, x1, y1: (1, 0, 0, 1, x0, y0),
    90: lambda x0, y0, x1, y1: (0, 1, -1, 0, x1, y0),
    180: lambda x0, y0, x1, y1: (-1, 0, 0, -1, x1, y1),
    270: lambda x0, y0, x1, y1: (0, -1, 1, 0, x0, y1),
}


def _read(source: str, target: str) -> None:
    with Path(source).open("rb") as file:
        is_pdf = b"%PDF-" in file.read(1024)
    found = _read_pdf(source) if is_pdf else _read_pictures(source, target)
    sys.stdout.write(json.dumps(found))


def _read_pdf(source: str) -> dict[str, int]:
    with pypdfium2.PdfDocument(source) as document:
        pages = len(document)
        if not 0 < pages <= _MAX_PAGES:
            sys.exit(BEYOND if pages else DAMAGED)
        document[0].get_size()
        return {"pages": pages, "dpi": 0}


def _read_pictures(source: str, target: str) -> dict[str, int]:
    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS // 2  # Pillow refuses beyond twice this
    with Image.open(source, formats=("JPEG", "PNG", "TIFF")) as file:
        if getattr(file, "n_frames", 1) > _MAX_PAGES:
            sys.exit(BEYOND)
        sheets = [_sheet(frame) for frame in ImageSequence.Iterator(file)]
    with pypdfium2.PdfDocument.new() as whole:
        for place, (picture, dpi) in enumerate(sheets):
            part = Path(target).with_suffix(f".{place}.pdf")
            picture.save(part, "PDF", resolution=dpi, quality=90)
            with pypdfium2.PdfDocument(part) as single:
                whole.import_pages(single)
        whole.save(target)
    return {"pages": len(sheets), "dpi": round(min(dpi for _picture, dpi in sheets))}


def _sheet(frame: Image.Image) -> tuple[Image.Image, float]:
    """The picture upright without transparency, and the resolution at which it has its size on paper."""
    upright = ImageOps.exif_transpose(frame)
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        shown = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
    elif upright.mode not in ("1", "L", "RGB"):
        upright = upright.convert("RGB")
    upright.load()
    return upright.copy(), _resolution(frame, upright.size)


def _resolution(frame: Image.Image, size: tuple[int, int]) -> float:
    """As the file says, if its sheet is of a size that paper has; else what makes it fit on A4."""
    told = float(frame.info.get("dpi", (0, 0))[0] or 0)
    short, long = sorted(size)
    if told and 4 <= short / told <= 17 and 5 <= long / told <= 24:
        return told
    return max(short / _A4_INCHES[0], long / _A4_INCHES[1])


def _corner(source: str, width: str, height: str, right: str, top: str) -> None:
    """Prints where a box of that size lies so far from the right and top of page 1, in the page's own points."""
    with pypdfium2.PdfDocument(source) as document:
        page = document[0]
        shown_width, shown_height = page.get_size()
        right_edge, top_edge = shown_width - float(right), shown_height - float(top)
        turned = pypdfium2.PdfMatrix(*_TURNS[page.get_rotation()](*page.get_cropbox()))
        one = turned.on_point(right_edge - float(width), top_edge - float(height))
        other = turned.on_point(right_edge, top_edge)
        sides = [*map(min, one, other), *map(max, one, other)]
        sys.stdout.write(json.dumps(sides))


def _stamp(source: str, stamp: str, target: str, left: str, top: str) -> None:
    with pypdfium2.PdfDocument(source) as document, pypdfium2.PdfDocument(stamp) as overlay:
        page = document[0]
        width, height = page.get_size()
        # A page of another size is printed on A4 all the same: the stamp grows or shrinks with it.
        ratio = min(width, height) / _A4_WIDTH
        scale = 1.0 if 0.8 < ratio < 1.25 else ratio
        down = height - (float(top) + overlay[0].get_height()) * scale
        placed = pypdfium2.PdfMatrix(scale, 0, 0, scale, float(left) * scale, down)
        turned = _TURNS[page.get_rotation()](*page.get_cropbox())
        shape = overlay.page_as_xobject(0, document).as_pageobject()
        shape.set_matrix(placed.multiply(pypdfium2.PdfMatrix(*turned)))
        page.insert_obj(shape)
        page.gen_content()
        # Appended: the copy begins with the scan's own bytes, so that anybody can tell it was only stamped.
        document.save(target, flags=pdfium.FPDF_INCREMENTAL)


def _pages(source: str, target: str, numbers: str) -> None:
    wanted = [int(number) - 1 for number in numbers.split(",")]
    with pypdfium2.PdfDocument(source) as document, pypdfium2.PdfDocument.new() as part:
        if max(wanted) >= len(document):
            sys.exit(FEWER)
        part.import_pages(document, wanted)
        part.save(target)


_ACTS: dict[str, Callable[..., None]] = {"read": _read, "corner": _corner, "stamp": _stamp, "pages": _pages}

if __name__ == "__main__":
    try:
        _ACTS[sys.argv[1]](*sys.argv[2:])
    except pypdfium2.PdfiumError as fault:
        sys.exit(LOCKED if getattr(fault, "err_code", None) == _PASSWORD else DAMAGED)
    except Image.DecompressionBombError:
        sys.exit(BEYOND)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        sys.exit(DAMAGED)

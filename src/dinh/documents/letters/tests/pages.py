"""Read back from a PDF what stands where: texts with their typeface, size and place in millimetres."""

import ctypes
import io
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

MM = 72 / 25.4


@dataclass(frozen=True)
class Line:
    page: int
    text: str
    font: str
    size: float
    left: float
    right: float
    top: float


def lines_of(pdf: bytes) -> list[Line]:
    """Each run of characters of one font and size on one line; millimetres from the top left corner."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return [line for number, page in enumerate(document, 1) for line in _page_lines(number, page)]


def line_with(lines: list[Line], text: str) -> Line:
    found = [line for line in lines if text in line.text]
    assert found, f"{text!r} in {[line.text for line in lines]}"
    return found[0]


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def page_count(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return len(document)


def _page_lines(number: int, page: pypdfium2.PdfPage) -> list[Line]:
    height = page.get_height()
    textpage = page.get_textpage()
    runs: list[list] = []
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage.raw, index)
        if code in (0, 10, 13):
            continue
        left, bottom, right, top = textpage.get_charbox(index, loose=True)
        size = round(pdfium.FPDFText_GetFontSize(textpage.raw, index), 1)
        font = _font(textpage, index)
        last = runs[-1] if runs else None
        if last and abs(last[6] - bottom) < 1 and last[1:3] == [font, size] and 0 <= left - last[4] + 3 < 20:
            last[0] += chr(code)
            last[4] = last[4] if code == 32 else max(right, last[4])
        elif code != 32:
            runs.append([chr(code), font, size, left, right, top, bottom])
    return [
        Line(number, text, font, size, left / MM, right / MM, (height - top) / MM)
        for text, font, size, left, right, top, _bottom in runs
    ]


def _font(textpage, index: int) -> str:
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage.raw, index, buffer, 128, ctypes.byref(flags))
    return buffer.value.decode()

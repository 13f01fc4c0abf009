"""The lines of a PDF page with the place of each character, for finding what stands where."""

import ctypes
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor, isfinite

import pypdfium2
import pypdfium2.raw as pdfium

from dinh.kernel.pdf import PdfUnreadable

_LINE_TOLERANCE = 2.5
_MAX_CHARACTERS = 20_000
_MAX_CHARACTERS_IN_ALL = 400_000


@dataclass(frozen=True, slots=True)
class Character:
    """A character and its box, in points from the bottom left; `base` is its baseline, `size` its type's."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """Characters on one baseline from left to right; `text[i]` belongs to `characters[i]`."""

    text: str
    characters: tuple[Character, ...]

    @property
    def base(self) -> float:
        """The height of the baseline."""
        return self.characters[0].base

    def part(self, left: float, right: float) -> "TextLine | None":
        """Return what of the line lies between two heights of x, without outer spaces; None if nothing."""
        inside = [each for each in self.characters if left <= each.left and each.right <= right]
        while inside and inside[-1].text.isspace():
            inside.pop()
        while inside and inside[0].text.isspace():
            inside.pop(0)
        return TextLine("".join(each.text for each in inside), tuple(inside)) if inside else None

    @property
    def left(self) -> float:
        """Where the line begins."""
        return self.characters[0].left

    @property
    def right(self) -> float:
        """Where the line ends."""
        return self.characters[-1].right


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of a page from top to bottom; `number` counts from 1, sizes in points."""

    number: int
    width: float
    height: float
    lines: tuple[TextLine, ...]


def pages_of(pdf: bytes, *, limit: int = 200) -> tuple[PageText, ...]:
    """
    Return the text of the first `limit` pages, and of fewer beyond 400,000 characters.

    :raises PdfUnreadable: if it is no PDF, or locked
    """
    try:
        with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
            return tuple(_pages(document, min(len(document), limit)))
    except pypdfium2.PdfiumError as fault:
        raise PdfUnreadable from fault


def page_sizes(pdf: bytes, *, most: int) -> tuple[tuple[float, float], ...]:
    """
    Return width and height in points of the first pages, at most one more than `most`.

    :raises PdfUnreadable: if it is no PDF, or locked
    """
    try:
        with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
            return tuple(document.get_page_size(index) for index in range(min(len(document), most + 1)))
    except pypdfium2.PdfiumError as fault:
        raise PdfUnreadable from fault


def _pages(document: pypdfium2.PdfDocument, count: int) -> Iterator[PageText]:
    left = _MAX_CHARACTERS_IN_ALL
    for index in range(count):
        page = _page(document[index], index + 1)
        left -= sum(len(line.characters) for line in page.lines)
        yield page
        if left < 0:
            return


def _page(page: pypdfium2.PdfPage, number: int) -> PageText:
    width, height = page.get_size()
    textpage = page.get_textpage()
    lines = _lines(_characters(textpage))
    textpage.close()
    page.close()
    ordered = sorted(lines, key=lambda each: -each[0].base)
    return PageText(number, width, height, tuple(_text_line(each) for each in ordered))


def _lines(characters: Iterable[Character]) -> list[list[Character]]:
    """Characters by baseline. Looked up by height: pages made to have thousands of lines would take minutes else."""
    lines: list[list[Character]] = []
    at: dict[int, list[int]] = defaultdict(list)
    for character in characters:
        height = floor(character.base / _LINE_TOLERANCE)
        near = sorted(place for step in (height - 1, height, height + 1) for place in at.get(step, ()))
        fitting = (p for p in near if abs(lines[p][0].base - character.base) < _LINE_TOLERANCE)
        place = next(fitting, None)
        if place is None:
            at[height].append(len(lines))
            lines.append([character])
        else:
            lines[place].append(character)
    return lines


def _characters(textpage: pypdfium2.PdfTextPage) -> Iterator[Character]:
    x, y = ctypes.c_double(), ctypes.c_double()
    matrix = pdfium.FS_MATRIX()
    for index in range(min(textpage.count_chars(), _MAX_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(textpage.raw, index)
        if code < 32 or pdfium.FPDFText_IsGenerated(textpage.raw, index) == 1:
            continue
        pdfium.FPDFText_GetCharOrigin(textpage.raw, index, x, y)
        if not isfinite(y.value):
            continue
        left, bottom, right, top = textpage.get_charbox(index, loose=True)
        pdfium.FPDFText_GetMatrix(textpage.raw, index, matrix)
        size = pdfium.FPDFText_GetFontSize(textpage.raw, index) * abs(matrix.d or matrix.b)
        yield Character(chr(code), left, bottom, right, top, y.value, size)


def _text_line(characters: list[Character]) -> TextLine:
    ordered = sorted(characters, key=lambda each: each.left)
    return TextLine("".join(each.text for each in ordered), tuple(ordered))

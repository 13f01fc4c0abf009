"""
Where number, date, initials, signature and seal go on a PDF that we did not lay out ourselves.

The texts that every letter has tell: "Số:", "ngày ... tháng ... năm", "./.", "Nơi nhận", the authority in
capitals and the name below it. What is found is a proposal; the clerk moves the boxes where it is wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from dinh.documents.docx.pagetext import Character, PageText, TextLine, pages_of
from dinh.kernel.pdf import Place

_MM = 72 / 25.4
_NUMBER = re.compile(r"Số\s*:?(?P<blank>[\s.…_]*)(?=[/\-–])", re.IGNORECASE)
_NUMBERED = re.compile(r"Số\s*:?[\s.…_\d]*[/\-–]")
_DATE = re.compile(r"ngày(?P<day>[\s.…_]*)tháng(?P<month>[\s.…_]*)năm(?P<year>[\s.…_]*)", re.IGNORECASE)
_RECIPIENTS = re.compile(r"\s*Nơi nhận\s*:?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(TM\.|KT\.|TL\.|TUQ\.|Q\.|T/M|K/T|T/L)\s*\S")
_END = re.compile(r"\./\.")
_WIDTHS = {"number": 30.0, "day": 18.0, "month": 18.0, "year": 28.0}
_SIGNATURE = (116.0, 65.0)
_SEAL = (99.0, 100.0)
_INITIALS = (44.0, 45.0)
_INITIALS_STEP = 46.0
_SEALED = ("leader", "second")
_NAME_GAP = 22.0
_HEAD_GAP = 40.0
_SAME_ROW = 8.0
_MIDDLE = 0.53
_COLUMN_GAP = 20.0
_RUN_GAP = 25.0


def suggest_places(
    pdf: bytes, *, initials: int = 1, signers: Sequence[str] = ("leader",)
) -> tuple[Place, ...]:
    """
    Propose the places of a letter: `number`, `day`, `month`, `year` where blank, `initials.1` and as many more as
    wanted, `signature.leader`, `seal.leader`, and `copy` in the top right corner of page 1.

    :param signers: keys of the signature blocks from left to right, as `letters.ModelWords` has them; of two that stand
        side by side each has its `signature.<key>`; the leader's has the seal, and that of another party its own

    A scan without text gives `copy` alone. Points from the bottom left, as in `kernel.pdf.Place`.

    :raises PdfUnreadable: if the file cannot be read
    """
    pages = pages_of(pdf)
    if not pages:
        return ()
    found = [_copy(pages[0]), *_number(pages[0]), *_date(pages[0])]
    if end := _closing_page(pages):
        closing = (_side_by_side(pages[: end.number]) if len(signers) > 1 else None) or _one_signer(end)
        found += _initials(pages[: closing.page.number], closing, initials)
        keys = signers if len(closing.columns) > 1 else ("leader",)
        for key, column in zip(keys, closing.columns, strict=False):
            found += _signature(closing.page, column, key)
    return tuple(found)


def _copy(page: PageText) -> Place:
    width, height = 72 * _MM, 13 * _MM
    x, y = page.width - 10 * _MM - width, page.height - 5 * _MM - height
    return Place(name="copy", page=1, x=x, y=y, width=width, height=height)


def _number(page: PageText) -> Iterator[Place]:
    for line in page.lines[:20]:
        if found := _NUMBER.search(line.text):
            yield _blank(page, line, "number", *found.span("blank"), italic=False)
            return


def _date(page: PageText) -> Iterator[Place]:
    lowest = _foot_of_head(page)
    for line in page.lines[:25]:
        if line.base >= lowest and (found := _DATE.search(line.text)):
            for name in ("day", "month", "year"):
                yield _blank(page, line, name, *found.span(name), italic=True)
            return


def _foot_of_head(page: PageText) -> float:
    """The date stands in the row of the number; what is dated further down is said in the body, as minutes do."""
    row = _number_row(page)
    return row - _HEAD_GAP if row < page.height else 0.0


def _number_row(page: PageText) -> float:
    """The height of the number; of the page's edge where there is none."""
    return next((line.base for line in page.lines[:20] if _NUMBERED.search(line.text)), page.height)


def _blank(page: PageText, line: TextLine, name: str, start: int, end: int, *, italic: bool) -> Place:
    """The room between the word before and the character after, widened to what the value needs."""
    before = line.characters[start - 1]
    left = before.right + 1
    room = (line.characters[end].left if end < len(line.characters) else page.width) - left
    size = min(max(round(before.size), 11), 16)
    width = min(max(room - 1, 0), 44) if room >= 12 else _WIDTHS[name]
    if name == "year" and end >= len(line.characters):
        width = _WIDTHS[name]
    return Place(
        name=name,
        page=page.number,
        x=round(left, 2),
        y=round(before.base - 0.28 * size, 2),
        width=round(width, 2),
        height=round(1.2 * size, 2),
        font_size=size,
        italic=italic,
    )


def _initials(pages: tuple[PageText, ...], closing: "_Closing", amount: int) -> Iterator[Place]:
    """Side by side behind the end mark; all further to the left where the page is too narrow."""
    width, height = _INITIALS
    page, last = _end_of_text(pages, closing)
    if last is None:
        return
    room = page.width - 12 * _MM - width - (amount - 1) * _INITIALS_STEP
    left, y = min(last.right + 4, room), last.base - height + 18
    for index in range(amount):
        x, name = left + index * _INITIALS_STEP, f"initials.{index + 1}"
        yield Place(name=name, page=page.number, x=x, y=y, width=width, height=height)


def _end_of_text(pages: tuple[PageText, ...], closing: "_Closing") -> tuple[PageText, Character | None]:
    """Where the body ends: at "./.", else, as in Party letters, with the last line above the signature."""
    for page in pages:
        for line in page.lines:
            if found := _END.search(line.text):
                return page, line.characters[found.end() - 1]
    body = [(page, line) for page in pages for line in page.lines if closing.is_below(page, line)]
    if not body:
        return closing.page, None
    page, line = body[-1]
    return page, line.characters[len(line.text.rstrip()) - 1]


@dataclass(frozen=True, slots=True)
class _Closing:
    """Where the signatures begin, and the lines of each signer from there down."""

    page: PageText
    height: float
    columns: tuple[list[TextLine], ...]

    def is_below(self, page: PageText, line: TextLine) -> bool:
        """True if the closing stands below a line of the text; the numbers of pages are none."""
        text = line.text.strip()
        above = page.number < self.page.number or line.base > self.height + _SAME_ROW
        return above and bool(text) and not text.isdecimal()


def _one_signer(page: PageText) -> _Closing:
    """The right half of the page from "Nơi nhận", or from the authority, downwards."""
    right = _parts(page, page.width * 0.42, page.width)
    start = next((line.base for line in page.lines if _RECIPIENTS.match(line.text)), None)
    if start is None:
        start = next((part.base for part in right if _AUTHORITY.match(part.text)), 0.0)
    return _Closing(page, start, ([part for part in right if part.base <= start + _SAME_ROW],))


def _side_by_side(pages: tuple[PageText, ...]) -> _Closing | None:
    """Two signers above "Nơi nhận": the lowest capitals below the head in both halves of a page; None without."""
    last = pages[-1]
    below = next((line.base for line in last.lines if _RECIPIENTS.match(line.text)), 0.0)
    for page in reversed(pages):
        middle = page.width * _MIDDLE
        lines = [line for line in page.lines if page is not last or line.base > below]
        heads = [line for line in lines if _is_capital(line) and _reaches_over(line, middle)]
        if heads := [line for line in heads if page.number > 1 or line.base < _number_row(page)]:
            top = _top_of_run([line.base for line in heads])
            halves = (_parts(page, 0, middle), _parts(page, middle, page.width))
            columns = tuple([part for part in half if below < part.base <= top + 1] for half in halves)
            return _Closing(page, top, columns)
    return None


def _top_of_run(heights: list[float]) -> float:
    """The first of the last lines that follow one another closely; heights from top to bottom."""
    steps = [upper - lower > _RUN_GAP for upper, lower in pairwise(heights)]
    breaks = [index for index, is_far in enumerate(steps, start=1) if is_far]
    return heights[breaks[-1] if breaks else 0]


def _reaches_over(line: TextLine, middle: float) -> bool:
    """True if there is text in both halves and none across the middle."""
    left, right = line.part(0, middle), line.part(middle, line.right + 1)
    if left is None or right is None:
        return False
    return right.left - left.right > _COLUMN_GAP


def _parts(page: PageText, left: float, right: float) -> list[TextLine]:
    return [part for line in page.lines if (part := line.part(left, right))]


def _closing_page(pages: tuple[PageText, ...]) -> PageText | None:
    """The page of the signature: the first with "Nơi nhận", else with an authority; annexes come after."""
    for pattern in (_RECIPIENTS, _AUTHORITY):
        for page in pages:
            if any(pattern.search(line.text) for line in page.lines):
                return page
    return None


def _signature(page: PageText, column: list[TextLine], key: str) -> Iterator[Place]:
    authority = _leading_capitals(column)
    if not authority:
        return
    last = authority[-1]
    name = next((line for line in column[len(authority) :] if last.base - line.base > _NAME_GAP), None)
    center = (last.left + last.right) / 2
    above = last.base - 4
    below = name.base + 14 if name else above - 76
    width, height = _SIGNATURE
    height = min(height, max(above - below, 40))
    x, y = center - width / 2, (above + below) / 2 - height / 2
    yield Place(name=f"signature.{key}", page=page.number, x=x, y=y, width=width, height=height)
    if key not in _SEALED:
        return
    seal_width, seal_height = _SEAL
    yield Place(
        name=f"seal.{key}",
        page=page.number,
        x=x + width / 3 - seal_width,
        y=y + height / 2 - seal_height / 2,
        width=seal_width,
        height=seal_height,
    )


def _leading_capitals(lines: list[TextLine]) -> list[TextLine]:
    return list(takewhile(_is_capital, lines))


def _is_capital(line: TextLine) -> bool:
    letters = [each for each in line.text if each.isalpha()]
    return bool(letters) and not any(each.islower() for each in letters)

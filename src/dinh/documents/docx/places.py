"""
Where number, date, initials, signature and seal go on a PDF that we did not lay out ourselves.

The texts that every letter has tell: "Số:", "ngày ... tháng ... năm", "./.", "Nơi nhận", the authority in
capitals and the name below it. What is found is a proposal; the clerk moves the boxes where it is wrong.
"""

import re
from collections.abc import Iterator

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
_NAME_GAP = 22.0
_HEAD_GAP = 40.0
_SAME_ROW = 8.0


def suggest_places(pdf: bytes, *, initials: int = 1) -> tuple[Place, ...]:
    """
    Propose the places of a letter: `number`, `day`, `month`, `year` where blank, `initials.1` and as many more as
    wanted, `signature.leader`, `seal.leader`, and `copy` in the top right corner of page 1.

    A scan without text gives `copy` alone. Points from the bottom left, as in `kernel.pdf.Place`.

    :raises PdfUnreadable: if the file cannot be read
    """
    pages = pages_of(pdf)
    if not pages:
        return ()
    found = [_copy(pages[0]), *_number(pages[0]), *_date(pages[0])]
    if end := _closing_page(pages):
        found += [*_initials(pages[: end.number], initials), *_signature(end)]
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
    row = next((line.base for line in page.lines[:20] if _NUMBERED.search(line.text)), _HEAD_GAP)
    return row - _HEAD_GAP


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


def _initials(pages: tuple[PageText, ...], amount: int) -> Iterator[Place]:
    """Side by side behind the end mark; all further to the left where the page is too narrow."""
    width, height = _INITIALS
    page, last = _end_of_text(pages)
    if last is None:
        return
    room = page.width - 12 * _MM - width - (amount - 1) * _INITIALS_STEP
    left = min(last.right + 4, room)
    for index in range(amount):
        x = left + index * _INITIALS_STEP
        name = f"initials.{index + 1}"
        yield Place(name=name, page=page.number, x=x, y=last.base - height + 18, width=width, height=height)


def _end_of_text(pages: tuple[PageText, ...]) -> tuple[PageText, Character | None]:
    """Where the body ends: at "./.", else, as in Party letters, with the last line above the signature."""
    for page in pages:
        for line in page.lines:
            if found := _END.search(line.text):
                return page, line.characters[found.end() - 1]
    closing = _closing_height(pages[-1])
    body = [(page, line) for page in pages for line in page.lines if _is_body(page, line, pages[-1], closing)]
    if not body:
        return pages[-1], None
    page, line = body[-1]
    return page, line.characters[len(line.text.rstrip()) - 1]


def _is_body(page: PageText, line: TextLine, end: PageText, closing: float) -> bool:
    text = line.text.strip()
    return bool(text) and not text.isdecimal() and (page is not end or line.base > closing + _SAME_ROW)


def _closing_page(pages: tuple[PageText, ...]) -> PageText | None:
    """The page of the signature: the first with "Nơi nhận", else with an authority; annexes come after."""
    for pattern in (_RECIPIENTS, _AUTHORITY):
        for page in pages:
            if any(pattern.search(line.text) for line in page.lines):
                return page
    return None


def _signature(page: PageText) -> Iterator[Place]:
    column = _signer_lines(page)
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
    yield Place(name="signature.leader", page=page.number, x=x, y=y, width=width, height=height)
    seal_width, seal_height = _SEAL
    yield Place(
        name="seal.leader",
        page=page.number,
        x=x + width / 3 - seal_width,
        y=y + height / 2 - seal_height / 2,
        width=seal_width,
        height=seal_height,
    )


def _signer_lines(page: PageText) -> list[TextLine]:
    """The right half of the page from the height of the closing downwards."""
    closing = _closing_height(page)
    return [part for part in _right_half(page) if part.base <= closing + _SAME_ROW]


def _closing_height(page: PageText) -> float:
    """The height of "Nơi nhận", or of the authority; 0 where neither is on the page."""
    start = next((line.base for line in page.lines if _RECIPIENTS.match(line.text)), None)
    if start is None:
        start = next((part.base for part in _right_half(page) if _AUTHORITY.match(part.text)), 0.0)
    return start


def _right_half(page: PageText) -> list[TextLine]:
    middle = page.width * 0.42
    return [part for line in page.lines if (part := line.part(middle, page.width))]


def _leading_capitals(lines: list[TextLine]) -> list[TextLine]:
    taken: list[TextLine] = []
    for line in lines:
        letters = [each for each in line.text if each.isalpha()]
        if not letters or any(each.islower() for each in letters):
            break
        taken.append(line)
    return taken

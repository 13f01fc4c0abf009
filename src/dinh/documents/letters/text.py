"""Read the body that somebody typed as plain text into blocks, by the marks that officials write anyway."""

import re
from collections.abc import Callable

from dinh.documents.letters.content import (
    Article,
    Block,
    Clause,
    Division,
    FieldLine,
    LegalBases,
    Order,
    Paragraph,
    Point,
    RomanSection,
    Table,
)

_DIVISION = re.compile(r"(Phần|Chương)\s+([IVXLC]+)\b[.:]?\s*(.*)|(Mục|Tiểu mục)\s+(\d+)\b[.:]?\s*(.*)")
_ROMAN = re.compile(r"([IVXLC]+)\.\s+(.+)")
_ARTICLE = re.compile(r"Điều\s+(\d+[a-zđ]?)\s*[.:]\s*(.*)")
_CLAUSE = re.compile(r"(\d+(?:\.\d+)*)\.\s+(.+)")
_POINT = re.compile(r"([a-zđ]{1,2})\)\s+(.+)")
_BASIS = re.compile(r"(Căn cứ|Theo đề nghị|Xét)\b.*[;,.]$")
_ORDER = re.compile(r"(QUYẾT (?:ĐỊNH|NGHỊ)|CHỈ THỊ|BAN HÀNH)\s*:")
_ROW = re.compile(r"\|(.*)\|")
_FIELD = re.compile(r"([A-ZÀ-ỸĐ][^:.;,]{1,40}):\s+(\S.*)")


def parse_body(text: str) -> tuple[Block, ...]:
    """
    Return the blocks of a body, one non-empty line each.

    Understood: legal bases ("Căn cứ ...;"), "QUYẾT ĐỊNH:", Phần, Chương, Mục, Tiểu mục (the next line in
    capitals is the title), "I. ...", "Điều 1. ...", "1. ...", "a) ...", "Địa điểm: ...", "| a | b |" (a row of
    a table, the first its head); all else is a paragraph.
    """
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    blocks: list[Block] = []
    for line in lines:
        _append(blocks, line)
    return tuple(
        _titled(block, following) for block, following in zip(blocks, [*blocks[1:], None], strict=True)
    )


def _titled(block: Block, following: Block | None) -> Block:
    """An article whose line ends without a stop and is followed by its text has a title, not a text."""
    followed = isinstance(following, Clause | Point | Paragraph)
    if isinstance(block, Article) and followed and not block.text.endswith((".", ";", ":", "…")):
        return Article(number=block.number, title=block.text)
    return block


def _append(blocks: list[Block], line: str) -> None:
    last = blocks[-1] if blocks else None
    if row := _ROW.fullmatch(line):
        _add_row(blocks, tuple(each.strip() for each in row[1].split("|")))
        return
    if isinstance(last, Division) and not last.title and line == line.upper():
        blocks[-1] = Division(name=last.name, number=last.number, title=line)
        return
    if _BASIS.match(line) and (isinstance(last, LegalBases) or (last is None and line.endswith(";"))):
        earlier = last.items if isinstance(last, LegalBases) else ()
        blocks[len(blocks) - bool(earlier) :] = [LegalBases(items=(*earlier, line.rstrip(";,.").rstrip()))]
        return
    blocks.append(_block(line))


def _add_row(blocks: list[Block], cells: tuple[str, ...]) -> None:
    last = blocks[-1] if blocks else None
    if isinstance(last, Table):
        blocks[-1] = Table(header=last.header, rows=(*last.rows, cells))
    else:
        blocks.append(Table(header=cells, rows=()))


def _division(found: re.Match[str]) -> Block:
    name, number, title = found.groups()[:3] if found[1] else found.groups()[3:]
    return Division(name=name, number=number, title=title)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Block]], ...] = (
    (_ORDER, lambda found: Order(text=found[0])),
    (_DIVISION, _division),
    (_ARTICLE, lambda found: Article(number=found[1], text=found[2])),
    (_ROMAN, lambda found: RomanSection(number=found[1], title=found[2])),
    (_CLAUSE, lambda found: Clause(number=found[1], text=found[2])),
    (_POINT, lambda found: Point(letter=found[1], text=found[2])),
    (_FIELD, lambda found: FieldLine(label=found[1], text=found[2])),
)


def _block(line: str) -> Block:
    for pattern, read in _READERS:
        if found := pattern.fullmatch(line):
            return read(found)
    return Paragraph(text=line)

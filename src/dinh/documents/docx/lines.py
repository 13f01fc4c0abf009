"""The lines of a Word file with the look that Word would give them, whatever style it comes from."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.exceptions import InvalidXmlError
from docx.oxml.ns import qn
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

_ALIGNMENTS = {
    "center": "center",
    "right": "right",
    "end": "right",
    "both": "justify",
    "mediumKashida": "justify",
    "distribute": "justify",
}
_MAX_PARAGRAPHS = 20_000


@dataclass(frozen=True, slots=True)
class Look:
    """What most of a line's letters look like; sizes in points, 0 or "" where the file does not say."""

    font: str
    size: float
    bold: bool
    italic: bool
    underline: bool
    caps: bool


@dataclass(frozen=True, slots=True)
class WordLine:
    """
    A paragraph, or one of its parts between line breaks.

    `column` is None in the body, else the cell's place in its table's row; `table` counts tables from 0.
    Indent in millimetres, gaps in points, `spacing` in lines (0 where it is exact or unknown).
    """

    text: str
    look: Look
    alignment: str
    indent_mm: float
    gap_before: float
    gap_after: float
    spacing: float
    table: int | None
    column: int | None
    fonts: tuple[str, ...]


class LineReader:
    """Reads lines and resolves what they inherit: run, character style, paragraph styles, defaults."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._theme = _theme_fonts(document)
        self._defaults = _defaults(document)
        self._known: dict[tuple[type, str | None], tuple[Any, ...]] = {}
        self._tables = 0

    def lines(self) -> list[WordLine]:
        """Return all non-empty lines of the body in reading order, cells by row and column."""
        found: list[WordLine] = []
        for count, (paragraph, table, column) in enumerate(self._paragraphs()):
            if count >= _MAX_PARAGRAPHS:
                break
            found.extend(self._split(paragraph, table, column))
        return found

    def _paragraphs(self) -> Iterator[tuple[Paragraph, int | None, int | None]]:
        for block in self._document.iter_inner_content():
            if isinstance(block, Paragraph):
                yield block, None, None
            else:
                yield from self._cells(block, depth=0)

    def _cells(self, table: Table, *, depth: int) -> Iterator[tuple[Paragraph, int | None, int | None]]:
        number, self._tables = self._tables, self._tables + 1
        for row in table._tbl.tr_lst:
            for column, tc in enumerate(row.tc_lst):
                for block in _Cell(tc, table).iter_inner_content():
                    if isinstance(block, Paragraph):
                        yield block, number, column
                    elif depth < 4:
                        yield from self._cells(block, depth=depth + 1)

    def _split(self, paragraph: Paragraph, table: int | None, column: int | None) -> Iterator[WordLine]:
        pieces: list[list[tuple[str, Run]]] = [[]]
        for run in _runs(paragraph):
            first, *others = run.text.split("\n")
            pieces[-1].append((first, run))
            pieces.extend([(other, run)] for other in others)
        for piece in pieces:
            text = "".join(words for words, _run in piece)
            if text.strip():
                yield self._line(text, piece, paragraph, table, column)

    def _line(
        self,
        text: str,
        piece: list[tuple[str, Run]],
        paragraph: Paragraph,
        table: int | None,
        column: int | None,
    ) -> WordLine:
        weights: Counter[Look] = Counter()
        for words, run in piece:
            weights[self._look(run, paragraph)] += len(words.replace(" ", "").replace("\u00a0", ""))
        fonts = tuple(dict.fromkeys(look.font for look, weight in weights.items() if weight))
        indent = self._length(paragraph, "first_line_indent")
        return WordLine(
            text=" ".join(text.replace("\u00a0", " ").split()),
            look=weights.most_common(1)[0][0],
            alignment=_ALIGNMENTS.get(self._alignment(paragraph), "left"),
            indent_mm=round(indent / 36_000, 1),
            gap_before=round(self._length(paragraph, "space_before") / 12_700, 1),
            gap_after=round(self._length(paragraph, "space_after") / 12_700, 1),
            spacing=self._spacing(paragraph),
            table=table,
            column=column,
            fonts=fonts,
        )

    def _look(self, run: Run, paragraph: Paragraph) -> Look:
        styles = (*self._styles(run), *self._styles(paragraph))
        sources = [run.font, *(each.font for each in styles)]

        def first(name: str) -> Any:
            return next((value for each in sources if (value := readable(each, name)) is not None), None)

        size = first("size")
        return Look(
            font=self._font(sources),
            size=size.pt if size is not None else self._defaults["size"],
            bold=bool(first("bold")),
            italic=bool(first("italic")),
            underline=bool(first("underline")),
            caps=bool(first("all_caps")),
        )

    def _font(self, sources: list[Any]) -> str:
        for each in sources:
            properties = each.element.rPr
            fonts = properties.rFonts if properties is not None else None
            if fonts is None:
                continue
            if theme := fonts.get(qn("w:asciiTheme")) or fonts.get(qn("w:hAnsiTheme")):
                return self._theme.get(theme, "")
            if name := fonts.get(qn("w:ascii")) or fonts.get(qn("w:hAnsi")):
                return str(name)
        return str(self._defaults["font"])

    def _format(self, paragraph: Paragraph, name: str) -> Any:
        if (own := readable(paragraph.paragraph_format, name)) is not None:
            return own
        for style in self._styles(paragraph):
            if (value := readable(style.paragraph_format, name)) is not None:
                return value
        return self._defaults.get(name)

    def _styles(self, text: Paragraph | Run) -> tuple[Any, ...]:
        """
        Its style and those that this is based on, the nearest first.

        Each is looked for once: python-docx goes through all styles of the file for a text that names none.
        """
        element = text._p if isinstance(text, Paragraph) else text._r
        key = (type(text), element.style)
        if key not in self._known:
            self._known[key] = tuple(_with_bases(text.style))
        return self._known[key]

    def _alignment(self, paragraph: Paragraph) -> str:
        """The raw value, since python-docx refuses the newer names `start` and `end`."""
        for holder in (paragraph._p.pPr, *(each.element.pPr for each in self._styles(paragraph))):
            jc = holder.find(qn("w:jc")) if holder is not None else None
            if jc is not None:
                return str(jc.get(qn("w:val"), ""))
        return ""

    def _length(self, paragraph: Paragraph, name: str) -> float:
        value = self._format(paragraph, name)
        return float(value) if value is not None else 0.0

    def _spacing(self, paragraph: Paragraph) -> float:
        rule = self._format(paragraph, "line_spacing_rule")
        value = self._format(paragraph, "line_spacing")
        if rule in (WD_LINE_SPACING.EXACTLY, WD_LINE_SPACING.AT_LEAST):
            return 0.0
        return float(value) if isinstance(value, float | int) and value < 100 else 1.0


def readable(owner: Any, name: str) -> Any:
    """Return a property, or None where the file holds a value that python-docx does not know."""
    try:
        return getattr(owner, name)
    except (ValueError, InvalidXmlError):
        return None


def _runs(paragraph: Paragraph) -> Iterator[Run]:
    for item in paragraph.iter_inner_content():
        if isinstance(item, Run):
            yield item
        else:
            yield from item.runs


def _with_bases(style: Any) -> Iterator[Any]:
    """Up to the style that stands on none; a hostile file may let two stand on each other."""
    seen: set[str] = set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        yield style
        style = style.base_style


def _theme_fonts(document: Document) -> dict[str, str]:
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith("/theme"):
            return _read_theme(relation.target_part.blob)
    return {}


def _read_theme(blob: bytes) -> dict[str, str]:
    from lxml import etree

    root = etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))
    names: dict[str, str] = {}
    for kind in ("major", "minor"):
        latin = root.find(f".//{{*}}{kind}Font/{{*}}latin")
        if latin is not None:
            for slot in ("HAnsi", "Ascii"):
                names[f"{kind}{slot}"] = latin.get("typeface", "")
    return names


def _defaults(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {"font": "Times New Roman", "size": 10.0}
    properties = document.styles.element.find(f".//{qn('w:docDefaults')}//{qn('w:rPr')}")
    if properties is not None:
        size = properties.find(qn("w:sz"))
        fonts = properties.find(qn("w:rFonts"))
        if size is not None:
            found["size"] = float(size.get(qn("w:val"), "20")) / 2
        if fonts is not None:
            theme = _theme_fonts(document).get(fonts.get(qn("w:asciiTheme"), ""))
            found["font"] = theme or fonts.get(qn("w:ascii"), "Times New Roman")
    spacing = document.styles.element.find(f".//{qn('w:docDefaults')}//{qn('w:spacing')}")
    if spacing is not None:
        found["space_after"] = float(spacing.get(qn("w:after"), "0")) * 635
        if spacing.get(qn("w:lineRule"), "auto") == "auto" and spacing.get(qn("w:line")):
            found["line_spacing"] = float(spacing.get(qn("w:line"), "240")) / 240
    return found

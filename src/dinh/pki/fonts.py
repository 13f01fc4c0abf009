"""TrueType fonts embedded as small subsets: PDF/A wants every glyph that is shown to be in the file."""

import hashlib
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .pdf.objects import Dict, Name, Obj, Ref, Stream
from .pdf.update import Update

_SYMBOLIC = 4


@dataclass(frozen=True, slots=True)
class FontSubset:
    """The part of a font that a text needs; widths and heights in thousandths of the font size."""

    name: str
    program: bytes
    glyphs: Mapping[str, int]
    widths: Mapping[int, int]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int

    def encode(self, text: str) -> bytes:
        """Glyph numbers of the text, two bytes each (Identity-H)."""
        return b"".join(self.glyphs.get(c, 0).to_bytes(2, "big") for c in text)

    def width(self, text: str, size: float) -> float:
        """Width in points of the text at this size."""
        return sum(self.widths.get(self.glyphs.get(c, 0), 0) for c in text) * size / 1000


def subset_font(*, path: Path, text: str) -> FontSubset:
    """
    The subset of the font at `path` with the characters of `text`.

    :raises OSError: if the font cannot be read
    """
    return _subset(str(path), "".join(sorted(set(text) | {" "})))


@lru_cache(maxsize=256)
def _subset(path: str, characters: str) -> FontSubset:
    # A quarter of what a process needs to start, and most processes never draw.
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(path, lazy=True)
    options = Options(notdef_outline=True, layout_features=[], hinting=False, glyph_names=False)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "meta", "FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    out = io.BytesIO()
    font.save(out)
    scale = 1000 / font["head"].unitsPerEm
    cmap = font.getBestCmap()
    glyphs = {chr(code): font.getGlyphID(name) for code, name in cmap.items()}
    widths = {font.getGlyphID(name): round(w * scale) for name, (w, _) in font["hmtx"].metrics.items()}
    head, hhea, os2 = font["head"], font["hhea"], font["OS/2"]
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(characters.encode()).digest()[:6])
    return FontSubset(
        name=f"{tag}+{font['name'].getDebugName(6) or 'Font'}",
        program=zlib.compress(out.getvalue()),
        glyphs=glyphs,
        widths=widths,
        box=tuple(round(v * scale) for v in (head.xMin, head.yMin, head.xMax, head.yMax)),
        ascent=round(hhea.ascent * scale),
        descent=round(hhea.descent * scale),
        cap_height=round(getattr(os2, "sCapHeight", hhea.ascent) * scale),
    )


def embed_font(update: Update, font: FontSubset) -> Ref:
    """Write the subset as a composite font with Identity-H and a ToUnicode map; gives the font's object."""
    program = update.add(Stream({"Filter": Name("FlateDecode")}, font.program))
    descriptor = update.add(
        {
            "Type": Name("FontDescriptor"),
            "FontName": Name(font.name),
            "Flags": _SYMBOLIC,
            "FontBBox": list(font.box),
            "ItalicAngle": 0,
            "Ascent": font.ascent,
            "Descent": font.descent,
            "CapHeight": font.cap_height,
            "StemV": 80,
            "FontFile2": program,
        }
    )
    descendant: Dict = {
        "Type": Name("Font"),
        "Subtype": Name("CIDFontType2"),
        "BaseFont": Name(font.name),
        "CIDSystemInfo": {"Registry": b"Adobe", "Ordering": b"Identity", "Supplement": 0},
        "FontDescriptor": descriptor,
        "DW": 0,
        "W": _widths(font),
        "CIDToGIDMap": Name("Identity"),
    }
    return update.add(
        {
            "Type": Name("Font"),
            "Subtype": Name("Type0"),
            "BaseFont": Name(font.name),
            "Encoding": Name("Identity-H"),
            "DescendantFonts": [update.add(descendant)],
            "ToUnicode": update.add(Stream({}, _to_unicode(font))),
        }
    )


def _widths(font: FontSubset) -> list[Obj]:
    result: list[Obj] = []
    for gid, width in sorted(font.widths.items()):
        result += [gid, [width]]
    return result


def _to_unicode(font: FontSubset) -> bytes:
    pairs = sorted((gid, char) for char, gid in font.glyphs.items())
    blocks = []
    for start in range(0, len(pairs), 100):
        block = pairs[start : start + 100]
        lines = "\n".join(f"<{gid:04X}> <{char.encode('utf-16-be').hex().upper()}>" for gid, char in block)
        blocks.append(f"{len(block)} beginbfchar\n{lines}\nendbfchar\n")
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        + "".join(blocks)
        + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")

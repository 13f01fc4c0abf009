"""
The typeface on paper: Liberation Serif, metric-compatible with Times New Roman.

Decree 30/2020/NĐ-CP, Annex I, part I, section I.4 asks for Times New Roman, which may not be passed on;
Liberation Serif is drawn from Tinos, has the same widths, and its licence (OFL 1.1) lets us carry it along.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

FONT_FAMILY = "Liberation Serif"
FONT_DIR = Path(__file__).resolve().parent.parent / "fonts"

_FILES = {
    (False, False): "LiberationSerif-Regular.ttf",
    (True, False): "LiberationSerif-Bold.ttf",
    (False, True): "LiberationSerif-Italic.ttf",
    (True, True): "LiberationSerif-BoldItalic.ttf",
}
_LAYOUT = frozenset("\n\t\u200b\u00ad")


def font_file(*, bold: bool = False, italic: bool = False) -> Path:
    """Return the TrueType file of one of the four styles."""
    return FONT_DIR / _FILES[bold, italic]


def unprintable_characters(text: str) -> str:
    """Return the characters of `text` that the typeface has no glyph for, each once, in order."""
    letters = _letters()
    return "".join(dict.fromkeys(c for c in _composed(text) if ord(c) not in letters and c not in _LAYOUT))


def printable(text: str, *, replacement: str = "?") -> str:
    """Compose diacritics (NFC), drop control characters, replace what the typeface lacks."""
    letters = _letters()
    return "".join(c if ord(c) in letters or c in _LAYOUT else replacement for c in _composed(text))


def _composed(text: str) -> str:
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in composed if c in _LAYOUT or unicodedata.category(c) not in {"Cc", "Cf"})


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """The code points that all four styles have."""
    from fontTools.ttLib import TTFont

    maps: list[dict[int, Any]] = [
        TTFont(FONT_DIR / name, lazy=True).getBestCmap() for name in _FILES.values()
    ]
    return frozenset.intersection(*(frozenset(each) for each in maps))

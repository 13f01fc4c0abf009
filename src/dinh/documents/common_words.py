"""
The words that letters of agencies have most often, each of them a bit beside the letters that a unit holds.

An index of words keeps a list of letters for each word. For "công" or "thông" that is half of the province's letters,
and asking for five such words means going through half of the province five times. A unit's own letters, with a bit for
each such word, are a few thousand rows of an index: docs/decisions/common-words-as-bits.md.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

AMOUNT: Final = 512
"""Bits of a letter; a place never changes its word, for the rows that have it."""


@cache
def places() -> Mapping[str, int]:
    """Each word, folded, with its place from 0; the most frequent ones first."""
    text = Path(__file__).with_name("data").joinpath("common_words.txt").read_text(encoding="utf-8")
    return {word: place for place, word in enumerate(text.split())}

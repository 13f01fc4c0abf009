"""Vietnamese text: folding for search, order for lists, moments as people read them."""

import re
import unicodedata
from datetime import datetime

from django.utils import timezone

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {
    letter: chr(ord("a") + index) if index < 26 else chr(ord("{") + index - 26)
    for index, letter in enumerate(_ALPHABET)
}
# Tones in dictionary order: level, grave, hook, tilde, acute, dot below.
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that nobody sees."""
# PostgreSQL takes no NUL in a text; from a hostile query it counts as a space.
_SPACES = re.compile(r"[\s\0]+")


def fold(text: str) -> str:
    """
    Take away case, diacritics and đ, so that "Quảng Khê" is found by "quang khe".

    >>> fold("Đường Trường Chinh")
    'duong truong chinh'
    """
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "d"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SPACES.sub(" ", bare).strip().casefold()


def one_line(text: str) -> str:
    """
    The text as it is shown in a line: composed letters, single spaces, nothing that nobody sees.

    Marks of writing direction (U+202E and others) turn round what stands beside them in a list; spaces of no width part
    words that then nobody finds.

    >>> one_line("Thông\u200b báo \u202egấp\n")
    'Thông báo gấp'
    """
    composed = unicodedata.normalize("NFC", text)
    seen = "".join(c for c in composed if c.isspace() or unicodedata.category(c) not in HIDDEN)
    return " ".join(seen.split())


def sort_key(text: str) -> str:
    """
    Key whose byte order is Vietnamese dictionary order: a, ă, â, b, c, d, đ, e, ê ...

    Tones decide only between words alike in their letters. Stored beside the text, since the
    database need not know the Vietnamese collation.
    """
    letters, tones = [], []
    for character in unicodedata.normalize("NFC", text).lower():
        letter, tone = _split_tone(character)
        letters.append(_RANK.get(letter, letter))
        tones.append(tone)
    return "".join(letters) + "\x1f" + "".join(tones).rstrip("0")


def person_sort_key(full_name: str) -> str:
    """Key that sorts people by given name, then by family and middle names, as registers do."""
    names = full_name.split()
    return sort_key(" ".join([*names[-1:], *names[:-1]]))


def _split_tone(character: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", character)
    tone = next((_TONES[c] for c in decomposed if c in _TONES), "0")
    letter = unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in _TONES))
    return letter, tone


def moment_told(moment: datetime) -> str:
    """By the clock of Việt Nam, in the order of the pages: 05/01/2026 08:30."""
    return f"{timezone.localtime(moment):%d/%m/%Y %H:%M}"

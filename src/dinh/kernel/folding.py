"""Vietnamese texts folded by the database, for columns that have no folded twin."""

import unicodedata
from typing import Final

from django.db.models import CharField, Expression, F, Func, Value
from django.db.models.functions import Lower

from dinh.kernel.text import fold

_BARE: Final = "aăâeêioôơuưyđ"
_TONES: Final = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")


def _letters() -> str:
    """Every letter with diacritics, small and capital, as one character each."""
    small = [unicodedata.normalize("NFC", letter + tone) for letter in _BARE for tone in _TONES]
    composed = [each for each in small if len(each) == 1 and not each.isascii()]
    return "".join(composed + [each.upper() for each in composed])


MARKED: Final = _letters()
PLAIN: Final = "".join(fold(letter) for letter in MARKED)


def folded(expression: str | Expression) -> Lower:
    """
    The text without case and diacritics, as `text.fold` but for its spaces; immutable, so fit for columns.

    The database's own `lower` need not know more than ASCII.
    """
    source = F(expression) if isinstance(expression, str) else expression
    bare = Func(source, Value(MARKED), Value(PLAIN), function="TRANSLATE", output_field=CharField())
    return Lower(bare)

"""
JSON read piece by piece.

`json.loads` holds Python's lock until it is done, so a thread that reads a large document stops all others: 0.1 s for
7 MB.
"""

import json
import re
from typing import Any, Final

_READ: Final = json.JSONDecoder().raw_decode
_BETWEEN: Final = re.compile(r"[\s,:]*")


def loads(document: str) -> dict[str, Any]:
    """
    An object, as PostgreSQL writes it, whose members are small or lists of what is small.

    :raises ValueError: if it breaks off
    """
    found: dict[str, Any] = {}
    try:
        at = _next(document, document.index("{") + 1)
        while document[at] != "}":
            name, at = _READ(document, at)
            at = _next(document, at)
            found[name], at = _rows(document, at + 1) if document[at] == "[" else _READ(document, at)
            at = _next(document, at)
    except IndexError as error:
        raise ValueError("The document breaks off.") from error
    return found


def _rows(document: str, at: int) -> tuple[list[Any], int]:
    rows, at = [], _next(document, at)
    while document[at] != "]":
        row, at = _READ(document, at)
        rows.append(row)
        at = _next(document, at)
    return rows, at + 1


def _next(document: str, at: int) -> int:
    """Where the next piece begins."""
    found = _BETWEEN.match(document, at)
    return found.end() if found else at

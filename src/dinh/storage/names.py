"""Names of uploaded files, as they may be shown and handed out again."""

import unicodedata

from dinh.kernel.text import HIDDEN

LONGEST = 200
_UNNAMED = "tep"


def safe_name(name: str) -> str:
    """
    The name without folders and without characters that nobody sees, at most 200 characters, its ending kept.

    Marks of writing direction (U+202E and others) make `exe.pdf` look like `fdp.exe` and the other way round.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in HIDDEN)
    plain = " ".join(shown.split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > LONGEST and dot and len(ending) < 20:
        return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
    return plain[:LONGEST] or _UNNAMED


def blob_path(sha256: str) -> str:
    """Where a blob lies in its storage."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"

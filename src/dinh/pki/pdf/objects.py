"""The eight kinds of PDF objects as plain Python values (ISO 32000-2, 7.3)."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Name(str):
    """A name without its slash, decoded as Latin-1. Keys of dictionaries are plain `str`."""

    __slots__ = ()


class Ref(NamedTuple):
    num: int
    gen: int = 0


@dataclass(slots=True)
class Stream:
    """A dictionary with its encoded bytes; `Length` is set when written."""

    dict: "Dict"
    raw: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes to be written as they are, for placeholders; never read."""

    data: bytes


Dict: TypeAlias = dict[str, "Obj"]
Obj: TypeAlias = bool | int | float | bytes | Name | Ref | list["Obj"] | Dict | Stream | Raw | None


class PdfDamaged(Exception):
    """The bytes break the rules of the format."""


class PdfEncrypted(PdfDamaged):
    """The file is encrypted."""


class PdfTooComplex(PdfDamaged):
    """Reading would cost more than the budget allows."""


def text_string(value: Obj) -> str:
    """Decode a text string: UTF-16 or UTF-8 with byte order mark, else Latin-1 for PDFDocEncoding."""
    if not isinstance(value, bytes):
        return str(value) if isinstance(value, Name) else ""
    if value.startswith(b"\xfe\xff"):
        return value[2:].decode("utf-16-be", "replace")
    if value.startswith(b"\xef\xbb\xbf"):
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1")


def to_text_string(text: str) -> bytes:
    """Encode a text string: ASCII as it is, everything else as UTF-16 with byte order mark."""
    return text.encode("ascii") if text.isascii() else b"\xfe\xff" + text.encode("utf-16-be")

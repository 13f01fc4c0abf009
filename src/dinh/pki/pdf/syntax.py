"""
Reading and writing of objects as text (ISO 32000-2, 7.2 and 7.3).

All scanning is done by regular expressions with possessive quantifiers: linear in the input, and hex strings
(half of a signed file's extra bytes) go through `bytes.fromhex` instead of one byte at a time.
"""

import re
from collections.abc import Callable
from mmap import mmap
from typing import TypeAlias

from .objects import Dict, Name, Obj, PdfDamaged, Raw, Ref, Stream

Buffer: TypeAlias = bytes | mmap

MAX_DEPTH = 100

_WS = rb"[\x00\t\n\x0c\r ]"
_SKIP = rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+"
_REGULAR = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
_TOKEN = re.compile(
    _SKIP
    + rb"(?:/(" + _REGULAR + rb"*+)"
    + rb"|(<<)|(>>)|(\[)|(\])"
    + rb"|<([0-9A-Fa-f\x00\t\n\x0c\r ]*+)>"
    + rb"|(\()"
    + rb"|(\d{1,10}+)" + _WS + rb"++(\d{1,5}+)" + _WS + rb"++R(?!" + _REGULAR + rb")"
    + rb"|([+-]?(?:\d++\.?\d*+|\.\d++))(?!" + _REGULAR + rb")"
    + rb"|([A-Za-z]++))"
)  # fmt: skip
_NAME, _DICT, _DICT_END, _ARRAY, _ARRAY_END, _HEX, _LITERAL, _REF, _NUMBER, _KEYWORD = (
    1, 2, 3, 4, 5, 6, 7, 9, 10, 11,
)  # fmt: skip
_KEYWORDS: dict[bytes, Obj] = {b"null": None, b"true": True, b"false": False}
_HEADER = re.compile(_SKIP + rb"(\d{1,10}+)" + _WS + rb"++(\d{1,5}+)" + _WS + rb"++obj(?!" + _REGULAR + rb")")
_AFTER = re.compile(_SKIP + rb"(endobj|stream)(\r\n|\n|)")
_ENDSTREAM = re.compile(_WS + rb"{0,4}+endstream" + _WS + rb"*+endobj")
_STRING_MARK = re.compile(rb"[()\\]")
_ESCAPE = re.compile(rb"\\([nrtbf()\\]|[0-7]{1,3}|\r\n|[\s\S]|$)|\r\n?")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_NAME_ESCAPE = re.compile(r"#([0-9A-Fa-f]{2})")
_NAME_UNSAFE = re.compile(r"[^!-~]|[#()<>\[\]{}/%]")


class Parser:
    """Reads values from a buffer up to `end`; `stop` is where the last value ended."""

    def __init__(self, data: Buffer, end: int) -> None:
        self.data = data
        self.end = end

    def value(self, pos: int, depth: int = 0) -> tuple[Obj, int]:
        """
        One value at `pos` and the position after it.

        :raises PdfDamaged: if there is none, or it nests deeper than MAX_DEPTH
        """
        match = _TOKEN.match(self.data, pos, self.end)
        if match is None:
            raise PdfDamaged(f"no value at byte {pos}")
        return self._of(match, depth)

    def _of(self, match: re.Match[bytes], depth: int) -> tuple[Obj, int]:
        kind = match.lastindex
        if kind == _NAME:
            return decode_name(match[_NAME]), match.end()
        if kind == _REF:
            return Ref(int(match[8]), int(match[9])), match.end()
        if kind == _NUMBER:
            return _number(match[_NUMBER]), match.end()
        if kind == _HEX:
            return decode_hex(match[_HEX]), match.end()
        if depth > MAX_DEPTH:
            raise PdfDamaged("nested too deeply")
        if kind == _DICT:
            return self._dict(match.end(), depth + 1)
        if kind == _ARRAY:
            return self._array(match.end(), depth + 1)
        if kind == _LITERAL:
            return self._literal(match.end())
        if kind == _KEYWORD and match[_KEYWORD] in _KEYWORDS:
            return _KEYWORDS[match[_KEYWORD]], match.end()
        raise PdfDamaged(f"unexpected token at byte {match.start()}")

    def _dict(self, pos: int, depth: int) -> tuple[Dict, int]:
        result: Dict = {}
        while True:
            match = _TOKEN.match(self.data, pos, self.end)
            if match is None:
                raise PdfDamaged(f"dictionary not closed at byte {pos}")
            if match.lastindex == _DICT_END:
                return result, match.end()
            if match.lastindex != _NAME:
                raise PdfDamaged(f"dictionary key is no name at byte {pos}")
            key = str(decode_name(match[_NAME]))
            if key in result:
                # Readers disagree on which of two equal keys counts, so a file could show two faces.
                raise PdfDamaged(f"dictionary key {key!r} appears twice")
            result[key], pos = self.value(match.end(), depth)

    def _array(self, pos: int, depth: int) -> tuple[list[Obj], int]:
        result: list[Obj] = []
        while True:
            match = _TOKEN.match(self.data, pos, self.end)
            if match is None:
                raise PdfDamaged(f"array not closed at byte {pos}")
            if match.lastindex == _ARRAY_END:
                return result, match.end()
            item, pos = self._of(match, depth)
            result.append(item)

    def _literal(self, start: int) -> tuple[bytes, int]:
        nesting, pos = 1, start
        while nesting:
            mark = _STRING_MARK.search(self.data, pos, self.end)
            if mark is None:
                raise PdfDamaged("string not closed")
            pos = mark.end()
            if mark[0] == b"\\":
                pos += 1
            else:
                nesting += 1 if mark[0] == b"(" else -1
        return _ESCAPE.sub(_unescape, self.data[start : pos - 1]), pos

    def header(self, pos: int) -> tuple[Ref, int]:
        """Number of the indirect object at `pos`, and where its value begins."""
        match = _HEADER.match(self.data, pos, self.end)
        if match is None:
            raise PdfDamaged(f"no object at byte {pos}")
        return Ref(int(match[1]), int(match[2])), match.end()

    def after(self, pos: int) -> tuple[bool, int]:
        """Whether a stream's bytes follow the value, and where they begin (or where the object ended)."""
        match = _AFTER.match(self.data, pos, self.end)
        if match is None:
            raise PdfDamaged(f"object not closed at byte {pos}")
        is_stream = match[1] == b"stream"
        if is_stream and not match[2]:
            raise PdfDamaged("stream keyword without line end")
        return is_stream, match.end() if is_stream else match.end(1)

    def stream_end(self, pos: int) -> int:
        """Where the object ends whose stream's bytes end at `pos`."""
        match = _ENDSTREAM.match(self.data, pos, self.end) if pos <= self.end else None
        if match is None:
            raise PdfDamaged("stream is not as long as it says")
        return match.end()


def _number(token: bytes) -> int | float:
    if len(token) > 64:
        raise PdfDamaged("number too long")
    return float(token) if b"." in token else int(token)


def decode_name(token: bytes) -> Name:
    text = token.decode("latin-1")
    if "#" in text:
        text = _NAME_ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    return Name(text)


def decode_hex(digits: bytes) -> bytes:
    """Bytes of a hex string; white space is skipped, a missing last digit is zero."""
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        packed = digits.translate(None, b"\x00\t\n\x0c\r ")
        return bytes.fromhex((packed + b"0" * (len(packed) % 2)).decode("ascii"))


def _unescape(match: re.Match[bytes]) -> bytes:
    token = match[1]
    if token is None:
        return b"\n"
    if token[:1].isdigit() and token[:1] < b"8":
        return bytes([int(token, 8) & 0xFF])
    if token in (b"\r\n", b"\r", b"\n", b""):
        return b""
    return _ESCAPES.get(token, token)


def write_value(value: Obj) -> bytes:
    """The value as PDF text."""
    parts: list[bytes] = []
    _write(value, parts.append)
    return b"".join(parts)


def _write(value: Obj, put: Callable[[bytes], None]) -> None:
    if isinstance(value, dict):
        put(b"<<")
        for key, item in value.items():
            put(b"/" + encode_name(key) + b" ")
            _write(item, put)
            put(b"\n")
        put(b">>")
    elif isinstance(value, list):
        put(b"[")
        for item in value:
            _write(item, put)
            put(b" ")
        put(b"]")
    elif isinstance(value, Stream):
        _write({**value.dict, "Length": len(value.raw)}, put)
        put(b"\nstream\n" + value.raw + b"\nendstream")
    else:
        put(_atom(value))


def _atom(value: Obj) -> bytes:
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, Name):
        return b"/" + encode_name(value)
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return (f"{value:.5f}".rstrip("0").rstrip(".") or "0").encode()
    if isinstance(value, bytes):
        return _string(value)
    if isinstance(value, Raw):
        return value.data
    return b"null"


def _string(value: bytes) -> bytes:
    if value.isascii() and value.decode("ascii").isprintable():
        return b"(" + re.sub(rb"([()\\])", rb"\\\1", value) + b")"
    return b"<" + value.hex().encode() + b">"


def encode_name(name: str) -> bytes:
    return _NAME_UNSAFE.sub(lambda m: f"#{ord(m[0]):02X}", name).encode("latin-1")

"""
Where the signatures of a file stand and whether their byte ranges tell the truth (ISO 32000-2, 12.8.1).

The range must be the whole revision but for the hex digits of the signature itself, and the revision must end as a
PDF ends; any other range lets content be swapped or a signature be moved (signature wrapping, forgery by
missing or odd ranges).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..der import read_tlv
from ..pdf.document import FormField, PdfFile, is_name
from ..pdf.objects import Dict, PdfDamaged, PdfTooComplex, Ref
from ..pdf.syntax import Buffer, decode_hex

MAX_SIGNATURES = 100
MAX_CONTENTS = 4 * 1024 * 1024
_EOF_WINDOW = 16


@dataclass(frozen=True, slots=True)
class Site:
    """
    A signed field: its dictionary, what it signs and the revision that ends there.

    :param fault: code of a reason, empty if the range is right; then `signed` is the revision
    """

    field: FormField
    dict: Dict
    byte_range: tuple[int, int, int, int]
    content: bytes
    signed: PdfFile | None
    fault: str = ""

    @property
    def end(self) -> int:
        return self.byte_range[2] + self.byte_range[3]

    @property
    def form(self) -> str:
        return str(self.dict.get("SubFilter") or "")

    @property
    def is_timestamp(self) -> bool:
        return self.form == "ETSI.RFC3161" or is_name(self.dict.get("Type"), "DocTimeStamp")

    def digest(self, data: Buffer, name: str) -> bytes:
        """Digest of the signed bytes."""
        a, b, c, d = self.byte_range
        with memoryview(data) as view:
            hasher = hashlib.new(name, view[a : a + b])
            hasher.update(view[c : c + d])
        return hasher.digest()


def signature_sites(pdf: PdfFile) -> tuple[Site, ...]:
    """
    Signed fields in the order of their revisions.

    :raises PdfTooComplex: if there are too many to judge
    """
    sites = sorted(_sites(pdf), key=lambda site: site.end)
    if len(sites) > MAX_SIGNATURES:
        raise PdfTooComplex("too many signatures")
    return tuple(sites)


def _sites(pdf: PdfFile) -> Iterator[Site]:
    for field in pdf.fields():
        if field.kind != "Sig":
            continue
        ref = field.dict.get("V")
        value = pdf.resolve(ref)
        if value is None:
            continue
        if not isinstance(value, dict) or not isinstance(ref, Ref):
            yield Site(field, {}, (0, 0, 0, 0), b"", None, "signature.unreadable")
            continue
        yield _site(pdf, field, ref, value)


def _site(pdf: PdfFile, field: FormField, ref: Ref, value: Dict) -> Site:
    content = value.get("Contents")
    byte_range = _byte_range(pdf, value)
    if byte_range is None:
        return Site(field, value, (0, 0, 0, 0), b"", None, "signature.byte_range")
    if not isinstance(content, bytes):
        return Site(field, value, byte_range, b"", None, "signature.unreadable")
    try:
        signed = pdf.revision(byte_range[2] + byte_range[3])
    except PdfTooComplex:
        raise
    except PdfDamaged:
        return Site(field, value, byte_range, b"", None, "signature.byte_range")
    if not _stands_in_gap(signed, ref, byte_range, content):
        return Site(field, value, byte_range, b"", None, "signature.contents")
    try:
        _tag, _start, end = read_tlv(content)
    except ValueError:
        return Site(field, value, byte_range, b"", None, "signature.unreadable")
    if len(content) > MAX_CONTENTS or content[end:].strip(b"\0"):
        return Site(field, value, byte_range, b"", None, "signature.unreadable")
    return Site(field, value, byte_range, content[:end], signed)


def _byte_range(pdf: PdfFile, value: Dict) -> tuple[int, int, int, int] | None:
    numbers = value.get("ByteRange")
    if not isinstance(numbers, list) or len(numbers) != 4 or any(type(n) is not int for n in numbers):
        return None
    a, b, c, d = (int(n) for n in numbers if isinstance(n, int))
    if a != 0 or b <= 0 or c <= b + 1 or d <= 0 or c + d > len(pdf.data):
        return None
    tail = pdf.data[max(0, c + d - _EOF_WINDOW) : c + d]
    return (a, b, c, d) if tail.rstrip(b"\r\n \0").endswith(b"%%EOF") else None


def _stands_in_gap(signed: PdfFile, ref: Ref, byte_range: tuple[int, int, int, int], content: bytes) -> bool:
    entry = signed.xref.get(ref.num)
    start, end = byte_range[1], byte_range[2]
    if entry is None or entry.kind != 1 or not entry.place < start or signed.end_of(ref.num) < end:
        return False
    gap = bytes(signed.data[start:end])
    return gap[:1] == b"<" and gap[-1:] == b">" and gap[1:-1].isalnum() and decode_hex(gap[1:-1]) == content

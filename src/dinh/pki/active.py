"""What in a PDF would act by itself on its reader's computer (ISO 32000-2, 12.6.4): no letter needs any of it."""

import re
from collections.abc import Iterator

from .pdf.document import PdfFile
from .pdf.objects import Name, Obj, PdfDamaged, PdfTooComplex, Stream

_ACTIONS = frozenset({"JavaScript", "Launch", "ImportData", "SubmitForm", "Rendition", "Movie", "Sound"})
_KEYS = {"JS": "JavaScript", "XFA": "XFA"}
_ANNOTATIONS = frozenset({"RichMedia", "Movie", "Screen", "3D"})
_PACKED = 2
"""Kind of entries of the cross-reference table that lie in an object stream."""
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_TELLING = sorted(name for name in {*_ACTIONS, *_ANNOTATIONS, *_KEYS.values()} if len(name) > 2)
"""Names that do not stand in packed bytes by chance."""
_NAMED = re.compile(rb"/(" + "|".join(_TELLING).encode() + rb")(?=[\x00\s()<>\[\]{}/%])")


def active_content(*, pdf: bytes) -> str:
    """
    The first kind of active content of a PDF, such as `JavaScript` or `Launch`; empty if there is none.

    Looks at every object, of whatever revision is current. One that cannot be read hides none of the others: other
    programs may read it, so the bytes of the file are searched for the names, and packed objects that stay unread
    count as `ObjStm`. A file that cannot be read at all is told nothing of: it takes no signature fields either.
    """
    try:
        file = PdfFile(pdf)
    except PdfDamaged:
        return ""
    return next(_kinds_of_file(file), "")


def _kinds_of_file(file: PdfFile) -> Iterator[str]:
    is_whole = True
    for num, entry in file.xref.items():
        try:
            yield from _kinds(file.get(num))
        except PdfDamaged as damage:
            is_whole = False
            if isinstance(damage, PdfTooComplex) or entry.kind == _PACKED:
                yield "ObjStm"
    if not is_whole:
        plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), bytes(file.data))
        yield from (each[1].decode() for each in _NAMED.finditer(plain))


def _kinds(value: Obj) -> Iterator[str]:
    waiting: list[Obj] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Stream):
            each = each.dict
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            yield from _kinds_of_dict(each)
            waiting.extend(each.values())


def _kinds_of_dict(found: dict[str, Obj]) -> Iterator[str]:
    action, subtype = found.get("S"), found.get("Subtype")
    if isinstance(action, Name) and action in _ACTIONS:
        yield str(action)
    if isinstance(subtype, Name) and subtype in _ANNOTATIONS:
        yield str(subtype)
    for key, kind in _KEYS.items():
        if found.get(key) is not None:
            yield kind

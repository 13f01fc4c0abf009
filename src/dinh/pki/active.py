"""What in a PDF would act by itself on its reader's computer (ISO 32000-2, 12.6.4): no letter needs any of it."""

from collections.abc import Iterator

from .pdf.document import PdfFile
from .pdf.objects import Name, Obj, PdfDamaged, Stream

_ACTIONS = frozenset({"JavaScript", "Launch", "ImportData", "SubmitForm", "Rendition", "Movie", "Sound"})
_KEYS = {"JS": "JavaScript", "XFA": "XFA"}
_ANNOTATIONS = frozenset({"RichMedia", "Movie", "Screen", "3D"})


def active_content(*, pdf: bytes) -> str:
    """
    The first kind of active content of a PDF, such as `JavaScript` or `Launch`; empty if there is none.

    Looks at every object, of whatever revision is current. What cannot be read is told nothing of: such a file takes
    no signature fields either.
    """
    try:
        file = PdfFile(pdf)
        return next((kind for num in file.xref for kind in _kinds(file.get(num))), "")
    except PdfDamaged:
        return ""


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

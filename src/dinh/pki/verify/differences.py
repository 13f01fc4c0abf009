"""
What changed in a PDF after a signature, by content and not by which objects were written again.

Letters of several signatures write earlier widgets out again unchanged in every revision; that is no change.
Both revisions are walked side by side from the catalog: catalog, form, fields, pages and their annotations are
judged key by key; everything else must be the same, and must not lead to an object that differs.

Permitted after a signature (ISO 32000-2, 12.8.2.2, P = 2): signing, filling in empty fields that no signature locks,
new signature fields that are signed, validation data. A field that had a value and shows another, or an
annotation laid over a page, makes a legal document another one, so it is never permitted here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..fields import locked_by, rectangle
from ..pdf.document import FormField, PdfFile
from ..pdf.objects import Dict, Name, Obj, PdfDamaged, Ref, Stream, text_string
from .report import Reason

# Share of the page that a signature added later may cover before people are asked to look; seals take 2 %.
MAX_COVERED = 0.10

_FILLING = {"V", "AP", "AS", "I", "M"}
_SIGNING = {"V", "AP", "F", "M", "AS"}
# Operators of a content stream (ISO 32000-2, Annex A): those that write or draw something foreign, and all that paint.
_BEFORE, _AFTER = rb"(?:^|(?<=[\s)\]>]))", rb"(?=\s|$)"
_WRITING = re.compile(_BEFORE + rb"(?:Tj|TJ|'|\"|Do|BI|sh)" + _AFTER)
_PAINTING = re.compile(_BEFORE + rb"(?:Tj|TJ|'|\"|Do|BI|sh|[fFSsBb]|[fBb]\*)" + _AFTER)
_ACTING = {"A", "AA"}
_FREE_IN_CATALOG = {"DSS", "Extensions", "Version", "Metadata", "AcroForm", "Pages"}


@dataclass(slots=True)
class Findings:
    """What a comparison found: reasons, names of fields filled in, and whether anything differs at all."""

    reasons: list[Reason] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    permitted: bool = False

    def add(self, code: str, what: str = "") -> None:
        reason = Reason(code, what)
        if reason not in self.reasons:
            self.reasons.append(reason)


class References:
    """Which object refers to which, in the last revision; made once per file."""

    def __init__(self, pdf: PdfFile) -> None:
        self.referrers: dict[int, list[int]] = {}
        self.ends: dict[int, int] = {}
        for num, entry in pdf.xref.items():
            if entry.kind == 0:
                continue
            try:
                value, self.ends[num] = pdf.get(num), pdf.end_of(num)
            except PdfDamaged:
                pdf.budget.check_time()
                continue
            for target in set(references(value)):
                self.referrers.setdefault(target, []).append(num)

    def leading_to(self, nums: set[int], barriers: set[int]) -> set[int]:
        """The objects from which one of `nums` can be reached without passing a barrier."""
        found = nums - barriers
        pending = list(found)
        while pending:
            for referrer in self.referrers.get(pending.pop(), ()):
                if referrer not in found and referrer not in barriers:
                    found.add(referrer)
                    pending.append(referrer)
        return found


def references(value: Obj) -> Iterator[int]:
    """Numbers of all objects that the value refers to."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref):
            yield item.num
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, Stream):
            pending.extend(item.dict.values())


class Comparison:
    """The revision that was signed beside the file as it is now."""

    def __init__(self, signed: PdfFile, now: PdfFile, links: References) -> None:
        self.signed, self.now, self.links = signed, now, links
        self.findings = Findings()
        self._changed = set(self._changed_objects())
        self._judged = self._judged_objects()
        self._affected = links.leading_to(self._changed, self._judged)

    def run(self, *, permissions: int | None) -> Findings:
        """
        :param permissions: DocMDP level that holds, None without certification
        """
        if self._changed:
            self._catalog()
            self._form()
            self._pages()
        if permissions == 1 and self.findings.permitted and not self.findings.reasons:
            self.findings.add("changes.not_allowed")
        return self.findings

    # What differs at all

    def _changed_objects(self) -> Iterator[int]:
        signed, now, ends = self.signed, self.now, self.links.ends
        for index, num in enumerate(signed.xref.keys() | now.xref.keys()):
            if index % 4096 == 0:
                now.budget.check_time()
            before, after = signed.xref.get(num), now.xref.get(num)
            if (
                before == after
                and before is not None
                and before.kind == 1
                and ends.get(num, 1 << 62) <= signed.end
            ):
                continue
            if not self._same_object(num):
                yield num

    def _same_object(self, num: int) -> bool:
        try:
            before, after = self.signed.get(num), self.now.get(num)
        except PdfDamaged:
            self.now.budget.check_time()
            return False
        return self._same_content(before, after)

    def _same_content(self, before: Obj, after: Obj) -> bool:
        if isinstance(before, Stream) and isinstance(after, Stream):
            head = self._head(before), self._head(after)
            if not same(*head):
                return False
            if before.raw == after.raw:
                return same(before.dict.get("Filter"), after.dict.get("Filter")) and same(
                    before.dict.get("DecodeParms"), after.dict.get("DecodeParms")
                )
            try:
                return self.now.decode(before) == self.now.decode(after)
            except PdfDamaged:
                return False
        return same(before, after)

    def _head(self, stream: Stream) -> Dict:
        return {k: v for k, v in stream.dict.items() if k not in ("Length", "Filter", "DecodeParms")}

    def _judged_objects(self) -> set[int]:
        judged = {self.signed.root.num}
        form = self.signed.catalog.get("AcroForm")
        if isinstance(form, Ref):
            judged.add(form.num)
        judged |= set(field_nodes(self.signed))
        for item in self.signed.fields():
            judged |= {item.num, *item.widgets}
        judged |= {num for num, _node in page_nodes(self.signed)}
        return judged

    def _untouched(self, before: Obj, after: Obj) -> bool:
        """The same, and leading to nothing that changed."""
        if not same(before, after):
            return False
        return not any(num in self._affected for num in references(after))

    def _compare_keys(self, before: Dict, after: Dict, free: Iterable[str]) -> list[str]:
        """Keys outside `free` that were touched."""
        return [
            key
            for key in before.keys() | after.keys()
            if key not in free and not self._untouched(before.get(key), after.get(key))
        ]

    # Catalog and form

    def _catalog(self) -> None:
        if self.signed.root != self.now.root:
            self.findings.add("changes.document", "Root")
            return
        before, after = self.signed.catalog, self.now.catalog
        for key in self._compare_keys(before, after, _FREE_IN_CATALOG):
            self.findings.add("changes.document", key)
        self.findings.permitted = True

    def _form(self) -> None:
        before, after = self.signed.form(), self.now.form()
        for key in self._compare_keys(before, after, ("Fields", "SigFlags", "DR", "DA", "NeedAppearances")):
            self.findings.add("changes.document", f"AcroForm {key}")
        if after.get("NeedAppearances") is True and before.get("NeedAppearances") is not True:
            self.findings.add("changes.appearance", "NeedAppearances")
        if "DA" in before and not self._untouched(before["DA"], after.get("DA")):
            self.findings.add("changes.document", "AcroForm DA")
        self._resources(before.get("DR"), after.get("DR"))
        self._groups()
        self._fields()

    def _resources(self, before: Obj, after: Obj) -> None:
        """Resources of the form may grow, as signing tools add their fonts; nothing there may change."""
        old, new = self.signed.resolve(before), self.now.resolve(after)
        if old is None:
            return
        if not isinstance(old, dict) or not isinstance(new, dict):
            self.findings.add("changes.document", "AcroForm DR")
            return
        for key, value in old.items():
            inner, inner_now = self.signed.resolve(value), self.now.resolve(new.get(key))
            if isinstance(inner, dict) and isinstance(inner_now, dict):
                kept = all(self._untouched(item, inner_now.get(name)) for name, item in inner.items())
            else:
                kept = self._untouched(value, new.get(key))
            if not kept:
                self.findings.add("changes.document", "AcroForm DR")

    def _groups(self) -> None:
        before, after = field_nodes(self.signed), field_nodes(self.now)
        terminal = {num for item in self.signed.fields() for num in (item.num, *item.widgets)}
        for num, node in before.items():
            if num in terminal:
                continue
            if num not in after or self._compare_keys(node, after[num], ("Kids",)):
                self.findings.add("changes.field", text_string(self.signed.resolve(node.get("T"))))

    def _fields(self) -> None:
        now = {item.name: item for item in self.now.fields()}
        known = {item.name for item in self.signed.fields()}
        for before in self.signed.fields():
            after = now.get(before.name)
            if after is None or (after.num, after.widgets, after.kind) != (
                before.num,
                before.widgets,
                before.kind,
            ):
                code = "changes.signature" if self._is_signed(before) else "changes.field"
                self.findings.add(code, before.name)
                continue
            self._field(before, after)
        for name, item in now.items():
            if name not in known:
                self._new_field(item)

    def _is_signed(self, item: FormField) -> bool:
        return item.kind == "Sig" and self.signed.resolve(item.dict.get("V")) is not None

    def _field(self, before: FormField, after: FormField) -> None:
        touched: set[str] = set()
        for num in {before.num, *before.widgets}:
            old, new = self.signed.dict_of(Ref(num, 0)), self.now.dict_of(Ref(num, 0))
            touched |= set(self._compare_keys(old, new, ()))
        if not touched:
            return
        if self._is_signed(before):
            self.findings.add("changes.signature", before.name)
        elif before.name in self._locked:
            self.findings.add("changes.locked", before.name)
        elif before.kind == "Sig":
            self._signed_later(before, after, touched)
        else:
            self._filled_later(before, after, touched)

    def _signed_later(self, before: FormField, after: FormField, touched: set[str]) -> None:
        if touched - _SIGNING or not isinstance(self.now.resolve(after.dict.get("V")), dict):
            self.findings.add("changes.appearance", after.name)
        elif "AP" in touched and self._showed(before, _PAINTING):
            self.findings.add("changes.shown", after.name)

    def _filled_later(self, before: FormField, after: FormField, touched: set[str]) -> None:
        if touched - _FILLING:
            self.findings.add("changes.field", before.name)
            return
        if "AS" in touched and any(
            not isinstance(self.now.dict_of(Ref(num, 0)).get("AS"), Name) for num in after.widgets
        ):
            self.findings.add("changes.field", before.name)
        if "V" not in touched:
            self.findings.add("changes.appearance", before.name)
        elif not self._is_empty(before) or (before.kind == "Tx" and self._showed(before, _WRITING)):
            self.findings.add("changes.value", before.name)
        else:
            self._note_frame(before)
            self.findings.filled.append(before.name)

    def _note_frame(self, before: FormField) -> None:
        """An empty field may have a frame; one without a frame's description that was painted on asks for a look."""
        framed = all("MK" in self.signed.dict_of(Ref(num, 0)) for num in before.widgets)
        if before.kind == "Tx" and not framed and self._showed(before, _PAINTING):
            self.findings.add("changes.shown", before.name)

    def _showed(self, item: FormField, operators: re.Pattern[bytes]) -> bool:
        """
        Whether a field that holds nothing showed something when the signature was made: what people saw then can be
        taken away by filling the field in (shadow attacks: hide, replace).
        """
        looks = [self.signed.resolve(self.signed.dict_of(Ref(num, 0)).get("AP")) for num in item.widgets]
        normal = [self.signed.resolve(look.get("N")) for look in looks if isinstance(look, dict)]
        return any(
            operators.search(self.signed.decode(stream)) for stream in normal if isinstance(stream, Stream)
        )

    def _is_empty(self, item: FormField) -> bool:
        value = self.signed.resolve(item.dict.get("V"))
        return value is None or value in (b"", b"\xfe\xff", "Off", [])

    def _new_field(self, item: FormField) -> None:
        nodes = [self.now.dict_of(Ref(num, 0)) for num in {item.num, *item.widgets}]
        if item.kind != "Sig" or any(_ACTING & node.keys() for node in nodes):
            self.findings.add("changes.field", item.name)
        elif self.now.resolve(item.dict.get("V")) is None and any(
            self._is_visible(self.now.dict_of(Ref(num, 0))) for num in item.widgets
        ):
            self.findings.add("changes.annotation", item.name)

    def _is_visible(self, widget: Dict) -> bool:
        left, bottom, right, top = rectangle(self.now, widget)
        if right - left <= 0 or top - bottom <= 0:
            return False
        looks = self.now.resolve(widget.get("AP"))
        normal = self.now.resolve(looks.get("N")) if isinstance(looks, dict) else None
        return "MK" in widget or (normal is not None and not (isinstance(normal, Stream) and not normal.raw))

    @cached_property
    def _locked(self) -> set[str]:
        names = [item.name for item in self.signed.fields()]
        locked: set[str] = set()
        for item in self.signed.fields():
            value = self.signed.resolve(item.dict.get("V")) if item.kind == "Sig" else None
            if isinstance(value, dict):
                locked |= locked_by(self.signed, value, names)
        return locked

    # Pages

    def _pages(self) -> None:
        before, after = list(page_nodes(self.signed)), list(page_nodes(self.now))
        if [num for num, _node in before] != [num for num, _node in after]:
            self.findings.add("changes.page", "")
            return
        number = 0
        for (_num, old), (_same, new) in zip(before, after, strict=True):
            is_leaf = "Kids" not in old
            number += is_leaf
            for key in self._compare_keys(old, new, ("Annots",) if is_leaf else ()):
                self.findings.add("changes.page", f"{number} {key}" if is_leaf else key)
            if is_leaf:
                self._annotations(number, old, new)

    def _annotations(self, number: int, before: Dict, after: Dict) -> None:
        old, new = self.signed.list_of(before.get("Annots")), self.now.list_of(after.get("Annots"))
        kept = [item for item in new if any(same(item, other) for other in old)] if old else []
        if not same(kept, old):
            self.findings.add("changes.annotation", str(number))
        fields_before = {num for item in self.signed.fields() for num in item.widgets}
        for item in old:
            judged = isinstance(item, Ref) and item.num in fields_before
            if not judged and any(num in self._affected for num in references(item)):
                self.findings.add("changes.annotation", str(number))
        for item in new:
            if not any(same(item, other) for other in old):
                self._new_annotation(number, item, after)

    def _new_annotation(self, number: int, item: Obj, page: Dict) -> None:
        signing = {num for entry in self.now.fields() if entry.kind == "Sig" for num in entry.widgets}
        if not isinstance(item, Ref) or item.num not in signing:
            self.findings.add("changes.annotation", str(number))
            return
        left, bottom, right, top = rectangle(self.now, self.now.dict_of(item))
        if (right - left) * (top - bottom) > MAX_COVERED * self._page_area(page):
            self.findings.add("changes.large", str(number))

    def _page_area(self, page: Dict) -> float:
        left, bottom, right, top = rectangle(self.now, {"Rect": self.now.resolve(page.get("MediaBox"))})
        return (right - left) * (top - bottom) or 595.0 * 842.0


def same(before: Obj, after: Obj) -> bool:
    """Equality of values with their types; references by number."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(v, after[k]) for k, v in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        return before == after
    return type(before) is type(after) and before == after


def page_nodes(pdf: PdfFile) -> Iterator[tuple[int, Dict]]:
    """Nodes of the page tree, leaves included, in order, with their object numbers."""
    seen: set[int] = set()
    stack: list[Obj] = [pdf.catalog.get("Pages")]
    while stack:
        ref = stack.pop()
        if not isinstance(ref, Ref) or ref.num in seen:
            raise PdfDamaged("page tree is broken")
        seen.add(ref.num)
        node = pdf.dict_of(ref)
        yield ref.num, node
        if "Kids" in node:
            stack.extend(reversed(pdf.list_of(node["Kids"])))


def field_nodes(pdf: PdfFile) -> dict[int, Dict]:
    """All nodes of the form's field tree by object number."""
    nodes: dict[int, Dict] = {}
    stack = list(pdf.list_of(pdf.form().get("Fields")))
    while stack:
        ref = stack.pop()
        node = pdf.resolve(ref)
        if isinstance(ref, Ref) and isinstance(node, dict) and ref.num not in nodes:
            nodes[ref.num] = node
            stack.extend(pdf.list_of(node.get("Kids")))
    return nodes

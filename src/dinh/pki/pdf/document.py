"""
A PDF file as one of its revisions shows it: cross-reference sections, objects, catalog, pages and form fields.

Strict where readers differ: whatever two readers could show differently is damage, so that a file cannot have
one face for the verifier and another for the official.
"""

import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .objects import Dict, Name, Obj, PdfDamaged, PdfEncrypted, PdfTooComplex, Ref, Stream, text_string
from .syntax import Buffer, Parser

MAX_OBJECTS = 300_000
MAX_SECTIONS = 500
MAX_UNPACKED = 64 * 1024 * 1024
MAX_PAGES = 20_000
MAX_FIELDS = 5_000

_STARTXREF = re.compile(rb"startxref[\x00\t\n\x0c\r ]++(\d{1,12}+)[\x00\t\n\x0c\r ]++%%EOF")
_SUBSECTION = re.compile(rb"[\x00\t\n\x0c\r ]*+(\d{1,10}+)[ \t]++(\d{1,10}+)[\x00\t\n\x0c\r ]++")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([fn])[\x00\t\n\x0c\r ]{0,3}")
_TRAILER = re.compile(rb"[\x00\t\n\x0c\r ]*+trailer")


class Entry(NamedTuple):
    """Where an object lies: kind 1 = byte offset and generation, kind 2 = object stream and index."""

    kind: int
    place: int
    extra: int


class Loaded(NamedTuple):
    ref: Ref
    value: Obj
    end: int


@dataclass(slots=True)
class Budget:
    """Bounds of reading one file, shared by all its revisions."""

    seconds: float = 20.0
    unpacked: int = MAX_UNPACKED
    objects: int = MAX_OBJECTS
    _deadline: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise PdfTooComplex("reading takes too long")

    def spend_object(self) -> None:
        self.objects -= 1
        if self.objects < 0:
            raise PdfTooComplex("too many objects")
        if self.objects % 256 == 0:
            self.check_time()


@dataclass(frozen=True, slots=True)
class FormField:
    """A terminal form field: full name, object number, merged inheritable keys, page widgets."""

    name: str
    num: int
    dict: Dict
    kind: str
    widgets: tuple[int, ...]


class PdfFile:
    """
    The file as its last revision, or the one ending at `end`, shows it.

    :raises PdfDamaged: at construction and at every access, where the bytes break the format
    """

    def __init__(self, data: Buffer, *, end: int | None = None, budget: Budget | None = None) -> None:
        self.data = data
        self.end = len(data) if end is None else end
        self.budget = budget or Budget()
        self.xref: dict[int, Entry] = {}
        self.trailer: Dict = {}
        self.uses_xref_stream = False
        self._parser = Parser(data, self.end)
        self._loaded: dict[int, Loaded] = {}
        self._unpacked: dict[int, dict[int, Obj]] = {}
        self._fields: tuple[FormField, ...] | None = None
        if data[:1024].find(b"%PDF-") < 0:
            raise PdfDamaged("no PDF header")
        self.startxref = self._find_startxref()
        self._read_sections()
        if "Encrypt" in self.trailer:
            raise PdfEncrypted("encrypted")

    def revision(self, end: int) -> "PdfFile":
        """The same file cut off at byte `end`; objects already read are shared."""
        earlier = PdfFile(self.data, end=end, budget=self.budget)
        shared = {k: v for k, v in self._loaded.items() if v.end <= end}
        earlier._loaded.update(shared)
        return earlier

    # Cross-reference sections

    def _find_startxref(self) -> int:
        tail = self.data[max(0, self.end - 2048) : self.end]
        matches = list(_STARTXREF.finditer(tail))
        if not matches:
            raise PdfDamaged("no startxref at the end")
        return int(matches[-1][1])

    def _read_sections(self) -> None:
        seen: set[int] = set()
        pending: list[int] = [self.startxref]
        while pending:
            offset = pending.pop()
            if offset in seen or len(seen) > MAX_SECTIONS or not 0 < offset < self.end:
                raise PdfDamaged("cross-reference sections form a loop or lead outside")
            seen.add(offset)
            self.budget.check_time()
            trailer = self._read_section(offset)
            if not self.trailer:
                self.trailer = trailer
            pending.extend(_offset(trailer[key]) for key in ("Prev", "XRefStm") if key in trailer)
        if not isinstance(self.trailer.get("Root"), Ref):
            raise PdfDamaged("no catalog")

    def _read_section(self, offset: int) -> Dict:
        if self.data[offset : offset + 4] == b"xref":
            return self._read_table(offset + 4)
        ref, pos = self._parser.header(offset)
        loaded = self._load_at(offset, ref, pos)
        if not isinstance(loaded.value, Stream) or loaded.value.dict.get("Type") != "XRef":
            raise PdfDamaged("no cross-reference section where one is promised")
        if not self.trailer:
            self.uses_xref_stream = True
        self._read_xref_stream(loaded.value)
        return loaded.value.dict

    def _read_table(self, pos: int) -> Dict:
        while header := _SUBSECTION.match(self.data, pos, self.end):
            first, count, pos = int(header[1]), int(header[2]), header.end()
            self._check_count(first, count)
            for num in range(first, first + count):
                entry = _ENTRY.match(self.data, pos, self.end)
                if entry is None:
                    raise PdfDamaged("cross-reference table is broken")
                pos = entry.end()
                kind = 1 if entry[3] == b"n" else 0
                self.xref.setdefault(num, Entry(kind, int(entry[1]), int(entry[2])))
        keyword = _TRAILER.match(self.data, pos, self.end)
        if keyword is None:
            raise PdfDamaged("no trailer")
        trailer, _ = self._parser.value(keyword.end())
        if not isinstance(trailer, dict):
            raise PdfDamaged("trailer is no dictionary")
        return trailer

    def _check_count(self, first: int, count: int) -> None:
        if count > MAX_OBJECTS or first + count > 10_000_000 or len(self.xref) + count > 2 * MAX_OBJECTS:
            raise PdfTooComplex("too many objects")

    def _read_xref_stream(self, stream: Stream) -> None:
        widths = _ints(stream.dict.get("W"))
        if len(widths) != 3 or not all(0 <= w <= 8 for w in widths):
            raise PdfDamaged("cross-reference stream has strange widths")
        size = stream.dict.get("Size")
        index = _ints(stream.dict["Index"]) if "Index" in stream.dict else [0, size]
        data = self.decode(stream)
        w1, w2, _w3 = widths
        step, pos = sum(widths), 0
        for first, count in zip(index[::2], index[1::2], strict=True):
            if not isinstance(first, int) or not isinstance(count, int) or min(first, count) < 0:
                raise PdfDamaged("cross-reference stream has a strange index")
            self._check_count(first, count)
            if step == 0 or pos + count * step > len(data):
                raise PdfDamaged("cross-reference stream is too short")
            for num in range(first, first + count):
                kind = int.from_bytes(data[pos : pos + w1], "big") if w1 else 1
                place = int.from_bytes(data[pos + w1 : pos + w1 + w2], "big")
                extra = int.from_bytes(data[pos + w1 + w2 : pos + step], "big")
                self.xref.setdefault(num, Entry(kind, place, extra))
                pos += step

    # Objects

    def get(self, num: int) -> Obj:
        """The object of this number; missing and freed ones are null."""
        entry = self.xref.get(num)
        if entry is None or entry.kind == 0:
            return None
        if entry.kind == 1:
            return self._load(num, entry).value
        if entry.kind == 2:
            return self._unpack(entry.place).get(num)
        return None

    def end_of(self, num: int) -> int:
        """Byte after the object (after its object stream, if in one); 0 if missing."""
        entry = self.xref.get(num)
        if entry is None or entry.kind == 0:
            return 0
        if entry.kind == 2:
            return self.end_of(entry.place) if self.xref.get(entry.place, entry).kind == 1 else 0
        return self._load(num, entry).end

    def resolve(self, value: Obj) -> Obj:
        """Follow a reference to its value; references to references are damage."""
        if isinstance(value, Ref):
            value = self.get(value.num)
            if isinstance(value, Ref):
                raise PdfDamaged("reference to a reference")
        return value

    def _load(self, num: int, entry: Entry) -> Loaded:
        loaded = self._loaded.get(entry.place)
        if loaded is None:
            if not 0 < entry.place < self.end:
                raise PdfDamaged(f"object {num} lies outside the file")
            ref, pos = self._parser.header(entry.place)
            loaded = self._load_at(entry.place, ref, pos)
        if loaded.ref != (num, entry.extra) or loaded.end > self.end:
            raise PdfDamaged(f"object {num} is not where it should be")
        return loaded

    def _load_at(self, offset: int, ref: Ref, pos: int) -> Loaded:
        self.budget.spend_object()
        value, pos = self._parser.value(pos)
        is_stream, pos = self._parser.after(pos)
        if is_stream:
            if not isinstance(value, dict):
                raise PdfDamaged("stream without dictionary")
            length = self._length(value.get("Length"), offset)
            value, pos = Stream(value, self.data[pos : pos + length]), self._parser.stream_end(pos + length)
        loaded = Loaded(ref, value, pos)
        self._loaded[offset] = loaded
        return loaded

    def _length(self, value: Obj, offset: int) -> int:
        if isinstance(value, Ref):
            entry = self.xref.get(value.num)
            if entry is None or entry.kind != 1 or entry.place == offset:
                raise PdfDamaged("length of a stream cannot be found")
            _, pos = self._parser.header(entry.place)
            value, _ = self._parser.value(pos)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise PdfDamaged("length of a stream is no number")
        return value

    def _unpack(self, num: int) -> dict[int, Obj]:
        entry = self.xref.get(num)
        if entry is None or entry.kind != 1:
            raise PdfDamaged("object stream is missing")
        stream = self._load(num, entry).value
        if entry.place not in self._unpacked:
            self._unpacked[entry.place] = self._read_object_stream(stream)
        return self._unpacked[entry.place]

    def _read_object_stream(self, stream: Obj) -> dict[int, Obj]:
        if not isinstance(stream, Stream) or stream.dict.get("Type") != "ObjStm":
            raise PdfDamaged("no object stream where one is promised")
        count, first = stream.dict.get("N"), stream.dict.get("First")
        if not isinstance(count, int) or not isinstance(first, int) or not 0 <= count <= MAX_OBJECTS:
            raise PdfDamaged("object stream is broken")
        data = self.decode(stream)
        parser = Parser(data, len(data))
        heads, objects = data[:first].split(), {}
        if len(heads) < 2 * count:
            raise PdfDamaged("object stream is too short")
        for num, at in zip(heads[: 2 * count : 2], heads[1 : 2 * count : 2], strict=True):
            self.budget.spend_object()
            if not (num.isdigit() and at.isdigit()) or len(num) > 10 or len(at) > 10:
                raise PdfDamaged("object stream is broken")
            value, _ = parser.value(first + int(at))
            if int(num) in objects:
                raise PdfDamaged("object stream holds an object twice")
            objects[int(num)] = value
        return objects

    def decode(self, stream: Stream) -> bytes:
        """
        Bytes of a stream that is plain or Flate encoded, with PNG predictors.

        :raises PdfTooComplex: beyond the budget of unpacked bytes
        :raises PdfDamaged: for any other filter
        """
        filters, params = stream.dict.get("Filter"), stream.dict.get("DecodeParms")
        if isinstance(filters, list):
            if len(filters) > 1:
                raise PdfDamaged("chained filters are not read")
            filters = filters[0] if filters else None
            params = params[0] if isinstance(params, list) and params else params
        if filters is None:
            return stream.raw
        if filters != "FlateDecode":
            raise PdfDamaged("filter is not read")
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(stream.raw, max(1, self.budget.unpacked))
        except zlib.error as error:
            raise PdfDamaged("stream cannot be unpacked") from error
        self.budget.unpacked -= len(data)
        if inflater.unconsumed_tail or self.budget.unpacked <= 0:
            raise PdfTooComplex("unpacks to too many bytes")
        return _unpredict(data, params) if isinstance(params, dict) else data

    # Structure

    @property
    def root(self) -> Ref:
        root = self.trailer["Root"]
        assert isinstance(root, Ref)  # noqa: S101 held by _read_sections
        return root

    @property
    def catalog(self) -> Dict:
        return self.dict_of(self.root)

    def dict_of(self, value: Obj) -> Dict:
        """
        The dictionary that a value is or refers to.

        :raises PdfDamaged: if it is none
        """
        value = self.resolve(value)
        if not isinstance(value, dict):
            raise PdfDamaged("dictionary expected")
        return value

    def list_of(self, value: Obj) -> list[Obj]:
        """The array that a value is or refers to; null is empty."""
        value = self.resolve(value)
        if value is None:
            return []
        if not isinstance(value, list):
            raise PdfDamaged("array expected")
        return value

    def pages(self) -> Iterator[tuple[Ref, Dict]]:
        """Pages in reading order, each with its object number; inherited MediaBox filled in."""
        seen: set[int] = set()
        stack: list[tuple[Obj, Obj]] = [(self.catalog.get("Pages"), None)]
        while stack:
            ref, box = stack.pop()
            if not isinstance(ref, Ref) or ref.num in seen or len(seen) > MAX_PAGES:
                raise PdfDamaged("page tree is broken")
            seen.add(ref.num)
            node = self.dict_of(ref)
            box = node.get("MediaBox", box)
            if "Kids" in node:
                stack.extend((kid, box) for kid in reversed(self.list_of(node["Kids"])))
            else:
                yield ref, node if "MediaBox" in node else {**node, "MediaBox": box}

    def form(self) -> Dict:
        """The AcroForm dictionary, empty if there is none."""
        form = self.resolve(self.catalog.get("AcroForm"))
        if form is None:
            return {}
        if not isinstance(form, dict):
            raise PdfDamaged("form is no dictionary")
        return form

    def fields(self) -> tuple[FormField, ...]:
        """
        Terminal form fields in the order of the form.

        :raises PdfDamaged: for loops and for two fields of one name
        """
        if self._fields is None:
            self._fields = tuple(self._walk_fields())
            names = {item.name for item in self._fields}
            if len(names) != len(self._fields):
                raise PdfDamaged("two form fields have one name")
        return self._fields

    def _walk_fields(self) -> Iterator[FormField]:
        seen: set[int] = set()
        stack: list[tuple[Obj, str, Dict]] = [
            (ref, "", {}) for ref in reversed(self.list_of(self.form().get("Fields")))
        ]
        while stack:
            ref, prefix, inherited = stack.pop()
            if not isinstance(ref, Ref) or ref.num in seen or len(seen) > MAX_FIELDS:
                raise PdfDamaged("form field tree is broken")
            seen.add(ref.num)
            node = self.resolve(ref)
            if node is None:
                continue
            if not isinstance(node, dict):
                raise PdfDamaged("form field is no dictionary")
            name = ".".join(part for part in (prefix, text_string(self.resolve(node.get("T")))) if part)
            merged = {**inherited, **{k: v for k, v in node.items() if k in ("FT", "V", "Ff", "DA", "Q")}}
            kids = self.list_of(node.get("Kids"))
            if kids and any("T" in self._kid(kid) for kid in kids):
                stack.extend((kid, name, merged) for kid in reversed(kids))
                continue
            widgets = tuple(kid.num for kid in kids if isinstance(kid, Ref)) or (ref.num,)
            kind = str(self.resolve(merged.get("FT")) or "")
            yield FormField(name, ref.num, {**node, **merged}, kind, widgets)

    def _kid(self, ref: Obj) -> Dict:
        kid = self.resolve(ref)
        return kid if isinstance(kid, dict) else {}


def _offset(value: Obj) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise PdfDamaged("offset is no number")
    return value


def _ints(value: Obj) -> list[int]:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise PdfDamaged("numbers expected")
    return value  # type: ignore[return-value]


def _unpredict(data: bytes, params: Dict) -> bytes:
    predictor, columns = params.get("Predictor", 1), params.get("Columns", 1)
    if predictor == 1:
        return data
    if not isinstance(predictor, int) or predictor < 10 or not isinstance(columns, int) or columns < 1:
        raise PdfDamaged("predictor is not read")
    if params.get("Colors", 1) != 1 or params.get("BitsPerComponent", 8) != 8 or columns > 1_000_000:
        raise PdfDamaged("predictor is not read")
    rows, previous = bytearray(), bytes(columns)
    for start in range(0, len(data), columns + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + columns])
        row = _unpredict_row(kind, row, previous)
        rows += row
        previous = bytes(row).ljust(columns, b"\0")
    return bytes(rows)


def _unpredict_row(kind: int, row: bytearray, up: bytes) -> bytearray:
    if kind == 0:
        return row
    if kind == 2:
        return bytearray((a + b) & 0xFF for a, b in zip(row, up, strict=False))
    if kind not in (1, 3, 4):
        raise PdfDamaged("predictor is not read")
    for i in range(len(row)):
        left, corner = (row[i - 1], up[i - 1]) if i else (0, 0)
        guess = left if kind == 1 else (left + up[i]) // 2 if kind == 3 else _paeth(left, up[i], corner)
        row[i] = (row[i] + guess) & 0xFF
    return row


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def is_name(value: Obj, *names: str) -> bool:
    """Whether the value is one of these names."""
    return isinstance(value, Name) and value in names

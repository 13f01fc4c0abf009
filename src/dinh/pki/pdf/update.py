"""Incremental updates: new and changed objects behind the old bytes, which stay as they are (7.5.6)."""

import secrets
import zlib
from dataclasses import dataclass, field

from .document import PdfFile
from .objects import Dict, Name, Obj, Ref, Stream
from .syntax import write_value


@dataclass(slots=True)
class Update:
    """Collects changed objects of `base`; `write` gives the bytes to put behind it."""

    base: PdfFile
    objects: dict[int, Obj] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    _next: int = 0

    def __post_init__(self) -> None:
        size = self.base.trailer.get("Size")
        self._next = max(max(self.base.xref, default=0) + 1, size if isinstance(size, int) else 0)

    def add(self, value: Obj) -> Ref:
        """A new object."""
        ref = Ref(self._next, 0)
        self._next += 1
        self.objects[ref.num] = value
        return ref

    def current(self, ref: Ref) -> Obj:
        return self.objects[ref.num] if ref.num in self.objects else self.base.get(ref.num)

    def edit(self, ref: Ref) -> Dict:
        """A copy of the dictionary `ref`, to be written again with what the caller changes in it."""
        if ref.num not in self.objects:
            self.objects[ref.num] = dict(self.base.dict_of(ref))
        value = self.objects[ref.num]
        assert isinstance(value, dict)  # noqa: S101 dict_of has made sure
        return value

    def append_to(self, owner: Ref, key: str, items: list[Obj]) -> None:
        """Append to the array under `key`, whether it stands in the dictionary or in an object of its own."""
        holder = self.current(owner)
        assert isinstance(holder, dict)  # noqa: S101 owner is a dictionary by contract
        value = holder.get(key)
        if isinstance(value, Ref):
            current = self.objects.get(value.num, None) or self.base.list_of(value)
            assert isinstance(current, list)  # noqa: S101
            self.objects[value.num] = [*current, *items]
        else:
            self.edit(owner)[key] = [*(value if isinstance(value, list) else []), *items]

    def write(self) -> bytes:
        """The bytes of the update; `offsets` then tells where in the new file each object begins."""
        start = self.base.end
        parts = [] if self.base.data[start - 1 : start] in (b"\n", b"\r") else [b"\n"]
        position = start + sum(map(len, parts))
        for num, value in self.objects.items():
            entry = self.base.xref.get(num)
            gen = entry.extra if entry and entry.kind == 1 else 0
            text = b"%d %d obj\n" % (num, gen) + write_value(value) + b"\nendobj\n"
            self.offsets[num] = position
            parts.append(text)
            position += len(text)
        write_xref = self._xref_stream if self.base.uses_xref_stream else self._xref_table
        parts.append(write_xref(position))
        parts.append(b"startxref\n%d\n%%%%EOF\n" % position)
        return b"".join(parts)

    def _trailer(self, size: int) -> Dict:
        trailer: Dict = {"Size": size, "Prev": self.base.startxref, "Root": self.base.root}
        if "Info" in self.base.trailer:
            trailer["Info"] = self.base.trailer["Info"]
        ids = self.base.resolve(self.base.trailer.get("ID"))
        first = (
            ids[0] if isinstance(ids, list) and ids and isinstance(ids[0], bytes) else secrets.token_bytes(16)
        )
        trailer["ID"] = [first, secrets.token_bytes(16)]
        return trailer

    def _runs(self, nums: list[int]) -> list[list[int]]:
        runs: list[list[int]] = []
        for num in sorted(nums):
            if runs and runs[-1][-1] == num - 1:
                runs[-1].append(num)
            else:
                runs.append([num])
        return runs

    def _xref_table(self, _position: int) -> bytes:
        parts = [b"xref\n"]
        for run in self._runs(list(self.offsets)):
            parts.append(b"%d %d\n" % (run[0], len(run)))
            for num in run:
                entry = self.base.xref.get(num)
                gen = entry.extra if entry and entry.kind == 1 else 0
                parts.append(b"%010d %05d n\r\n" % (self.offsets[num], gen))
        return b"".join(parts) + b"trailer\n" + write_value(self._trailer(self._next)) + b"\n"

    def _xref_stream(self, position: int) -> bytes:
        own = self._next
        places = {**self.offsets, own: position}
        runs = self._runs(list(places))
        rows = b"".join(b"\x01" + places[num].to_bytes(5, "big") + b"\0\0" for run in runs for num in run)
        index: list[Obj] = [number for run in runs for number in (run[0], len(run))]
        head: Dict = {
            "Type": Name("XRef"),
            **self._trailer(own + 1),
            "W": [1, 5, 2],
            "Index": index,
            "Filter": Name("FlateDecode"),
        }
        return b"%d 0 obj\n" % own + write_value(Stream(head, zlib.compress(rows))) + b"\nendobj\n"

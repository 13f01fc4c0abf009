"""
A second writer of signed PDFs: raw incremental updates by hand, in the shapes that offices' tools give.

Shares nothing with the module but the test authority: no reader, no writer, no CMS of ours.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime

from .authority import Holder, Stamper, cms_of

RESERVED = 12_384


@dataclass
class Office:
    """A file that grows: objects are given as raw bytes; the cross-reference table is written by hand."""

    data: bytes
    root: int = 1
    offsets: dict[int, int] = field(default_factory=dict)

    def update(self, objects: dict[int, bytes], *, root: int | None = None) -> int:
        """Append an incremental update; gives where it begins."""
        start = len(self.data)
        prev = int(re.findall(rb"startxref\s+(\d+)", self.data)[-1])
        sizes = [int(n) for n in re.findall(rb"/Size (\d+)", self.data)]
        out, offsets = bytearray(self.data), {}
        for num, body in objects.items():
            offsets[num] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (num, body)
        xref = len(out)
        out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % (n, o) for n, o in sorted(offsets.items()))
        size = max([*sizes, *(n + 1 for n in objects)])
        out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (size, root or self.root, prev)
        out += b"startxref\n%d\n%%%%EOF\n" % xref
        self.data = bytes(out)
        return start

    def sign(
        self,
        objects: dict[int, bytes],
        signature: int,
        holder: Holder,
        *,
        form: bytes = b"adbe.pkcs7.detached",
        reference: bytes = b"",
        stamper: Stamper | None = None,
        **options,
    ) -> None:
        """Append an update with a signature dictionary of this number, then fill in its bytes."""
        head = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /%s %s /M (D:20260205120000+07'00')" % (
            form,
            reference,
        )
        room = b"0" * (2 * RESERVED)
        body = head + b" /ByteRange [0 0000000000 0000000000 0000000000] /Contents <%s> >>" % room
        start = self.update({**objects, signature: body})
        gap = self.data.index(b"/Contents <0000", start) + len(b"/Contents ")
        self.patch_range(start, gap, gap + len(room) + 2)
        digest_of = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}[options.get("hash_name", "sha256")]
        digest = digest_of(self.data[:gap] + self.data[gap + len(room) + 2 :]).digest()
        content = cms_of(holder, None, digest=digest, token_from=stamper, **options)
        self.put(gap + 1, content.hex().encode())

    def patch_range(self, start: int, gap: int, gap_end: int) -> None:
        marker = self.data.index(b"[0 0000000000", start)
        text = b"[0 %010d %010d %010d]" % (gap, gap_end, len(self.data) - gap_end)
        self.put(marker, text)

    def put(self, at: int, text: bytes) -> None:
        self.data = self.data[:at] + text + self.data[at + len(text) :]


PAGE = b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> /Annots [%s] >>"
CERTIFY = (
    b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
    b"<< /Type /TransformParams /P %d /V /1.2 >> >>]"
)


def form_object(stream: bytes = b"q 0 0 1 RG 2 2 40 40 re S Q") -> bytes:
    return b"<< /Type /XObject /Subtype /Form /BBox [0 0 100 100] /Length %d >>\nstream\n%s\nendstream" % (
        len(stream),
        stream,
    )


def widget(name: bytes, value: int, looks: int, rect: bytes) -> bytes:
    return (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F 132 /P 5 0 R /Rect [%s] /V %d 0 R /AP << /N %d 0 R >> >>"
        % (name, rect, value, looks)
    )


RECTS = (
    b"300 300 344 345",
    b"360 200 476 265",
    b"90 740 188 768",
    b"330 740 428 768",
    b"430 740 528 768",
    b"300 180 399 280",
)


def six_signatures(
    pdf: bytes,
    holders: list[Holder],
    *,
    form: bytes = b"adbe.pkcs7.detached",
    stampers: list[Stamper | None] | None = None,
    level: int = 2,
    **options,
) -> Office:
    """
    A letter as offices send it: initials (certifying), leader, three fillings-in by the agency, seal; every
    field added by its own revision, and every revision writing all earlier widgets and looks out again.
    """
    office = Office(pdf)
    written: dict[int, bytes] = {}
    for index, holder in enumerate(holders):
        base = 100 + 10 * index
        signature, looks, field_number = base, base + 1, base + 2
        written[looks] = form_object(b"q 0 0 1 RG %d 2 40 40 re S Q" % index)
        written[field_number] = widget(b"Signature%d" % (index + 1), signature, looks, RECTS[index])
        fields = b" ".join(b"%d 0 R" % (102 + 10 * i) for i in range(index + 1))
        perms = b"/Perms << /DocMDP 100 0 R >>" if level else b""
        objects = {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%s] /SigFlags 3 >> %s >>"
            % (fields, perms),
            5: PAGE % fields,
            **written,
        }
        reference = CERTIFY % level if index == 0 and level else b""
        stamper = stampers[index] if stampers else None
        office.sign(objects, signature, holder, form=form, reference=reference, stamper=stamper, **options)
    return office


NOT_YET = datetime(2026, 2, 5)

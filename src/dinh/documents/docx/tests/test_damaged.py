"""Hostile and damaged files are refused, whatever they do to their readers."""

import contextlib
import random

import pytest

from dinh.documents.docx import (
    DocxRefused,
    check_form,
    open_docx,
    suggest_places,
)
from dinh.documents.docx.tests.hostile import GOOD, HOSTILE, changed, with_external_link
from dinh.documents.letters import (
    render_letter,
)
from dinh.documents.letters.tests.samples import (
    DAY,
    official_letter,
)
from dinh.kernel.pdf import PdfUnreadable


@pytest.mark.parametrize("reason", sorted(HOSTILE))
def test_hostile_files_are_refused_with_their_fault(reason):
    with pytest.raises(DocxRefused) as refusal:
        open_docx(HOSTILE[reason]())

    assert refusal.value.reason == reason


def test_hyperlinks_and_macro_kinds():
    assert open_docx(with_external_link("hyperlink")) is not None
    macro = changed(
        replace=[
            (
                "[Content_Types].xml",
                b"wordprocessingml.document.main+xml",
                b"macroEnabled.main+xml",
            )
        ]
    )
    with pytest.raises(DocxRefused) as refusal:
        open_docx(macro)
    assert refusal.value.reason == "macros"


def test_damaged_word_files_are_refused_and_never_crash():
    generator = random.Random(30)
    for _attempt in range(150):
        data = bytearray(GOOD)
        if generator.random() < 0.3:
            del data[generator.randrange(len(data)) :]
        for _flip in range(generator.randrange(1, 40)):
            if data:
                data[generator.randrange(len(data))] = generator.randrange(256)
        with contextlib.suppress(DocxRefused):
            check_form(bytes(data), on=DAY)


def test_damaged_pdf_files_are_refused_and_never_crash():
    generator = random.Random(30)
    pdf = render_letter(official_letter()).pdf
    for _attempt in range(100):
        data = bytearray(pdf[: generator.randrange(len(pdf))] if generator.random() < 0.3 else pdf)
        for _flip in range(min(len(data), generator.randrange(1, 40))):
            data[generator.randrange(len(data))] = generator.randrange(256)
        with contextlib.suppress(PdfUnreadable):
            suggest_places(bytes(data))


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("_rels/.rels", b"officeDocument", b"nothing"),
        ("[Content_Types].xml", b"styles+xml", b"x+xml"),
        ("word/_rels/document.xml.rels", b'Id="rId', b'Id="rIdx'),
        ("word/document.xml", b"</w:body>", b""),
    ],
)
def test_misshapen_word_files_are_called_damaged(part, old, new):
    with pytest.raises(DocxRefused) as refusal:
        check_form(changed(replace=[(part, old, new)]), on=DAY)

    assert refusal.value.reason == "damaged"

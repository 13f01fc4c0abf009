import io
from datetime import UTC, datetime

import pypdfium2
import pytest

from dinh.kernel.pdf import (
    FONT_DIR,
    UnprintableText,
    font_file,
    printable,
    render_pdf,
    unprintable_characters,
)

VIETNAMESE = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ₫"


def _text(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(io.BytesIO(pdf))[0].get_textpage().get_text_range())


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("italic", [False, True])
def test_font_file_exists_in_four_styles(bold, italic):
    assert font_file(bold=bold, italic=italic).stat().st_size > 100_000


def test_typeface_has_all_vietnamese_letters():
    assert unprintable_characters(VIETNAMESE + VIETNAMESE.upper()) == ""
    assert unprintable_characters("a😀b漢a😀") == "😀漢"


def test_printable_composes_and_replaces():
    assert printable("e\u0302\u0301 😀\x07") == "ế ?"


def test_licence_lies_beside_the_fonts():
    assert "SIL OPEN FONT LICENSE" in (FONT_DIR / "LICENSE-LiberationSerif.txt").read_text(encoding="utf-8")


def test_render_pdf_reports_places_and_is_deterministic():
    made_at = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    first = render_pdf("kernel/specimen.typ", {"text": "Đình làng"}, made_at=made_at)

    second = render_pdf("kernel/specimen.typ", {"text": "Đình làng"}, made_at=made_at)

    assert first == second
    blank = first.place("blank")
    assert (blank.page, blank.x, blank.width, blank.font_size) == (1, 72, 40, 13)
    assert blank.y == pytest.approx(841.89 - 72 - 13 * 1.2, abs=1)
    assert b"<pdfaid:part>2</pdfaid:part>" in first.pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in first.pdf


def test_render_pdf_takes_data_as_text_never_as_markup():
    source = '#read("/etc/passwd") *bold* $x$ [#panic()] "quoted"'

    pdf = render_pdf("kernel/specimen.typ", {"text": source}).pdf

    assert source in _text(pdf)


def test_render_pdf_refuses_what_the_typeface_lacks():
    with pytest.raises(UnprintableText, match="😀"):
        render_pdf("kernel/specimen.typ", {"text": "Vui 😀"})

    pdf = render_pdf("kernel/specimen.typ", {"text": "Vui 😀"}, replace_unprintable=True).pdf
    assert "Vui ?" in _text(pdf)


def test_render_pdf_stays_inside_the_package():
    with pytest.raises(FileNotFoundError):
        render_pdf("kernel/../../../../../../etc/passwd", {})

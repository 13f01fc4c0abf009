"""Word files become PDFs and search text, in programs that are held within limits."""

import pytest

from dinh.documents.docx import (
    ConverterMissing,
    build_docx,
    convert_docx_to_pdf,
    extract_text,
    suggest_places,
)
from dinh.documents.docx.sandboxed import Limits, ProgramTimedOut, run_limited
from dinh.documents.docx.tests.hostile import GOOD
from dinh.documents.docx.tests.word_files import edited, last_of_body, needs_office, needs_tesseract, scan_of
from dinh.documents.letters import (
    Paragraph,
    render_letter,
)
from dinh.documents.letters.tests.pages import page_count, text_of
from dinh.documents.letters.tests.samples import (
    official_letter,
    shared_data,
)
from dinh.kernel.pdf import PdfUnreadable


@needs_office
@pytest.mark.slow
def test_typed_markers_become_blanks():
    body = (Paragraph(text="Nội dung {{ky}} của văn bản."),)
    data = build_docx(official_letter(number="{{so}}", body=body))

    pdf = convert_docx_to_pdf(data)

    assert "{{" not in text_of(pdf)
    assert "number" in {place.name for place in suggest_places(pdf)}


@needs_office
@pytest.mark.slow
def test_the_decrees_own_file_is_converted():
    data = (shared_data("nd30") / "Phuluc3.docx").read_bytes()

    assert page_count(convert_docx_to_pdf(data)) > 10


def test_conversion_without_libreoffice_says_so(monkeypatch):
    monkeypatch.setattr("dinh.documents.docx.converting.find_program", lambda *names: None)

    with pytest.raises(ConverterMissing):
        convert_docx_to_pdf(GOOD)


def test_programs_are_killed_with_their_children(tmp_path):
    limits = Limits(seconds=1, cpu_seconds=5, memory_mb=512)

    with pytest.raises(ProgramTimedOut):
        run_limited(["sh", "-c", "sleep 30 & sleep 30"], limits=limits, folder=tmp_path)


def test_programs_cannot_write_beyond_their_limit(tmp_path):
    limits = Limits(seconds=10, cpu_seconds=5, memory_mb=512, file_mb=1)

    ended = run_limited(["sh", "-c", "head -c 5000000 /dev/zero > big"], limits=limits, folder=tmp_path)

    assert ended.returncode != 0
    assert (tmp_path / "big").stat().st_size <= 1024 * 1024


def test_extract_text_of_word_and_pdf():
    content = official_letter()

    assert "Rà soát, tái cấu trúc" in extract_text(build_docx(content)).text
    assert "Rà soát, tái cấu trúc" in extract_text(render_letter(content).pdf).text


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"garbage" * 1000])
def test_extract_text_refuses_what_is_no_document(data):
    with pytest.raises(PdfUnreadable):
        extract_text(data)


@needs_tesseract
@pytest.mark.slow
def test_scans_are_read_by_tesseract():
    scan = scan_of(render_letter(official_letter()).pdf)

    extracted = extract_text(scan)

    assert extracted.method == "ocr"
    assert "thủ tục hành chính" in extracted.text


def test_scans_without_tesseract_leave_a_note(monkeypatch):
    monkeypatch.setattr("dinh.documents.docx.reading.find_program", lambda *names: None)
    scan = scan_of(render_letter(official_letter()).pdf)

    extracted = extract_text(scan)

    assert (extracted.text, extracted.method) == ("", "none")
    assert extracted.note


@needs_office
def test_comments_do_not_come_into_the_pdf():
    def change(document):
        document.add_comment(last_of_body(document).runs, text="sửa lại", author="A", initials="A")

    assert b"/Annot" not in convert_docx_to_pdf(edited(change))

import contextlib
import io
import random
from dataclasses import asdict, replace
from datetime import date

import docx
import pypdfium2
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsmap
from docx.oxml.styles import CT_Styles
from docx.shared import RGBColor

from dinh.documents.docx import (
    BLOCKING,
    ConverterMissing,
    DocxRefused,
    Meant,
    build_docx,
    build_template,
    check_form,
    convert_docx_to_pdf,
    extract_text,
    open_docx,
    suggest_places,
)
from dinh.documents.docx.sandboxed import Limits, ProgramTimedOut, find_program, run_limited
from dinh.documents.docx.tests.hostile import GOOD, HOSTILE, changed, with_external_link
from dinh.documents.letters import (
    Paragraph,
    document_types,
    letter_fields,
    model_words,
    parse_body,
    render_letter,
    starter,
)
from dinh.documents.letters.tests.pages import MM, line_with, lines_of, page_count, text_of
from dinh.documents.letters.tests.samples import (
    DAY,
    ORGANISATIONS,
    official_letter,
    shared_data,
    with_annexes,
)
from dinh.kernel.pdf import PdfUnreadable

needs_office = pytest.mark.skipif(find_program("soffice") is None, reason="LibreOffice is not installed")
needs_tesseract = pytest.mark.skipif(find_program("tesseract") is None, reason="Tesseract is not installed")
ALL = [(bloc, each.code) for bloc in ORGANISATIONS for each in document_types(bloc=bloc, on=DAY)]


def codes(data: bytes, **options) -> set[str]:
    return {fault.code for fault in check_form(data, on=DAY, **options)}


def edited(change) -> bytes:
    document = docx.Document(io.BytesIO(GOOD))
    change(document)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def paragraphs(document):
    yield from document.paragraphs
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from cell.paragraphs


def rewrite(old: str, new: str):
    def change(document):
        for paragraph in paragraphs(document):
            if old in paragraph.text:
                text = paragraph.text.replace(old, new)
                for run in paragraph.runs[1:]:
                    run.text = ""
                paragraph.runs[0].text = text
                return
        raise AssertionError(old)

    return change


def restyle(text: str, **look):
    def change(document):
        for paragraph in paragraphs(document):
            if text in paragraph.text:
                for run in paragraph.runs:
                    for name, value in look.items():
                        setattr(run.font, name, value)
                return
        raise AssertionError(text)

    return change


def write_date(text: str):
    def change(document):
        first, *others = document.tables[0].rows[1].cells[1].paragraphs[0].runs
        first.text = text
        for run in others:
            run.text = ""

    return change


@pytest.mark.parametrize(("bloc", "code"), ALL)
def test_every_template_passes_its_own_check(bloc, code):
    parent, agency, issuer, drafter = ORGANISATIONS[bloc]

    data = build_template(
        type_code=code,
        bloc=bloc,
        law_date=DAY,
        parent_agency=parent,
        issuing_agency=agency,
        issuer=issuer,
        drafter=drafter,
        place_name="Lâm Giang",
    )

    assert check_form(data, bloc=bloc, on=DAY) == []


def test_template_marks_its_places():
    names = {
        each.get(each.keys()[-1]) for each in docx.Document(io.BytesIO(GOOD)).element.iter("{*}bookmarkStart")
    }

    assert names == {"so", "ngay", "thang", "nam", "chu_ky_leader"}


@pytest.mark.parametrize(
    ("change", "code", "box"),
    [
        (rewrite("CỘNG HÒA", "CỘNG HOÀ"), None, None),
        (rewrite("CỘNG HÒA XÃ HỘI CHỦ NGHĨA", "CỘNG HÒA XHCN"), "heading_missing", "1"),
        (rewrite("Độc lập - Tự do", "Độc lập – Tự do"), "motto_text", "1"),
        (restyle("Độc lập", bold=False), "motto_bold", "1"),
        (rewrite("Số:", "Số "), "number_label", "3"),
        (rewrite("/SNV-VP", "/SNV - VP"), "number_spaces", "3"),
        (restyle("Lâm Giang,", italic=False), "date_italic", "4"),
        (write_date("Lâm Giang, ngày 5 tháng 11 năm 2026"), "date_day", "4"),
        (write_date("Lâm Giang, ngày 05 tháng 03 năm 2026"), "date_month", "4"),
        (write_date("Lâm Giang ngày 05 tháng 3 năm 2026"), "date_comma", "4"),
        (rewrite("V/v triển khai", "Về việc triển khai"), "subject_lead", "5b"),
        (rewrite("KT. GIÁM ĐỐC", "K/T GIÁM ĐỐC"), "authority_prefix", "7a"),
        (rewrite("Nguyễn Văn Bình", "ThS. Nguyễn Văn Bình"), "signer_title", "7b"),
        (rewrite("Nơi nhận:", "Nơi nhận"), "recipients_label", "9b"),
        (rewrite("Lưu: VT, VP (3).", "Lưu: VP"), "archive_form", "9b"),
        (rewrite("Kính gửi:", "Kính gửi"), "addressee_colon", "9a"),
        (rewrite("./.", "."), "end_mark", "6"),
        (restyle("Thực hiện Kế hoạch", name="Arial"), "font", "font"),
        (restyle("Thực hiện Kế hoạch", name=".VnTime"), "legacy_encoding", "font"),
    ],
)
def test_check_form_names_the_fault_and_its_box(change, code, box):
    faults = check_form(edited(change), on=DAY)

    assert {(each.code, each.box) for each in faults} >= ({(code, box)} if code else set())
    if code is None:
        assert faults == []


def test_check_form_judges_page_and_body():
    def change(document):
        section = document.sections[0]
        section.left_margin = section.left_margin // 2
        section.different_first_page_header_footer = False
        for paragraph in document.paragraphs:
            paragraph.alignment = 0
            paragraph.paragraph_format.first_line_indent = 0
            paragraph.paragraph_format.space_after = 0
            paragraph.paragraph_format.line_spacing = 2.0

    found = codes(edited(change))

    assert found >= {
        "margin_left",
        "page_number_first",
        "body_justify",
        "body_indent",
        "body_gap",
        "body_spacing",
    }


def test_a_party_letter_in_the_states_form_is_faulted():
    assert codes(GOOD, bloc="party") >= {
        "heading_missing",
        "number_label",
        "number_separator",
        "authority_prefix",
    }


@pytest.mark.parametrize(
    "name", ["30_2020_ND_CP", "Phuluc1", "Phuluc2", "Phuluc3", "Phuluc4", "Phuluc5", "Phuluc6"]
)
def test_check_form_reads_the_decrees_own_files(name):
    data = (shared_data("nd30") / f"{name}.docx").read_bytes()

    faults = check_form(data, on=date(2020, 3, 5))

    assert len(faults) < 15
    if name == "30_2020_ND_CP":
        assert {fault.code for fault in faults} == {"type_unknown", "recipient_end"}


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


@needs_office
@pytest.mark.slow
def test_converted_letters_are_pdf_a_with_places_where_the_form_has_them():
    pdf = convert_docx_to_pdf(build_docx(with_annexes()))

    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert all("LiberationSerif" in line.font for line in lines_of(pdf) if line.text.strip())
    _assert_places(pdf)


def test_places_are_found_on_letters_laid_out_elsewhere():
    _assert_places(render_letter(official_letter()).pdf)


def test_found_places_agree_with_those_the_template_reports():
    rendered = render_letter(official_letter())

    for place in suggest_places(rendered.pdf):
        ours = rendered.place(place.name)
        assert place.page == ours.page
        assert (place.x, place.y) == pytest.approx((ours.x, ours.y), abs=12), place.name


def test_the_closing_time_of_minutes_is_no_date_of_the_letter():
    content = starter(
        type_code="BB", bloc="government", law_date=DAY, issuing_agency="Sở Nội vụ", issuer="SNV",
        place_name="Lâm Giang",
    )  # fmt: skip

    found = {place.name for place in suggest_places(render_letter(content).pdf)}

    assert "number" in found
    assert not found & {"day", "month", "year"}


@pytest.mark.parametrize("bloc", ORGANISATIONS)
@pytest.mark.parametrize("amount", [1, 3])
def test_initials_are_proposed_where_our_own_layout_has_them(bloc, amount):
    parent, agency, issuer, _drafter = ORGANISATIONS[bloc]
    content = official_letter(
        bloc=bloc, parent_agency=parent, issuing_agency=agency, notation=f"CV-{issuer}", initials=amount
    )
    rendered = render_letter(content)

    found = {place.name: place for place in suggest_places(rendered.pdf, initials=amount)}

    for number in range(1, amount + 1):
        ours, theirs = rendered.place(f"initials.{number}"), found[f"initials.{number}"]
        assert theirs.page == ours.page
        assert (theirs.x, theirs.y) == pytest.approx((ours.x, ours.y), abs=6)
    assert f"initials.{amount + 1}" not in found


def test_initials_stand_at_the_end_of_the_text_where_the_signature_begins_a_page():
    body = parse_body("Đoạn văn.\n" * 40)
    rendered = render_letter(official_letter(bloc="party", body=body))

    found = {place.name: place for place in suggest_places(rendered.pdf)}

    assert found["initials.1"].page == rendered.place("initials.1").page


def laid_out_form(bloc, code):
    """The form of a type with what its bloc's organisation would have in it."""
    parent, agency, issuer, drafter = ORGANISATIONS[bloc]
    return starter(
        type_code=code, bloc=bloc, law_date=DAY, parent_agency=parent, issuing_agency=agency, issuer=issuer,
        drafter=drafter, place_name="Lâm Giang", subject="công tác văn thư năm 2026",
    )  # fmt: skip


def fields_on(pdf, bloc, code):
    """Names of the fields that a PDF of this type gets from what is found on it."""
    kind = next(each for each in document_types(bloc=bloc, on=DAY) if each.code == code)
    words = model_words(kind.layout, on=DAY)
    places = [asdict(place) for place in suggest_places(pdf, initials=2, signers=words.signers)]
    own = [key for key in words.signers if key != "second"]
    return [each.name for each in letter_fields(places, initials=2, dated=words.is_dated, signers=own)]


FORMS = [(bloc, code) for bloc in ORGANISATIONS for code in ("CV", "QĐ", "BB", "HĐ")]


@pytest.mark.parametrize(("bloc", "code"), ALL)
def test_a_pdf_of_every_type_gets_all_its_fields(bloc, code):
    content = replace(laid_out_form(bloc, code), initials=2)
    pdf = render_letter(content).pdf

    found = fields_on(pdf, bloc, code)

    assert found[-2:] == ["Signature.leader", "Signature.seal"]
    assert ("Signature.secretary" in found) == (code == "BB")


@needs_office
@pytest.mark.slow
@pytest.mark.parametrize(("bloc", "code"), FORMS)
def test_a_word_file_of_every_form_gets_all_its_fields(bloc, code):
    pdf = convert_docx_to_pdf(build_docx(laid_out_form(bloc, code)))

    found = fields_on(pdf, bloc, code)

    assert found[-2:] == ["Signature.leader", "Signature.seal"]


@pytest.mark.parametrize(("bloc", "code"), [each for each in FORMS if each[1] in ("BB", "HĐ")])
def test_signers_side_by_side_have_their_places_where_our_own_layout_has_them(bloc, code):
    rendered = render_letter(laid_out_form(bloc, code))
    signers = ("secretary", "leader") if code == "BB" else ("leader", "second")

    found = {place.name: place for place in suggest_places(rendered.pdf, signers=signers)}

    for name in (*(f"signature.{key}" for key in signers), "seal.leader", "initials.1"):
        ours = rendered.place(name)
        assert (found[name].x, found[name].y) == pytest.approx((ours.x, ours.y), abs=12), name
    assert found["signature.leader"].x > 250 if code == "BB" else found["signature.leader"].x < 250


def _assert_places(pdf: bytes) -> None:
    places = {place.name: place for place in suggest_places(pdf)}
    lines = lines_of(pdf)
    assert set(places) == {
        "copy",
        "number",
        "day",
        "month",
        "year",
        "initials.1",
        "signature.leader",
        "seal.leader",
    }
    page_height = 297 * MM
    number, signature, seal = places["number"], places["signature.leader"], places["seal.leader"]
    label = line_with(lines, "Số:")
    assert number.x / MM == pytest.approx(label.left + 8, abs=2.5)
    assert (page_height - number.y - number.height) / MM == pytest.approx(label.top, abs=2)
    assert (number.font_size, places["day"].italic) == (13, True)
    top = (page_height - signature.y - signature.height) / MM
    assert line_with(lines, "PHÓ GIÁM ĐỐC").top < top < line_with(lines, "Nguyễn Văn Bình").top
    assert seal.x + seal.width == pytest.approx(signature.x + signature.width / 3, abs=0.5)


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


def scan_of(pdf: bytes) -> bytes:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        picture = document[0].render(scale=200 / 72).to_pil()
    written = io.BytesIO()
    picture.save(written, "PDF", resolution=200)
    return written.getvalue()


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


def test_scans_have_only_the_copy_mark_as_place():
    scan = scan_of(render_letter(official_letter()).pdf)

    assert [place.name for place in suggest_places(scan)] == ["copy"]


def test_places_of_an_already_numbered_letter_have_no_number():
    printed = render_letter(official_letter(number="05", issued_on=DAY, body=parse_body("Nội dung.")))

    names = {place.name for place in suggest_places(printed.pdf)}

    assert "number" not in names
    assert "day" not in names


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


def raw(xml: str):
    return parse_xml(xml.replace(">", f' xmlns:w="{nsmap["w"]}">', 1))


def last_of_body(document):
    return [each for each in document.paragraphs if each.text.strip()][-1]


def tracked(kind: str, tag: str):
    def change(document):
        marked = raw(f'<w:{kind} w:id="90" w:author="A"><w:r><w:{tag}>năm mươi</w:{tag}></w:r></w:{kind}>')
        last_of_body(document)._p.append(marked)

    return change


@pytest.mark.parametrize(("kind", "tag"), [("ins", "t"), ("del", "delText"), ("moveFrom", "t")])
def test_changes_not_accepted_yet_block(kind, tag):
    faults = {fault.code: fault for fault in check_form(edited(tracked(kind, tag)), on=DAY)}

    assert (faults["tracked_changes"].severity, faults["tracked_changes"].found) == (BLOCKING, "năm mươi")


def test_hidden_text_blocks():
    def change(document):
        last_of_body(document).add_run("không ai thấy").font.hidden = True

    faults = {fault.code: fault for fault in check_form(edited(change), on=DAY)}

    assert (faults["hidden_text"].severity, faults["hidden_text"].found) == (BLOCKING, "không ai thấy")


def test_comments_colours_and_texts_in_the_margins_are_told():
    def change(document):
        paragraph = last_of_body(document)
        paragraph.add_run("đỏ").font.color.rgb = RGBColor(255, 0, 0)
        document.add_comment(paragraph.runs, text="sửa lại", author="A", initials="A")
        document.sections[0].footer.paragraphs[0].text = "Sở A - lưu hành"

    assert {"comments", "colour", "margin_text"} <= codes(edited(change))


def test_what_we_build_leaves_nothing_behind():
    leftovers = {"tracked_changes", "hidden_text", "comments", "colour", "margin_text"}

    assert not leftovers & codes(build_docx(official_letter()))


def test_a_file_that_says_otherwise_than_the_draft_is_told():
    agrees = Meant(notation=official_letter().notation, signer=official_letter().signatures[0].name)
    differs = Meant(notation="QĐ-UBND", signer="Lý Văn Sơn")
    data = build_docx(official_letter())

    assert not {"notation_differs", "signer_differs"} & codes(data, meant=agrees)
    assert {"notation_differs", "signer_differs"} <= codes(data, meant=differs)


@needs_office
def test_styles_that_stand_on_each_other_hold_nobody_up():
    def circle(document):
        first, second = (document.styles.add_style(name, 1) for name in ("First", "Second"))
        first.base_style, second.base_style = second, first
        document.paragraphs[0].style = first

    assert codes(edited(circle)) == {"font"}


def test_styles_are_looked_for_once_however_long_the_letter_is(monkeypatch):
    asked, look = [], CT_Styles.default_for

    def counted(styles, kind):
        asked.append(kind)
        return look(styles, kind)

    monkeypatch.setattr(CT_Styles, "default_for", counted)

    check_form(edited(lambda document: [document.add_paragraph("Một đoạn.") for _more in range(100)]), on=DAY)

    assert len(asked) < 20


def test_comments_do_not_come_into_the_pdf():
    def change(document):
        document.add_comment(last_of_body(document).runs, text="sửa lại", author="A", initials="A")

    assert b"/Annot" not in convert_docx_to_pdf(edited(change))

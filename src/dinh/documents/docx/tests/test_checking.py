"""The form of a Word file is checked box by box."""

import io
from datetime import date

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsmap
from docx.oxml.styles import CT_Styles
from docx.shared import RGBColor

from dinh.documents.docx import (
    BLOCKING,
    Meant,
    build_docx,
    build_template,
    check_form,
)
from dinh.documents.docx.tests.hostile import GOOD
from dinh.documents.docx.tests.word_files import (
    ALL,
    edited,
    last_of_body,
)
from dinh.documents.letters.tests.samples import (
    DAY,
    ORGANISATIONS,
    official_letter,
    shared_data,
)


def codes(data: bytes, **options) -> set[str]:
    return {fault.code for fault in check_form(data, on=DAY, **options)}


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


def raw(xml: str):
    return parse_xml(xml.replace(">", f' xmlns:w="{nsmap["w"]}">', 1))


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

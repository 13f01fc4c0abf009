import json
from dataclasses import asdict, replace
from datetime import date

import pytest

from dinh.documents.letters import (
    Article,
    Clause,
    Division,
    FieldLine,
    LegalBases,
    LetterContent,
    LetterIncomplete,
    Order,
    Paragraph,
    PlacesMissing,
    Point,
    RomanSection,
    document_types,
    issued,
    letter_fields,
    parse_body,
    profile_for,
    render_annex,
    render_letter,
    starter,
)
from dinh.documents.letters.tests.pages import MM, line_with, lines_of, page_count, text_of
from dinh.documents.letters.tests.samples import DAY, ORGANISATIONS, official_letter, with_annexes

ALL = [(bloc, each.code) for bloc in ORGANISATIONS for each in document_types(bloc=bloc, on=DAY)]


@pytest.mark.parametrize(("bloc", "code"), ALL)
def test_every_type_of_every_bloc_is_laid_out(bloc, code):
    parent, agency, issuer, drafter = ORGANISATIONS[bloc]
    content = starter(
        type_code=code,
        bloc=bloc,
        law_date=DAY,
        parent_agency=parent,
        issuing_agency=agency,
        issuer=issuer,
        drafter=drafter,
        place_name="Lâm Giang",
        subject="công tác văn thư năm 2026",
    )

    rendered = render_letter(content)

    lines = lines_of(rendered.pdf)
    profile = profile_for(bloc=bloc, on=DAY)
    for text, box in _expected_lines(content, profile, code):
        line = line_with(lines, text)
        style = profile.boxes[box]
        assert line.size == style.size
        assert ("Bold" in line.font, "Italic" in line.font) == (style.bold, style.italic)
    margins = profile.margins
    body = [line for line in lines if line.top > 20]
    assert min(line.left for line in body) >= margins["left"].least - 0.5
    assert max(line.right for line in body) <= 210 - margins["right"].least + 0.5
    assert b"<pdfaid:part>2</pdfaid:part>" in rendered.pdf
    dated = code != "BB"
    names = {place.name for place in rendered.places}
    assert {"number", "initials.1", "signature.leader", "seal.leader", "copy"} <= names
    assert names & {"day", "month", "year"} == ({"day", "month", "year"} if dated else set())
    fields = letter_fields([asdict(place) for place in rendered.places], initials=1, dated=dated)
    assert {field.name for field in fields if field.name.startswith("dinh.date")} == (
        {"dinh.date.day", "dinh.date.month", "dinh.date.year"} if dated else set()
    )


def _expected_lines(content, profile, code):
    kind = next(each for each in document_types(bloc=content.bloc, on=DAY) if each.code == code)
    yield profile.heading_name, "national_name"
    yield content.issuing_agency.upper().split()[0], "issuing_agency"
    yield content.parent_agency.upper(), "parent_agency"
    yield content.notation, "number"
    if code != "BB":
        yield "Lâm Giang, ngày", "date"
    if kind.layout == "letter":
        yield "V/v công tác", "letter_subject"
    else:
        yield kind.name.upper(), "type_name"
    yield "Lưu", "recipients"


def test_official_letter_stands_as_the_plan_says():
    rendered = render_letter(official_letter(urgency="very_urgent", circulation="internal"))

    lines = lines_of(rendered.pdf)
    country = line_with(lines, "CỘNG HÒA")
    motto = line_with(lines, "Độc lập")
    assert country.top == pytest.approx(20, abs=2)
    assert country.right < 210 - 14.5
    assert (country.left + country.right) == pytest.approx(motto.left + motto.right, abs=1.5)
    number, day = line_with(lines, "Số:"), line_with(lines, "Lâm Giang, ngày")
    assert number.top == pytest.approx(day.top, abs=0.3)
    subject = line_with(lines, "V/v")
    assert subject.top - number.top > 4
    assert line_with(lines, "THƯỢNG KHẨN").font.endswith("Bold")
    assert line_with(lines, "LƯU HÀNH NỘI BỘ").top < 20
    first = line_with(lines, "Thực hiện Kế hoạch")
    assert first.left == pytest.approx(30 + 12.7, abs=0.5)
    assert line_with(lines, "Nơi nhận:").left == pytest.approx(30, abs=0.5)
    assert line_with(lines, "Nơi nhận:").top == pytest.approx(line_with(lines, "KT. GIÁM ĐỐC").top, abs=1)
    assert line_with(lines, "- Lưu: VT, VP (3).").size == 11
    assert line_with(lines, "phối hợp thực hiện./.").size == 14


def test_places_of_signature_and_seal_follow_annex_one():
    rendered = render_letter(official_letter())

    signature, seal = rendered.place("signature.leader"), rendered.place("seal.leader")
    lines = lines_of(rendered.pdf)
    name, position = line_with(lines, "Nguyễn Văn Bình"), line_with(lines, "PHÓ GIÁM ĐỐC")
    assert seal.width == pytest.approx(35 * MM, abs=0.5)
    assert seal.x + seal.width == pytest.approx(signature.x + signature.width / 3, abs=0.1)
    assert signature.x + signature.width / 2 == pytest.approx((name.left + name.right) / 2 * MM, abs=1)
    top = 297 * MM - signature.y - signature.height
    assert position.top * MM < top
    assert top + signature.height < name.top * MM


def test_blank_number_and_date_are_places_and_printed_ones_are_not():
    blank = render_letter(official_letter())
    printed = render_letter(issued(official_letter(), number="05", day=date(2026, 1, 5)))

    assert [p.font_size for p in blank.places if p.name in ("number", "day", "month", "year")] == [13] * 4
    assert not {"number", "day", "month", "year"} & {place.name for place in printed.places}
    assert "Số: 05/SNV-VP" in text_of(printed.pdf)
    assert "ngày 05 tháng 01 năm 2026" in text_of(printed.pdf)


def test_an_undated_letter_takes_a_date_as_a_whole_or_not_at_all():
    places = [asdict(place) for place in render_letter(official_letter()).places]
    half = [place for place in places if place["name"] != "month"]

    assert len(letter_fields(places, initials=1, dated=False)) == 7
    with pytest.raises(PlacesMissing, match="Tháng"):
        letter_fields(half, initials=1, dated=False)


def test_pages_are_numbered_from_the_second_and_annexes_on_their_own():
    content = replace(with_annexes(), body=parse_body("Một đoạn văn dài. " * 40 + "\n" + "Đoạn.\n" * 60))

    lines = lines_of(render_letter(content).pdf)

    numbers = {
        line.page: line.text.strip() for line in lines if line.top < 20 and line.text.strip().isdigit()
    }
    annex_one = line_with(lines, "Phụ lục I").page
    annex_two = line_with(lines, "Phụ lục II").page
    assert 1 not in numbers
    assert numbers[2] == "2"
    assert annex_one not in numbers
    assert annex_two not in numbers
    assert numbers[annex_two + 1] == "2"


@pytest.mark.parametrize("count", range(8, 32, 2))
def test_no_page_holds_a_signature_alone(count):
    body = parse_body("Một đoạn văn ngắn của văn bản.\n" * count)

    rendered = render_letter(official_letter(body=body))

    page = rendered.place("signature.leader").page
    assert rendered.place("initials.1").page == page


def test_initials_stay_on_the_page():
    rendered = render_letter(official_letter(body=parse_body("Chữ " * 65), initials=2))

    for number in (1, 2):
        place = rendered.place(f"initials.{number}")
        assert place.x + place.width <= 210 * MM - 10
    assert rendered.place("initials.2").x - rendered.place("initials.1").x == pytest.approx(46)


def test_annex_in_a_file_of_its_own_has_the_place_of_the_agencys_signature():
    rendered = render_annex(with_annexes(), index=0)

    place = rendered.place("annex")
    assert place.x + place.width == pytest.approx(200 * MM, abs=0.5)
    assert place.y + place.height == pytest.approx(292 * MM, abs=0.5)
    assert "PHỤ LỤC" not in text_of(rendered.pdf)
    assert "Phụ lục I" in text_of(rendered.pdf)


def test_party_letters_have_the_partys_heading_and_no_motto():
    content = official_letter(
        bloc="party", notation="CV/TU", issuing_agency="Tỉnh ủy Lâm Giang", parent_agency=""
    )

    text = text_of(render_letter(content).pdf)

    assert "ĐẢNG CỘNG SẢN VIỆT NAM" in text
    assert "Độc lập" not in text
    assert "-CV/TU" in text


def test_letter_survives_json():
    content = with_annexes()

    assert LetterContent.from_json(json.loads(json.dumps(content.to_json()))) == content


def test_letter_without_body_is_refused():
    with pytest.raises(LetterIncomplete):
        render_letter(official_letter(body=()))


def test_letter_is_deterministic():
    assert render_letter(official_letter()) == render_letter(official_letter())


def test_long_letters_stay_quick():
    body = parse_body("\n".join(f"{n}. " + "Nội dung của khoản này. " * 20 for n in range(1, 400)))

    assert page_count(render_letter(official_letter(body=body)).pdf) > 30


def test_parse_body_knows_the_marks_of_officials():
    blocks = parse_body(
        "Căn cứ Luật A;\nCăn cứ Luật B.\nQUYẾT ĐỊNH:\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi\n"
        "1. Khoản\na) Điểm\nđ) Điểm\nI. Kết quả\nĐịa điểm: Hội trường\nĐoạn văn."
    )

    assert blocks == (
        LegalBases(items=("Căn cứ Luật A", "Căn cứ Luật B")),
        Order(text="QUYẾT ĐỊNH:"),
        Division(name="Chương", number="I", title="QUY ĐỊNH CHUNG"),
        Article(number="1", title="Phạm vi"),
        Clause(number="1", text="Khoản"),
        Point(letter="a", text="Điểm"),
        Point(letter="đ", text="Điểm"),
        RomanSection(number="I", title="Kết quả"),
        FieldLine(label="Địa điểm", text="Hội trường"),
        Paragraph(text="Đoạn văn."),
    )

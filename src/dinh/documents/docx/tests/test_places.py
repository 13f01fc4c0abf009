"""Where number, date, signatures and seal go on a letter."""

from dataclasses import asdict, replace

import pytest

from dinh.documents.docx import (
    build_docx,
    convert_docx_to_pdf,
    suggest_places,
)
from dinh.documents.docx.tests.word_files import ALL, needs_office, scan_of
from dinh.documents.letters import (
    document_types,
    letter_fields,
    model_words,
    parse_body,
    render_letter,
    starter,
)
from dinh.documents.letters.tests.pages import MM, line_with, lines_of
from dinh.documents.letters.tests.samples import (
    DAY,
    ORGANISATIONS,
    official_letter,
    with_annexes,
)


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


def test_scans_have_only_the_copy_mark_as_place():
    scan = scan_of(render_letter(official_letter()).pdf)

    assert [place.name for place in suggest_places(scan)] == ["copy"]


def test_places_of_an_already_numbered_letter_have_no_number():
    printed = render_letter(official_letter(number="05", issued_on=DAY, body=parse_body("Nội dung.")))

    names = {place.name for place in suggest_places(printed.pdf)}

    assert "number" not in names
    assert "day" not in names

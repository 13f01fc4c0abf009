import io
from datetime import date

import pypdfium2
import pytest

from dinh.documents.letters import SignatureBlock, UnknownForm, render_letter
from dinh.documents.letters.registers import RegisterCover, register, render_book, render_register
from dinh.documents.letters.stamps import (
    ArrivalStamp,
    SlipEntry,
    render_arrival_stamp,
    render_copy_form,
    render_handling_slip,
    stamp_scan,
)
from dinh.documents.letters.tests.pages import MM, line_with, lines_of, page_count, text_of
from dinh.documents.letters.tests.samples import official_letter

COVER = RegisterCover(agency="UBND xã Quảng Khê", parent_agency="UBND huyện Đắk Glong", year="2026")
STAMP = ArrivalStamp(
    agency="UBND xã Quảng Khê", number="1234", date="24/11/2026", forwarded_to="Văn phòng", file_code="05/HS"
)


@pytest.mark.parametrize(
    ("code", "columns", "first", "last"),
    [
        ("incoming", 10, "Ngày đến", "Ghi chú"),
        ("outgoing", 10, "Số, ký hiệu văn bản", "Ghi chú"),
        ("follow_up", 7, "Số đến", "Ghi chú"),
        ("postal", 6, "Ngày chuyển", "Ghi chú"),
    ],
)
def test_books_have_the_columns_of_annex_four(code, columns, first, last):
    titles = [each.title for each in register(code).columns]

    assert (len(titles), titles[0], titles[-1]) == (columns, first, last)


def test_register_refuses_an_unknown_book():
    with pytest.raises(UnknownForm):
        register("cook")


def test_book_has_a_cover_and_repeats_its_titles():
    rows = (
        ("24/11/2026", str(n), "Sở Nội vụ", f"{n}/SNV-VP", "20/11/2026", "Công văn 😀") for n in range(120)
    )

    pdf = render_book(code="incoming", cover=COVER, rows=rows)

    lines = lines_of(pdf)
    assert line_with(lines, "SỔ ĐĂNG KÝ VĂN BẢN ĐẾN").page == 1
    assert [line.page for line in lines if line.text == "Tác giả"] == list(range(2, page_count(pdf) + 1))
    assert "119/SNV-VP" in text_of(pdf)
    assert "Công văn ?" in text_of(pdf)
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        assert document[1].get_width() > document[1].get_height()


@pytest.mark.slow
def test_long_books_are_joined_with_running_page_numbers():
    columns = register("follow_up").columns

    pdf = render_register(
        cover=COVER, columns=columns, rows=((str(n),) for n in range(2_100)), closing="Kết thúc năm 2026."
    )

    lines = lines_of(pdf)
    last = page_count(pdf)
    assert line_with(lines, "Kết thúc năm 2026.").page == last
    assert {line.text for line in lines if line.page == last} >= {"2099", str(last - 1)}
    assert len([line for line in lines if "Số đến" in line.text]) == last - 1


def test_arrival_stamp_is_fifty_by_thirty_five_millimetres():
    pdf = render_arrival_stamp(STAMP, left_mm=20, top_mm=60)

    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        image = document[0].render(scale=4, fill_color=(255, 255, 255, 255)).to_pil().convert("L")
    left, top, right, bottom = (value / 4 / MM for value in image.point(lambda v: 255 * (v < 200)).getbbox())
    assert (left, top) == pytest.approx((20, 60), abs=0.5)
    assert (right - left, bottom - top) == pytest.approx((50, 35), abs=0.6)


def test_stamp_scan_puts_the_entries_on_page_one_only():
    scan = render_letter(official_letter()).pdf

    stamped = stamp_scan(scan, STAMP)

    text = text_of(stamped)
    assert page_count(stamped) == page_count(scan)
    assert "1234" in text
    assert "24/11/2026" in text


@pytest.mark.parametrize(("code", "mark"), [("SY", "SAO Y"), ("TrS", "TRÍCH SAO"), ("SL", "SAO LỤC")])
def test_copy_form_names_form_number_and_signer(code, mark):
    rendered = render_copy_form(
        copy_code=code,
        bloc="government",
        law_date=date(2026, 11, 24),
        agency="UBND xã Quảng Khê",
        issuer="UBND",
        place_name="Quảng Khê",
        signature=SignatureBlock(lines=("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"), name="Lê Thị Hoa"),
        recipients=("Như trên",),
    )

    text = text_of(rendered.pdf)
    assert mark in text
    assert f"/{code}-UBND" in text
    assert {"number", "day", "month", "year", "signature.leader"} <= {place.name for place in rendered.places}


def test_handling_slip_shows_directions():
    pdf = render_handling_slip(
        bloc="government",
        agency="UBND xã Quảng Khê",
        place_name="Quảng Khê",
        issued_on=date(2026, 11, 24),
        description="Công văn số 15/SNV-VP",
        leader=(SlipEntry(text="Giao Văn phòng chủ trì.", by="Trần Văn Nam"),),
    )

    assert "PHIẾU GIẢI QUYẾT VĂN BẢN ĐẾN" in text_of(pdf)
    assert "Giao Văn phòng chủ trì." in text_of(pdf)

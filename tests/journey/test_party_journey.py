"""A commune's Party committee writes to units of other blocs, in the Party's own form."""

import io

import pypdfium2
import pytest
from playwright.sync_api import expect

from .test_letter_journey import save_and_submit

pytestmark = pytest.mark.browser
UNITS = ("Ủy ban nhân dân xã Quảng Khê", "Ủy ban Mặt trận Tổ quốc Việt Nam xã Quảng Khê")


def test_a_party_letter_goes_to_other_blocs_in_party_form(people):
    letter = draft(people)
    sign_and_issue(people, letter)

    words = text_of(people, letter)

    assert "ĐẢNG CỘNG SẢN VIỆT NAM" in words
    assert "ĐẢNG ỦY XÃ QUẢNG KHÊ" in words
    assert "-CV/ĐU" in words
    assert "T/M BAN THƯỜNG VỤ BÍ THƯ" in words
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA" not in words
    assert "Độc lập" not in words


def draft(people) -> str:
    clerk = people("vanthu.danguy.quangkhe")
    page = clerk.open("/documents/outgoing/new/")
    page.fill("[name=type_code]", "Công văn")
    page.fill("[name=subject]", "tổ chức sinh hoạt chi bộ quý IV")
    page.fill(
        "[name=text]", "Ban Thường vụ Đảng ủy xã đề nghị các cơ quan phối hợp tổ chức sinh hoạt chi bộ."
    )
    for unit in UNITS:
        page.fill("#words", unit)
        page.locator("#unit-results button", has_text=unit).click()
        expect(page.locator("#chosen li", has_text=unit)).to_be_visible()
    expect(page.locator("#preview img")).to_be_visible()
    clerk.shot("party-1-draft")
    return save_and_submit(people, page)


def sign_and_issue(people, letter: str) -> None:
    secretary, clerk = people("bithu.quangkhe"), people("vanthu.danguy.quangkhe")
    for person, shot in ((secretary, "party-2-signed"), (clerk, "party-3-issued")):
        person.open(letter).click("main .btn-legal")
        expect(person.page.locator(".alert-success")).to_be_visible()
        person.shot(shot)
    expect(clerk.page.locator("dd").first).to_have_text("01-CV/ĐU")
    expect(clerk.page.locator("#recipients .badge").first).to_have_text("2")


def text_of(people, letter: str) -> str:
    """The words of the letter as it went out, spaces and line breaks made one."""
    house = people.house
    answer = people("vanthu.danguy.quangkhe").page.request.get(f"{house.url}{letter}letter.pdf")
    document = pypdfium2.PdfDocument(io.BytesIO(answer.body()))
    try:
        return " ".join(document[0].get_textpage().get_text_range().split())
    finally:
        document.close()

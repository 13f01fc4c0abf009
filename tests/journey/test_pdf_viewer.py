"""The PDF viewer as people meet it: what it draws, reads out and weighs."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from quality.samples import issue_letter

import dinh.kernel
from dinh.pki.api import read_fields

pytestmark = pytest.mark.browser
ASSETS = Path(dinh.kernel.__file__).parent / "static" / "dist" / "pdf"
LIMIT_KB = 600
INK = """() => {
  const canvas = document.querySelector('.pdf-page canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) dark += data[at + 3] > 0 && data[at] < 128;
  return dark;
}"""

INK_IN = """([left, top, width, height]) => {
  const canvas = document.querySelector('.pdf-page canvas');
  const [x, y, w, h] = [left * canvas.width, top * canvas.height, width * canvas.width, height * canvas.height];
  const { data } = canvas.getContext('2d').getImageData(x, y, w, h);
  let inked = 0;
  for (let at = 0; at < data.length; at += 4) inked += data[at + 3] > 0 && data[at + 1] < 128;
  return inked;
}"""


def test_viewer_and_its_worker_keep_within_their_weight():
    loaded = [ASSETS / name for name in ("viewer.js", "worker.js", "style.css")]

    assert sum(len(gzip.compress(file.read_bytes())) for file in loaded) <= LIMIT_KB * 1000


@pytest.mark.parametrize("phone", [False, True])
def test_a_pdf_is_drawn_with_its_words(people, phone):
    page = opened_draft(people, phone=phone)

    assert page.evaluate(INK) > 500
    expect(page.locator(".pdf-words").first).to_contain_text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    expect(page.locator("[data-pdf-count]")).to_have_text("3")
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]


def test_pages_far_from_what_is_seen_hold_no_picture(people):
    page = opened_draft(people)
    page.fill("[data-pdf-number]", "3")
    page.press("[data-pdf-number]", "Enter")

    expect(page.locator(".pdf-page").nth(2).locator("canvas")).to_be_visible()
    expect(page.locator(".pdf-page").nth(0).locator("canvas")).to_have_count(0)


def test_zooms_by_keyboard_and_back_to_full_width(people):
    page = opened_draft(people)
    sheet = page.locator(".pdf-page").first
    width = sheet.bounding_box()["width"]
    page.locator("[data-pdf-scroll]").focus()
    page.keyboard.press("+")
    larger = sheet.bounding_box()["width"]
    page.keyboard.press("0")

    assert larger == pytest.approx(width * 1.25, rel=0.01)
    assert sheet.bounding_box()["width"] == pytest.approx(width, rel=0.01)


def test_number_date_and_seal_of_an_issued_letter_are_drawn(people):
    letter = f"/documents/outgoing/{issue_letter(people)}/"
    clerk = people("vanthu.stttt")
    pdf = clerk.page.request.get(f"{people.house.url}{letter}letter.pdf").body()
    page = clerk.open(letter)
    expect(page.locator(".pdf.is-ready .pdf-page canvas").first).to_be_visible(timeout=20_000)

    fields = {field.name: field.box for field in read_fields(pdf=pdf)}
    wanted = ("dinh.number", "dinh.date.day", "dinh.date.month", "dinh.date.year", "Signature.seal")
    ink = {name: page.evaluate(INK_IN, share_of_page(fields[name])) for name in wanted}

    assert [name for name, amount in ink.items() if amount < 10] == []


def share_of_page(box):
    """Left, top, width and height of a field as shares of an A4 page."""
    return [box.left / 595.28, 1 - box.top / 841.89, box.width / 595.28, box.height / 841.89]


def test_without_scripts_there_is_a_link(people, browser):
    path = opened_draft(people).url
    state = people("chuyenvien.stttt").page.context.storage_state()
    page = browser.new_context(java_script_enabled=False, storage_state=state, locale="vi-VN").new_page()
    page.goto(path)

    link = page.locator(".pdf a", has_text="Mở văn bản")
    expect(link).to_be_visible()
    assert page.request.get(f"{people.house.url}{link.get_attribute('href')}").body()[:5] == b"%PDF-"
    page.context.close()


def test_the_letter_stays_in_sight_beside_a_long_column(people):
    page = opened_draft(people)
    page.set_viewport_size({"width": 1200, "height": 500})
    page.evaluate("window.scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 2)")
    scrolled, pane = page.evaluate("window.scrollY"), page.locator(".letter-pane").bounding_box()
    page.set_viewport_size({"width": 700, "height": 500})
    narrow = page.locator(".letter-pane").evaluate("pane => getComputedStyle(pane).position")

    assert scrolled > 100
    assert (pane["y"], pane["height"] <= 500) == (pytest.approx(16, abs=1), True)
    assert narrow == "static"


def opened_draft(people, *, phone: bool = False) -> Page:
    """The page of a new draft of three pages, its first page drawn."""
    page = people("chuyenvien.stttt", phone=phone).open("/documents/outgoing/new/")
    page.fill("[name=subject]", "công khai thủ tục hành chính")
    page.fill("[name=text]", "\n".join(["Đề nghị rà soát, công khai đầy đủ thủ tục hành chính. " * 3] * 30))
    page.click("button.btn-primary[form=draft]")
    page.wait_for_url(re.compile(r"/outgoing/\d+/"))
    expect(page.locator(".pdf.is-ready .pdf-page canvas").first).to_be_visible(timeout=20_000)
    return page

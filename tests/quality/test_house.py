"""What holds on every page of the shell, by the hands of its users: questions, dates, kept drafts, search, keys."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from .samples import Caller, issue_letter, make_letter
from .visit import SHIFTS

pytestmark = pytest.mark.browser
SUBJECT = "rà soát thủ tục hành chính"


def test_a_legal_act_asks_in_words_and_no_leaves_everything(people):
    letter = make_letter(people, "reviewing")
    page = people("truongphong.stttt").page
    page.remove_locator_handler(page.locator("#ask[open] [data-ask-yes]"))
    page.goto(f"{people.house.url}/documents/outgoing/{letter}/")

    page.click("main .btn-legal")

    expect(page.locator("#ask")).to_contain_text("không thể rút lại")
    page.click("#ask button:has-text('Để sau')")
    expect(page.locator("#ask")).to_be_hidden()
    assert Caller(people, "truongphong.stttt").get(f"outgoing/{letter}")["state"] == "reviewing"
    page.click("main .btn-legal")
    page.click("#ask [data-ask-yes]")
    expect(page.locator(".alert-success")).to_be_visible()


def test_dates_are_written_day_first_and_wrong_ones_are_named(people):
    issue_letter(people)
    page = people("vanthu.stttt").open("/documents/books/")
    page.click("main [data-row-link], main td a >> nth=0")
    since = page.locator("[name=date_from], [name=since], input[data-date]").first

    since.fill("31/02/2026")
    assert since.evaluate("field => field.validationMessage").startswith("Hãy ghi ngày theo dạng")
    since.fill("2/9/2026")
    since.blur()

    expect(since).to_have_value("02/09/2026")
    page.click("main form[role=search] button[type=submit]")
    page.wait_for_url(re.compile("2026-09-02"))
    expect(page.locator("input[data-date]").first).to_have_value("02/09/2026")


def test_a_draft_outlives_the_session(people):
    drafter = people("chuyenvien.stttt")
    page = drafter.open("/documents/outgoing/new/")
    page.fill("[name=subject]", SUBJECT)
    page.fill("[name=text]", "Nội dung dài chưa lưu.")
    group = "Ủy ban nhân dân các huyện, thành phố"
    page.click(f"#recipients button:has-text('{group}')")
    expect(page.locator("#chosen li", has_text=group)).to_be_visible()
    page.wait_for_timeout(600)
    page.context.clear_cookies(name="sessionid")

    page.click("main .btn-primary")
    sign_in(page, people, "chuyenvien.stttt")

    expect(page).to_have_url(re.compile("/documents/outgoing/new/"))
    page.click("#kept [data-kept-take]")
    expect(page.locator("[name=subject]")).to_have_value(SUBJECT)
    expect(page.locator("[name=text]")).to_have_value("Nội dung dài chưa lưu.")
    expect(page.locator("#chosen li", has_text=group)).to_be_visible()
    page.click("main .btn-primary")
    page.wait_for_url(re.compile(r"/draft/$"))
    drafter.open("/documents/outgoing/new/")
    expect(page.locator("#kept")).to_be_hidden()


def test_a_part_of_a_page_says_that_the_session_has_ended(people):
    person = people("vanthu.quangkhe")
    page = person.open("/documents/search/")
    page.context.clear_cookies(name="sessionid")

    page.fill("#shell-search", "dịch vụ")

    expect(page.locator("#ended")).to_be_visible()
    page.click("#ended a")
    sign_in(page, people, "vanthu.quangkhe")
    expect(page).to_have_url(re.compile("/documents/search/"))
    person.faults.clear()  # The browser notes the refused part.


def test_what_was_opened_stays_so_when_its_part_of_the_page_comes_anew(people):
    gateway = f"http://127.0.0.1:{urlsplit(people.house.url).port + 3}"
    asked = f"{gateway}/r1/VN/GOV/000.00.00.G22/vpcpdvcprovider/tra-cuu"
    client = {"X-Road-Client": "VN/GOV/H03.01/MOTCUA"}
    httpx.get(asked, headers=client, trust_env=False, timeout=30).raise_for_status()
    page = people("quantri").open("/exchange/dashboard/")
    table = page.locator("#as-table")
    expect(table.locator("table")).to_be_hidden()
    expect(table.locator("summary")).to_be_visible()

    table.locator("summary").click()
    before = page.locator("#measures").element_handle()
    page.wait_for_function("part => !part.isConnected", arg=before)

    expect(table.locator("table")).to_be_visible()


def test_search_finds_pages_units_and_people_by_keyboard(people):
    page = people("quantri").open("/")

    page.keyboard.press("Control+k")
    page.keyboard.type("quang khe")

    expect(page.locator("#search-found a").first).to_be_visible()
    expect(page.locator("#search-found")).to_contain_text("Ủy ban nhân dân xã Quảng Khê")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Quảng Khê")
    page.keyboard.press("Control+k")
    page.keyboard.type("so dang")
    expect(page.locator("#search-found a", has_text="Sổ đăng ký văn bản")).to_be_visible()


@pytest.mark.parametrize("weight", ["400", "600", "700", "[0-9]+"])
def test_letters_that_come_late_move_nothing(people, weight):
    page = people("vanthu.stttt").page.context.new_page()
    page.add_init_script(SHIFTS)
    page.route(
        re.compile(rf"{weight}-normal.*woff2"), lambda font: (page.wait_for_timeout(500), font.continue_())
    )

    page.goto(f"{people.house.url}/guide/clerk/", wait_until="networkidle")

    assert page.evaluate("window.shifted") < 0.02
    page.close()


def test_a_list_is_walked_and_chosen_by_keyboard(people):
    issue_letter(people)
    issue_letter(people)
    page = people("vanthu.quangkhe").open("/documents/incoming/")
    rows = page.locator("tbody tr")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(rows.nth(1).locator("[type=checkbox]")).to_be_checked()
    page.keyboard.press("k")
    address = rows.nth(0).locator("[data-row-link]").get_attribute("href")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{people.house.url}{address}")
    page.click(".way-back a")
    page.check("[data-choose-all]")
    assert rows.count() == rows.locator("[type=checkbox]:checked").count()
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()


def sign_in(page: Page, people, username: str) -> None:
    page.fill("[name=username]", username)
    page.fill("[name=password]", people.house.passwords[username])
    page.click("form button[type=submit]")

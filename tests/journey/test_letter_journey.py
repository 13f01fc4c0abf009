"""A letter's way through the province and back, by the hands of all who touch it (docs/journey.md)."""

import json
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
TEXT = """Thực hiện Kế hoạch của Ủy ban nhân dân tỉnh về cung cấp dịch vụ công trực tuyến, đề nghị:
1. Rà soát, công khai đầy đủ thủ tục hành chính tại bộ phận một cửa.
2. Hướng dẫn người dân nộp hồ sơ trực tuyến.
Báo cáo kết quả trước ngày 25 hằng tháng."""
REPLY = "Ủy ban nhân dân xã Quảng Khê báo cáo: đã công khai đầy đủ thủ tục hành chính."
SUBJECT = "đẩy mạnh cung cấp dịch vụ công trực tuyến"


def test_a_letter_goes_out_is_answered_and_every_state_is_seen(people):
    letter = draft(people)
    initial_and_sign(people, letter)
    issue(people, letter)
    judge(people, letter)
    request = receive(people)
    answer(people, request)
    see_states(people, letter)


def draft(people) -> str:
    drafter = people("chuyenvien.stttt")
    page = drafter.open("/documents/outgoing/new/")
    page.fill("[name=type_code]", "Công văn")
    page.fill("[name=subject]", SUBJECT)
    page.fill("[name=text]", TEXT)
    for group in ("Ủy ban nhân dân các huyện, thành phố", "Ủy ban nhân dân các xã, phường, thị trấn"):
        page.click(f"#recipients button:has-text('{group}')")
        expect(page.locator("#chosen li", has_text=group)).to_be_visible()
    choose(page, "#initials-1", "Trần Hữu Quân, Trưởng phòng")
    choose(page, "#leader", "Phùng Ngọc Hương, Giám đốc")
    expect(page.locator("#preview img")).to_be_visible()
    drafter.shot("1-draft")
    path = save_and_submit(people, page)
    drafter.shot("2-submitted")
    return path


def save_and_submit(people, page: Page) -> str:
    """Save the draft that the page holds and submit it; the address of the letter."""
    page.click("main .btn-primary")
    page.wait_for_url(re.compile(r"/outgoing/\d+/draft/$"))
    page.click("button:has-text('Trình ký')")
    page.wait_for_url(re.compile(r"/outgoing/\d+/$"))
    expect(page.locator(".badge", has_text="Đang trình ký")).to_be_visible()
    return page.url.removeprefix(people.house.url)


def initial_and_sign(people, letter: str) -> None:
    head = people("truongphong.stttt")
    head.open(letter).click("main .btn-legal")
    expect(head.page.locator(".badge", has_text="Đã ký")).to_have_count(1)
    director = people("giamdoc.stttt", phone=True)
    director.open("/documents/outgoing/to-sign/")
    director.shot("3-to-sign")
    director.page.uncheck("[data-choose-all]")
    director.page.check(f"[name=letters][value='{re.search('[0-9]+', letter)[0]}']")
    director.page.click("main .btn-legal")
    expect(director.page.locator(".alert-success")).to_contain_text("Đã ký 1 văn bản")


def issue(people, letter: str) -> None:
    clerk = people("vanthu.stttt")
    clerk.open(letter)
    clerk.shot("4-to-issue")
    clerk.page.click("main .btn-legal")
    expect(clerk.page.locator("#recipients .badge").first).to_have_text("116")
    clerk.shot("5-issued")


def judge(people, letter: str) -> None:
    """The letter as an outsider judges it, who has only the file and the root certificate."""
    clerk, data = people("vanthu.stttt"), people.house.data
    answer = clerk.page.request.get(f"{people.house.url}{letter}letter.pdf")
    (data / "letter.pdf").write_bytes(answer.body())
    command = [sys.executable, "-m", "dinh", "verify", str(data / "letter.pdf"), "--json"]
    command += ["--trust", str(data / "pki" / "root.pem")]
    environment = os.environ | {"DINH_REVOCATION_DIR": str(data / "kept")}

    done = subprocess.run(command, env=environment, capture_output=True, check=False)

    report = json.loads(done.stdout)
    assert report["verdict"] == "valid"
    assert [item["time_source"] for item in report["signatures"]] == ["timestamp"] * 3


def receive(people) -> str:
    clerk = people("vanthu.quangkhe")
    clerk.open("/documents/incoming/")
    clerk.shot("6-inbox")
    clerk.page.click(f"main a:has-text('{SUBJECT}')")
    clerk.shot("7-arrived")
    clerk.page.click("main button:has-text('Đăng ký')")
    path: str = clerk.page.url.removeprefix(people.house.url)
    chairman = people("chutich.quangkhe")
    chairman.open(path)
    handler = name_of(people("chuyenvien.quangkhe").page)
    chairman.page.locator("tr", has_text=handler).locator("[name=lead]").check()
    chairman.page.fill("[name=instruction]", "Tham mưu văn bản trả lời")
    chairman.shot("8-assign")
    chairman.page.click("main button:has-text('Phân công')")
    return path


def answer(people, request: str) -> None:
    specialist, chairman, clerk = (people(f"{role}.quangkhe") for role in ("chuyenvien", "chutich", "vanthu"))
    specialist.open(request).click("a:has-text('Soạn văn bản trả lời')")
    page = specialist.page
    page.fill("[name=subject]", "kết quả cung cấp dịch vụ công trực tuyến")
    page.fill("[name=text]", REPLY)
    specialist.shot("9-reply")
    path = save_and_submit(people, page)
    for person in (chairman, clerk):
        person.open(path).click("main .btn-legal")
        expect(person.page.locator(".alert-success")).to_be_visible()


def see_states(people, letter: str) -> None:
    clerk = people("vanthu.stttt")
    clerk.open(letter)
    done = clerk.page.locator("#recipients a", has_text="Hoàn thành 1")
    expect(done).to_be_visible(timeout=30_000)
    done.click()
    expect(clerk.page.locator("#recipients li")).to_have_count(1)
    clerk.shot("10-states")
    clerk.page.locator("#recipients a:has-text('Xem văn bản trả lời')").click()
    expect(clerk.page.locator("h1")).to_contain_text("Kết quả cung cấp dịch vụ công trực tuyến")


def choose(page: Page, field: str, label: str) -> None:
    """Choose an option of a list by the beginning of its visible text."""
    option = page.locator(f"{field} option", has_text=label).first
    page.select_option(field, option.get_attribute("value"))


def name_of(page: Page) -> str:
    return page.locator("header .shell-person").first.inner_text()

"""A deputy director signs two letters with the key in a token, by the plugin on the own computer, in one go."""

import re

import pytest
from playwright.sync_api import expect

from .test_letter_journey import TEXT, choose

pytestmark = pytest.mark.browser
SUBJECTS = ("rà soát thiết bị ký số", "cấp mới thiết bị ký số")


def test_two_letters_are_signed_by_a_token_in_one_go(people):
    for subject in SUBJECTS:
        submit(people, subject)
    deputy = people("phogiamdoc.stttt")
    deputy.open("/documents/outgoing/to-sign/").click("main .btn-legal")
    expect(deputy.page.locator("[data-device-letter]")).to_have_count(2)
    deputy.page.reload()
    deputy.shot("token-1-waits")

    deputy.page.click("[data-signing-devices] button")

    expect(deputy.page.locator(".badge", has_text="Đã ký")).to_have_count(2, timeout=60_000)
    deputy.shot("token-2-signed")
    deputy.page.set_viewport_size({"width": 360, "height": 740})
    deputy.shot("token-3-phone")
    deputy.open("/documents/outgoing/to-sign/")
    expect(deputy.page.locator("main .list-group-item")).to_have_count(0)


def submit(people, subject: str) -> None:
    page = people("chuyenvien.stttt").open("/documents/outgoing/new/")
    page.fill("[name=subject]", subject)
    page.fill("[name=text]", TEXT)
    choose(page, "#leader", "Phó Giám đốc")
    page.click("main button[type=submit].btn-primary")
    page.wait_for_url(re.compile(r"/outgoing/\d+/(draft/)?$"))
    page.goto(page.url.removesuffix("draft/"))
    page.click("button:has-text('Trình')")
    expect(page.locator(".badge", has_text="Đang trình ký")).to_be_visible()

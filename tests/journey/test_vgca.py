"""A leader signs by VGCA Sign Service: Chromium, a real WebSocket, and programs that lie."""

import os
import threading

import pytest
from playwright.sync_api import expect

from dinh.directory.models import Account
from dinh.pki.pdf.document import PdfFile
from dinh.pki.pdf.objects import Ref, Stream
from dinh.pki.pdf.update import Update
from dinh.signing.models import Credential, PluginErrand, SessionState, SigningSession
from dinh.signing.standin import plugin_server, sign_as_offices_do
from dinh.signing.tests.conftest import people  # noqa: F401 a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def honest(pdf, asked):
    return sign_as_offices_do(pdf, asked)


def other_file(pdf, asked):
    from dinh.pki.tests.letters import plain_pdf

    return sign_as_offices_do(plain_pdf(), asked)


def changed_text(pdf, asked):
    """Another page under a good signature, in one update."""
    source = PdfFile(pdf)
    update = Update(source)
    (_ref, page), *_others = source.pages()
    contents = page["Contents"]
    shown = contents if isinstance(contents, Ref) else contents[0]
    update.objects[shown.num] = Stream({}, b"BT ET")
    return sign_as_offices_do(pdf + update.write(), asked)


def other_certificate(pdf, asked):
    seal = Credential.objects.get(unit__isnull=False).fingerprint
    meta = [item for item in asked["MetaData"] if item["Key"] != "certificate"]
    return sign_as_offices_do(pdf, {**asked, "MetaData": [*meta, {"Key": "certificate", "Value": seal}]})


@pytest.fixture(scope="module", autouse=True)
def beside_playwright():
    """Playwright's event loop stands in this thread; the rows are read by this thread alone all the same."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Program:
    """The stand-in on a port of its own; `does` says what it makes of a letter."""

    does = staticmethod(honest)

    def __call__(self, pdf, asked):
        return self.does(pdf, asked)


@pytest.fixture
def program(live_server, settings):
    settings.BASE_URL = live_server.url
    program = Program()
    with plugin_server(port=0, origins=[live_server.url], sign_file=program) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.SIGNING_PLUGIN_URL = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        yield program
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser, live_server, client, people, program):  # noqa: F811
    """The leader's page; the address of the plugin is the test's, so the page's own policy is left out."""
    Credential.objects.update(provider="vgca")
    account = Account.objects.get(person=people[0].person)
    account.current_appointment = people[0]
    account.save()
    client.force_login(account)
    context = browser.new_context(locale="vi-VN", bypass_csp=True)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
    page = context.new_page()
    page.goto(f"{live_server.url}/signing/mine/")
    page.click("form[action$='/trial/'] button")
    page.wait_for_url("**/trial/*/")
    yield page
    context.close()


def test_program_fetches_signs_and_returns_the_letter(page, program):
    page.click("[data-signing-device] button[type=submit]")

    expect(page.locator(".alert-success")).to_be_visible(timeout=30_000)
    assert SigningSession.objects.get().state == SessionState.FINISHED
    assert PluginErrand.objects.get().returned_id == SigningSession.objects.get().result_id


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (other_file, "không phải là văn bản đã giao ký"),
        (changed_text, "đã sửa nội dung văn bản"),
        (other_certificate, "không dùng chứng thư số đã đăng ký"),
    ],
)
def test_what_a_lying_program_returns_is_refused_and_told(page, program, lie, told):
    program.does = lie

    page.click("[data-signing-device] button[type=submit]")

    expect(page.locator("[data-device-state]")).to_contain_text(told, timeout=30_000)
    assert SigningSession.objects.get().state == SessionState.OPEN
    program.does = honest
    page.click("[data-signing-device] button[type=submit]")
    expect(page.locator(".alert-success")).to_be_visible(timeout=30_000)


def test_address_that_was_used_is_not_there_for_the_program(page, program, live_server):
    import httpx

    def late(pdf, asked):
        again = httpx.get(asked["FileName"], trust_env=False).status_code
        assert again == 404
        return sign_as_offices_do(pdf, asked)

    program.does = late
    page.click("[data-signing-device] button[type=submit]")

    expect(page.locator(".alert-success")).to_be_visible(timeout=30_000)

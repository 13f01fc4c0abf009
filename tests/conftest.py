"""The whole house as `make demo` starts it, and people with browsers in front of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dinh.kernel.tests.ports import free_port

START_SECONDS, STOP_SECONDS = 240, 90
# What follows a question is waited for by the next expectation, not by the click: as long as a click would wait.
expect.set_options(timeout=30_000)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", default="", help="Folder for the journey's screenshots")


@dataclass
class House:
    """A running demo: its address, its data folder, and the password of each of its accounts."""

    url: str
    data: Path
    passwords: dict[str, str]


@dataclass
class Person:
    """Somebody signed in, in a browser of their own."""

    page: Page
    house: House
    shots: Path | None
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.house.url}{path}")
        return self.page

    def shot(self, name: str) -> None:
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("[data-pdf]").count():
            self.page.locator("[data-pdf] canvas").first.wait_for()
        if self.shots:
            self.page.screenshot(path=self.shots / f"{name}.png")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[House]:
    """
    `dinh up --demo` on a database and a data folder of its own; stopped as by Ctrl-C.

    The database is a copy of the tests' migrated one where there is such; migrating from nothing takes 8 s, and
    `dinh up` does that in its own tests.
    """
    # The next four are those of sandbox, signing plugin, gateway and the sandbox's national gateway.
    data, port = tmp_path_factory.mktemp("demo"), free_port(following=4)
    database = f"dinh_journey_{os.getpid()}"
    server, template = os.environ["DINH_DATABASE_URL"], os.environ.get("DINH_TESTS_TEMPLATE", "template1")
    with psycopg.connect(_named(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    environment = os.environ | {
        "DINH_DATABASE_URL": _named(server, database),
        "DINH_DATA_DIR": str(data),
        "PORT": str(port),
    }
    environment.pop("DINH_SANDBOX_URL", None)
    environment.pop("DINH_SIGNING_PLUGIN_URL", None)
    environment.pop("DINH_GATEWAY_PORT", None)
    environment.pop("DINH_GATEWAY_URL", None)
    log = (data / "up.log").open("wb")
    command = [sys.executable, "-m", "dinh", "up", "--demo"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/healthz", process, data / "up.log")
        accounts = json.loads((data / "demo-accounts.json").read_text(encoding="utf-8"))
        yield House(url, data, {each["username"]: each["password"] for each in accounts})
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)
        log.close()
        with psycopg.connect(_named(server, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's browser: while Playwright runs, its event loop keeps Django's tests from the database."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        if not program and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("chromium is missing")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path | None:
    if not (given := request.config.getoption("--shots")):
        return None
    folder = Path(given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def people(house: House, browser: Browser, shots: Path | None) -> Iterator["People"]:
    everybody = People(house, browser, shots)
    yield everybody
    faults = [fault for person in everybody.known.values() for fault in person.faults]
    for person in everybody.known.values():
        person.page.context.close()
    assert faults == []


class People:
    """Signs people in at their first call; errors in their browsers' consoles fail the test."""

    def __init__(self, house: House, browser: Browser, shots: Path | None) -> None:
        self.house, self.browser, self.shots = house, browser, shots
        self.known: dict[str, Person] = {}

    def __call__(self, username: str, *, phone: bool = False) -> Person:
        if username not in self.known:
            self.known[username] = self._signed_in(username, phone)
        return self.known[username]

    def _signed_in(self, username: str, phone: bool) -> Person:
        size = {"width": 360, "height": 740} if phone else {"width": 1440, "height": 900}
        page = self.browser.new_context(viewport=size, locale="vi-VN").new_page()
        person = Person(page, self.house, self.shots)
        # Legal acts ask once; who acts here has read the words and says yes (tests/quality/test_house.py asks it).
        page.add_locator_handler(page.locator("#ask[open] [data-ask-yes]"), lambda yes: yes.click())
        page.on("console", lambda said: person.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: person.faults.append(str(error)))
        person.open("/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", self.house.passwords[username])
        page.click("main button[type=submit], form button[type=submit]")
        page.wait_for_url(f"{self.house.url}/")
        return person


def _named(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"The house did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")

"""
The house itself: how long it takes to start, what its processes hold in memory, what its pages weigh.

A fresh clone in a folder of its own, started as README says; then once more.
"""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psutil
from measures import figure, skipped

ROOT = Path(__file__).resolve().parents[1]
FIRST_SECONDS, LATER_SECONDS, MOST_KB = 240, 15, 300
NAMES = {"dinh.exchange.gateway": "gateway", "granian": "web", "procrastinate": "worker", "seal_audit": "sealer",
         "dinh sandbox": "sandbox", "signing_plugin": "plugin", "postgres": "postgres",
         "dinh up": "supervisor"}  # fmt: skip
PAGES = {
    "vanthu.quangkhe": (
        "/",
        "/documents/incoming/",
        "/documents/search/",
        "/documents/books/",
        "/notifications/",
    ),
    "chuyenvien.stttt": ("/documents/outgoing/", "/documents/outgoing/new/", "/directory/units/", "/law/"),
    "quantri": ("/directory/people/", "/signing/credentials/", "/directory/units/new/"),
}


def run() -> Iterator[dict[str, Any]]:
    """All figures of the house."""
    folder = Path(tempfile.mkdtemp(prefix="dinh-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        subprocess.run(["git", "clone", "-q", ROOT, folder / "dinh"], check=True)
        with started(folder / "dinh") as (_url, took, _make):
            yield start_figure("demo.start", took, FIRST_SECONDS, "fresh clone")
        with started(folder / "dinh") as (url, took, make):
            yield start_figure("demo.start_again", took, LATER_SECONDS, "later start")
            yield from memory_figures(make)
            yield from weight_figures(url, folder / "dinh")
    except (OSError, subprocess.CalledProcessError, TimeoutError) as error:
        yield skipped("demo.start", f"{FIRST_SECONDS} s or less", str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_figure(name: str, took: float, most: float, what: str) -> dict[str, Any]:
    goal = f"{most} s or less, {what}, on 2 cores"
    return figure(name, took, limit=most, goal=goal, met=took <= most, unit="s")


@contextmanager
def started(clone: Path) -> Iterator[tuple[str, float, psutil.Process]]:
    """`make demo` until /healthz is 200: address, seconds, its process; then Ctrl-C."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DINH_")}
    url, begin = f"http://127.0.0.1:{port}", time.monotonic()
    with (clone.parent / "make.log").open("ab") as log:
        make = psutil.Popen(
            ["make", "demo"], cwd=clone, env=environment | {"PORT": str(port)},
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        while not is_well(url):
            if make.poll() is not None or time.monotonic() - begin > 2 * FIRST_SECONDS:
                raise TimeoutError((clone.parent / "make.log").read_text()[-300:])
            time.sleep(0.1)
        yield url, time.monotonic() - begin, make
    finally:
        if make.poll() is None:
            os.killpg(make.pid, signal.SIGINT)
        make.wait(60)


def is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1]) - 3


def memory_figures(make: psutil.Process) -> Iterator[dict[str, Any]]:
    """What each part holds, its children with it; pages that several share are counted by halves (PSS)."""
    held: dict[str, float] = {}
    for process in [make, *make.children(recursive=True)]:
        line = " ".join(process.cmdline())
        parents = " ".join(" ".join(parent.cmdline()) for parent in process.parents()[:1])
        name = next((name for word, name in NAMES.items() if word in line or word in parents), "make")
        held[name] = held.get(name, 0) + process.memory_full_info().pss / 1e6
    for name, megabytes in sorted(held.items()):
        yield figure(f"memory.{name}", megabytes, goal="told, no goal", met=True, unit="MB")
    whole = sum(held.values())
    yield figure("memory.whole", whole, limit=2000, goal="2000 MB or less", met=whole <= 2000, unit="MB")


def weight_figures(url: str, clone: Path) -> Iterator[dict[str, Any]]:
    """Compressed kilobytes of a page with its styles, scripts and fonts named in it, nothing in the cache."""
    accounts = json.loads((clone / "var" / "demo-accounts.json").read_text(encoding="utf-8"))
    passwords = {row["username"]: row["password"] for row in accounts}
    for username, paths in PAGES.items():
        browser = signed_in(url, username, passwords[username])
        for path in paths:
            kilobytes = weight(browser, url, path) / 1000
            goal = f"{MOST_KB} kB or less, compressed"
            yield figure(
                f"weight{path}", kilobytes, limit=MOST_KB, goal=goal, met=kilobytes <= MOST_KB, unit="kB"
            )


def signed_in(url: str, username: str, password: str) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("Accept-Encoding", "gzip"), ("Referer", url)]
    _size, page = loaded(browser, f"{url}/directory/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    given = {"username": username, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
    browser.open(f"{url}/directory/sign-in/", urllib.parse.urlencode(given).encode(), timeout=30).read()
    return browser


def weight(browser: urllib.request.OpenerDirector, url: str, path: str) -> int:
    size, page = loaded(browser, url + path)
    parts = set(re.findall(r'(?:src|href)="(/static/[^"#?]+)[^"]*"', page))
    return size + sum(loaded(browser, url + part)[0] for part in parts)


def loaded(browser: urllib.request.OpenerDirector, address: str) -> tuple[int, str]:
    with browser.open(address, timeout=30) as answer:
        body = answer.read()
        plain = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
        return len(body), plain.decode(errors="replace")

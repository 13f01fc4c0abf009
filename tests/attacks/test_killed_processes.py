"""Processes of a running house are killed in the middle of work: nothing is lost, nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from journey.caller import Caller

pytestmark = pytest.mark.slow
DRAFT = {"type_code": "CV", "subject": "thử tắt máy giữa chừng", "text": "Nội dung."}
AT_ONCE = 4
PATIENCE = 240


@pytest.fixture(scope="module")
def specialist(house) -> Caller:
    environment = os.environ | {"DINH_DATA_DIR": str(house.data)}
    environment.pop("DINH_DATABASE_URL", None)
    command = [sys.executable, "-m", "dinh", "issue_token", "chuyenvien.stttt", "killed"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Caller(house.url, done.stdout.strip())


def test_retried_writes_are_done_once_though_web_processes_are_killed(house, specialist):
    draft = _draft(specialist)
    over, numbers = Event(), count()

    def write(_worker: int) -> list[tuple[str, str]]:
        outcomes = []
        while not over.is_set():
            text = f"ý kiến {next(numbers)}"
            outcomes.append((text, _persist(specialist, f"/drafts/{draft}/comments", {"text": text})))
        return outcomes

    with ThreadPoolExecutor(AT_ONCE) as threads:
        writers = [threads.submit(write, worker) for worker in range(AT_ONCE)]
        for _ in range(4):
            time.sleep(1.5)
            _kill_web_workers(house)
        over.set()
        outcomes = [each for writer in writers for each in writer.result()]

    kept = Counter(each["text"] for each in specialist.read(f"/drafts/{draft}/comments"))
    assert len(outcomes) > AT_ONCE
    assert {outcome for _text, outcome in outcomes} <= {"created", "answer-lost"}
    assert kept == Counter(text for text, _outcome in outcomes)


def _persist(caller: Caller, path: str, body: object) -> str:
    """Send the same request until somebody answers for good, as a patient program does."""
    headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        try:
            answer = caller.ask("POST", path, json.dumps(body).encode(), headers)
        except (OSError, urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
            continue
        if answer.status == 201:
            return "created"
        code = answer.json()["type"].rpartition(":")[2]
        if code != "request-in-progress":
            return str(code)
        time.sleep(2)
    return "never answered"


def _draft(specialist: Caller) -> int:
    own = specialist.read("/me")
    people = specialist.read(f"/appointments?unit={own['unit_id']}")["items"]
    leader = next(each["id"] for each in people if "unit_head" in each["roles"])
    return int(specialist.did("/drafts", DRAFT | {"leader": leader}, status=201)["id"])


def _kill_web_workers(house) -> None:
    """The processes that answer; the one above them starts new ones."""
    port = str(urlsplit(house.url).port)
    for pid in _running("granian", port):
        if _running_parent(pid) in _running("granian", port):
            os.kill(pid, signal.SIGKILL)


def _running(*words: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if all(word in command for word in words):
                found.append(int(folder.name))
    return found


def _running_parent(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1])

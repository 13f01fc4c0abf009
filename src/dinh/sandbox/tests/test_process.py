"""The command, as its own process."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from dinh.signing.operations.demo import issue_demo_certificates

COMMAND = [sys.executable, "-m", "dinh", "sandbox"]


@pytest.fixture
def address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def health(address):
    """Status of /healthz, None while nothing listens."""
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).status_code
    except httpx.ConnectError:
        return None


@pytest.mark.django_db
def test_command_serves_once_the_demo_has_an_authority_and_ends_when_told(address, settings, tmp_path):
    environment = os.environ | {"DINH_SANDBOX_URL": address, "DINH_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(COMMAND, env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while (before := health(address)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        settings.DATA_DIR, settings.SANDBOX_URL = tmp_path, address
        issue_demo_certificates()
        after = health(address)
    finally:
        process.send_signal(signal.SIGTERM)

    assert (before, after, process.wait(timeout=10)) == (503, 200, 0)


def test_command_refuses_to_listen_elsewhere(tmp_path):
    environment = os.environ | {"DINH_SANDBOX_URL": "http://10.0.0.1:80", "DINH_DATA_DIR": str(tmp_path)}

    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr.split(" for ")[0]) == (
        1,
        "DINH_SANDBOX_URL must be http://127.0.0.1:PORT",
    )

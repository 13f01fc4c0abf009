"""A gateway as its own process, and callers with plain sockets."""

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
from django.conf import settings
from django.db import connection

from dinh.exchange.operations.configuration import tell_gateways
from dinh.kernel.tests.ports import free_port


def database_url() -> str:
    """Of the test's own database, for another process."""
    told = connection.settings_dict
    host = told["HOST"]
    place = f"?host={quote(host)}" if host.startswith("/") else ""
    user = f"{told['USER']}:{quote(told['PASSWORD'])}" if told["PASSWORD"] else told["USER"]
    net = "" if host.startswith("/") else host + (f":{told['PORT']}" if told["PORT"] else "")
    if place and told["PORT"]:
        place += f"&port={told['PORT']}"
    return f"postgresql://{user}@{net}/{told['NAME']}{place}"


@dataclass
class RunningGateway:
    folder: Path
    database: str
    name: str = "thu"
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def segments(self) -> Path:
        return self.folder / "exchange" / self.name / "log"

    def start(self, *, seconds: float = 30) -> None:
        environment = os.environ | {
            "DINH_GATEWAY_PORT": str(self.port),
            "DINH_GATEWAY_NAME": self.name,
            "DINH_GATEWAY_URL": "http://gateway.test",
            "DINH_DATA_DIR": str(self.folder),
            "DINH_SECRET_KEY": settings.SECRET_KEY,
            "DINH_DATABASE_URL": self.database,
        } | self.environment  # fmt: skip
        log = (self.folder / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dinh", "gateway"],
            env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        log.close()
        last = time.monotonic() + seconds
        while time.monotonic() < last and self.process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/healthz", trust_env=False).status_code in (200, 503):
                    return
            time.sleep(0.05)
        if self.process.poll() is None:
            # It would come up later, and write beside the tests that follow.
            self.kill()
        self.process = None
        raise AssertionError((self.folder / f"{self.name}.log").read_text())

    def kill(self) -> None:
        """As a power cut would: all of its processes at once."""
        if self.process:
            own = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            # Else their ports could not be taken yet.
            psutil.wait_procs(own, timeout=5)
            self.process = None

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def health(self) -> dict[str, object]:
        return httpx.get(f"{self.url}/healthz", trust_env=False).json()

    def take_up(self) -> None:
        """Tell of what changed in the registry, and wait until this gateway works by it."""
        tell_gateways()
        with connection.cursor() as cursor:
            cursor.execute("SELECT version FROM exchange_configuration")
            version = cursor.fetchone()[0]
        assert eventually(lambda: self.health()["configuration"], version) == version

    def token(self, key: str, secret: str) -> str:
        answer = self.ask_token(key, secret)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def ask_token(self, key: str, secret: str, form: str = "grant_type=client_credentials") -> httpx.Response:
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        return httpx.post(f"{self.url}/token", content=form, headers=headers, trust_env=False)

    def call(self, path: str, token: str, method: str = "GET", **more: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | dict(more.pop("headers", {}))
        return httpx.request(
            method, f"{self.url}{path}", headers=headers, timeout=15, trust_env=False, **more
        )

    def raw(self, data: bytes, *, seconds: float = 5) -> bytes:
        """What comes back for these bytes, until the gateway closes or nothing comes any more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as wire:
            wire.sendall(data)
            got = b""
            wire.settimeout(seconds)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while part := wire.recv(65536):
                    got += part
                    wire.settimeout(0.5)
            return got


@contextlib.contextmanager
def running_gateway(folder: Path, **more: object) -> Iterator[RunningGateway]:
    gateway = RunningGateway(folder, database_url(), **more)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.kill()


def eventually(look, wanted, *, seconds: float = 10):
    """What `look` gives, once it is what is wanted; else what it gave last."""
    last = time.monotonic() + seconds
    while (found := look()) != wanted and time.monotonic() < last:
        time.sleep(0.05)
    return found


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(json.loads(answer.content)["type"]).rpartition("exchange-")[2]

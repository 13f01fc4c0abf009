"""HAProxy with the configuration that operators are given, before two gateways."""

import contextlib
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from dinh.exchange.gateway.identity import make_identity
from dinh.exchange.tests.running import RunningGateway, database_url
from dinh.kernel.tests.ports import free_port

CONFIGURATION = Path(__file__).resolve().parents[4] / "docs" / "systemd" / "haproxy.cfg"
needs_haproxy = pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is missing")


@dataclass
class Balanced:
    """:param wire_port: where the balancer listens for other gateways"""

    one: RunningGateway
    two: RunningGateway
    port: int
    wire_port: int
    certificate: Path

    @property
    def gateways(self) -> tuple[RunningGateway, RunningGateway]:
        return self.one, self.two

    def client(self, token: str) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", verify=context, trust_env=False, timeout=15,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )  # fmt: skip


@contextlib.contextmanager
def two_gateways(folder: Path, *, database: str = "") -> Iterator[tuple[RunningGateway, RunningGateway]]:
    """Of one registry, each with a key of its own; both know that they are two."""
    made = []
    for name in ("mot", "hai"):
        port = free_port()
        own = RunningGateway(
            folder, database or database_url(), name=name, environment={"DINH_WIRE_PORT": str(port)}
        )
        made.append(own)
    try:
        for gateway in made:
            gateway.start()
        wait_for_gateways(made, 2)
        yield made[0], made[1]
    finally:
        for gateway in made:
            gateway.kill()


def wait_for_gateways(gateways: list[RunningGateway], number: int, *, seconds: float = 10) -> None:
    last = time.monotonic() + seconds
    while {gateway.health()["gateways"] for gateway in gateways} != {number}:
        assert time.monotonic() < last
        time.sleep(0.05)


@contextlib.contextmanager
def balanced(folder: Path) -> Iterator[Balanced]:
    with two_gateways(folder) as (one, two):
        make_identity(folder / "tls-key.pem", folder / "tls.pem", name="haproxy")
        both = folder / "both.pem"
        both.write_bytes((folder / "tls-key.pem").read_bytes() + (folder / "tls.pem").read_bytes())
        running = Balanced(one, two, free_port(), free_port(), folder / "tls.pem")
        with _haproxy(running, both):
            yield running


@contextlib.contextmanager
def _haproxy(running: Balanced, pem: Path) -> Iterator[None]:
    environment = os.environ | {
        "EXCHANGE_BIND": f"127.0.0.1:{running.port}", "EXCHANGE_PEM": str(pem),
        "WIRE_BIND": f"127.0.0.1:{running.wire_port}",
        **{
            name: f"127.0.0.1:{port}"
            for name, port in (
                ("GATEWAY_ONE", running.one.port), ("GATEWAY_TWO", running.two.port),
                ("WIRE_ONE", running.one.environment["DINH_WIRE_PORT"]),
                ("WIRE_TWO", running.two.environment["DINH_WIRE_PORT"]),
            )
        },
        "EXCHANGE_MAXCONN": "500", "GATEWAY_PORT_ONE": str(running.one.port), "GATEWAY_PORT_TWO": str(running.two.port),
    }  # fmt: skip
    process = subprocess.Popen(["haproxy", "-db", "-f", str(CONFIGURATION)], env=environment)
    try:
        with running.client("") as client:
            _until_well(client)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _until_well(client: httpx.Client) -> None:
    last = time.monotonic() + 10
    while time.monotonic() < last:
        with contextlib.suppress(httpx.HTTPError):
            if client.get("/healthz").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("The balancer does not answer.")

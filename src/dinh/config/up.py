"""`dinh up`: the whole house on one machine, in the foreground."""

import fcntl
import json
import os
import shutil
import socket
import subprocess  # runs only this interpreter
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from dinh.config.doctor import NEEDED_PROGRAMS
from dinh.config.embedded import EmbeddedPostgres, ServerFailed
from dinh.config.environment import Environment
from dinh.config.supervisor import Child, Supervisor, end_leftovers, say

_PORT_SECONDS: Final = 5
_STEADY_SECONDS: Final = 30
_SHORT_LIVES: Final = 3


def up(*, demo: bool) -> int:
    """
    Start everything and stay until Ctrl-C or SIGTERM; then stop everything.

    :returns: the exit code; 1 if something did not start
    """
    environment = Environment()
    data_dir = environment.path("DINH_DATA_DIR", default="var")
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = _only_one(data_dir)
    if not lock:
        say("dinh", f"Already running on {data_dir}. Stop it first, or set another DINH_DATA_DIR and PORT.")
        return 1
    end_leftovers(data_dir)
    _set_environment(environment, data_dir=data_dir, demo=demo)
    if taken := taken_ports(demo=demo):
        numbers = ", ".join(map(str, taken))
        say(
            "dinh",
            f"Another program listens on port {numbers}. End it, or choose another: PORT=8100 make demo",
        )
        return 1
    server = None
    try:
        if "DINH_DATABASE_URL" not in os.environ:
            say("dinh", f"Starting PostgreSQL in {data_dir}")
            server = EmbeddedPostgres(data_dir)
            server.start()
            os.environ["DINH_DATABASE_URL"] = server.url()
        _write_environment(data_dir)
        return _run(data_dir, server=server, demo=demo)
    except ServerFailed as failure:
        say("dinh", str(failure))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        (data_dir / "environment.json").unlink(missing_ok=True)
        if server:
            server.stop()
        say("dinh", "Stopped.")


def prepare(*, demo: bool) -> None:
    """Migrate, and in the demo load the model province. Safe to repeat."""
    import django
    from django.core.management import call_command, get_commands

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if demo and "load_demo" in get_commands():
        call_command("load_demo")


def worker_children() -> list[Child]:
    concurrency = Environment().number("DINH_WORKER_CONCURRENCY", default=4)
    worker = [
        "procrastinate",
        "worker",
        "--concurrency",
        str(concurrency),
        "--fetch-job-polling-interval",
        "5",
    ]
    children = [Child("worker", worker)]
    if find_spec("dinh.audit.management") and find_spec("dinh.audit.management.commands.seal_audit"):
        children.append(Child("sealer", ["seal_audit", "--loop"]))
    return children


def sandbox_main() -> Callable[[], object] | None:
    """The sandbox's entry point, None where it is not installed."""
    if not find_spec("dinh.sandbox.server"):
        return None
    run: Callable[[], object] = import_module("dinh.sandbox.server").main
    return run


def taken_ports(*, demo: bool) -> list[int]:
    """
    Which of the ports that the house is about to listen on are another's, even after five seconds.

    Two web servers may share a port (SO_REUSEPORT): then each gets half of the other's people.
    """
    addresses = [os.environ[name] for name in ("DINH_SANDBOX_URL", "DINH_SIGNING_PLUGIN_URL") if demo]
    local = (urlsplit(address) for address in addresses)
    ports = [
        int(os.environ["PORT"]),
        int(os.environ["DINH_GATEWAY_PORT"]),
        *(url.port for url in local if url.port and url.hostname == "127.0.0.1"),
    ]
    if demo:
        # The sandbox's national gateway (dinh.sandbox.national).
        ports.append((urlsplit(os.environ["DINH_SANDBOX_URL"]).port or 80) + 3)
    last = time.monotonic() + _PORT_SECONDS
    while (taken := [port for port in ports if not _is_free(port)]) and time.monotonic() < last:
        time.sleep(0.2)
    return taken


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("DINH_HOST", "127.0.0.1"), port))
        except OSError:
            return False
    return True


def _only_one(data_dir: Path) -> IO[str] | None:
    """A lock on the data folder that lasts as long as this process, None if another has it."""
    lock = (data_dir / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _set_environment(environment: Environment, *, data_dir: Path, demo: bool) -> None:
    port = environment.number("PORT", default=8000)
    os.environ["DINH_DATA_DIR"] = str(data_dir)
    os.environ["PORT"] = str(port)
    os.environ.setdefault("DINH_GATEWAY_PORT", str(port + 3))
    os.environ.setdefault("DINH_GATEWAY_URL", f"http://127.0.0.1:{os.environ['DINH_GATEWAY_PORT']}")
    (data_dir / "static").mkdir(exist_ok=True)
    metrics = data_dir / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    if demo:
        os.environ.setdefault("DINH_SANDBOX_URL", f"http://127.0.0.1:{port + 1}")
        os.environ.setdefault("DINH_SIGNING_PLUGIN_URL", f"ws://127.0.0.1:{port + 2}")
        os.environ.setdefault("DINH_XROAD_NETWORKS", "127.0.0.0/8")
        os.environ |= {"DINH_DEMO": "1", "DINH_HOST": "127.0.0.1"}


def _write_environment(data_dir: Path) -> None:
    names = (
        "DINH_DATABASE_URL", "DINH_SANDBOX_URL", "DINH_SIGNING_PLUGIN_URL", "DINH_GATEWAY_PORT",
        "DINH_GATEWAY_URL", "DINH_DEMO", "PORT",
    )  # fmt: skip
    file = data_dir / "environment.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({name: os.environ[name] for name in names if name in os.environ}))


def _run(data_dir: Path, *, server: EmbeddedPostgres | None, demo: bool) -> int:
    say("dinh", "Preparing the database" + (" and the model province" if demo else ""))
    done = subprocess.run(
        [sys.executable, "-m", "dinh", "prepare", *(["--demo"] if demo else [])], check=False
    )
    if done.returncode:
        say("dinh", "The database could not be prepared; the reason stands above.")
        return 1
    children = [Child("web", ["web"]), *worker_children(), Child("gateway", ["gateway"])]
    if demo and find_spec("dinh.sandbox.server"):
        children.append(Child("sandbox", ["sandbox"]))
    if demo:
        children.append(Child("plugin", ["signing_plugin"]))
    watch = _Watch(data_dir, server=server, demo=demo)
    Supervisor(data_dir=data_dir, children=children, watch=watch).run()
    return 0


def missing_programs() -> list[str]:
    """What this machine lacks, and what does not work without it: a line each."""
    lacking = {name: purpose for name, purpose in NEEDED_PROGRAMS.items() if shutil.which(name) is None}
    return [f"{name} is missing. {purpose}" for name, purpose in lacking.items()]


class _Watch:
    """Announces the address once all is well, and starts PostgreSQL again if it ends."""

    def __init__(self, data_dir: Path, *, server: EmbeddedPostgres | None, demo: bool) -> None:
        self.data_dir, self.server, self.demo = data_dir, server, demo
        self.address = f"http://127.0.0.1:{os.environ['PORT']}"
        self.announced = False
        self.started_at = self.server_started_at = time.monotonic()
        self.complained = False
        self.short_lives = 0

    def __call__(self) -> None:
        if self.server and not self.server.running():
            self._start_again(self.server)
        if self.announced:
            return
        reason = self._not_well()
        if not reason:
            self.announced = True
            self._announce()
        elif not self.complained and time.monotonic() - self.started_at > 30:
            self.complained = True
            say("dinh", f"Not ready after 30 s; waiting on. It says: {reason}")

    def _start_again(self, server: EmbeddedPostgres) -> None:
        """:raises ServerFailed: if it lived less than half a minute for the fourth time, or does not start"""
        lived = time.monotonic() - self.server_started_at
        self.short_lives = self.short_lives + 1 if lived < _STEADY_SECONDS else 0
        if self.short_lives > _SHORT_LIVES:
            raise ServerFailed(f"PostgreSQL ends soon after each start; see {server.log}.")
        say("dinh", "PostgreSQL ended; starting it again")
        server.start()
        self.server_started_at = time.monotonic()

    def _not_well(self) -> str:
        try:
            urllib.request.urlopen(f"{self.address}/healthz", timeout=3).close()  # noqa: S310 (our own address)
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace")
        except OSError as error:
            return str(error)
        return ""

    def _announce(self) -> None:
        ready = f"Đình is ready: {self.address}"
        lines = ["", ready, *self._accounts(), *missing_programs(), "Stop with Ctrl-C.", ""]
        for line in lines:
            say("dinh", line)

    def _accounts(self) -> list[str]:
        file = self.data_dir / "demo-accounts.json"
        if not self.demo or not file.exists():
            return []
        rows = [
            [str(row.get(key, "")) for key in ("username", "password", "role", "unit")]
            for row in json.loads(file.read_text())
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
        return ["", *("   ".join(map(str.ljust, row, widths)).rstrip() for row in rows), ""]

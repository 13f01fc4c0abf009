"""`dinh up` as an operator meets it: killed processes, a killed machine, Ctrl-C, a port that is another's."""

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from contextlib import contextmanager

import psutil
import psycopg
import pytest

from dinh.kernel.tests.ports import free_port

SECONDS = 90


class House:
    """A running `dinh up` with PostgreSQL of its own."""

    def __init__(self, data, port):
        self.data, self.url = data, f"http://127.0.0.1:{port}"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DINH_")}
        environment |= {"DINH_DATA_DIR": str(data), "PORT": str(port)}
        with (data / "up.log").open("ab") as log:
            command = [sys.executable, "-m", "dinh", "up"]
            self.up = psutil.Popen(command, env=environment, stdout=log, stderr=log)

    def wait_until(self, happened):
        last = time.monotonic() + SECONDS
        while not happened():
            assert time.monotonic() < last, (self.data / "up.log").read_text()
            time.sleep(0.2)

    def is_well(self):
        try:
            return urllib.request.urlopen(f"{self.url}/healthz", timeout=5).status == 200
        except OSError:
            return False

    def parts(self):
        """Process of each part by its name."""
        names = {
            "config.wsgi": "web",
            "exchange.gateway": "gateway",
            "procrastinate": "worker",
            "seal_audit": "sealer",
            "postgres": "postgres",
        }
        lines = {child: _command(child) for child in self.up.children()}
        return {name: child for child, line in lines.items() for word, name in names.items() if word in line}

    def database(self):
        address = json.loads((self.data / "environment.json").read_text())["DINH_DATABASE_URL"]
        return psycopg.connect(address, autocommit=True)


def _command(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@contextmanager
def running(data, port):
    house = House(data, port)
    try:
        house.wait_until(house.is_well)
        yield house
    finally:
        for process in [*house.up.children(recursive=True), house.up] if house.up.is_running() else []:
            process.kill()
        house.up.wait()


@pytest.fixture
def port():
    return free_port(following=4)


@pytest.mark.slow
def test_the_house_survives_kills_and_ends_on_ctrl_c(tmp_path, port):
    tmp_path.chmod(0o755)
    with running(tmp_path, port) as house:
        first = house.parts()
        for process in first.values():
            process.kill()
        house.wait_until(lambda: house.parts().keys() == first.keys() and house.is_well())
        assert {part.pid for part in house.parts().values()}.isdisjoint(part.pid for part in first.values())
        with house.database() as connection:
            connection.execute("CREATE TABLE acknowledged AS SELECT 1 AS act")
        everything = [*house.up.children(recursive=True), house.up]
        for process in everything:
            process.kill()
        psutil.wait_procs(everything, timeout=10)

    with running(tmp_path, port) as house:
        with house.database() as connection:
            assert connection.execute("SELECT act FROM acknowledged").fetchall() == [(1,)]
        family = house.up.children(recursive=True)
        house.up.send_signal(signal.SIGINT)
        assert house.up.wait(30) == 0
        assert psutil.wait_procs(family, timeout=5)[1] == []
        assert not (tmp_path / "environment.json").exists()


@pytest.mark.slow
def test_up_refuses_a_port_that_is_anothers(tmp_path, port):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        house = House(tmp_path, port)

        assert house.up.wait(60) == 1

    assert f"Another program listens on port {port}." in (tmp_path / "up.log").read_text()
    assert not (tmp_path / "postgres").exists()

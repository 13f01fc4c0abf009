"""Whoever offers a service cannot have the platform ask its own machine."""

import asyncio
import socket
import threading
from contextlib import closing

import pytest
from django.utils import timezone

from dinh.exchange.addresses import is_closed, names_closed
from dinh.exchange.gateway.routing import Upstream
from dinh.exchange.gateway.talk import UpstreamFailed
from dinh.exchange.gateway.upstream import Upstreams
from dinh.exchange.health import local_providers
from dinh.exchange.openapi import read_description
from dinh.exchange.operations.reach import reach
from dinh.exchange.operations.services import (
    NewVersion,
    fetch_description,
    publish_version,
    set_trial_address,
)
from dinh.exchange.tests.running import problem, running_gateway
from dinh.exchange.tests.world import make_system, make_version
from dinh.kernel.errors import InvalidInput, Unavailable

CLOSED = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::",
    "fe80::1", "fe80::1%eth0", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "no address",
)  # fmt: skip
OPEN = ("10.1.2.3", "172.16.0.1", "192.168.1.1", "203.113.1.1", "fd00::1", "2405:4800::1", "::ffff:10.1.2.3")
HOSTS = (
    "127.0.0.1", "[::1]", "localhost", "LOCALHOST.", "a.localhost", "2130706433", "0x7f.1", "127.1", "0",
    "169.254.169.254", "[fe80::1]", "[::ffff:127.0.0.1]",
)  # fmt: skip


@pytest.fixture
def only_network(settings):
    """As in production."""
    settings.EXCHANGE_LOCAL_PROVIDERS = False


def named(monkeypatch, *addresses):
    """Let the name lead there, to one address after the other."""
    turns, ask = iter(addresses), socket.getaddrinfo

    def found(host, port, *more, **named):
        if host not in ("dvc.backan.gov.vn", b"dvc.backan.gov.vn"):
            return ask(host, port, *more, **named)
        address = next(turns)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture
def secret_page():
    """Something on this machine that is for nobody outside; counts who connects."""
    connected = []

    def serve(listening):
        while True:
            try:
                wire, _from = listening.accept()
            except OSError:
                return
            connected.append(wire)
            with wire:
                wire.recv(4096)
                wire.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsecret{a} 42\nmore: a: b\n")

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listening,), daemon=True).start()
    yield listening.getsockname()[1], connected
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_addresses_of_the_machine_are_closed_and_private_networks_open():
    assert [each for each in CLOSED if not is_closed(each)] == []
    assert [each for each in OPEN if is_closed(each)] == []
    assert [each for each in HOSTS if not names_closed(each)] == []
    assert not names_closed("dvc.backan.gov.vn")


@pytest.mark.parametrize("host", HOSTS)
def test_no_address_of_the_machine_is_registered(host, version, owner, only_network):
    url = f"http://{host}:8000/metrics"
    description = read_description(b'{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}')
    faults = []
    for more in ({"base_url": url}, {"base_url": "http://10.1.2.3", "trial_url": url}):
        new = NewVersion("2.0", description, **more)
        with pytest.raises(InvalidInput) as refusal:
            publish_version(service_id=version.service_id, new=new, actor=owner, at=timezone.now())
        faults.append(refusal.value.field)

    with pytest.raises(InvalidInput):
        set_trial_address(version_id=version.pk, trial_url=url, actor=owner, at=timezone.now())
    with pytest.raises(InvalidInput):
        fetch_description(url)
    assert faults == ["base_url", "trial_url"]
    assert version.service.versions.count() == 1


def test_a_name_that_leads_to_the_machine_is_not_asked(only_network, monkeypatch, secret_page):
    port, connected = secret_page
    named(monkeypatch, "127.0.0.1", "127.0.0.1")

    with pytest.raises(InvalidInput):
        fetch_description(f"http://dvc.backan.gov.vn:{port}/metrics")
    found = reach(f"http://dvc.backan.gov.vn:{port}/metrics")

    assert (found.status, found.reason, connected) == (0, "địa chỉ này là của chính máy chủ", [])


def test_what_is_asked_is_what_was_judged(only_network, monkeypatch, secret_page):
    """A name that leads elsewhere a moment later."""
    port, connected = secret_page
    named(monkeypatch, "192.0.2.1", "127.0.0.1")
    monkeypatch.setattr("dinh.exchange.operations.reach._SECONDS", 0.2)

    found = reach(f"http://dvc.backan.gov.vn:{port}/metrics")

    assert (found.status, connected) == (0, [])


def test_redirects_lead_nowhere(upstream):
    found = reach(f"{upstream.url}/moved")

    assert found.status == 302
    assert upstream.seen == ["GET /moved"]


def test_nothing_of_what_came_is_told(secret_page):
    port, _connected = secret_page
    with pytest.raises(InvalidInput) as refusal:
        read_description(fetch_description(f"http://127.0.0.1:{port}/metrics"))
    assert str(refusal.value) == "Tệp không phải JSON hay YAML: dòng 2, cột 5"

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threading.Thread(target=_greet, args=(listening,), daemon=True).start()
        found = reach(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    assert (found.status, found.reason) == (0, "địa chỉ này không trả lời theo HTTP")
    with pytest.raises(Unavailable) as nobody:
        fetch_description("http://127.0.0.1:1/")
    assert str(nobody.value) == "Không tải được từ địa chỉ đó: không kết nối được"


def _greet(listening):
    wire, _from = listening.accept()
    with wire:
        wire.sendall(b"SSH-2.0-Secret\r\n")
        wire.recv(100)


def test_gateway_calls_no_provider_on_its_machine(world, upstream, tmp_path):
    with running_gateway(tmp_path, environment={"DINH_EXCHANGE_LOCAL_PROVIDERS": "0"}) as gateway:
        answer = gateway.call("/kho/1.0/small", gateway.token(*world.key_and_secret))

    assert problem(answer) == (502, "provider-forbidden")
    assert upstream.seen == []


def test_gateway_connects_to_what_it_judged(upstream):
    where = Upstream("dvc.backan.gov.vn", upstream.server_address[1], False, b"", b"x", 2, 1000)

    async def asked(*addresses):
        clients = Upstreams()
        turns = iter(addresses)

        async def found(_host, port, **_more):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in next(turns)]

        clients._loop.getaddrinfo = found
        with pytest.raises(UpstreamFailed) as failure:
            await clients.call(where, b"GET /small HTTP/1.1\r\nhost: x\r\n\r\n", method=b"GET", more=None)
        clients.close()
        return failure.value.code

    assert asyncio.run(asked(["127.0.0.1"])) == "provider-forbidden"
    assert asyncio.run(asked(["::ffff:127.0.0.1", "169.254.169.254"])) == "provider-forbidden"
    assert asyncio.run(asked(["192.0.2.1"], ["127.0.0.1"])) == "provider-unreachable"
    assert upstream.seen == []


def test_doctor_is_told_which_providers_are_closed(version):
    make_version(
        make_system("E"), base_url="http://127.0.0.1:8000/x", service="gan", version="2", paths=["/a"]
    )
    make_version(
        make_system("F"), base_url="http://[::1]/x", service="cu", version="1", paths=["/a"], state="retired"
    )

    assert local_providers() == ["gan/2"]

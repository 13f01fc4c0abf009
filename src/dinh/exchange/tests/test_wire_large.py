"""Large bodies over the signed wire: in constant memory, on disk only while they must be."""

import hashlib
import http.client
import os
import socket
import threading

import httpx
import psutil
import pytest
from django.db import transaction

from dinh.exchange.models import Exchange
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.provider import MB
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.sender import PATH, Sender
from dinh.exchange.tests.xroad_client import CLIENT, SERVICE

HUGE = 100 * MB


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.seen.clear()
    return shared_upstream


@pytest.fixture
def ends(shared_ends):
    shared_ends.settle()
    return shared_ends


class Memory(threading.Thread):
    """The most that the serving process of each gateway takes (PSS), looked at twenty times a second."""

    def __init__(self, *gateways):
        super().__init__(daemon=True)
        self.processes = [serving(gateway) for gateway in gateways]
        self.peaks = [0] * len(gateways)
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            now = [process.memory_full_info().pss for process in self.processes]
            self.peaks = [max(pair) for pair in zip(self.peaks, now, strict=True)]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_failure):
        self.ended.set()
        self.join()


def serving(gateway):
    return psutil.Process(gateway.process.pid)


def spooled(gateway):
    """How many bodies the gateway has on disk now."""
    folder = str(gateway.folder / "exchange" / gateway.name / "spool")
    links = f"/proc/{serving(gateway).pid}/fd"
    return sum(_target(f"{links}/{name}").startswith(folder) for name in os.listdir(links))


def _target(link):
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def test_hundred_megabytes_go_both_ways_in_constant_memory(ends):
    sent, received = hashlib.sha256(), hashlib.sha256()

    def body():
        for number in range(100):
            part = bytes([number]) * MB
            sent.update(part)
            yield part

    with Memory(ends.ours, ends.theirs) as memory, httpx.Client(trust_env=False, timeout=60) as client:
        headers = {"X-Road-Client": CLIENT}
        up = client.post(ends.ours.url + PATH, content=body(), headers=headers)
        with client.stream("GET", f"{ends.ours.url}/r1/{SERVICE}/1.0/huge", headers=headers) as down:
            for part in down.iter_bytes():
                received.update(part)

    assert (up.status_code, up.json()["body"], down.status_code) == (200, HUGE, 200)
    assert received.hexdigest() == hashlib.sha256(b"\x07" * HUGE).hexdigest()
    assert max(memory.peaks) < 200 * MB, memory.peaks
    assert eventually(lambda: (spooled(ends.ours), spooled(ends.theirs)), (0, 0)) == (0, 0)
    wanted = [(HUGE, len(up.content), "delivered"), (0, HUGE, "delivered")]
    for look in (ends.our_log, lambda: list(Exchange.objects.order_by("started_at"))):
        assert eventually(lambda look=look: sizes(look()), wanted) == wanted
        first, second = look()
        assert (first.request_sha256, second.response_sha256) == (sent.hexdigest(), received.hexdigest())


def sizes(rows):
    return [(row.request_bytes, row.response_bytes, row.outcome) for row in rows]


def reasons(ends):
    return [(row.outcome, row.reason) for row in ends.our_log()]


def test_large_message_changed_in_its_middle_reaches_no_provider(ends, upstream):
    sender, body = Sender(ends), bytearray(3 * MB)
    headers = sender.signed(sender.headers(), body=bytes(body), method="POST")
    body[len(body) // 2] = 1

    status, error, _headers = sender.send(headers, body=bytes(body), method="POST")

    assert (status, error["type"]) == (500, "Server.ServerProxy.InvalidSignatureValue")
    assert upstream.seen == []
    assert eventually(lambda: spooled(ends.theirs), 0) == 0


def test_caller_gone_midway_leaves_nothing_behind(ends, upstream):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Road-Client: {CLIENT}\r\nContent-Length: {50 * MB}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ends.ours.port)) as caller:
        caller.sendall(head.encode() + bytes(5 * MB))
        held = eventually(lambda: spooled(ends.ours), 1)
    after_upload = eventually(lambda: spooled(ends.ours), 0)
    caller = http.client.HTTPConnection("127.0.0.1", ends.ours.port)
    caller.request("GET", f"/r1/{SERVICE}/1.0/huge", headers={"X-Road-Client": CLIENT})
    read = len(caller.getresponse().read(MB))
    caller.close()

    assert (held, after_upload, read) == (1, 0, MB)
    assert eventually(lambda: (spooled(ends.ours), spooled(ends.theirs)), (0, 0)) == (0, 0)
    assert list((ends.folder / "exchange" / "ours" / "spool").iterdir()) == []
    assert upstream.seen == ["GET /base/huge"]
    wanted = [("aborted", "caller-gone")] * 2
    assert eventually(lambda: reasons(ends), wanted) == wanted


@pytest.fixture
def small_bodies(ends, shared_world):
    """Their version takes one megabyte."""
    versions = type(shared_world.version).objects.filter(pk=shared_world.version.pk)

    def take(megabytes, status):
        with transaction.atomic():
            versions.update(max_body_mb=megabytes)
            tell_gateways()
        body, headers = bytes(2 * MB), {"X-Road-Client": CLIENT}

        def told():
            return httpx.post(
                ends.ours.url + PATH, content=body, headers=headers, trust_env=False
            ).status_code

        assert eventually(told, status) == status
        ends.settle()

    take(1, 400)
    yield
    take(100, 200)


def test_message_above_its_versions_limit_is_refused_before_it_is_read(ends, upstream, small_bodies):
    upstream.seen.clear()
    sender = Sender(ends)
    headers = sender.signed(sender.headers(), body=b"never sent", method="POST")
    sender.wire.putrequest("POST", PATH, skip_accept_encoding=True)
    for name, value in headers:
        sender.wire.putheader(name.decode(), value.decode())
    sender.wire.putheader("content-length", str(50 * MB))
    sender.wire.endheaders(bytes(100_000))

    answer = sender.wire.getresponse()

    assert (answer.status, b"1048576" in answer.read()) == (400, True)
    assert spooled(ends.theirs) == 0
    sender.wire.close()
    refused = [
        httpx.post(
            ends.ours.url + PATH, content=bytes(20 * MB), headers={"X-Road-Client": CLIENT}, trust_env=False
        )
        for _time in range(5)
    ]
    assert [each.status_code for each in refused] == [400] * 5
    assert {"1048576" in each.text for each in refused} == {True}
    assert upstream.seen == []
    wanted = [(CLIENT, "kho", "refused", "body-too-large")] * 6

    def theirs():
        rows = Exchange.objects.order_by("started_at")
        return [(row.client, row.service, row.outcome, row.reason) for row in rows]

    assert eventually(theirs, wanted) == wanted

"""Callers of every kind before a real gateway, which those of this module share."""

import copy
import json
import time
from collections import Counter

import httpx
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dinh.exchange.gateway.described import DOCUMENT
from dinh.exchange.models import Exchange
from dinh.exchange.tests.log_rows import row_of
from dinh.exchange.tests.provider import PATHS
from dinh.exchange.tests.slow_clients import SlowClients
from dinh.exchange.tests.test_validation import DOCUMENT as DESCRIBED

QUIET = {
    "deadline": None, "database": None, "derandomize": True, "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip
MB = 1024 * 1024


@pytest.fixture
def world(shared_world):
    return shared_world


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.seen.clear()
    return shared_upstream


@pytest.fixture
def gateway(shared_gateway):
    return shared_gateway


def test_hundreds_of_slow_callers_hold_nobody_up(gateway, token):
    with SlowClients(gateway.port, 600, token=token, path="/kho/1.0/echo") as slow:
        times = []
        for _time in range(20):
            begun = time.monotonic()
            assert gateway.call("/kho/1.0/small", token).status_code == 200
            times.append(time.monotonic() - begun)

        assert slow.still_open() == 600
        assert sorted(times)[10] < 0.5
        assert psutil.Process(gateway.process.pid).memory_info().rss < 250 * MB


NAMES = st.one_of(
    st.sampled_from([
        "Content-Length", "Transfer-Encoding", "Connection", "Authorization", "X-Road-Client", "X-Road-Id", "Host",
        "Content-Type", "Accept", "Expect", "Upgrade", "TE", "Trailer", "Range", "Content-Encoding", "Cookie",
        "X-Forwarded-For", "Forwarded", "X-Exchange-Id",
    ]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["0", "-1", "chunked", "close", "100-continue", "gzip", "bytes=0-", "a" * 9000, ""]),
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=40),
)
SEGMENTS = st.one_of(
    st.sampled_from([
        "kho", "1.0", "small", "items", "r1", "VN", "GOV", "..", "%2e", "%00", "%ff", ";a=b", "{code}", "",
    ]),
    st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=12),
)  # fmt: skip
TARGETS = st.builds(
    lambda parts, query: "/" + "/".join(parts) + query,
    st.lists(SEGMENTS, max_size=9),
    st.one_of(st.just(""), st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20).map("?".__add__)),
)  # fmt: skip
METHODS = st.sampled_from(
    ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "\x7f"]
)


def test_fuzzed_heads_and_addresses_break_nothing(gateway, token):
    """No 5xx but those of X-Road's protocol, whose refusals are 500, and the server's own 501 and 505."""

    @settings(max_examples=300, **QUIET)
    @given(method=METHODS, target=TARGETS, headers=st.lists(st.tuples(NAMES, VALUES), max_size=6))
    def check(method, target, headers):
        known = [("Host", "x"), ("Connection", "close"), ("Authorization", f"Bearer {token}")]
        lines = [f"{name}: {value}" for name, value in [*known, *headers]]
        text = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        answer = gateway.raw(text.encode("latin-1"), seconds=0.3)
        status = answer[9:12]
        if b"x-road-error" not in answer:
            assert not status.startswith(b"5") or status in (b"501", b"505"), (text, answer)

    check()

    # The last one: all before it have come to the log by then.
    row_of(gateway.call("/kho/1.0/small", token))
    assert not Exchange.objects.filter(status__gte=500).exclude(front="xroad").exists()
    log = (gateway.folder / f"{gateway.name}.log").read_text()
    assert "Traceback" not in log, log[-3000:]


CONTENTS = st.one_of(
    st.sampled_from(
        [b"", b"{}", b'{"hoTen": "A"}', b"[" * 5000, b"\xff\xfe", b"a=1&a=2", b"<a/>", b"0\r\n\r\n"]
    ),
    st.binary(max_size=300),
)
KINDS = st.one_of(
    st.sampled_from([
        "application/json", "application/json; charset=utf-16", "text/plain", "application/xml", "multipart/form-data",
        "application/x-www-form-urlencoded", "application/problem+json", "json", "", ";", "a/b; charset=\"",
    ]),
    VALUES,
)  # fmt: skip


def chunks(content, sizes, ending):
    """In chunks of these sizes, as they are told, not as they are."""
    step = max(1, len(content) // max(1, len(sizes)))
    parts = [content[at : at + step] for at in range(0, len(content), step)]
    told = zip(parts, sizes, strict=False)
    return b"".join(size(part) + b"\r\n" + part + b"\r\n" for part, size in told) + ending


SIZES = st.sampled_from([
    lambda part: b"%x" % len(part),
    lambda part: b"%X;name=value" % len(part),
    lambda part: b"000%x" % len(part),
    lambda part: b"%x" % (len(part) + 1),
    lambda part: b"%x" % max(0, len(part) - 1),
    lambda _part: b"-1",
    lambda _part: b"0x5",
    lambda _part: b"ffffffffffffffffff",
    lambda _part: b" ",
    lambda _part: b"",
])  # fmt: skip
ENDINGS = st.sampled_from([
    b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n", b"0\r\nContent-Length: 5\r\n\r\n", b"0\n\n", b"00\r\n\r\n", b"0\r\n",
    b"", b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
])  # fmt: skip
BODIES = st.one_of(
    st.tuples(CONTENTS, st.integers(-2, 3)).map(
        lambda given: ([f"Content-Length: {max(0, len(given[0]) + given[1])}"], given[0])
    ),
    st.builds(
        lambda content, sizes, ending: (["Transfer-Encoding: chunked"], chunks(content, sizes, ending)),
        CONTENTS, st.lists(SIZES, min_size=1, max_size=4), ENDINGS,
    ),
    st.tuples(st.sampled_from([[], ["Content-Length: 5", "Transfer-Encoding: chunked"]]), CONTENTS),
)  # fmt: skip
DOORS = st.sampled_from([
    "/kho/1.0/echo", "/kho/1.0/small", "/kho/1.0/items/AB", "/token", "/r1/VN/GOV/H03.DMDC/DMDC/kho/1.0/echo",
    "/healthz",
])  # fmt: skip


def described_whole():
    """The description with all operations that are called."""
    document = copy.deepcopy(DESCRIBED)
    for operation in PATHS:
        method, _space, path = operation.rpartition(" ")
        document["paths"].setdefault(path, {}).setdefault((method or "GET").lower(), {})
    return document


@pytest.mark.parametrize("judges", [False, True], ids=["plain", "judged"])
def test_fuzzed_bodies_break_nothing(gateway, token, world, upstream, judges):
    """Chunks and lengths that are not what they say, media types of all kinds; no 5xx, but as above."""
    world.version.document, world.version.validates = (described_whole(), True) if judges else ({}, False)
    world.version.save()
    gateway.take_up()
    statuses = Counter()

    @settings(max_examples=150, **QUIET)
    @given(
        method=st.sampled_from(["POST", "PUT", "PATCH", "GET", "DELETE"]),
        door=DOORS, kind=KINDS, body=BODIES, headers=st.lists(st.tuples(NAMES, VALUES), max_size=2),
    )  # fmt: skip
    def check(method, door, kind, body, headers):
        known = [
            ("Host", "x"),
            ("Connection", "close"),
            ("Authorization", f"Bearer {token}"),
            ("Content-Type", kind),
        ]
        known += [("X-Road-Client", "VN/GOV/H03.MOTCUA/MOTCUA")] if door.startswith("/r1/") else []
        lines = [*body[0], *(f"{name}: {value}" for name, value in [*known, *headers])]
        head = "\r\n".join([f"{method} {door} HTTP/1.1", *lines, "", ""]).encode("latin-1")
        answer = gateway.raw(head + body[1], seconds=0.3)
        status = answer[9:12].decode()
        statuses[status] += 1
        if b"x-road-error" not in answer:
            assert not status.startswith("5") or status in ("501", "505"), (head + body[1], answer)

    check()

    assert statuses["200"] > 5, statuses
    assert statuses["400"] > 5, statuses
    # The last one: all before it have come to the log by then.
    row_of(gateway.call("/kho/1.0/small", token))
    assert not Exchange.objects.filter(status__gte=500).exclude(front="xroad").exists()
    assert [seen for seen in upstream.seen if "/base/" not in seen] == []
    log = (gateway.folder / f"{gateway.name}.log").read_text()
    assert "Traceback" not in log, log[-3000:]


OWN = schemathesis.openapi.from_dict(json.loads(DOCUMENT))


@pytest.mark.parametrize(
    "operation", [each.ok() for each in OWN.get_all_operations()], ids=lambda each: each.label
)
def test_gateways_own_addresses_take_or_refuse_whatever_fits(gateway, token, operation):
    @settings(max_examples=25, **QUIET)
    @given(case=operation.as_strategy())
    def check(case):
        answer = case.call(base_url=gateway.url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert answer.status_code < 500
        if answer.status_code >= 400 and operation.path != "/token":
            assert answer.headers["content-type"] == ["application/problem+json"]

    check()

    assert httpx.get(f"{gateway.url}/openapi.json", trust_env=False).content == DOCUMENT

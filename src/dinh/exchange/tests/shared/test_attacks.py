"""Attacks on the wire: what can be read in two ways, and what holds connections."""

import json
import socket
import time

import psutil
import pytest

from dinh.exchange.operations.evidence import standing_of
from dinh.exchange.tests.running import eventually


def head(token, *lines, request="GET /kho/1.0/small HTTP/1.1"):
    return "\r\n".join([request, "Host: x", f"Authorization: Bearer {token}", *lines, "", ""]).encode(
        "latin-1"
    )


MB = 1024 * 1024
SMUGGLED = b"GET /kho/1.0/items/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5, 6"],
        ["Content-Length: +5"],
        ["Content-Length: -5"],
        ["Content-Length: 0x5"],
        ["Content-Length: 5 5"],
        ["Content-Length: 99999999999999999999999"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding : chunked", "Content-Length: 5"],
        ["Content-Length: 5", "Transfer-Encoding: \x0bchunked"],
        ["X: 1\r\n folded"],
        ["X: a\x00b"],
        ["X\x00: a"],
        ["X : a"],
        ["Authorization: Bearer x"],
    ],
    ids=repr,
)
def test_what_can_be_read_in_two_ways_is_refused(gateway, token, upstream, lines):
    got = gateway.raw(head(token, *lines, request="POST /kho/1.0/echo HTTP/1.1") + b"0\r\n\r\n" + SMUGGLED)

    first = got.split(b"\r\n", 1)[0]
    assert got == b"" or first.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 501")), first
    assert [seen for seen in upstream.seen if "smuggled" in seen or "echo" in seen] == []


@pytest.mark.parametrize("lines", [[], ["Host:"], ["Host: "], ["Host: x", "Host: y"]], ids=repr)
def test_request_names_one_host(gateway, token, upstream, lines):
    given = ["GET /kho/1.0/small HTTP/1.1", f"Authorization: Bearer {token}", "Connection: close", *lines]

    assert gateway.raw("\r\n".join([*given, "", ""]).encode())[9:12] == b"400"
    assert upstream.seen == []


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("coding", ["Transfer-Encoding: chunked", "Transfer-Encoding:\tchunked"])
def test_chunked_beside_a_length_is_refused_and_nothing_after_it_is_read(
    gateway, token, upstream, order, coding
):
    """RFC 9112, 6.1: a server may refuse what has both; no provider sees either."""
    lines = [f"Content-Length: {5 + len(SMUGGLED)}", coding][::order]

    got = gateway.raw(head(token, *lines, request="POST /kho/1.0/echo HTTP/1.1") + b"0\r\n\r\n" + SMUGGLED)

    start, _mark, body = got.partition(b"\r\n\r\n")
    assert (start.split(b"\r\n")[0], json.loads(body)["type"]) == (
        b"HTTP/1.1 400 Bad Request",
        "urn:dinh:problem:exchange-unreadable-request",
    )
    assert upstream.seen == []


@pytest.mark.parametrize(
    "path",
    [
        "/kho/1.0/../1.0/small", "/kho/1.0/./small", "/kho//1.0/small", "/kho/1.0/%2e%2e/small",
        "/kho/1.0/items/..", "/kho/1.0/items/%2e%2e", "/kho/1.0/items/%2e%2e%2fsecret", "/kho/1.0/items/a%2fb",
        "/kho/1.0/items/a%5cb", "/kho/1.0/items/a\\b", "/kho/1.0/items/%00", "/kho/1.0/items/a%0d%0aX:1",
        "/kho/1.0/items/%252e%252e", "/kho/1.0/items/%25", "/kho/1.0/items/%zz", "/kho/1.0/items/%2E",
        "/kho/1.0/small/", "/kho/1.0/items/a%7f", "/kho/1.0/items/a%2Fparts%2F1", "/kho/1.0/items/..;/parts/1",
        "/kho/1.0/items/..;a=b/parts/1", "/kho/1.0/items/..%3b/parts/1", "/kho/1.0/items/..%3B/parts/1",
        "/kho/1.0/items/x/parts/..;", "/kho/1.0/items/;/parts/1", "/kho/1.0/items/fixed;a",
        "/kho/1.0/items/%c0%ae%c0%ae/parts/1", "/kho/1.0/items/%e0%80%ae/parts/1", "/kho/1.0/items/%ff",
        "/kho/1.0/items/%ed%a0%80",
    ],
)  # fmt: skip
def test_paths_are_refused_that_a_provider_could_read_otherwise(gateway, token, upstream, path):
    got = gateway.raw(head(token, "Connection: close", request=f"GET {path} HTTP/1.1"))

    assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404")), got[:200]
    assert upstream.seen == []


def test_paths_of_any_letters_reach_the_provider_as_they_are(gateway, token, upstream):
    path = "/items/h%E1%BB%99%20t%E1%BB%8Bch,(1)"

    assert (
        gateway.raw(head(token, "Connection: close", request=f"GET /kho/1.0{path} HTTP/1.1"))[9:12] == b"200"
    )
    assert upstream.seen == [f"GET /base{path}"]


@pytest.mark.parametrize(
    "target", ["http://evil/kho/1.0/small", "//evil/kho/1.0/small", "*", "kho/1.0/small", "/kho/1.0/small#x"]
)
def test_other_forms_of_targets_reach_nobody_else(gateway, token, upstream, target):
    got = gateway.raw(head(token, "Connection: close", request=f"GET {target} HTTP/1.1"))

    # An absolute target of the gateway itself is legal (RFC 9112, 3.2.2): it means the same path here.
    assert got[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 401", b"HTTP/1.1 200") or got == b""
    assert set(upstream.seen) <= {"GET /base/small"}


def test_head_has_limits(gateway, token):
    many = gateway.raw(head(token, "Connection: close", *[f"X-{number}: 1" for number in range(80)]))
    large = gateway.raw(head(token, "Connection: close", "X: " + "a" * 20_000))
    path = gateway.raw(head(token, "Connection: close", request=f"GET /kho/1.0/items/{'a' * 5000} HTTP/1.1"))
    endless = gateway.raw(b"GET /" + b"a" * 2_000_000)

    assert many.startswith(b"HTTP/1.1 431")
    assert large.startswith(b"HTTP/1.1 431")
    assert path.startswith(b"HTTP/1.1 414")
    assert endless == b"" or endless.startswith((b"HTTP/1.1 4",))
    assert gateway.call("/kho/1.0/small", token).status_code == 200


def test_headers_of_the_log_cannot_break_its_lines(gateway, token, own_log):
    lines = ["X-Road-UserId: a\tb\\N", "X-Road-Issue: \\.", "X-Road-Id: \xff\xfe", "Connection: close"]

    got = gateway.raw(head(token, *lines))

    assert got.startswith(b"HTTP/1.1 200")
    assert eventually(own_log.count, 1) == 1
    logged = list(own_log.values_list("user_id", "issue", "message_id", "status"))
    assert logged == [("a?b?N", "?.", "\ufffd\ufffd", 200)]


def test_caller_that_goes_away_with_half_a_body_is_noted(gateway, token, upstream, own_log):
    with socket.create_connection(("127.0.0.1", gateway.port)) as wire:
        wire.sendall(head(token, "Content-Length: 100", request="POST /kho/1.0/echo HTTP/1.1") + b"half")
        time.sleep(0.3)

    assert eventually(own_log.count, 1) == 1
    assert list(own_log.values_list("outcome", "reason")) == [("aborted", "caller-gone")]
    assert upstream.seen == []


def test_caller_that_goes_away_amid_an_answer_is_noted(gateway, token, own_log):
    with socket.create_connection(("127.0.0.1", gateway.port)) as wire:
        wire.sendall(head(token, request="GET /kho/1.0/large HTTP/1.1"))
        wire.recv(1000)
        time.sleep(0.3)

    look = lambda: list(own_log.values_list("outcome", "reason"))  # noqa: E731
    assert eventually(look, [("aborted", "caller-gone")]) == [("aborted", "caller-gone")]


def test_callers_that_do_not_read_cost_little_memory(gateway, token):
    wires = []
    for _number in range(10):
        wire = socket.create_connection(("127.0.0.1", gateway.port))
        wire.sendall(head(token, request="GET /kho/1.0/large HTTP/1.1"))
        wires.append(wire)
    time.sleep(2)

    processes = [psutil.Process(gateway.process.pid)]
    assert max(each.memory_info().rss for each in processes) < 180 * MB
    for wire in wires:
        wire.close()


FORMULA = "=cmd|' /C calc'!A0"
HOSTILE = {
    FORMULA.encode(): FORMULA,
    b"<script>alert(1)</script>": "<script>alert(1)</script>",
    b"GOV/1\t\tfailed\tx": "GOV/1??failed?x",
    b"\\N": "?N",
    b"a\\tb\\": "a?tb?",
    '\u2028{"id": 1}\x85x\u202egnp.exe'.encode(): '\u2028{"id": 1}\x85x\u202egnp.exe',
    "\N{LATIN SMALL LETTER E WITH ACUTE}".encode() * 300: "\N{LATIN SMALL LETTER E WITH ACUTE}" * 160,
    b"\xff\xfe": "\ufffd\ufffd",
}
"""For whom a caller says that it calls, and what the log keeps of it."""


def test_what_a_caller_says_of_whom_it_calls_for_makes_no_other_line(gateway, token, own_log):
    for said in HOSTILE:
        line = b"X-Road-Represented-Party: " + said
        got = gateway.raw(head(token, "Connection: close")[:-2] + line + b"\r\n\r\n")
        assert got[9:12] == b"200", (said, got)

    assert eventually(own_log.count, len(HOSTILE)) == len(HOSTILE)
    rows = list(own_log.order_by("started_at"))
    assert [row.represented_party for row in rows] == list(HOSTILE.values())
    assert {(row.status, row.outcome, row.reason, row.subject) for row in rows} == {
        (200, "delivered", "", "")
    }
    assert [standing_of(row).is_unaltered for row in rows] == [True] * len(rows)

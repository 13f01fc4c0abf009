"""The listening end by itself: what callers send over plain sockets, and what an application gets of it."""

import asyncio
import contextlib
import re
import socket
import time

import pytest
import uvloop

from dinh.exchange.gateway import requests as requests_module
from dinh.exchange.gateway import server as server_module
from dinh.exchange.gateway.requests import Body, CallerGone, read_request
from dinh.exchange.gateway.server import Server
from dinh.exchange.gateway.turns import BrokenOff, Turn
from dinh.kernel.tests.ports import free_port

KB = 1024
PLAIN = b"HTTP/1.1 200 OK\r\n"


class Application:
    """Answers by path; keeps what it saw."""

    def __init__(self):
        self.seen = []

    async def __call__(self, turn: Turn) -> None:
        with contextlib.suppress(CallerGone):
            await self._answer(turn)

    async def _answer(self, turn: Turn) -> None:
        incoming = read_request(turn)
        self.seen.append((turn.method, turn.path, turn.query, dict(turn.headers)))
        if turn.path == b"/echo":
            await turn.answer(200, [], await Body(turn.receive, 10**8, incoming.length).whole())
        elif turn.path == b"/slow":
            await asyncio.sleep(0.1)
            await turn.answer(200, [], b"slow")
        elif turn.path == b"/parts":
            await turn.begin(200, [])
            await turn.part(b"one")
            await turn.end(b"two")
        elif turn.path == b"/broken":
            await turn.begin(200, [(b"content-length", b"10")])
            await turn.part(b"half")
            raise BrokenOff
        elif turn.path == b"/error":
            raise ValueError("on purpose")
        elif turn.path == b"/endless":
            await turn.begin(200, [])
            with contextlib.suppress(asyncio.CancelledError):
                while not turn.is_gone:
                    await turn.part(b"x" * 64 * KB)
        else:
            await turn.answer(200, [(b"content-length", b"999")], b"plain")


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def ask(application):
    """Send parts, each after a moment; what comes back until the server closes, or nothing more comes."""

    def asked(*parts, seconds=0.5, **settings):
        return uvloop.run(_asked(application, parts, seconds, **settings))

    return asked


async def _asked(application, parts, seconds, most=10):
    port = free_port()
    listening = Server(application, most=most)
    await listening.listen("127.0.0.1", port)
    try:
        return await asyncio.to_thread(_sent, port, parts, seconds)
    finally:
        await listening.end(seconds=0)


def _sent(port, parts, seconds):
    """:returns: what came, and whether the server closed"""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.settimeout(0.1)
        got = b""
        for part in parts:
            wire.sendall(part)
            with contextlib.suppress(TimeoutError):
                got += wire.recv(64 * KB)
        wire.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while part := wire.recv(64 * KB):
                got += part
            return got, True
        return got, False


def head(line, *headers):
    return "\r\n".join([f"{line} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def bodies(got):
    """Status and content of each answer that tells its length."""
    found = []
    while got:
        start, _mark, got = got.partition(b"\r\n\r\n")
        length = int(start.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        found.append((start.split(b"\r\n")[0], got[:length]))
        got = got[length:]
    return found


def test_answer_has_its_length_a_date_and_keeps_the_connection(ask):
    got, is_closed = ask(head("GET /plain?a=b"))

    lines = got.split(b"\r\n")
    assert (lines[0], lines[-3], lines[-1], is_closed) == (
        b"HTTP/1.1 200 OK",
        b"content-length: 5",
        b"plain",
        False,
    )
    assert (lines[1][:6], lines[1][-4:]) == (b"date: ", b" GMT")


def test_requests_sent_one_behind_the_other_are_answered_in_their_order(ask, application):
    got, _closed = ask(
        head("GET /slow") + head("POST /echo", "Content-Length: 4") + b"echo" + head("GET /plain")
    )

    assert bodies(got) == [(PLAIN.strip(), body) for body in (b"slow", b"echo", b"plain")]
    assert [path for _method, path, _query, _headers in application.seen] == [b"/slow", b"/echo", b"/plain"]


def test_head_and_body_may_come_byte_by_byte(ask):
    request = head("POST /echo", "Transfer-Encoding: chunked") + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"

    got, _closed = ask(*[request[at : at + 40] for at in range(0, len(request), 40)])

    assert bodies(got) == [(b"HTTP/1.1 200 OK", b"abc")]


def test_trailers_reach_nobody(ask, application):
    ask(head("POST /echo", "Transfer-Encoding: chunked") + b"1\r\na\r\n0\r\nAuthorization: late\r\n\r\n")

    assert application.seen == [(b"POST", b"/echo", b"", {b"host": b"x", b"transfer-encoding": b"chunked"})]


def test_caller_that_waits_for_a_word_gets_it_when_the_body_is_wanted(ask):
    got, _closed = ask(head("POST /echo", "Content-Length: 2", "Expect: 100-continue"), b"ab")
    unasked, _closed = ask(head("POST /plain", "Content-Length: 2", "Expect: 100-continue"))

    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert unasked.startswith(PLAIN)


@pytest.mark.parametrize("framing", ["Content-Length: 3", "Transfer-Encoding: chunked"])
def test_upgrade_is_ignored_and_the_body_arrives(ask, framing):
    body = b"abc" if framing.endswith("3") else b"3\r\nabc\r\n0\r\n\r\n"

    got, is_closed = ask(
        head("POST /echo", framing, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c") + body
    )

    assert (bodies(got), is_closed) == ([(b"HTTP/1.1 200 OK", b"abc")], True)
    assert b"connection: close" in got


def test_upgrade_without_a_body_is_ignored(ask):
    got, is_closed = ask(head("GET /plain", "Connection: Upgrade", "Upgrade: websocket"))

    assert (bodies(got), is_closed) == ([(b"HTTP/1.1 200 OK", b"plain")], True)


def test_old_callers_get_no_chunks(ask):
    kept, is_closed = ask(b"GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    parts, parts_closed = ask(b"GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert (b"connection: keep-alive" in kept, is_closed) == (True, False)
    assert (parts.partition(b"\r\n\r\n")[2], b"chunked" in parts, parts_closed) == (b"onetwo", False, True)


def test_old_callers_send_no_chunks(ask, application):
    """RFC 9112, 6.1: their framing is faulty, and nothing after it is read."""
    chunks = b"3\r\nabc\r\n0\r\n\r\n"

    got, is_closed = ask(
        b"POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunks + head("GET /plain")
    )  # fmt: skip

    assert (got.split(b"\r\n")[0], got.count(b"content-length"), is_closed) == (
        b"HTTP/1.1 400 Bad Request",
        1,
        True,
    )
    assert application.seen == []


def test_answers_without_a_length_come_in_chunks(ask):
    got, is_closed = ask(head("GET /parts"))

    assert got.partition(b"\r\n\r\n")[2] == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert (b"transfer-encoding: chunked" in got, is_closed) == (True, False)


def test_head_is_answered_without_content(ask):
    got, _closed = ask(head("HEAD /plain"))

    assert (got.startswith(PLAIN), got.endswith(b"\r\n\r\n"), b"content-length: 999" in got) == (
        True,
        True,
        True,
    )


def test_close_is_kept_to(ask):
    got, is_closed = ask(head("GET /plain", "Connection: close"))

    assert (b"connection: close" in got, is_closed) == (True, True)


@pytest.mark.parametrize("path", ["/broken", "/error"])
def test_answers_that_break_off_drop_the_connection(ask, path):
    try:
        got, is_closed = ask(head(f"GET {path}"))
    except ConnectionResetError:
        return

    assert (got.partition(b"\r\n\r\n")[2] in (b"", b"half"), is_closed) == (True, True)


@pytest.mark.parametrize(
    "first", [head("GET /broken"), head("GET /plain", "Upgrade: x", "Connection: Upgrade")]
)
def test_nothing_is_asked_for_after_the_last_answer(ask, application, first):
    with contextlib.suppress(ConnectionResetError):
        ask(first + head("GET /slow"))

    assert [path for _method, path, _query, _headers in application.seen] == [first.split(b" ")[1]]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"nonsense\r\n\r\n"], b"400"),
        ([b"GET /plain HTTP/2.0\r\n\r\n"], b"505"),
        ([b"GET /plain HTTP/1.1\r\nX: " + b"a" * 20 * KB, b"a" * 20 * KB, b"a" * 20 * KB], b"431"),
        ([b"GET /" + b"a" * 40 * KB], b"431"),
        ([b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 20_000], b"431"),
        ([head("POST /slow", "Transfer-Encoding: chunked") + b"1\r\na\r\n0\r\nX: " + b"a" * 40 * KB], b"200"),
        ([head("POST /echo", "Transfer-Encoding: chunked") + b"1;", b"a" * 40 * KB], b"431"),
    ],
    ids=["no request", "another version", "header", "address", "headers", "trailer", "chunk extension"],
)
def test_what_cannot_be_read_is_answered_and_ends_the_connection(ask, parts, status):
    got, is_closed = ask(*parts, seconds=3)

    assert (got.split(b" ")[1], is_closed) == (status, True)


def test_answer_that_comes_before_the_body_arrives_though_the_body_goes_on(ask):
    got, is_closed = ask(head("POST /plain", "Content-Length: 2000000") + b"x" * 10, b"x" * 10**6, seconds=4)

    assert (bodies(got), is_closed) == ([(b"HTTP/1.1 200 OK", b"plain")], True)
    assert b"connection: close" in got


def test_absolute_addresses_mean_the_path(ask, application):
    ask(head("GET http://elsewhere/plain?a=1"))

    assert [seen[:3] for seen in application.seen] == [(b"GET", b"/plain", b"a=1")]


@pytest.mark.parametrize(
    "second",
    [
        head("GET /plain?so=079&x=%20"),
        head("DELETE /plain/1"),
        head("GET /plain").replace(b"Host: x", b"Host: y"),
        head("GET /plain", "Connection: close"),
        head("GET /plain", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head("HEAD /plain"),
        head("POST /echo"),
        head("POST /echo", "Content-Length: 2") + b"ab",
        head("GET http://elsewhere/plain"),
        head("GET /plain#end"),
        head("GET  /plain"),
        head("GET /a b"),
        head("GET /\N{LATIN SMALL LETTER E WITH ACUTE}"),
        head("GET /plain\x01"),
        head("get /plain"),
        head("GET *"),
        head("CONNECT x:1"),
        head("GET /plain").replace(b"1.1", b"1.0"),
        head("GET /plain").replace(b"1.1", b"2.0"),
        head("GET /plain").replace(b"1.1\r\n", b"1.1\n"),
        head("GET /plain").replace(b"1.1\r\n", b"1.1\r\nX: y\r\n"),
        b"\r\n" + head("GET /plain"),
        b"GET /\r\n" + head("GET /plain"),
        head("GET /plain") * 2,
        head("GET /plain") + b"GET /pl",
        head("GET /" + "x" * 5000),
    ],
)
def test_request_after_one_with_the_same_headers_is_read_as_if_it_were_the_first(ask, application, second):
    """Whatever is known of headers already changes nothing of how a request is read."""
    sent = (head("GET /plain"), second, head("GET /plain?last"))
    known, _closed = ask(*sent, seconds=0.1)
    seen, application.seen = application.seen, []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server_module, "_LINE", re.compile(rb"(?!)"))
        anew, _closed = ask(*sent, seconds=0.1)

    assert (seen, timeless(known)) == (application.seen, timeless(anew))


def timeless(got):
    """What came, without ids and dates."""
    return re.sub(rb"urn:uuid:[0-9a-f-]+|date: [^\r]+", b"", got)


def test_headers_that_come_again_are_read_once(ask, monkeypatch):
    made = []
    real = requests_module.sorted_headers
    monkeypatch.setattr(requests_module, "sorted_headers", lambda told: made.append(told) or real(told))

    ask(head("GET /plain?1"), head("GET /plain?2"), head("GET /slow"), head("GET /plain", "X: y"))

    assert [len(told) for told in made] == [1, 2]


def test_heads_that_do_not_come_and_callers_that_take_nothing_are_let_go(ask, application, monkeypatch):
    monkeypatch.setattr(server_module, "_HEAD_SECONDS", 0.3)
    monkeypatch.setattr(server_module, "_TAKE_SECONDS", 0.3)

    nothing, is_closed = ask(b"GET /plain HTTP/1.1\r\nX", seconds=3)
    cut_off = uvloop.run(_untaken(application))

    assert (nothing, is_closed) == (b"", True)
    assert (cut_off[:17], cut_off.endswith(b"0\r\n\r\n")) == (PLAIN, False)


async def _untaken(application):
    """Ask for more than buffers hold, take nothing for a second, then read to the end."""
    port = free_port()
    listening = Server(application, most=10)
    await listening.listen("127.0.0.1", port)

    def untaken():
        with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
            wire.sendall(head("GET /endless"))
            time.sleep(1)
            with contextlib.suppress(ConnectionResetError):
                return b"".join(iter(lambda: wire.recv(64 * KB), b""))

    try:
        return await asyncio.to_thread(untaken)
    finally:
        await listening.end(seconds=0)


def test_connections_beyond_the_most_are_closed(application):
    async def two():
        port = free_port()
        listening = Server(application, most=1)
        await listening.listen("127.0.0.1", port)
        try:
            return await asyncio.to_thread(both, port)
        finally:
            await listening.end(seconds=0)

    def both(port):
        with socket.create_connection(("127.0.0.1", port)) as first:
            first.sendall(head("GET /plain"))
            first.recv(KB)
            try:
                second, _closed = _sent(port, [head("GET /plain")], 1)
            except (ConnectionResetError, BrokenPipeError):
                second = b""
            first.sendall(head("GET /plain"))
            return second, first.recv(KB)

    second, first_again = uvloop.run(two())

    assert (second, first_again.startswith(PLAIN)) == (b"", True)


def test_end_lets_calls_end_and_takes_no_more(application):
    async def ended():
        port = free_port()
        listening = Server(application, most=10)
        await listening.listen("127.0.0.1", port)
        asking = asyncio.create_task(asyncio.to_thread(_sent, port, [head("GET /slow")], 2))
        while not application.seen:
            await asyncio.sleep(0.01)
        await listening.end(seconds=5)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.to_thread(_sent, port, [head("GET /plain")], 1)
        return await asking

    got, is_closed = uvloop.run(ended())

    assert (bodies(got), is_closed) == ([(b"HTTP/1.1 200 OK", b"slow")], True)

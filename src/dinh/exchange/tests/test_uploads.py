"""Bodies that come slowly, and answers that come in pieces."""

import asyncio
import contextlib
import socket
import time

import pytest

from dinh.exchange.gateway import pools, requests
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Body
from dinh.exchange.gateway.routing import Upstream
from dinh.exchange.gateway.spool import Spool
from dinh.exchange.gateway.upstream import Upstreams
from dinh.exchange.models import Beginning, Exchange
from dinh.exchange.tests.provider import MB
from dinh.exchange.tests.running import eventually


def test_small_answers_whose_head_and_body_come_apart_are_logged_once(gateway, token):
    answers = [gateway.call("/kho/1.0/split", token) for _time in range(10)]

    assert [answer.content for answer in answers] == [b"small"] * 10
    assert eventually(Exchange.objects.filter(outcome="delivered").count, 10) == 10
    # On a busy machine a body may come later than the gateway waits for it, but not all of them.
    assert Beginning.objects.count() < 10


def test_rest_of_a_small_answer_is_waited_for_a_moment():
    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.2 if b"late" in head else 0.002)
        writer.write(b"small")
        await writer.drain()
        writer.close()

    async def asked(where, path, seconds):
        clients = Upstreams(allows_local=True)
        answer = await clients.call(
            where, b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n" % path, method=b"GET", more=None
        )
        await answer.rest_soon(seconds, 1000)
        whole = answer.body
        if not answer.is_complete:
            whole += await answer.more()
        answer.release()
        return answer.is_complete, answer.body, whole

    async def both():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        where = Upstream("127.0.0.1", server.sockets[0].getsockname()[1], False, b"", b"x", 5, MB)
        found = await asked(where, b"soon", 5), await asked(where, b"late", 0.01)
        server.close()
        return found

    assert asyncio.run(both()) == ((True, b"small", b"small"), (False, b"", b"small"))


def test_hundreds_of_slow_uploads_hold_no_connection_to_the_provider(gateway, token, upstream):
    head = f"POST /kho/1.0/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {MB}\r\n\r\n"
    with contextlib.ExitStack() as slow:
        for _number in range(300):
            caller = slow.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
            caller.sendall(head.encode() + bytes(100_000))
        begun = time.monotonic()
        small = gateway.call("/kho/1.0/small", token)
        large = gateway.call("/kho/1.0/echo", token, "POST", content=bytes(3 * MB))

        assert time.monotonic() - begun < 5
        assert (small.status_code, large.json()["body"]) == (200, 3 * MB)
        assert upstream.seen == ["GET /base/small", "POST /base/echo"]


def coming(count, *, seconds):
    """So many parts of ten bytes, one after the other."""
    left = count

    async def receive():
        nonlocal left
        left -= 1
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": b"0123456789", "more_body": left > 0}

    return receive


@pytest.fixture
def impatient(monkeypatch):
    """0.2 seconds, and as many as 1,000 bytes a second take."""
    monkeypatch.setattr(requests, "CALLER_SECONDS", 0.2)
    monkeypatch.setattr(requests, "SLOWEST", 1000)


def test_body_that_trickles_is_given_up(impatient):
    with pytest.raises(Refusal) as refused:
        asyncio.run(Body(coming(100, seconds=0.05), 10_000, 1000).whole())

    assert refused.value.code == "caller-too-slow"


def test_time_that_the_provider_takes_is_not_the_callers(impatient):
    async def taken():
        size = 0
        async for part in Body(coming(10, seconds=0), 10_000, 100).parts():
            await asyncio.sleep(0.05)
            size += len(part)
        return size

    assert asyncio.run(taken()) == 100


def test_uploads_leave_connections_for_other_calls(monkeypatch):
    monkeypatch.setattr(pools, "_MOST_UPLOADS", 1)

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b"POST" in head:
                    await reader.readexactly(5)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def calls():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        where = Upstream("127.0.0.1", port, False, b"", b"x", 0.3, MB)
        clients, may_end = Upstreams(allows_local=True), asyncio.Event()

        async def slowly():
            await may_end.wait()
            yield b"12345"

        async def upload(parts):
            head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"
            answer = await clients.call(where, head, method=b"POST", more=parts)
            answer.release()
            return answer.body

        first = asyncio.create_task(upload(slowly()))
        await asyncio.sleep(0.05)
        small = await clients.call(where, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", method=b"GET", more=None)
        small.release()
        with pytest.raises(Refusal) as refused:
            await upload(slowly())
        may_end.set()
        found = small.body, refused.value.code, await first, await upload(slowly())
        clients.close()
        server.close()
        return found

    assert asyncio.run(calls()) == (b"ok", "provider-busy", b"ok", b"ok")


def test_spool_that_is_full_refuses_and_forgets_nothing_it_has(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "left-by-a-crash").write_bytes(b"x")

    async def filled():
        spool = Spool(tmp_path / "spool", quota=MB)
        first, second = spool.body(), spool.body()
        await first.add(b"a" * (MB - 100_000))
        with pytest.raises(Refusal) as refused:
            await second.add(b"b" * 200_000)
        told = b"".join([part async for part in first.parts()])
        first.close()
        await second.add(b"")
        again = b"".join([part async for part in second.parts()])
        second.close()
        used = spool.used
        spool.close()
        return refused.value.code, len(told), len(again), used

    assert asyncio.run(filled()) == ("no-room", MB - 100_000, 200_000, 0)
    assert list((tmp_path / "spool").iterdir()) == []

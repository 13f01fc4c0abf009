"""The talk with a provider by itself: what it sends over plain sockets, and what of it arrives as an answer."""

import asyncio
import contextlib

import pytest
import uvloop

from dinh.exchange.gateway.routing import Upstream
from dinh.exchange.gateway.talk import UpstreamFailed
from dinh.exchange.gateway.upstream import Upstreams

HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\n"
REQUEST = b"%b / HTTP/1.1\r\nhost: x\r\n\r\n"


class Provider:
    """
    Sends what it is told for each request, its parts one after the other.

    :ivar connections: how many were made
    """

    def __init__(self, *answers):
        self.answers = iter(answers)
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                for part in next(self.answers):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.02)
        writer.close()


@contextlib.asynccontextmanager
async def asked(provider):
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    where = Upstream("127.0.0.1", port, False, b"", b"x", 1.0, 10**6)
    clients = Upstreams(allows_local=True)

    async def ask(method=b"GET"):
        answer = await clients.call(where, REQUEST % method, method=method, more=None)
        try:
            parts = [answer.body]
            while not answer.is_complete and (part := await answer.more()):
                parts.append(part)
        finally:
            answer.release()
        return answer.status, dict(answer.headers), b"".join(parts)

    try:
        yield ask
    finally:
        clients.close()
        server.close()


def answers(provider, *methods):
    """What of the calls arrives, one after the other: status, headers, body; or why it failed."""

    async def called():
        found = []
        async with asked(provider) as ask:
            for method in methods:
                try:
                    found.append(await ask(method))
                except UpstreamFailed as failure:
                    found.append(failure.code)
        return found

    return uvloop.run(called())


OK = {b"server": b"x", b"content-length": b"3"}


@pytest.mark.parametrize(
    "parts", [[HEAD + b"two"], [HEAD, b"two"], [HEAD + b"t", b"wo"], [HEAD[:9], HEAD[9:] + b"two"]]
)
def test_answer_with_the_head_of_the_one_before_has_a_body_of_its_own(parts):
    provider = Provider([HEAD + b"one"], parts, [HEAD + b"end"])

    found = answers(provider, b"GET", b"GET", b"GET")

    assert found == [(200, OK, body) for body in (b"one", b"two", b"end")]
    assert provider.connections == 1


def test_bytes_after_an_answer_whose_head_is_known_end_the_connection():
    provider = Provider([HEAD + b"one"], [HEAD + b"two" + HEAD + b"bad"], [HEAD + b"end"])

    found = answers(provider, b"GET", b"GET", b"GET")

    assert [body for _status, _headers, body in found] == [b"one", b"two", b"end"]
    assert provider.connections == 2


def test_answer_to_head_has_no_body_though_its_head_is_known():
    provider = Provider([HEAD + b"one"], [HEAD], [HEAD + b"end"])

    found = answers(provider, b"GET", b"HEAD", b"GET")

    assert [body for _status, _headers, body in found] == [b"one", b"", b"end"]


def test_body_that_comes_after_the_known_head_of_an_answer_to_head_reaches_nobody():
    provider = Provider([HEAD + b"one"], [HEAD + b"bad"], [HEAD + b"end"])

    found = answers(provider, b"GET", b"HEAD", b"GET")

    assert [body for _status, _headers, body in found] == [b"one", b"", b"end"]
    assert provider.connections == 2


def test_status_and_length_are_those_of_each_answer():
    other = HEAD.replace(b"200 OK", b"404 No").replace(b"3", b"5")
    provider = Provider([HEAD + b"one"], [other + b"three"], [HEAD + b"end"])

    found = answers(provider, b"GET", b"GET", b"GET")

    assert [(status, body) for status, _headers, body in found] == [
        (200, b"one"),
        (404, b"three"),
        (200, b"end"),
    ]


def test_answer_that_breaks_off_after_a_known_head_fails():
    class Breaking(Provider):
        async def serve(self, reader, writer):
            self.connections += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"one")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"t")
            writer.close()

    found = answers(Breaking(), b"GET", b"POST")

    assert found == [(200, OK, b"one"), "provider-hung-up"]

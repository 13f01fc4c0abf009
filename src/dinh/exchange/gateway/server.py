"""
The gateway's listening ends: HTTP/1.1 on httptools, for callers and, by mutual TLS, for other gateways.

A connection answers its requests one after the other. What a stranger can make it hold is bounded: a head of 32 kB that
comes within 15 s, of a body what `receive` was not asked for yet, of an answer what the socket takes.
"""

import asyncio
import hashlib
import logging
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, cast

import httptools

from dinh.exchange.gateway.deadlines import NEVER, Deadlines
from dinh.exchange.gateway.records import new_id
from dinh.exchange.gateway.refusals import Headers, Refusal

_MAX_HEAD: Final = 32 * 1024
_HIGH_WATER: Final = 256 * 1024
_HEAD_SECONDS: Final = 15.0
_IDLE_SECONDS: Final = 60.0
_TAKE_SECONDS: Final = 30.0
"""How long a caller may take nothing of an answer."""
_LINGER_SECONDS: Final = 2.0
"""How long what a caller still sends is thrown away after it was answered, so that the answer arrives."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_START: Final = {
    each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus if each >= 200
}
_NO_CONTENT: Final = (204, 304)
_FAULTS: Final = {
    400: Refusal(400, "unreadable-request", "Send HTTP/1.1 that can be read in one way only (RFC 9112)."),
    431: Refusal(
        431, "headers-too-large", f"At most {_MAX_HEAD // 1024} kB of a head, or of a trailer, are read."
    ),
    505: Refusal(505, "http-version", "Send HTTP/1.1."),
}
log = logging.getLogger("dinh.exchange.gateway")
App = Callable[["Turn"], Awaitable[None]]


class BrokenOff(Exception):
    """An answer ended before its end: the connection is dropped, so that nobody takes it for the whole."""


class Turn:
    """
    One request on a connection, and the way its answer goes: in one piece (`answer`), or by `begin`, `part` and `end`.

    :ivar path: as it was sent, without an authority
    :ivar headers: names in small letters
    :ivar is_old: of HTTP/1.0, which knows no chunks
    :ivar keeps: whether the caller means to send another one after it
    """

    # What most requests leave as it is.
    path = query = b""
    is_old = is_whole = is_gone = has_begun = is_answered = is_chunked = False
    _waiting_bytes = 0
    _is_told, _may_wait = False, True
    _waiter: asyncio.Future[None] | None = None

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.method = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.keeps = True
        self._parts: list[bytes] = []

    @property
    def address(self) -> str:
        """Where the connection comes from."""
        return self._connection.address

    @property
    def certificate(self) -> str:
        """SHA-256 of the certificate that the caller showed, hex; empty without TLS."""
        return self._connection.certificate

    # What the application calls.

    async def receive(self) -> dict[str, Any]:
        """The next part of the body, then that the caller has gone away; in the words of ASGI."""
        if self._may_wait:
            self._may_wait = False
            self._tell_to_go_on()
        while True:
            if self._parts or (self.is_whole and not self._is_told):
                return self._taken()
            if self.is_gone:
                return {"type": "http.disconnect"}
            self._waiter = self._connection.loop.create_future()
            await self._waiter

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """An answer of one piece; its length is added."""
        self.is_answered = True
        head = self._head(status, headers, len(body))
        self._connection.write(head if self.method == b"HEAD" or status in _NO_CONTENT else head + body)
        if self._connection.is_full:
            await self._connection.drained()

    async def begin(self, status: int, headers: Headers) -> None:
        """The head of an answer whose body follows; without a length of its own it goes in chunks."""
        self.has_begun = True
        self._connection.write(self._head(status, headers, None))

    async def part(self, data: bytes) -> None:
        """Done when the caller can take more."""
        self._connection.write(self._coded(data) if self.is_chunked else data)
        if self._connection.is_full:
            await self._connection.drained()

    async def end(self, data: bytes) -> None:
        self.is_answered = True
        self._connection.write(self._coded(data) + b"0\r\n\r\n" if self.is_chunked else data)
        if self._connection.is_full:
            await self._connection.drained()

    # What the connection calls.

    def add(self, data: bytes) -> int:
        """:returns: how many bytes of the body wait here"""
        self._parts.append(data)
        self._waiting_bytes += len(data)
        self.wake()
        return self._waiting_bytes

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def give_up(self) -> None:
        """No more of the request comes, and nobody waits for the answer."""
        self.is_gone = True
        self.wake()

    # Its own.

    def _taken(self) -> dict[str, Any]:
        body = self._parts.pop(0) if self._parts else b""
        self._waiting_bytes -= len(body)
        self._is_told = self.is_whole and not self._parts
        if self._waiting_bytes <= _HIGH_WATER:
            self._connection.resume()
        return {"type": "http.request", "body": body, "more_body": not self._is_told}

    def _tell_to_go_on(self) -> None:
        """A caller that waits for a word before its body (RFC 9110, 10.1.1) gets it when the body is wanted."""
        is_waiting = not (self._parts or self.is_whole or self.is_old)
        if is_waiting and any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        ):
            self._connection.write(_CONTINUE)

    @staticmethod
    def _coded(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if data else b""

    def _head(self, status: int, headers: Headers, size: int | None) -> bytes:
        """:param size: of the body that is sent, if it is known; else the headers may tell"""
        is_bare = status in _NO_CONTENT or self.method == b"HEAD"
        has_length = has_date = False
        lines = [_START.get(status) or b"HTTP/1.1 %d \r\n" % status]
        for name, value in headers:
            if name == b"content-length":
                if status == 204 or not (is_bare or size is None):
                    continue
                has_length = True
            elif name == b"date":
                has_date = True
            lines.append(b"%b: %b\r\n" % (name, value))
        if not has_date:
            lines.append(b"date: %b\r\n" % date_now())
        if not (has_length or is_bare):
            lines.append(self._framing(size))
        self.keeps = self.keeps and self.is_whole
        if not self.keeps:
            lines.append(b"connection: close\r\n")
        elif self.is_old:
            lines.append(b"connection: keep-alive\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _framing(self, size: int | None) -> bytes:
        if size is not None:
            return b"content-length: %d\r\n" % size
        if self.is_old:
            self.keeps = False
            return b""
        self.is_chunked = True
        return b"transfer-encoding: chunked\r\n"


class Connection(asyncio.Protocol):
    """:ivar deadline: when it is let go if nothing happens (the loop's time)"""

    def __init__(self, server: "Server") -> None:
        self.server, self.loop = server, server.loop
        self.transport: asyncio.Transport | None = None
        self.address = self.certificate = ""
        self.deadline = NEVER
        self._parser = httptools.HttpRequestParser(self)
        self._turns: deque[Turn] = deque()
        self._reading: Turn | None = None
        self._url = b""
        self._told_nothing = 0
        self._head_bytes = 0
        self._fault = 0
        self._is_ended = self._is_paused = self._is_body_only = False
        self._writable: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._coming: asyncio.Future[None] | None = None
        self._is_over = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.certificate = hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
        self.deadline = self.loop.time() + _HEAD_SECONDS
        self.server.made(self)

    def data_received(self, data: bytes) -> None:
        if self._is_ended:
            return
        # What was read and told nothing lies in the parser: a head without an end, a line of the last chunk.
        self._told_nothing += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._end_reading(400)
        if self._told_nothing > _MAX_HEAD:
            self._end_reading(431)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._is_ended = self._is_over = True
        self.server.lost(self)
        self._wake()
        for turn in self._turns:
            turn.give_up()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._is_body_only:
            return
        self._reading, self._url, self._head_bytes = Turn(self), b"", 0
        self._told_nothing = 0
        self.deadline = self.loop.time() + _HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        turn = self._reading
        # Trailers come after the head was read; they are counted and left out.
        if turn is not None and not self._is_body_only and (not self._turns or self._turns[-1] is not turn):
            turn.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        turn = self._reading
        if turn is None or self._is_body_only or self._is_ended:
            return
        parser = self._parser
        turn.method, turn.keeps = parser.get_method(), parser.should_keep_alive()
        turn.path, _mark, turn.query = _without_authority(self._url).partition(b"?")
        version = parser.get_http_version()
        if version != "1.1":
            if version != "1.0":
                self._end_reading(505)
                return
            turn.is_old = True
        self.deadline = NEVER
        self._turns.append(turn)
        if len(self._turns) == 1:
            self._begin()
        else:
            self._pause()

    def on_body(self, body: bytes) -> None:
        self._told_nothing = 0
        if self._reading is not None and self._reading.add(body) > _HIGH_WATER:
            self._pause()

    def on_message_complete(self) -> None:
        turn = self._reading
        if turn is None or (self._parser.should_upgrade() and not self._is_body_only):
            return
        self._told_nothing = 0
        turn.is_whole, self._reading = True, None
        turn.wake()

    # What turns call.

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    @property
    def is_full(self) -> bool:
        """Whether the caller takes less than was written."""
        return self._writable is not None

    async def drained(self) -> None:
        """The caller takes what was written; one that takes nothing is dropped."""
        if self._writable is None:
            return
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                await asyncio.shield(self._writable)
        except TimeoutError:
            self.drop()

    def resume(self) -> None:
        if self._is_paused and len(self._turns) < 2 and not self._is_ended:
            self._is_paused = False
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()

    # What the server calls.

    @property
    def is_busy(self) -> bool:
        return bool(self._turns)

    def expire(self) -> None:
        self.drop()

    def drop(self) -> None:
        self._is_ended = self._is_over = True
        if self.transport is not None:
            self.transport.abort()

    # Its own.

    def _count(self, size: int) -> None:
        self._told_nothing = 0
        self._head_bytes += size
        if self._head_bytes > _MAX_HEAD:
            self._end_reading(431)

    def _without_upgrade(self, rest: bytes) -> None:
        """We speak nothing else, so the request is served as if it had not asked (RFC 9110, 7.8); it is the last."""
        turn = self._reading
        if turn is None or self._is_ended:
            return
        turn.keeps, self._is_body_only = False, True
        framing = (pair for pair in turn.headers if pair[0] in (b"content-length", b"transfer-encoding"))
        head = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(b"POST / HTTP/1.1\r\nconnection: close\r\n%b\r\n" % head)
            self._parser.feed_data(rest)
        except httptools.HttpParserError:
            self._end_reading(400)

    def _end_reading(self, status: int) -> None:
        """Nothing that follows can be understood: it is answered after what came before it."""
        if self._is_ended:
            return
        self._is_ended, self._fault = True, status
        if not self._turns:
            self._let_go()
        elif not self._turns[-1].is_whole:
            self._turns[-1].give_up()

    def _pause(self) -> None:
        if not self._is_paused and self.transport is not None:
            self._is_paused = True
            self.transport.pause_reading()

    def _begin(self) -> None:
        """One task answers all requests of a connection: to make one for each costs a twentieth of a call."""
        if self._task is None:
            self._task = self.loop.create_task(self._answer_all())
        else:
            self._wake()

    def _wake(self) -> None:
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(None)

    async def _answer_all(self) -> None:
        while not self._is_over:
            if self._turns:
                await self._answer(self._turns[0])
            else:
                self._coming = self.loop.create_future()
                await self._coming

    async def _answer(self, turn: Turn) -> None:
        try:
            await self.server.app(turn)
        except BrokenOff:
            self.drop()
        except Exception:
            log.exception("A request could not be answered.")
        finally:
            self._end(turn)

    def _end(self, turn: Turn) -> None:
        self._turns.popleft()
        if self._is_over:
            return
        if turn.is_answered and not turn.keeps:
            self._fault = 0
            self._let_go()
        elif not turn.is_answered and (turn.has_begun or not self._fault):
            self.drop()
        elif self._is_ended and not self._turns:
            self._let_go()
        elif not self._turns:
            self.deadline = self.loop.time() + (_IDLE_SECONDS if self._reading is None else _HEAD_SECONDS)
        self.resume()

    def _let_go(self) -> None:
        """Close so that the last answer arrives, though the caller may be sending still."""
        self._is_ended = self._is_over = True
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._fault:
            transport.write(_told(_FAULTS[self._fault]))
        if transport.can_write_eof():
            transport.write_eof()
        elif self._reading is None and not self._fault:
            transport.close()
            return
        # To close with unread bytes would reset the connection, and the answer be lost on its way.
        transport.resume_reading()
        self.deadline = self.loop.time() + _LINGER_SECONDS


def _told(fault: Refusal) -> bytes:
    """The last answer to a caller who cannot be understood; nobody is known, so the log has nothing of it."""
    body = fault.problem(new_id())
    head = b"content-type: application/problem+json\r\nconnection: close\r\n"
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (_START[fault.status], head, len(body), body)


class Server:
    """
    :param app: answers each request
    :param most: connections at the same time; those beyond it are closed
    """

    def __init__(self, app: App, *, most: int) -> None:
        self.app, self.most = app, most
        self.loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._deadlines = Deadlines()
        self._listening: asyncio.Server | None = None

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """:raises OSError: if the address is taken"""
        self._listening = await self.loop.create_server(
            lambda: Connection(self), host, port, ssl=tls, backlog=8192
        )

    async def end(self, *, seconds: float) -> None:
        """Take no more calls; those under way have so long to end."""
        if self._listening is not None:
            self._listening.close()
        last = self.loop.time() + seconds
        while any(each.is_busy for each in self._connections) and self.loop.time() < last:
            await asyncio.sleep(0.05)
        for each in list(self._connections):
            each.drop()
        self._deadlines.end()

    def made(self, connection: Connection) -> None:
        if len(self._connections) >= self.most:
            connection.drop()
        self._connections.add(connection)
        self._deadlines.waiting.add(connection)

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._deadlines.waiting.discard(connection)


def _without_authority(target: bytes) -> bytes:
    """A target in absolute form means the same path here (RFC 9112, 3.2.2)."""
    if target.startswith(b"/"):
        return target
    scheme, mark, rest = target.partition(b"://")
    _authority, slash, path = rest.partition(b"/")
    return b"/" + path if mark and slash and scheme.lower() in (b"http", b"https") else target


_dated: tuple[int, bytes] = (0, b"")


def date_now() -> bytes:
    """As the field `Date` has it (RFC 9110, 6.6.1); made once a second."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = (now, formatdate(now, usegmt=True).encode())
    return _dated[1]

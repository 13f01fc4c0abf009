"""
The gateway's listening ends: HTTP/1.1 on httptools, for callers and, by mutual TLS, for other gateways.

A connection answers its requests one after the other. What a stranger can make it hold is bounded: a head of 32 kB that
comes within 15 s, of a body what `receive` was not asked for yet, of an answer what the socket takes.
"""

import asyncio
import hashlib
import logging
import re
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, cast

import httptools

from dinh.exchange.gateway.deadlines import NEVER, Deadlines
from dinh.exchange.gateway.outbox import Outbox
from dinh.exchange.gateway.records import new_id
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.turns import HIGH_WATER, START, BrokenOff, Repeated, Turn

_MAX_HEAD: Final = 32 * 1024
_HEAD_SECONDS: Final = 15.0
_IDLE_SECONDS: Final = 60.0
_TAKE_SECONDS: Final = 30.0
"""How long a caller may take nothing of an answer."""
_LINGER_SECONDS: Final = 2.0
"""How long what a caller still sends is thrown away after it was answered, so that the answer arrives."""
_MOST_HELD: Final = 16 * 1024
"""Bytes of an answer that may wait for the others of its turn; of a larger one it matters whether it is taken."""
_MOST_REPEATED: Final = 4 * 1024
"""Bytes of a head whose headers are known again if they come again."""
_END_OF_HEAD: Final = b"\r\n\r\n"
_LINE: Final = re.compile(
    rb"(GET|DELETE) (/[A-Za-z0-9._~!$&'()*+,=:@%/-]*)(?:\?([A-Za-z0-9._~!$&'()*+,;=:@/?%-]*))? HTTP/1\.1\r\n"
)
"""What begins a request whose end is the end of its headers, in letters that every reader takes in one way."""
_FAULTS: Final = {
    400: Refusal(400, "unreadable-request", "Send HTTP/1.1 that can be read in one way only (RFC 9112)."),
    431: Refusal(
        431, "headers-too-large", f"At most {_MAX_HEAD // 1024} kB of a head, or of a trailer, are read."
    ),
    505: Refusal(505, "http-version", "Send HTTP/1.1."),
}
log = logging.getLogger("dinh.exchange.gateway")
App = Callable[[Turn], Awaitable[None]]


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
        self._held = b""
        self._repeated: Repeated | None = None

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
        is_between = self._reading is None
        if is_between and self._repeated is not None and self._taken_again(data, self._repeated):
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
        self._repeated = self._repeatable(data) if is_between and self._is_whole_head(data) else None

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
            if any(name == b"transfer-encoding" for name, _value in turn.headers):
                # It knows no codings: somebody on the way may have found another end (RFC 9112, 6.1).
                self._end_reading(400)
                return
            turn.is_old = True
        self._take_up(turn)

    def on_body(self, body: bytes) -> None:
        self._told_nothing = 0
        if self._reading is not None and self._reading.add(body) > HIGH_WATER:
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
        if self._held:
            self.flush()
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def write_soon(self, data: bytes) -> None:
        if self._held or len(data) > _MOST_HELD:
            self.write(data)
            return
        self._held = data
        self.server.outbox.add(self)

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

    # What the server and its outbox call.

    def flush(self) -> None:
        data, self._held = self._held, b""
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    @property
    def is_busy(self) -> bool:
        return bool(self._turns)

    def expire(self) -> None:
        self.drop()

    def drop(self) -> None:
        self._is_ended = self._is_over = True
        # An answer that waits for the end of this turn of the loop belongs to a call that is over.
        self.flush()
        if self.transport is not None:
            self.transport.abort()

    # Its own.

    def _take_up(self, turn: Turn) -> None:
        self.deadline = NEVER
        self._turns.append(turn)
        if len(self._turns) == 1:
            self._begin()
        else:
            self._pause()

    def _taken_again(self, data: bytes, repeated: Repeated) -> bool:
        """
        Take a request whose headers are, byte for byte, those of the one before. They were read strictly then, and say
        the same after any plain request line.
        """
        if not data.endswith(repeated.block):
            return False
        line = _LINE.fullmatch(data, 0, len(data) - len(repeated.block))
        if line is None:
            return False
        turn = Turn(self)
        turn.method, turn.path, turn.query = line.groups(b"")
        turn.headers, turn.repeated, turn.is_whole = repeated.headers, repeated, True
        self._take_up(turn)
        return True

    def _repeatable(self, data: bytes) -> Repeated | None:
        """:param data: just read, the one whole head of a request without a body"""
        turn, line = self._turns[-1], _LINE.match(data)
        if line is None or not turn.keeps:
            return None
        turn.repeated = Repeated(data[line.end() :], turn.headers)
        return turn.repeated

    def _is_whole_head(self, data: bytes) -> bool:
        return (
            len(data) <= _MOST_REPEATED
            and data.find(_END_OF_HEAD) == len(data) - len(_END_OF_HEAD)
            and self._reading is None
            and bool(self._turns)
            and not (self._is_ended or self._is_body_only)
        )

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
        app = self.server.app
        while not self._is_over:
            if not self._turns:
                self._coming = self.loop.create_future()
                await self._coming
                continue
            turn = self._turns[0]
            try:
                await app(turn)
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
        self.flush()
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
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (START[fault.status], head, len(body), body)


class Server:
    """
    :param app: answers each request
    :param most: connections at the same time; those beyond it are closed
    """

    def __init__(self, app: App, *, most: int) -> None:
        self.app, self.most = app, most
        self.loop = asyncio.get_running_loop()
        self.outbox = Outbox(self.loop)
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

"""
The gateway's own HTTP/1.1 client: pooled connections on httptools (docs/decisions/gateway-http-client.md).

Small answers arrive in one piece; large ones are read as the caller takes them: no more than 64 kB wait beside what
one read brings.
"""

import asyncio
import contextlib
import hashlib
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final, cast

import httptools

from dinh.exchange.addresses import open_ones
from dinh.exchange.gateway.deadlines import NEVER, Deadlines
from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.refusals import Refusal, unavailable
from dinh.exchange.gateway.routing import Upstream

_HIGH_WATER: Final = 64 * 1024
_CONNECT_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 30.0
_REFUSAL_SECONDS: Final = 0.3
_MAX_HEAD: Final = 64 * 1024
_LARGEST_POOL: Final = 256
_MOST_UPLOADS: Final = 128
"""Of a pool's connections, those that large bodies may hold while they are sent."""
_FAILURES_TO_OPEN: Final = 5
_OPEN_SECONDS: Final = 5.0
_WANTED_SECONDS: Final = 600.0
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_REPEATABLE: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})

Fields = list[tuple[bytes, bytes]]
Head = bytes | Callable[[str], bytes]


class UpstreamFailed(Exception):
    """
    The provider could not be reached, or what it sent is no answer.

    :param may_retry: nothing of an answer arrived, on a connection that had served before or was never made
    """

    def __init__(self, code: str, *, may_retry: bool = False) -> None:
        super().__init__(code)
        self.code, self.may_retry = code, may_retry

    def refusal(self) -> Refusal:
        if self.code == "provider-timeout":
            return unavailable(self.code, "The provider took too long.", status=504)
        return unavailable(self.code, "The provider does not answer as it should.", status=502)


class Connection(asyncio.Protocol):
    """
    One connection to a provider; one request at a time.

    :ivar shown: SHA-256 of the certificate that the other end showed, hex; empty without TLS
    """

    shown = ""

    def __init__(self, deadlines: Deadlines) -> None:
        self.loop, self._deadlines = deadlines.loop, deadlines
        self.transport: asyncio.Transport | None = None
        self.is_broken = False
        self.served = 0
        self.idle_since = 0.0
        self.deadline = NEVER
        self.parser = httptools.HttpResponseParser(self)
        self._writable = asyncio.Event()
        self._writable.set()
        self._reset(is_head=False)

    def _reset(self, *, is_head: bool) -> None:
        self.is_head = is_head
        self.status = 0
        self.headers: Fields = []
        self._framing: list[bytes] = []
        self.chunks: list[bytes] = []
        self.waiting_bytes = 0
        self.head_bytes = 0
        self.has_answered = self.is_headed = self.is_complete = False
        self.failure: UpstreamFailed | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self._ends_at_close = False
        self._is_busy = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.shown = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
        self._deadlines.waiting.add(self)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy or self.is_complete:
            # Bytes that nobody asked for: an answer to somebody else's request could hide in them.
            self.close()
            return
        self.has_answered = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("provider-upgrade")
        except httptools.HttpParserError:
            self._fail("provider-answer")
        if self.waiting_bytes > _HIGH_WATER and not self._is_paused and self.transport:
            self._is_paused = True
            self.transport.pause_reading()
        if self.is_headed or self.failure:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadlines.waiting.discard(self)
        self.is_broken = True
        self._writable.set()
        if self._is_busy and not self.is_complete and self.failure is None:
            if self.is_headed and self._ends_at_close and exc is None:
                self.is_complete = True
            else:
                is_untouched = not self.has_answered
                self.failure = UpstreamFailed("provider-hung-up", may_retry=is_untouched and self.served > 0)
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.is_broken = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value)
        if self.head_bytes > _MAX_HEAD:
            self._fail("provider-head-too-large")
        name = name.lower()
        self.headers.append((name, value))
        if name in _FRAMING:
            self._framing.append(name)
            if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                # We asked for none, and the caller would not be told of it.
                self._fail("provider-answer")

    def on_headers_complete(self) -> None:
        status = self.parser.get_status_code()
        if status < 200:
            self.headers, self._framing = [], []
            if status == 101:
                self._fail("provider-upgrade")
            return
        if self.is_complete:
            return
        self.status = status
        self.is_headed = True
        self._ends_at_close = not self._framing
        if len(self._framing) > 1:
            self._fail("provider-answer")
        if self.is_head or status in (204, 304):
            self.is_complete = True
            # The parser would wait for the body that HEAD's length speaks of.
            self.is_broken = self.is_broken or not self.parser.should_keep_alive() or self.is_head

    def on_body(self, body: bytes) -> None:
        if self.is_complete:
            self.is_broken = True
            return
        self.chunks.append(body)
        self.waiting_bytes += len(body)

    def on_message_complete(self) -> None:
        if not self.is_headed:
            return
        self.is_complete = True
        if not self.parser.should_keep_alive():
            self.is_broken = True

    # What the pool calls.

    def begin(self, head: bytes, *, is_head: bool) -> None:
        """Send the head of a request (and its body, if it is small)."""
        self._reset(is_head=is_head)
        self._is_busy = True
        if self.transport is None or self.is_broken or self.transport.is_closing():
            raise UpstreamFailed("provider-hung-up", may_retry=True)
        self.transport.write(head)

    async def send_more(self, data: bytes, seconds: float) -> bool:
        """:returns: False if the provider has answered or gone already, so that the rest is not sent"""
        if self.is_headed or self.failure or self.is_broken or self.transport is None:
            return False
        self.transport.write(data)
        self.deadline = self.loop.time() + seconds
        await self._writable.wait()
        self.deadline = NEVER
        return True

    async def head_arrived(self, seconds: float) -> None:
        """:raises UpstreamFailed: if there is none in time"""
        self.deadline = self.loop.time() + seconds
        while not self.is_headed and self.failure is None:
            await self._wait()
        self.deadline = NEVER
        if self.failure:
            raise self.failure

    def taken(self) -> bytes:
        """What of the body has arrived since the last call."""
        body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        self.chunks = []
        self.waiting_bytes = 0
        if self._is_paused and self.transport and not self.is_broken:
            self._is_paused = False
            self.transport.resume_reading()
        return body

    async def more(self, seconds: float) -> bytes:
        """
        The next part of the body, empty at its end.

        :raises UpstreamFailed: if the answer breaks off, or nothing comes in time
        """
        self.deadline = self.loop.time() + seconds
        try:
            while not (self.chunks or self.is_complete or self.failure):
                await self._wait()
        finally:
            self.deadline = NEVER
        if self.failure and not self.chunks:
            raise self.failure
        return self.taken()

    def expire(self) -> None:
        self._fail("provider-timeout")
        self._wake()

    def close(self) -> None:
        self.is_broken = True
        if self.transport:
            self.transport.abort()

    def end(self) -> None:
        """The exchange on this connection is over."""
        self._is_busy = False
        self.served += 1

    def _fail(self, code: str) -> None:
        self.failure = self.failure or UpstreamFailed(code)
        self.close()

    async def _wait(self) -> None:
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Places:
    """A bounded number of places, which costs next to nothing while there are free ones."""

    def __init__(self, most: int) -> None:
        self.free = most
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def taken(self, seconds: float) -> None:
        """Wait for a place. :raises Refusal: 503 if none comes free in time"""
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(coming)
        try:
            async with asyncio.timeout(seconds):
                await coming
        except BaseException as failure:
            if coming.done() and not coming.cancelled():
                self.give()
            if isinstance(failure, TimeoutError):
                raise unavailable(
                    "provider-busy", "Too many calls wait for this provider.", seconds=5
                ) from failure
            raise

    def give(self) -> None:
        """To who has waited longest, if somebody waits still."""
        while self._waiting:
            coming = self._waiting.popleft()
            if not coming.done():
                coming.set_result(None)
                return
        self.free += 1


@dataclass(slots=True)
class _Pool:
    """Connections to one address, and whether it is worth asking."""

    idle: list[Connection] = field(default_factory=list)
    places: _Places = field(default_factory=lambda: _Places(_LARGEST_POOL))
    uploads: _Places = field(default_factory=lambda: _Places(_MOST_UPLOADS))
    failures: int = 0
    why: str = ""
    open_until: float = 0.0
    open_since: float = 0.0
    is_probing: bool = False

    def check(self, now: float) -> bool:
        """
        Let a call through, or fail at once while the provider is known to be away.

        :returns: whether this call is the probe that may close the circuit
        :raises Refusal: 503
        """
        if self.failures < _FAILURES_TO_OPEN:
            return False
        if now < self.open_until or self.is_probing:
            seconds = max(1, round(self.open_until - now))
            raise unavailable(
                "provider-away", "The provider has been failing; try again later.", seconds=seconds
            )
        self.is_probing = True
        return True

    def opened(self, now: float) -> dict[str, object]:
        """Whether the circuit is open; since when, if somebody wanted the provider lately."""
        is_open = self.failures >= _FAILURES_TO_OPEN
        is_wanted = is_open and now - self.open_until < _WANTED_SECONDS
        return {"open": is_open, "since": round(self.open_since) if is_wanted else 0}

    def note_failure(self, now: float, why: str) -> None:
        self.failures += 1
        self.why = why
        if self.failures == _FAILURES_TO_OPEN:
            self.open_since = time.time()
        if self.failures >= _FAILURES_TO_OPEN:
            self.open_until = now + _OPEN_SECONDS


class Answer:
    """A provider's answer: head and what of the body came with it; the rest by `more`."""

    def __init__(self, clients: "Upstreams", pool: _Pool, connection: Connection, timeout: float) -> None:
        self._clients, self._pool, self._connection, self._timeout = clients, pool, connection, timeout
        self._is_over = False
        self.status, self.headers = connection.status, connection.headers
        self.body = connection.taken() if connection.chunks else b""
        self.is_complete = connection.is_complete

    async def more(self) -> bytes:
        """
        The next part of the body, empty at its end; waits as long for each as for the head.

        :raises UpstreamFailed: if it breaks off or stalls
        """
        return await self._connection.more(self._timeout)

    async def rest_soon(self, seconds: float, most: int) -> None:
        """
        Wait a moment for the rest of a small answer whose head and body come apart; `body` and `is_complete` tell.

        :raises UpstreamFailed: if it breaks off
        """
        parts = [self.body]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while sum(map(len, parts)) <= most and (part := await self._connection.more(self._timeout)):
                    parts.append(part)
        self.body = b"".join(parts)
        self.is_complete = self._connection.is_complete and not self._connection.chunks

    def release(self) -> None:
        """Give the connection back; it is closed if the answer was not read to its end. Once only."""
        if not self._is_over:
            self._is_over = True
            self._clients.release(self._pool, self._connection)


class Upstreams:
    """
    The providers' addresses, each with its pool.

    :param allows_local: whether providers may stand on this very machine
    :param identity: whose certificate providers are shown that ask for one (TLS)
    """

    def __init__(self, *, allows_local: bool = False, identity: Identity | None = None) -> None:
        self._allows_local, self._identity = allows_local, identity
        self._pools: dict[tuple[str, int, bool, ssl.SSLContext | None], _Pool] = {}
        self._tls: ssl.SSLContext | None = None
        self._deadlines = Deadlines()
        self._loop = self._deadlines.loop

    async def call(
        self,
        upstream: Upstream,
        head: Head,
        *,
        method: bytes,
        more: AsyncIterator[bytes] | None,
    ) -> Answer:
        """
        Send one request and wait for the head of its answer.

        A request that may be repeated (RFC 9110, 9.2.2) and has no streamed body is sent once more if a kept
        connection turns out to be closed before any byte of an answer, or none could be made.

        :param head: request line, headers, and the body if it is small; or what makes them, anew for each time,
            from the fingerprint of the certificate that the other end showed
        :param more: the body in pieces, as they go over the wire
        :raises UpstreamFailed, Refusal:
        """
        pool = self._pool(upstream)
        is_probe = pool.check(time.monotonic())
        try:
            if more is None:
                return await self._placed(pool, upstream, head, method, more)
            if pool.uploads.free:
                pool.uploads.free -= 1
            else:
                await pool.uploads.taken(upstream.timeout)
            try:
                return await self._placed(pool, upstream, head, method, more)
            finally:
                pool.uploads.give()
        finally:
            if is_probe:
                pool.is_probing = False

    async def _placed(
        self, pool: _Pool, upstream: Upstream, head: Head, method: bytes, more: AsyncIterator[bytes] | None
    ) -> Answer:
        if pool.places.free:
            pool.places.free -= 1
        else:
            await pool.places.taken(upstream.timeout)
        try:
            answer = await self._tried(pool, upstream, head, method, more)
        except UpstreamFailed as failure:
            pool.places.give()
            pool.note_failure(time.monotonic(), failure.code)
            raise
        except BaseException:
            pool.places.give()
            raise
        pool.failures = 0
        return answer

    async def _tried(
        self, pool: _Pool, upstream: Upstream, head: Head, method: bytes, more: AsyncIterator[bytes] | None
    ) -> Answer:
        """On a kept connection if there is one; once more, if that turns out to be closed, on a new one."""
        may_repeat = more is None and method in _REPEATABLE
        connection = self._idle(pool) or await self._connected(upstream)
        try:
            return await self._once(pool, connection, upstream, head, method, more)
        except UpstreamFailed as failure:
            if not (may_repeat and failure.may_retry):
                raise
        connection = await self._connected(upstream)
        return await self._once(pool, connection, upstream, head, method, more)

    async def _once(
        self,
        pool: _Pool,
        connection: Connection,
        upstream: Upstream,
        head: Head,
        method: bytes,
        more: AsyncIterator[bytes] | None,
    ) -> Answer:
        try:
            connection.begin(head(connection.shown) if callable(head) else head, is_head=method == b"HEAD")
            if more is not None:
                await self._send_body(connection, upstream, more)
            await connection.head_arrived(upstream.timeout)
        except BaseException:
            connection.close()
            raise
        return Answer(self, pool, connection, upstream.timeout)

    async def _send_body(
        self, connection: Connection, upstream: Upstream, more: AsyncIterator[bytes]
    ) -> None:
        """The provider's time runs only while it takes nothing: a slow caller is not its fault."""
        async for data in more:
            if not await connection.send_more(data, upstream.timeout):
                connection.is_broken = True
                return

    def release(self, pool: _Pool, connection: Connection) -> None:
        pool.places.give()
        connection.end()
        if connection.is_broken or not connection.is_complete:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        pool.idle.append(connection)

    def failing(self) -> list[dict[str, object]]:
        """
        Addresses whose last call failed: `to`, `why`, and whether they are `open`, so not asked for now, `since` when
        (POSIX seconds; 0 if they are not, or nobody has called for ten minutes).
        """
        now = time.monotonic()
        return [
            {"to": f"{host}:{port}", "why": pool.why} | pool.opened(now)
            for (host, port, _is_tls, _tls), pool in self._pools.items()
            if pool.failures
        ]

    async def why_unreached(self, upstream: Upstream) -> str:
        """Ask for a connection and let it go: why there is none, empty if there is."""
        try:
            connection = await self._connected(upstream)
        except UpstreamFailed as failure:
            return failure.code
        # By TLS 1.3 the other end refuses our certificate only after it has answered.
        await asyncio.sleep(_REFUSAL_SECONDS)
        is_refused = connection.is_broken
        connection.close()
        return "certificate-refused" if is_refused else ""

    def close(self) -> None:
        self._deadlines.end()
        for pool in self._pools.values():
            for connection in pool.idle:
                connection.close()
            pool.idle.clear()

    def _pool(self, upstream: Upstream) -> _Pool:
        key = (upstream.host, upstream.port, upstream.is_tls, upstream.tls)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = _Pool()
        return pool

    def _idle(self, pool: _Pool) -> Connection | None:
        oldest = time.monotonic() - _IDLE_SECONDS
        while pool.idle:
            connection = pool.idle.pop()
            if not connection.is_broken and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connected(self, upstream: Upstream) -> Connection:
        context = (upstream.tls or self._context()) if upstream.is_tls else None
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                addresses = await self._addresses(upstream)
                return await self._first(addresses, upstream, context)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise UpstreamFailed("provider-unreachable") from error

    async def _first(
        self, addresses: list[str], upstream: Upstream, context: ssl.SSLContext | None
    ) -> Connection:
        """To the first of the addresses that takes the connection."""
        name = upstream.host if context else None
        for number, address in enumerate(addresses, start=1):
            try:
                _transport, connection = await self._loop.create_connection(
                    lambda: Connection(self._deadlines),
                    address,
                    upstream.port,
                    ssl=context,
                    server_hostname=name,
                )
            except OSError:
                if number == len(addresses):
                    raise
            else:
                return connection
        raise UpstreamFailed("provider-forbidden")

    async def _addresses(self, upstream: Upstream) -> list[str]:
        """
        What the name leads to now; the connection goes to what was judged, not to what it leads to a moment later.

        Other gateways are the keeper's to register, wherever they stand.
        """
        rows = await self._loop.getaddrinfo(upstream.host, upstream.port, type=socket.SOCK_STREAM)
        found = [str(row[4][0]) for row in rows]
        return found if self._allows_local or upstream.tls else open_ones(found)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._identity:
                self._tls.load_cert_chain(self._identity.certificate_file, self._identity.key_file)
        return self._tls

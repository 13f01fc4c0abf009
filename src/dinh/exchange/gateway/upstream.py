"""
The gateway's own HTTP/1.1 client (docs/decisions/gateway-http-client.md): providers' addresses, each with its pool of
connections (`pools.py`), on which one talks with them (`talk.py`).
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from dinh.exchange.addresses import open_ones
from dinh.exchange.gateway.deadlines import Deadlines
from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.outbox import Outbox
from dinh.exchange.gateway.pools import Pool
from dinh.exchange.gateway.routing import Upstream
from dinh.exchange.gateway.talk import Connection, UpstreamFailed

_CONNECT_SECONDS: Final = 3.0
_REFUSAL_SECONDS: Final = 0.3
_REPEATABLE: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})

Head = bytes | Callable[[str], bytes]


class Answer:
    """A provider's answer: head and what of the body came with it; the rest by `more`."""

    def __init__(self, pool: Pool, connection: Connection, timeout: float) -> None:
        self._pool, self._connection, self._timeout = pool, connection, timeout
        self._is_over = False
        self.status, self.headers = connection.status, connection.headers
        self.repeats = connection.repeats
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
            self._pool.take_back(self._connection, time.monotonic())


class Upstreams:
    """
    The providers' addresses, each with its pool.

    :param allows_local: whether providers may stand on this very machine
    :param identity: whose certificate providers are shown that ask for one (TLS)
    """

    def __init__(self, *, allows_local: bool = False, identity: Identity | None = None) -> None:
        self._allows_local, self._identity = allows_local, identity
        self._pools: dict[tuple[str, int, bool, ssl.SSLContext | None], Pool] = {}
        self._tls: ssl.SSLContext | None = None
        self._deadlines = Deadlines()
        self._loop = self._deadlines.loop
        self._outbox = Outbox(self._loop)

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
                return await self._placed(pool, upstream, head, method, None)
            await pool.uploads.take(upstream.timeout)
            try:
                return await self._placed(pool, upstream, head, method, more)
            finally:
                pool.uploads.give()
        finally:
            if is_probe:
                pool.is_probing = False

    async def _placed(
        self, pool: Pool, upstream: Upstream, head: Head, method: bytes, more: AsyncIterator[bytes] | None
    ) -> Answer:
        """On a kept connection if there is one; once more, if that turns out to be closed, on a new one."""
        if pool.places.free:
            pool.places.free -= 1
        else:
            await pool.places.take(upstream.timeout)
        try:
            connection = pool.kept(time.monotonic()) or await self._connected(upstream)
            try:
                await self._asked(connection, upstream, head, method, more)
            except UpstreamFailed as failure:
                if more is not None or method not in _REPEATABLE or not failure.may_retry:
                    raise
                connection = await self._connected(upstream)
                await self._asked(connection, upstream, head, method, None)
        except UpstreamFailed as failure:
            pool.places.give()
            pool.note_failure(time.monotonic(), failure.code)
            raise
        except BaseException:
            pool.places.give()
            raise
        pool.failures = 0
        return Answer(pool, connection, upstream.timeout)

    async def _asked(
        self,
        connection: Connection,
        upstream: Upstream,
        head: Head,
        method: bytes,
        more: AsyncIterator[bytes] | None,
    ) -> None:
        """Until the head of the answer is there; else the connection is closed. :raises UpstreamFailed:"""
        try:
            connection.begin(head(connection.shown) if callable(head) else head, is_head=method == b"HEAD")
            if more is not None:
                await self._send_body(connection, upstream, more)
            await connection.head_arrived(upstream.timeout)
        except BaseException:
            connection.close()
            raise

    async def _send_body(
        self, connection: Connection, upstream: Upstream, more: AsyncIterator[bytes]
    ) -> None:
        """The provider's time runs only while it takes nothing: a slow caller is not its fault."""
        async for data in more:
            if not await connection.send_more(data, upstream.timeout):
                connection.is_broken = True
                return

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
            pool.close()

    def _pool(self, upstream: Upstream) -> Pool:
        key = (upstream.host, upstream.port, upstream.is_tls, upstream.tls)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool()
        return pool

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
                    lambda: Connection(self._deadlines, self._outbox),
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

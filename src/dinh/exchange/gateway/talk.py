"""
The talk with a provider: HTTP/1.1 on httptools, one request at a time (docs/decisions/gateway-http-client.md).

Small answers arrive in one piece; large ones are read as the caller takes them: no more than 64 kB wait beside what
one read brings.
"""

import asyncio
import hashlib
from typing import Final, cast

import httptools

from dinh.exchange.gateway.deadlines import NEVER, Deadlines
from dinh.exchange.gateway.outbox import Outbox
from dinh.exchange.gateway.refusals import Refusal, unavailable

_HIGH_WATER: Final = 64 * 1024
_MAX_HEAD: Final = 64 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})

Fields = list[tuple[bytes, bytes]]


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


class KnownHead:
    """
    The head of an answer that came whole, with a body of known length: providers send the same one again and again.

    :ivar size: of head and body
    :ivar passed: what was made of the headers for callers, kept by whoever made it
    """

    __slots__ = ("head", "headers", "passed", "size", "status")

    def __init__(self, head: bytes, size: int, status: int, headers: Fields) -> None:
        self.head, self.size, self.status, self.headers = head, size, status, headers
        self.passed: bytes | None = None


class Connection(asyncio.Protocol):
    """
    One connection to a provider; one request at a time.

    :ivar repeats: the head that this answer has in common with the one before
    :ivar shown: SHA-256 of the certificate that the other end showed, hex; empty without TLS
    """

    shown = ""

    def __init__(self, deadlines: Deadlines, outbox: Outbox) -> None:
        self.loop, self._deadlines, self._outbox = deadlines.loop, deadlines, outbox
        self.transport: asyncio.Transport | None = None
        self.is_broken = False
        self.served = 0
        self.idle_since = 0.0
        self.deadline = NEVER
        self.parser = httptools.HttpResponseParser(self)
        self._held = b""
        self._known: KnownHead | None = None
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
        self.repeats: KnownHead | None = None
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
        known, is_first = self._known, not self.has_answered
        self.has_answered = True
        if is_first and known is not None and self._is_like(known, data):
            self._take_again(known, data)
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("provider-upgrade")
        except httptools.HttpParserError:
            self._fail("provider-answer")
        if self.waiting_bytes > _HIGH_WATER and not self._is_paused and self.transport:
            self._is_paused = True
            self.transport.pause_reading()
        self._known = self._repeatable(data) if is_first and self.is_complete else None
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
        """Send the head of a request (and its body, if it is small), at the end of this turn of the loop."""
        self._reset(is_head=is_head)
        self._is_busy = True
        if self.transport is None or self.is_broken or self.transport.is_closing():
            raise UpstreamFailed("provider-hung-up", may_retry=True)
        self._held = head
        self._outbox.add(self)

    def flush(self) -> None:
        head, self._held = self._held, b""
        if head and self.transport is not None and not self.is_broken:
            self.transport.write(head)

    async def send_more(self, data: bytes, seconds: float) -> bool:
        """:returns: False if the provider has answered or gone already, so that the rest is not sent"""
        if self.is_headed or self.failure or self.is_broken or self.transport is None:
            return False
        self.flush()
        self.transport.write(data)
        self.deadline = self.loop.time() + seconds
        await self._writable.wait()
        self.deadline = NEVER
        return True

    async def head_arrived(self, seconds: float) -> None:
        """:raises UpstreamFailed: if there is none in time"""
        self.deadline = self.loop.time() + seconds
        while not self.is_headed and self.failure is None:
            self._waiter = self.loop.create_future()
            await self._waiter
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
                self._waiter = self.loop.create_future()
                await self._waiter
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

    def _is_like(self, known: KnownHead, data: bytes) -> bool:
        return not self.is_head and len(data) == known.size and data.startswith(known.head)

    def _take_again(self, known: KnownHead, data: bytes) -> None:
        """An answer whose head is, byte for byte, that of the one before, and of the length that it says."""
        self.repeats, self.status, self.headers = known, known.status, known.headers
        self.is_headed = self.is_complete = True
        self.chunks.append(data[len(known.head) :])
        self._wake()

    def _repeatable(self, data: bytes) -> KnownHead | None:
        """:param data: just read, of which an answer came whole"""
        if self.is_broken or self.is_head or self._framing != [b"content-length"] or len(data) > _HIGH_WATER:
            return None
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        if not self.waiting_bytes or len(data) - end != self.waiting_bytes:
            return None
        return KnownHead(data[:end], len(data), self.status, self.headers)

    def _fail(self, code: str) -> None:
        self.failure = self.failure or UpstreamFailed(code)
        self.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

"""The listening end of the wire: HTTP/1.1 over mutual TLS, each message with the certificate that its peer showed."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import httptools

from dinh.exchange.gateway.requests import Receive, Scope, Send

_MAX_HEAD: Final = 32 * 1024
_HIGH_WATER: Final = 256 * 1024
_IDLE_SECONDS: Final = 60.0
_TAKE_SECONDS: Final = 30.0
_MOST: Final = 1024
_LINGER_SECONDS: Final = 5.0
"""A message that was answered before its end is read on for so long: closed at once, the answer might not arrive."""
log = logging.getLogger("dinh.exchange.gateway")
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class WireProtocol(asyncio.Protocol):
    """
    One connection; one message at a time.

    The scope is ASGI's, with `peer_certificate`: SHA-256 of what the peer showed, hex.
    """

    def __init__(self, app: App, open_ones: "set[WireProtocol]") -> None:
        self.app, self.open_ones = app, open_ones
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpRequestParser(self)
        self.certificate = ""
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._messages: list[dict[str, Any]] = []
        self._waiting_bytes = 0
        self._is_whole = False
        self._arrived = asyncio.Event()
        self._head = b""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.certificate = hashlib.sha256(shown or b"").hexdigest()
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        self.open_ones.add(self)
        if len(self.open_ones) > _MOST:
            self.close()
        self._wait_for_more()

    def data_received(self, data: bytes) -> None:
        self._cancel_timer()
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.open_ones.discard(self)
        self._cancel_timer()
        self._writable.set()
        self._put({"type": "http.disconnect"})

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._task is not None:
            # Nobody of ours sends a second message before the first is answered.
            self.close()
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._task is not None or self.transport is None or self.transport.is_closing():
            return
        path, _mark, query = self._url.partition(b"?")
        scope = {
            "type": "http", "method": self.parser.get_method().decode(), "path": path.decode("latin-1"),
            "raw_path": path, "query_string": query, "headers": self._headers, "client": (self._address, 0),
            "peer_certificate": self.certificate,
        }  # fmt: skip
        self._task = self.loop.create_task(self._run(scope))

    def on_body(self, body: bytes) -> None:
        self._waiting_bytes += len(body)
        if self._waiting_bytes > _HIGH_WATER and self.transport:
            self.transport.pause_reading()
        self._put({"type": "http.request", "body": body, "more_body": True})

    def on_message_complete(self) -> None:
        self._is_whole = True
        self._put({"type": "http.request", "body": b"", "more_body": False})

    # What the application calls.

    async def _receive(self) -> dict[str, Any]:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.pop(0)
        self._waiting_bytes -= len(message.get("body", b""))
        if self._waiting_bytes <= _HIGH_WATER and self.transport and not self.transport.is_closing():
            self.transport.resume_reading()
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if message["type"] == "http.response.start":
            lines = [b"HTTP/1.1 %d \r\n" % message["status"]]
            lines += [b"%b: %b\r\n" % pair for pair in message["headers"]]
            self._head = b"".join([*lines, b"\r\n"])
            return
        head, self._head = self._head, b""
        self.transport.write(head + message["body"])
        if not self._writable.is_set():
            await self._taken()

    async def _taken(self) -> None:
        """Wait until the other end has taken what was written; one that takes nothing is let go."""
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                await self._writable.wait()
        except TimeoutError:
            if self.transport:
                self.transport.abort()

    async def _run(self, scope: Scope) -> None:
        keep = False
        try:
            await self.app(scope, self._receive, self._send)
            await self._linger()
            keep = self._is_whole and bool(self.parser.should_keep_alive())
        except Exception:
            log.exception("A message on the wire could not be answered.")
        finally:
            self._task = None
            if keep:
                self._wait_for_more()
            else:
                self.close()

    async def _linger(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._is_whole and (await self._receive())["type"] == "http.request":
                    pass

    # Its own.

    def _put(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self._arrived.set()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _MAX_HEAD:
            self.close()

    def _wait_for_more(self) -> None:
        self._cancel_timer()
        self._timer = self.loop.call_later(_IDLE_SECONDS, self.close)

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.close()

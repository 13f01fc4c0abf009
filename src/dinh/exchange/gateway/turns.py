"""One request on a connection and the way its answer goes: what the listening ends give to the application."""

import asyncio
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, Protocol

from dinh.exchange.gateway.refusals import Headers

HIGH_WATER: Final = 256 * 1024
"""Bytes of a body that may wait for the application."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
START: Final = {
    each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus if each >= 200
}
_NO_CONTENT: Final = (204, 304)


class Line(Protocol):
    """The connection, as a turn needs it."""

    loop: asyncio.AbstractEventLoop
    address: str
    certificate: str

    @property
    def is_full(self) -> bool:
        """Whether the caller takes less than was written."""

    def write(self, data: bytes) -> None: ...

    def write_soon(self, data: bytes) -> None:
        """At the end of this turn of the loop, together with what is written to others."""

    async def drained(self) -> None:
        """The caller takes what was written; one that takes nothing is dropped."""

    def resume(self) -> None:
        """More of the body is wanted."""


class BrokenOff(Exception):
    """An answer ended before its end: the connection is dropped, so that nobody takes it for the whole."""


class Repeated:
    """
    The headers of a request without a body, as a caller sends them again and again: by one token, in one program.

    :ivar block: as they came, with the empty line at their end
    :ivar read: what was made of them, kept by whoever read them first
    """

    __slots__ = ("block", "headers", "read")

    def __init__(self, block: bytes, headers: "list[tuple[bytes, bytes]]") -> None:
        self.block, self.headers = block, headers
        self.read: Any = None


class Turn:
    """
    One request on a connection, and the way its answer goes: in one piece (`answer`), or by `begin`, `part` and `end`.

    :ivar path: as it was sent, without an authority
    :ivar headers: names in small letters
    :ivar is_old: of HTTP/1.0, which knows no chunks
    :ivar keeps: whether the caller means to send another one after it
    :ivar repeated: if its headers may come again; they are not to be changed then
    """

    # What most requests leave as it is.
    path = query = b""
    is_old = is_whole = is_gone = has_begun = is_answered = is_chunked = False
    repeated: Repeated | None = None
    _waiting_bytes = 0
    _is_told, _may_wait = False, True
    _waiter: asyncio.Future[None] | None = None

    def __init__(self, connection: Line) -> None:
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

    async def answer(self, status: int, headers: Headers, body: bytes, passed: bytes = b"") -> None:
        """
        An answer of one piece; its length is added.

        :param passed: further headers, with a date, as they go over the wire
        """
        self.is_answered = True
        head = self._head(status, headers, len(body), passed)
        self._connection.write_soon(head if self.method == b"HEAD" or status in _NO_CONTENT else head + body)
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
        if self._waiting_bytes <= HIGH_WATER:
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

    def _head(self, status: int, headers: Headers, size: int | None, passed: bytes = b"") -> bytes:
        """:param size: of the body that is sent, if it is known; else the headers may tell"""
        is_bare = status in _NO_CONTENT or self.method == b"HEAD"
        has_length, has_date = False, bool(passed)
        lines = [START.get(status) or b"HTTP/1.1 %d \r\n" % status, passed]
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


_dated: tuple[int, bytes] = (0, b"")


def date_now() -> bytes:
    """As the field `Date` has it (RFC 9110, 6.6.1); made once a second."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = (now, formatdate(now, usegmt=True).encode())
    return _dated[1]

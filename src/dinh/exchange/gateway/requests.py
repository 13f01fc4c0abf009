"""What of a request the gateway reads, and what of it the provider gets."""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from dinh.exchange.gateway.refusals import Headers, Refusal
from dinh.exchange.gateway.turns import Turn

Receive = Callable[[], Awaitable[dict[str, Any]]]

MAX_HEADERS: Final = 64
MAX_HEADER_BYTES: Final = 16 * 1024
CALLER_SECONDS: Final = 30.0
"""How long a caller may take for each part of a body, and for all of it besides what the slowest line takes."""
SLOWEST: Final = 8 * 1024
"""Bytes a second: a caller whose body comes slower than that is let go."""
SMALL: Final = 64 * 1024
_DIGITS: Final = re.compile(rb"[0-9]{1,15}")
# RFC 9110, 7.6.1, and what older software means by it.
HOP_BY_HOP: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip
_OURS: Final = frozenset({
    b"authorization", b"host", b"expect", b"content-length", b"forwarded", b"x-exchange-id", b"x-exchange-client",
    b"x-provider-authorization",
})  # fmt: skip
_ONCE: Final = frozenset({
    b"authorization", b"host", b"content-length", b"content-type", b"transfer-encoding", b"x-provider-authorization",
})  # fmt: skip
_TOLD: Final = frozenset({
    b"x-road-client", b"x-road-id", b"x-road-userid", b"x-road-issue", b"x-road-service", b"x-road-security-server",
    b"x-road-request-hash", b"x-road-request-id", b"x-road-error", b"x-road-represented-party", b"accept",
    b"user-agent",
})  # fmt: skip
PASSED: Final = frozenset({b"content-type", b"accept", b"x-road-represented-party"})
"""Read, and passed on as they came."""
# By these providers take a request for another one than was let through, or for another caller's.
_DROPPED: Final = frozenset({
    b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-rewrite-url", b"x-real-ip", b"x-client-ip",
    b"x-cluster-client-ip", b"true-client-ip", b"x-host", b"x-forwarded", b"proxy",
})  # fmt: skip
_DROPPED_FAMILIES: Final = (b"x-forwarded-", b"x-original-", b"x-exchange-")
_PLAIN: Final = frozenset({b"keep-alive", b"close", b""})
"""Values of Connection that name no header."""
_READ: Final = HOP_BY_HOP | _OURS | _TOLD | _ONCE


class CallerGone(Exception):
    """The caller went away before its request was whole."""


@dataclass(slots=True)
class Incoming:
    """
    A request as read.

    :param forward: headers that go on to the provider as they are, ready for the wire
    :param named: those that the gateway itself reads
    :param peer: address that the connection comes from
    """

    method: bytes
    path: bytes
    query: bytes
    forward: bytes
    named: Mapping[bytes, bytes]
    length: int | None
    is_chunked: bool
    peer: str

    @property
    def has_body(self) -> bool:
        return bool(self.length) or self.is_chunked


def read_request(turn: Turn) -> Incoming:
    """
    Read the head of a request.

    :raises Refusal: 400 if it can be read in two ways, 431 if it is too large
    """
    repeated = turn.repeated
    if repeated is None:
        read = _read(turn.headers)
    elif repeated.read is None:
        read = repeated.read = _read(turn.headers)
    else:
        read = repeated.read
    if not turn.is_old and not read.named.get(b"host"):
        raise Refusal(400, "no-host", "Send Host (RFC 9112, 3.2).")
    return Incoming(turn.method, turn.path, turn.query, *read, turn.address)


class _Read(NamedTuple):
    forward: bytes
    named: Mapping[bytes, bytes]
    length: int | None
    is_chunked: bool


def _read(headers: Headers) -> _Read:
    """:raises Refusal:"""
    if len(headers) > MAX_HEADERS:
        raise Refusal(431, "too-many-headers", f"At most {MAX_HEADERS} headers are read.")
    named, forward, size = sorted_headers(headers)
    if size > MAX_HEADER_BYTES:
        raise Refusal(431, "headers-too-large", f"At most {MAX_HEADER_BYTES // 1024} kB of headers are read.")
    if b"connection" in named:
        forward = _without_named(forward, named[b"connection"])
    return _Read(b"".join(forward), named, *_framing(named))


def sorted_headers(headers: Headers) -> tuple[dict[bytes, bytes], list[bytes], int]:
    """Those that are read, those that go on as they are, and how many bytes all of them have. :raises Refusal:"""
    named: dict[bytes, bytes] = {}
    forward: list[bytes] = []
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name in _READ:
            _note(named, name, value)
            if name not in PASSED:
                continue
        elif name in _DROPPED or name.startswith(_DROPPED_FAMILIES) or b"_" in name:
            # To CGI and what follows it an underscore is a hyphen.
            continue
        forward.append(b"%b: %b\r\n" % (name, value))
    return named, forward, size


def _note(named: dict[bytes, bytes], name: bytes, value: bytes) -> None:
    if name not in named:
        named[name] = value
    elif name in _ONCE or name in _TOLD:
        raise Refusal(400, "repeated-header", f"The header {name.decode('latin-1')} may come once only.")
    else:
        named[name] += b"," + value


def _framing(named: dict[bytes, bytes]) -> tuple[int | None, bool]:
    """RFC 9112, 6.1: two ways of telling a body's end are an attack."""
    given, coding = named.get(b"content-length"), named.get(b"transfer-encoding")
    if coding is not None and (given is not None or coding.strip().lower() != b"chunked"):
        raise Refusal(400, "ambiguous-length", "Send either Content-Length or Transfer-Encoding: chunked.")
    if given is None:
        return None, coding is not None
    if not _DIGITS.fullmatch(given):
        raise Refusal(400, "ambiguous-length", "Content-Length must be a number.")
    return int(given), False


def _without_named(forward: list[bytes], connection: bytes) -> list[bytes]:
    """Headers that Connection names are for this hop only."""
    names = _named_by(connection)
    if not names:
        return forward
    return [line for line in forward if line.split(b":", 1)[0] not in names]


class Body:
    """
    The body of a request on its way: counted, hashed, bounded.

    :ivar sha512: made as well if it is wanted
    :ivar is_here: it was read before, so that nobody is waited for
    """

    size = 0
    sha512: "hashlib._Hash | None" = None
    _sha256: "hashlib._Hash | None" = None
    _waited = 0.0

    def __init__(self, receive: Receive, limit: int, length: int | None, *, is_here: bool = False) -> None:
        self.receive, self.limit, self.length, self.is_here = receive, limit, length, is_here

    def sha256(self) -> str:
        """Of what came so far, hex."""
        return (self._sha256 or hashlib.sha256()).hexdigest()

    async def whole(self) -> bytes:
        """All of a small body. :raises CallerGone, Refusal:"""
        parts = [part async for part in self.parts()]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def coded(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Its parts in the coding that `head_line` announces. :raises CallerGone, Refusal:"""
        async for part in parts:
            yield part if self.length is not None else b"%x\r\n%b\r\n" % (len(part), part)
        if self.length is None:
            yield b"0\r\n\r\n"

    def head_line(self) -> bytes:
        if self.length is None:
            return b"transfer-encoding: chunked\r\n"
        return b"content-length: %d\r\n" % self.length

    async def parts(self) -> AsyncIterator[bytes]:
        """In pieces as they come. :raises CallerGone, Refusal:"""
        is_more = True
        while is_more:
            message = await self._received()
            if message["type"] != "http.request":
                raise CallerGone
            part = message.get("body", b"")
            is_more = message.get("more_body", False)
            self._count(part)
            if part:
                yield part
        if self.length is not None and self.size != self.length:
            raise CallerGone

    async def _received(self) -> dict[str, Any]:
        """Counted is the caller's time only: a provider that takes its time is not its fault."""
        left = CALLER_SECONDS + self.size / SLOWEST - self._waited
        begun = time.monotonic()
        try:
            async with asyncio.timeout(min(CALLER_SECONDS, left)):
                return await self.receive()
        except TimeoutError as error:
            raise Refusal(408, "caller-too-slow", "The body did not arrive in time.") from error
        finally:
            self._waited += time.monotonic() - begun

    def _count(self, part: bytes) -> None:
        self.size += len(part)
        if self._sha256 is None:
            self._sha256 = hashlib.sha256()
        self._sha256.update(part)
        if self.sha512 is not None:
            self.sha512.update(part)
        if self.size > self.limit:
            raise too_large(self.limit)


def too_large(limit: int) -> Refusal:
    return Refusal(413, "body-too-large", f"At most {limit} bytes are taken by this service.")


def answer_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A provider's headers that go on to the caller."""
    kept, named = [], b""
    for pair in headers:
        name = pair[0]
        if name in HOP_BY_HOP:
            named += b"," + pair[1] if name == b"connection" else b""
        elif not name.startswith(b"x-exchange-"):
            kept.append(pair)
    extra = _named_by(named)
    return [pair for pair in kept if pair[0] not in extra] if extra else kept


def _named_by(connection: bytes) -> set[bytes]:
    """Headers for this hop only, by the value of Connection."""
    if connection.lstrip(b",") in _PLAIN:
        return set()
    return {option.strip().lower() for option in connection.split(b",")} - _PLAIN

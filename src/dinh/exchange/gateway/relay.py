"""Both ends of a call between two gateways: ours asks a peer, or a peer asks us."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import XRoadFront
from dinh.exchange.gateway.peers import MAX_BODY, Peer, PeerConnections
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.requests import HOP_BY_HOP, Body, Incoming, Receive, Send
from dinh.exchange.gateway.snapshot import Client, Snapshot
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.upstream import Answer, Upstreams
from dinh.exchange.gateway.wire import Wire, header

Pairs = list[tuple[bytes, bytes]]
_NOT_PASSED: Final = HOP_BY_HOP | {b"content-length", b"signature", b"signature-input", b"content-digest"}
_SIGNATURE_HEADERS: Final = (b"content-digest:", b"signature:", b"signature-input:")


@dataclass(frozen=True, slots=True)
class Relayed:
    """A peer's answer, checked."""

    status: int
    headers: Pairs
    body: bytes


class Relay:
    """Asks peers."""

    def __init__(self, wire: Wire, connections: PeerConnections, upstreams: Upstreams) -> None:
        self.wire, self.connections, self.upstreams = wire, connections, upstreams

    async def ask(self, peer: Peer, call: Call, incoming: Incoming, headers: Pairs, body: bytes) -> Relayed:
        """
        Send a call to the gateway that serves it, and check its answer.

        A repeatable call is signed anew if a kept connection turns out to be closed: a message is sent once.

        :raises UpstreamFailed, Refusal:
        """
        signed: list[Pairs] = []

        def head(recipient: str) -> bytes:
            signed.append(
                self.wire.sign_request(
                    method=incoming.method,
                    path=incoming.path,
                    query=incoming.query,
                    headers=headers,
                    body=body,
                    recipient=recipient,
                )
            )
            return _written(incoming, peer, [*headers, *signed[-1]], body)

        upstream = self.connections.upstream(peer)
        answer = await self.upstreams.call(upstream, head, method=incoming.method, more=None)
        try:
            content = await _whole(answer)
        finally:
            answer.release()
        if call.request_bytes:
            call.request_sha256 = hashlib.sha256(body).hexdigest()
        proof = self.wire.check_answer(
            peer, status=answer.status, headers=answer.headers, body=content,
            request_signature=header(signed[-1], b"signature"),
        )  # fmt: skip
        call.note_proof(proof)
        kept = [(name, value) for name, value in answer.headers if name not in _NOT_PASSED]
        return Relayed(answer.status, kept, content)


def _written(incoming: Incoming, peer: Peer, headers: Pairs, body: bytes) -> bytes:
    target = incoming.path + (b"?" + incoming.query if incoming.query else b"")
    lines = [b"%b %b HTTP/1.1\r\nhost: %b:%d\r\n" % (incoming.method, target, peer.host.encode(), peer.port)]
    lines += [b"%b: %b\r\n" % pair for pair in headers]
    lines += [b"content-length: %d\r\n\r\n" % len(body), body]
    return b"".join(lines)


async def _whole(answer: Answer) -> bytes:
    """:raises UpstreamFailed, Refusal:"""
    if answer.is_complete:
        return answer.body
    parts, size = [answer.body], len(answer.body)
    while part := await answer.more():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise unavailable("peer-answer-too-large", "The other gateway's answer is too large.", status=502)
    return b"".join(parts)


def relayed_headers(front: XRoadFront, call: Call, incoming: Incoming) -> Pairs:
    """What the peer is sent besides the request line: the caller's headers and those of the protocol."""
    lines = (incoming.forward + front.provider_headers(call, incoming)).split(b"\r\n")
    pairs = [(name, value) for name, mark, value in (line.partition(b": ") for line in lines) if mark]
    return [pair for pair in pairs if pair[0] not in _NOT_PASSED and pair != (b"x-road-service", b"")]


class WireFront(XRoadFront):
    """
    The other end: X-Road as a peer speaks it, in the name of a client of its own.

    :param peer: whose signature was checked
    """

    name = "wire"

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.peer = peer

    def identify(self, incoming: Incoming, snapshot: Snapshot, tokens: Tokens, now: float) -> Client:
        identifier = self.client_named(incoming)
        if not self.peer.speaks_for(identifier):
            raise Refusal(403, "another-client", "This gateway does not speak for that client.")
        return self.registered(identifier, snapshot)

    def _trusts(self, peer: str) -> bool:
        return True


def without_signature(incoming: Incoming) -> None:
    """The signature is for this hop only: providers do not get it."""
    lines = incoming.forward.split(b"\r\n")
    kept = [line for line in lines if line and not line.startswith(_SIGNATURE_HEADERS)]
    incoming.forward = b"".join(line + b"\r\n" for line in kept)


async def whole_request(receive: Receive, incoming: Incoming) -> bytes:
    """:raises CallerGone, Refusal:"""
    return await Body(receive, MAX_BODY, incoming.length).whole() if incoming.has_body else b""


def received(body: bytes, receive: Receive) -> Receive:
    """As if the body, which was read already, came now; after it whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return again


class AnswerTooLarge(Exception):
    """An answer is beyond what the wire carries."""


class SignedSend:
    """
    Holds an answer until it is whole, signs it, sends it.

    :param request_signature: of the request that is answered
    :param is_head: the answer has no content, then, whatever it would have been
    """

    def __init__(self, send: Send, wire: Wire, request_signature: bytes, *, is_head: bool) -> None:
        self.send, self.wire, self.request_signature, self.is_head = send, wire, request_signature, is_head
        self._start: dict[str, Any] = {}
        self._parts: list[bytes] = []
        self._size = 0

    async def __call__(self, message: dict[str, Any]) -> None:
        """:raises AnswerTooLarge:"""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._parts.append(message.get("body", b""))
        self._size += len(self._parts[-1])
        if self._size > MAX_BODY:
            raise AnswerTooLarge
        if not message.get("more_body"):
            await self._end(b"" if self.is_head else b"".join(self._parts))

    async def _end(self, body: bytes) -> None:
        status: int = self._start["status"]
        headers = _own(self._start["headers"])
        headers += self.wire.sign_answer(
            status=status, headers=headers, body=body, request_signature=self.request_signature
        )
        headers.append((b"content-length", str(len(body)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _own(headers: Headers) -> Pairs:
    return [(name, value) for name, value in headers if name not in _NOT_PASSED]

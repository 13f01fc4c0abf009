"""Both ends of a call between two gateways: ours asks a peer, or a peer asks us."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any, Final

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import XRoadFront
from dinh.exchange.gateway.peers import MAX_BODY, Peer, PeerConnections
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.requests import HOP_BY_HOP, CallerGone, Incoming, Receive, sorted_headers
from dinh.exchange.gateway.snapshot import Client, Snapshot
from dinh.exchange.gateway.spool import Spool, Spooled
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.turns import Turn, date_now
from dinh.exchange.gateway.upstream import Answer, Upstreams
from dinh.exchange.gateway.wire import Wire, header

Pairs = list[tuple[bytes, bytes]]
_NOT_PASSED: Final = HOP_BY_HOP | {b"content-length", b"signature", b"signature-input", b"content-digest"}
_SIGNATURE_HEADERS: Final = (b"content-digest:", b"signature:", b"signature-input:")


class Relayed:
    """A peer's answer, whole and checked; taken as a provider's is."""

    def __init__(self, status: int, headers: Pairs, content: Spooled) -> None:
        self.status, self._content = status, content
        self.headers = [*headers, (b"content-length", str(content.size).encode())]
        self.is_complete = content.is_small
        self.body = content.in_memory() if content.is_small else b""
        self._parts = content.parts()

    async def more(self) -> bytes:
        """The next part of the body, empty at its end."""
        return await anext(self._parts, b"")

    def release(self) -> None:
        self._content.close()


class Relay:
    """Asks peers."""

    def __init__(self, wire: Wire, connections: PeerConnections, upstreams: Upstreams, spool: Spool) -> None:
        self.wire, self.connections, self.upstreams, self.spool = wire, connections, upstreams, spool

    async def ask(
        self, peer: Peer, call: Call, incoming: Incoming, headers: Pairs, body: Spooled, receive: Receive
    ) -> Relayed:
        """
        Send a call to the gateway that serves it, and check its answer.

        A repeatable call is signed anew if a kept connection turns out to be closed: a message is sent once.

        :param body: all of it
        :param receive: tells when the caller goes away
        :raises UpstreamFailed, Refusal, CallerGone:
        """
        signed: list[Pairs] = []

        def head(recipient: str) -> bytes:
            signed.append(
                self.wire.sign_request(
                    method=incoming.method, path=incoming.path, query=incoming.query, headers=headers,
                    digest=body.digest, recipient=recipient,
                )
            )  # fmt: skip
            return _written(incoming, peer, [*headers, *signed[-1]], body)

        more = None if body.is_small else body.parts()
        upstream = self.connections.upstream(peer)
        answer = await self.upstreams.call(upstream, head, method=incoming.method, more=more)
        content = self.spool.body()
        try:
            proof = self.wire.check_answer(
                peer, status=answer.status, headers=answer.headers,
                request_signature=header(signed[-1], b"signature"),
            )  # fmt: skip
            await take_answer(answer, content, receive)
            proof.check_answer(content.digest)
        except BaseException:
            content.close()
            raise
        finally:
            answer.release()
        call.note_proof(proof)
        kept = [(name, value) for name, value in answer.headers if name not in _NOT_PASSED]
        return Relayed(answer.status, kept, content)


def _written(incoming: Incoming, peer: Peer, headers: Pairs, body: Spooled) -> bytes:
    """The head of a request, with its body if that is small."""
    target = incoming.path + (b"?" + incoming.query if incoming.query else b"")
    lines = [b"%b %b HTTP/1.1\r\nhost: %b:%d\r\n" % (incoming.method, target, peer.host.encode(), peer.port)]
    lines += [b"%b: %b\r\n" % pair for pair in headers]
    lines.append(b"content-length: %d\r\n\r\n" % body.size)
    if body.is_small:
        lines.append(body.in_memory())
    return b"".join(lines)


async def take_answer(answer: Answer, content: Spooled, receive: Receive) -> None:
    """
    All of an answer, while the caller is there.

    :raises UpstreamFailed, Refusal, CallerGone:
    """
    await content.add(answer.body)
    if answer.is_complete:
        return
    gone = asyncio.ensure_future(left(receive))
    try:
        while part := await answer.more():
            if gone.done():
                raise CallerGone
            if content.size + len(part) > MAX_BODY:
                raise unavailable("answer-too-large", "The answer is too large for the wire.", status=502)
            await content.add(part)
    finally:
        gone.cancel()


async def left(receive: Receive) -> None:
    """Done when the caller has gone away; only after the request has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


def relayed_headers(front: XRoadFront, call: Call, incoming: Incoming) -> Pairs:
    """What the peer is sent besides the request line: the caller's headers and those of the protocol."""
    lines = (incoming.forward + front.provider_headers(call, incoming)).split(b"\r\n")
    pairs = [(name, value) for name, mark, value in (line.partition(b": ") for line in lines) if mark]
    return [pair for pair in pairs if pair[0] not in _NOT_PASSED and pair != (b"x-road-service", b"")]


def as_read(incoming: Incoming, headers: Pairs) -> Incoming:
    """A message with these headers as the other end reads it."""
    named, forward, _size = sorted_headers(headers)
    return replace(incoming, named=named, forward=b"".join(forward))


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
        foreign = Refusal(403, "another-client", "This gateway does not speak for that client.")
        if not snapshot.peers.may_speak(self.peer, identifier):
            raise foreign
        client = self.registered(identifier, snapshot)
        if client.is_own:
            raise foreign
        return client

    def _trusts(self, peer: str) -> bool:
        return True


def without_signature(incoming: Incoming) -> None:
    """The signature is for this hop only: providers do not get it."""
    lines = incoming.forward.split(b"\r\n")
    kept = [line for line in lines if line and not line.startswith(_SIGNATURE_HEADERS)]
    incoming.forward = b"".join(line + b"\r\n" for line in kept)


def received(body: bytes, receive: Receive) -> Receive:
    """As if the body, which was read already, came now; after it whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return again


class SignedTurn:
    """
    Where an answer to a peer goes: it is signed, so it is sent when it is whole.

    :param turn: the request that is answered
    """

    def __init__(self, turn: Turn, wire: Wire, spool: Spool) -> None:
        self.turn, self.wire, self.spool = turn, wire, spool

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """An answer of one piece."""
        with contextlib.closing(self.spool.body()) as content:
            await content.add(body)
            await self.whole(status, headers, content)

    async def whole(self, status: int, headers: Headers, content: Spooled) -> None:
        """An answer of any size; to HEAD it has no content, whatever it would have been."""
        turn = self.turn
        if turn.method == b"HEAD":
            content = self.spool.body()
        own = [(name, value) for name, value in headers if name not in _NOT_PASSED]
        if not header(own, b"date"):
            own.append((b"date", date_now()))
        own += self.wire.sign_answer(
            status=status, headers=own, digest=content.digest,
            request_signature=header(turn.headers, b"signature"),
        )  # fmt: skip
        if content.is_small:
            await turn.answer(status, own, content.in_memory())
            return
        await turn.begin(status, [*own, (b"content-length", str(content.size).encode())])
        async for part in content.parts():
            await turn.part(part)
        await turn.end(b"")

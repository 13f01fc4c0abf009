"""The end of the wire that listens: a call that another gateway sends on, its signature first, then as any other."""

import contextlib
import time
from dataclasses import dataclass

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.delivery import FAILURES
from dinh.exchange.gateway.exchanges import Exchanges, taken_in
from dinh.exchange.gateway.fronts import Front
from dinh.exchange.gateway.peers import MAX_BODY, Peer
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.relay import SignedTurn, WireFront, without_signature
from dinh.exchange.gateway.requests import Body, Incoming, read_request, too_large
from dinh.exchange.gateway.routing import safe_path
from dinh.exchange.gateway.spool import Spooled
from dinh.exchange.gateway.turns import Turn
from dinh.exchange.gateway.wire import Wire


@dataclass
class WireEnd:
    """Peers' calls go the way of all others once they are proved."""

    exchanges: Exchanges
    wire: Wire

    async def answer(self, turn: Turn) -> None:
        """A peer's call."""
        exchanges = self.exchanges
        call = Call(WireFront.name, turn.method.decode())
        front: Front = exchanges.xroad
        to = SignedTurn(turn, self.wire, exchanges.spool)
        try:
            incoming = read_request(turn)
            call.note_caller(incoming.named)
            peer = self._peer_of(turn)
            call.peer_key = turn.certificate
            with contextlib.closing(exchanges.spool.body()) as content:
                await self._proved(call, peer, turn, incoming, content)
                without_signature(incoming)
                front = wire = WireFront(peer)
                wire.note(call, incoming)
                if not await exchanges.told(front, call, incoming, turn, to):
                    body = Body(content.again(turn.receive), 0, content.size, is_here=True)
                    await exchanges.provided(front, call, incoming, body, to)
        except FAILURES as failure:
            await exchanges.delivery.failed(front, call, failure, b"", to)

    async def _proved(self, call: Call, peer: Peer, turn: Turn, incoming: Incoming, content: Spooled) -> None:
        """
        Take a peer's message in. One whose head is not signed as it should be is read to its end, so that the refusal
        arrives, but kept nowhere; one that is longer than its version takes is refused before it is read.

        :raises Refusal, CallerGone:
        """
        try:
            proof = self.wire.check_request(
                peer,
                method=incoming.method,
                path=incoming.path,
                query=incoming.query,
                headers=turn.headers,
            )
        except Refusal:
            await taken_in(call, incoming, Body(turn.receive, MAX_BODY, incoming.length), None)
            raise
        limit = self._limit_of(call, WireFront(peer), incoming)
        await taken_in(call, incoming, Body(turn.receive, limit, incoming.length), content)
        proof.check_request(content.digest)
        call.note_proof(proof)

    def _limit_of(self, call: Call, front: Front, incoming: Incoming) -> int:
        """
        What a message may have. What is wrong with its address is told once it has been read.

        :raises Refusal: if it announces more, and then its line of the log has client and operation
        """
        admission = self.exchanges.admission
        snapshot = admission.snapshot
        try:
            found = snapshot and front.find(incoming, safe_path(incoming.path), snapshot)
        except Refusal:
            found = None
        if not snapshot or not found:
            return MAX_BODY
        route, _rest = found
        limit = min(MAX_BODY, route.upstream.max_body)
        if incoming.length and incoming.length > limit:
            call.client = front.identify(incoming, snapshot, admission.tokens, call.started)
            call.route = route
            raise too_large(limit)
        return limit

    def _peer_of(self, turn: Turn) -> Peer:
        """Whose certificate the connection showed. :raises Refusal:"""
        shown, snapshot = turn.certificate, self.exchanges.admission.snapshot
        peer = snapshot.peers.with_key(shown) if snapshot else None
        if peer is None or not peer.keys[shown].is_valid(time.time()):
            raise Refusal(
                403, "unknown-peer", "This gateway's certificate is not registered here (any more)."
            )
        return peer

"""An exchange: who asks, for what, may they; then the provider, or the gateway that serves it; then the log."""

import contextlib
import hashlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from dinh.exchange.gateway import metadata
from dinh.exchange.gateway.admission import Admission
from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.delivery import DELIVERED, FAILURES, Delivery, Outcome
from dinh.exchange.gateway.fronts import Front, OAuthFront, XRoadFront, check_request_hash, xroad_head
from dinh.exchange.gateway.judging import Judging
from dinh.exchange.gateway.metadata import Metadata, metadata_asked
from dinh.exchange.gateway.own import JSON
from dinh.exchange.gateway.peers import MAX_BODY, Peer
from dinh.exchange.gateway.relay import Relay, Relayed, SignedTurn, as_read, relayed_headers
from dinh.exchange.gateway.requests import SMALL, Body, Incoming, answer_headers, read_request, too_large
from dinh.exchange.gateway.routing import Route, safe_path, safe_query
from dinh.exchange.gateway.spool import Spool, Spooled, read_ahead
from dinh.exchange.gateway.subjects import Subjects
from dinh.exchange.gateway.trials import no_trial
from dinh.exchange.gateway.turns import Turn
from dinh.exchange.gateway.upstream import Answer, Upstreams

_SPLIT_SECONDS: Final = 0.02
"""How long the body of a small answer may come after its head, to be logged once."""


@dataclass(kw_only=True)
class Exchanges:
    """What both ends of the gateway, for callers and for peers, do with a call."""

    admission: Admission
    delivery: Delivery
    judging: Judging
    subjects: Subjects
    metadata: Metadata
    upstreams: Upstreams
    relay: Relay
    spool: Spool
    xroad: XRoadFront
    oauth: OAuthFront = field(default_factory=OAuthFront)

    async def answer(self, turn: Turn, xroad: XRoadFront | None = None) -> None:
        """
        A caller's call.

        :param xroad: how a caller by X-Road's protocol is known, unless as any other
        """
        xroad = xroad or self.xroad
        front = xroad if turn.path.startswith(b"/r1/") else self.oauth
        call, accept = Call(front.name, turn.method.decode()), b""
        try:
            incoming = read_request(turn)
            accept = incoming.named.get(b"accept", b"")
            call.note_caller(incoming.named)
            if front is self.oauth or not await self._answered_as_xroad(xroad, call, incoming, turn):
                body = Body(turn.receive, 0, incoming.length)
                await self.provided(front, call, incoming, body, turn)
        except FAILURES as failure:
            await self.delivery.failed(front, call, failure, accept, turn)

    async def provided(
        self, front: Front, call: Call, incoming: Incoming, body: Body, to: Turn | SignedTurn
    ) -> None:
        """
        A call for a provider of ours.

        :raises Refusal, UpstreamFailed, CallerGone, LogFailed:
        """
        route, rest, target, waits_for = self.admission.admitted(front, call, incoming)
        if waits_for:
            await self.admission.reserved(waits_for, call)
        body.limit = route.upstream.max_body
        if route.subject:
            body = await self.subjects.noted(call, route, rest, incoming, body)
        if self.judging.judges(route):
            body = await self.judging.judged(route, rest, incoming, body)
        await self._forward(front, call, route, target, incoming, body, to)

    async def told(
        self, front: Front, call: Call, incoming: Incoming, turn: Turn, to: Turn | SignedTurn
    ) -> bool:
        """
        Tell what a provider offers, if that is asked for; logged like any other exchange.

        :returns: whether it was asked for
        :raises Refusal, LogFailed:
        """
        admission = self.admission
        snapshot = admission.snapshot
        asked = metadata_asked(safe_path(incoming.path)) if snapshot else None
        if snapshot is None or asked is None:
            return False
        safe_query(incoming.query)
        client = call.client = front.identify(incoming, snapshot, admission.tokens, call.started)
        call.note_elsewhere(asked.identifier, asked.name)
        call.xroad_head = xroad_head(incoming, call)
        await admission.count(("told", client.id, 0), metadata.LIMIT, call)
        content = await self.metadata.answer(asked, incoming, snapshot, client, call.started)
        call.note_answer(content)
        await self.delivery.keep(call.line(200, "delivered"))
        headers = [JSON, (b"x-exchange-id", call.id.encode())]
        await to.answer(200, front.answer_headers(call, headers, Body(turn.receive, 0, None)), content)
        return True

    async def _answered_as_xroad(self, front: XRoadFront, call: Call, incoming: Incoming, turn: Turn) -> bool:
        front.note(call, incoming)
        return await self._relayed(front, call, incoming, turn) or await self.told(
            front, call, incoming, turn, turn
        )

    async def _relayed(self, front: XRoadFront, call: Call, incoming: Incoming, turn: Turn) -> bool:
        """
        Let another gateway answer, if it serves what is asked for: it judges grants and their quotas; ours counts, too.

        :returns: whether it was one for another gateway
        :raises Refusal, UpstreamFailed, CallerGone, LogFailed:
        """
        admission = self.admission
        snapshot = admission.snapshot
        if snapshot is None:
            return False
        path = safe_path(incoming.path)
        peer = front.find_peer(call, path, snapshot)
        if peer is None:
            return False
        safe_query(incoming.query)
        client = call.client = front.identify(incoming, snapshot, admission.tokens, call.started)
        if client.is_trial:
            raise no_trial()
        await admission.count(("peer", peer.id, client.id), peer.limit, call)
        body = Body(turn.receive, MAX_BODY, incoming.length)
        body.sha512 = hashlib.sha512()
        answer = await self._asked_elsewhere(front, peer, call, incoming, body)
        try:
            check_request_hash(call, answer.headers, body)
            is_refused = any(name == b"x-road-error" for name, _value in answer.headers)
            became = ("refused", "by-peer") if is_refused else DELIVERED
            answered = [*answer.headers, (b"x-exchange-id", call.id.encode())]
            headers = front.answer_headers(call, answered, body)
            if answer.is_complete:
                await self.delivery.whole(call, answer, headers, turn, became)
            else:
                await self.delivery.stream(call, answer, headers, turn.receive, turn, became)
        finally:
            answer.release()
        return True

    async def _asked_elsewhere(
        self, front: XRoadFront, peer: Peer, call: Call, incoming: Incoming, body: Body
    ) -> Relayed:
        """:raises UpstreamFailed, Refusal, CallerGone:"""
        with contextlib.closing(self.spool.body()) as content:
            await taken_in(call, incoming, body, content)
            headers = relayed_headers(front, call, incoming)
            call.xroad_head = xroad_head(as_read(incoming, headers), call)
            began = time.perf_counter_ns()
            try:
                return await self.relay.ask(peer, call, incoming, headers, content, body.receive)
            finally:
                call.upstream_ns = time.perf_counter_ns() - began

    async def _forward(
        self,
        front: Front,
        call: Call,
        route: Route,
        target: bytes,
        incoming: Incoming,
        body: Body,
        to: Turn | SignedTurn,
    ) -> None:
        if front is not self.oauth:
            call.xroad_head, body.sha512 = xroad_head(incoming, call), hashlib.sha512()
        head = _head(call, route, target, incoming)
        head.append(front.provider_headers(call, incoming))
        began = time.perf_counter_ns()
        try:
            answer = await self._asked(route, head, incoming, body)
        finally:
            call.upstream_ns = time.perf_counter_ns() - began
            if not body.is_here:
                call.note_request(body)
        became = _outcome(route, answer)
        try:
            if front is self.oauth and isinstance(to, Turn) and (passed := _passed(answer)):
                answer.release()
                await self.delivery.whole(call, answer, _own_headers(call), to, became, passed)
                return
            headers = front.answer_headers(call, [*answer_headers(answer.headers), *_own_headers(call)], body)
            if not answer.is_complete:
                await answer.rest_soon(_SPLIT_SECONDS, SMALL)
            if answer.is_complete:
                answer.release()
                await self.delivery.whole(call, answer, headers, to, became)
            elif isinstance(to, SignedTurn):
                await self.delivery.signed(call, answer, headers, body.receive, to, became)
            else:
                await self.delivery.stream(call, answer, headers, body.receive, to, became)
        finally:
            answer.release()

    def _asked(
        self, route: Route, head: list[bytes], incoming: Incoming, body: Body
    ) -> Coroutine[Any, Any, Answer]:
        if incoming.has_body:
            return self._asked_with_body(route, head, incoming, body)
        head.append(b"content-length: 0\r\n\r\n" if incoming.length == 0 else b"\r\n")
        return self.upstreams.call(route.upstream, b"".join(head), method=incoming.method, more=None)

    async def _asked_with_body(
        self, route: Route, head: list[bytes], incoming: Incoming, body: Body
    ) -> Answer:
        method = incoming.method
        head += [body.head_line(), b"\r\n"]
        if incoming.length and incoming.length <= SMALL:
            head.append(await body.whole())
            return await self.upstreams.call(route.upstream, b"".join(head), method=method, more=None)
        with contextlib.closing(self.spool.body()) as ahead:
            parts = body.parts() if body.is_here else await read_ahead(body, ahead)
            more = body.coded(parts)
            return await self.upstreams.call(route.upstream, b"".join(head), method=method, more=more)


async def taken_in(call: Call, incoming: Incoming, body: Body, content: Spooled | None) -> None:
    """
    All of a message that goes over the wire.

    :param content: where it is kept, if it is
    :raises CallerGone, Refusal:
    """
    if incoming.length and incoming.length > MAX_BODY:
        raise too_large(MAX_BODY)
    if incoming.has_body:
        async for part in body.parts():
            if content:
                await content.add(part)
        # Whatever coding it came in, it goes on with its length.
        incoming.length, incoming.is_chunked = body.size, False
    call.note_request(body)


def _outcome(route: Route, answer: Answer) -> Outcome:
    """X-Road's security server says by a header that it, or the one behind it, did not get the call through."""
    if route.xroad_client is not None and any(name == b"x-road-error" for name, _value in answer.headers):
        return "failed", "by-security-server"
    return DELIVERED


def _head(call: Call, route: Route, target: bytes, incoming: Incoming) -> list[bytes]:
    identifier = call.client.identifier.encode() if call.client else b""
    return [
        b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (incoming.method, target, route.upstream.host_header),
        incoming.forward,
        b"x-exchange-id: %b\r\nx-exchange-client: %b\r\n" % (call.id.encode(), identifier),
    ]


def _own_headers(call: Call) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-exchange-id", call.id.encode())]
    if call.route and call.route.sunset:
        headers.append((b"x-exchange-sunset", call.route.sunset))
    return headers


def _passed(answer: Answer) -> bytes:
    """
    The headers of an answer whose head was the same before, as they go on to a caller, but for the length; written
    once. Empty if it is another one, or has no date.
    """
    known = answer.repeats
    if known is None:
        return b""
    if known.passed is None:
        kept = [pair for pair in answer_headers(answer.headers) if pair[0] != b"content-length"]
        has_date = any(name == b"date" for name, _value in kept)
        known.passed = b"".join(b"%b: %b\r\n" % pair for pair in kept) if has_date else b""
    return known.passed

"""The gateway as an ASGI application: who asks, for what, may they, how often; then the provider; then the log."""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import logging
import time
from pathlib import Path
from typing import IO, Final

from dinh.exchange.gateway import metadata
from dinh.exchange.gateway.batches import BatchSigner
from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.chain import next_link
from dinh.exchange.gateway.described import DOCUMENT
from dinh.exchange.gateway.fronts import Front, OAuthFront, XRoadFront, xroad_head
from dinh.exchange.gateway.identity import identity_of
from dinh.exchange.gateway.judging import Judging
from dinh.exchange.gateway.limits import Key, Limit, Limits
from dinh.exchange.gateway.metadata import metadata_asked
from dinh.exchange.gateway.peers import MAX_BODY, Peer, PeerConnections, trust
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.relay import (
    Relay,
    Relayed,
    SignedSend,
    WireFront,
    left,
    relayed_headers,
    take_answer,
    without_signature,
)
from dinh.exchange.gateway.requests import (
    SMALL,
    Body,
    CallerGone,
    Incoming,
    Receive,
    Scope,
    Send,
    answer_headers,
    read_request,
    too_large,
)
from dinh.exchange.gateway.routing import Route, safe_path, safe_query
from dinh.exchange.gateway.segments import LogFailed, SegmentLog, close_leftovers
from dinh.exchange.gateway.settings import GatewaySettings
from dinh.exchange.gateway.sharing import Sharing
from dinh.exchange.gateway.shipping import Shipping
from dinh.exchange.gateway.snapshot import Client, Grant, Snapshot
from dinh.exchange.gateway.source import ConfigurationSource
from dinh.exchange.gateway.spool import Spool, Spooled, read_ahead
from dinh.exchange.gateway.subjects import Subjects
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.trials import TRIAL_LIMIT, no_trial, trial_of
from dinh.exchange.gateway.upstream import Answer, UpstreamFailed, Upstreams
from dinh.exchange.gateway.wire import Wire, header
from dinh.exchange.gateway.wire_server import WireProtocol

_JSON: Final = (b"content-type", b"application/json")
_MAX_FORM: Final = 8 * 1024
_SPLIT_SECONDS: Final = 0.02
"""How long the body of a small answer may come after its head, to be logged once."""
log = logging.getLogger("dinh.exchange.gateway")


class Gateway:
    """One gateway process. Started and stopped by the server's lifespan."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.snapshot: Snapshot | None = None
        self.limits = Limits()
        self.judging = Judging()
        self.subjects = Subjects()
        self.tokens = Tokens(issuer=settings.issuer, life=settings.token_seconds)
        self.source = ConfigurationSource(settings, self._use)
        self.oauth = OAuthFront()
        self.xroad = XRoadFront(settings.xroad_trusted)
        self.metadata = metadata.Metadata(settings.database_url)
        self._listening: asyncio.Server | None = None
        self._trusted: set[bytes] = set()
        self.is_log_well = True
        self._following: list[asyncio.Task[None]] = []
        self._own = {
            b"/token": self._token,
            b"/.well-known/jwks.json": self._jwks,
            b"/healthz": self._health,
            b"/openapi.json": self._description,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            own = self._own.get(scope["path"].encode())
            if own is not None:
                await own(scope, receive, send)
            else:
                await self._exchange(scope, receive, send)

    # Life.

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception as error:
                    log.exception("The gateway cannot start.")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def start(self) -> None:
        """Take up the log and the configuration; both go on without the database."""
        settings = self.settings
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _only_one(settings.folder)
        self.identity = identity_of(settings)
        folder = settings.folder / "log"
        folder.mkdir(exist_ok=True)
        close_leftovers(folder)
        signer = BatchSigner(self.identity, gateway=settings.name, link=next_link(folder))
        self.segments = SegmentLog(folder, segment_bytes=settings.segment_bytes, sealer=signer)
        self.shipping = Shipping(self.segments)
        self.upstreams = Upstreams()
        self.wire = Wire(self.identity)
        self.spool = Spool(settings.folder / "spool", quota=settings.spool_bytes)
        connections = PeerConnections(self.identity)
        self.relay = Relay(self.wire, connections, self.upstreams, self.spool)
        self._wire_tls = connections.server()
        self.sharing = Sharing(settings, self.limits, certificate=self.identity.fingerprint)
        self._following = [await self.sharing.start(), await self.source.start()]
        self.shipping.start()
        if settings.wire_port:
            await self._listen()

    async def _listen(self) -> None:
        """To other gateways."""
        connections: set[WireProtocol] = set()
        self._listening = await asyncio.get_running_loop().create_server(
            lambda: WireProtocol(self._from_peer, connections),
            self.settings.wire_host,
            self.settings.wire_port,
            ssl=self._wire_tls,
            backlog=1024,
        )

    async def stop(self) -> None:
        """Keep and ship what waits."""
        for task in self._following:
            task.cancel()
        if self._listening:
            self._listening.close()
        self.upstreams.close()
        await asyncio.to_thread(self.spool.close)
        await self.sharing.end()
        await asyncio.to_thread(self.segments.close)
        await self.shipping.end()

    def _use(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.tokens.use(snapshot)
        self.judging.use(snapshot.documents)
        self.subjects.use(snapshot.subject_key)
        # TLS lets in whoever was ever registered; each message is judged by the configuration in force.
        new = set(snapshot.peers.certificates()) - self._trusted
        trust(self._wire_tls, new)
        self._trusted |= new

    # The gateway's own addresses.

    async def _token(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call("oauth", method="POST")
        try:
            incoming = read_request(scope)
            if incoming.method != b"POST":
                raise Refusal(405, "method-not-allowed", "Ask with POST.", [(b"allow", b"POST")])
            form = await Body(receive, _MAX_FORM, incoming.length).whole() if incoming.has_body else b""
            authorization = incoming.named.get(b"authorization", b"")
            body, _client = self.tokens.issue(authorization, form, time.time())
        except Refusal as refusal:
            await _send(send, refusal.status, [_JSON, *refusal.headers], refusal.problem(call.id))
        except CallerGone:
            return
        else:
            headers = [_JSON, (b"cache-control", b"no-store"), (b"pragma", b"no-cache")]
            await _send(send, 200, headers, body)

    async def _jwks(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        body = self.snapshot.jwks if self.snapshot else b'{"keys": []}'
        await _send(send, 200, [_JSON, (b"cache-control", b"max-age=300")], body)

    async def _description(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await _send(send, 200, [_JSON], DOCUMENT)

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """200 while calls are served; the database may be away meanwhile, and that is told."""
        told = {
            "ok": self.snapshot is not None and self.is_log_well,
            "configuration": self.source.version,
            "database": self.source.is_connected,
            "gateways": self.limits.gateways,
            "limits_shared": self.limits.is_shared,
            "key_of": self.sharing.twin,
            "log": self.is_log_well,
            "log_wait_ms": self.segments.wait_ms(),
            "log_shipping": self.shipping.is_connected,
        }
        await _send(send, 200 if told["ok"] else 503, [_JSON], json.dumps(told).encode())

    # An exchange.

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        front = self.xroad if scope["path"].startswith("/r1/") else self.oauth
        call, accept = Call(front.name, method=scope["method"]), b""
        try:
            incoming = read_request(scope)
            accept = incoming.named.get(b"accept", b"")
            call.note_caller(incoming.named)
            if front is self.xroad and await self._relayed(call, incoming, receive, send):
                return
            if front is self.xroad and await self._told(front, call, incoming, receive, send):
                return
            route, rest, target = await self._admitted(front, call, incoming)
            body = Body(receive, route.upstream.max_body, incoming.length)
            body = await self.subjects.noted(call, route, rest, incoming, body)
            body = await self.judging.judged(route, rest, incoming, body)
            await self._forward(front, call, route, target, incoming, body, send)
        except Refusal as refusal:
            await self._refuse(front, call, refusal, accept, send)
        except UpstreamFailed as failure:
            await self._refuse(front, call, failure.refusal(), accept, send)
        except CallerGone:
            await self._note(call.line(499, "aborted", "caller-gone"))
        except LogFailed:
            log.exception("The log's disk takes nothing; no exchange is let through.")
            unlogged = unavailable("log-failed", "The exchange could not be logged.", seconds=10)
            await _send(send, *front.refused(call, unlogged, accept))

    async def _relayed(self, call: Call, incoming: Incoming, receive: Receive, send: Send) -> bool:
        """
        Let another gateway answer, if it serves what is asked for: it judges grants and their quotas; ours counts, too.

        :returns: whether it was one for another gateway
        :raises Refusal, UpstreamFailed, CallerGone, LogFailed:
        """
        snapshot = self.snapshot
        if snapshot is None:
            return False
        path = safe_path(incoming.path)
        peer = self.xroad.find_peer(call, path, snapshot)
        if peer is None:
            return False
        safe_query(incoming.query)
        client = call.client = self.xroad.identify(incoming, snapshot, self.tokens, call.started)
        if client.is_trial:
            raise no_trial()
        await self._count(("peer", peer.id, client.id), peer.limit, call)
        call.xroad_head = xroad_head(incoming, call)
        body = Body(receive, MAX_BODY, incoming.length, sha512=hashlib.sha512())
        answer = await self._asked_elsewhere(peer, call, incoming, body)
        is_refused = any(name == b"x-road-error" for name, _value in answer.headers)
        outcome, reason = ("refused", "by-peer") if is_refused else ("delivered", "")
        answered = [*answer.headers, (b"x-exchange-id", call.id.encode())]
        headers = self.xroad.answer_headers(call, answered, body)
        try:
            if answer.is_complete:
                await self._deliver(call, answer, headers, send, outcome, reason)
            else:
                await self._stream(call, answer, headers, receive, send)
        finally:
            answer.release()
        return True

    async def _asked_elsewhere(self, peer: Peer, call: Call, incoming: Incoming, body: Body) -> Relayed:
        """:raises UpstreamFailed, Refusal, CallerGone:"""
        with contextlib.closing(self.spool.body()) as content:
            await _taken_in(call, incoming, body, content)
            headers = relayed_headers(self.xroad, call, incoming)
            began = time.perf_counter_ns()
            try:
                return await self.relay.ask(peer, call, incoming, headers, content, body.receive)
            finally:
                call.upstream_ns = time.perf_counter_ns() - began

    async def _told(self, front: Front, call: Call, incoming: Incoming, receive: Receive, send: Send) -> bool:
        """
        Tell what a provider offers, if that is asked for; logged like any other exchange.

        :returns: whether it was asked for
        :raises Refusal, LogFailed:
        """
        snapshot = self.snapshot
        asked = metadata_asked(safe_path(incoming.path)) if snapshot else None
        if snapshot is None or asked is None:
            return False
        safe_query(incoming.query)
        client = call.client = front.identify(incoming, snapshot, self.tokens, call.started)
        call.note_elsewhere(asked.identifier, asked.name)
        call.xroad_head = xroad_head(incoming, call)
        await self._count(("told", client.id, 0), metadata.LIMIT, call)
        content = await self.metadata.answer(asked, incoming, snapshot, client, call.started)
        call.note_answer(content)
        await self._keep(call.line(200, "delivered"))
        headers = [_JSON, (b"x-exchange-id", call.id.encode())]
        await _send(send, 200, front.answer_headers(call, headers, Body(receive, 0, None)), content)
        return True

    async def _from_peer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A call that another gateway sends on: its signature first, then as any other."""
        call, front = Call(WireFront.name, method=scope["method"]), self.xroad
        signature = header(scope["headers"], b"signature")
        answer = SignedSend(send, self.wire, self.spool, signature, is_head=scope["method"] == "HEAD")
        try:
            incoming = read_request(scope)
            call.note_caller(incoming.named)
            peer = self._peer_of(scope)
            call.peer_key = scope["peer_certificate"]
            with contextlib.closing(self.spool.body()) as content:
                await self._proved(call, peer, scope, incoming, receive, content)
                without_signature(incoming)
                front = WireFront(peer)
                if await self._told(front, call, incoming, receive, answer):
                    return
                route, rest, target = await self._admitted(front, call, incoming)
                body = Body(content.again(receive), route.upstream.max_body, content.size, is_here=True)
                body = await self.subjects.noted(call, route, rest, incoming, body)
                body = await self.judging.judged(route, rest, incoming, body)
                await self._forward(front, call, route, target, incoming, body, answer)
        except Refusal as refusal:
            await self._refuse(front, call, refusal, b"", answer)
        except UpstreamFailed as failure:
            await self._refuse(front, call, failure.refusal(), b"", answer)
        except CallerGone:
            await self._note(call.line(499, "aborted", "caller-gone"))
        except LogFailed:
            log.exception("The log's disk takes nothing; no exchange is let through.")
            unlogged = unavailable("log-failed", "The exchange could not be logged.", seconds=10)
            await _send(answer, *front.refused(call, unlogged, b""))

    async def _proved(
        self, call: Call, peer: Peer, scope: Scope, incoming: Incoming, receive: Receive, content: Spooled
    ) -> None:
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
                headers=scope["headers"],
            )
        except Refusal:
            await _taken_in(call, incoming, Body(receive, MAX_BODY, incoming.length), None)
            raise
        limit = self._limit_of(call, WireFront(peer), incoming)
        await _taken_in(call, incoming, Body(receive, limit, incoming.length), content)
        proof.check_request(content.digest)
        call.note_proof(proof)

    def _limit_of(self, call: Call, front: Front, incoming: Incoming) -> int:
        """
        What a message may have. What is wrong with its address is told once it has been read.

        :raises Refusal: if it announces more, and then its line of the log has client and operation
        """
        snapshot = self.snapshot
        try:
            found = snapshot and front.find(incoming, safe_path(incoming.path), snapshot)
        except Refusal:
            found = None
        if not snapshot or not found:
            return MAX_BODY
        route, _rest = found
        limit = min(MAX_BODY, route.upstream.max_body)
        if incoming.length and incoming.length > limit:
            call.client = front.identify(incoming, snapshot, self.tokens, call.started)
            call.route = route
            raise too_large(limit)
        return limit

    def _peer_of(self, scope: Scope) -> Peer:
        """Whose certificate the connection showed. :raises Refusal:"""
        shown = scope["peer_certificate"]
        peer = self.snapshot.peers.with_key(shown) if self.snapshot else None
        if peer is None or not peer.keys[shown].is_valid(time.time()):
            raise Refusal(
                403, "unknown-peer", "This gateway's certificate is not registered here (any more)."
            )
        return peer

    async def _admitted(self, front: Front, call: Call, incoming: Incoming) -> tuple[Route, bytes, bytes]:
        """
        Who asks and for what; counted against the grant.

        :returns: the operation, the path below its version, what the provider is asked for
        :raises Refusal:
        """
        snapshot = self.snapshot
        if snapshot is None:
            raise unavailable("no-configuration", "This gateway has no configuration yet.", seconds=5)
        path, query = safe_path(incoming.path), safe_query(incoming.query)
        client = call.client = front.identify(incoming, snapshot, self.tokens, call.started)
        route, rest = front.find(incoming, path, snapshot)
        call.route = route
        if client.is_trial:
            route = trial_of(route)
            await self._count(("trial", client.id, route.operation_id), TRIAL_LIMIT, call)
        else:
            grant = _grant_of(snapshot, client, route, call.started)
            call.grant_id = grant.id
            await self._count(("grant", grant.id, route.operation_id), grant.limit, call)
        if incoming.length and incoming.length > route.upstream.max_body:
            raise too_large(route.upstream.max_body)
        target = route.upstream.prefix + rest
        return route, rest, target + b"?" + query if query else target

    async def _count(self, key: Key, limit: Limit, call: Call) -> None:
        """:raises Refusal:"""
        if not self.limits.take(key, limit, call.started):
            await self.limits.take_later(key, call.started)

    async def _forward(
        self,
        front: Front,
        call: Call,
        route: Route,
        target: bytes,
        incoming: Incoming,
        body: Body,
        send: Send,
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
        headers = front.answer_headers(call, _answer_headers(call, answer), body)
        try:
            if not answer.is_complete:
                await answer.rest_soon(_SPLIT_SECONDS, SMALL)
            if answer.is_complete:
                answer.release()
                await self._deliver(call, answer, headers, send)
            elif isinstance(send, SignedSend):
                await self._deliver_signed(call, answer, headers, body.receive, send)
            else:
                await self._stream(call, answer, headers, body.receive, send)
        finally:
            answer.release()

    async def _asked(self, route: Route, head: list[bytes], incoming: Incoming, body: Body) -> Answer:
        method = incoming.method
        if not incoming.has_body:
            head.append(b"content-length: 0\r\n\r\n" if incoming.length == 0 else b"\r\n")
            return await self.upstreams.call(route.upstream, b"".join(head), method=method, more=None)
        head += [body.head_line(), b"\r\n"]
        if incoming.length and incoming.length <= SMALL:
            head.append(await body.whole())
            return await self.upstreams.call(route.upstream, b"".join(head), method=method, more=None)
        with contextlib.closing(self.spool.body()) as ahead:
            parts = body.parts() if body.is_here else await read_ahead(body, ahead)
            more = body.coded(parts)
            return await self.upstreams.call(route.upstream, b"".join(head), method=method, more=more)

    async def _deliver(
        self,
        call: Call,
        answer: Answer | Relayed,
        headers: Headers,
        send: Send,
        outcome: str = "delivered",
        reason: str = "",
    ) -> None:
        """A whole answer: logged, then released."""
        body = answer.body
        call.note_answer(body)
        await self._keep(call.line(answer.status, outcome, reason))
        await send(_start(answer.status, headers))
        await send({"type": "http.response.body", "body": body})

    async def _deliver_signed(
        self, call: Call, answer: Answer, headers: Headers, receive: Receive, send: SignedSend
    ) -> None:
        """A large answer to a peer: nothing of it leaves before it is whole, so that it is logged once."""
        with contextlib.closing(self.spool.body()) as content:
            await take_answer(answer, content, receive)
            answer.release()
            call.response_bytes, call.response_sha256 = content.size, content.digest.hex()
            await self._keep(call.line(answer.status, "delivered"))
            await send.whole(answer.status, headers, content)

    async def _stream(
        self, call: Call, answer: Answer | Relayed, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """A large answer: its beginning is logged before its first byte leaves, its end before its last part."""
        await self._keep(call.line(answer.status, "begun"))
        await send(_start(answer.status, headers))
        gone = asyncio.ensure_future(left(receive))
        try:
            last = await self._all_but_the_last(call, answer, send, gone)
        except BaseException as failure:
            reason = failure.code if isinstance(failure, UpstreamFailed) else "caller-gone"
            await self._note(call.line(answer.status, "aborted", reason))
            # The caller must not take what it has for the whole: the connection is dropped.
            raise BrokenOff(reason) from failure
        finally:
            gone.cancel()
        await self._keep(call.line(answer.status, "delivered"))
        await send({"type": "http.response.body", "body": last})

    async def _all_but_the_last(
        self, call: Call, answer: Answer | Relayed, send: Send, gone: "asyncio.Future[None]"
    ) -> bytes:
        """:raises UpstreamFailed, CallerGone:"""
        digest, held = hashlib.sha256(answer.body), answer.body
        call.response_bytes = len(held)
        while part := await answer.more():
            if gone.done():
                # The server tells of it here only: to send goes on without an error.
                raise CallerGone
            await send({"type": "http.response.body", "body": held, "more_body": True})
            digest.update(part)
            call.response_bytes += len(part)
            held = part
        call.response_sha256 = digest.hexdigest()
        return held

    async def _refuse(self, front: Front, call: Call, refusal: Refusal, accept: bytes, send: Send) -> None:
        """Told to the caller; logged if caller or gateway is known, so that strangers do not fill the log."""
        status, headers, body = front.refused(call, refusal, accept)
        if call.client is not None or call.peer_key:
            outcome = "failed" if refusal.is_providers else "refused"
            await self._keep(call.line(status, outcome, refusal.code))
        await _send(send, status, headers, body)

    async def _keep(self, line: bytes) -> None:
        """:raises LogFailed:"""
        try:
            await self.segments.append(line)
        except LogFailed:
            self.is_log_well = False
            raise
        self.is_log_well = True

    async def _note(self, line: bytes) -> None:
        """For what has no answer any more that could be held back."""
        with contextlib.suppress(LogFailed):
            await self._keep(line)


class AlreadyRunning(Exception):
    """Another gateway works in the same folder."""


def _only_one(folder: Path) -> IO[str]:
    """
    A lock on the folder that lasts as long as this process: two gateways in one would take each other's segments.

    :raises AlreadyRunning:
    """
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunning(
            f"A gateway works in {folder} already; set another DINH_GATEWAY_NAME."
        ) from error
    return lock


class BrokenOff(Exception):
    """An answer ended before its end; raised to the server, which then drops the connection."""


async def _taken_in(call: Call, incoming: Incoming, body: Body, content: Spooled | None) -> None:
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


def _grant_of(snapshot: Snapshot, client: Client, route: Route, now: float) -> Grant:
    for grant in snapshot.grants.get((client.id, route.operation_id), ()):
        if grant.since <= now < grant.until:
            return grant
    raise Refusal(403, "no-grant", "Your system has no grant in force for this operation.")


def _head(call: Call, route: Route, target: bytes, incoming: Incoming) -> list[bytes]:
    identifier = call.client.identifier.encode() if call.client else b""
    return [
        b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (incoming.method, target, route.upstream.host_header),
        incoming.forward,
        b"x-exchange-id: %b\r\nx-exchange-client: %b\r\n" % (call.id.encode(), identifier),
    ]


def _answer_headers(call: Call, answer: Answer) -> list[tuple[bytes, bytes]]:
    headers = answer_headers(answer.headers)
    headers.append((b"x-exchange-id", call.id.encode()))
    if call.route and call.route.sunset:
        headers.append((b"x-exchange-sunset", call.route.sunset))
    return headers


def _start(status: int, headers: Headers) -> dict[str, object]:
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send(_start(status, [*headers, length]))
    await send({"type": "http.response.body", "body": body})

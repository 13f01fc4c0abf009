"""The two protocols that callers speak: how they name themselves and the service, and how answers and errors look."""

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.peers import Peer
from dinh.exchange.gateway.records import told
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.requests import PASSED, Body, Incoming
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.settings import Network
from dinh.exchange.gateway.snapshot import Client, Snapshot
from dinh.exchange.gateway.tokens import Tokens

Answered = tuple[int, list[tuple[bytes, bytes]], bytes]
_LOGGED: Final = (b"x-road-id", b"x-road-userid", b"x-road-issue")


class Front(Protocol):
    """What differs between the protocols."""

    name: str

    def identify(self, incoming: Incoming, snapshot: Snapshot, tokens: Tokens, now: float) -> Client:
        """Who asks. :raises Refusal:"""

    def find(self, incoming: Incoming, path: bytes, snapshot: Snapshot) -> tuple[Route, bytes]:
        """What is asked for, and the path that its provider sees. :raises Refusal:"""

    def provider_headers(self, call: Call, incoming: Incoming) -> bytes:
        """What the provider is told besides, ready for the wire."""

    def answer_headers(self, call: Call, headers: Headers, body: Body) -> list[tuple[bytes, bytes]]:
        """A provider's headers as the caller gets them."""

    def refused(self, call: Call, refusal: Refusal, accept: bytes) -> Answered:
        """An answer of the gateway's own."""


class OAuthFront:
    """Bearer tokens, `/{service}/{version}/{operation}`, problem documents (RFC 9457)."""

    name = "oauth"

    def identify(self, incoming: Incoming, snapshot: Snapshot, tokens: Tokens, now: float) -> Client:
        return tokens.client_of(incoming.named.get(b"authorization", b""), now)

    def find(self, incoming: Incoming, path: bytes, snapshot: Snapshot) -> tuple[Route, bytes]:
        return snapshot.routes.find(incoming.method, path)

    def provider_headers(self, call: Call, incoming: Incoming) -> bytes:
        route = call.route
        if route is None or route.xroad_client is None:
            story = _story(incoming) if call.has_story else b""
        else:
            story = _for_security_server(call, incoming, route.xroad_client)
        # Authorization is ours; a provider that wants credentials of its own gets them from this header.
        own = incoming.named.get(b"x-provider-authorization")
        return story if own is None else b"%bauthorization: %b\r\n" % (story, own)

    def answer_headers(self, call: Call, headers: Headers, body: Body) -> list[tuple[bytes, bytes]]:
        return list(headers)

    def refused(self, call: Call, refusal: Refusal, accept: bytes) -> Answered:
        headers = [(b"content-type", b"application/problem+json"), (b"x-exchange-id", call.id.encode())]
        return refusal.status, [*headers, *refusal.headers], refusal.problem(call.id)


def _for_security_server(call: Call, incoming: Incoming, client: bytes) -> bytes:
    """
    What X-Road's own server wants to hear of a call (PR-REST, 4.3): who asks, and an id of the message.

    :param client: who asks there; empty: the caller by its own identifier
    """
    asking = client or (call.client.identifier.encode() if call.client else b"")
    lines = b"x-road-client: %b\r\n%b" % (asking, _story(incoming))
    if b"x-road-id" not in incoming.named:
        lines += b"x-road-id: %b\r\n" % call.id.encode()
    return lines


def _story(incoming: Incoming) -> bytes:
    """Message, user and issue, as the caller told them."""
    named = incoming.named
    return b"".join(b"%b: %b\r\n" % (name, named[name]) for name in _LOGGED if name in named)


@dataclass(frozen=True, slots=True)
class _XRoadError:
    status: int
    type: str


_BAD_REQUEST: Final = _XRoadError(400, "Client.BadRequest")
_INTERNAL: Final = _XRoadError(500, "Server.ServerProxy.InternalError")
# By the codes of refusals; the protocol knows 400 and 500 only (PR-REST, 4.6).
_ERRORS: Final = {
    "no-token": _XRoadError(500, "Server.ClientProxy.SslAuthenticationFailed"),
    "invalid-token": _XRoadError(500, "Server.ClientProxy.SslAuthenticationFailed"),
    "another-client": _XRoadError(500, "Server.ClientProxy.SslAuthenticationFailed"),
    "unknown-peer": _XRoadError(500, "Server.ServerProxy.SslAuthenticationFailed"),
    "unknown-client": _XRoadError(500, "Server.ClientProxy.UnknownMember"),
    "unknown-provider": _XRoadError(500, "Server.ClientProxy.UnknownMember"),
    "no-such-service": _XRoadError(500, "Server.ServerProxy.UnknownService"),
    "no-such-operation": _XRoadError(500, "Server.ServerProxy.UnknownService"),
    "method-not-allowed": _XRoadError(500, "Server.ServerProxy.AccessDenied"),
    "no-grant": _XRoadError(500, "Server.ServerProxy.AccessDenied"),
    "no-trial": _XRoadError(500, "Server.ServerProxy.AccessDenied"),
    "rate-exceeded": _XRoadError(500, "Server.ServerProxy.AccessDenied"),
    "quota-exceeded": _XRoadError(500, "Server.ServerProxy.AccessDenied"),
    "provider-unreachable": _XRoadError(500, "Server.ServerProxy.NetworkError"),
    "provider-timeout": _XRoadError(500, "Server.ServerProxy.NetworkError"),
    "provider-away": _XRoadError(500, "Server.ServerProxy.NetworkError"),
    "provider-hung-up": _XRoadError(500, "Server.ServerProxy.ServiceFailed"),
    "bad-signature": _XRoadError(500, "Server.ServerProxy.InvalidSignatureValue"),
    "peer-signature": _XRoadError(500, "Server.ClientProxy.InvalidSignatureValue"),
    "answer-too-large": _XRoadError(500, "Server.ServerProxy.ServiceFailed"),
    "provider-answer": _XRoadError(500, "Server.ServerProxy.ServiceFailed"),
}
_HIDDEN: Final = frozenset({b"server"})
_OF_PROTOCOL: Final = frozenset({
    b"x-road-client", b"x-road-service", b"x-road-id", b"x-road-request-id", b"x-road-request-hash", b"x-road-error",
})  # fmt: skip
"""Of an answer: from the gateway, whatever the provider says."""
_PASSED_IF_TOLD: Final = (b"x-road-userid", b"x-road-issue", b"x-road-security-server")
_LONGEST_ID: Final = 255
_REMEMBERED: Final = 1024
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")


class XRoadFront:
    """
    X-Road's message protocol for REST, r1 (PR-REST 1.0), as a security server speaks it.

    A caller is believed what `X-Road-Client` says if it comes from one of the trusted networks (the official security
    server, systems on the platform's own network), else only with a token of that very system.

    :param trusted: networks whose callers need no token
    """

    name = "xroad"

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self.trusted = tuple(trusted)
        self._judged: dict[str, bool] = {}

    def note(self, call: Call, incoming: Incoming) -> None:
        """
        The ids of the message, as they are told on; the request's own from who is trusted to be a gateway.

        :raises Refusal: if a header is not of the protocol's form
        """
        named = incoming.named
        own = call.id.encode()
        call.xroad_id = _plain(named, b"x-road-id") or own
        is_gateways = self._trusts(incoming.peer)
        call.request_id = ((is_gateways and _plain(named, b"x-road-request-id")) or own).decode()
        _check_parts(named, b"x-road-represented-party", (1, 2), "[CLASS/]CODE")
        _check_parts(named, b"x-road-security-server", (4,), "INSTANCE/CLASS/MEMBER/SERVER")

    def identify(self, incoming: Incoming, snapshot: Snapshot, tokens: Tokens, now: float) -> Client:
        identifier = self.client_named(incoming)
        if self._trusts(incoming.peer):
            return self.registered(identifier, snapshot)
        client = tokens.client_of(incoming.named.get(b"authorization", b""), now)
        if client.identifier != identifier:
            raise Refusal(403, "another-client", "The token is another client's.")
        return client

    @staticmethod
    def client_named(incoming: Incoming) -> str:
        """What X-Road-Client says. :raises Refusal:"""
        parts = _parts(incoming.named.get(b"x-road-client", b""))
        if not 3 <= len(parts) <= 4 or not all(parts):
            raise Refusal(400, "bad-request", "X-Road-Client must be INSTANCE/CLASS/MEMBER/SUBSYSTEM.")
        return "/".join(parts)

    @staticmethod
    def registered(identifier: str, snapshot: Snapshot) -> Client:
        """:raises Refusal:"""
        client = snapshot.client_named.get(identifier)
        if client is None:
            raise Refusal(403, "unknown-client", "Nobody is registered as this client.")
        return client

    def find_peer(self, call: Call, path: bytes, snapshot: Snapshot) -> Peer | None:
        """
        The gateway that serves what is asked for; None if it is served here, or by nobody.

        :raises Refusal:
        """
        if not snapshot.peers.peers:
            return None
        named, _rest = target_of(path)
        provider = "/".join(named[:4])
        if provider in snapshot.routes.providers:
            return None
        peer = snapshot.peers.serving(provider)
        if peer is not None:
            call.note_elsewhere(provider, named[4])
        return peer

    def find(self, incoming: Incoming, path: bytes, snapshot: Snapshot) -> tuple[Route, bytes]:
        named, rest = target_of(path)
        provider, service = "/".join(named[:4]), named[4]
        try:
            route, target = snapshot.routes.find_newest(incoming.method, service.encode(), rest)
        except Refusal:
            # Whose service it is comes first: of another's nothing is told, be it only which methods it has.
            if all(each.service != service for each in snapshot.routes.of_provider(provider)):
                raise _not_offered(provider, snapshot) from None
            raise
        if route.provider != provider:
            raise _not_offered(provider, snapshot)
        return route, target

    def provider_headers(self, call: Call, incoming: Incoming) -> bytes:
        named, route = incoming.named, call.route
        if route is not None and route.xroad_client is not None:
            # To X-Road's own server we are a client: ids of the message on its way are that server's to make.
            lines = [_for_security_server(call, incoming, route.xroad_client)]
            if server := named.get(b"x-road-security-server"):
                lines.append(b"x-road-security-server: %b\r\n" % server)
        else:
            lines = [
                b"x-road-client: %b\r\n" % named.get(b"x-road-client", b""),
                b"x-road-service: %b\r\n" % _service(call),
                b"x-road-request-id: %b\r\n" % call.request_id.encode(),
                b"x-road-id: %b\r\n" % call.xroad_id,
            ]
            lines += [b"%b: %b\r\n" % (name, named[name]) for name in _PASSED_IF_TOLD if name in named]
        if b"accept" not in named:
            lines.append(b"accept: application/json\r\n")
        if self._trusts(incoming.peer) and b"authorization" in named:
            # Not ours, then: it goes on to the provider as the protocol says (PR-REST, 4.7).
            lines.append(b"authorization: %b\r\n" % named[b"authorization"])
        return b"".join(lines)

    def answer_headers(self, call: Call, headers: Headers, body: Body) -> list[tuple[bytes, bytes]]:
        kept = [
            (name, value)
            for name, value in headers
            if name not in _HIDDEN and (name not in _OF_PROTOCOL or keeps_error(call, name))
        ]
        kept += [
            (b"x-road-client", call.xroad_client),
            (b"x-road-service", _service(call)),
            (b"x-road-id", call.xroad_id),
            (b"x-road-request-id", call.request_id.encode()),
        ]
        # A provider that answers before it has the whole body leaves nothing that could be compared.
        if not body.length or body.size >= body.length:
            kept.append((b"x-road-request-hash", _request_hash(call, body)))
        return kept

    def refused(self, call: Call, refusal: Refusal, accept: bytes) -> Answered:
        default = _INTERNAL if refusal.status >= 500 else _BAD_REQUEST
        error = _ERRORS.get(refusal.code, default)
        body, kind = _error_body(error.type, refusal.title, call.id, accept)
        headers = [(b"content-type", kind), (b"x-road-error", error.type.encode())]
        headers += [(b"x-exchange-id", call.id.encode())]
        headers += [pair for pair in refusal.headers if pair[0] == b"retry-after"]
        return error.status, headers, body

    def _trusts(self, peer: str) -> bool:
        if not self.trusted or not peer:
            return False
        is_trusted = self._judged.get(peer)
        if is_trusted is None:
            if len(self._judged) >= _REMEMBERED:
                self._judged.clear()
            address = ipaddress.ip_address(peer)
            is_trusted = self._judged[peer] = any(address in network for network in self.trusted)
        return is_trusted


def keeps_error(call: Call, name: bytes) -> bool:
    """
    Whether it is the error header of the gateway, or of X-Road's own server, that serves the call; a provider's own
    means nothing.
    """
    is_behind_server = call.route is not None and call.route.xroad_client is not None
    return name == b"x-road-error" and (bool(call.service) or is_behind_server)


def _error_body(kind: str, message: str, detail: str, accept: bytes) -> tuple[bytes, bytes]:
    wants_xml = b"xml" in accept and b"json" not in accept and b"*/*" not in accept
    if not wants_xml:
        body = json.dumps({"type": kind, "message": message, "detail": detail}).encode()
        return body, b"application/json;charset=utf-8"
    fields = (("type", kind), ("message", message), ("detail", detail))
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><error>{inner}</error>'.encode(),
        b"application/xml;charset=utf-8",
    )


def _not_offered(provider: str, snapshot: Snapshot) -> Refusal:
    """Why a provider has no such service: nobody may be registered by this name."""
    if provider not in snapshot.client_named:
        return Refusal(404, "unknown-provider", "Nobody is registered as this provider.")
    return Refusal(404, "no-such-service", "This provider has no such service.")


def _plain(named: Mapping[bytes, bytes], name: bytes) -> bytes:
    """An id as it was sent, empty if there is none. :raises Refusal:"""
    value = named.get(name, b"")
    if len(value) <= _LONGEST_ID and not _CONTROL.search(value) and _is_text(value):
        return value
    raise Refusal(400, "bad-request", f"{name.decode()} has at most {_LONGEST_ID} bytes of UTF-8 text.")


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_parts(named: Mapping[bytes, bytes], name: bytes, counts: tuple[int, ...], form: str) -> None:
    """:raises Refusal:"""
    if name in named:
        parts = _parts(named[name])
        if len(parts) not in counts or not all(parts):
            raise Refusal(400, "bad-request", f"{name.decode()} must be {form}.")


@lru_cache(maxsize=_REMEMBERED)
def _parts(identifier: bytes) -> tuple[str, ...]:
    """:raises Refusal:"""
    return tuple(_decoded(part) for part in identifier.strip().split(b"/"))


def _decoded(part: bytes) -> str:
    """:raises Refusal: if a part is not percent-encoded UTF-8"""
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(400, "bad-request", "Identifiers are percent-encoded UTF-8.") from error
    return "" if told(text.encode(), 100) != text else text


def target_of(path: bytes) -> tuple[tuple[str, ...], bytes]:
    """
    Instance, class, member, subsystem, service; and the path below.

    :raises Refusal:
    """
    parts = path.split(b"/", 7)
    if len(parts) < 7:
        raise Refusal(400, "bad-request", "Write /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE/path.")
    return _parts(b"/".join(parts[2:7])), b"/" + parts[7] if len(parts) == 8 else b"/"


def _service(call: Call) -> bytes:
    route = call.route
    return f"{route.provider}/{route.service}".encode() if route else call.service


def _request_hash(call: Call, body: Body) -> bytes:
    """Base64 of SHA-512 over the digests of head and body, of the head alone without a body (PR-REST, 4.3)."""
    head = hashlib.sha512(call.xroad_head).digest()
    if body.sha512 is None or not body.size:
        return base64.b64encode(head)
    return base64.b64encode(hashlib.sha512(head + body.sha512.digest()).digest())


def check_request_hash(call: Call, headers: Headers, body: Body) -> None:
    """
    That the other gateway answers what it was sent: the provider's makes the hash, the consumer's verifies it.

    One of an earlier release hashes the head with a request id of its own, which cannot be compared.

    :param headers: of its answer
    :raises Refusal: the peer failed
    """
    answered = dict(headers)
    given = answered.get(b"x-road-request-hash")
    is_same = answered.get(b"x-road-request-id") == call.request_id.encode()
    if given and is_same and given != _request_hash(call, body):
        raise unavailable("peer-signature", "The other gateway answers another request.", status=502)


def xroad_head(incoming: Incoming, call: Call) -> bytes:
    """The head of a request as X-Road's own servers write it for hashing: verb, address, headers."""
    address = incoming.path + (b"?" + incoming.query if incoming.query else b"")
    named = b"".join(
        b"%b:%b\r\n" % (name, value)
        for name, value in incoming.named.items()
        if name.startswith(b"x-road-")
        and name not in (b"x-road-request-id", b"x-road-request-hash")
        and name not in PASSED
    )
    lines = incoming.forward.split(b"\r\n")
    forwarded = b"".join(line.replace(b": ", b":", 1) + b"\r\n" for line in lines if line)
    return b"%b\r\n%b\r\n%b%bx-road-request-id:%b\r\n" % (
        incoming.method, address, named, forwarded, call.request_id.encode(),
    )  # fmt: skip

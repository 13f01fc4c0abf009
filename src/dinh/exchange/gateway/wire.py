"""
The wire between two gateways: X-Road's REST calls, each request and answer signed (RFC 9421) over the digest of its
content (RFC 9530).

A request covers method, path, query, digest and all headers but those of the connection; an answer covers its status,
its digest, its headers and the request's signature. Against replay: requests name the certificate of the gateway that
they are for, carry a nonce and are good for a minute; an answer fits one request only.
"""

import base64
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.peers import Peer, PeerKey
from dinh.exchange.gateway.records import random_bytes
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.requests import HOP_BY_HOP
from dinh.pki.http_signatures import (
    BadMessageSignature,
    Components,
    content_digest,
    read_content_digest,
    read_signature,
    sign_message,
    verify_message,
)

WINDOW: Final = 60
"""Seconds that a signature may be old, or ahead of our clock."""
TAG: Final = "dinh-exchange"
LABEL: Final = "dinh"
_DERIVED: Final = ('"@method"', '"@path"', '"@query"')
_REQUIRED: Final = (*_DERIVED, '"content-digest"', '"x-road-client"', '"x-road-id"')
_NOT_COVERED: Final = HOP_BY_HOP | {b"host", b"content-length", b"signature", b"signature-input"}
_OF_REQUEST: Final = '"signature";req'
_ANSWER_REQUIRED: Final = ('"@status"', '"content-digest"', _OF_REQUEST)
_ANOTHER_CONTENT: Final = "The content is not that of Content-Digest."


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What the other end signed, for the log.

    :param key: fingerprint of its certificate
    :param text: signature base and signature, base64, with a dot between
    :param digest: SHA-256 of the content, as signed
    """

    key: str
    text: str
    digest: bytes

    def check_request(self, digest: bytes) -> None:
        """:raises Refusal: if the content that came is another"""
        if digest != self.digest:
            raise Refusal(400, "bad-signature", _ANOTHER_CONTENT)

    def check_answer(self, digest: bytes) -> None:
        """:raises Refusal: the peer failed"""
        if digest != self.digest:
            raise _bad_answer(_ANOTHER_CONTENT)


class Nonces:
    """Nonces seen in the last two to four minutes; what is older than the window is refused by its age."""

    def __init__(self) -> None:
        self._recent: set[str] = set()
        self._before: set[str] = set()
        self._turned_at = 0.0

    def take(self, nonce: str, now: float) -> bool:
        """Whether it is new."""
        if now - self._turned_at > 2 * WINDOW:
            self._before, self._recent, self._turned_at = self._recent, set(), now
        if nonce in self._recent or nonce in self._before:
            return False
        self._recent.add(nonce)
        return True


class Wire:
    """
    Signs what goes out, checks what comes in.

    :param identity: whose key signs
    :param started_at: requests signed before are refused, since nobody remembers their nonces
    """

    def __init__(self, identity: Identity, *, started_at: float | None = None) -> None:
        self.identity = identity
        self.started_at = time.time() if started_at is None else started_at
        self._nonces = Nonces()

    def sign_request(
        self, *, method: bytes, path: bytes, query: bytes, headers: Headers, digest: bytes, recipient: str
    ) -> list[tuple[bytes, bytes]]:
        """
        :param digest: SHA-256 of the body
        :param recipient: fingerprint of the certificate that the other end showed on this connection
        :returns: the headers to add: digest, signature input, signature
        """
        content = (b"content-digest", content_digest(digest))
        components = _components([*headers, content]) | request_line(method, path, query)
        covered = [*_DERIVED, *_names(components)]
        nonce = random_bytes().hex()
        return [content, *self._signed(components, covered, nonce=nonce, tag=tag_for(recipient))]

    def check_request(
        self, peer: Peer, *, method: bytes, path: bytes, query: bytes, headers: Headers
    ) -> Proof:
        """
        All but the content, which has not come yet.

        :raises Refusal: naming what is wrong
        """
        components = _components(headers) | request_line(method, path, query)
        now = time.time()
        try:
            tag = tag_for(self.identity.fingerprint)
            proof, nonce = _checked(peer, components, headers, _REQUIRED, now, tag)
        except BadMessageSignature as error:
            raise Refusal(400, "bad-signature", str(error)) from error
        created, given = nonce
        if created + 1 < self.started_at:
            raise Refusal(
                400, "peer-stale", "Signed before this gateway started. Send it again, signed anew."
            )
        if not given or not self._nonces.take(f"{proof.key}:{given}", now):
            raise Refusal(400, "bad-signature", "This message came before.")
        return proof

    def sign_answer(
        self, *, status: int, headers: Headers, digest: bytes, request_signature: bytes
    ) -> list[tuple[bytes, bytes]]:
        """
        :param digest: SHA-256 of the body
        :returns: the headers to add
        """
        content = (b"content-digest", content_digest(digest))
        components = _components([*headers, content]) | _answer_parts(status, request_signature)
        covered = ['"@status"', *_names(components)]
        if request_signature:
            covered.append(_OF_REQUEST)
        return [content, *self._signed(components, covered)]

    def check_answer(self, peer: Peer, *, status: int, headers: Headers, request_signature: bytes) -> Proof:
        """
        All but the content, which has not come yet.

        :raises Refusal: the peer failed
        """
        components = _components(headers) | _answer_parts(status, request_signature)
        try:
            proof, _nonce = _checked(peer, components, headers, _ANSWER_REQUIRED, time.time(), TAG)
        except BadMessageSignature as error:
            raise _bad_answer(str(error)) from error
        return proof

    def _signed(
        self, components: Components, covered: list[str], *, nonce: str = "", tag: str = TAG
    ) -> list[tuple[bytes, bytes]]:
        told, value = sign_message(
            components, label=LABEL, covered=covered, key=self.identity.key, keyid=self.identity.fingerprint,
            created=int(time.time()), nonce=nonce, tag=tag,
        )  # fmt: skip
        return [(b"signature-input", told), (b"signature", value)]


def _bad_answer(what: str) -> Refusal:
    return unavailable("peer-signature", f"The other gateway's answer: {what}", status=502)


def tag_for(recipient: str) -> str:
    """Of a request: which gateway it is for, so that several behind one address take it once."""
    return f"{TAG}/{recipient}"


def header(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")


def request_line(method: bytes, path: bytes, query: bytes) -> dict[str, bytes]:
    return {'"@method"': method, '"@path"': path, '"@query"': b"?" + query}


def _answer_parts(status: int, request_signature: bytes) -> dict[str, bytes]:
    return {'"@status"': str(status).encode(), _OF_REQUEST: request_signature}


def _components(headers: Headers) -> dict[str, bytes]:
    """Of the headers; one that comes twice is joined as RFC 9421 (2.1) says."""
    found: dict[str, bytes] = {}
    for name, value in headers:
        if name not in _NOT_COVERED:
            key = _identifier(name)
            found[key] = found[key] + b", " + value.strip() if key in found else value.strip()
    return found


@lru_cache(maxsize=1024)
def _identifier(name: bytes) -> str:
    return f'"{name.decode("latin-1")}"'


def _names(components: Components) -> Iterable[str]:
    return [name for name in components if not name.startswith('"@') and name != _OF_REQUEST]


def _checked(
    peer: Peer,
    components: Components,
    headers: Headers,
    required: Iterable[str],
    now: float,
    tag: str,
) -> tuple[Proof, tuple[int, str]]:
    """:returns: the proof; when it was signed, and its nonce"""
    signature = read_signature(header(headers, b"signature-input"), header(headers, b"signature"))
    missing = {*required, *_names(components)} - set(signature.covered)
    if missing:
        raise BadMessageSignature(f"The signature must cover {', '.join(sorted(missing))}.")
    if signature.tag != tag:
        raise BadMessageSignature("The signature is of another kind, or meant for another gateway.")
    if signature.created is None or abs(now - signature.created) > WINDOW:
        raise BadMessageSignature("The signature is too old, or the clocks differ.")
    key = _key(peer, signature.keyid, now)
    base = verify_message(components, signature, key=key.key)
    digest = read_content_digest(components['"content-digest"'])
    text = f"{base64.b64encode(base).decode()}.{base64.b64encode(signature.value).decode()}"
    return Proof(key.fingerprint, text, digest), (signature.created, signature.nonce)


def _key(peer: Peer, keyid: str, now: float) -> PeerKey:
    key = peer.keys.get(keyid)
    if key is None:
        raise BadMessageSignature("No certificate in force is registered for this key.")
    if not key.is_valid(now):
        raise BadMessageSignature("The certificate of this key is not valid today.")
    return key

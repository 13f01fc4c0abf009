"""Other gateways that ours speaks with: what each serves, where it listens, by which certificates it is known."""

import base64
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dinh.exchange.gateway.identity import Identity
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.routing import Upstream
from dinh.pki.certificates import fingerprint
from dinh.pki.http_signatures import PublicKey

MAX_BODY: Final = 512 * 1024 * 1024
"""Bodies on the wire wait on disk until they are whole, since their digests stand before them."""
_SECONDS: Final = 300.0
"""A version's longest time: the other end's answer begins only after its provider's has ended."""


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A certificate that is registered for a peer and not revoked; from and until when it is valid (seconds)."""

    fingerprint: str
    key: PublicKey
    since: float
    until: float
    certificate: bytes

    def is_valid(self, now: float) -> bool:
        return self.since <= now <= self.until


@dataclass(frozen=True, slots=True)
class Peer:
    """
    Another gateway.

    :param identifier: of its system, `INSTANCE/CLASS/MEMBER/SYSTEM`
    :param prefix: of the identifiers that it speaks for and serves, with a slash at its end
    :param keys: by fingerprint
    :param limit: of the calls of each of our systems to it
    """

    id: int
    identifier: str
    prefix: str
    host: str
    port: int
    keys: dict[str, PeerKey]
    limit: Limit

    def serves(self, identifier: str) -> bool:
        return identifier.startswith(self.prefix)


class PeerTable:
    """All peers, by what they serve and by their certificates."""

    def __init__(self, peers: Iterable[Peer] = ()) -> None:
        # The more special one first: a member's own gateway before its instance's.
        self.peers = sorted(peers, key=lambda peer: len(peer.prefix), reverse=True)
        self._by_key = {name: peer for peer in self.peers for name in peer.keys}

    def serving(self, identifier: str) -> Peer | None:
        return next((peer for peer in self.peers if peer.serves(identifier)), None)

    def may_speak(self, peer: Peer, identifier: str) -> bool:
        """Whether calls in this name may come from there: no other gateway serves it more specially."""
        serving = self.serving(identifier)
        return serving is not None and serving.prefix == peer.prefix

    def with_key(self, name: str) -> Peer | None:
        return self._by_key.get(name)

    def certificates(self) -> list[bytes]:
        return [key.certificate for peer in self.peers for key in peer.keys.values()]


def peer_table(rows: Sequence[dict[str, Any]]) -> PeerTable:
    """From the rows of the configuration."""
    return PeerTable(_peer(row) for row in rows)


def _peer(row: dict[str, Any]) -> Peer:
    url = urlsplit(row["address"])
    keys = [key for text in row["certificates"] if (key := _key(base64.b64decode(text)))]
    return Peer(
        row.get("id", 0), row["identifier"], row["prefix"], url.hostname or "", url.port or 443,
        {key.fingerprint: key for key in keys}, _limit(row),
    )  # fmt: skip


def _limit(row: dict[str, Any]) -> Limit:
    """A configuration that an earlier release left on disk names none."""
    return Limit(row.get("quota", 1_000_000), row.get("rate", 100))


def _key(der: bytes) -> PeerKey | None:
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return None
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return PeerKey(fingerprint(certificate), key, since.timestamp(), until.timestamp(), der)


class PeerConnections:
    """
    TLS with peers: ours is shown, theirs must be one of those registered, whoever issued it.

    :param identity: whose certificate is shown
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}

    def upstream(self, peer: Peer) -> Upstream:
        """Where to send; with other certificates come other connections."""
        key = (peer.identifier, tuple(sorted(peer.keys)))
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = self._client(peer)
        host = f"{peer.host}:{peer.port}".encode()
        return Upstream(peer.host, peer.port, True, b"", host, _SECONDS, MAX_BODY, context)

    def _client(self, peer: Peer) -> ssl.SSLContext:
        context = self._context(ssl.PROTOCOL_TLS_CLIENT)
        # The certificate itself is registered, so its name says nothing more.
        context.check_hostname = False
        trust(context, [key.certificate for key in peer.keys.values()])
        return context

    def server(self) -> ssl.SSLContext:
        """For the listening end; peers' certificates are added by `trust` as they are registered."""
        return self._context(ssl.PROTOCOL_TLS_SERVER)

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.identity.certificate_file, self.identity.key_file)
        context.verify_mode = ssl.CERT_REQUIRED
        # A registered certificate is an anchor by itself, even if an authority issued it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


def trust(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    for certificate in certificates:
        context.load_verify_locations(cadata=certificate)

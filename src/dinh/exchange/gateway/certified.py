"""Callers who show a certificate of their system by mutual TLS, as X-Road's servers ask of information systems."""

import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import XRoadFront
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Incoming
from dinh.exchange.gateway.snapshot import Client, Snapshot
from dinh.exchange.gateway.tokens import Tokens

log = logging.getLogger("dinh.exchange.gateway")


class CertifiedFront(XRoadFront):
    """
    X-Road's protocol for a caller whose connection showed a certificate (PR-REST, 4.7): it is believed to be the system
    that the certificate is registered for, and no other.

    :param certificate: SHA-256, hex
    """

    def __init__(self, certificate: str) -> None:
        super().__init__()
        self.certificate = certificate

    def identify(self, incoming: Incoming, snapshot: Snapshot, tokens: Tokens, now: float) -> Client:
        client = self.registered(self.client_named(incoming), snapshot)
        shown = snapshot.certificates.get(self.certificate)
        if shown is None or shown.client_id != client.id or not shown.since <= now <= shown.until:
            raise Refusal(403, "another-client", "The certificate is not one of this client's.")
        return client

    def note(self, call: Call, incoming: Incoming) -> None:
        """A system is no gateway: it gives requests no id of their own (X-Road-Request-Id). :raises Refusal:"""
        told = incoming.named.items()
        incoming.named = {name: value for name, value in told if name != b"x-road-request-id"}
        super().note(call, incoming)

    def _trusts(self, peer: str) -> bool:
        """Its credentials are the certificate, so what it sends as Authorization is for the provider."""
        return True


@dataclass
class CallerTrust:
    """
    Which certificates the end for such callers lets in: those that were registered since the gateway began. Each call
    is judged by the configuration in force.
    """

    context: ssl.SSLContext

    def __post_init__(self) -> None:
        self._known: set[bytes] = set()

    def add(self, certificates: Iterable[bytes]) -> None:
        for der in set(certificates) - self._known:
            self._known.add(der)
            try:
                self.context.load_verify_locations(cadata=der)
            except (ssl.SSLError, ValueError):
                log.exception("A certificate of a system cannot be read; nobody comes in by it.")

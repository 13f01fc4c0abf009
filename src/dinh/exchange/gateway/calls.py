"""One exchange while it goes on, and the line that the log keeps of it."""

import hashlib
import time
from collections.abc import Mapping
from typing import Final

from dinh.exchange.gateway.records import new_id, told
from dinh.exchange.gateway.requests import Body
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.snapshot import Client
from dinh.exchange.gateway.trials import told_reason
from dinh.exchange.gateway.wire import Proof

_NOTHING: Final = hashlib.sha256(b"").hexdigest()
_STORY: Final = frozenset({b"x-road-id", b"x-road-userid", b"x-road-issue", b"x-road-represented-party"})
_NO_ROUTE: Final = "\t\t\t"
_METHOD: Final = 20
"""Characters that the log keeps of a method: HTTP knows longer ones than operations may have (RFC 3253, RFC 4791)."""


class Call:
    """
    Filled as the exchange goes on; what stands in the class is what most calls leave as it is.

    :ivar message_id: the caller's own id of the message (X-Road-Id), else the exchange's id, as the log has it
    :ivar request_id: X-Road-Request-Id, one from consumer to provider and back, whatever gateways are between
    :ivar xroad_id: X-Road-Id as it was sent
    :ivar elsewhere: provider and service, as the log's fields, of a call that another gateway serves
    :ivar subject: keyed hash of the person's number that the call is about, hex; else empty
    :ivar service: the same as X-Road names it
    :ivar represented: for whom the client calls (X-Road-Represented-Party); else empty
    :ivar has_story: whether the caller told message, user, issue or represented party
    """

    client: Client | None = None
    route: Route | None = None
    grant_id: int | None = None
    message_id = request_id = user_id = issue = ""
    request_bytes = response_bytes = upstream_ns = 0
    request_sha256 = response_sha256 = _NOTHING
    has_story = False
    elsewhere = _NO_ROUTE
    service = xroad_client = xroad_id = xroad_head = b""
    peer_key = peer_proof = subject = represented = ""

    def __init__(self, front: str, method: str) -> None:
        self.front, self.method = front, method[:_METHOD]
        self.started = time.time()
        self.ticks = time.perf_counter_ns()
        self.id = new_id(self.started)

    def note_caller(self, named: Mapping[bytes, bytes]) -> None:
        """What the caller tells for the log: message, user, issue (the same headers on both fronts)."""
        self.message_id = self.id
        self.xroad_client = named.get(b"x-road-client", b"")
        if _STORY.isdisjoint(named):
            return
        self.has_story = True
        self.message_id = told(named.get(b"x-road-id", b""), 100) or self.id
        self.user_id = told(named.get(b"x-road-userid", b""), 100)
        self.issue = told(named.get(b"x-road-issue", b""), 200)
        self.represented = told(named.get(b"x-road-represented-party", b""), 160)

    def note_elsewhere(self, provider: str, service: str) -> None:
        """Of the path no more is kept: what follows may be personal data."""
        self.elsewhere = f"{told(provider.encode(), 160)}\t{told(service.encode(), 60)}\t\t"
        self.service = f"{provider}/{service}".encode()

    def note_request(self, body: Body) -> None:
        """What came of it; of a peer's message also if it is refused then."""
        self.request_bytes = body.size
        if body.size:
            self.request_sha256 = body.sha256()

    def note_answer(self, body: bytes) -> None:
        if body:
            self.response_bytes = len(body)
            self.response_sha256 = hashlib.sha256(body).hexdigest()

    def note_proof(self, proof: Proof) -> None:
        self.peer_key, self.peer_proof = proof.key, proof.text

    def line(self, status: int, outcome: str, reason: str = "") -> bytes:
        """
        For the log. Of the path only the template is kept: what stands in its place may be personal data.
        """
        route = self.route
        duration = (time.perf_counter_ns() - self.ticks) // 1000
        return (
            f"{self.id}\t{int(self.started * 1e6)}\t{self.front}\t"
            f"{self.client.identifier if self.client else ''}\t{route.log_fields if route else self.elsewhere}\t"
            f"{self.grant_id or chr(92) + 'N'}\t{self.method}\t{route.template if route else ''}\t"
            f"{self.message_id}\t{self.user_id}\t{self.issue}\t{status}\t{outcome}\t"
            f"{told_reason(self.client, reason)}\t"
            f"{self.request_bytes}\t{self.response_bytes}\t{self.request_sha256}\t{self.response_sha256}\t"
            f"{min(duration, 2**31 - 1)}\t{min(self.upstream_ns // 1000, 2**31 - 1)}\t"
            f"{self.peer_key}\t{self.peer_proof}{(self.subject or self.represented) and self._later()}"
        ).encode()

    def _later(self) -> str:
        """Fields that lines of all other calls do not have."""
        return f"\t{self.subject}\t{self.represented}" if self.represented else f"\t{self.subject}"

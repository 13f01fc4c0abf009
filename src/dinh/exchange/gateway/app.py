"""One gateway process: its parts, how they begin and end."""

import asyncio
import fcntl
import logging
import resource
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from dinh.exchange.gateway.admission import Admission
from dinh.exchange.gateway.certified import CallerTrust, CertifiedFront
from dinh.exchange.gateway.delivery import Delivery
from dinh.exchange.gateway.exchanges import Exchanges
from dinh.exchange.gateway.fronts import XRoadFront
from dinh.exchange.gateway.identity import files_of, identity_of
from dinh.exchange.gateway.judging import Judging
from dinh.exchange.gateway.keeping import SegmentLog
from dinh.exchange.gateway.limits import Limits
from dinh.exchange.gateway.metadata import Metadata
from dinh.exchange.gateway.own import OwnAddresses
from dinh.exchange.gateway.peers import PeerConnections, trust
from dinh.exchange.gateway.relay import Relay
from dinh.exchange.gateway.renewal import Renewing, go_over, keys_told, next_of
from dinh.exchange.gateway.server import Server
from dinh.exchange.gateway.settings import GatewaySettings
from dinh.exchange.gateway.sharing import Sharing
from dinh.exchange.gateway.shipping import Shipping
from dinh.exchange.gateway.snapshot import Snapshot
from dinh.exchange.gateway.source import ConfigurationSource
from dinh.exchange.gateway.spool import Spool
from dinh.exchange.gateway.standing import Standing
from dinh.exchange.gateway.subjects import Subjects
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.turns import Turn
from dinh.exchange.gateway.upstream import Upstreams
from dinh.exchange.gateway.wire import Wire
from dinh.exchange.gateway.wire_end import WireEnd

_MOST_CALLERS: Final = 20_000
_MOST_PEERS: Final = 1024
_OTHER_FILES: Final = 600
"""Descriptors for what is no caller: providers, peers, files, the database."""
_LAST_SECONDS: Final = 10.0
"""How long calls may take to end when the gateway is stopped."""
log = logging.getLogger("dinh.exchange.gateway")


class CannotStart(Exception):
    """Another gateway works in the same folder."""


class Gateway:
    """Answers calls from `start` to `stop`."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.limits = Limits()
        self.judging = Judging()
        self.subjects = Subjects()
        self.tokens = Tokens(issuer=settings.issuer, life=settings.token_seconds)
        self.admission = Admission(self.tokens, self.limits)
        self.source = ConfigurationSource(settings, self._use)
        self.own = OwnAddresses(self)
        self._trusted: set[bytes] = set()
        self._following: list[asyncio.Task[None]] = []

    @property
    def snapshot(self) -> Snapshot | None:
        return self.admission.snapshot

    async def start(self) -> None:
        """
        Take up the log and the configuration; both go on without the database.

        :raises CannotStart, LogFailed, OSError:
        """
        settings = self.settings
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _only_one(settings.folder)
        if go_over(settings.folder, at=datetime.now(UTC), files=files_of(settings)):
            log.warning("This gateway goes over to its next key and certificate.")
        self.identity = identity_of(settings)
        self.segments, self.shipping = SegmentLog(), Shipping()
        await self.segments.start(self._lock.fileno())
        self.upstreams, self.wire = self._upstreams(), Wire(self.identity)
        self.spool = Spool(settings.folder / "spool", quota=settings.spool_bytes)
        self.delivery = Delivery(self.segments, self.spool)
        connections = PeerConnections(self.identity)
        self._wire_tls, self._callers = connections.server(), CallerTrust(connections.server())
        self.exchanges = Exchanges(
            admission=self.admission,
            delivery=self.delivery,
            judging=self.judging,
            subjects=self.subjects,
            metadata=Metadata(settings.database_url),
            upstreams=self.upstreams,
            relay=Relay(self.wire, connections, self.upstreams, self.spool),
            spool=self.spool,
            xroad=XRoadFront(settings.xroad_trusted),
        )
        standing = Standing(
            settings.folder / "log",
            self.upstreams,
            connections,
            is_log_well=lambda: self.segments.is_well,
            peers=lambda: self.snapshot.peers.peers if self.snapshot else (),
            keys=lambda: keys_told(settings),
        )
        self.sharing = Sharing(
            settings,
            self.limits,
            certificate=self.identity.fingerprint,
            told=lambda: standing.told,
            renew=Renewing(settings).make,
        )
        self._following = [await self.sharing.start(), await self.source.start()]
        self._following.append(asyncio.create_task(standing.look()))
        self.shipping.start()
        await self._listen()

    async def stop(self) -> None:
        """Let the calls under way end, then keep and ship what waits."""
        await asyncio.gather(*(each.end(seconds=_LAST_SECONDS) for each in self._ends))
        for task in self._following:
            task.cancel()
        self.upstreams.close()
        await asyncio.to_thread(self.spool.close)
        await self.sharing.end()
        await self.segments.end()
        await self.shipping.end()
        self._lock.close()

    def answer(self, turn: Turn) -> Awaitable[None]:
        """Of the end for callers."""
        own = self.own.find(turn.path)
        return own(turn) if own else self.exchanges.answer(turn)

    def answer_certified(self, turn: Turn) -> Awaitable[None]:
        """Of the end for callers who show certificates; all the same but for who is believed to ask by X-Road."""
        own = self.own.find(turn.path)
        return own(turn) if own else self.exchanges.answer(turn, CertifiedFront(turn.certificate))

    def health(self) -> dict[str, object]:
        is_log_well, following = self.segments.is_well, next_of(self.settings.folder)
        return {
            "ok": self.snapshot is not None and is_log_well,
            "configuration": self.source.version,
            "database": self.source.is_connected,
            "gateways": self.limits.gateways,
            "limits_shared": self.limits.is_shared,
            "key_of": self.sharing.twin,
            "certificate_until": self.identity.certificates[0].not_valid_after_utc.isoformat(),
            "next_certificate_from": following.since.isoformat() if following else None,
            "log": is_log_well,
            "log_wait_ms": self.segments.wait_ms(),
            "log_shipping": self.shipping.is_connected,
        }

    def _upstreams(self) -> Upstreams:
        return Upstreams(allows_local=self.settings.allows_local, identity=self.identity)

    async def _listen(self) -> None:
        """To callers, and to other gateways if that is wanted."""
        settings = self.settings
        front = Server(self.answer, most=_most_callers())
        await front.listen(settings.host, settings.port)
        self._ends = [front]
        if settings.wire_port:
            wire = Server(WireEnd(self.exchanges, self.wire).answer, most=_MOST_PEERS)
            await wire.listen(settings.wire_host, settings.wire_port, tls=self._wire_tls)
            self._ends.append(wire)
        if settings.caller_tls_port:
            callers = Server(self.answer_certified, most=_most_callers())
            await callers.listen(
                settings.caller_tls_host, settings.caller_tls_port, tls=self._callers.context
            )
            self._ends.append(callers)

    def _use(self, snapshot: Snapshot) -> None:
        self.admission.use(snapshot)
        self.judging.use(snapshot.documents)
        self.subjects.use(snapshot.subject_key)
        # TLS lets in whoever was ever registered; each message is judged by the configuration in force.
        new = set(snapshot.peers.certificates()) - self._trusted
        trust(self._wire_tls, new)
        self._trusted |= new
        if self.settings.caller_tls_port:
            self._callers.add(each.certificate for each in snapshot.certificates.values())


def _most_callers() -> int:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MOST_CALLERS, max(64, soft - _OTHER_FILES))


def _only_one(folder: Path) -> IO[str]:
    """
    A lock on the folder that lasts as long as this process: two gateways in one would take each other's segments.

    :raises CannotStart:
    """
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStart(f"A gateway works in {folder} already; set another DINH_GATEWAY_NAME.") from error
    return lock

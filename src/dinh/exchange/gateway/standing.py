"""How this gateway stands, for its beats: what of its log waits, which providers fail, which peers it reaches."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from dinh.exchange.gateway.peers import Peer, PeerConnections
from dinh.exchange.gateway.segments import ENDING
from dinh.exchange.gateway.shipment import REFUSED_ENDING, TORN_ENDING
from dinh.exchange.gateway.upstream import Upstreams

LOOK_EVERY: Final = 5.0
PROBE_EVERY: Final = 30.0
"""Seconds between two looks whether a peer can be reached, of each gateway."""
_LEFT_ENDINGS: Final = frozenset({REFUSED_ENDING, TORN_ENDING})
_MOST_TOLD: Final = 100


class Standing:
    """
    :param folder: of the log's segments
    :param is_log_well: whether the log's disk takes what comes
    :param peers: those in force
    :param keys: what is told of the gateway's keys
    """

    def __init__(
        self,
        folder: Path,
        upstreams: Upstreams,
        connections: PeerConnections,
        *,
        is_log_well: Callable[[], bool],
        peers: Callable[[], Iterable[Peer]],
        keys: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.folder, self.upstreams, self.connections = folder, upstreams, connections
        self._is_log_well, self._peers, self._keys = is_log_well, peers, keys
        self._seen: dict[str, dict[str, Any]] = {}
        self.told = "{}"

    async def look(self) -> None:
        """For as long as the gateway lives; `told` is the last finding, JSON as `GatewayBeat.state` has it."""
        probed_at = -PROBE_EVERY
        while True:
            if time.monotonic() - probed_at >= PROBE_EVERY:
                probed_at = time.monotonic()
                await self._probe()
            with contextlib.suppress(OSError):
                self.told = json.dumps(await self._found())
            await asyncio.sleep(LOOK_EVERY)

    async def _found(self) -> dict[str, Any]:
        waiting, left = await asyncio.to_thread(_segments, self.folder)
        return {
            "log_well": self._is_log_well(),
            "log_waits_s": waiting,
            "segments_left": left,
            "failing": self.upstreams.failing()[:_MOST_TOLD],
            "peers": list(self._seen.values())[:_MOST_TOLD],
            "keys": self._keys(),
        }

    async def _probe(self) -> None:
        """Ask each peer for a connection; since when it gives none is told."""
        peers = list(self._peers())
        reasons = await asyncio.gather(*(self._reason(peer) for peer in peers))
        self._seen = {
            peer.identifier: self._note(peer, reason) for peer, reason in zip(peers, reasons, strict=True)
        }

    async def _reason(self, peer: Peer) -> str:
        return await self.upstreams.why_unreached(self.connections.upstream(peer))

    def _note(self, peer: Peer, reason: str) -> dict[str, Any]:
        before = self._seen.get(peer.identifier, {})
        now = round(time.time())
        since = before.get("since") if bool(before.get("why")) == bool(reason) else None
        return {"peer": peer.identifier, "why": reason, "since": since or now, "at": now}


def _segments(folder: Path) -> tuple[int, int]:
    """Seconds that the oldest closed segment waits to be shipped; how many were left beside for people."""
    now, left = time.time(), 0
    oldest = now
    for path in folder.iterdir():
        if path.suffix in _LEFT_ENDINGS:
            left += 1
        elif path.suffix == ENDING:
            # One that was shipped meanwhile waits no longer.
            with contextlib.suppress(FileNotFoundError):
                oldest = min(oldest, path.stat().st_mtime)
    return max(0, round(now - oldest)), left

"""
Keeps the gateway's log: signs each batch, writes it to the open segment, syncs, and only then tells the gateway.

A process of its own: hashing, signing and waiting for the disk hold no call up, and a busy gateway holds no sync up. On
its standard input, a socket, come lines, each with a line feed; all that have come when a sync is done are the next
batch, and under load what comes in the half millisecond after. Back go answers (`ANSWER`: of how many lines, and when
their sync began by the monotonic clock; FAILED if the disk did not take them). It ends when the gateway does, after
closing its segment.
"""

import contextlib
import logging
import signal
import socket
import struct
import sys
import time
from typing import Final

from dinh.exchange.gateway.batches import BatchSigner
from dinh.exchange.gateway.chain import next_link
from dinh.exchange.gateway.identity import identity_of
from dinh.exchange.gateway.segments import SegmentWriter, close_leftovers
from dinh.exchange.gateway.settings import log_to_standard_error, settings_from_environment

ANSWER: Final = struct.Struct(">Id")
FAILED: Final = -1.0
_READY: Final = (0, 0.0)
_MOST: Final = 1024 * 1024
"""Bytes of a batch."""
_GATHER: Final = 0.0005
"""Seconds. On a quick disk batches of three or four lines took the keeper half a core for signatures alone."""
_GATHERED: Final = range(3, 40)
"""Lines of a batch after which the next one is gathered: whoever calls alone waits for nobody, and full batches gather
while they are synced."""
_TIMEVAL: Final = struct.Struct("@ll")
_CLOSE_EVERY: Final = 1
"""Seconds after which a segment is closed, so that it can be shipped."""
log = logging.getLogger("dinh.exchange.gateway")


class Keeper:
    """Writes what the gateway sends, until it goes."""

    def __init__(self, gateway: socket.socket, writer: SegmentWriter) -> None:
        self.gateway, self.writer = gateway, writer
        self._is_failing = self._is_busy = False
        # Kept, since the system would have to give and take a piece of that size for each batch.
        self._room = memoryview(bytearray(_MOST))

    def run(self) -> None:
        # By the system, which needs no further call for it as Python's own would.
        self.gateway.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.pack(_CLOSE_EVERY, 0))
        self._tell(*_READY)
        rest = b""
        while (came := self._come()) is not None:
            *lines, rest = (rest + came).split(b"\n")
            self._is_busy = len(lines) in _GATHERED
            if lines:
                self._tell(len(lines), self._kept(lines))
            elif self._is_failing:
                # A balancer sends no calls to a gateway that is not well: it is to be well without one.
                self._tell(0, self._kept([]))
            self.writer.close_if_older(_CLOSE_EVERY)

    def _come(self) -> bytes | None:
        """What has come; nothing after a second, None if the gateway has gone."""
        try:
            size = self.gateway.recv_into(self._room)
        except BlockingIOError:
            return b""
        if size and self._is_busy:
            time.sleep(_GATHER)
            with contextlib.suppress(BlockingIOError):
                size += self.gateway.recv_into(self._room[size:], 0, socket.MSG_DONTWAIT)
        return bytes(self._room[:size]) or None

    def _kept(self, lines: list[bytes]) -> float:
        """:param lines: none: only to find out"""
        try:
            began = self.writer.write(lines) if lines else self.writer.probe()
        except OSError:
            log.exception("The log's disk takes nothing.")
            began = FAILED
        self._is_failing = began == FAILED
        return began

    def _tell(self, count: int, began: float) -> None:
        self.gateway.sendall(ANSWER.pack(count, began))


def main() -> None:
    log_to_standard_error()
    # Whoever ends the gateway ends it by its input, after the last batch.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = settings_from_environment()
    folder = settings.folder / "log"
    folder.mkdir(exist_ok=True)
    close_leftovers(folder)
    signer = BatchSigner(identity_of(settings), gateway=settings.name, link=next_link(folder))
    writer = SegmentWriter(folder, segment_bytes=settings.segment_bytes, sealer=signer)
    # A gateway that was killed leaves a broken line: whatever it had sent, it told nobody of what was not answered.
    with contextlib.suppress(ConnectionError):
        Keeper(socket.socket(fileno=sys.stdin.fileno()), writer).run()
    writer.end()


if __name__ == "__main__":
    main()

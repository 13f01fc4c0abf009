"""
Keeps the gateway's log: signs each batch, writes it to the open segment, syncs, and only then tells the gateway.

A process of its own: hashing, signing and waiting for the disk hold no call up. On its standard input, a socket, come
batches (`LENGTH`, then lines with a line feed between) and go answers (`ANSWER`: when the sync began, by the monotonic
clock; FAILED if the disk did not take the batch). It ends when the gateway does, after closing its segment.
"""

import logging
import signal
import socket
import struct
import sys
from typing import Final

from dinh.exchange.gateway.batches import BatchSigner
from dinh.exchange.gateway.chain import next_link
from dinh.exchange.gateway.identity import identity_of
from dinh.exchange.gateway.segments import SegmentWriter, close_leftovers
from dinh.exchange.gateway.settings import log_to_standard_error, settings_from_environment

LENGTH: Final = struct.Struct(">I")
ANSWER: Final = struct.Struct(">d")
FAILED: Final = -1.0
_READY: Final = 0.0
_CLOSE_EVERY: Final = 1.0
"""Seconds after which a segment is closed, so that it can be shipped."""
log = logging.getLogger("dinh.exchange.gateway")


class Keeper:
    """Writes what the gateway sends, until it goes."""

    def __init__(self, gateway: socket.socket, writer: SegmentWriter) -> None:
        self.gateway, self.writer = gateway, writer

    def run(self) -> None:
        self.gateway.settimeout(_CLOSE_EVERY)
        self._tell(_READY)
        while batch := self._next():
            self._tell(self._kept(batch.split(b"\n")))
            self.writer.close_if_older(_CLOSE_EVERY)
        self.writer.close()

    def _kept(self, lines: list[bytes]) -> float:
        try:
            return self.writer.write(lines)
        except OSError:
            log.exception("The log's disk takes nothing.")
            return FAILED

    def _next(self) -> bytes:
        """The next batch; empty if the gateway has gone."""
        head = self._read(LENGTH.size)
        return self._read(LENGTH.unpack(head)[0]) if head else b""

    def _read(self, size: int) -> bytes:
        """:returns: so many bytes; nothing if the gateway has gone"""
        parts, missing = [], size
        while missing:
            try:
                part = self.gateway.recv(missing)
            except TimeoutError:
                self.writer.close_if_older(_CLOSE_EVERY)
                continue
            if not part:
                return b""
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _tell(self, began: float) -> None:
        self.gateway.sendall(ANSWER.pack(began))


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
    Keeper(socket.socket(fileno=sys.stdin.fileno()), writer).run()


if __name__ == "__main__":
    main()

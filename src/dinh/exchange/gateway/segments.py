"""
The gateway's message log on its own disk: what was written survives the death of process and machine.

A segment is a file of records: length and CRC-32 (4 bytes each, big-endian), then the record. Many records are
written and synced together (group commit). A torn tail, as a crash leaves it, ends the reading; nobody was told that
it was kept.
"""

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

_FRAME: Final = struct.Struct(">II")
_LONGEST: Final = 64 * 1024
ENDING: Final = ".log"
OPEN_ENDING: Final = ".open"


class Sealer(Protocol):
    """Gives each batch of records a last one."""

    def seal(self, lines: Sequence[bytes]) -> bytes:
        """The record that follows these."""

    def kept(self) -> None:
        """The last one is on disk."""


class SegmentWriter:
    """
    Writes and syncs records, a batch at a time.

    Segments still being written end in `.open`; what a run left so is closed by the next.
    """

    def __init__(self, folder: Path, *, segment_bytes: int, sealer: Sealer | None = None) -> None:
        self.folder, self.segment_bytes, self.sealer = folder, segment_bytes, sealer
        self._file = -1
        self._path: Path | None = None
        self._size = 0
        self._opened_at = 0.0

    def write(self, records: list[bytes]) -> float:
        """
        Keep records; they are on disk when this returns.

        :returns: when the sync began (monotonic clock)
        :raises OSError: nothing of them is kept
        """
        if self.sealer:
            records = [*records, self.sealer.seal(records)]
        data = b"".join(framed(record) for record in records)
        if self._file < 0:
            self._open()
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
            began = time.monotonic()
            os.fdatasync(self._file)
        except OSError:
            # What follows a torn record would be lost with it, so the next batch begins a new segment; and none may
            # stand in two places of the chain.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            self.close()
            raise
        if self.sealer:
            self.sealer.kept()
        self._size += len(data)
        if self._size >= self.segment_bytes:
            self.close()
        return began

    def close_if_older(self, seconds: float) -> None:
        """Close the open segment if it is that old, so that it can be shipped."""
        if self._file >= 0 and self._size and time.monotonic() - self._opened_at >= seconds:
            self.close()

    def close(self) -> None:
        """Close the open segment, if there is one."""
        if self._file < 0:
            return
        file, path = self._file, self._path
        self._file, self._path = -1, None
        os.close(file)
        if path:
            os.rename(path, path.with_suffix(ENDING))

    def _open(self) -> None:
        self._path = self.folder / f"{time.time_ns():020d}{OPEN_ENDING}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size, self._opened_at = 0, time.monotonic()
        _sync(self.folder)


def framed(record: bytes) -> bytes:
    return _FRAME.pack(len(record), zlib.crc32(record)) + record


def close_leftovers(folder: Path) -> None:
    """Let the segments of a run that was killed be shipped; what is read of them is on disk from now on."""
    for path in folder.glob(f"*{OPEN_ENDING}"):
        _sync(path)
        path.rename(path.with_suffix(ENDING))
    _sync(folder)


def records_of(path: Path) -> Iterator[bytes]:
    """The whole records of a segment, up to its end or to where it was torn."""
    data = path.read_bytes()
    at, last = 0, len(data) - _FRAME.size
    while at <= last:
        length, check = _FRAME.unpack_from(data, at)
        record = data[at + _FRAME.size : at + _FRAME.size + length]
        if not 0 < length <= _LONGEST or len(record) < length or zlib.crc32(record) != check:
            return
        yield record
        at += _FRAME.size + length


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

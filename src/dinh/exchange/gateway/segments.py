"""
The gateway's message log on its own disk: what was written survives the death of process and machine.

A segment is a file of records: length and CRC-32 (4 bytes each, big-endian), then the record. Many records are
written and synced together (group commit). A torn tail, as a crash leaves it, ends the reading; nobody was told that
it was kept. Segments that a crash left are known by their names.
"""

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

_FRAME: Final = struct.Struct(">II")
LONGEST: Final = 1024 * 1024
"""Bytes of a record."""
_PROBE: Final = 4096
ENDING: Final = ".log"
OPEN_ENDING: Final = ".open"
_NEXT_ENDING: Final = ".next"
_CUT_ENDING: Final = f".cut{ENDING}"
"""Closed by the run after the one that wrote it."""


class RecordTooLong(OSError):
    """Whoever reads it would take it for a torn one."""


class Sealer(Protocol):
    """Gives each batch of records a last one."""

    def seal(self, lines: Sequence[bytes]) -> bytes:
        """The record that follows these."""

    def kept(self) -> None:
        """The last one is on disk."""


class SegmentWriter:
    """
    Writes and syncs records, a batch at a time.

    Segments still being written end in `.open`; what a run left so is closed by the next run. A segment is made
    beforehand (`.next`), in a thread, since its place in the folder must be synced, too: 4 to 11 ms, in which calls
    would wait.
    """

    def __init__(self, folder: Path, *, segment_bytes: int, sealer: Sealer | None = None) -> None:
        self.folder, self.segment_bytes, self.sealer = folder, segment_bytes, sealer
        self._making = ThreadPoolExecutor(1, thread_name_prefix="exchange-segment")
        self._next: Future[tuple[int, Path]] | None = None
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
        view = memoryview(data)
        try:
            if self._file < 0:
                self._open()
            while view:
                view = view[os.write(self._file, view) :]
            began = time.monotonic()
            os.fdatasync(self._file)
        except OSError:
            # What follows a torn record would be lost with it, so the next batch begins a new segment; and none may
            # stand in two places of the chain.
            self._abandon()
            raise
        if self.sealer:
            self.sealer.kept()
        self._size += len(data)
        if self._size >= self.segment_bytes:
            self.close()
        return began

    def probe(self) -> float:
        """
        Write what nobody reads and take it back: whether the disk takes records again.

        :returns: when the sync began (monotonic clock)
        :raises OSError: it does not
        """
        try:
            if self._file < 0:
                self._open()
            os.write(self._file, bytes(_PROBE))
            began = time.monotonic()
            os.fdatasync(self._file)
            os.ftruncate(self._file, self._size)
        except OSError:
            self._abandon()
            raise
        return began

    def close_if_older(self, seconds: float) -> None:
        """Close the open segment if it is that old, so that it can be shipped."""
        if self._file >= 0 and self._size and time.monotonic() - self._opened_at >= seconds:
            self.close()

    def end(self) -> None:
        """Close the open segment; nothing is written any more."""
        self.close()
        self._making.shutdown()
        if self._next is not None and self._next.exception() is None:
            file, path = self._next.result()
            os.close(file)
            path.unlink()

    def close(self) -> None:
        """Close the open segment, if there is one."""
        if self._file < 0:
            return
        file, path, is_empty = self._file, self._path, not self._size
        self._file, self._path, self._size = -1, None, 0
        os.close(file)
        if path and is_empty:
            # A full disk would get one more each second.
            path.unlink()
        elif path:
            os.rename(path, path.with_suffix(ENDING))

    def _abandon(self) -> None:
        """Whatever can be done still: end the segment before the torn record."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._size)
        with contextlib.suppress(OSError):
            self.close()

    def _open(self) -> None:
        """:raises OSError:"""
        made, self._next = self._next or self._making.submit(_new_segment, self.folder), None
        self._file, path = made.result()
        self._path = path.with_suffix(OPEN_ENDING)
        # Not synced: whichever of both names is there after a crash, the next run takes it.
        os.rename(path, self._path)
        self._size, self._opened_at = 0, time.monotonic()
        self._next = self._making.submit(_new_segment, self.folder)


def _new_segment(folder: Path) -> tuple[int, Path]:
    """An empty one, whose name is on disk."""
    path = folder / f"{time.time_ns():020d}{_NEXT_ENDING}"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    _sync(folder)
    return file, path


def framed(record: bytes) -> bytes:
    """:raises RecordTooLong:"""
    if len(record) > LONGEST:
        raise RecordTooLong(f"A record has {len(record)} bytes.")
    return _FRAME.pack(len(record), zlib.crc32(record)) + record


def close_leftovers(folder: Path) -> None:
    """Let the segments of a run that was killed be shipped; what is read of them is on disk from now on."""
    for path in [*folder.glob(f"*{OPEN_ENDING}"), *folder.glob(f"*{_NEXT_ENDING}")]:
        _sync(path)
        path.rename(path.with_suffix(_CUT_ENDING))
    _sync(folder)


class Records:
    """
    The whole records of a segment, up to its end or to where it was torn.

    :ivar unread: bytes after the last one that was read
    """

    def __init__(self, path: Path) -> None:
        self.path, self.unread = path, 0

    def __iter__(self) -> Iterator[bytes]:
        data = self.path.read_bytes()
        at, last, self.unread = 0, len(data) - _FRAME.size, len(data)
        while at <= last:
            length, check = _FRAME.unpack_from(data, at)
            record = data[at + _FRAME.size : at + _FRAME.size + length]
            if not 0 < length <= LONGEST or len(record) < length or zlib.crc32(record) != check:
                return
            at += _FRAME.size + length
            self.unread = len(data) - at
            yield record


def was_cut(path: Path) -> bool:
    """Whether a crash left it, so that a torn tail is what nobody was told of."""
    return path.name.endswith(_CUT_ENDING)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""
The gateway's message log on its own disk: what `append` has waited for survives the death of process and machine.

A segment is a file of records: length and CRC-32 (4 bytes each, big-endian), then the record. Many records are
written and synced together (group commit). A torn tail, as a crash leaves it, ends the reading; nobody was told that
it was kept.
"""

import asyncio
import contextlib
import os
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

_FRAME: Final = struct.Struct(">II")
_LONGEST: Final = 64 * 1024
_WAITS: Final = 10_000
ENDING: Final = ".log"
OPEN_ENDING: Final = ".open"


class LogFailed(Exception):
    """The disk did not take the record: nothing that depends on it may be released."""


class Sealer(Protocol):
    """Gives each batch of records a last one. Called in the writer's thread."""

    def seal(self, lines: Sequence[bytes]) -> bytes:
        """The record that follows these."""

    def kept(self) -> None:
        """The last one is on disk."""


class SegmentLog:
    """
    Appends records; a batch at a time is written and synced by a thread.

    Segments still being written end in `.open`; what a run left so is closed by the next.

    :ivar waits: seconds from `append` to the beginning of the sync, of the last records
    """

    def __init__(self, folder: Path, *, segment_bytes: int, sealer: Sealer | None = None) -> None:
        self.folder, self.segment_bytes, self.sealer = folder, segment_bytes, sealer
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="exchange-log")
        self._pending: list[bytes] = []
        self._since: list[float] = []
        self.waits: deque[float] = deque(maxlen=_WAITS)
        self._kept: asyncio.Future[None] | None = None
        self._is_writing = False
        self._file = -1
        self._path: Path | None = None
        self._size = 0
        self._opened_at = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        close_leftovers(folder)

    def append(self, record: bytes) -> "asyncio.Future[None]":
        """
        Keep a record; done when it is on disk.

        The future raises LogFailed if the disk did not take it.
        """
        self._pending.append(record)
        self._since.append(time.monotonic())
        if self._kept is None:
            self._kept = self._loop.create_future()
            if not self._is_writing:
                self._is_writing = True
                # At the end of this turn of the loop, so that all that is ready now goes in one batch.
                self._loop.call_soon(self._begin)
        return self._kept

    def wait_ms(self) -> dict[str, float]:
        """Median and 99th percentile of `waits`, in milliseconds; zeros before the first record."""
        found = sorted(self.waits) or [0.0]
        return {
            "median": round(found[len(found) // 2] * 1000, 3),
            "p99": round(found[int(len(found) * 0.99)] * 1000, 3),
        }

    async def rotate_if_older(self, seconds: float) -> None:
        """Close the open segment if it is that old, so that it can be shipped."""
        await self._loop.run_in_executor(self._writer, self._rotate_if_older, seconds)

    def close(self) -> None:
        """Write what waits, close the segment."""
        self._writer.submit(self._rotate_if_older, 0.0).result()
        self._writer.shutdown()

    def _begin(self) -> None:
        batch, since, kept = self._pending, self._since, self._kept
        self._pending, self._since, self._kept = [], [], None
        if kept is None:
            self._is_writing = False
            return
        written = self._loop.run_in_executor(self._writer, self._write, batch, since)
        written.add_done_callback(lambda done: self._end(done, kept))

    def _end(self, done: "asyncio.Future[None]", kept: "asyncio.Future[None]") -> None:
        failure = done.exception()
        if failure is None:
            kept.set_result(None)
        else:
            kept.set_exception(LogFailed(str(failure)))
            kept.exception()
        self._begin()

    # In the writer's thread.

    def _write(self, records: list[bytes], since: list[float]) -> None:
        if self.sealer:
            records = [*records, self.sealer.seal(records)]
        data = b"".join(framed(record) for record in records)
        if self._file < 0:
            self._open()
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
            now = time.monotonic()
            self.waits.extend([now - begun for begun in since])
            os.fdatasync(self._file)
        except OSError:
            # What follows a torn record would be lost with it, so the next batch begins a new segment; and none may
            # stand in two places of the chain.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            self._close()
            raise
        if self.sealer:
            self.sealer.kept()
        self._size += len(data)
        if self._size >= self.segment_bytes:
            self._close()

    def _open(self) -> None:
        self._path = self.folder / f"{time.time_ns():020d}{OPEN_ENDING}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size, self._opened_at = 0, time.monotonic()
        _sync(self.folder)

    def _close(self) -> None:
        file, path = self._file, self._path
        self._file, self._path = -1, None
        os.close(file)
        if path:
            os.rename(path, path.with_suffix(ENDING))

    def _rotate_if_older(self, seconds: float) -> None:
        if self._file >= 0 and self._size and time.monotonic() - self._opened_at >= seconds:
            self._close()


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

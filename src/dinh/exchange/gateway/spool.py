"""
Bodies of which something must be known before they go on: small ones in memory, others on the gateway's disk.

Files have no name, so the system frees them with the process, however that ends. Reading and writing happen in threads.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from typing import Any, Final

from dinh.exchange.gateway.refusals import Refusal, unavailable
from dinh.exchange.gateway.requests import SMALL, Body, Receive

_PART: Final = 256 * 1024
_AHEAD: Final = 1024 * 1024
"""What of a body waits here before a connection to its provider is taken."""


class Spool:
    """
    The folder, and how much of it is taken.

    Where the file system knows no files without a name, one may be left by a crash just after it was made: what lies
    in the folder at the start is deleted.

    :param quota: bytes that all bodies together may take
    """

    def __init__(self, folder: Path, *, quota: int) -> None:
        self.folder, self.quota, self.used = folder, quota, 0
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="exchange-spool")
        folder.mkdir(exist_ok=True, mode=0o700)
        self._clear()

    def body(self) -> "Spooled":
        """An empty one; whoever asks for it closes it."""
        return Spooled(self)

    def take(self, size: int) -> None:
        """:raises Refusal: 503 if that is more than there is room for"""
        if self.used + size > self.quota:
            raise _no_room()
        self.used += size

    def close(self) -> None:
        self.threads.shutdown()
        self._clear()

    def _clear(self) -> None:
        for left in self.folder.iterdir():
            left.unlink()


class Spooled:
    """One body: added to, then read as often as needed, then closed."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.size = self._on_disk = self._waiting_bytes = 0
        self._waiting: list[bytes] = []
        self._hash = hashlib.sha256()
        self._file: FileIO | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def is_small(self) -> bool:
        """Whether all of it is in memory."""
        return self._on_disk == 0

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was added so far."""
        return self._hash.digest()

    async def add(self, part: bytes) -> None:
        """:raises Refusal: 503 if the folder has no room"""
        self.size += len(part)
        self._hash.update(part)
        self._waiting.append(part)
        self._waiting_bytes += len(part)
        if self._waiting_bytes > (_PART if self._on_disk else SMALL):
            await self._write()

    async def parts(self) -> AsyncIterator[bytes]:
        """All that was added, from its beginning."""
        at = 0
        while at < self._on_disk:
            part = await self._loop.run_in_executor(self.spool.threads, self._read, at)
            at += len(part)
            yield part
        if self._waiting:
            yield self.in_memory()

    def in_memory(self) -> bytes:
        """What is not on disk: all of a small body."""
        return self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)

    def again(self, receive: Receive) -> Receive:
        """As if the body, which was read already, came now; after it whatever comes."""
        parts, left = self.parts(), self.size

        async def received() -> dict[str, Any]:
            nonlocal left
            if not left:
                return await receive()
            part = await anext(parts)
            left -= len(part)
            return {"type": "http.request", "body": part, "more_body": left > 0}

        return received

    def close(self) -> None:
        self.spool.used -= self._on_disk
        self._on_disk = 0
        if self._file:
            self._file.close()

    async def _write(self) -> None:
        """What was not written stays in memory."""
        size, data = self._waiting_bytes, b"".join(self._waiting)
        self.spool.take(size)
        try:
            await self._loop.run_in_executor(self.spool.threads, self._append, data)
        except OSError as error:
            self.spool.used -= size
            raise _no_room() from error
        self._on_disk += size
        self._waiting, self._waiting_bytes = [], 0

    # In a thread.

    def _append(self, data: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self.spool.folder, buffering=0)  # noqa: SIM115 closed by `close`
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def _read(self, at: int) -> bytes:
        assert self._file is not None  # noqa: S101 asked for only then
        return os.pread(self._file.fileno(), min(_PART, self._on_disk - at), at)


async def read_ahead(body: Body, content: Spooled) -> AsyncIterator[bytes]:
    """
    The parts of a body, after its first megabyte has come: so slow callers hold no connection to a provider.

    :param content: holds what came, until the parts are taken
    :raises CallerGone, Refusal:
    """
    coming = body.parts()
    async for part in coming:
        try:
            await content.add(part)
        except Refusal:
            # No room: what came is in memory still, and the rest goes on as it comes.
            break
        if content.size > _AHEAD:
            break
    return _chained(content.parts(), coming)


async def _chained(first: AsyncIterator[bytes], then: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in first:
        yield part
    async for part in then:
        yield part


def _no_room() -> Refusal:
    return unavailable("no-room", "The gateway has no room for this body now.", seconds=5)

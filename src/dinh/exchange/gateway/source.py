"""Where the configuration comes from: the database, told of changes by NOTIFY; else the last good one on disk."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg

from dinh.exchange.gateway.database import AsyncConnection, connect
from dinh.exchange.gateway.settings import GatewaySettings
from dinh.exchange.gateway.snapshot import CONFIGURATION_SQL, Snapshot, snapshot_of

CHANNEL: Final = "exchange_configuration"
# The version is asked for besides, since a pooler between may swallow notifications; both keep within 2 s.
_LOOK_EVERY: Final = 1.0
_SILENT_AFTER: Final = 5.0
"""Seconds without an answer after which the database counts as away, though nobody has hung up."""
_SHORT_TURN: Final = 0.0005
"""Seconds after which a thread that reads a configuration lets calls go on; five milliseconds otherwise."""
log = logging.getLogger("dinh.exchange.gateway")


class ConfigurationSource:
    """
    Keeps the newest configuration in force.

    :param take: called with each new snapshot
    """

    def __init__(self, settings: GatewaySettings, take: Callable[[Snapshot], None]) -> None:
        self.settings = settings
        self.take = take
        self._answered_at = -_SILENT_AFTER
        self.version = -1
        self._file = settings.folder / "configuration.json"

    @property
    def is_connected(self) -> bool:
        """Whether the database answers: one that is silent keeps its connections for a long time."""
        return time.monotonic() - self._answered_at < _SILENT_AFTER

    async def start(self) -> asyncio.Task[None]:
        """Take the configuration from the database, or the last good one from disk if it is away; then follow."""
        try:
            async with await connect(self.settings) as connection:
                await self._load(connection)
        except (psycopg.Error, OSError) as error:
            log.warning("The database is away: %s", error)
            if self._file.exists():
                self._put(snapshot_of(self._file.read_text(), secret=self.settings.secret))
        return asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        pause = 0.2
        while True:
            try:
                async with await connect(self.settings) as connection:
                    pause = 0.2
                    await self._listen(connection)
            except Exception as error:
                # Whatever it is, e.g. a configuration that cannot be read: go on with the last good one, try again.
                if self.is_connected or not isinstance(error, psycopg.Error | OSError):
                    log.warning("Going on with configuration %s: %r", self.version, error)
                self._answered_at = -_SILENT_AFTER
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _listen(self, connection: AsyncConnection) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        while True:
            newest = await self._newest(connection)
            self._answered_at = time.monotonic()
            if newest != self.version:
                await self._load(connection)
            async for _told in connection.notifies(timeout=_LOOK_EVERY, stop_after=1):
                break

    async def _newest(self, connection: AsyncConnection) -> int:
        cursor = await connection.execute("SELECT version FROM exchange_configuration WHERE id = 1")
        row = await cursor.fetchone()
        return int(str(row[0])) if row else 0

    async def _load(self, connection: AsyncConnection) -> None:
        row = await (await connection.execute(CONFIGURATION_SQL)).fetchone()
        document = str(row[0]) if row else ""
        loop = asyncio.get_running_loop()
        self._put(await loop.run_in_executor(None, _read, document, self.settings.secret))
        await loop.run_in_executor(None, _keep, self._file, document)

    def _put(self, snapshot: Snapshot) -> None:
        self.version = snapshot.version
        self.take(snapshot)
        log.info("Configuration %s is in force.", snapshot.version)


def _read(document: str, secret: str) -> Snapshot:
    """In a thread; calls go on meanwhile."""
    with _giving_way():
        return snapshot_of(document, secret=secret)


@contextlib.contextmanager
def _giving_way() -> Iterator[None]:
    """Let go of Python's lock often, and collect no garbage, which would hold it for as long as all tables take."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SHORT_TURN)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.setswitchinterval(interval)


def _keep(file: Path, document: str) -> None:
    """Readable by the gateway's account only: it holds digests of secrets and sealed keys."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(document)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(new, file)

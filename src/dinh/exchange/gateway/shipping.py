"""The gateway's side of the shipper: starts it again if it dies, lets it end."""

import asyncio
import contextlib
import logging
import sys
from typing import Final

from dinh.exchange.gateway.shipper import SHIP_EVERY, YES

_LAST_WAIT: Final = 20.0
log = logging.getLogger("dinh.exchange.gateway")


class Shipping:
    """:ivar is_connected: whether the database took what was shipped last"""

    def __init__(self) -> None:
        self.is_connected = False
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_shipping())

    async def end(self) -> None:
        """After the last segment was closed: let it be shipped, as far as the database answers."""
        if self._task is not None:
            self._task.cancel()
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WAIT):
                await process.wait()

    async def _keep_shipping(self) -> None:
        while True:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dinh.exchange.gateway.shipper",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert self._process.stdout is not None  # noqa: S101 asked for above
            while told := await self._process.stdout.read(64):
                self.is_connected = told.endswith(YES)
            self.is_connected = False
            log.error("The shipper of the log ended; it is started again.")
            await asyncio.sleep(SHIP_EVERY)

"""The gateway's side of its log: hands lines to the keeper, a process of its own, and tells when they are on disk."""

import asyncio
import contextlib
import logging
import socket
import sys
import time
from collections import deque
from typing import Final, cast

from dinh.exchange.gateway.keeper import ANSWER, FAILED
from dinh.exchange.gateway.segments import LONGEST

_WAITS: Final = 10_000
_FIRST_SECONDS: Final = 20.0
_LAST_SECONDS: Final = 20.0
_PAUSE: Final = 1.0
log = logging.getLogger("dinh.exchange.gateway")


class LogFailed(Exception):
    """The disk did not take the record: nothing that depends on it may be released."""


class _Turn:
    """
    Lines of one turn of the loop, which are told of together.

    :ivar since: when each was appended, of those that are not kept yet
    """

    __slots__ = ("kept", "lines", "since")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.kept: asyncio.Future[None] = loop.create_future()
        self.lines: list[bytes] = []
        self.since: deque[float] = deque()

    def fail(self, why: str = "The disk did not take it.") -> None:
        if not self.kept.done():
            self.kept.set_exception(LogFailed(why))
            # Nobody may wait for it.
            self.kept.exception()


class SegmentLog:
    """
    Appends records. The keeper takes all that has come when the sync before is done: that is a batch.

    :ivar waits: seconds from `append` to the beginning of the sync, of the last records
    :ivar is_well: whether the disk took what came last
    """

    def __init__(self) -> None:
        self.waits: deque[float] = deque(maxlen=_WAITS)
        self.is_well = True
        self._loop = asyncio.get_running_loop()
        self._turn: _Turn | None = None
        self._under_way: deque[_Turn] = deque()
        self._line: _Line | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._restarting: asyncio.Task[None] | None = None

    async def start(self, lock: int) -> None:
        """
        :param lock: descriptor that the keeper holds open, too: nobody else takes the folder while it writes
        :raises LogFailed: if the keeper cannot begin
        """
        self._lock = lock
        await self._begin_keeper()
        self._restarting = asyncio.create_task(self._keep_keeper())

    async def end(self) -> None:
        """After the last `append`: what waits is written, the last segment closed."""
        if self._restarting is not None:
            self._restarting.cancel()
        self._send()
        if self._under_way:
            await asyncio.wait([each.kept for each in self._under_way], timeout=_LAST_SECONDS)
        if self._line is not None and self._process is not None:
            self._line.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._process.wait()

    def append(self, record: bytes) -> "asyncio.Future[None]":
        """
        Keep a record, a line without an end; done when it is on disk.

        The future raises LogFailed if the disk did not take it, or if it is longer than a segment takes.
        """
        if len(record) > LONGEST:
            refused = _Turn(self._loop)
            refused.fail(f"Its line has {len(record)} bytes.")
            return refused.kept
        turn = self._turn
        if turn is None:
            turn = self._turn = _Turn(self._loop)
            # At the end of this turn of the loop, so that all that is ready now goes at once.
            self._loop.call_soon(self._send)
        turn.lines.append(record)
        turn.since.append(time.monotonic())
        return turn.kept

    def wait_ms(self) -> dict[str, float]:
        """Median and 99th percentile of `waits`, in milliseconds; zeros before the first record."""
        found = sorted(self.waits) or [0.0]
        return {
            "median": round(found[len(found) // 2] * 1000, 3),
            "p99": round(found[int(len(found) * 0.99)] * 1000, 3),
        }

    # What the line to the keeper calls.

    def answered(self, count: int, began: float) -> None:
        """So many lines, the oldest ones, are on disk, or failed."""
        self.is_well = began != FAILED
        while count and self._under_way:
            turn = self._under_way[0]
            told = [turn.since.popleft() for _line in range(min(count, len(turn.since)))]
            count -= len(told)
            if self.is_well:
                self.waits.extend([began - each for each in told])
            else:
                turn.fail()
            if not turn.since:
                self._under_way.popleft()
                if not turn.kept.done():
                    turn.kept.set_result(None)

    def lost(self) -> None:
        self._line, self.is_well = None, False
        while self._under_way:
            self._under_way.popleft().fail()

    # Its own.

    def _send(self) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        lines = b"\n".join(turn.lines)
        if self._line is None or lines.count(b"\n") >= len(turn.lines):
            # A line with an end in it would be two for the keeper, which tells of lines by their number.
            turn.fail()
            return
        self._under_way.append(turn)
        self._line.send(lines + b"\n")
        turn.lines = []

    async def _keep_keeper(self) -> None:
        while True:
            assert self._process is not None  # noqa: S101 begun before
            await self._process.wait()
            log.error("The keeper of the log ended; it is started again.")
            await asyncio.sleep(_PAUSE)
            with contextlib.suppress(LogFailed, OSError):
                await self._begin_keeper()

    async def _begin_keeper(self) -> None:
        """:raises LogFailed, OSError:"""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dinh.exchange.gateway.keeper",
                stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL, pass_fds=[self._lock],
            )  # fmt: skip
        _transport, line = await self._loop.create_unix_connection(lambda: _Line(self), sock=ours)
        try:
            async with asyncio.timeout(_FIRST_SECONDS):
                await line.is_ready
        except TimeoutError as error:
            self._process.kill()
            raise LogFailed("The keeper of the log does not begin.") from error
        self._line, self.is_well = line, True


class _Line(asyncio.Protocol):
    """:ivar is_ready: done when the keeper has begun, LogFailed if it has not"""

    def __init__(self, segments: SegmentLog) -> None:
        self.segments = segments
        self.is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        while len(self._got) >= ANSWER.size:
            count, began = ANSWER.unpack_from(self._got)
            self._got = self._got[ANSWER.size :]
            if self.is_ready.done():
                self.segments.answered(count, began)
            else:
                self.is_ready.set_result(None)

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.is_ready.done():
            self.segments.lost()
        else:
            self.is_ready.set_exception(LogFailed("The keeper of the log did not begin."))

    def send(self, lines: bytes) -> None:
        if self._transport is not None:
            self._transport.write(lines)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

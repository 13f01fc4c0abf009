"""The gateway's log and the process that keeps it."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import time
from unittest import mock

import pytest

from dinh.exchange.gateway import keeper
from dinh.exchange.gateway.keeping import LogFailed, SegmentLog
from dinh.exchange.gateway.segments import LONGEST, Records, SegmentWriter
from dinh.exchange.gateway.shipment import batches_of
from dinh.exchange.tests.running import eventually


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, value in (
        ("DINH_DATA_DIR", tmp_path),
        ("DINH_GATEWAY_NAME", "g"),
        ("DINH_SECRET_KEY", "x" * 50),
    ):
        monkeypatch.setenv(name, str(value))
    found = tmp_path / "exchange" / "g"
    found.mkdir(parents=True)
    return found


@contextlib.asynccontextmanager
async def keeping(folder):
    with (folder / "lock").open("w") as lock:
        log = SegmentLog()
        await log.start(lock.fileno())
        yield log
        await log.end()


async def is_taken(log, line):
    try:
        await log.append(line)
    except LogFailed:
        return False
    return True


def kept(folder):
    """Lines of each batch, in the order of the segments."""
    paths = sorted((folder / "log").glob("*.log"))
    return [lines for path in paths for lines, batch in batches_of(Records(path)) if batch]


def test_lines_appended_together_are_one_batch_and_are_on_disk_when_told_so(folder):
    async def write():
        async with keeping(folder) as log:
            await asyncio.gather(*(log.append(b"line %d" % number) for number in range(50)))
            open_ones = [path.read_bytes() for path in (folder / "log").glob("*.open")]
            await log.append(b"later")
            return open_ones, len(log.waits)

    written, waits = asyncio.run(write())

    assert [b"line 49" in content for content in written] == [True]
    assert waits == 51
    assert kept(folder) == [[b"line %d" % number for number in range(50)], [b"later"]]


def test_lines_that_come_while_a_batch_is_synced_are_the_next_one(folder):
    lines = [b"line %d" % number for number in range(300)]

    async def write():
        async with keeping(folder) as log:
            kept = []
            for line in lines:
                kept.append(log.append(line))
                await asyncio.sleep(0)
            return await asyncio.gather(*kept)

    assert asyncio.run(write()) == [None] * 300
    batches = kept(folder)
    assert [line for batch in batches for line in batch] == lines
    assert 1 < len(batches) < 300


def test_under_load_a_batch_waits_for_what_comes_in_the_next_moment(monkeypatch):
    """And only then: whoever calls alone waits for nobody."""
    ours, theirs = socket.socketpair()
    batches = []

    class Writer:
        def write(self, lines):
            batches.append(lines)
            return 0.0

        def close_if_older(self, _seconds):
            if (coming := next(to_come, None)) is None:
                ours.close()
            else:
                ours.sendall(coming)

    to_come = iter([b"2\n3\n4\n", b"5\n", b"6\n"])
    monkeypatch.setattr(keeper.time, "sleep", lambda _seconds: ours.sendall(b"late\n"))
    ours.sendall(b"1\n")
    with theirs, contextlib.suppress(ConnectionError):
        keeper.Keeper(theirs, Writer()).run()

    assert batches == [[b"1"], [b"2", b"3", b"4"], [b"5", b"late"], [b"6"]]


def test_more_than_one_batch_takes_is_kept_in_its_order(folder):
    lines = [b"%06d" % number + b"x" * 2000 for number in range(2000)]

    async def write():
        async with keeping(folder) as log:
            await asyncio.gather(*(log.append(line) for line in lines))

    asyncio.run(write())

    batches = kept(folder)
    assert [line for batch in batches for line in batch] == lines
    assert len(batches) > 3


def test_line_with_an_end_in_it_is_refused(folder):
    async def write():
        async with keeping(folder) as log:
            return [await is_taken(log, line) for line in (b"two\nlines", b"one line")]

    assert asyncio.run(write()) == [False, True]
    assert kept(folder) == [[b"one line"]]


def test_line_that_is_too_long_fails_alone(folder):
    async def write():
        async with keeping(folder) as log:
            lines = (b"1", b"x" * (LONGEST + 1), b"2")
            return await asyncio.gather(*(is_taken(log, line) for line in lines)), log.is_well

    assert asyncio.run(write()) == ([True, False, True], True)
    assert [line for batch in kept(folder) for line in batch] == [b"1", b"2"]


def test_gateway_that_is_gone_leaves_a_closed_segment(folder):
    async def write():
        async with keeping(folder) as log:
            await log.append(b"1")
            log._line._transport.abort()
            await log._process.wait()

    asyncio.run(write())

    assert kept(folder) == [[b"1"]]
    assert sorted(path.suffix for path in (folder / "log").iterdir()) == [".log"]


def test_keeping_holds_the_loop_up_for_no_longer_than_handing_over(folder):
    async def longest_pause():
        pauses = []

        async def watch():
            while True:
                begun = time.perf_counter()
                await asyncio.sleep(0)
                pauses.append(time.perf_counter() - begun)

        async with keeping(folder) as log:
            watching = asyncio.create_task(watch())
            for _round in range(50):
                await asyncio.gather(*(log.append(b"x" * 300) for _number in range(20)))
            watching.cancel()
        return sorted(pauses)[int(len(pauses) * 0.99)]

    assert asyncio.run(longest_pause()) < 0.02


def test_segment_is_closed_after_a_second_without_lines(folder):
    async def write():
        async with keeping(folder) as log:
            await log.append(b"1")
            return await asyncio.to_thread(eventually, lambda: kept(folder), [[b"1"]])

    assert asyncio.run(write()) == [[b"1"]]


def test_segments_that_a_run_left_are_closed_and_each_has_its_lines(folder):
    async def write():
        async with keeping(folder) as log:
            for line in (b"1", b"2"):
                await log.append(line)
                await asyncio.to_thread(eventually, lambda: list((folder / "log").glob("*.open")), [])
            await log.append(b"3")
            os.kill(log._process.pid, signal.SIGKILL)

    async def nothing():
        async with keeping(folder):
            return sorted(path.suffix for path in (folder / "log").iterdir() if path.stat().st_size)

    asyncio.run(write())

    assert asyncio.run(nothing()) == [".log", ".log", ".log"]
    assert kept(folder) == [[b"1"], [b"2"], [b"3"]]
    assert [path.suffix for path in (folder / "log").iterdir()].count(".next") == 0


def test_disk_that_takes_nothing_fails_the_lines_and_the_next_ones_are_kept(folder):
    async def write():
        async with keeping(folder) as log:
            (folder / "log").rename(folder / "away")
            with pytest.raises(LogFailed):
                await log.append(b"1")
            (folder / "away").rename(folder / "log")
            await log.append(b"2")

    asyncio.run(write())

    assert kept(folder) == [[b"2"]]


def test_full_disk_leaves_no_empty_segments(tmp_path, monkeypatch):
    writer = SegmentWriter(tmp_path, segment_bytes=1000)
    with monkeypatch.context() as full:
        full.setattr(os, "write", mock.Mock(side_effect=OSError(errno.ENOSPC, "full")))
        for tried in (lambda: writer.write([b"1"]), writer.probe, writer.probe):
            with pytest.raises(OSError, match="full"):
                tried()
    writer.probe()
    writer.write([b"2"])
    writer.end()

    (segment,) = tmp_path.iterdir()
    assert (segment.suffix, list(Records(segment))) == (".log", [b"2"])


def test_log_is_well_again_without_a_line_once_the_disk_is(folder):
    async def write():
        async with keeping(folder) as log:
            await log.append(b"1")
            await asyncio.sleep(1.5)
            (folder / "log").rename(folder / "away")
            with pytest.raises(LogFailed):
                await log.append(b"2")
            await asyncio.sleep(2.5)
            was_well = log.is_well
            (folder / "away").rename(folder / "log")
            last = time.monotonic() + 20
            while not log.is_well and time.monotonic() < last:
                await asyncio.sleep(0.1)
            is_well = log.is_well
            await log.append(b"3")
            return was_well, is_well

    assert asyncio.run(write()) == (False, True)
    assert kept(folder) == [[b"1"], [b"3"]]


def test_keeper_that_dies_fails_what_waits_and_is_started_again(folder):
    async def write():
        async with keeping(folder) as log:
            await log.append(b"1")
            os.kill(log._process.pid, signal.SIGKILL)
            return [await log_again(log, after) for after in (False, True)]

    async def log_again(log, is_wanted):
        """Append until it is (not) taken; whether it was in the end."""
        last = time.monotonic() + 20
        while (was_taken := await is_taken(log, b"2")) != is_wanted and time.monotonic() < last:
            await asyncio.sleep(0.1)
        return was_taken

    assert asyncio.run(write()) == [False, True]
    batches = kept(folder)
    assert (batches[0], batches[-1]) == ([b"1"], [b"2"])

"""Runs the house's processes side by side: prefixes what they say, restarts what falls, ends them together."""

import contextlib
import os
import selectors
import signal
import subprocess  # runs only this interpreter
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Final

import psutil

from dinh.config.embedded import die_with_parent

_MARK: Final = "DINH_SUPERVISED_IN"
_LONGEST_PAUSE: Final = 30.0
_GRACE_SECONDS: Final = 15.0


@dataclass
class Child:
    """One process that should always run."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = 1.0
    rest: bytes = field(default=b"")


class Supervisor:
    """
    Keeps children running until SIGINT or SIGTERM.

    :param watch: called about twice a second; an error that it raises ends everything
    """

    def __init__(
        self, *, data_dir: Path, children: list[Child], watch: Callable[[], None] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.children = children
        self.watch = watch
        self._stopping = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Block until told to stop, then stop every child and return."""
        for sent in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sent, self._ask_to_stop)
        try:
            while not self._stopping:
                self._start_missing()
                self._relay(0.5)
                if self.watch:
                    self.watch()
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask every child's process group to end; after 15 seconds end it."""
        self._signal_all(signal.SIGTERM)
        last = time.monotonic() + _GRACE_SECONDS
        while any(self._alive(child) for child in self.children) and time.monotonic() < last:
            self._relay(0.2)
        self._signal_all(signal.SIGKILL)
        for child in self.children:
            if child.process:
                child.process.wait()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start_missing(self) -> None:
        for child in self.children:
            if self._alive(child) or time.monotonic() < child.start_again_at:
                continue
            if child.process and child.start_again_at == 0.0:
                self._note_fall(child)
                continue
            self._start(child)

    def _note_fall(self, child: Child) -> None:
        if child.process is None:
            return
        lived = time.monotonic() - child.started_at
        child.pause = 1.0 if lived > _LONGEST_PAUSE else min(child.pause * 2, _LONGEST_PAUSE)
        child.start_again_at = time.monotonic() + child.pause
        self._end_group(child, signal.SIGKILL)
        say(
            "dinh",
            f"{child.name} ended with {child.process.returncode}; starting it again in {child.pause:.0f} s",
        )

    def _start(self, child: Child) -> None:
        child.started_at, child.start_again_at = time.monotonic(), 0.0
        child.process = subprocess.Popen(
            [sys.executable, "-m", "dinh", *child.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {_MARK: str(self.data_dir), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        if child.process.stdout:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _relay(self, seconds: float) -> None:
        ready = self._selector.select(seconds)
        if not ready and not self._selector.get_map():
            time.sleep(seconds)
        for key, _mask in ready:
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
            block = os.read(stream.fileno(), 65536)
            if not block:
                self._selector.unregister(stream)
            *lines, key.data.rest = (key.data.rest + block).split(b"\n")
            for line in lines:
                say(key.data.name, line.decode(errors="replace"))

    def _alive(self, child: Child) -> bool:
        return child.process is not None and child.process.poll() is None

    def _signal_all(self, sent: signal.Signals) -> None:
        for child in self.children:
            self._end_group(child, sent)

    def _end_group(self, child: Child, sent: signal.Signals) -> None:
        if child.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, sent)


def end_leftovers(data_dir: Path) -> None:
    """End processes of an earlier run on the same data folder whose supervisor was killed."""
    left = [process for process in psutil.process_iter() if _belongs_to(process, data_dir)]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=5)


def _belongs_to(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(_MARK) == str(data_dir)
    except psutil.Error:
        return False


def say(name: str, line: str) -> None:
    """Write one prefixed line; a closed terminal is no reason to fall."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stdout.write(f"{name:>8} | {line}\n")
        sys.stdout.flush()

